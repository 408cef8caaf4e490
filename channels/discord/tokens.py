"""What lets us answer somebody in private: the token of their last press or command, good for a quarter of an hour."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from channels.base import Address

LIVES_SECONDS = 14 * 60.0  # of 15 minutes
KEPT = 10_000


@dataclass(slots=True, kw_only=True)
class Token:
    """Of one interaction; nothing may follow it before it was `answered`."""

    application: int
    token: str
    since: float = field(default_factory=time.monotonic)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_alive(self) -> bool:
        """Whether Discord still takes it."""
        return time.monotonic() - self.since < LIVES_SECONDS


class Tokens:
    """The newest token of each person at each place."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Address], Token] = OrderedDict()

    def put(self, person: str, address: Address, token: Token) -> None:
        """Keep a token."""
        self._kept[person, address] = token
        self._kept.move_to_end((person, address))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def get(self, person: str, address: Address) -> Token | None:
        """The token of a person there, None where there is none that lives."""
        token = self._kept.get((person, address))
        return token if token is not None and token.is_alive else None

    def drop(self, person: str, address: Address) -> None:
        """Forget a token that Discord does not take."""
        self._kept.pop((person, address), None)

    def forget(self, token: Token) -> None:
        """Forget a token wherever it is kept."""
        for key in [key for key, kept in self._kept.items() if kept is token]:
            del self._kept[key]

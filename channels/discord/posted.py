"""What we know to stand on Discord: our nonces with the ids of the messages, and where a reply stands."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from channels.discord.places import number

REMEMBERED = 20_000


class Posted:
    """The newest of our messages, as far as we remember."""

    def __init__(self) -> None:
        self._by_nonce: OrderedDict[str, str] = OrderedDict()
        self._ours: OrderedDict[int, None] = OrderedDict()

    def add(self, id: int, nonce: str = "") -> None:
        """Remember a message of ours."""
        self._ours[id] = None
        if nonce:
            self._by_nonce.setdefault(nonce, str(id))
        for kept in (self._ours, self._by_nonce):
            while len(kept) > REMEMBERED:
                kept.popitem(last=False)

    def get(self, nonce: str) -> str:
        """The id of the message that was sent under a nonce; empty where we know of none."""
        return self._by_nonce.get(nonce, "")

    def has(self, id: int) -> bool:
        """Whether we wrote a message."""
        return id in self._ours

    def named(self) -> frozenset[str]:
        """The ids of which we know the nonce."""
        return frozenset(self._by_nonce.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a post stands: its channel, 0 for the conversation's own, and the messages that it took, in order."""

    channel: int
    ids: tuple[int, ...]


def to_receipt(channel: int, ids: Sequence[str]) -> str:
    """What a later change finds all of a post by."""
    return f"{channel}:{','.join(ids)}"


def from_receipt(receipt: str) -> Stand:
    """What `to_receipt` wrote, or a single message in the conversation's own channel."""
    channel, colon, ids = receipt.rpartition(":")
    return Stand(channel=number(channel) if colon else 0, ids=tuple(number(id) for id in ids.split(",") if number(id)))

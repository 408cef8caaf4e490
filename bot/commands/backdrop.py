"""What a dialogue finds in its place: a row of the customers' table, what may be looked up there, and the mail."""

import json
from collections.abc import Mapping, Sequence

from bot.tools import ACCOUNT, ORDER, Allowed
from bot.tools import Settings as Tools
from channels.base import Address
from channels.memory import Memory

CODE = "120034"  # of every mail; nothing here is secret


class Mail(Memory):
    """Mail in memory, which can write to whoever has an address."""

    def __init__(self) -> None:
        super().__init__("mail")

    def first_address(self, email: str) -> Address:
        """Where a first mail to somebody goes."""
        return Address(channel=self.name, room="shop", thread=email)


def may_look_up(issue_types: Sequence[str], row: Mapping[str, str]) -> Tools:
    """Both look-ups in these issue types, of all that the customer's row holds."""
    columns = tuple(row)
    return Tools(
        allow=tuple(Allowed(tool=one, issue_types=tuple(issue_types), fields=columns) for one in (ORDER, ACCOUNT))
    )


def calls(looks_up: str) -> tuple[tuple[str, str], ...]:
    """The look-up that a scripted model asks for: an order by its number, or "account"; none where it is empty."""
    if looks_up in ("", "account"):
        return ((ACCOUNT, "{}"),) if looks_up else ()
    return ((ORDER, json.dumps({"number": looks_up})),)

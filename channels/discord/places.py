"""What is remembered of each conversation's place: whose it is, how far it was read, where it went on in private."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from channels.base import Address, Bookmark

NAME = "discord"
ROOM = "room:"  # a watched channel's own bookmark: up to where all that came was dealt with


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`asker` is the customer's id, `read` the newest message stored, `moved` the channel where it goes on in private.

    `staffed`: somebody of the staff wrote there, so that we speak only when called. Ids are 0 where there is none.
    """

    asker: int = 0
    read: int = 0
    staffed: bool = False
    moved: int = 0


class Places:
    """Every place we know, by address; kept as bookmarks, so that a restart forgets none."""

    def __init__(self) -> None:
        self._known: dict[Address, Place] = {}
        self._moved: dict[int, Address] = {}
        self.rooms: dict[int, int] = {}  # watched channels, and how far each was read

    def load(self, bookmarks: Mapping[str, str]) -> None:
        """Take what was kept; what is known already is newer and stays."""
        for name, position in bookmarks.items():
            if name.startswith(ROOM):
                self.rooms.setdefault(number(name.removeprefix(ROOM)), number(position))
            elif (address := to_address(name)) is not None and address not in self._known:
                self.put(address, to_place(position))

    def get(self, address: Address) -> Place | None:
        """What is known of a place, None where nothing is."""
        return self._known.get(address)

    def put(self, address: Address, place: Place) -> None:
        """Remember a place."""
        self._known[address] = place
        if place.moved:
            self._moved[place.moved] = address

    def change(self, address: Address, **fields: int | bool) -> Place:
        """Remember something more of a place; returns it."""
        place = replace(self._known.get(address, Place()), **fields)  # type: ignore[arg-type] # names checked by replace
        self.put(address, place)
        return place

    def gone_to(self, channel: int) -> Address | None:
        """The conversation that goes on in a channel in private, None for any other channel."""
        return self._moved.get(channel)

    def all(self) -> tuple[tuple[Address, Place], ...]:
        """Every place, the one read last first."""
        return tuple(sorted(self._known.items(), key=lambda one: one[1].read, reverse=True))


def bookmark(address: Address, place: Place) -> Bookmark:
    """A place as the house keeps it: forgotten together with its conversation."""
    return Bookmark(place=str(address), position=json.dumps(asdict(place)))


def to_place(position: str) -> Place:
    """What `bookmark` wrote; an empty place for what cannot be read."""
    try:
        kept = json.loads(position)
        return Place(**kept)
    except (ValueError, TypeError):
        return Place()


def to_address(name: str) -> Address | None:
    """The address that a bookmark stands for, None for any other bookmark."""
    channel, _, rest = name.partition("/")
    room, _, thread = rest.partition("/")
    return Address(channel=NAME, room=room, thread=thread) if channel == NAME and room else None


def number(text: str) -> int:
    """An id of Discord's; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() else 0

"""What is remembered of each conversation's place: whose it is, how far it was read, where it went on in private."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from channels.base import Address, Bookmark

NAME = "discord"
HEARD = "heard"  # the bookmark of when all was heard
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
        self._news: dict[Address, None] = {}  # places that were read further than is kept
        self.rooms: dict[int, int] = {}  # watched channels, and how far each was read
        self.heard = 0  # up to when an earlier process heard all that it was sent

    def load(self, bookmarks: Mapping[str, str]) -> None:
        """Take what was kept; what is known already is newer and stays."""
        for name, position in bookmarks.items():
            if name.startswith(ROOM):
                self.rooms.setdefault(number(name.removeprefix(ROOM)), number(position))
            elif name == HEARD:
                self.heard = number(position)
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

    def address_in(self, room: int, thread: int = 0) -> Address:
        """The conversation of direct messages or of a thread, also where one goes on in private."""
        here = Address(channel=NAME, room=str(room), thread=str(thread or ""))
        return self._moved.get(thread or room, here)

    def read_to(self, address: Address, id: int) -> None:
        """All up to a message was dealt with; kept when `news` is next asked for."""
        place = self._known.get(address) or Place()
        if id > place.read:
            self._known[address] = replace(place, read=id)
            self._news[address] = None

    def news(self) -> Iterator[tuple[Address, Place]]:
        """What was read further than is kept; each once."""
        while self._news:
            address = next(iter(self._news))
            del self._news[address]
            yield address, self._known[address]

    def read_after(self, id: int) -> list[Address]:
        """Every place with something newer than that, the one read last first."""
        newer = [(place.read, address) for address, place in self._known.items() if place.read > id]
        return [address for _, address in sorted(newer, key=lambda one: one[0], reverse=True)]


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


def line_of(address: Address) -> int:
    """The number by which a conversation's words stand in line: of its thread, command or direct messages."""
    return number(address.thread.rpartition("-")[2]) or number(address.room)


def number(text: str) -> int:
    """An id of Discord's; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() else 0

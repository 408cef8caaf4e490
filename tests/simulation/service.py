"""The outside: a chat service that remembers for ever what it displayed, and delivers until it is acknowledged."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.store import StoreUnavailableError
from channels.base import Action, Address, Delivery, DeliveryError, Message, Outgoing, Receipt
from tests.simulation.faults import Faults, Life

Receive = Callable[[Message | Action], Awaitable[None]]

NAME = "world"
DESK, FALLBACK = "desk", "desk2"
DESKS = (DESK, FALLBACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Something that people can see, numbered in the order of appearance."""

    n: int
    outgoing: Outgoing
    receipt: Receipt


@dataclass(slots=True, eq=False)
class Letter:
    """An event that is to be handed in until it is acknowledged."""

    event: Message | Action
    acknowledged: bool = False


@dataclass(slots=True)
class Service:
    """Rooms, what is displayed in them, and what people wrote. It never forgets and never dies."""

    faults: Faults
    now: Callable[[], datetime]
    posts: list[Post] = field(default_factory=list)
    written: dict[str, list[Letter]] = field(default_factory=dict)
    refusing: set[str] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, event: Message | Action) -> None:
        """Somebody writes or presses: it stands in the room and waits to be delivered."""
        self.written.setdefault(event.address.room, []).append(Letter(event))
        words = event.text if isinstance(event, Message) else f"[{event.name} {event.value}]"
        self.faults.trace(f"< {event.external_id} at {event.address}: {words[:90]}")
        self.news.set()

    def display(self, outgoing: Outgoing) -> Receipt:
        """Show it, whether or not it was shown before: this service has no idempotency key."""
        receipt = Receipt(id=f"p{len(self.posts) + 1}")
        self.posts.append(Post(n=len(self.posts), outgoing=outgoing, receipt=receipt))
        words = outgoing.text or (outgoing.card.title if outgoing.card else "")
        self.faults.trace(f"> {outgoing.id} at {outgoing.address}: {words[:90]!r} ({receipt.id})")
        return receipt

    def displayed(self, outgoing_id: str) -> Receipt | None:
        """The receipt of the first post of this id."""
        return next((post.receipt for post in self.posts if post.outgoing.id == outgoing_id), None)

    def at(self, address: Address) -> list[Post]:
        """What was displayed at an address."""
        return [post for post in self.posts if post.outgoing.address == address]

    def unacknowledged(self) -> list[Letter]:
        """What is still to be delivered."""
        return [letter for room in self.written.values() for letter in room if not letter.acknowledged]


class Wire:
    """One process's connection to the service: a channel like any other, that breaks in every way."""

    def __init__(self, service: Service, life: Life) -> None:
        self.name = NAME
        self.service = service
        self.life = life

    async def listen(self, receive: Receive) -> None:
        """Deliver each room's events in order, each until acknowledged; copies come at any time."""
        rooms: set[str] = set()
        async with asyncio.TaskGroup() as group:
            while True:
                for room in self.service.written:
                    if room not in rooms:
                        rooms.add(room)
                        group.create_task(self._deliver_room(room, receive, group))
                self.service.news.clear()
                await self.service.news.wait()

    async def _deliver_room(self, room: str, receive: Receive, group: asyncio.TaskGroup) -> None:
        faults = self.life.faults
        while True:
            waiting = next((one for one in self.service.written[room] if not one.acknowledged), None)
            if waiting is None:
                await asyncio.sleep(0.5)
                continue
            if faults.strikes("delivered again", faults.odds.again):
                for _ in range(faults.random.randint(1, 3)):
                    group.create_task(self._hand_in_late(waiting, receive))
            if not await self.hand_in(waiting, receive):
                await asyncio.sleep(1.0)

    async def _hand_in_late(self, letter: Letter, receive: Receive) -> None:
        await asyncio.sleep(self.life.faults.random.choice((0.0, 0.05, 1.0, 9.0)))
        await self.hand_in(letter, receive)

    async def hand_in(self, letter: Letter, receive: Receive) -> bool:
        """Give it to the program, acknowledge when the program has taken it. True when acknowledged."""
        self.life.point("before receive")
        try:
            await receive(letter.event)
        except StoreUnavailableError:
            return False
        return self.acknowledge(letter)

    def acknowledge(self, letter: Letter) -> bool:
        """Tell the service that it need not deliver this again; the word may be lost."""
        self.life.point("before acknowledgement")
        if self.life.faults.strikes("acknowledgement lost", self.life.faults.odds.lost_ack):
            return False
        letter.acknowledged = True
        self.life.point("after acknowledgement")
        return True

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Display, or fail, or both."""
        life, faults = self.life, self.life.faults
        await life.pause()
        life.point("before send")
        if outgoing.address.room in self.service.refusing and not faults.calm:
            raise DeliveryError(Delivery.REFUSED, "the room is archived")
        if faults.strikes("send failed", faults.odds.send):
            await self._fail(outgoing)
        receipt = self.service.display(outgoing)
        life.point("after send")
        await life.pause()
        return receipt

    async def _fail(self, outgoing: Outgoing) -> None:
        life, faults = self.life, self.life.faults
        match faults.random.choice(("not sent", "slow down", "lost", "answer lost", "hangs", "hangs after")):
            case "not sent":
                raise DeliveryError(Delivery.NOT_SENT, "connection refused")
            case "slow down":
                raise DeliveryError(Delivery.NOT_SENT, "too fast", retry_after_seconds=3.0)
            case "lost":
                raise DeliveryError(Delivery.UNKNOWN, "cut before it arrived")
            case "answer lost":
                self.service.display(outgoing)
                life.point("after send, answer lost")
                raise DeliveryError(Delivery.UNKNOWN, "cut after it arrived")
            case "hangs":
                await asyncio.sleep(3_600)
            case "hangs after":
                self.service.display(outgoing)
                await asyncio.sleep(3_600)

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Look it up, where the service lets us."""
        life, faults = self.life, self.life.faults
        await life.pause()
        life.point("before find")
        if faults.strikes("find failed", faults.odds.find):
            if faults.random.random() < 0.3:
                await asyncio.sleep(3_600)
            raise DeliveryError(Delivery.UNKNOWN, "history cannot be read")
        found = self.service.displayed(outgoing.id)
        life.point("after find")
        return found

    async def close(self) -> None:
        """Nothing to give back."""

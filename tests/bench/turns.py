"""A turn through the whole loop: received, decided by the real rules and the real search, committed to disk, sent."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from bot import app
from bot.knowledge import Settings as Knowledge
from bot.settings import Settings
from bot.store.settings import Settings as Keeping
from channels.base import Action, Address, Message, Outgoing, Person, Receipt
from tests.bench.content import questions
from tests.bench.figures import ROOT, Figure, milliseconds
from tests.bench.place import workplace

CONVERSATIONS = 50
TURNS_EACH = 5  # then another customer comes
RATE = 50.0
COLD_SECONDS = 5.0
LATENCY_SECONDS = 10.0
AT_ONCE = 64
SUSTAINED_SECONDS = 10.0
PATIENCE_SECONDS = 30.0


Receive: TypeAlias = Callable[[Message | Action], Awaitable[None]]


@dataclass(slots=True, eq=False)
class Shop:
    """A channel in memory that tells when each customer's message was answered."""

    name: str = "console"
    sent: int = 0
    listened: asyncio.Future[Receive] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    waiting: dict[str, asyncio.Future[tuple[float, bool]]] = field(default_factory=dict)

    async def listen(self, receive: Receive) -> None:
        """The benchmark hands in the messages itself."""
        self.listened.set_result(receive)
        await asyncio.Event().wait()

    async def send(self, outgoing: Outgoing) -> Receipt:
        self.sent += 1
        answered = self.waiting.pop(outgoing.address.room, None)
        if answered is not None and not answered.done():
            goes_on = any(button.name == "ask_human" for button in outgoing.buttons)
            answered.set_result((time.perf_counter(), goes_on))
        return Receipt(id=str(self.sent))

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        return None

    async def close(self) -> None:
        """Nothing to give back."""


@dataclass(slots=True, eq=False)
class Customers:
    """People who write, one message at a time each; after a few messages somebody else takes the place."""

    shop: Shop
    receive: Receive
    words: Iterator[str] = field(default_factory=questions)
    written: int = 0
    rooms: int = 0
    free: list[tuple[str, int]] = field(default_factory=list)

    async def write(self) -> float:
        """Write one message and wait for the answer; return when that was sent. Raises RuntimeError without one."""
        room, turns = self.free.pop(0) if self.free else (self.newcomer(), 0)
        self.written += 1
        answered: asyncio.Future[tuple[float, bool]] = asyncio.get_running_loop().create_future()
        self.shop.waiting[room] = answered
        await self.receive(
            Message(
                external_id=f"m{self.written}",
                address=Address(channel=self.shop.name, room=room),
                sender=Person(id=room, name="Robin"),
                text=next(self.words),
                sent_at=datetime.now(UTC),
            )
        )
        try:
            at, goes_on = await asyncio.wait_for(answered, PATIENCE_SECONDS)
        except TimeoutError:
            message = f"no answer in {PATIENCE_SECONDS:.0f} s: the loop is stuck, or a message had no answer"
            raise RuntimeError(message) from None
        # Only an answer has a button for a person; whoever was thanked or handed over may get no further reply.
        stays = goes_on and turns + 1 < TURNS_EACH
        self.free.append((room, turns + 1) if stays else (self.newcomer(), 0))
        return at

    def newcomer(self) -> str:
        """The room of somebody who never wrote before."""
        self.rooms += 1
        return f"customer-{self.rooms}"


def measure() -> list[Figure]:
    """Latency at a steady rate of arrivals, then turns a second with all that it can take."""
    with workplace() as folder:
        return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> list[Figure]:
    async with _service(folder) as customers:
        cold = await _arrivals(customers, COLD_SECONDS)
        latencies = await _arrivals(customers, LATENCY_SECONDS)
        before, began, cpu, own = customers.written, time.perf_counter(), time.process_time(), time.thread_time()
        await _crowd(customers)
        seconds, turns = time.perf_counter() - began, customers.written - before
        cpu, own = time.process_time() - cpu, time.thread_time() - own
    at_rate = f"{RATE:.0f} messages/s over {CONVERSATIONS} conversations"
    return [
        Figure(name=f"message in to answer out, {at_rate}", bar="p99 < 60 ms", measured=milliseconds(latencies)),
        Figure(name="  the same in the first seconds of a process", measured=milliseconds(cold)),
        Figure(
            name=f"turns through the whole loop, {AT_ONCE} customers at once",
            bar=">= 200/s",
            measured=f"{turns / seconds:.0f}/s, having {cpu / seconds:.0%} of one core",
        ),
        Figure(
            name="  CPU a turn, all threads / the busiest one",
            measured=f"{cpu / turns * 1e3:.2f} ms / {own / turns * 1e3:.2f} ms",
        ),
    ]


@asynccontextmanager
async def _service(folder: Path) -> AsyncIterator[Customers]:
    """All that `warmline run` runs, but for its channels."""
    knowledge, store = Knowledge(folder=str(ROOT / "knowledge")), Keeping(path="bench.db", backup_folder="backups")
    settings = Settings(folder=folder, knowledge=knowledge, store=store)
    ready, stop, shop = asyncio.Event(), asyncio.Event(), Shop()
    async with asyncio.TaskGroup() as group:
        group.create_task(app.run(settings, {shop.name: shop}, ready=ready.set, stop=stop))
        await ready.wait()
        try:
            yield Customers(shop=shop, receive=await shop.listened)
        finally:
            stop.set()


async def _arrivals(customers: Customers, seconds: float) -> list[float]:
    """Messages come when they come, earlier ones answered or not; each wait counts from when it was due."""
    customers.free = [(customers.newcomer(), 0) for _ in range(CONVERSATIONS)]
    begin = time.perf_counter()
    latencies: list[float] = []

    async def one(due: float) -> None:
        latencies.append(await customers.write() - due)

    async with asyncio.TaskGroup() as group:
        for number in range(int(RATE * seconds)):
            due = begin + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(due))
    return latencies


async def _crowd(customers: Customers) -> None:
    """As many customers as places, each writing again as soon as they were answered."""
    end = time.perf_counter() + SUSTAINED_SECONDS

    async def person() -> None:
        while time.perf_counter() < end:
            await customers.write()

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(person())

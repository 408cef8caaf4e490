"""The whole bot on Discord, on a good day and a bad one: real sockets, a real database, a Discord of our own."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from channels.discord.drawing import from_custom_id
from tests.bench.content import questions
from tests.bench.figures import Figure, milliseconds
from tests.bench.place import workplace
from tests.channels.discord_bench import Service, serving
from tests.fakes.discord import DESK, HELP, FakeDiscord, Fault, Json, buttons_of, running

THREADS = 50
RATE = 20.0
WARM_SECONDS = 15.0  # as many messages as the phrases need to be compiled
SECONDS = 20.0
MESSAGES = 5_000
DROPS = 50
TALKS = 20  # conversations between a customer and an agent, on the bad day
UNDER_WAY = 64
IN_A_THREAD = 5
PATIENCE_SECONDS = 180.0
WEATHER = (
    Fault(status=429, retry_after=0.3),
    Fault(status=429, retry_after=0.1, everywhere=True),
    Fault(drop=True, commit=True),
    Fault(status=500),
)


def measure() -> list[Figure]:
    """Each part on a new database."""
    return [*_run(_latency), *_run(_bad_day)]


def _run(part: Callable[[Service], Awaitable[list[Figure]]]) -> list[Figure]:
    async def whole(folder: Path) -> list[Figure]:
        async with running() as fake, serving(folder, fake) as service:
            return await part(service)

    with workplace() as folder:
        return asyncio.run(whole(folder))


@dataclass(slots=True)
class Seat:
    """A customer in the help channel: `room` is the thread of their question, in which they go on for a while."""

    name: str
    room: str = ""
    asked: int = 0
    at: float = 0.0  # when they asked last, 0 once that is answered
    stays: bool = False


@dataclass(slots=True)
class Wire:
    """What the bot posted, read on from where it was read before."""

    fake: FakeDiscord
    read: int = 0
    first: dict[str, list[tuple[float, Json]]] = field(default_factory=dict)  # the assistant's posts by room
    items: dict[str, list[int]] = field(default_factory=dict)  # numbered words that were relayed, by room

    def look(self) -> None:
        for room, message, at in self.fake.world.posted[self.read :]:
            if str(message.get("nonce", "")).endswith("-say"):
                self.first.setdefault(room, []).append((at, message))
            numbers = [int(number) for number in re.findall(r"\bitem (\d+)\b", message["content"])]
            self.items.setdefault(room, []).extend(numbers)
        self.read = len(self.fake.world.posted)


def ask(fake: FakeDiscord, seat: Seat, words: str, *, times: int = 1) -> Json:
    """The seat's next question: in its thread, or in the channel, where it gets a thread of its own."""
    goes_on = seat.stays and seat.asked < IN_A_THREAD
    seat.at = time.perf_counter()
    message = fake.say(seat.name, seat.room if goes_on else HELP, words, times=times)
    seat.room, seat.asked = (seat.room, seat.asked + 1) if goes_on else (str(message["id"]), 1)
    return message


def answered(wire: Wire, seat: Seat) -> float:
    """How long the seat's last question took, 0 while it is open.

    Whether they go on shows in the answer: where the matter is settled or with a person, not every word is answered.
    """
    posts = wire.first.get(seat.room, [])
    if len(posts) < seat.asked:
        return 0.0
    at, message = posts[seat.asked - 1]
    pressed = [from_custom_id(str(button.get("custom_id"))) for button in buttons_of(message)]
    waited, seat.at, seat.stays = at - seat.at, 0.0, any(one is not None and one.name == "solved" for one in pressed)
    return waited


async def until(true: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait. Raises TimeoutError: something was lost."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 # many things change at once here: looking now and then costs least
            await asyncio.sleep(0.02)


def _seats(fake: FakeDiscord, count: int) -> list[Seat]:
    return [Seat(name=fake.add_member(f"guest{number}").name) for number in range(count)]


async def _latency(service: Service) -> list[Figure]:
    """Messages come when they come, under Discord's own limits; a seat's next one comes long after its last answer."""
    fake, words, wire = service.fake, questions(), Wire(service.fake)
    seats, waits, late = _seats(fake, THREADS), list[float](), 0
    began = time.perf_counter()
    for number in range(int(RATE * (WARM_SECONDS + SECONDS))):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        wire.look()
        seat = seats[number % THREADS]
        waited = answered(wire, seat) if seat.at else 0.0
        warm = number >= RATE * WARM_SECONDS + THREADS
        if waited and warm:
            waits.append(waited)
        elif warm:
            late += 1
            seat.stays = False
        ask(fake, seat, next(words))
    await asyncio.sleep(THREADS / RATE)
    wire.look()
    last = [answered(wire, seat) for seat in seats]
    waits += [waited for waited in last if waited]
    late += sum(not waited for waited in last)
    load = f"{RATE:.0f} messages/s over {THREADS} threads"
    return [
        Figure(name=f"Discord: gateway to post, {load}", bar="p50 < 60, p95 < 150", measured=milliseconds(waits)),
        Figure(name="  of them not answered within 2.5 s", bar="0", measured=f"{late} of {len(waits) + late}"),
    ]


async def _talks(service: Service) -> dict[str, tuple[str, str]]:
    """Customers who write to Anna in direct messages: name and room by the card."""
    fake = service.fake
    names = {fake.add_member(f"talker{number}").name for number in range(TALKS)}
    for name in sorted(names):
        fake.say(name, fake.dm(name), "I want to talk to a human")
    await until(lambda: len(fake.posts(DESK)) >= TALKS)
    cards = {}
    for card in fake.posts(DESK):
        name = str(card["content"]).partition(" ")[0].lower()
        cards[str(card["id"])] = (name, fake.dm(name))
        fake.press("anna", card, "Claim")
    await until(lambda: len(service.rows("select 1 from events where kind = 'claimed'")) == TALKS)
    return cards


@dataclass(slots=True)
class Day:
    """The bad day's ledger: numbered words by the room in which they must come out, in this order."""

    due: dict[str, list[int]] = field(default_factory=dict)
    questions: int = 0
    numbers: int = 0

    def open(self, wire: Wire, seats: list[Seat]) -> int:
        """How many messages nobody has answered or carried yet."""
        wire.look()
        for seat in seats:
            if seat.at:
                answered(wire, seat)
        left = sum(len(numbers) - len(wire.items.get(room, [])) for room, numbers in self.due.items())
        return left + sum(bool(seat.at) for seat in seats)


async def _bad_day(service: Service) -> list[Figure]:
    """Questions in threads, and words both ways between customers and an agent, all going wrong at times."""
    fake, dice, words, wire, day = service.fake, random.Random(11), questions(), Wire(service.fake), Day()
    fake.unlimited()
    cards = await _talks(service)
    wire.look()
    seats, began, asked = _seats(fake, THREADS), time.perf_counter(), Counter[str]()
    for number in range(MESSAGES):
        if number % (MESSAGES // DROPS) == MESSAGES // DROPS - 1:
            fake.drop(resumable=bool(number // (MESSAGES // DROPS) % 2))
        if dice.random() < 0.05:
            fake.fail("create_message", dice.choice(WEATHER))
        if number % 5 < 2:
            _carry(fake, dice, day, cards, from_agent=number % 5 == 0)
        else:
            await until(lambda: day.open(wire, seats) < UNDER_WAY and any(not seat.at for seat in seats))
            seat = next(seat for seat in seats if not seat.at)
            ask(fake, seat, next(words), times=_times(dice))
            asked[seat.room] += 1
            seats.append(seats.pop(seats.index(seat)))
    await until(lambda: day.open(wire, seats) == 0)
    seconds = time.perf_counter() - began
    await asyncio.sleep(3.0)  # whatever would come a second time comes now
    wire.look()
    return _verdict(fake, wire, day, asked, seconds)


def _carry(
    fake: FakeDiscord, dice: random.Random, day: Day, cards: dict[str, tuple[str, str]], *, from_agent: bool
) -> None:
    card, (name, room) = dice.choice(list(cards.items()))
    author, here, there = ("anna", card, room) if from_agent else (name, room, card)
    day.due.setdefault(there, []).append(day.numbers)
    fake.say(author, here, f"item {day.numbers}", times=_times(dice))
    day.numbers += 1


def _times(dice: random.Random) -> int:
    return 2 if dice.random() < 0.05 else 1


def _verdict(fake: FakeDiscord, wire: Wire, day: Day, asked: Counter[str], seconds: float) -> list[Figure]:
    once = sum(min(count, len(wire.first.get(room, []))) for room, count in asked.items())
    carried = Counter(number for room in day.due for number in wire.items.get(room, []))
    once += sum(carried[number] == 1 for number in range(day.numbers))
    twice = sum(max(0, len(wire.first.get(room, [])) - count) for room, count in asked.items())
    twice += sum(count > 1 for count in carried.values())
    ordered = all(wire.items.get(room, []) == numbers for room, numbers in day.due.items())
    gateway = fake.gateway
    sessions = f"{gateway.resumed} resumed, {gateway.identified - 1} begun anew"
    return [
        Figure(
            name=f"Discord: {MESSAGES:,} messages, {DROPS} drops, 5 % twice, 5 % failed posts",
            bar="each once, in order",
            measured=f"{once:,} once, {twice} twice, in order: {ordered}, {MESSAGES / seconds:.0f}/s",
        ),
        Figure(name="  the gateway's sessions meanwhile", measured=sessions),
    ]

"""The whole bot on Slack, on a good day and a bad one: real sockets, a real database, a Slack of our own beside it."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.content import questions
from tests.bench.figures import Figure, milliseconds
from tests.bench.place import workplace
from tests.channels.slack_bench import DESK, Service, furnish, serving
from tests.fakes.slack import FakeSlack, Fault, buttons_of, running

ROOMS = 50
RATE = 20.0
WARM_SECONDS = 15.0  # as many messages as the phrases need to be compiled
SECONDS = 20.0
CLAIMS = 1_000
EVENTS = 10_000
DROPS = 20
CARDS = 20
UNDER_WAY = 64
UNDER_WAY_ON_A_BAD_DAY = 256  # many of them wait for their second try
LATE_SECONDS = 0.2
PATIENCE_SECONDS = 120.0
AGENTS = ("UANNA", "UBEN", "UCARL", "UDORA")
WEATHER = (
    Fault(status=429, retry_after=0.3),
    Fault(drop=True, commit=True),
    Fault(status=500),
    Fault(drop=True),
)


def measure() -> list[Figure]:
    """Each part on a new database."""
    return [*_run(_latency), *_run(_claims), *_run(_bad_day)]


def _run(part: Callable[[Service], Any]) -> list[Figure]:
    async def whole(folder: Path) -> list[Figure]:
        async with running() as fake:
            furnish(fake)
            for agent in AGENTS:
                fake.add_user(agent)
            async with serving(folder, fake) as service:
                figures: list[Figure] = await part(service)
                return figures

    with workplace() as folder:
        return asyncio.run(whole(folder))


@dataclass(slots=True, eq=False)
class Wire:
    """What the bot posted, read on from where it was read before."""

    fake: FakeSlack
    read: int = 0
    before: int = 0  # threads in which the assistant had spoken before the measuring began
    said: Counter[str] = field(default_factory=Counter)  # the assistant's posts by customer's thread
    relayed: dict[str, list[int]] = field(default_factory=dict)  # the agents' numbered words by room

    def look(self) -> None:
        for room, message, _ in self.fake.posted[self.read :]:
            key = message["metadata"]["event_payload"]["key"]
            if key.endswith("-say"):
                self.said[message["thread_ts"]] += 1
            elif key.endswith("-reply"):
                numbers = [int(number) for number in re.findall(r"item (\d+)\b", message["text"])]
                self.relayed.setdefault(room, []).extend(numbers)
        self.read = len(self.fake.posted)


def room_of(fake: FakeSlack, number: int) -> tuple[str, str]:
    """A customer and their direct messages."""
    user, room = f"U{1_000 + number}", f"D{1_000 + number}"
    if room not in fake.channels:
        fake.add_user(user)
        fake.add_channel(room, user)
    return user, room


async def until(true: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait. Raises TimeoutError: something was lost."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 # many things change at once here: looking now and then costs least
            await asyncio.sleep(0.02)


async def _latency(service: Service) -> list[Figure]:
    """Messages come when they come; each room's next one is written long after its last was answered."""
    fake, words = service.fake, questions()
    sent: list[tuple[str, float]] = []
    began = time.perf_counter()
    for number in range(int(RATE * (WARM_SECONDS + SECONDS))):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        user, room = room_of(fake, number % ROOMS)
        last = next((m for channel, m, _ in reversed(fake.posted) if channel == room), None)
        goes_on = last is not None and bool(buttons_of(last))
        sent.append((room, time.perf_counter()))
        fake.say(room, user, next(words), thread=last["thread_ts"] if last is not None and goes_on else "")
    await until(lambda: all(_answered(fake, room, at) for room, at in sent[-ROOMS:]))
    waits = [
        _answered(fake, room, at) - at for room, at in sent[int(RATE * WARM_SECONDS) :] if _answered(fake, room, at)
    ]
    acks = list(fake.acks.values())
    load = f"{RATE:.0f} messages/s over {ROOMS} conversations"
    unanswered = sum(not _answered(fake, room, at) for room, at in sent)
    return [
        Figure(name=f"Slack: socket to post, {load}", bar="p50 < 60, p95 < 150", measured=milliseconds(waits)),
        Figure(name="  of them without an answer", bar="0", measured=f"{unanswered} of {len(sent)}"),
        Figure(
            name="Slack: event stored and acknowledged",
            bar="p99 < 200 ms",
            measured=f"{milliseconds(acks)}, {len(acks)} events",
        ),
    ]


def _answered(fake: FakeSlack, room: str, at: float) -> float:
    """When the first post came there after a moment, 0 for none."""
    return next((when for channel, _, when in fake.posted if channel == room and when > at), 0.0)


async def _call_people(service: Service, count: int) -> dict[str, str]:
    """That many customers ask for a person; returns each one's room by the card."""
    fake = service.fake
    for number in range(count):
        user, room = room_of(fake, number)
        fake.say(room, user, "I want to talk to a human")
        await until(lambda number=number: number - _cards(fake) < UNDER_WAY)  # type: ignore[misc] # a default binds it
    await until(lambda: _cards(fake) >= count)
    cards = {}
    for channel, message, _ in fake.posted:
        named = re.search(r"(\d+) needs a person", message["text"])
        if channel == DESK and named is not None and not message.get("thread_ts"):
            cards[str(message["ts"])] = f"D{named[1]}"
    return cards


def _cards(fake: FakeSlack) -> int:
    return sum(channel == DESK and not message.get("thread_ts") for channel, message, _ in fake.posted)


async def _claims(service: Service) -> list[Figure]:
    fake = service.fake
    cards = await _call_people(service, CLAIMS)
    began = time.perf_counter()
    for number, card in enumerate(cards, 1):
        for agent in AGENTS:
            fake.click(agent, DESK, card, "claim")
        await until(lambda number=number: 3 * number - len(fake.whispers) < UNDER_WAY)  # type: ignore[misc]
    await until(lambda: len(fake.whispers) >= 3 * len(cards))
    seconds = time.perf_counter() - began
    rows = service.rows("select conversation, count(*) from events where kind = 'claimed' group by conversation")
    return [
        Figure(
            name=f"Slack: {len(AGENTS)} agents press Claim at once, one owner each",
            bar=f"{CLAIMS:,} of {CLAIMS:,}",
            measured=f"{sum(n == 1 for _, n in rows):,} of {len(rows):,}, {len(cards) * 4 / seconds:.0f} presses/s",
        )
    ]


async def _bad_day(service: Service) -> list[Figure]:
    """Customers' questions, each in a thread of its own, and agents' replies, with everything going wrong at times."""
    fake, dice, words, wire = service.fake, random.Random(7), questions(), Wire(service.fake)
    cards = await _call_people(service, CARDS)
    for card in cards:
        fake.click("UANNA", DESK, card, "claim")
    await until(lambda: "claimed by" in str(fake.channels[DESK].messages[list(cards)[-1]]))
    await until(lambda: len(service.rows("select 1 from events where kind = 'claimed'")) == CARDS)
    wire.look()
    wire.before = len(wire.said)
    fake.redeliver_after, asked, items = 1.0, list[str](), 0
    began = time.perf_counter()
    for number in range(EVENTS):
        if number % (EVENTS // DROPS) == EVENTS // DROPS - 1:
            await fake.drop_sockets()
        if dice.random() < 0.05:
            fake.fail("chat.postMessage", dice.choice(WEATHER))
        if number % 5 == 0:
            _reply(fake, dice, list(cards), items)
            items += 1
        else:
            asked.append(_ask(fake, dice, words, number))
        while _open(wire, asked, items) >= UNDER_WAY_ON_A_BAD_DAY:  # noqa: ASYNC110 # as in `until`
            await asyncio.sleep(0.02)
    total = items
    await until(lambda: _open(wire, asked, total) == 0)
    seconds = time.perf_counter() - began
    await asyncio.sleep(3.0)  # whatever would come a second time comes now
    wire.look()
    carried = Counter(number for numbers in wire.relayed.values() for number in numbers)
    once = sum(wire.said[thread] == 1 for thread in asked) + sum(carried[number] == 1 for number in range(items))
    heard = _heard(service)
    ordered = all(
        numbers == [n for n in heard if n in known] for numbers in wire.relayed.values() if (known := set(numbers))
    )
    shape = f"{EVENTS:,} events: 5 % twice, 5 % late, {DROPS} drops, 5 % failed posts"
    return [
        Figure(
            name=f"Slack: {shape}",
            bar="each once, in order",
            measured=f"{once:,} of {EVENTS:,} once, in order: {ordered}, {EVENTS / seconds:.0f}/s",
        )
    ]


def _ask(fake: FakeSlack, dice: random.Random, words: Iterator[str], number: int) -> str:
    user, room = room_of(fake, CARDS + number % ROOMS)
    ts = fake.say(room, user, next(words))
    _again(fake, dice, room, ts)
    return ts


def _reply(fake: FakeSlack, dice: random.Random, cards: list[str], item: int) -> None:
    ts = fake.say(
        DESK,
        "UANNA",
        f"item {item}",
        thread=cards[item % len(cards)],
        late=LATE_SECONDS if dice.random() < 0.05 else 0.0,
    )
    _again(fake, dice, DESK, ts)


def _again(fake: FakeSlack, dice: random.Random, room: str, ts: str) -> None:
    if dice.random() < 0.05:
        fake.announce(room, fake.channels[room].messages[ts])


def _open(wire: Wire, asked: list[str], items: int) -> int:
    """How many events nobody has answered yet."""
    wire.look()
    return len(asked) - (len(wire.said) - wire.before) + items - sum(map(len, wire.relayed.values()))


def _heard(service: Service) -> list[int]:
    rows = service.rows("select body from inbox where side = 'desk' order by id")
    return [int(number) for (body,) in rows for number in re.findall(r"item (\d+)\b", body)]

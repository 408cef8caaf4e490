"""A bad day: events twice, late and out of order, sockets that drop, posts that fail or whose answer is lost."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.bench.content import questions
from tests.bench.figures import Figure
from tests.bench.slack.workspace import call_people, room_of, until
from tests.channels.slack_bench import DESK, Service
from tests.fakes.slack import FakeSlack, Fault

EVENTS = 10_000
ROOMS = 50
DROPS = 20
CARDS = 20
SHARE = 0.05  # of the events that come twice, of those that come late, and of the posts that fail
LATE_SECONDS = 0.2
UNDER_WAY = 256  # many of them wait for their second try
ECHO_SECONDS = 3.0
WEATHER = (
    Fault(status=429, retry_after=0.3),
    Fault(drop=True, commit=True),
    Fault(status=500),
    Fault(drop=True),
)


@dataclass(slots=True, eq=False)
class Day:
    """What was written so far, and what the bot posted to it, read on from where it was read before.

    `asked` are the customers' messages by thread. In a `hasty` thread two were written at once and the first came
    second: they may be answered together.
    """

    service: Service
    dice: random.Random
    asked: dict[str, list[str]] = field(default_factory=dict)
    rooms: dict[str, str] = field(default_factory=dict)  # by thread
    hasty: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)  # threads
    items: int = 0  # the agents' numbered words
    said: dict[str, list[str]] = field(default_factory=dict)  # keys of the assistant's posts by thread
    relayed: dict[str, list[int]] = field(default_factory=dict)  # the agents' numbers by room
    read: int = 0

    @property
    def fake(self) -> FakeSlack:
        return self.service.fake

    def look(self) -> None:
        for room, message, _ in self.fake.posted[self.read :]:
            key = message["metadata"]["event_payload"]["key"]
            if key.endswith("-say"):
                self.said.setdefault(message["thread_ts"], []).append(key)
            elif key.endswith("-reply"):
                numbers = [int(number) for number in re.findall(r"item (\d+)\b", message["text"])]
                self.relayed.setdefault(room, []).extend(numbers)
        self.read = len(self.fake.posted)

    def expected(self, thread: str) -> int:
        return 1 if thread in self.hasty else len(self.asked[thread])

    def open(self) -> int:
        """How many threads and agents' words wait for an answer."""
        self.look()
        self.waiting = {one for one in self.waiting if len(self.said.get(one, ())) < self.expected(one)}
        return len(self.waiting) + self.items - sum(map(len, self.relayed.values()))

    def late(self) -> float:
        return LATE_SECONDS if self.dice.random() < SHARE else 0.0

    def say(self, room: str, user: str, text: str, *, thread: str = "", late: float | None = None) -> str:
        """Somebody writes; at times it comes late, at times twice."""
        ts = self.fake.say(room, user, text, thread=thread, late=self.late() if late is None else late)
        if self.dice.random() < SHARE:
            self.fake.announce(room, self.fake.channels[room].messages[ts])
        return ts


async def measure(service: Service, events: int = EVENTS) -> list[Figure]:
    """Customers' questions and agents' replies, with everything going wrong at times."""
    day, words = Day(service, random.Random(7)), questions()
    cards = await _open_desk(service)
    service.fake.redeliver_after = 1.0
    began = time.perf_counter()
    number = 0
    while number < events:
        if number % (events // DROPS) == events // DROPS - 1:
            await service.fake.drop_sockets()
        if day.dice.random() < SHARE:
            service.fake.fail("chat.postMessage", day.dice.choice(WEATHER))
        number += _happen(day, words, cards, number)
        await until(lambda: day.open() < UNDER_WAY)
    await until(lambda: day.open() == 0)
    seconds = time.perf_counter() - began
    await asyncio.sleep(ECHO_SECONDS)  # whatever would come a second time comes now
    day.look()
    shape = f"{number:,} events: 5 % twice, 5 % late, {DROPS} drops, 5 % failed posts"
    return [
        Figure(
            name=f"Slack: {shape}",
            bar="each once, in order",
            measured=f"{_once(day):,} of {number:,} once, in order: {_in_order(day)}, {number / seconds:.0f}/s",
        )
    ]


async def _open_desk(service: Service) -> list[str]:
    """Some customers are already with an agent."""
    cards = list(await call_people(service, CARDS))
    for card in cards:
        service.fake.click("UANNA", DESK, card, "claim")
    await until(lambda: len(service.rows("select 1 from events where kind = 'claimed'")) == CARDS)
    return cards


def _happen(day: Day, words: Iterator[str], cards: list[str], number: int) -> int:
    """The next thing that somebody writes; returns how many messages it was."""
    if number % 5 == 0:
        day.say(DESK, "UANNA", f"item {day.items}", thread=cards[day.items % len(cards)])
        day.items += 1
        return 1
    if number % 5 == 1 and (thread := _answered_thread(day)):
        _ask(day, words, day.rooms[thread], thread)
        return 1
    room = room_of(day.fake, CARDS + number % ROOMS)[1]
    if number % 20 == 3:
        thread = _ask(day, words, room, late=LATE_SECONDS)
        day.hasty.add(thread)
        _ask(day, words, room, thread, late=0.0)
        return 2
    _ask(day, words, room)
    return 1


def _ask(day: Day, words: Iterator[str], room: str, thread: str = "", *, late: float | None = None) -> str:
    ts = day.say(room, room.replace("D", "U"), next(words), thread=thread, late=late)
    day.asked.setdefault(thread or ts, []).append(ts)
    day.rooms[thread or ts] = room
    day.waiting.add(thread or ts)
    return thread or ts


def _answered_thread(day: Day) -> str:
    """One of the last threads, where one question was asked and answered; empty for none."""
    done = [
        thread
        for thread, asked in list(day.asked.items())[-UNDER_WAY:]
        if len(asked) == 1 and thread in day.said and thread not in day.hasty
    ]
    return day.dice.choice(done) if done else ""


def _once(day: Day) -> int:
    """How many messages were stored once and answered once."""
    carried = Counter(number for numbers in day.relayed.values() for number in numbers)
    done = sum(carried[number] == 1 for number in range(day.items))
    stored = Counter(id for (id,) in day.service.rows("select external_id from turns where role = 'customer'"))
    for thread, asked in day.asked.items():
        heard = all(stored[f"{day.rooms[thread]}:{ts}"] == 1 for ts in asked)
        answers = len(day.said.get(thread, ()))
        if heard and day.expected(thread) <= answers <= len(asked):
            done += len(asked)
    return done


def _in_order(day: Day) -> bool:
    """Agents' words as they were heard, the assistant's as they were decided, and an answer after the last question."""
    rows = day.service.rows("select body from inbox where side = 'desk' order by id")
    heard = [int(number) for (body,) in rows for number in re.findall(r"item (\d+)\b", body)]
    relayed = all(
        numbers == [n for n in heard if n in known]
        for numbers in day.relayed.values()
        if (known := set(numbers)) is not None
    )
    versions = [[tuple(map(int, key.split("-")[1:3])) for key in keys] for keys in day.said.values()]
    last = dict(
        day.service.rows(
            "select conversation, role from turns where id in (select max(id) from turns group by conversation)"
        )
    )
    return relayed and all(keys == sorted(keys) for keys in versions) and "customer" not in last.values()

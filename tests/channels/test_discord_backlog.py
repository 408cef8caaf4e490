import asyncio
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from channels.discord.audience import Rules
from channels.discord.backlog import Backlog, Gap
from channels.discord.gateway import Gateway
from channels.discord.hearing import Hearing, Parts
from channels.discord.places import Places
from channels.discord.posted import Posted

THREAD, ROOM, LINE = 11, 5, 7


def owing(*gaps: Gap) -> Backlog:
    backlog = Backlog()
    for gap in gaps:
        backlog.owe(gap)
    return backlog


async def test_a_conversation_waits_until_its_channel_is_read() -> None:
    backlog = owing(Gap(channel=THREAD, after=1, line=LINE))
    waiting = asyncio.ensure_future(backlog.settled(LINE))
    await asyncio.sleep(0)
    assert not waiting.done()
    backlog.settle(THREAD)
    await waiting


async def test_a_conversation_waits_for_each_of_its_channels() -> None:
    backlog = owing(Gap(channel=THREAD, after=1, line=LINE), Gap(channel=THREAD + 1, after=1, line=LINE))
    waiting = asyncio.ensure_future(backlog.settled(LINE))
    backlog.settle(THREAD)
    await asyncio.sleep(0)
    assert not waiting.done()
    backlog.settle(THREAD + 1)
    await waiting


async def test_what_is_owed_twice_is_settled_by_both_readers() -> None:
    backlog = owing(Gap(channel=THREAD, after=1, line=LINE), Gap(channel=THREAD, after=1, line=LINE))
    waiting = asyncio.ensure_future(backlog.settled(LINE))
    backlog.settle(THREAD)
    await asyncio.sleep(0)
    assert not waiting.done()
    backlog.settle(THREAD)
    await waiting


async def test_no_other_conversation_waits() -> None:
    backlog = owing(Gap(channel=THREAD, after=1, line=LINE), Gap(channel=ROOM, after=1, room=ROOM))
    async with asyncio.timeout(1):
        await backlog.settled(LINE + 1)
        await backlog.settled(0)


@pytest.mark.parametrize(("first", "second"), [(3, 9), (9, 3)], ids=["earlier first", "later first"])
def test_of_two_places_to_read_on_from_the_earlier_holds(first: int, second: int) -> None:
    assert owing(Gap(channel=THREAD, after=first), Gap(channel=THREAD, after=second)).after(THREAD) == 3


def test_reading_goes_on_where_it_stopped() -> None:
    backlog = owing(Gap(channel=THREAD, after=3))
    backlog.read_to(THREAD, 8)
    backlog.read_to(THREAD, 6)
    assert backlog.after(THREAD) == 8


def test_a_watched_channel_is_owed_until_all_of_it_is_read() -> None:
    backlog = owing(Gap(channel=ROOM, after=1, room=ROOM), Gap(channel=THREAD, after=1, room=ROOM))
    backlog.settle(ROOM)
    assert backlog.owes(ROOM)
    backlog.settle(THREAD)
    assert not backlog.owes(ROOM)


class Noting(Hearing):
    """Notes the ids of what it takes."""

    noted: list[int]

    async def take(self, message: discord.Message, *, edited: bool = False) -> None:
        self.noted.append(message.id)


def noting(backlog: Backlog) -> Noting:
    rest: Any = None
    gateway = Gateway()
    parts = Parts(
        **{"host": rest, "people": rest, "ways": rest, "pausing": rest, "max_bytes": 0, "gateway": gateway},
        places=Places(),
        posted=Posted(),
        backlog=backlog,
        rules=Rules(rooms=frozenset(), desks=frozenset()),
    )
    hearing = Noting(parts, rest)
    hearing.noted = []
    hearing.caught_up.set()
    return hearing


def said(id: int) -> Any:
    state: Any = None
    channel = discord.PartialMessageable(state=state, id=LINE)
    return SimpleNamespace(id=id, author=SimpleNamespace(id=1), channel=channel)


async def test_what_comes_in_the_moment_in_which_a_gap_closes_overtakes_nothing() -> None:
    backlog = owing(Gap(channel=LINE, after=1, line=LINE))
    hearing = noting(backlog)
    waits = asyncio.ensure_future(hearing.on_message(said(1)))
    await asyncio.sleep(0)
    comes = asyncio.ensure_future(hearing.on_message(said(2)))
    backlog.settle(LINE)
    await asyncio.gather(waits, comes)
    assert hearing.noted == [1, 2]


def test_it_is_empty_when_all_is_settled() -> None:
    backlog = owing(Gap(channel=THREAD, after=1))
    assert not backlog.is_empty
    backlog.settle(THREAD)
    assert backlog.is_empty

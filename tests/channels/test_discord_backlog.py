import asyncio

import pytest

from channels.discord.backlog import Backlog, Gap

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

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.conversation import Gap, State
from bot.store import Posting, Store, StoredEvent, StoredGap, StoreUnavailableError
from channels.base import Receipt
from tests.bot.store.examples import LATER, NOW, begin, decide, event, load, message, outgoing, receive, room, turn


async def test_conversations_come_newest_first(store: Store) -> None:
    for name in ("ann", "ben", "cat"):
        await begin(store, at=room(name))
    assert [summary.conversation.id for summary in await store.conversations()] == ["3", "2", "1"]
    assert [summary.conversation.id for summary in await store.conversations(2)] == ["3", "2"]


async def test_conversations_of_one_state_can_be_asked_for(store: Store) -> None:
    await begin(store)
    await receive(store, message("m2", at=room("ben")))
    assert [summary.conversation.id for summary in await store.conversations(state=State.NEW)] == ["2"]


@pytest.mark.parametrize(
    ("text", "line"),
    [("\n Where is it?\nI wait.", "Where is it?"), ("", ""), ("  \n", "")],
    ids=["two lines", "nothing", "blanks"],
)
async def test_conversation_is_shown_by_the_customers_first_line(store: Store, text: str, line: str) -> None:
    conversation = await begin(store)
    turns = (turn(text), turn("second"))
    await store.commit(replace(decide(await load(store, conversation.id)), turns=turns), at=NOW)
    (summary,) = await store.conversations()
    assert (summary.first_line, summary.conversation.turns) == (line, ())


async def test_conversation_without_turns_has_no_first_line(store: Store) -> None:
    await receive(store, message())
    assert [summary.first_line for summary in await store.conversations()] == [""]


async def test_whole_conversation_has_all_its_turns(store: Store) -> None:
    conversation = await begin(store)
    turns = tuple(turn(f"turn {number}") for number in range(250))
    await store.commit(replace(decide(await load(store, conversation.id)), turns=turns), at=NOW)
    whole = await store.conversation(conversation.id)
    assert (whole and whole.turns) == turns


async def test_unknown_conversation_has_nothing(store: Store) -> None:
    assert (await store.conversation("9"), await store.events("9"), await store.outbox("9")) == (None, (), ())


async def test_events_come_in_the_order_they_were_appended(store: Store) -> None:
    conversation = await begin(store)
    events = (event("one", why="Ünï\x00"), replace(event("two"), at=NOW - timedelta(days=1)))
    await store.commit(replace(decide(await load(store, conversation.id)), events=events), at=NOW)
    assert await store.events(conversation.id) == events


async def test_all_events_go_through_every_conversation_from_a_time_on(store: Store) -> None:
    early = replace(event("early"), at=NOW - timedelta(days=1))
    for name in ("ann", "ben"):
        conversation = await begin(store, at=room(name))
        events = (early, event(name))
        await store.commit(replace(decide(await load(store, conversation.id)), events=events), at=NOW)
    assert [stored async for stored in store.all_events(NOW)] == [
        StoredEvent(id=2, conversation="1", event=event("ann")),
        StoredEvent(id=4, conversation="2", event=event("ben")),
    ]


async def test_all_events_are_read_to_the_last_of_many(store: Store) -> None:
    conversation = await begin(store)
    events = tuple(event(str(number)) for number in range(1201))
    await store.commit(replace(decide(await load(store, conversation.id)), events=events), at=NOW)
    assert [stored.event async for stored in store.all_events(NOW)] == list(events)


async def test_outbox_of_a_conversation_tells_what_became_of_each(store: Store) -> None:
    sends = (outgoing("o1"), outgoing("o2"), outgoing("o3"))
    conversation = await begin(store, *sends)
    await store.take(NOW)
    await store.sent("o1", Receipt(id="p1"), LATER)
    await store.take(NOW)
    await store.postpone("o2", due=LATER, unsure=True, reason="no answer")
    assert await store.outbox(conversation.id) == (
        Posting(outgoing=sends[0], state="sent", attempts=0, receipt="p1", reason="", at=NOW, ended_at=LATER),
        Posting(outgoing=sends[1], state="unsure", attempts=1, receipt="", reason="no answer", at=NOW, ended_at=None),
        Posting(outgoing=sends[2], state="pending", attempts=0, receipt="", reason="", at=NOW, ended_at=None),
    )


async def test_gaps_come_from_a_time_on(store: Store) -> None:
    conversation = await begin(store)
    for hours in (0, 2):
        gap = Gap(question=f"after {hours} hours", confidence=0.5, nearest="a.md", issue_type="delivery")
        decision = replace(decide(await load(store, conversation.id)), gaps=(gap,))
        await store.commit(decision, at=NOW + timedelta(hours=hours))
    assert await store.gaps(LATER) == (
        StoredGap(
            conversation=conversation.id,
            at=NOW + timedelta(hours=2),
            gap=Gap(question="after 2 hours", confidence=0.5, nearest="a.md", issue_type="delivery"),
        ),
    )


async def test_reader_sees_what_a_running_store_commits(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "warmline.db")
    reader = Store.open_to_read(tmp_path / "warmline.db")
    conversation = await begin(store)
    assert await reader.conversation(conversation.id) == conversation
    reader.close()
    await receive(store, message("m2"))
    store.close()


async def test_reader_cannot_write(tmp_path: Path) -> None:
    Store.open(tmp_path / "warmline.db").close()
    reader = Store.open_to_read(tmp_path / "warmline.db")
    with pytest.raises(StoreUnavailableError, match="read-only"):
        await receive(reader, message())
    with pytest.raises(StoreUnavailableError, match="read-only"):
        await reader.forget("ann")
    assert await reader.conversations() == ()
    reader.close()


async def test_reader_can_back_up_and_search(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "warmline.db")
    await begin(store)
    store.close()
    reader = Store.open_to_read(tmp_path / "warmline.db")
    copy = await reader.backup(tmp_path / "copies", 1)
    assert await reader.writer.search(lambda blobs: [bytes(blob[:15]) for blob in blobs]) == [b"SQLite format 3"]
    assert await reader.writer.run_alone(lambda db: db.execute("select count(*) from inbox").fetchone()[0]) == 1
    reader.close()
    assert copy.exists()


def test_reading_where_nothing_is_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="no database"):
        Store.open_to_read(tmp_path / "warmline.db")
    assert list(tmp_path.iterdir()) == []

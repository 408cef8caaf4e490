from dataclasses import fields, replace
from datetime import datetime, timedelta

import pytest

from bot.conversation import Sent, Undelivered
from bot.store import Onward, Parcel, Store
from channels.base import Address, Attachment, Button, Card, Field, Outgoing, Receipt
from tests.bot.store.examples import DESK, LATER, NOW, SOON, begin, decide, load, message, outgoing, receive, room

RECEIPT = Receipt(id="post-1")


async def _taken(store: Store, at: datetime = NOW) -> list[str]:
    return [parcel.outgoing.id for parcel in await store.take(at)]


async def test_everything_of_what_leaves_comes_back(store: Store) -> None:
    whole = Outgoing(
        id="o1",
        address=Address(channel="slack", room="help", thread="t1"),
        text='a "quoted"\nline 😀\x00',
        card=Card(title="Help", fields=(Field(name="ask", text="parcel"),), buttons=(Button(name="x", label="X"),)),
        buttons=(Button(name="rate", label="Good", value="5"),),
        author="ben",
        reply_to="p0",
        subject="Parcel",
        replaces="p1",
        only_for="ann",
        attachments=(Attachment(name="a.png", type="image/png", bytes=3, key="k", why_not="no"),),
        carries="m9",
        reaction="✅",
        language="de",
        direct=True,
        footer="Source: Parcels",
        secret=True,
    )
    assert [field.name for field in fields(Outgoing) if getattr(whole, field.name) == field.default] == []
    conversation = await begin(store, whole)
    assert await store.take(NOW) == (Parcel(outgoing=whole, ask=False, attempts=0, conversation=conversation.id),)


async def test_what_is_under_way_is_not_taken_again(store: Store) -> None:
    await begin(store, outgoing("o1"))
    assert (await _taken(store), await _taken(store)) == (["o1"], [])


async def test_only_the_head_of_a_line_is_taken(store: Store) -> None:
    await begin(store, outgoing("o1"), outgoing("o2"))
    assert await _taken(store) == ["o1"]


async def test_next_of_a_line_waits_until_the_head_has_arrived(store: Store) -> None:
    await begin(store, outgoing("o1"), outgoing("o2"))
    await store.take(NOW)
    assert await _taken(store) == []
    await store.sent("o1", RECEIPT, NOW)
    assert await _taken(store) == ["o2"]


async def test_postponed_head_holds_up_its_line(store: Store) -> None:
    await begin(store, outgoing("o1"), outgoing("o2"))
    await store.take(NOW)
    await store.postpone("o1", due=SOON, unsure=False, reason="busy")
    assert (await _taken(store), await _taken(store, SOON)) == ([], ["o1"])


async def test_refused_head_lets_its_line_go_on(store: Store) -> None:
    await begin(store, outgoing("o1"), outgoing("o2"))
    await store.take(NOW)
    await store.refuse("o1", "no such room", NOW)
    assert await _taken(store) == ["o2"]


async def test_lines_do_not_wait_for_each_other(store: Store) -> None:
    await begin(store, outgoing("to ann"), outgoing("to desk", at=DESK))
    await begin(store, outgoing("to ben", at=room("ben")), outgoing("to desk again", at=DESK), at=room("ben"))
    assert await _taken(store) == ["to ann", "to desk", "to ben", "to desk again"]


@pytest.mark.parametrize("other", [replace(DESK, thread="t2"), replace(DESK, room="r"), replace(DESK, channel="c")])
async def test_line_is_the_whole_address(store: Store, other: Address) -> None:
    await begin(store, outgoing("o1", at=DESK), outgoing("o2", at=other))
    assert await _taken(store) == ["o1", "o2"]


async def test_take_returns_the_oldest_at_most_what_is_asked_for(store: Store) -> None:
    await begin(store, outgoing("o1"), outgoing("o2", at=DESK))
    assert [parcel.outgoing.id for parcel in await store.take(NOW, 1)] == ["o1"]


async def test_clock_that_jumps_back_holds_nothing_up(store: Store) -> None:
    await begin(store, outgoing("o1"), outgoing("o2", at=DESK))
    assert await _taken(store, NOW - timedelta(days=365)) == ["o1", "o2"]


async def test_postponed_knows_its_attempts(store: Store) -> None:
    await begin(store, outgoing("o1"))
    for _ in range(2):
        await store.take(SOON)
        await store.postpone("o1", due=SOON, unsure=False, reason="busy")
    (parcel,) = await store.take(SOON)
    assert (parcel.attempts, parcel.ask) == (2, False)


async def test_unsure_is_to_be_asked_for(store: Store) -> None:
    await begin(store, outgoing("o1"))
    await store.take(NOW)
    await store.postpone("o1", due=SOON, unsure=True, reason="no answer")
    (parcel,) = await store.take(SOON)
    assert (parcel.attempts, parcel.ask) == (1, True)


async def test_what_was_asked_for_and_is_not_there_is_plain_again(store: Store) -> None:
    await begin(store, outgoing("o1"))
    for unsure in (True, False):
        await store.take(SOON)
        await store.postpone("o1", due=SOON, unsure=unsure, reason="")
    assert not (await store.take(SOON))[0].ask


async def test_what_was_under_way_at_a_stop_is_to_be_asked_for_at_once(store: Store) -> None:
    await begin(store, outgoing("o1"))
    await store.take(NOW)
    await store.recover(LATER)
    (parcel,) = await store.take(NOW)
    assert (parcel.outgoing.id, parcel.ask) == ("o1", True)


async def test_what_was_not_under_way_at_a_stop_need_not_be_asked_for(store: Store) -> None:
    await begin(store, outgoing("o1"))
    await store.recover(LATER)
    assert not (await store.take(NOW))[0].ask


async def test_unsure_that_is_under_way_again_stays_unsure_after_a_second_stop(store: Store) -> None:
    await begin(store, outgoing("o1"))
    await store.take(NOW)
    await store.recover(NOW)
    await store.take(NOW)
    await store.recover(NOW)
    assert (await store.take(NOW))[0].ask


async def test_what_has_arrived_is_not_touched_by_a_restart(store: Store) -> None:
    await begin(store, outgoing("o1"))
    await store.take(NOW)
    await store.sent("o1", RECEIPT, NOW)
    await store.recover(NOW)
    assert await _taken(store) == []


async def test_receipt_that_nobody_waits_for_is_only_stored(store: Store) -> None:
    conversation = await begin(store, outgoing("o1"))
    assert await store.sent("o1", RECEIPT, NOW) == Onward()
    assert (await load(store, conversation.id)).conversation.version == conversation.version
    (row,) = await store.outbox(conversation.id)
    assert (row.state, row.receipt) == ("sent", "post-1")


async def test_receipt_that_is_waited_for_arrives(store: Store) -> None:
    conversation = await begin(store, outgoing("o1"), report=True)
    assert await store.sent("o1", RECEIPT, NOW) == Onward(conversation=conversation.id)
    snapshot = await load(store, conversation.id)
    assert [each.arrival for each in snapshot.pending] == [Sent(outgoing_id="o1", receipt_id="post-1")]
    assert snapshot.conversation.version == conversation.version + 1


async def test_receipt_given_twice_arrives_once(store: Store) -> None:
    conversation = await begin(store, outgoing("o1"), report=True)
    await store.sent("o1", RECEIPT, NOW)
    before = await load(store, conversation.id)
    assert await store.sent("o1", Receipt(id="another"), LATER) == Onward(conversation=conversation.id)
    assert await load(store, conversation.id) == before


async def test_refusal_always_arrives(store: Store) -> None:
    conversation = await begin(store, outgoing("o1"))
    assert await store.refuse("o1", "no such room", NOW) == Onward(conversation=conversation.id)
    snapshot = await load(store, conversation.id)
    assert [each.arrival for each in snapshot.pending] == [Undelivered(outgoing_id="o1", reason="no such room")]
    assert snapshot.conversation.version == conversation.version + 1


async def test_refusal_given_twice_arrives_once(store: Store) -> None:
    conversation = await begin(store, outgoing("o1"))
    await store.refuse("o1", "no such room", NOW)
    assert await store.refuse("o1", "no such room", LATER) == Onward(conversation=conversation.id)
    assert len((await load(store, conversation.id)).pending) == 1


async def test_what_has_arrived_can_be_neither_postponed_nor_refused(store: Store) -> None:
    conversation = await begin(store, outgoing("o1"))
    await store.sent("o1", RECEIPT, NOW)
    await store.postpone("o1", due=NOW, unsure=True, reason="late news")
    await store.refuse("o1", "late news", NOW)
    assert (await _taken(store, LATER), (await load(store, conversation.id)).pending) == ([], ())


async def test_unknown_id_is_no_error(store: Store) -> None:
    await store.postpone("gone", due=NOW, unsure=False, reason="")
    assert (await store.sent("gone", RECEIPT, NOW), await store.refuse("gone", "", NOW)) == (Onward(), Onward())


async def test_lines_keep_their_order_over_decisions(store: Store) -> None:
    conversation = await begin(store, outgoing("o1"))
    await receive(store, message("m2"))
    await store.commit(decide(await load(store, conversation.id), outgoing("o0")), at=NOW - timedelta(hours=1))
    order = await _taken(store)
    await store.sent("o1", RECEIPT, NOW)
    assert order + await _taken(store) == ["o1", "o0"]


async def test_nothing_is_due_in_an_empty_store(store: Store) -> None:
    assert await store.next_due() is None


async def test_next_due_is_the_nearest_deadline(store: Store) -> None:
    await begin(store)
    await receive(store, message("m2", at=room("ben")))
    assert await store.next_due() == SOON


async def test_next_due_is_at_once_for_what_waits_to_be_sent(store: Store) -> None:
    await begin(store, outgoing("o1"))
    due = await store.next_due()
    assert due is not None
    assert due < NOW - timedelta(days=700_000)


async def test_next_due_leaves_out_what_is_under_way(store: Store) -> None:
    await begin(store, outgoing("o1"))
    await store.take(NOW)
    assert await store.next_due() == LATER


async def test_next_due_leaves_out_what_waits_behind_a_postponed_head(store: Store) -> None:
    await begin(store, outgoing("o1"), outgoing("o2"))
    await store.take(NOW)
    await store.postpone("o1", due=SOON, unsure=False, reason="rate limited")
    assert await store.next_due() == SOON

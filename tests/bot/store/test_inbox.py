from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.conversation import Deadline, Lapse, Side, State
from bot.store import Accepted, Store
from channels.base import Attachment, Change, Message
from tests.bot.store.examples import (
    ANN,
    DESK,
    LATER,
    NOW,
    SOON,
    begin,
    decide,
    edit,
    load,
    message,
    press,
    receive,
    room,
)


async def test_first_message_begins_a_conversation(store: Store) -> None:
    conversation = (await load(store, await receive(store, replace(message(), subject="Parcel")))).conversation
    assert (State.NEW, "en", ANN, room(), "Parcel", NOW, NOW) == (
        conversation.state,
        conversation.language,
        conversation.customer,
        conversation.address,
        conversation.subject,
        conversation.created_at,
        conversation.since,
    )


async def test_id_of_a_conversation_is_a_whole_number(store: Store) -> None:
    assert await receive(store, message()) == "1"


async def test_second_delivery_of_a_message_is_ignored(store: Store) -> None:
    conversation = await receive(store, message())
    before = await load(store, conversation)
    again = await store.accept(message(text="another text"), side=Side.CUSTOMER, at=LATER, answer_by=LATER)
    assert again == Accepted(conversation=conversation, new=False)
    assert await load(store, conversation) == before


async def test_second_delivery_is_ignored_after_the_answer_too(store: Store) -> None:
    conversation = await receive(store, message())
    await store.commit(decide(await load(store, conversation)), at=NOW)
    await store.accept(message(), side=Side.CUSTOMER, at=LATER, answer_by=LATER)
    assert await store.pending() == ()


async def test_same_id_on_two_channels_is_two_messages(store: Store) -> None:
    await receive(store, message())
    other = await store.accept(message(at=replace(room(), channel="slack")), side=Side.CUSTOMER, at=NOW, answer_by=SOON)
    assert other == Accepted(conversation="2", new=True)


async def test_messages_at_one_address_share_a_conversation(store: Store) -> None:
    conversation = await receive(store, message("m1"), message("m2"))
    assert [pending.arrival.external_id for pending in (await load(store, conversation)).pending] == ["m1", "m2"]  # type: ignore[union-attr] # both are messages


@pytest.mark.parametrize("thread", ["t1", ""])
async def test_another_room_or_thread_is_another_conversation(store: Store, thread: str) -> None:
    await receive(store, message("m1", at=replace(room(), thread="t0")))
    assert await receive(store, message("m2", at=replace(room(), thread=thread))) == "2"


async def test_each_arrival_raises_the_version(store: Store) -> None:
    conversation = await receive(store, message("m1"))
    assert (await load(store, conversation)).conversation.version == 1
    await receive(store, message("m2"))
    assert (await load(store, conversation)).conversation.version == 2


async def test_arrivals_stay_in_the_order_of_delivery_when_the_clock_jumps_back(store: Store) -> None:
    for number, hours in enumerate((0, -5, 3)):
        at = NOW + timedelta(hours=hours)
        await store.accept(
            replace(message(f"m{number}"), sent_at=at), side=Side.CUSTOMER, at=at, answer_by=at + timedelta(minutes=1)
        )
    pending = (await load(store, "1")).pending
    assert [each.arrival.external_id for each in pending] == ["m0", "m1", "m2"]  # type: ignore[union-attr] # messages


async def test_everything_of_a_message_comes_back(store: Store) -> None:
    whole = Message(
        external_id="m1",
        address=replace(room(), thread="t"),
        sender=ANN,
        text='a "quoted"\nline 😀 \u202e \x00 \x07 end',
        sent_at=datetime(2026, 3, 2, 10, 0, 1, 5, tzinfo=timezone(timedelta(hours=1))),
        subject="Ünïcode",
        attachments=(Attachment(name="a.pdf", type="application/pdf", bytes=7),),
        automatic=True,
        issue_type="shipping",
        needs_person="it is encrypted",
    )
    (pending,) = (await load(store, await receive(store, whole))).pending
    assert pending.arrival == whole
    assert pending.side is Side.CUSTOMER


async def test_everything_of_an_action_comes_back(store: Store) -> None:
    await receive(store, message())
    pressed = press(at=room(), name="rate", value="5")
    conversation = await receive(store, pressed)
    assert (await load(store, conversation)).pending[-1].arrival == pressed


async def test_half_a_character_is_replaced_and_the_rest_is_kept(store: Store) -> None:
    hostile = replace(message("m\ud800", text="before \udc80 after \ud83d\ude00"), sender=replace(ANN, name="A\udfff"))
    (pending,) = (await load(store, await receive(store, hostile))).pending
    assert isinstance(pending.arrival, Message)
    assert pending.arrival.text == "before \ufffd after 😀"


async def test_half_a_character_in_the_id_does_not_hinder_recognition(store: Store) -> None:
    await receive(store, message("m\ud800"))
    assert not (await store.accept(message("m\ud800"), side=Side.CUSTOMER, at=NOW, answer_by=SOON)).new


async def test_message_of_a_megabyte_is_kept_whole(store: Store) -> None:
    text = "<" * 1_000_000
    (pending,) = (await load(store, await receive(store, message(text=text)))).pending
    assert isinstance(pending.arrival, Message)
    assert pending.arrival.text == text


@pytest.mark.parametrize(
    "sent_at",
    [
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=5))),
    ],
    ids=["last moment of the calendar", "first moment of the calendar"],
)
async def test_impossible_time_of_a_mail_is_no_obstacle(store: Store, sent_at: datetime) -> None:
    (pending,) = (await load(store, await receive(store, replace(message(), sent_at=sent_at)))).pending
    assert isinstance(pending.arrival, Message)
    assert pending.arrival.sent_at == sent_at.replace(tzinfo=UTC)


async def test_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        await store.accept(message(), side=Side.CUSTOMER, at=datetime(2026, 1, 1), answer_by=SOON)  # noqa: DTZ001 - the mistake


async def test_event_without_an_id_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="has no id"):
        await receive(store, message(""))


@pytest.mark.parametrize(
    "event",
    [press(at=room("nowhere")), edit("e1", "m0"), edit("d1", "m0", change=Change.DELETED)],
    ids=["button", "edit", "deletion"],
)
async def test_only_a_new_message_begins_a_conversation(store: Store, event: Message) -> None:
    accepted = await store.accept(event, side=Side.CUSTOMER, at=NOW, answer_by=SOON)
    assert (accepted, await store.pending()) == (Accepted(conversation=None, new=True), ())


async def test_what_belongs_nowhere_is_recognised_at_its_second_delivery(store: Store) -> None:
    await store.accept(edit("e1", "m0"), side=Side.CUSTOMER, at=NOW, answer_by=SOON)
    again = await store.accept(edit("e1", "m0"), side=Side.CUSTOMER, at=NOW, answer_by=SOON)
    assert again == Accepted(conversation=None, new=False)


async def test_edit_reaches_its_conversation(store: Store) -> None:
    conversation = await receive(store, message("m1"), edit("e1", "m1"))
    assert (await load(store, conversation)).pending[-1].arrival == edit("e1", "m1")


async def test_customer_is_owed_an_answer_by_the_time_named_first(store: Store) -> None:
    await store.accept(message("m1"), side=Side.CUSTOMER, at=NOW, answer_by=SOON)
    await store.accept(message("m2"), side=Side.CUSTOMER, at=NOW, answer_by=LATER)
    assert await store.lapse(LATER) == ("1",)
    lapses = [each.arrival for each in (await load(store, "1")).pending if each.side is Side.SYSTEM]
    assert lapses == [Lapse(kind="answer", due=SOON)]


async def test_desk_arrival_joins_the_conversation_it_names(store: Store) -> None:
    conversation = await receive(store, message())
    accepted = await store.accept(press(), side=Side.DESK, at=NOW, answer_by=SOON, conversation=conversation)
    assert accepted == Accepted(conversation=conversation, new=True)
    assert [pending.side for pending in (await load(store, conversation)).pending] == [Side.CUSTOMER, Side.DESK]


async def test_desk_arrival_joins_the_conversation_of_its_desk_thread(store: Store) -> None:
    conversation = await begin(store)
    decision = decide(await load(store, conversation.id))
    await store.commit(replace(decision, conversation=replace(decision.conversation, desk=DESK)), at=NOW)
    note = message("note", at=DESK)
    assert await receive(store, note, side=Side.DESK) == conversation.id


@pytest.mark.parametrize("named", [None, "", "99", "abc", "-1", "²", "1" * 40, "1; drop table inbox"])
async def test_desk_arrival_that_belongs_nowhere_is_done_at_once(store: Store, named: str | None) -> None:
    await receive(store, message())
    accepted = await store.accept(press(), side=Side.DESK, at=NOW, answer_by=SOON, conversation=named)
    assert accepted == Accepted(conversation=None, new=True)
    assert len((await load(store, "1")).pending) == 1


async def test_desk_arrival_owes_nobody_an_answer(store: Store) -> None:
    conversation = await begin(store)
    await store.accept(press(), side=Side.DESK, at=NOW, answer_by=SOON, conversation=conversation.id)
    assert await store.lapse(SOON) == ()


async def test_pending_names_each_conversation_once_the_longest_waiting_first(store: Store) -> None:
    await receive(store, message("m1", at=room("ann")), message("m2", at=room("ben")), message("m3", at=room("ann")))
    assert await store.pending() == ("1", "2")


async def test_pending_returns_at_most_what_is_asked_for(store: Store) -> None:
    await receive(store, message("m1", at=room("ann")), message("m2", at=room("ben")))
    assert await store.pending(1) == ("1",)


async def test_deadline_lapses_exactly_once(store: Store) -> None:
    conversation = await begin(store)
    assert await store.lapse(LATER - timedelta(microseconds=1)) == ()
    assert await store.lapse(LATER) == (conversation.id,)
    assert await store.lapse(LATER + timedelta(days=3)) == ()
    (pending,) = (await load(store, conversation.id)).pending
    assert (pending.side, pending.arrival) == (Side.SYSTEM, Lapse(kind="silence", due=LATER))


async def test_lapse_raises_the_version(store: Store) -> None:
    conversation = await begin(store)
    await store.lapse(LATER)
    assert (await load(store, conversation.id)).conversation.version == conversation.version + 1


async def test_deadlines_lapse_in_the_order_they_were_due(store: Store) -> None:
    conversation = await begin(store)
    deadlines = (Deadline(kind="late", due=LATER), Deadline(kind="early", due=SOON))
    await store.commit(replace(decide(await load(store, conversation.id)), deadlines=deadlines), at=NOW)
    await store.lapse(LATER)
    kinds = [each.arrival.kind for each in (await load(store, conversation.id)).pending]  # type: ignore[union-attr] # lapses
    assert kinds == ["early", "late"]


async def test_lapse_takes_at_most_what_is_asked_for(store: Store) -> None:
    for name in ("ann", "ben", "cat"):
        await begin(store, at=room(name))
    assert [await store.lapse(LATER, 2), await store.lapse(LATER, 2), await store.lapse(LATER, 2)] == [
        ("1", "2"),
        ("3",),
        (),
    ]


async def test_restart_counts_what_is_still_undecided(store: Store) -> None:
    conversation = await receive(store, message("m1"))
    await store.recover(NOW)
    await receive(store, message("m2"))
    await store.recover(NOW)
    assert [pending.crashes for pending in (await load(store, conversation)).pending] == [2, 1]

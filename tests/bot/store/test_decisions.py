import sqlite3
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.conversation import (
    Conversation,
    Deadline,
    Decision,
    Escalation,
    Gap,
    Kind,
    Outcome,
    Owner,
    Proof,
    Role,
    Source,
    State,
    Step,
    Trigger,
    Turn,
)
from bot.store import StaleVersionError, Store
from channels.base import Attachment, Button, Card, Field
from tests.bot.store.examples import (
    ANN,
    BEN,
    DESK,
    LATER,
    NOW,
    SOON,
    begin,
    decide,
    edit,
    event,
    load,
    message,
    outgoing,
    receive,
    room,
    turn,
)


async def test_unknown_conversation_is_none(store: Store) -> None:
    assert [await store.load(unknown) for unknown in ("1", "", "abc", "9" * 30)] == [None] * 4


async def test_everything_of_a_conversation_comes_back(store: Store) -> None:
    conversation = await begin(store)
    whole = Conversation(
        id=conversation.id,
        address=conversation.address,
        customer=replace(ANN, name="Ann A. Archer"),
        created_at=conversation.created_at,
        since=LATER,
        owner=Owner.AGENT,
        state=State.WITH_AGENT,
        agent=BEN,
        episode=3,
        version=conversation.version,
        subject="Parcel",
        language="de",
        issue_type="delivery",
        outcome=Outcome.BY_AGENT,
        escalation=Escalation(trigger=Trigger.HIGH_STAKES, evidence="my lawyer", category="legal"),
        desk=DESK,
        card_id="c1",
        brief=Card(
            title="Help",
            fields=(Field(name="ask", text="parcel"),),
            quotes=(Field(name="says", text="my lawyer"),),
            buttons=(Button(name="claim", label="Claim", value="1"),),
        ),
        pings=2,
        asks_rating=True,
        relayed=(("m1", "p1"),),
        proof=Proof(
            step=Step.CODE,
            question="Where is it?",
            issue_type="delivery",
            customer="C-1",
            digest="d1",
            until=LATER,
            tries=2,
        ),
    )
    untouched = [
        field.name
        for field in fields(Conversation)
        if getattr(whole, field.name) == field.default and field.name != "turns"
    ]
    assert untouched == [], "the example leaves a field at its default, so its loss would not be seen"
    await store.commit(Decision(conversation=whole, deadlines=(Deadline(kind="ping", due=LATER),)), at=NOW)
    assert (await load(store, conversation.id)).conversation == replace(whole, version=whole.version + 1)


async def test_everything_of_a_turn_comes_back(store: Store) -> None:
    conversation = await begin(store)
    whole = Turn(
        role=Role.ASSISTANT,
        kind=Kind.ANSWER,
        text="It is on its way.\x00\n😀",
        at=NOW + timedelta(microseconds=1),
        episode=2,
        author="ben",
        external_id="x1",
        sources=(Source(article="delivery.md", heading="When"),),
        attachments=(Attachment(name="a.pdf", type="application/pdf", bytes=7),),
        deleted=True,
        cited=True,
    )
    assert [field.name for field in fields(Turn) if getattr(whole, field.name) == field.default] == []
    await store.commit(replace(decide(await load(store, conversation.id)), turns=(whole,)), at=NOW)
    assert (await load(store, conversation.id)).conversation.turns == (whole,)


async def test_decision_finishes_only_what_it_handled(store: Store) -> None:
    conversation = await receive(store, message("m1"), message("m2"))
    snapshot = await load(store, conversation)
    await store.commit(replace(decide(snapshot), handled=(snapshot.pending[0].id,)), at=NOW)
    assert [each.id for each in (await load(store, conversation)).pending] == [snapshot.pending[1].id]


async def test_decision_cannot_finish_what_waits_in_another_conversation(store: Store) -> None:
    other = await receive(store, message("m1", at=room("ben")))
    stranger = (await load(store, other)).pending[0].id
    conversation = await receive(store, message("m2"))
    await store.commit(replace(decide(await load(store, conversation)), handled=(stranger,)), at=NOW)
    assert len((await load(store, other)).pending) == 1


async def test_decision_raises_the_version(store: Store) -> None:
    conversation = await receive(store, message())
    await store.commit(decide(await load(store, conversation)), at=NOW)
    assert (await load(store, conversation)).conversation.version == 2


async def test_decision_made_before_the_customer_wrote_again_is_refused(store: Store) -> None:
    conversation = await receive(store, message("m1"))
    decision = decide(await load(store, conversation), outgoing("o1"))
    await receive(store, message("m2"))
    with pytest.raises(StaleVersionError, match="no longer at version 1"):
        await store.commit(decision, at=NOW)


async def test_of_two_decisions_on_one_version_the_second_is_refused(store: Store) -> None:
    conversation = await receive(store, message())
    decision = decide(await load(store, conversation))
    await store.commit(decision, at=NOW)
    with pytest.raises(StaleVersionError):
        await store.commit(decision, at=NOW)


async def test_decision_on_an_unknown_conversation_is_refused(store: Store) -> None:
    conversation = await begin(store)
    decision = Decision(conversation=replace(conversation, id="99"), deadlines=(Deadline(kind="x", due=LATER),))
    with pytest.raises(StaleVersionError):
        await store.commit(decision, at=NOW)


async def test_refused_decision_leaves_nothing(store: Store) -> None:
    conversation = await receive(store, message("m1"))
    decision = replace(
        decide(await load(store, conversation), outgoing("o1")), turns=(turn(),), events=(event(),), handled=(1,)
    )
    await receive(store, message("m2"))
    before = await load(store, conversation)
    with pytest.raises(StaleVersionError):
        await store.commit(decision, at=NOW)
    assert (await load(store, conversation), await store.take(NOW)) == (before, ())


def _repeated_id(decision: Decision) -> Decision:
    return replace(decision, sends=decision.sends * 2)


def _impossible_fact(decision: Decision) -> Decision:
    facts: Any = {"why": object()}
    return replace(decision, events=(replace(event(), facts=facts),))


def _late_mistake(decision: Decision) -> Decision:
    return replace(decision, deadlines=(Deadline(kind="silence", due=LATER.replace(tzinfo=None)),))


@pytest.mark.parametrize(
    ("break_it", "error"),
    [(_repeated_id, sqlite3.IntegrityError), (_impossible_fact, TypeError), (_late_mistake, ValueError)],
    ids=["the same outgoing id twice", "a fact that is no JSON", "a deadline without a zone"],
)
async def test_decision_that_fails_in_the_middle_leaves_nothing(
    store: Store, break_it: Callable[[Decision], Decision], error: type[Exception]
) -> None:
    conversation = await receive(store, message())
    before = await load(store, conversation)
    decision = replace(decide(before, outgoing("o1")), turns=(turn(),), events=(event(),))
    with pytest.raises(error):
        await store.commit(break_it(decision), at=NOW)
    assert (await load(store, conversation), await store.take(NOW)) == (before, ())
    await store.commit(decision, at=NOW)


@pytest.mark.parametrize("state", [state for state in State if state not in {State.RESOLVED, State.IGNORED}])
async def test_nobody_waits_for_ever(store: Store, state: State) -> None:
    snapshot = await load(store, await receive(store, message()))
    decision = Decision(conversation=replace(snapshot.conversation, state=state))
    with pytest.raises(ValueError, match="without a deadline"):
        await store.commit(decision, at=NOW)
    assert await load(store, snapshot.conversation.id) == snapshot


@pytest.mark.parametrize("state", [State.RESOLVED, State.IGNORED])
async def test_conversation_at_rest_needs_no_deadline(store: Store, state: State) -> None:
    snapshot = await load(store, await receive(store, message()))
    await store.commit(Decision(conversation=replace(snapshot.conversation, state=state), handled=(1,)), at=NOW)
    assert (await load(store, snapshot.conversation.id)).conversation.state is state
    assert await store.lapse(LATER) == ()


async def test_deadlines_of_a_decision_replace_those_before(store: Store) -> None:
    conversation = await receive(store, message())
    await store.commit(decide(await load(store, conversation)), at=NOW)
    assert (await store.lapse(SOON), await store.lapse(LATER)) == ((), (conversation,))


async def test_deadlines_of_other_conversations_stay(store: Store) -> None:
    await receive(store, message("m1", at=room("ben")))
    await begin(store)
    assert await store.lapse(SOON) == ("1",)


async def test_turns_come_back_in_the_order_they_were_appended_whatever_their_times(store: Store) -> None:
    conversation = await begin(store)
    for number, hours in enumerate((0, -9, 4)):
        later = replace(turn(f"turn {number}"), at=NOW + timedelta(hours=hours))
        await store.commit(replace(decide(await load(store, conversation.id)), turns=(later,)), at=NOW)
    turns = (await load(store, conversation.id)).conversation.turns
    assert [each.text for each in turns] == ["turn 0", "turn 1", "turn 2"]


async def test_only_the_newest_turns_are_loaded(store: Store) -> None:
    conversation = await begin(store)
    turns = tuple(turn(f"turn {number}") for number in range(203))
    await store.commit(replace(decide(await load(store, conversation.id)), turns=turns), at=NOW)
    assert (await load(store, conversation.id)).conversation.turns == turns[3:]


async def test_edited_turn_keeps_its_place(store: Store) -> None:
    conversation = await begin(store)
    turns = (turn("first", external_id="m1"), turn("second", external_id="m2"))
    await store.commit(replace(decide(await load(store, conversation.id)), turns=turns), at=NOW)
    await receive(store, edit("e1", "m1"))
    revised = (turn("first, edited \ud800", external_id="m1"),)
    await store.commit(replace(decide(await load(store, conversation.id)), revised=revised), at=NOW)
    texts = [each.text for each in (await load(store, conversation.id)).conversation.turns]
    assert texts == ["first, edited \ufffd", "second"]


async def test_deleted_turn_is_marked_and_loses_its_words(store: Store) -> None:
    conversation = await begin(store)
    said = turn("my card is 1234", external_id="m1")
    await store.commit(replace(decide(await load(store, conversation.id)), turns=(said,)), at=NOW)
    revised = (replace(said, text="", deleted=True),)
    await store.commit(replace(decide(await load(store, conversation.id)), revised=revised), at=NOW)
    assert (await load(store, conversation.id)).conversation.turns == revised


async def test_revision_without_an_id_touches_nothing(store: Store) -> None:
    conversation = await begin(store)
    await store.commit(replace(decide(await load(store, conversation.id)), turns=(turn("kept"),)), at=NOW)
    await store.commit(replace(decide(await load(store, conversation.id)), revised=(turn("lost"),)), at=NOW)
    assert (await load(store, conversation.id)).conversation.turns == (turn("kept"),)


async def test_revision_stays_in_its_conversation(store: Store) -> None:
    ann, ben = await begin(store), await begin(store, at=room("ben"))
    said = (turn("Ann's", external_id="m1"),)
    await store.commit(replace(decide(await load(store, ann.id)), turns=said), at=NOW)
    await store.commit(replace(decide(await load(store, ben.id)), revised=(turn("Ben's", external_id="m1"),)), at=NOW)
    assert (await load(store, ann.id)).conversation.turns == said


async def test_gap_without_an_issue_type_is_stored(store: Store) -> None:
    conversation = await begin(store)
    gap = Gap(question="Do you sell \ud800 kites?", confidence=0.25, nearest="toys.md")
    await store.commit(replace(decide(await load(store, conversation.id)), gaps=(gap,)), at=LATER)
    (stored,) = await store.gaps(NOW)
    assert stored.gap == replace(gap, question="Do you sell \ufffd kites?")
    assert (stored.conversation, stored.at) == (conversation.id, LATER)

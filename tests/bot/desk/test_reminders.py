from datetime import timedelta

import pytest

from bot import deadlines, desk
from bot.conversation import Decision, Lapse, Outcome, Owner, Role, State
from bot.draft import Draft
from channels.base import Card
from tests.bot.desk.examples import decide
from tests.bot.world import DESK, NOW, SPARE, THREAD, at_desk, conversation, draft, fact, texts, turn


@pytest.mark.parametrize(
    ("state", "kind"), [(State.QUEUED, deadlines.PING), (State.WITH_AGENT, deadlines.AGENT)], ids=str
)
def test_reminder_of_a_conversation_without_a_card_posts_it(state: State, kind: str) -> None:
    at = draft(conversation(state, turn(), brief=Card(title="x")), at=NOW + timedelta(days=1))
    assert [send.outgoing.card for send in lapse(at, kind).sends][:1] == [Card(title="x")]


def lapse(at: Draft, kind: str) -> Decision:
    desk.lapse(at, Lapse(kind=kind, due=NOW))
    return decide(at)


def test_desks_take_turns_until_one_confirms() -> None:
    brief = Card(title="Mara needs a person")
    seen = []
    for pings in range(4):
        at = draft(conversation(State.ESCALATING, brief=brief, pings=pings), desks=(DESK, SPARE))
        seen.append(lapse(at, deadlines.CARD).sends[0].outgoing.address)
    assert seen == [SPARE, DESK, SPARE, DESK]


def test_customer_gets_an_honest_word_when_no_desk_confirms_for_long() -> None:
    at = draft(conversation(State.ESCALATING, brief=Card(title="x"), pings=desk.TRIES_BEFORE_A_WORD - 1))
    assert "nobody on our team has been free" in texts(lapse(at, deadlines.CARD))[0]


def test_conversation_without_a_brief_counts_the_try_only() -> None:
    decision = lapse(draft(conversation(State.ESCALATING)), deadlines.CARD)
    assert decision.sends == ()
    assert decision.conversation.pings == 1


def test_unclaimed_conversation_is_named_again_at_the_desk_with_its_buttons() -> None:
    decision = lapse(draft(at_desk(State.QUEUED), at=NOW + timedelta(minutes=10)), deadlines.PING)
    send, anew = decision.sends
    assert anew.outgoing.card is not None
    assert anew.outgoing.card.title.endswith("waiting for an agent for 10 minutes")
    assert send.outgoing.text == "⏰ Nobody has claimed this for 10 minutes."
    assert send.outgoing.card is not None
    assert send.outgoing.card.buttons[0].name == "claim"
    assert fact(decision, "pinged") == {"pings": 1, "waited_minutes": 10}


def test_second_reminder_tells_the_customer_honestly_that_nobody_is_free() -> None:
    decision = lapse(draft(at_desk(State.QUEUED, pings=1)), deadlines.PING)
    assert "nobody on our team has been free to take this yet" in texts(decision)[0]


def test_customer_is_told_when_people_are_back_outside_of_their_hours() -> None:
    at = draft(at_desk(State.QUEUED, pings=1), at=NOW + timedelta(hours=10))
    assert "is back 2026-03-04 09:00 (UTC)" in texts(lapse(at, deadlines.PING))[0]


def test_agent_who_lets_the_customer_wait_is_reminded_by_name() -> None:
    decision = lapse(draft(at_desk(State.WITH_AGENT, turn())), deadlines.AGENT)
    assert texts(decision, THREAD) == ["⏰ Anna, the customer is waiting for your answer."]
    assert decision.conversation.pings == 1


def test_conversation_of_an_agent_who_stays_silent_goes_back_to_the_queue() -> None:
    decision = lapse(draft(at_desk(State.WITH_AGENT, turn(), pings=2)), deadlines.AGENT)
    assert (
        decision.conversation.state,
        decision.conversation.owner,
        decision.conversation.agent,
    ) == (State.QUEUED, Owner.QUEUE, None)
    assert "nobody on our team has been free" in texts(decision)[0]


def test_customer_who_stays_silent_after_an_agent_counts_as_helped_by_the_agent() -> None:
    turns = (turn(), turn("Done.", Role.AGENT))
    decision = lapse(draft(at_desk(State.WITH_AGENT, *turns)), deadlines.QUIET)
    assert (decision.conversation.state, decision.conversation.outcome) == (State.RESOLVED, Outcome.BY_AGENT)


def test_hours_are_told_only_outside_of_them() -> None:
    assert desk.opening_hours(draft(conversation())) == ""
    assert desk.opening_hours(draft(conversation(), at=NOW + timedelta(hours=8))) == "2026-03-04 09:00 (UTC)"


def test_deadline_that_is_not_the_desks_does_nothing_there() -> None:
    before = at_desk(State.QUEUED)
    decision = lapse(draft(before), deadlines.SILENCE)
    assert (decision.conversation, decision.sends) == (before, ())

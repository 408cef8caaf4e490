from dataclasses import replace
from datetime import timedelta

import pytest

from bot import deadlines, desk
from bot.conversation import Kind, Owner, Role, State
from channels.base import Card, Person
from tests.bot.desk.examples import ALL, MINE, ONLY_ANNA, THEIRS, ask_for, decide, filled, in_state
from tests.bot.world import (
    ANNA,
    BEN,
    DESK,
    NOW,
    ROOM,
    THREAD,
    at_desk,
    conversation,
    draft,
    fact,
    kinds,
    press,
    texts,
    turn,
    whispers,
)

WHO = {MINE: ANNA, THEIRS: BEN}


RESOLVED = "It is resolved already. Reopen it to go on."


CLAIM_FIRST = "Claim it first."


MACHINE = "This is automatic mail; nobody waits here."


NOT_RESOLVED = "It is not resolved, so there is nothing to reopen."


HAS_IT = "Anna already has it."


ONLY_OWNER = "Anna has it; only the owner can do that."


DONE = ""


OPEN_STATES = ("new", "answering", "awaiting_customer", "escalating", "queued")


TABLE = [
    *(("claim", state, DONE, State.WITH_AGENT) for state in OPEN_STATES),
    ("claim", MINE, "You already have it.", State.WITH_AGENT),
    ("claim", THEIRS, HAS_IT, State.WITH_AGENT),
    ("claim", "resolved", RESOLVED, State.RESOLVED),
    ("claim", "ignored", MACHINE, State.IGNORED),
    *(("return", state, CLAIM_FIRST, State(state)) for state in (*OPEN_STATES, "ignored")),
    ("return", MINE, DONE, State.AWAITING_CUSTOMER),
    ("return", THEIRS, ONLY_OWNER, State.WITH_AGENT),
    ("return", "resolved", RESOLVED, State.RESOLVED),
    *(("resolve", state, DONE, State.RESOLVED) for state in (*OPEN_STATES, MINE)),
    ("resolve", THEIRS, HAS_IT, State.WITH_AGENT),
    ("resolve", "resolved", RESOLVED, State.RESOLVED),
    ("resolve", "ignored", MACHINE, State.IGNORED),
    *(("reopen", state, NOT_RESOLVED, State(state)) for state in (*OPEN_STATES, "ignored")),
    ("reopen", MINE, NOT_RESOLVED, State.WITH_AGENT),
    ("reopen", THEIRS, NOT_RESOLVED, State.WITH_AGENT),
    ("reopen", "resolved", DONE, State.WITH_AGENT),
    *(("more_time", state, CLAIM_FIRST, State(state)) for state in (*OPEN_STATES, "ignored")),
    ("more_time", MINE, DONE, State.WITH_AGENT),
    ("more_time", THEIRS, ONLY_OWNER, State.WITH_AGENT),
    ("more_time", "resolved", RESOLVED, State.RESOLVED),
    *(("claim_send", state, DONE, State.WITH_AGENT) for state in (*OPEN_STATES, MINE)),
    ("claim_send", THEIRS, HAS_IT, State.WITH_AGENT),
    ("claim_send", "resolved", RESOLVED, State.RESOLVED),
    ("claim_send", "ignored", MACHINE, State.IGNORED),
    ("rate", "queued", "There is no action 'rate' here.", State.QUEUED),
    ("ask_human", MINE, "There is no action 'ask_human' here.", State.WITH_AGENT),
]


@pytest.mark.parametrize(("action", "state", "refusal", "after"), TABLE, ids=[f"{a}-{s}" for a, s, *_ in TABLE])
def test_action_is_done_or_refused_by_state(action: str, state: str, refusal: str, after: State) -> None:
    who = WHO.get(state, ANNA)
    decision = ask_for(action, in_state(state), who=who, external_id="m8" if who is BEN else "m7")
    assert ([(who.id, refusal)] if refusal else []) == whispers(decision)
    assert after is decision.conversation.state
    assert ("refused" in kinds(decision)) is bool(refusal)


@pytest.mark.parametrize("action", ["note", "keep_note"])
@pytest.mark.parametrize("state", [*OPEN_STATES, MINE])
def test_word_about_notes_changes_nothing_and_is_private(action: str, state: str) -> None:
    at = in_state(state)
    before = at.conversation
    decision = ask_for(action, at)
    assert before == decision.conversation
    assert [ANNA.id] == [to for to, _ in whispers(decision)]


def test_claim_names_the_agent_to_the_customer_and_records_the_wait() -> None:
    at = draft(at_desk(State.QUEUED), at=NOW + timedelta(minutes=4))
    desk.act(at, press("claim"), ONLY_ANNA)
    decision = decide(at)
    assert texts(decision) == ["I'm Test Assistant, an AI assistant. Anna, a person on our team, is with you now."]
    assert fact(decision, "claimed") == {"agent": "anna", "waited_seconds": 240.0, "from_owner": "queue"}


def test_claim_is_told_by_id_where_the_agent_has_no_name() -> None:
    decision = ask_for("claim", in_state("queued"), who=Person(id="U77"))
    assert "U77, a person on our team, is with you now." in texts(decision)[0]


def test_clock_that_jumped_back_gives_no_negative_wait() -> None:
    at = draft(at_desk(State.QUEUED), at=NOW - timedelta(hours=1))
    desk.act(at, press("claim"), ALL)
    assert fact(decide(at), "claimed")["waited_seconds"] == 0.0


def test_claim_draws_the_card_anew_with_its_holder_and_without_claim() -> None:
    decision = ask_for("claim", in_state("queued"))
    (card,) = [send.outgoing for send in decision.sends if send.outgoing.replaces]
    assert card.card is not None
    assert card.replaces == "card1"
    assert card.address == DESK
    assert card.card.title == "Mara needs a person · claimed by Anna"
    assert "claim" not in [button.name for button in card.card.buttons]


def test_claim_before_the_card_is_confirmed_redraws_nothing() -> None:
    at = draft(conversation(State.ESCALATING, brief=Card(title="Mara needs a person")))
    desk.act(at, press("claim"), ALL)
    assert [send.outgoing.address for send in decide(at).sends] == [ROOM]


def test_resolve_by_whoever_has_not_claimed_is_recorded_as_a_claim_too() -> None:
    decision = ask_for("resolve", in_state("awaiting_customer"))
    assert "claimed" in kinds(decision)
    assert {"resolved_by": "agent", "agent": "anna", "outcome": "by_agent"}.items() <= fact(
        decision, "resolved"
    ).items()
    assert Owner.NONE is decision.conversation.owner


def test_resolve_asks_the_customer_for_one_rating() -> None:
    decision = ask_for("resolve", in_state(MINE))
    assert decision.conversation.asks_rating
    assert "from 1 (poor) to 5 (great)" in texts(decision)[-1]
    assert decision.deadlines == ()


def test_reopen_begins_an_episode_that_is_the_agents() -> None:
    decision = ask_for("reopen", in_state("resolved"))
    assert decision.conversation.episode == 2
    assert decision.conversation.agent == ANNA
    assert decision.conversation.outcome is None


def test_more_time_is_told_to_the_customer_and_begins_the_term_anew() -> None:
    at = draft(at_desk(State.WITH_AGENT, turn(), pings=2), at=NOW + timedelta(minutes=50))
    desk.act(at, press("more_time"), ALL)
    decision = decide(at)
    assert "Anna is still working on this" in texts(decision)[0]
    assert decision.conversation.pings == 0
    assert NOW + timedelta(minutes=110) == decision.deadlines[0].due


def test_return_without_an_open_question_waits_for_the_customer() -> None:
    turns = (turn(), turn("Done.", Role.AGENT))
    at = draft(at_desk(State.WITH_AGENT, *turns))
    desk.act(at, press("return"), ALL)
    decision = decide(at)
    assert State.AWAITING_CUSTOMER is decision.conversation.state
    assert decision.deadlines[0].kind == deadlines.SILENCE
    assert fact(decision, "returned")["unanswered"] == 0


def test_return_with_an_open_question_lets_the_assistant_take_it_up_at_once() -> None:
    turns = (turn("human please"), turn("called", Role.ASSISTANT, Kind.HANDOFF), turn("And how long is delivery?"))
    at = draft(at_desk(State.WITH_AGENT, *turns))
    desk.act(at, press("return"), ALL)
    decision = decide(at)
    assert State.ANSWERING is decision.conversation.state
    assert [(deadline.kind, deadline.due) for deadline in decision.deadlines] == [(deadlines.RESUME, NOW)]
    assert fact(decision, "returned")["unanswered"] == 1


def test_form_of_a_resolution_sets_the_issue_type_and_keeps_the_question() -> None:
    at = draft(at_desk(State.WITH_AGENT, turn("Can I pay by cheque?")))
    desk.act(at, filled("resolve", '{"outcome": "workaround", "issue_type": "payment_problem", "article": true}'), ALL)
    decision = decide(at)
    assert fact(decision, "ending_given") == {"ending": "workaround", "issue_type": "payment_problem", "article": True}
    assert fact(decision, "resolved")["issue_type"] == "payment_problem"
    assert [gap.question for gap in decision.gaps] == ["Can I pay by cheque?"]


@pytest.mark.parametrize("value", ["17", "17:", "17:{", "17:[1]", "17:7"])
def test_resolution_without_a_form_resolves_all_the_same(value: str) -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.act(at, replace(press("resolve"), value=value), ALL)
    assert decide(at).conversation.state is State.RESOLVED


def test_assigned_colleague_owns_it_and_is_told() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.act(at, filled("assign", "{}", target=BEN), ALL)
    decision = decide(at)
    assert decision.conversation.agent == BEN
    (notice,) = [send.outgoing for send in decision.sends if send.outgoing.direct]
    assert (notice.only_for, notice.address) == ("ben", THREAD)
    assert notice.text == "Anna gave Mara to you: your plain replies in the thread go to them."

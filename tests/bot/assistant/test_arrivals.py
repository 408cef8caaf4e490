from datetime import timedelta

import pytest

from bot import assistant
from bot.assistant import arrivals
from bot.conversation import (
    Outcome,
    Role,
    State,
)
from tests.bot.assistant.examples import WANTS_PERSON, decide, take_in
from tests.bot.world import (
    NOW,
    at_desk,
    conversation,
    deleted,
    draft,
    edited,
    fact,
    files,
    kinds,
    message,
    turn,
)


def test_message_becomes_a_turn_with_its_files_and_its_author() -> None:
    at = take_in(conversation(), message("See picture", attachments=files("a.png", "b.png")))
    (added,) = at.new_turns()
    assert (added.role, added.text, added.author, len(added.attachments)) == (Role.CUSTOMER, "See picture", "Mara", 2)
    assert fact(decide(at), "message_received") == {"characters": 11, "files": 2}


def test_messages_that_arrived_out_of_order_are_read_in_the_order_written() -> None:
    late = message("second", "m2", sent_at=NOW + timedelta(seconds=2))
    at = take_in(conversation(), late, message("first", "m1"))
    assert [added.text for added in at.new_turns()] == ["first", "second"]


def test_endless_message_is_kept_with_its_beginning() -> None:
    (added,) = take_in(conversation(), message("x" * 1_000_000)).new_turns()
    assert added.text == "x" * arrivals.MAX_CHARACTERS + " …"


def test_edit_takes_the_place_of_the_words_it_names() -> None:
    at = take_in(conversation(State.ANSWERING, turn("old", external_id="m1")), edited("new", "m1"))
    assert [one.text for one in decide(at).revised] == ["new"]
    assert fact(decide(at), "message_changed") == {"change": "edited", "known": True}


def test_deletion_in_the_same_burst_leaves_nothing_to_answer() -> None:
    at = take_in(conversation(), message("oops", "m1"), deleted("m1", sent_at=NOW + timedelta(seconds=1)))
    assert [added.deleted for added in at.new_turns()] == [True]


@pytest.mark.parametrize("original", ["", "elsewhere"])
def test_change_of_an_unknown_message_is_only_recorded(original: str) -> None:
    at = take_in(conversation(State.ANSWERING, turn("ours", Role.ASSISTANT)), edited("new", original))
    assert decide(at).revised == ()
    assert fact(decide(at), "message_changed")["known"] is False


def test_customer_cannot_edit_an_agents_words() -> None:
    at = take_in(at_desk(State.WITH_AGENT, turn("It left", Role.AGENT, external_id="m7")), edited("It is lost", "m7"))
    assert decide(at).revised == ()


@pytest.mark.parametrize("state", [State.NEW, State.AWAITING_CUSTOMER, State.IGNORED, State.RESOLVED])
def test_assistant_begins_from_every_state_it_may_be_written_to_in(state: State) -> None:
    at = draft(conversation(state, outcome=Outcome.ASSUMED))
    assistant.begin(at)
    assert at.conversation.state is State.ANSWERING


def test_beginning_twice_moves_once() -> None:
    at = draft(conversation(State.ANSWERING))
    assistant.begin(at)
    assert kinds(decide(at)) == []


def test_new_word_after_a_resolution_begins_an_episode() -> None:
    before = conversation(
        State.RESOLVED, outcome=Outcome.ASSUMED, asks_rating=True, escalation=WANTS_PERSON, issue_type="refund_status"
    )
    at = draft(before, at=NOW + timedelta(days=2))
    assistant.take_in(at, [message()])
    assistant.begin(at)
    assert fact(decide(at), "reopened") == {"outcome": "assumed", "days": 2.0, "issue_type": "refund_status"}
    after = at.conversation
    assert (after.episode, after.outcome, after.asks_rating, after.escalation) == (2, None, False, None)
    assert [added.episode for added in at.new_turns()] == [2]


def test_everything_taken_back_before_an_answer_leaves_nothing_open() -> None:
    at = draft(conversation(State.NEW))
    assistant.wait_for_words(at)
    assert at.conversation.state is State.AWAITING_CUSTOMER


def test_automatic_mail_is_kept_and_never_answered() -> None:
    at = draft(conversation(State.NEW))
    assistant.ignore(at, "automatic mail")
    decision = decide(at)
    assert (decision.conversation.state, decision.sends, decision.deadlines) == (State.IGNORED, (), ())


@pytest.mark.parametrize("state", [State.AWAITING_CUSTOMER, State.QUEUED, State.RESOLVED])
def test_automatic_mail_moves_no_conversation_that_has_begun(state: State) -> None:
    at = draft(conversation(state))
    assistant.ignore(at, "automatic mail")
    assert kinds(decide(at)) == ["ignored"]
    assert at.conversation.state is state

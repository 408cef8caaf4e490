from typing import Any

import pytest

from bot import assistant
from bot.conversation import (
    Conversation,
    Decision,
    Escalation,
    Outcome,
    State,
    Trigger,
)
from tests.bot.assistant.examples import ANSWER, ASKED_RATING, decide, reading
from tests.bot.world import (
    BEN,
    MARA,
    QUESTION,
    ROOM,
    at_desk,
    conversation,
    draft,
    fact,
    kinds,
    press,
    texts,
    whispers,
)


def resolved(**others: Any) -> Conversation:
    given: dict[str, Any] = {"outcome": Outcome.BY_AGENT, "asks_rating": True, **others}
    return conversation(State.RESOLVED, ASKED_RATING, **given)


@pytest.mark.parametrize(
    ("text", "stars"),
    [("5", 5), (" 1 ", 1), ("4/5", 4), ("3 stars", 3), ("2 Sterne.", 2), ("5!", 5)],
)
def test_number_after_the_end_is_a_rating(text: str, stars: int) -> None:
    at = draft(resolved())
    assert assistant.after_resolution(at, text, reading(text))
    assert fact(decide(at), "rated") == {
        "stars": stars,
        "outcome": "by_agent",
        "resolved_by": "agent",
        "issue_type": None,
        "episode": 1,
    }
    assert texts(decide(at)) == ["Thank you for telling us."]
    assert not at.conversation.asks_rating


@pytest.mark.parametrize("text", ["0", "6", "10", "55", "5 parcels are missing", "٥"])
def test_other_numbers_are_no_rating(text: str) -> None:
    assert not assistant.after_resolution(draft(resolved()), text, reading(text))


@pytest.mark.parametrize(
    ("text", "stars"),
    [
        ("4, thanks", 4),
        ("5 - great", 5),
        ("I'd give it a 4", 4),
        ("I would rate this 3 out of 5.", 3),
        ("5 thanks!", 5),
        ("5\nthanks a lot", 5),
        ("Ich gebe eine 2", 2),
        ("Je donne un 4, merci", 4),
    ],
)
def test_rating_with_a_few_words_counts_where_it_was_asked_for(text: str, stars: int) -> None:
    at = draft(resolved())
    assert assistant.after_resolution(at, text, reading(text))
    assert fact(decide(at), "rated")["stars"] == stars
    assert at.conversation.state is State.RESOLVED


@pytest.mark.parametrize(
    "text",
    [
        "2, but my parcel never came",
        "3. Where is my refund?",
        "4 - I want to talk to a human",
        "1 - it did not help",
        "2 of them arrived broken",
        "4, " + "very " * 20,
        "give me 2 more days",
    ],
)
def test_number_with_more_to_it_than_a_rating_is_a_message(text: str) -> None:
    assert not assistant.after_resolution(draft(resolved()), text, reading(text))


def test_number_with_words_is_a_message_where_nobody_asked_for_a_rating() -> None:
    assert not assistant.after_resolution(draft(resolved(asks_rating=False)), "5 - great", reading("5 - great"))


def test_second_rating_counts_nothing_and_calls_nobody() -> None:
    at = draft(resolved(asks_rating=False))
    assert assistant.after_resolution(at, "4", reading("4"))
    assert kinds(decide(at)) == ["rated_again"]
    assert at.conversation.state is State.RESOLVED


def test_number_is_a_message_where_nobody_asked_for_a_rating() -> None:
    at = draft(conversation(State.RESOLVED, ANSWER, outcome=Outcome.ASSUMED))
    assert not assistant.after_resolution(at, "4", reading("4"))


def test_rating_of_the_assistant_is_told_from_one_of_an_agent() -> None:
    at = draft(resolved(outcome=Outcome.CONFIRMED))
    assistant.rate(at, 3)
    assert fact(decide(at), "rated")["resolved_by"] == "assistant"


@pytest.mark.parametrize("text", ["thanks!", "yes", "that solved it"])
def test_kind_word_after_the_end_reopens_nothing(text: str) -> None:
    at = draft(resolved())
    assert assistant.after_resolution(at, text, reading(text))
    assert kinds(decide(at)) == ["thanked"]


def test_question_after_the_end_is_one() -> None:
    assert not assistant.after_resolution(draft(resolved()), QUESTION, reading(QUESTION))


def test_word_before_the_end_is_no_word_after_it() -> None:
    assert not assistant.after_resolution(draft(conversation(State.AWAITING_CUSTOMER)), "5", reading("5"))


def pressed(before: Conversation, name: str, value: str = "", **others: Any) -> tuple[Escalation | None, Decision]:
    at = draft(before)
    given: dict[str, Any] = {"actor": MARA, "address": ROOM, **others}
    return assistant.press(at, press(name, value, **given)), decide(at)


@pytest.mark.parametrize(
    "state", [State.ANSWERING, State.AWAITING_CUSTOMER, State.RESOLVED], ids=["answering", "awaiting", "resolved"]
)
def test_button_for_a_person_calls_one_however_late_it_is_pressed(state: State) -> None:
    escalation, _ = pressed(conversation(state, ANSWER), "ask_human")
    assert escalation is not None
    assert escalation.trigger is Trigger.ASKS_FOR_HUMAN


@pytest.mark.parametrize("state", [State.ESCALATING, State.QUEUED, State.WITH_AGENT])
@pytest.mark.parametrize("name", ["ask_human", "solved"])
def test_button_changes_nothing_while_people_have_it(state: State, name: str) -> None:
    before = at_desk(state)
    escalation, decision = pressed(before, name)
    assert (escalation, decision.conversation) == (None, before)


@pytest.mark.parametrize("name", ["ask_human", "solved", "rate"])
def test_button_pressed_by_somebody_else_does_nothing_and_they_are_told(name: str) -> None:
    before = conversation(State.AWAITING_CUSTOMER, ANSWER, asks_rating=True)
    escalation, decision = pressed(before, name, "5", actor=BEN)
    assert (escalation, decision.conversation) == (None, before)
    assert [(to, text[:13]) for to, text in whispers(decision)] == [("ben", "These buttons")]
    assert fact(decision, "pressed")["own"] is False


def test_solved_button_confirms_and_asks_for_a_rating() -> None:
    _, decision = pressed(conversation(State.AWAITING_CUSTOMER, ANSWER), "solved")
    assert (decision.conversation.state, decision.conversation.outcome) == (State.RESOLVED, Outcome.CONFIRMED)
    assert decision.conversation.asks_rating


def test_solved_button_pressed_twice_resolves_once() -> None:
    _, first = pressed(conversation(State.AWAITING_CUSTOMER, ANSWER), "solved")
    _, second = pressed(first.conversation, "solved")
    assert kinds(second) == ["pressed"]


def test_rating_button_is_a_rating() -> None:
    _, decision = pressed(resolved(), "rate", "4")
    assert fact(decision, "rated")["stars"] == 4


@pytest.mark.parametrize(("value", "asked"), [("4", False), ("", True), ("six", True), ("9", True)])
def test_rating_button_counts_once_and_only_from_one_to_five(value: str, asked: bool) -> None:
    _, decision = pressed(resolved(asks_rating=asked), "rate", value)
    assert "rated" not in kinds(decision)


def test_unknown_button_is_only_recorded() -> None:
    _, decision = pressed(conversation(State.AWAITING_CUSTOMER), "drop table", "x" * 900)
    assert kinds(decision) == ["pressed"]
    assert fact(decision, "pressed")["value"] == "x" * 40

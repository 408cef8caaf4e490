from dataclasses import replace
from typing import Any

import pytest

from bot import assistant
from bot.conversation import (
    Decision,
    Escalation,
    Kind,
    Outcome,
    Role,
    State,
    Trigger,
    Turn,
)
from tests.bot.assistant.examples import ANSWER, OFFER, decide, reading
from tests.bot.world import (
    conversation,
    draft,
    files,
    message,
    turn,
)


def talk(text: str, *turns: Turn, **others: Any) -> tuple[Escalation | bool, Decision]:
    at = draft(conversation(State.ANSWERING, *turns))
    assistant.take_in(at, [message(text, **others)])
    answered = assistant.small_talk(at, reading(text), text)
    return answered, decide(at)


@pytest.mark.parametrize("offered", [OFFER, replace(OFFER, kind=Kind.UNSURE)], ids=["offer", "unsure"])
def test_yes_to_the_offer_of_a_person_calls_one(offered: Turn) -> None:
    answered, _ = talk("yes please", offered)
    assert isinstance(answered, Escalation)
    assert answered.trigger is Trigger.ASKS_FOR_HUMAN


@pytest.mark.parametrize("text", ["thanks", "yes", "that solved it"])
def test_thanks_after_an_answer_confirms_it_and_asks_for_a_rating(text: str) -> None:
    answered, decision = talk(text, ANSWER)
    assert answered is True
    assert (decision.conversation.outcome, decision.conversation.asks_rating) == (Outcome.CONFIRMED, True)


def test_thanks_after_an_offer_confirms_nothing() -> None:
    answered, decision = talk("thanks", OFFER)
    assert answered is True
    assert decision.conversation.state is State.AWAITING_CUSTOMER
    assert decision.conversation.outcome is None


def test_first_word_that_it_did_not_help_offers_a_person() -> None:
    answered, decision = talk("that didn't help", ANSWER)
    assert answered is True
    assert decision.turns[-1].kind is Kind.OFFER


def test_second_word_that_it_did_not_help_calls_a_person() -> None:
    answered, _ = talk("that didn't help", ANSWER, OFFER)
    assert isinstance(answered, Escalation)
    assert answered.trigger is Trigger.CANNOT_RESOLVE


def test_no_after_an_answer_lets_the_customer_go_on() -> None:
    _, decision = talk("no", ANSWER)
    assert "Tell me what else I can look up" in decision.turns[-1].text


@pytest.mark.parametrize("text", ["no", "ok", "?", "...", "help", "My name is Mark.", "what can you do?"])
def test_word_that_asks_nothing_at_the_beginning_is_greeted(text: str) -> None:
    answered, decision = talk(text)
    assert answered is True
    assert "Tell me what you need" in decision.turns[-1].text


def test_yes_to_nothing_later_on_is_asked_on() -> None:
    _, decision = talk("ok", turn("Hello.", Role.ASSISTANT, Kind.GREETING))
    assert "what else I can look up" in decision.turns[-1].text


def test_question_mark_after_an_answer_says_that_it_did_not_help() -> None:
    _, decision = talk("???", ANSWER)
    assert "did not help" in decision.turns[-1].text


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("hello", Kind.GREETING, "good to have you here"),
        ("thanks", Kind.GREETING, "You're welcome"),
        ("are you a bot?", Kind.IDENTITY, "Yes, I am an AI assistant, not a person."),
        ("", Kind.GREETING, "Your message arrived empty"),
        (" \n\t ", Kind.GREETING, "Your message arrived empty"),
    ],
    ids=["greeting", "thanks", "identity", "empty", "blank"],
)
def test_what_needs_no_knowledge_is_answered_without(text: str, kind: Kind, says: str) -> None:
    answered, decision = talk(text)
    assert answered is True
    assert decision.turns[-1].kind is kind
    assert says in decision.turns[-1].text
    assert decision.conversation.state is State.AWAITING_CUSTOMER


def test_files_without_words_are_told_that_nobody_looks_inside() -> None:
    _, decision = talk("", attachments=files("a.png"))
    assert "I cannot look inside them" in decision.turns[-1].text


def test_answer_that_people_gave_since_is_not_the_assistants_to_confirm() -> None:
    answered, decision = talk("thanks", ANSWER, turn("Done", Role.AGENT))
    assert answered is True
    assert decision.conversation.outcome is None


def test_answer_of_an_earlier_episode_is_not_confirmed_again() -> None:
    at = draft(conversation(State.ANSWERING, replace(ANSWER, episode=1), episode=2))
    assert assistant.small_talk(at, reading("thanks"), "thanks") is True
    assert at.conversation.outcome is None

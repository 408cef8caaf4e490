from dataclasses import replace
from typing import Any

import pytest

from bot import assistant
from bot.conversation import (
    Attempt,
    Decision,
    Kind,
    Outcome,
    Passage,
    Source,
    State,
    Turn,
)
from tests.bot.assistant.examples import ANSWER, HANDOFF, OFFER, decide
from tests.bot.world import (
    QUESTION,
    attempt,
    conversation,
    draft,
    fact,
    passage,
    texts,
)


def test_grounded_attempt_is_recorded_with_its_sources() -> None:
    at = draft(conversation(issue_type="return_exchange"))
    assistant.record_attempt(at, attempt(), QUESTION)
    assert fact(decide(at), "answered") == {
        "confidence": 0.9,
        "sources": ["returns.md › How long"],
        "passages": ["returns.md › How long"],
        "why_not": "",
        "missed": 0,
        "issue_type": "return_exchange",
    }
    assert decide(at).gaps == ()


def test_each_question_that_an_answer_leaves_open_is_a_gap() -> None:
    at = draft(conversation())
    assistant.record_attempt(at, attempt(missed=("Do you rent tents?", "Do you fly?")), QUESTION)
    decision = decide(at)
    assert fact(decision, "answered")["missed"] == 2
    assert [gap.question for gap in decision.gaps] == ["Do you rent tents?", "Do you fly?"]


def test_customer_is_told_that_a_question_was_left_open() -> None:
    (send,) = answered(attempt(missed=("Do you rent tents?",))).sends
    assert "I found nothing in our help pages on the rest" in send.outgoing.text


@pytest.mark.parametrize(("passages", "nearest"), [((passage(),), "returns.md"), ((), "")], ids=["near", "nothing"])
def test_question_without_an_answer_is_a_gap(passages: tuple[Passage, ...], nearest: str) -> None:
    at = draft(conversation())
    found = attempt(passages=passages, reply=None, grounded=False, confidence=0.1, sources=())
    assistant.record_attempt(at, found, "x" * 900)
    (gap,) = decide(at).gaps
    assert (gap.question, gap.nearest, gap.confidence) == ("x" * 500, nearest, 0.1)


def answered(found: Attempt, **others: Any) -> Decision:
    at = draft(conversation())
    assistant.answer(at, found, **others)
    return decide(at)


def test_answer_names_its_source_and_offers_a_person() -> None:
    decision = answered(attempt())
    (send,) = decision.sends
    assert send.outgoing.text.startswith("I'm Test Assistant, an AI assistant. You can send anything back")
    assert send.outgoing.text.endswith("\n\nSource: Returns › How long")
    assert [button.name for button in send.outgoing.buttons] == ["solved", "ask_human"]
    assert decision.turns[0].cited


@pytest.mark.parametrize(
    ("title", "heading", "shown"),
    [("Returns", "Returns", "Returns"), ("Returns", "", "Returns"), ("", "How long", "returns.md › How long")],
    ids=["same", "no-heading", "no-title"],
)
def test_source_is_named_once(title: str, heading: str, shown: str) -> None:
    found = attempt(passages=(passage(title=title),), sources=(Source(article="returns.md", heading=heading),) * 2)
    assert answered(found).sends[0].outgoing.text.endswith(f"\n\nSource: {shown}")


def test_answer_to_a_double_question_says_first_that_it_is_a_machine() -> None:
    opening = "Yes, I am an AI assistant, not a person."
    assert texts(answered(attempt(), opening=opening))[0].startswith(
        "Yes, I am an AI assistant, not a person.\n\nYou can"
    )


def test_promise_in_an_article_is_not_quoted() -> None:
    found = attempt(reply="Returns take 60 days. A colleague will call you back tomorrow.")
    assert "call you" not in texts(answered(found))[0]
    assert "Returns take 60 days." in texts(answered(found))[0]


def test_article_of_nothing_but_promises_is_no_answer() -> None:
    decision = answered(attempt(reply="A colleague will call you back tomorrow."))
    assert decision.turns[0].kind is Kind.OFFER


def test_unsure_names_the_nearest_page_and_offers_a_person() -> None:
    decision = answered(attempt(reply=None, grounded=False, unsure=True))
    assert decision.turns[0].kind is Kind.UNSURE
    assert "closest is “Returns”" in decision.turns[0].text


@pytest.mark.parametrize("unsure", [True, False])
def test_nothing_found_is_said_and_a_person_offered(unsure: bool) -> None:
    decision = answered(attempt(passages=(), reply=None, grounded=False, unsure=unsure, sources=()))
    assert decision.turns[0].kind is Kind.OFFER


@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        ((ANSWER,), Outcome.ASSUMED),
        ((replace(ANSWER, cited=False),), Outcome.ABANDONED),
        ((OFFER,), Outcome.ABANDONED),
        ((), Outcome.ABANDONED),
        ((ANSWER, HANDOFF), Outcome.ABANDONED),
    ],
    ids=["cited", "uncited", "offer", "nothing", "people-had-it"],
)
def test_silence_counts_as_solved_only_after_a_cited_answer(last: tuple[Turn, ...], outcome: Outcome) -> None:
    at = draft(conversation(State.AWAITING_CUSTOMER, *last))
    assistant.silence(at)
    assert at.conversation.outcome is outcome
    assert not at.conversation.asks_rating

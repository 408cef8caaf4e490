import pytest

from bot import assistant, triggers
from bot.conversation import (
    State,
)
from bot.rules import Phrases
from tests.bot.assistant.examples import PHRASES, reading
from tests.bot.world import (
    QUESTION,
    conversation,
    turn,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("hello", True), ("thanks", True), ("yes", True), ("no", True), (QUESTION, False)],
)
def test_small_talk_is_known(text: str, expected: bool) -> None:
    assert assistant.is_small_talk(reading(text)) is expected


@pytest.mark.parametrize(("text", "expected"), [("a human please", True), (QUESTION, False), ("you idiots!!!", False)])
def test_wish_for_a_person_is_known(text: str, expected: bool) -> None:
    assert assistant.asks_for_human(reading(text)) is expected


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Are you a bot?", ""),
        ("Hello! Are you a real person? Thanks.", ""),
        ("Are you a bot? How long do returns take?", "How long do returns take?"),
        ("How long do returns take? And are you a robot?", "How long do returns take?"),
        ("Are you a bot? Ok then.", ""),
        ("How long do returns take? I want to talk to a human", "How long do returns take?"),
    ],
)
def test_question_beside_the_one_who_we_are_is_left_to_answer(text: str, rest: str) -> None:
    assert assistant.beyond_us(text, PHRASES) == rest


def test_short_sentences_are_dropped_without_reading_them(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Are you a bot, by any chance? " + "a. b. " * 3_000
    read: list[str] = []
    known = triggers.read

    def watched(text: str, phrases: Phrases) -> triggers.Reading:
        read.append(text)
        return known(text, phrases)

    monkeypatch.setattr(triggers, "read", watched)
    assistant.beyond_us(text, PHRASES)
    assert read == ["Are you a bot, by any chance?"]


@pytest.mark.parametrize(
    ("words", "ask"),
    [
        (["Where is my parcel today?", "hello?"], "Where is my parcel today?"),
        (["parcel?", "hello?"], "hello?"),
        (["Where is my parcel today?", "It should have come Monday"], "It should have come Monday"),
        (["Hello there!", "My kettle leaks. Get me a human please"], "My kettle leaks."),
        (["   "], ""),
        ([], ""),
    ],
    ids=["telling", "short", "newest", "beside a call", "blank", "none"],
)
def test_ask_is_the_newest_of_the_customers_words_that_says_something(words: list[str], ask: str) -> None:
    assert assistant.ask_of(conversation(State.ANSWERING, *(turn(word) for word in words)), PHRASES) == ask


@pytest.mark.parametrize("about_us", ["Can I speak to a human please?", "Am I talking to a real person?"])
def test_call_for_a_person_is_no_ask_where_there_is_another(about_us: str) -> None:
    turns = (turn("Where is my parcel today?"), turn(about_us))
    assert assistant.ask_of(conversation(State.ANSWERING, *turns), PHRASES) == "Where is my parcel today?"


def test_deleted_words_are_nobodys_ask() -> None:
    assert assistant.ask_of(conversation(State.ANSWERING, turn("My secret is four words", deleted=True)), PHRASES) == ""

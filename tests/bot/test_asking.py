from collections.abc import Sequence

import pytest

from bot import asking
from bot.answer import Settings
from bot.conversation import Attempt, Passage, Source
from bot.evidence import Found, Term
from bot.stem import stem
from bot.words import subject_words

LAMPS = Passage(article="lamps.md", heading="Lamps", title="Lamps", text="A lamp costs 40 euros.", score=20.0)
VASES = Passage(article="vases.md", heading="Vases", title="Vases", text="A vase weighs two kilos.", score=20.0)
HISTORY = (("customer", "hello"),)
LAMP, VASE, TRAIN = "What does a lamp cost?", "How much does a vase weigh?", "When does the train leave?"


class Shelf:
    """Finds the one passage that holds a word of the question, and keeps what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Sequence[tuple[str, str]]]] = []

    def search(self, question: str, history: Sequence[tuple[str, str]]) -> Found:
        self.asked.append((question, tuple(history)))
        words = [stem(word) for word in subject_words(question)]
        passages = [one for one in (LAMPS, VASES) if any(word in one.text.lower() for word in words)]
        terms = tuple(
            Term(stem=word, weight=3.0, known=any(word in p.text.lower() for p in passages)) for word in words
        )
        return Found(passages=tuple(passages), terms=terms)

    def answer(self, text: str) -> Attempt:
        return asking.answer(text, HISTORY, self.search, Settings())


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        (f"{LAMP} {VASE}", (LAMP, VASE)),
        (f"I like lamps. {LAMP}\n{VASE} Thanks!", (f"I like lamps. {LAMP}", f"{VASE} Thanks!")),
        ("What does a lamp cost, and how heavy is the vase?", ("What does a lamp cost?", "how heavy is the vase?")),
        ("Was kostet die Lampe und wie schwer ist die Vase?", ("Was kostet die Lampe?", "wie schwer ist die Vase?")),
        (f"{LAMP} Is that so?", (f"{LAMP} Is that so?",)),
        ("My lamp broke. What now?", ("My lamp broke. What now?",)),
        ("What is a lamp and how is it used?", ("What is a lamp and how is it used?",)),
        (f"{LAMP} {VASE} {TRAIN} {LAMP}", (f"{LAMP} {VASE} {TRAIN} {LAMP}",)),
        ("no question at all", ("no question at all",)),
        ("", ("",)),
        ("?" * 5_000, ("?" * 5_000,)),
    ],
)
def test_questions_are_told_apart(text: str, questions: tuple[str, ...]) -> None:
    assert asking.questions_in(text) == questions


def test_each_question_is_answered_in_its_order() -> None:
    attempt = Shelf().answer(f"{VASE} {LAMP}")
    assert attempt.reply == "A vase weighs two kilos.\n\nA lamp costs 40 euros."
    assert [source.article for source in attempt.sources] == ["vases.md", "lamps.md"]
    assert (attempt.passages, attempt.missed) == ((VASES, LAMPS)[: len(attempt.passages)], ())


def test_what_is_left_open_is_named() -> None:
    attempt = Shelf().answer(f"{TRAIN} {LAMP}")
    assert (attempt.reply, attempt.missed) == ("A lamp costs 40 euros.", (TRAIN,))
    assert attempt.sources == (Source(article="lamps.md", heading="Lamps"),)


def test_where_no_question_can_be_answered_the_message_is_searched_as_a_whole() -> None:
    shelf = Shelf()
    attempt = shelf.answer(f"{TRAIN} Who drives the locomotive?")
    assert (attempt.grounded, attempt.missed) == (False, ())
    assert shelf.asked[-1] == (f"{TRAIN} Who drives the locomotive?", HISTORY)


def test_a_question_leans_on_the_one_before() -> None:
    shelf = Shelf()
    shelf.answer(f"{LAMP} {VASE}")
    assert shelf.asked[1] == (VASE, (*HISTORY, ("customer", LAMP)))


def test_the_answers_share_the_room() -> None:
    shelf = Shelf()
    attempt = asking.answer(f"{LAMP} {VASE}", (), shelf.search, Settings(max_characters=60))
    assert attempt.reply is not None
    assert len(attempt.reply) <= 60


def test_the_same_answer_to_two_questions_is_given_once() -> None:
    assert Shelf().answer(f"{LAMP} And what is the cost of two lamps?").reply == "A lamp costs 40 euros."

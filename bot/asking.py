"""What a message asks: its questions one by one, each searched and answered for itself."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from bot.answer import Settings, compose
from bot.conversation import Attempt, Passage, Role
from bot.evidence import Found
from bot.words import subject_words

Search = Callable[[str, Sequence[tuple[str, str]]], Found]

MOST = 3  # more questions than these are searched as one
LEAST_WORDS = 2  # that carry a subject: "is that so?" is no question of its own
LONGEST = 2_000  # characters: in a long story the question marks tell nothing

_SENTENCE = re.compile(r"[^.!?\n]*[.!?\n]+|[^.!?\n]+$")
_OPENER = r"""
how what when where who which why can could do does did is are will would may should
wie was wann wo wer welche warum kann kannst können könnte haben gibt
comment que quand où qui quel quelle pourquoi est-ce puis-je peut-on avez
cómo como qué cuándo cuando dónde donde quién cuál cuánto puedo tienen hay
quanto qual onde quem posso vocês têm há
"""
_AND = re.compile(
    rf"[,;]? \b(?:and|und|et|y|e)\b (?:also |auch |aussi |también |também )?(?=(?:{'|'.join(_OPENER.split())})\b)",
    re.IGNORECASE,
)


def answer(text: str, history: Sequence[tuple[str, str]], search: Search, settings: Settings) -> Attempt:
    """Answer every question of a message that can be; `missed` are the others, where one was answered.

    `history` is role and text of the earlier turns, oldest first. What `search` raises goes through.
    """
    questions = questions_in(text)
    if len(questions) > 1:
        room = replace(settings, max_characters=settings.max_characters // len(questions))
        attempts, before = [], [*history]
        for question in questions:
            attempts.append(compose(question, search(question, before), room))
            before.append((Role.CUSTOMER, question))
        if any(attempt.grounded for attempt in attempts):
            return _together(questions, attempts)
    return compose(text, search(text, history), settings)


def _together(questions: Sequence[str], attempts: Sequence[Attempt]) -> Attempt:
    """One attempt of several: what was answered in the order of the questions, as sure as the least sure of it."""
    told = [attempt for attempt in attempts if attempt.reply is not None]
    return Attempt(
        passages=_in_turn([attempt.passages for attempt in attempts]),
        reply="\n\n".join(dict.fromkeys(attempt.reply for attempt in told if attempt.reply)),
        grounded=True,
        confidence=min(attempt.confidence for attempt in told),
        sources=tuple(dict.fromkeys(source for attempt in told for source in attempt.sources)),
        missed=tuple(question for question, attempt in zip(questions, attempts, strict=True) if attempt.reply is None),
    )


def _in_turn(found: Sequence[Sequence[Passage]]) -> tuple[Passage, ...]:
    """The best passage of each question, then the second best, each once, as many as one search finds."""
    ranked = [passage for passage in chain.from_iterable(zip_longest(*found)) if passage is not None]
    unique = {(passage.article, passage.text): passage for passage in ranked}
    return tuple(unique.values())[: max(map(len, found))]


def questions_in(text: str) -> tuple[str, ...]:
    """The questions of a message, in order, at most `MOST`; the whole text where it is one, or too many."""
    if "?" not in text or len(text) > LONGEST:
        return (text,)
    questions: list[str] = []
    before = ""
    for sentence in (each for found in _SENTENCE.findall(text) for each in _halves(found)):
        before += sentence
        if sentence.rstrip().endswith("?") and _has_subject(sentence):
            questions.append(before.strip())
            before = ""
    if questions and before.strip():
        questions[-1] += " " + before.strip()
    return tuple(questions) if 1 < len(questions) <= MOST else (text,)


def _halves(sentence: str) -> list[str]:
    """A sentence that asks two things, cut before the second; each half ends with a question mark."""
    if not sentence.rstrip().endswith("?"):
        return [sentence]
    at = next((found for found in _AND.finditer(sentence) if _has_subject(sentence[: found.start()])), None)
    if at is None or not _has_subject(sentence[at.end() :]):
        return [sentence]
    return [sentence[: at.start()] + "? ", sentence[at.end() :]]


def _has_subject(sentence: str) -> bool:
    return len(set(subject_words(sentence))) >= LEAST_WORDS

"""Hold each sentence of a model's answer against the passages it cites; what they do not say is dropped, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot import language as languages
from bot import prompts
from bot.conversation import Passage
from bot.grounding import evidence, links, rules, turning
from bot.grounding.evidence import Evidence
from bot.grounding.reading import read
from bot.grounding.rules import Case
from bot.grounding.support import bag_of, shared, supporting
from bot.words import content_tokens, language_of, tokens

RULES = (
    rules.numbers,
    rules.dates,
    rules.names,
    rules.secrets,
    turning.turns,
    turning.opposites,
    rules.says_enough,
)
OTHER_LANGUAGE = 0.34  # fewer shared words than this, and the languages differ: it is a translation


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence of an answer, and the numbers of the passages that it cites, from 1."""

    text: str
    sources: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A sentence that must not leave, and what is wrong with it."""

    claim: Claim
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What may leave, in its order, with the sources that back it; what was dropped; whether too little is left.

    `heart_gone`: the sentence that answers the question was dropped, or nothing but courtesy is left.
    """

    kept: tuple[Claim, ...]
    dropped: tuple[Dropped, ...]
    heart_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all sentences of an answer are held against.

    `known` are folded words that any of them may use; `written` is their language, `wanted` the one asked for.
    """

    passages: tuple[Passage, ...]
    known: frozenset[str]
    written: str
    wanted: str


def check(
    sentences: Sequence[Claim],
    passages: Sequence[Passage],
    *,
    question: str,
    names: Iterable[str] = (),
    language: str = "",
) -> Checked:
    """Check every sentence. `names` are those of the house that any sentence may use.

    A sentence that cites the wrong passage, or none, is kept with the number of the passage that does back it. A
    sentence must be in `language` (where none is given, in that of most sentences) or in its passage's own.
    """
    setting = Setting(
        passages=tuple(passages),
        known=frozenset(tokens(" ".join([question, *names]))),
        written=languages.of(" ".join(claim.text for claim in sentences), language),
        wanted=language,
    )
    kept: list[Claim] = []
    dropped: list[Dropped] = []
    for claim in sentences:
        sources, reason = _judged(claim, setting)
        if reason is None:
            kept.append(Claim(text=claim.text, sources=sources))
        else:
            dropped.append(Dropped(claim=claim, reason=reason))
    gone = _heart_gone(sentences, kept, question, setting.written)
    return Checked(kept=tuple(kept), dropped=tuple(dropped), heart_gone=gone)


def _judged(claim: Claim, setting: Setting) -> tuple[tuple[int, ...], str | None]:
    """The passages that back a sentence, or what is wrong with it against those it cites."""
    if not claim.text.strip():
        return (), "it is empty"
    if prompts.leaks(claim.text):
        return (), "it repeats our instructions"
    if _is_courtesy(claim.text, setting.written):
        return (), None
    every = range(1, len(setting.passages) + 1)
    cited = tuple(number for number in dict.fromkeys(claim.sources) if number in every)
    reason = _problem(claim.text, cited, setting) if cited else "it cites no passage"
    if reason is None:
        return cited, None
    others = ((number,) for number in every if (number,) != cited)
    backing = next((other for other in others if _problem(claim.text, other, setting) is None), None)
    return (backing, None) if backing is not None else ((), reason)


def _problem(text: str, cited: tuple[int, ...], setting: Setting) -> str | None:
    held = evidence.of([setting.passages[number - 1] for number in cited])
    if (link := next(links.unbacked(text, held.links), None)) is not None:
        return f"{link[:200]!r} is not in the passage"
    if links.has_mixed_letters(text):
        return "letters of two alphabets stand in one word"
    others = (passage for number, passage in enumerate(setting.passages, 1) if number not in cited)
    elsewhere = frozenset().union(*(evidence.of([passage]).named for passage in others)) - held.words
    problems = (_sentence_problem(sentence, held, elsewhere, setting) for sentence in evidence.cut(text))
    return next((problem for problem in problems if problem is not None), None)


def _sentence_problem(sentence: str, held: Evidence, elsewhere: frozenset[str], setting: Setting) -> str | None:
    plain = evidence.without_marks(links.taken_out(sentence)[0])
    found = read(plain, held.language)
    support = supporting(found, held.units)
    spoken = languages.of(plain, setting.written)
    if other := spoken != held.language and shared(found, bag_of(support, held.head)) < OTHER_LANGUAGE:
        if spoken != (setting.wanted or setting.written):
            return f"it is in another language ({spoken}) than was asked for"
        found = read(plain, spoken)
        support = supporting(found, held.units)
    case = Case(
        tokens=found,
        language=spoken if other else held.language,
        evidence=held,
        support=support,
        known=setting.known,
        elsewhere=elsewhere,
        other=other,
    )
    if rules.says_nothing(found, case.language):
        return None
    return next((problem for rule in RULES for problem in rule(case)), None)


def _is_courtesy(text: str, language: str) -> bool:
    plain, found = links.taken_out(text)
    return not found and rules.says_nothing(read(plain, language), language)


def _heart_gone(sentences: Sequence[Claim], kept: Sequence[Claim], question: str, language: str) -> bool:
    """The heart is the sentence that holds most of the question; the first of those that hold as much."""
    telling = [claim for claim in sentences if claim.text.strip() and not _is_courtesy(claim.text, language)]
    left = {claim.text for claim in kept}
    if not any(claim.text in left for claim in telling):
        return True
    asked = frozenset(content_tokens(question, language_of(question)))
    heart = max(telling, key=lambda claim: len(asked & frozenset(tokens(claim.text))))
    return heart.text not in left

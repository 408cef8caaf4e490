"""Hold each sentence of a model's answer against the passages it cites; what they do not say is dropped, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot import prompts
from bot.conversation import Passage
from bot.grounding import evidence, links, rules, turning
from bot.grounding.evidence import Evidence
from bot.grounding.lexicon import FRAMES
from bot.grounding.reading import read
from bot.grounding.rules import Case
from bot.grounding.support import bag_of, coverage, supporting
from bot.words import content_tokens, language_of, tokens

RULES = (rules.numbers, rules.dates, rules.names, turning.turns, turning.opposites, rules.says_enough)
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


def check(
    sentences: Sequence[Claim], passages: Sequence[Passage], *, question: str, names: Iterable[str] = ()
) -> Checked:
    """Check every sentence. `names` are those of the house that any sentence may use.

    A sentence that cites the wrong passage, or none, is kept with the number of the passage that does back it.
    """
    known = frozenset(tokens(" ".join([question, *names])))
    language = language_of(" ".join(claim.text for claim in sentences))
    kept: list[Claim] = []
    dropped: list[Dropped] = []
    for claim in sentences:
        sources, reason = _judged(claim, passages, known, language)
        if reason is None:
            kept.append(Claim(text=claim.text, sources=sources))
        else:
            dropped.append(Dropped(claim=claim, reason=reason))
    return Checked(
        kept=tuple(kept), dropped=tuple(dropped), heart_gone=_heart_gone(sentences, kept, question, language)
    )


def _judged(
    claim: Claim, passages: Sequence[Passage], known: frozenset[str], language: str
) -> tuple[tuple[int, ...], str | None]:
    """The passages that back a sentence, or what is wrong with it against those it cites."""
    if not claim.text.strip():
        return (), "it is empty"
    if prompts.leaks(claim.text):
        return (), "it repeats our instructions"
    cited = tuple(number for number in dict.fromkeys(claim.sources) if 1 <= number <= len(passages))
    reason = _problem(claim.text, cited, passages, known, language) if cited else "it cites no passage"
    if reason is None:
        return cited, None
    if not cited and _is_courtesy(claim.text, language):
        return (), None
    for number in range(1, len(passages) + 1):
        if (number,) != cited and _problem(claim.text, (number,), passages, known, language) is None:
            return (number,), None
    if cited and _is_courtesy(claim.text, language):
        return (), None
    return (), reason


def _problem(
    text: str, cited: tuple[int, ...], passages: Sequence[Passage], known: frozenset[str], language: str
) -> str | None:
    held = evidence.of([passages[number - 1] for number in cited])
    if (link := next(links.unbacked(text, held.links), None)) is not None:
        return f"{link[:200]!r} is not in the passage"
    if links.has_mixed_letters(text):
        return "letters of two alphabets stand in one word"
    elsewhere = frozenset().union(
        *(evidence.of([passage]).words for number, passage in enumerate(passages, 1) if number not in cited)
    )
    for sentence in evidence.cut(text):
        if problem := _sentence_problem(sentence, held, known, elsewhere - held.words, language):
            return problem
    return None


def _sentence_problem(
    sentence: str, held: Evidence, known: frozenset[str], elsewhere: frozenset[str], language: str
) -> str | None:
    plain = evidence.without_marks(links.taken_out(sentence)[0])
    found = read(plain, held.language)
    support = supporting(found, held.units)
    words = [token for token in found if not token.role]
    shared = coverage(words, known, bag_of(support, held.head), FRAMES)[0]
    if other := language != held.language and shared < OTHER_LANGUAGE:
        found = read(plain, language)
        support = supporting(found, held.units)
    if rules.says_nothing(found, language if other else held.language):
        return None
    case = Case(
        tokens=found,
        language=language if other else held.language,
        evidence=held,
        support=support,
        known=known,
        elsewhere=elsewhere,
        other=other,
    )
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

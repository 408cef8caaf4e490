"""Ground an answer: judge what a search found, and quote it where it holds an answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import exp

from bot.conversation import Attempt, Passage, Source
from bot.evidence import Found, Term
from bot.stem import stem
from bot.words import plain, sentences, tokens

_TOP = 3  # passages that are read for an answer
_BM25_CEILING = 2.2  # k1 + 1: a term can score no more than this times its weight
_AMOUNTS = """
amount amounts charge charged cost costs date days expensive fee fees hours limit long many maximum minimum
month much often percentage phone number price prices rate rates time weeks when year wann wieviel viele viel
lange kosten kostet preis gebuhr combien quand cout frais prix cuanto cuantos cuando cuesta precio quanto
quantos quando custa preco taxa
"""
_AMOUNT_WORDS = frozenset(_AMOUNTS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """When an answer is given. Confidences run from 0.0 to 1.0."""

    answer_at: float = 0.51  # above this, the passages are quoted as the answer
    unsure_at: float = 0.35  # from here up to `answer_at`, the nearest page is named and a person offered
    max_characters: int = 600  # of a reply


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, list item or table row of a passage, and the stems that it, its heading and its forerunner hold."""

    text: str
    heading: str
    passage: int  # rank, 0 is best
    place: int  # in the reading order of all lines
    stems: frozenset[str]
    heading_stems: frozenset[str]
    before_stems: frozenset[str]
    item: bool


def compose(question: str, found: Found, settings: Settings) -> Attempt:
    """Answer from the passages, or say why not: grounded with a reply, unsure, or neither."""
    confidence = confidence_of(found)
    attempt = Attempt(passages=found.passages, reply=None, grounded=False, confidence=confidence)
    if confidence > settings.answer_at:
        chosen = _chosen(question, found, settings.max_characters)
        if chosen:
            return replace(attempt, reply=_rendered(chosen), grounded=True, sources=_sources(chosen, found))
    if found.passages and confidence >= settings.unsure_at:
        nearest = found.passages[0]
        return replace(
            attempt,
            unsure=True,
            sources=(Source(article=nearest.article, heading=nearest.heading),),
            why_not=f"confidence {confidence:.2f} is not above {settings.answer_at:.2f}",
        )
    why_not = f"confidence {confidence:.2f} is below {settings.unsure_at:.2f}" if found.passages else "nothing found"
    return replace(attempt, why_not=why_not)


def confidence_of(found: Found) -> float:
    """How sure one may be that the passages hold the answer, 0.0 to 1.0: a logistic over lexical evidence."""
    if not found.passages or not found.total:
        return 0.0
    bm25, covered, sentence, unknown = features_of(found)
    return 1.0 / (1.0 + exp(1.95 - 6.28 * bm25 + 1.87 * covered - 2.49 * sentence + 0.80 * unknown))


def features_of(found: Found) -> tuple[float, float, float, float]:
    """The evidence, each about 0.0 to 1.0: score, coverage by a passage, by one sentence, share of unknown words."""
    top = found.passages[:_TOP]
    own = [term for term in found.terms if term.own]
    own_total = sum(term.weight for term in own) or 1.0
    interesting = _openings(found.terms)
    covered = max(
        _share(found.terms, _stems(f"{passage.title} {passage.heading} {passage.text}", interesting), found.alpha)
        for passage in top
    )
    lines = _lines(top, interesting)
    sentence = max((_share(own, line.stems, 1.0) for line in lines), default=0.0)
    return (
        top[0].score / (_BM25_CEILING * found.total),
        covered / found.total,
        sentence / own_total,
        sum(term.weight for term in own if not term.known) / own_total,
    )


def _share(terms: Sequence[Term], held: frozenset[str], alpha: float) -> float:
    return sum(term.weight * (1.0 if term.own else alpha) for term in terms if _holds(held, term))


def _holds(held: frozenset[str], term: Term) -> bool:
    if term.prefix:
        return any(word.startswith(term.stem) for word in held)
    return term.stem in held


def _openings(terms: Sequence[Term]) -> frozenset[str]:
    return frozenset(term.stem[:2] for term in terms)


def _stems(text: str, interesting: frozenset[str]) -> frozenset[str]:
    """The stems of the words that begin like a searched one: stemming all would cost ten times as much."""
    return frozenset(stem(token) for token in tokens(text) if token[:2] in interesting)


def _lines(passages: Sequence[Passage], interesting: frozenset[str]) -> list[Line]:
    found: list[Line] = []
    seen: set[tuple[str, str]] = set()
    for rank, passage in enumerate(passages):
        heading, heading_stems = passage.heading, _stems(passage.heading, interesting)
        before: frozenset[str] = frozenset()
        for text, item in _units(passage.text):
            if text.startswith("#"):
                heading = text.lstrip("#").strip()
                heading_stems = _stems(heading, interesting)
                before = frozenset()
                continue
            held = _stems(text, interesting)
            # Passages overlap: what two of them hold is one line.
            if (passage.article, text) not in seen:
                seen.add((passage.article, text))
                found.append(Line(text, heading, rank, len(found), held, heading_stems, before, item))
            before = held
    return found


def _units(text: str) -> Iterator[tuple[str, bool]]:
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(("#", "|", "- ", "* ", "+ ")) or stripped[:3].rstrip().endswith((".", ")")):
            yield stripped, True
        elif stripped:
            yield from ((sentence, False) for sentence in sentences(stripped))


def _chosen(question: str, found: Found, room: int) -> list[Line]:
    """The lines worth quoting, in reading order, together at most `room` characters."""
    lines = _lines(found.passages[:_TOP], _openings(found.terms))
    asks_amount = not _AMOUNT_WORDS.isdisjoint(tokens(question[:6_000]))
    scores = {line.place: _worth(line, found, asks_amount) for line in lines}
    ranked = sorted(lines, key=lambda line: (-scores[line.place], line.place))
    best = scores[ranked[0].place] if ranked else 0.0
    chosen: list[Line] = []
    for line in ranked:
        if scores[line.place] <= 0.2 * best:
            break
        if len(_rendered(sorted([*chosen, line], key=lambda each: each.place))) <= room:
            chosen.append(line)
    return sorted(chosen, key=lambda line: line.place)


def _worth(line: Line, found: Found, asks_amount: bool) -> float:
    own = [term for term in found.terms if term.own]
    earlier = [term for term in found.terms if not term.own]
    own_total = sum(term.weight for term in own) or 1.0
    earlier_total = sum(term.weight for term in earlier) or 1.0
    worth = _share(own, line.stems, 1.0) / own_total
    worth += _share(own, line.heading_stems - line.stems, 1.0) / own_total
    worth += 0.4 * _share(own, line.before_stems, 1.0) / own_total
    worth += 0.3 * _share(earlier, line.stems | line.heading_stems, 1.0) / earlier_total
    worth += 0.25 * (asks_amount and any(letter.isdigit() for letter in line.text))
    worth -= 0.2 * line.passage
    if line.text.endswith("?") or len(line.text.split()) < 3:
        worth -= 0.3
    return worth


def _rendered(chosen: Sequence[Line]) -> str:
    """Sentences that followed each other stay together; list items and table rows keep their lines."""
    parts: list[str] = []
    for at, line in enumerate(chosen):
        text = line.text if line.item else plain(line.text)
        if at:
            last = chosen[at - 1]
            if line.item and last.place == line.place - 1:
                parts.append("\n")
            elif last.place == line.place - 1 and last.heading == line.heading and not last.item:
                parts.append(" ")
            else:
                parts.append("\n\n")
        parts.append(text)
    return "".join(parts)


def _sources(chosen: Sequence[Line], found: Found) -> tuple[Source, ...]:
    """Where the lines stand, the best passage's page first."""
    by_rank = sorted(chosen, key=lambda line: line.passage)
    named = [Source(article=found.passages[line.passage].article, heading=line.heading) for line in by_rank]
    return tuple(dict.fromkeys(named))

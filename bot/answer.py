"""Ground an answer: judge what a search found, and quote it where it holds an answer."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from math import exp

from bot.conversation import Attempt, Source
from bot.evidence import Found, Term
from bot.stem import stem
from bot.words import plain, sentences, tokens

_TOO_LITTLE = 0.3  # the most that a single word, about which no article is, can be worth
_TOP = 3  # passages that are read for an answer
_GLUE = 2  # characters between two lines, at most
_BM25_CEILING = 2.2  # k1 + 1: a term can score no more than this times its weight
_MARKER = re.compile(r"^(?:\d{1,3}[.)]|[-*+])\s+")  # of a list item: its number is no amount
_DIGIT = re.compile(r"\d")
_AMOUNTS = """
biggest largest most highest least smallest lowest amount amounts charge charged cost costs date days expensive
fee fees hours limit long many maximum minimum month much often percentage phone number price prices rate rates
time weeks when year wann wieviel viele viel lange kosten kostet preis gebuhr combien quand cout frais prix
cuanto cuantos cuando cuesta precio quanto quantos quando custa preco taxa
"""
_AMOUNT_WORDS = frozenset(_AMOUNTS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """When an answer is given. Confidences run from 0.0 to 1.0."""

    answer_at: float = 0.51  # above this, the passages are quoted as the answer
    unsure_at: float = 0.35  # from here up to `answer_at`, the nearest page is named and a person offered
    max_characters: int = 600  # of a reply


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, list item or table row as it was read once for all questions.

    `stems` are those of its words and its heading, `before` those of its forerunner; `item` is true of table rows too.
    """

    text: str
    heading: str
    stems: frozenset[str]
    before: frozenset[str]
    item: bool
    has_amount: bool
    says_little: bool


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A unit among those that were found for a question."""

    unit: Unit
    passage: int  # rank, 0 is best
    place: int  # in the reading order of all lines


@dataclass(frozen=True, slots=True)
class Weights:
    """Terms to weigh a line by: each stem's weight, what stems a longer word may have and its weight, and the sum."""

    stems: Mapping[str, float]
    prefixes: tuple[tuple[frozenset[str], float], ...]
    total: float

    @classmethod
    def of(cls, terms: Sequence[Term], held: frozenset[str]) -> "Weights":
        """Sort the terms; `held` are the stems of everything that will be weighed."""
        stems: defaultdict[str, float] = defaultdict(float)
        for term in terms:
            if not term.prefix:
                stems[term.stem] += term.weight
        prefixes = tuple(
            (frozenset(word for word in held if word.startswith(term.stem)), term.weight)
            for term in terms
            if term.prefix
        )
        return cls(dict(stems), prefixes, sum(term.weight for term in terms) or 1.0)

    def share(self, held: frozenset[str]) -> float:
        """How much of the weight some stems hold, 0.0 to 1.0."""
        weight = sum(map(self.stems.__getitem__, self.stems.keys() & held))
        if self.prefixes:
            weight += sum(more for words, more in self.prefixes if not words.isdisjoint(held))
        return weight / self.total


@dataclass(frozen=True, slots=True)
class Reading:
    """The top passages as they were read: their lines, and the stems that each passage holds with its headings."""

    lines: tuple[Line, ...]
    held: tuple[frozenset[str], ...]


def compose(question: str, found: Found, settings: Settings) -> Attempt:
    """Answer from the passages, or say why not: grounded with a reply, unsure, or neither."""
    reading = _read(found)
    confidence = _confidence(question, found, reading)
    attempt = Attempt(passages=found.passages, reply=None, grounded=False, confidence=confidence)
    if not found.passages:
        return replace(attempt, why_not="nothing found")
    if confidence > settings.answer_at and (chosen := _chosen(question, found, reading, settings.max_characters)):
        return replace(attempt, reply=_rendered(chosen), grounded=True, sources=_sources(chosen, found))
    if confidence < settings.unsure_at:
        return replace(attempt, why_not=f"confidence {confidence:.2f} is below {settings.unsure_at:.2f}")
    nearest = found.passages[0]
    return replace(
        attempt,
        unsure=True,
        sources=(Source(article=nearest.article, heading=nearest.heading),),
        why_not=f"confidence {confidence:.2f} is not above {settings.answer_at:.2f}",
    )


def _read(found: Found) -> Reading:
    lines: list[Line] = []
    held: list[frozenset[str]] = []
    seen: set[tuple[str, str]] = set()
    for rank, passage in enumerate(found.passages[:_TOP]):
        units, stems = _units(passage.heading, passage.text)
        for unit in units:
            # Passages overlap: what two of them hold is one line.
            if (passage.article, unit.text) not in seen:
                seen.add((passage.article, unit.text))
                lines.append(Line(unit, rank, len(lines)))
        held.append(stems | _stems(passage.title))
    return Reading(tuple(lines), tuple(held))


@lru_cache(maxsize=1_024)
def _units(heading: str, passage: str) -> tuple[tuple[Unit, ...], frozenset[str]]:
    """What a passage says, and all stems in it: the same pages are read for question after question."""
    units: list[Unit] = []
    heading_stems = _stems(heading)
    everything, before = heading_stems, frozenset[str]()
    for text, item in _cut(passage):
        stems = _stems(text)
        everything |= stems
        if text.startswith("#"):
            heading, heading_stems, before = text.lstrip("#").strip(), stems, frozenset()
            continue
        has_amount = _DIGIT.search(_MARKER.sub("", text, count=1)) is not None
        says_little = text.endswith("?") or len(text.split()) < 3
        units.append(Unit(text, heading, stems | heading_stems, before, item, has_amount, says_little))
        before = stems
    return tuple(units), everything


def _confidence(question: str, found: Found, reading: Reading) -> float:
    """How sure one may be that the passages hold the answer, 0.0 to 1.0: a logistic over lexical evidence."""
    if not found.passages or not found.total:
        return 0.0
    bm25, covered, sentence, unknown = _features(found, reading)
    # Fitted on questions with and without an answer, so that above 0.51 one of ten unanswerable ones would slip in.
    sure = 1.0 / (1.0 + exp(1.93 - 3.84 * bm25 + 0.63 * covered - 1.45 * sentence + 0.77 * unknown))
    return min(sure, _TOO_LITTLE) if _says_too_little(question, found) else sure


def _says_too_little(question: str, found: Found) -> bool:
    """A single known word, such as a name or a weekday, is a question only where an article is about it.

    Within a conversation that goes for a bare word or two; anything longer may lean on what was said before.
    """
    own = [term for term in found.terms if term.own and term.known]
    bare = len(question.split()) <= 2 and "?" not in question
    if len(own) != 1 or not found.passages or not (bare or all(term.own for term in found.terms)):
        return False
    best = found.passages[0]
    return not _holds(_stems(f"{best.title} {best.heading}"), own[0])


def _features(found: Found, reading: Reading) -> tuple[float, float, float, float]:
    """The evidence, each about 0.0 to 1.0.

    The best passage's score against what it could be; the share of the question that one passage holds, that one line
    with its heading holds; the share that the index had never seen.
    """
    terms = [term for term in found.terms if term.own]
    own = Weights.of(terms, frozenset().union(*reading.held))
    return (
        min(1.5, found.passages[0].score / (_BM25_CEILING * found.total)),
        max(own.share(held) for held in reading.held),
        max((own.share(line.unit.stems) for line in reading.lines), default=0.0),
        sum(term.weight for term in terms if not term.known) / own.total,
    )


def _holds(held: frozenset[str], term: Term) -> bool:
    if term.prefix:
        return any(word.startswith(term.stem) for word in held)
    return term.stem in held


@lru_cache(maxsize=1_024)
def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, tokens(text)))


def _cut(text: str) -> Iterator[tuple[str, bool]]:
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(("#", "|")) or _MARKER.match(stripped) is not None:
            yield stripped, True
        elif stripped:
            yield from ((sentence, False) for sentence in sentences(stripped))


def _chosen(question: str, found: Found, reading: Reading, room: int) -> list[Line]:
    """The lines worth quoting, together at most `room` characters: a passage's best section first."""
    asks_amount = not _AMOUNT_WORDS.isdisjoint(tokens(question[:6_000]))
    held = frozenset[str]().union(*reading.held)
    own = Weights.of([term for term in found.terms if term.own], held)
    earlier = Weights.of([term for term in found.terms if not term.own], held)
    scores = {line.place: _worth(line, own, earlier, asks_amount) for line in reading.lines}
    ranked = sorted(reading.lines, key=lambda line: (-scores[line.place], line.place))
    best = scores[ranked[0].place] if ranked else 0.0
    chosen: list[Line] = []
    used = 0
    blocks = _blocks(reading.lines)
    for line in ranked:
        if scores[line.place] <= 0.4 * best:
            break
        if not blocks[line.place]:
            continue  # the head of a table says nothing alone
        alone = ((line,),) if _shape(line) == "step" else ()  # a list too long for the room is quoted by the step
        for block in (blocks[line.place], *alone):
            more = [one for one in block if one not in chosen]
            size = sum(len(one.unit.text) + _GLUE for one in more)
            if used + size <= room + _GLUE:
                chosen += more
                used += size
                break
    best_of: dict[tuple[int, str], float] = {}
    for line in chosen:
        section = line.passage, line.unit.heading
        best_of[section] = max(best_of.get(section, scores[line.place]), scores[line.place])
    return sorted(chosen, key=lambda line: (line.passage, -best_of[line.passage, line.unit.heading], line.place))


def _blocks(lines: Sequence[Line]) -> dict[int, tuple[Line, ...]]:
    """What is quoted together, by the place of each line: all steps of a list, a table's row below its head."""
    blocks: dict[int, tuple[Line, ...]] = {}
    for _, run in groupby(lines, key=lambda line: (line.passage, line.unit.heading, _shape(line))):
        together = tuple(run)
        for line in together:
            match _shape(line):
                case "step":
                    blocks[line.place] = together
                case "row":
                    blocks[line.place] = (together[0], line) if line is not together[0] else ()
                case _:
                    blocks[line.place] = (line,)
    return blocks


def _same_table(last: Line, line: Line) -> bool:
    rows = _shape(last) == _shape(line) == "row"
    return rows and (last.passage, last.unit.heading) == (line.passage, line.unit.heading)


def _shape(line: Line) -> str:
    if line.unit.text.startswith("|"):
        return "row"
    return "step" if line.unit.item and line.unit.text[0].isdigit() else "sentence"


def _worth(line: Line, own: Weights, earlier: Weights, asks_amount: bool) -> float:
    """How much a line promises to answer: 1.0 and more where it holds every word of the question."""
    unit = line.unit
    worth = own.share(unit.stems)
    worth += 0.4 * own.share(unit.before)
    worth += 0.3 * earlier.share(unit.stems)
    worth += 0.5 * (asks_amount and unit.has_amount)
    worth -= 0.15 * line.passage
    return worth - 0.3 if unit.says_little else worth


def _rendered(chosen: Sequence[Line]) -> str:
    """Sentences that followed each other stay together; list items and table rows keep their lines."""
    parts: list[str] = []
    for at, line in enumerate(chosen):
        text = line.unit.text if line.unit.item else plain(line.unit.text)
        if at:
            last = chosen[at - 1]
            if line.unit.item and (last.place == line.place - 1 or _same_table(last, line)):
                parts.append("\n")
            elif last.place == line.place - 1 and last.unit.heading == line.unit.heading and not last.unit.item:
                parts.append(" ")
            else:
                parts.append("\n\n")
        parts.append(text)
    return "".join(parts)


def _sources(chosen: Sequence[Line], found: Found) -> tuple[Source, ...]:
    """Where the lines stand, in their order."""
    named = [Source(article=found.passages[line.passage].article, heading=line.unit.heading) for line in chosen]
    return tuple(dict.fromkeys(named))

"""Ground an answer: judge what a search found, and quote it where it holds an answer."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import NamedTuple

from bot.amounts import Amount, asked_in
from bot.conversation import Attempt, Source
from bot.evidence import Found, Term
from bot.lines import Line, Page, beginning, read
from bot.words import plain

_TOO_LITTLE = 0.3  # the most that a question can be worth that asks for nothing which an article is about
_TOP = 3  # passages that are read for an answer
_GLUE = 2  # characters between two lines, at most
_BM25_CEILING = 2.2  # k1 + 1: a term can score no more than this times its weight
_NOWHERE: tuple[Sequence[int], Sequence[int]] = ((), ())
# Fitted on questions with and without an answer, so that above 0.51 one of ten unanswerable ones would slip in.
_BASE = -5.05
_WEIGHTS = (2.8, 2.45, 0.74, -3.35, 12.5, 2.1, -1.0, 0.5)  # of `weigh`
_LEADING = 5  # passages that are looked at for how many are of one article
_MOST_WORDS = 4  # more words in one line tell no more
_NAMED = 0.3  # a larger share of the earlier turns in a title tells no more
_SMALL, _LARGE = 1_000, 2_000  # passages: chance fits more often in a large folder; beyond, nothing was measured
_LONGEST = 6_000  # characters of a question that are looked at for what it asks
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_AMOUNT_WORTH = {Amount.NUMBER: 0.5, Amount.MONEY: 0.3, Amount.TIME: 0.2}
_LEAST = 0.35  # of the best line's worth: a line that promises less is not quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """When an answer is given. Confidences run from 0.0 to 1.0."""

    answer_at: float = 0.51  # above this, the passages are quoted as the answer
    unsure_at: float = 0.35  # from here up to `answer_at`, the nearest page is named and a person offered
    max_characters: int = 600  # of a reply


class Weighed(NamedTuple):
    """A line that was found. `own` and `earlier` are how much of the question, of earlier turns it holds, 0.0 to 1.0.

    `above` is how much of the question the line before it holds; `words` how many of the question's words it holds
    itself; `passage` is a rank, 0 is best; `place` is the line's in the reading order of its passage.
    """

    line: Line
    passage: int
    place: int
    own: float
    above: float
    earlier: float
    words: int


def compose(question: str, found: Found, settings: Settings) -> Attempt:
    """Answer from the passages, or say why not: grounded with a reply, unsure, or neither."""
    attempt = Attempt(passages=found.passages, reply=None, grounded=False, confidence=0.0)
    if not found.passages:
        return replace(attempt, why_not="nothing found")
    pages = [read(passage.title, passage.heading, passage.text) for passage in found.passages[:_TOP]]
    lines = _weighed(pages, found)
    confidence = _confidence(question, found, pages, lines)
    if confidence > settings.answer_at and (chosen := _chosen(question, lines, settings.max_characters)):
        return replace(
            attempt, confidence=confidence, reply=_rendered(chosen), grounded=True, sources=_sources(chosen, found)
        )
    if confidence < settings.unsure_at:
        why_not = f"confidence {confidence:.2f} is below {settings.unsure_at:.2f}"
        return replace(attempt, confidence=confidence, why_not=why_not)
    nearest = found.passages[0]
    return replace(
        attempt,
        confidence=confidence,
        unsure=True,
        sources=(Source(article=nearest.article, heading=nearest.heading),),
        why_not=f"confidence {confidence:.2f} is not above {settings.answer_at:.2f}",
    )


def _weighed(pages: Sequence[Page], found: Found) -> list[Weighed]:
    """All lines of the pages in their order; what overlapping passages share is one line."""
    own = [term for term in found.terms if term.own]
    earlier = [term for term in found.terms if not term.own]
    own_weight = sum(term.weight for term in own) or 1.0
    earlier_weight = sum(term.weight for term in earlier) or 1.0
    weighed: list[Weighed] = []
    seen: set[tuple[str, str]] = set()
    for rank, page in enumerate(pages):
        article, shares = found.passages[rank].article, [0.0] * len(page.lines)
        above, before, words = shares.copy(), shares.copy(), [0] * len(page.lines)
        for term in own:
            holding, below = _places(term, page)
            share = term.weight / own_weight
            for place in holding:
                shares[place] += share
                words[place] += 1
            for place in below:
                above[place] += share
        for term in earlier:
            share = term.weight / earlier_weight
            for place in _places(term, page)[0]:
                before[place] += share
        for place, line in enumerate(page.lines):
            if (article, line.text) not in seen:
                seen.add((article, line.text))
                weighed.append(Weighed(line, rank, place, shares[place], above[place], before[place], words[place]))
    return weighed


def _places(term: Term, page: Page) -> tuple[Sequence[int], Sequence[int]]:
    """The places of the lines that hold a term, and of those just below such a line."""
    return beginning(page, term.stem) if term.prefix else page.holding.get(term.stem, _NOWHERE)


def _confidence(question: str, found: Found, pages: Sequence[Page], lines: Sequence[Weighed]) -> float:
    """How sure one may be that the passages hold the answer, 0.0 to 1.0: a logistic over lexical evidence."""
    if not found.total:
        return 0.0
    evidence = weigh(found, pages, lines)
    sure = 1.0 / (1.0 + exp(-_BASE - sum(weight * each for weight, each in zip(_WEIGHTS, evidence, strict=True))))
    return min(sure, _TOO_LITTLE) if _says_too_little(question, found, pages[0]) else sure


def weigh(found: Found, pages: Sequence[Page], lines: Sequence[Weighed]) -> tuple[float, ...]:
    """The evidence, in the order of the weights.

    The best passage's score against what it could be; the share of the question's words that one passage holds, and how
    many of them one line holds; the share that the index had never seen; how well the earlier turns name a page; the
    share of the first passages that are of one article; how far the folder is larger than most; whether a line holds a
    number that was asked about ("error 409").
    """
    own = [term for term in found.terms if term.own]
    first = found.passages[0].article
    leading = found.passages[:_LEADING]
    return (
        min(1.5, found.passages[0].score / (_BM25_CEILING * found.total)),
        max(sum(_holds(page, term) for term in own) for page in pages) / max(1, len(own)),
        min(_MOST_WORDS, max((each.words for each in lines), default=0)),
        sum(not term.known for term in own) / max(1, len(own)),
        min(_NAMED, _named(found, pages)),
        sum(passage.article == first for passage in leading) / len(leading),
        log(min(_LARGE, max(_SMALL, found.among)) / _SMALL),
        float(any(_is_telling(term) and _held_with_more(term, pages, lines) for term in own)),
    )


def _is_telling(term: Term) -> bool:
    """Whether it is a number such as of an error or a model: of three digits and more, and no year."""
    return term.known and len(term.stem) > 2 and any(map(str.isdigit, term.stem)) and not _YEAR.fullmatch(term.stem)


def _held_with_more(term: Term, pages: Sequence[Page], lines: Sequence[Weighed]) -> bool:
    """Whether a line holds a term and at least one other of the question's words."""
    telling = {(each.passage, each.place) for each in lines if each.words > 1}
    return any((rank, place) in telling for rank, page in enumerate(pages) for place in _places(term, page)[0])


def _holds(page: Page, term: Term) -> bool:
    """Whether a passage, its title or its heading hold a term."""
    if term.prefix:
        return bool(beginning(page, term.stem)[0]) or any(word.startswith(term.stem) for word in page.named)
    return term.stem in page.holding or term.stem in page.named


def _named(found: Found, pages: Sequence[Page]) -> float:
    """The share of the earlier turns' words that title and heading of one passage hold."""
    earlier = [term for term in found.terms if not term.own]
    total = sum(term.weight for term in earlier) or 1.0
    return max(sum(term.weight for term in earlier if term.stem in page.named) for page in pages) / total


def _says_too_little(question: str, found: Found, page: Page) -> bool:
    """A single known word, such as a name or a weekday, is a question only where an article is about it.

    Within a conversation that goes for a bare word or two; anything longer may lean on what was said before.
    """
    own = [term for term in found.terms if term.own and term.known]
    bare = len(question.split()) <= 2 and "?" not in question
    if len(own) != 1 or not (bare or all(term.own for term in found.terms)):
        return False
    (term,) = own
    if term.prefix:
        return not any(word.startswith(term.stem) for word in page.named)
    return term.stem not in page.named


def _chosen(question: str, lines: Sequence[Weighed], room: int) -> list[Weighed]:
    """The lines worth quoting, together at most `room` characters: a passage's best section first."""
    asked = asked_in(question[:_LONGEST])
    worth = [_worth(each, asked) for each in lines]
    least = _LEAST * max(worth, default=0.0)
    ranked = sorted((at for at, each in enumerate(worth) if each > least), key=lambda at: -worth[at])
    chosen: dict[int, None] = {}
    used = 0
    for at in ranked:
        for block in _blocks(at, lines):
            more = [one for one in block if one not in chosen]
            size = sum(len(lines[one].line.text) + _GLUE for one in more)
            if used + size <= room + _GLUE:
                chosen.update(dict.fromkeys(more))
                used += size
                break
    best: dict[tuple[int, str], float] = {}
    for at in chosen:
        section = lines[at].passage, lines[at].line.heading
        best[section] = max(best.get(section, worth[at]), worth[at])
    told = [lines[at] for at in chosen]
    return sorted(told, key=lambda each: (each.passage, -best[each.passage, each.line.heading], each.place))


def _blocks(at: int, lines: Sequence[Weighed]) -> Iterator[Sequence[int]]:
    """What the line at this place is quoted with, first choice first: all steps of its list, the head of its table."""
    match lines[at].line.shape:
        case "step":
            yield _run(at, lines)
            yield (at,)  # a list too long for the room is quoted by the step
        case "row":
            head = _run(at, lines)[0]
            if head != at:  # the head of a table says nothing alone
                yield head, at
        case _:
            yield (at,)


def _run(at: int, lines: Sequence[Weighed]) -> range:
    """The places of the lines around one that belong to the same list or table."""
    start, end = at, at + 1
    while start > 0 and _together(lines[start - 1], lines[at]):
        start -= 1
    while end < len(lines) and _together(lines[end], lines[at]):
        end += 1
    return range(start, end)


def _together(one: Weighed, other: Weighed) -> bool:
    same_place = (one.passage, one.line.heading) == (other.passage, other.line.heading)
    return same_place and one.line.shape == other.line.shape


def _worth(each: Weighed, asked: frozenset[Amount]) -> float:
    """How much a line promises to answer: 1.0 and more where it holds every word of the question."""
    worth = each.own + 0.6 * each.above + 0.5 * each.earlier - 0.15 * each.passage
    if asked and each.line.amounts:
        worth += sum(more for amount, more in _AMOUNT_WORTH.items() if amount in asked and amount in each.line.amounts)
    return worth - 0.3 if each.line.says_little else worth


def _rendered(chosen: Sequence[Weighed]) -> str:
    """Sentences that followed each other stay together; list items and table rows keep their lines."""
    parts: list[str] = []
    for at, each in enumerate(chosen):
        sentence = each.line.shape == "sentence"
        if at:
            last = chosen[at - 1]
            follows = last.passage == each.passage and last.place == each.place - 1
            if not sentence and (follows or (each.line.shape == "row" and _together(last, each))):
                parts.append("\n")
            elif sentence and follows and last.line.heading == each.line.heading and last.line.shape == "sentence":
                parts.append(" ")
            else:
                parts.append("\n\n")
        parts.append(plain(each.line.text) if sentence else each.line.text)
    return "".join(parts)


def _sources(chosen: Sequence[Weighed], found: Found) -> tuple[Source, ...]:
    """Where the lines stand, in their order."""
    named = [Source(article=found.passages[each.passage].article, heading=each.line.heading) for each in chosen]
    return tuple(dict.fromkeys(named))

"""Rank passages: what each word adds to each passage is asked of the index once, and summed in memory."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from bot.conversation import Passage
from bot.store.knowledge import Contents, Index, Scores

POOL = 100  # passages among which an article's second best is looked for
COMPANY = 0.3  # what the second best passage of an article adds to each of its passages
EACH = 3  # passages of one article at most, so that one long page does not hide the others
KEPT_SCORES = 200_000  # about 20 MB; with more than that, everything is asked of the index anew
KEPT_PASSAGES = 2_000


@dataclass(frozen=True, slots=True)
class Part:
    """One full-text query (FTS5 syntax, built by us), what its score counts in a passage and in a page's title."""

    match: str
    weight: float
    title_weight: float = 0.0


class Ranking:
    """The passages of one edition of the index. May be used by several threads."""

    def __init__(self, index: Index, contents: Contents) -> None:
        self._index, self._edition, self._places = index, contents.edition, contents.places
        self._public = frozenset(number for number, (_, internal) in contents.places.items() if not internal)
        of_article: defaultdict[int, list[int]] = defaultdict(list)
        for number, (article, _) in contents.places.items():
            of_article[article].append(number)
        self._of_article: Mapping[int, Sequence[int]] = of_article
        self._gains: dict[tuple[str, float], Mapping[int, float]] = {}
        self._passages: dict[int, Passage] = {}
        self._kept = 0

    def best(self, parts: Sequence[Part], *, internal: bool, limit: int) -> tuple[Passage, ...]:
        """The passages with the highest summed scores, best first; internal ones only where asked for.

        Raises IndexChangedError, IndexUnusableError.
        """
        totals = defaultdict[int, float](float)
        for part, gains in zip(parts, self._gains_of(parts), strict=True):
            weight = part.weight
            for number, gain in gains.items():
                totals[number] += weight * gain
        found = totals if internal else {number: totals[number] for number in totals.keys() & self._public}
        return self._to_passages(self._placed(_pool(found))[:limit])

    def _gains_of(self, parts: Sequence[Part]) -> list[Mapping[int, float]]:
        """What each part adds to each passage at a weight of 1.0, its title's share included."""
        keys = [(part.match, part.title_weight / part.weight) for part in parts]
        gains = [self._gains.get(key) for key in keys]
        missing = [at for at, each in enumerate(gains) if each is None]
        if missing:
            matches = [parts[at].match for at in missing]
            titled = {parts[at].match for at in missing if parts[at].title_weight}
            scored = self._index.scores(matches, self._edition, not_in_titles=set(matches) - titled)
            for at, scores in zip(missing, scored, strict=True):
                gains[at] = self._keep(keys[at], self._joined(scores, keys[at][1]))
        return [each for each in gains if each is not None]

    def _joined(self, scores: Scores, title_share: float) -> Mapping[int, float]:
        joined = defaultdict(float, scores.passages)
        if title_share:
            for article, score in scores.titles.items():
                for number in self._of_article[article]:
                    joined[number] += title_share * score
        return dict(joined)

    def _keep(self, key: tuple[str, float], gains: Mapping[int, float]) -> Mapping[int, float]:
        self._kept += len(gains) + 1
        if self._kept > KEPT_SCORES:
            self._gains, self._kept = {}, len(gains) + 1
        self._gains[key] = gains
        return gains

    def _placed(self, pool: Sequence[tuple[float, int]]) -> list[tuple[float, int]]:
        """The best passages of each article, an article counting for more where a second passage fits as well."""
        of_article: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
        for each in pool:
            of_article[self._places[each[1]][0]].append(each)
        placed: list[tuple[float, int]] = []
        for each_article in of_article.values():
            company = COMPANY * each_article[1][0] if len(each_article) > 1 else 0.0
            placed.extend((score + company, number) for score, number in islice(each_article, EACH))
        return sorted(placed, key=_first)

    def _to_passages(self, ranked: Sequence[tuple[float, int]]) -> tuple[Passage, ...]:
        read = self._passages
        if missing := [number for _, number in ranked if number not in read]:
            if len(read) > KEPT_PASSAGES:
                self._passages = read = {}
                missing = [number for _, number in ranked]
            read |= self._index.passages(missing, self._edition)
        return tuple(_scored(read[number], score) for score, number in ranked)


def _pool(totals: Mapping[int, float]) -> list[tuple[float, int]]:
    """The highest totals, best first."""
    scores = totals.values()
    if len(totals) > POOL:
        least = sorted(scores, reverse=True)[POOL - 1]
        pool = [(score, number) for number, score in totals.items() if score >= least]
    else:
        pool = [(score, number) for number, score in totals.items()]
    return sorted(pool, key=_first)[:POOL]


def _first(scored: tuple[float, int]) -> tuple[float, int]:
    """Best first; of equals, the one that was read first."""
    return -scored[0], scored[1]


def _scored(passage: Passage, score: float) -> Passage:
    updated_at: datetime | None = passage.updated_at
    return Passage(
        article=passage.article,
        heading=passage.heading,
        text=passage.text,
        score=score,
        title=passage.title,
        updated_at=updated_at,
        internal=passage.internal,
    )

"""What the knowledge folder holds, and what a search of it found: data only, for the judge to weigh."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.conversation import Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A passage as cut from an article: `heading` is where its text begins, "" before the first heading."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One file of the folder, read and cut. `path` is relative to the folder, with forward slashes."""

    path: str
    title: str
    internal: bool
    updated_at: datetime
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word that was searched. `stem` is what the index holds; with `prefix`, any word that begins so counts.

    `weight` is the word's rarity (idf, 0.0 and up); `own` marks the question's own words, others come from earlier
    turns; `known` is False where the index had never seen the word as it was written.
    """

    stem: str
    weight: float
    own: bool = True
    known: bool = True
    prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The passages found, at most ten, best first, with what the judge needs to say how sure one may be.

    `alpha` (0.0 to 1.0) is what a word of an earlier turn counted, against 1.0 for the question's own; `among` is the
    number of passages that were searched.
    """

    passages: tuple[Passage, ...] = ()
    terms: tuple[Term, ...] = field(default=())
    alpha: float = 0.0
    among: int = 0

    @property
    def total(self) -> float:
        """The weights of all terms, earlier turns' at their share: the most that one passage could hold."""
        return sum(term.weight * (1.0 if term.own else self.alpha) for term in self.terms)

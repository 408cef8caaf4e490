"""The index's own words: how rare each is, which one a mistyped word meant, and how a word is searched."""

from bisect import bisect_left
from dataclasses import dataclass
from math import log

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.evidence import Term
from bot.stem import stem
from bot.store.knowledge import Contents
from bot.words import light_root

KEPT_WORDS = 20_000  # about 10 MB


@dataclass(frozen=True, slots=True)
class Word:
    """One word to search: its FTS5 query, and the term that the judge weighs."""

    match: str
    term: Term


class Vocabulary:
    """The words of one edition of the index. May be used by several threads."""

    def __init__(self, contents: Contents) -> None:
        self.passages = len(contents.places)
        self._counts = contents.by_stem
        self._ordered = list(contents.by_stem)
        self._by_first: dict[str, list[str]] = {}
        self._words: dict[tuple[str, bool, bool], Word] = {}

    def word(self, token: str, *, own: bool, prefix: bool) -> Word:
        """How a folded word is searched; the question's `own` are repaired where the index never saw them.

        With `prefix`, its other forms and the compounds that it begins are found too: for languages other than English.
        """
        key = (token, own, prefix)
        known = self._words.get(key)
        if known is None:
            if len(self._words) > KEPT_WORDS:
                self._words = {}
            known = self._words[key] = self._looked_up(token, own, prefix and token.isalpha())
        return known

    def holding(self, stem: str) -> int:
        """In how many passages a stem stands."""
        return self._counts.get(stem, 0)

    def rarity(self, holding: int) -> float:
        """The weight (idf) of a word that so many passages hold, as bm25 of FTS5 counts it."""
        holding = min(holding, self.passages)
        return max(1e-6, log((self.passages - holding + 0.5) / (holding + 0.5)))

    def nearest(self, token: str) -> str | None:
        """The known stem that a mistyped word most likely meant; None when nothing is near enough."""
        allowed = 0 if len(token) < 4 or not token.isalpha() else 1 if len(token) < 8 else 2
        if not allowed:
            return None
        root = stem(token)
        near = process.extract(root, self._beginning(root[0]), scorer=OSA.distance, score_cutoff=allowed, limit=5)
        if not near:
            return None
        best = min(distance for _, distance, _ in near)
        return max((word for word, distance, _ in near if distance == best), key=self.holding)

    def _looked_up(self, token: str, own: bool, prefix: bool) -> Word:
        written, root = (light_root(token),) * 2 if prefix else (token, stem(token))
        holding = self._holding(root, prefix)
        known = holding > 0
        if not known and own and (repaired := self.nearest(token)):
            written = root = repaired
            holding = self._holding(root, prefix)
        term = Term(stem=root, weight=self.rarity(holding), own=own, known=known, prefix=prefix)
        return Word(f'"{written}"*' if prefix else f'"{written}"', term)

    def _holding(self, root: str, prefix: bool) -> int:
        return self._holding_prefix(root) if prefix else self.holding(root)

    def _holding_prefix(self, prefix: str) -> int:
        """In how many passages a word stands that begins so; words counted apart, so an upper bound."""
        return sum(self._counts[word] for word in self._beginning_with(prefix))

    def _beginning_with(self, prefix: str) -> list[str]:
        start, end = bisect_left(self._ordered, prefix), bisect_left(self._ordered, prefix + "\U0010ffff")
        return self._ordered[start:end]

    def _beginning(self, letter: str) -> list[str]:
        """The words that may be meant by one with this first letter: hardly anybody mistypes it."""
        if letter not in self._by_first:
            self._by_first[letter] = [word for word in self._beginning_with(letter) if word.isalpha() and len(word) > 2]
        return self._by_first[letter]

"""Which patterns are worth trying on a text: some dozens of two thousand, those that find there the words they need."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.patterns import Pattern

OPENINGS = (3, 5)
"""How many characters may open a word; longer openings stand in fewer texts, but each is a look of its own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """What one rule looks for: one strong match is enough, of the weak two; what overlaps an `unless` is none."""

    strong: tuple[Pattern, ...] = ()
    weak: tuple[Pattern, ...] = ()
    unless: tuple[Pattern, ...] = ()


Worth: TypeAlias = tuple[list[Pattern], list[Pattern], list[Pattern]]
"""The patterns of a family that are worth trying on one text: strong, weak and unless, each in the family's order."""


class Sieve:
    """Sorts out the patterns of these families, text by text."""

    def __init__(self, families: Iterable[Family]) -> None:
        self.families = frozenset(families := tuple(families))
        self._patterns = tuple(
            (family, kind, pattern)
            for family in families
            for kind, patterns in enumerate((family.strong, family.weak, family.unless))
            for pattern in patterns
        )
        numbers: dict[frozenset[str], int] = {}  # each set of words that some pattern needs one of has a number
        self._always: list[int] = []  # patterns that need no word
        # by the set of which a pattern needs a word first of all: the pattern, and the other sets that it needs
        self._waiting: defaultdict[int, list[tuple[int, frozenset[int]]]] = defaultdict(list)
        for number, (_, _, pattern) in enumerate(self._patterns):
            needed = [numbers.setdefault(words, len(numbers)) for words in pattern.needs]
            if needed:
                self._waiting[needed[0]].append((number, frozenset(needed[1:])))
            else:
                self._always.append(number)
        self._sets: defaultdict[str, list[int]] = defaultdict(list)  # by word, the sets that have it
        for words, one in numbers.items():
            for word in words:
                self._sets[word].append(one)
        openings: defaultdict[str, list[str]] = defaultdict(list)
        for word in self._sets:
            openings[opening(word)].append(word)
        self._short = tuple(openings.pop("", ()))
        self._openings = openings

    def worth_trying(self, lower: str) -> Mapping[Family, Worth]:
        """Of each family the patterns that may match a text in small letters; families that have none are left out."""
        met = set[int]().union(*(self._sets[word] for word in self._standing_in(lower)))
        numbers = [
            number for one in met & self._waiting.keys() for number, others in self._waiting[one] if others <= met
        ]
        worth: dict[Family, Worth] = {}
        for number in sorted(numbers + self._always):
            family, kind, pattern = self._patterns[number]
            if family not in worth:
                worth[family] = ([], [], [])
            worth[family][kind].append(pattern)
        return worth

    def _standing_in(self, lower: str) -> list[str]:
        """The words that stand in a text; looked for are the short ones and those whose opening is among its pieces."""
        places = range(len(lower))
        pieces = {lower[place : place + length] for length in OPENINGS for place in places}
        opened = (word for first in pieces & self._openings.keys() for word in self._openings[first])
        return [word for word in (*self._short, *opened) if word in lower]


def opening(word: str) -> str:
    """The characters by which a word is found in a text: as many of its first ones as a length of `OPENINGS`.

    Empty for a word that is shorter.
    """
    return word[: max((length for length in OPENINGS if length <= len(word)), default=0)]

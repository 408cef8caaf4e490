"""Find passages for a question: the query we build, its typing errors repaired, earlier turns at a budget."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import log

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.conversation import Passage, Role
from bot.evidence import Found, Term
from bot.stem import stem
from bot.store.knowledge import Counts, Index, Part
from bot.words import content_tokens, language_of, light_root, tokens

PASSAGES = 10
PAIR_WEIGHT = 0.6
NEAR_WORDS = 4  # between the two words of a pair
TITLE_WEIGHT = 0.7
EARLIER_TITLE_WEIGHT = 1.0  # an earlier turn's words count most where they name the page
HISTORY_SHARE = 0.8  # what a word of an earlier turn counts at most
HISTORY_BUDGET = 10.0  # so many words of earlier turns may count in full together
MAX_CHARACTERS = 6_000  # a question is looked at no further
MAX_TOKENS = 400
MAX_OWN, MAX_HISTORY, MAX_PAIRS = 28, 12, 12  # the rarest words of a long text: each costs time
LEANING_TOKENS = 7  # "and how fast is express?": so short, a question is only half of one
COMMON_WEIGHT = 1.0  # words of earlier turns below it (in over a quarter of all passages) are not searched

_REFERENCE = re.compile(r"(?:\b[A-Za-z]{1,4}[-#]?|#|\b(?=\d{7}))(\d{5,20})\b")  # an order number, a customer number
_LEANING = re.compile(
    r"\W*(?:(?:and )?(?:what|how) about|(?:und )?(?:was ist|wie ist es) mit|et pour|y (?:para|que tal)|que tal"
    r"|e (?:para|quanto a))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """One distinct word to search: as it stands in the query, and the term that the judge weighs."""

    text: str
    term: Term

    @property
    def match(self) -> str:
        """Its FTS5 query."""
        return f'"{self.text}"*' if self.term.prefix else f'"{self.text}"'


class Vocabulary:
    """The index's own words: how rare each is, and which one a mistyped word meant. As of one moment, unchanging."""

    def __init__(self, counts: Counts) -> None:
        self.passages = counts.passages
        self._counts = counts.by_stem
        self._ordered = list(counts.by_stem)
        self._by_first: dict[str, list[str]] = {}

    def holding(self, stem: str) -> int:
        """In how many passages a stem stands."""
        return self._counts.get(stem, 0)

    def holding_prefix(self, prefix: str) -> int:
        """In how many passages a word stands that begins so; words counted apart, so an upper bound."""
        start, end = bisect_left(self._ordered, prefix), bisect_left(self._ordered, prefix + "\U0010ffff")
        return sum(self._counts[word] for word in self._ordered[start:end])

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

    def _beginning(self, letter: str) -> list[str]:
        """The words that begin with a letter: hardly anybody mistypes the first one."""
        if letter not in self._by_first:
            start, end = bisect_left(self._ordered, letter), bisect_left(self._ordered, letter + "\U0010ffff")
            self._by_first[letter] = [word for word in self._ordered[start:end] if word.isalpha() and len(word) > 2]
        return self._by_first[letter]


def search(
    index: Index, vocabulary: Vocabulary, question: str, history: Sequence[tuple[str, str]], *, internal: bool
) -> Found:
    """Search the index. `history` is role and text of the earlier turns, oldest first. Raises IndexUnusableError."""
    asked, leans = _without_references(question[:MAX_CHARACTERS], vocabulary), _leans(question)
    before = _carried(history, Role.CUSTOMER) if leans else _carried(history, Role.CUSTOMER, Role.ASSISTANT)
    language = language_of(f"{asked} {before}")
    own = _words(content_tokens(asked, language)[:MAX_TOKENS], vocabulary, language, own=True)
    asked_stems = {word.term.stem for word in own}
    earlier = _words(content_tokens(before, language)[:MAX_TOKENS] if before else [], vocabulary, language, own=False)
    earlier = [word for word in earlier if word.term.stem not in asked_stems]
    share = 1.0 if leans else HISTORY_SHARE
    alpha = min(share, HISTORY_BUDGET / len(earlier)) if earlier else 0.0
    own = _rarest(own, MAX_OWN)
    # Common words of earlier turns cost most time and tell least.
    earlier = [word for word in earlier if word.term.weight > COMMON_WEIGHT and word.term.known]
    earlier = _rarest(earlier, MAX_HISTORY)
    parts = _parts(own, earlier, alpha, _pairs(asked, own))
    found = _readable(index.rank(parts, internal=internal, limit=PASSAGES), language)
    return Found(passages=found, terms=tuple(word.term for word in own + earlier), alpha=alpha)


def _words(found: list[str], vocabulary: Vocabulary, language: str, *, own: bool) -> list[Word]:
    """The distinct words, in order; own ones that the index never saw are repaired where possible."""
    distinct: dict[str, Word] = {}
    for token in found:
        root = stem(token)
        if root not in distinct:
            prefix = language != "en" and token.isalpha()
            distinct[root] = (_prefix_word if prefix else _whole_word)(token, vocabulary, own)
    return list(distinct.values())


def _whole_word(token: str, vocabulary: Vocabulary, own: bool) -> Word:
    root = stem(token)
    holding = vocabulary.holding(root)
    if not holding and own and (repaired := vocabulary.nearest(token)):
        weight = vocabulary.rarity(vocabulary.holding(repaired))
        return Word(repaired, Term(stem=repaired, weight=weight, known=False))
    return Word(token, Term(stem=root, weight=vocabulary.rarity(holding), own=own, known=holding > 0))


def _prefix_word(token: str, vocabulary: Vocabulary, own: bool) -> Word:
    """A word of another language than English: its other forms, and compounds that it begins, are found by prefix."""
    root = light_root(token)
    holding = vocabulary.holding_prefix(root)
    if not holding and own and (repaired := vocabulary.nearest(token)):
        weight = vocabulary.rarity(vocabulary.holding_prefix(repaired))
        return Word(repaired, Term(stem=repaired, weight=weight, known=False, prefix=True))
    return Word(root, Term(stem=root, weight=vocabulary.rarity(holding), own=own, known=holding > 0, prefix=True))


def _rarest(words: list[Word], most: int) -> list[Word]:
    """At most so many words, the rarest, in their order."""
    if len(words) <= most:
        return words
    least = sorted((word.term.weight for word in words), reverse=True)[most - 1]
    return [word for word in words if word.term.weight >= least][:most]


def _without_references(text: str, vocabulary: Vocabulary) -> str:
    """Leave out numbers that no article holds: they say whose order it is, not what the question is."""
    left = _REFERENCE.sub(lambda found: found[0] if vocabulary.holding(stem(found[1])) else " ", text)
    return left if left.strip() else text


def _readable(found: tuple[Passage, ...], language: str) -> tuple[Passage, ...]:
    """Leave out what is in a third language, neither the question's nor English, unless there is nothing else."""
    own = tuple(passage for passage in found if _language_of(passage.text) in (language, "en"))
    return own or found


@lru_cache(maxsize=2_048)
def _language_of(text: str) -> str:
    """The language of a passage: the same ones are found for question after question."""
    return language_of(text)


def _leans(question: str) -> bool:
    """Tell whether a question is one only together with the one before ("what about boots?")."""
    return _LEANING.match(question) is not None and len(tokens(question[:200])) <= LEANING_TOKENS


def _carried(history: Sequence[tuple[str, str]], *roles: Role) -> str:
    """The last turn of each of these: more than that drowns the question."""
    last = {role: text for role, text in history if role in roles}
    return " ".join(text[:MAX_CHARACTERS] for text in last.values())


def _pairs(asked: str, own: list[Word]) -> list[str]:
    """Neighbouring words of the question, small words between them left out, near each other in a passage."""
    by_stem = {word.term.stem: word for word in own}
    row = [word for token in tokens(asked) if (word := by_stem.get(stem(token)))]
    pairs = {
        f"NEAR({one.match} {two.match}, {NEAR_WORDS})": one.term.weight + two.term.weight
        for one, two in pairwise(row)
        if one is not two
    }
    return sorted(pairs, key=lambda pair: -pairs[pair])[:MAX_PAIRS]


def _parts(own: list[Word], earlier: list[Word], alpha: float, pairs: list[str]) -> list[Part]:
    parts = []
    for words, share, title_share in ((own, 1.0, TITLE_WEIGHT), (earlier, alpha, alpha * EARLIER_TITLE_WEIGHT)):
        if match := " OR ".join(word.match for word in words):
            parts.append(Part(match=match, weight=share))
            parts.append(Part(match=match, weight=title_share, titles=True))
    if pairs:
        parts.append(Part(match=" OR ".join(pairs), weight=PAIR_WEIGHT))
    return parts

"""Find passages for a question: the query we build, its typing errors repaired, earlier turns at a budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.conversation import Role
from bot.evidence import Found, Term
from bot.stem import stem
from bot.store.knowledge import Index, Part, Snapshot
from bot.words import content_tokens, language_of, light_root, tokens

PASSAGES = 10
PHRASE_WEIGHT = 0.3
TITLE_WEIGHT = 0.7
HISTORY_SHARE = 0.7  # what a word of an earlier turn counts at most
HISTORY_BUDGET = 10.0  # so many words of earlier turns may count in full together
MAX_CHARACTERS = 6_000  # a question is looked at no further
MAX_OWN, MAX_HISTORY = 40, 60  # terms
_REPAIRED_SHARE = 0.8  # what a repaired word counts: the repair is a guess


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
    """The index's own words, to repair typing errors with; read when the first unknown word comes."""

    def __init__(self) -> None:
        self._generation = -1
        self._by_first: dict[str, list[str]] = {}

    def nearest(self, token: str, snapshot: Snapshot, generation: int) -> str | None:
        """The known stem that a mistyped word most likely meant; None when nothing is near enough."""
        allowed = 0 if len(token) < 4 or not token.isalpha() else 1 if len(token) < 8 else 2
        if not allowed:
            return None
        if generation != self._generation:
            self._by_first = _by_first_letter(snapshot.vocabulary())
            self._generation = generation
        choices = self._by_first.get(token[0], [])
        near = process.extract(stem(token), choices, scorer=OSA.distance, score_cutoff=allowed, limit=5, processor=None)
        if not near:
            return None
        best = min(distance for _, distance, _ in near)
        return max((word for word, distance, _ in near if distance == best), key=snapshot.holding)


def search(
    index: Index, vocabulary: Vocabulary, question: str, history: Sequence[tuple[str, str]], *, internal: bool
) -> Found:
    """Search the index. `history` is role and text of the earlier turns, oldest first. Raises IndexUnusableError."""
    asked, before = question[:MAX_CHARACTERS], _carried(history)
    language = language_of(f"{asked} {before}")
    with index.snapshot() as snapshot:
        passages = snapshot.passages()
        if not passages:
            return Found()
        weigh = Weigher(snapshot, vocabulary, index.generation, passages, language)
        own = weigh.words(content_tokens(asked, language), own=True)[:MAX_OWN]
        known_before = {word.term.stem for word in own}
        earlier = [
            word
            for word in weigh.words(content_tokens(before, language) if before else [], own=False)
            if word.term.stem not in known_before
        ]
        earlier = sorted(earlier, key=lambda word: -word.term.weight)[:MAX_HISTORY]
        alpha = min(HISTORY_SHARE, HISTORY_BUDGET / len(earlier)) if earlier else 0.0
        parts = _parts(own, earlier, alpha, _pairs(asked, own))
        found = snapshot.rank(parts, internal=internal, limit=PASSAGES)
    return Found(passages=found, terms=tuple(word.term for word in own + earlier), alpha=alpha)


class Weigher:
    """Turns tokens into words with their rarity in one snapshot."""

    def __init__(
        self, snapshot: Snapshot, vocabulary: Vocabulary, generation: int, passages: int, language: str
    ) -> None:
        self._snapshot, self._vocabulary, self._generation = snapshot, vocabulary, generation
        self._passages, self._language = passages, language

    def words(self, found: list[str], *, own: bool) -> list[Word]:
        """The distinct words, in order; own ones that the index never saw are repaired where possible."""
        distinct: dict[str, Word] = {}
        for token in found:
            root = stem(token)
            if root not in distinct:
                distinct[root] = self._word(token, root, own)
        return list(distinct.values())

    def _word(self, token: str, root: str, own: bool) -> Word:
        prefix = self._language != "en" and token.isalpha()
        if prefix:
            token = root = light_root(token)
        holding = self._snapshot.holding_prefix(root) if prefix else self._snapshot.holding(root)
        if not holding and own and (repaired := self._vocabulary.nearest(token, self._snapshot, self._generation)):
            weight = self._idf(self._snapshot.holding(repaired))
            return Word(repaired, Term(stem=repaired, weight=weight, known=False, prefix=prefix))
        return Word(token, Term(stem=root, weight=self._idf(holding), own=own, known=holding > 0, prefix=prefix))

    def _idf(self, holding: int) -> float:
        """The rarity of a word, as bm25 of FTS5 counts it."""
        holding = min(holding, self._passages)
        return max(1e-6, log((self._passages - holding + 0.5) / (holding + 0.5)))


def _by_first_letter(vocabulary: list[str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for word in vocabulary:
        if word.isalpha():
            grouped.setdefault(word[0], []).append(word)
    return grouped


def _carried(history: Sequence[tuple[str, str]]) -> str:
    """The last turn of the customer and the last of the assistant: more than that drowns the question."""
    last = {role: text for role, text in history if role in (Role.CUSTOMER, Role.ASSISTANT)}
    return " ".join(text[:MAX_CHARACTERS] for text in last.values())


def _pairs(asked: str, own: list[Word]) -> list[str]:
    """Neighbouring words of the question, as quoted phrases."""
    by_stem = {word.term.stem: word.text for word in own}
    row = [by_stem.get(stem(token)) for token in tokens(asked)]
    pairs = [f'"{one} {two}"' for one, two in pairwise(row) if one and two]
    return list(dict.fromkeys(pairs))[:MAX_OWN]


def _parts(own: list[Word], earlier: list[Word], alpha: float, pairs: list[str]) -> list[Part]:
    parts = []
    for words, share in ((own, 1.0), (earlier, alpha)):
        if match := " OR ".join(word.match for word in words if word.term.weight):
            parts.append(Part(match=match, weight=share))
            parts.append(Part(match=match, weight=share * TITLE_WEIGHT, titles=True))
    if pairs:
        parts.append(Part(match=" OR ".join(pairs), weight=PHRASE_WEIGHT))
    return parts

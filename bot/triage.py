"""Which issue type a message is about: evidence counted from examples and telling words, null when unsure."""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.issue_types import IssueType, Settings, Stakes

__all__ = ["Candidate", "IssueType", "Settings", "Stakes", "Triage", "build", "classify", "explain"]

MAX_CHARACTERS = 1_500
MAX_WORDS = 120
PAIR_WINDOW = 3  # how far apart two telling words may stand to count as a pair
PHRASE_WINDOW = 6  # how far apart the words of a telling phrase may stand
RARITY = 0.02  # the smaller, the more a feature that few types share weighs
TELLING_WEIGHT = 2.5  # of a telling word or phrase: enough by itself where nothing speaks against it
FILLER_WEIGHT = 0.5
FIRM = 2.0  # a type that scores so many times the least that is needed is not outdone by one that yields
MENDED_LENGTHS = range(5, 21)  # words of these lengths are mended when mistyped
NUMBER = "#"
UNKNOWN = "?"
WORDS = re.compile(r"[^\W\d_]+|\d+")
DROPPED = re.compile(r"['’‘`´]|[\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
ELIDED = re.compile(r"\b(?:l|d|j|m|t|s|n|c|qu)['’](?=\w)")  # French l'adresse, d'une, qu'il
ENDINGS = ("ings", "ing", "ed", "es", "s", "e")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """From words to concepts: whole words, beginnings of words, and phrases by their first word, longest first."""

    words: Mapping[str, str]
    beginnings: Mapping[str, str]
    phrases: Mapping[str, Sequence[tuple[list[str], str]]]
    filler: frozenset[str]
    known: frozenset[str] = frozenset()  # concepts that say something
    near: Mapping[str, str] = field(default_factory=dict)  # from typing errors to the words that were meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """What was learnt from the settings; types stand as their index."""

    settings: Settings
    lexicon: Lexicon
    weights: Mapping[str, Mapping[int, float]]
    phrases: Mapping[str, Sequence[tuple[tuple[str, ...], int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A type's score and the evidence that adds up to it, strongest first."""

    name: str
    score: float
    evidence: tuple[tuple[str, float], ...]


def build(settings: Settings) -> Triage:
    """Learn from the examples and the telling words of all types."""
    lexicon = spelt_out(to_lexicon(settings), settings.types)
    lines = [[to_concepts(lexicon, line) for line in kind.examples] for kind in settings.types]
    phrases = to_phrases(settings, lexicon)
    counts = Counter(word for kind in lines for line in kind for word in set(line))
    sure = {*settings.synonyms, *lexicon.filler, *(word for many in phrases.values() for ws, _ in many for word in ws)}
    # a word that stands in one example only is taken for unknown there: so it is learnt what unknown words tell
    common = frozenset(sure | {word for word, count in counts.items() if count > 1})
    near = to_near(lexicon.words.keys() - lexicon.filler)
    return Triage(
        settings=settings,
        lexicon=replace(lexicon, known=frozenset(sure | counts.keys()), near=near),
        weights=to_weights(lines, replace(lexicon, known=common)),
        phrases=phrases,
    )


def spelt_out(lexicon: Lexicon, types: Iterable[IssueType]) -> Lexicon:
    """Look every word of the examples up once and for all, to build faster."""
    words = {word for kind in types for line in kind.examples for word in to_words(line)}
    return replace(lexicon, words={**{word: to_concept(lexicon, word) for word in words}, **lexicon.words})


def classify(triage: Triage, text: str) -> str | None:
    """Name the issue type, or return None when unsure. Takes any text."""
    least, types = triage.settings.min_score, triage.settings.types
    scores = {kind: sum(evidence.values()) for kind, evidence in _evidence(triage, text).items()}
    ranked = sorted(scores, key=lambda kind: (-scores[kind], types[kind].name))
    firm = [kind for kind in ranked if not types[kind].yields]
    best, *others = firm if firm and scores[firm[0]] >= FIRM * least else ranked or (None,)
    if best is None:
        return None
    margin = scores[best] - (scores[others[0]] if others else 0.0)
    return types[best].name if scores[best] >= least and margin >= triage.settings.min_margin else None


def explain(triage: Triage, text: str) -> tuple[Candidate, ...]:
    """Every type that something in the text speaks for, best first."""
    candidates = [
        Candidate(
            name=triage.settings.types[kind].name, score=sum(evidence.values()), evidence=_sorted(evidence.items())
        )
        for kind, evidence in _evidence(triage, text).items()
    ]
    return tuple(sorted(candidates, key=lambda candidate: (-candidate.score, candidate.name)))


def _evidence(triage: Triage, text: str) -> Mapping[int, Mapping[str, float]]:
    """What in a text speaks for each type, and how much: features and telling phrases."""
    concepts = to_concepts(triage.lexicon, text)
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for feature in to_features(triage.lexicon, concepts):
        for kind, weight in triage.weights.get(feature, {}).items():
            found[kind][feature] = weight
    for phrase, kind in find_phrases(triage.phrases, concepts):
        found[kind][f"“{' '.join(phrase)}”"] = TELLING_WEIGHT
    return found


def _sorted(evidence: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(evidence, key=lambda pair: (-pair[1], pair[0])))


def to_words(text: str) -> list[str]:
    """Cut a text into at most `MAX_WORDS` small words without accents; apostrophes are dropped: dont, Im."""
    plain = text[:MAX_CHARACTERS].casefold()
    if not plain.isascii() or "'" in plain:
        plain = DROPPED.sub("", ELIDED.sub("", unicodedata.normalize("NFKD", plain)))[:MAX_CHARACTERS]
    return WORDS.findall(plain)[:MAX_WORDS]


def to_lexicon(settings: Settings) -> Lexicon:
    """Sort the synonyms by how they are looked up; the first of two concepts that claim a word has it."""
    words: dict[str, str] = {}
    beginnings: dict[str, str] = {}
    phrases: dict[str, list[tuple[list[str], str]]] = defaultdict(list)
    for concept, forms in settings.synonyms.items():
        for form in forms:
            match to_words(form):
                case []:
                    continue
                case [word]:
                    (beginnings if form.endswith("*") else words).setdefault(word, concept)
                case parts:
                    phrases[parts[0]].append((parts, concept))
    return Lexicon(
        words=words,
        beginnings=beginnings,
        phrases={first: sorted(many, key=lambda one: -len(one[0])) for first, many in phrases.items()},
        filler=frozenset(word for form in settings.filler for word in to_words(form)),
    )


def to_concepts(lexicon: Lexicon, text: str) -> list[str]:
    """Put a concept in place of each word or phrase that has one, and the stem in place of any other word."""
    words = to_words(text)
    concepts = []
    at = 0
    while at < len(words):
        for parts, concept in lexicon.phrases.get(words[at], ()):
            if words[at : at + len(parts)] == parts:
                concepts.append(concept)
                at += len(parts)
                break
        else:
            concepts.append(to_concept(lexicon, words[at]))
            at += 1
    return concepts


def to_concept(lexicon: Lexicon, word: str) -> str:
    """Find the concept of one word, else its stem."""
    if word in lexicon.words:
        return lexicon.words[word]
    if word in lexicon.filler:
        return word
    if word[0].isdigit():
        return NUMBER
    for end in range(len(word), 2, -1):
        if word[:end] in lexicon.beginnings:
            return lexicon.beginnings[word[:end]]
    stem = to_stem(word)
    return stem if stem in lexicon.known else mended(lexicon, word, stem)


def to_stem(word: str) -> str:
    """Leave out an English ending, where three letters remain."""
    endings = (ending for ending in ENDINGS if word.endswith(ending) and len(word) - len(ending) >= 3)
    return word.removesuffix(next(endings, ""))


def mended(lexicon: Lexicon, word: str, otherwise: str) -> str:
    """Take a word with one letter too many, missing, wrong or swapped for the concept of the word that was meant.

    The first letter must be right, else too many rare words would be taken for typing errors (lawyer for player).
    """
    if lexicon.near and len(word) in MENDED_LENGTHS:
        for attempt in (word, *shortened(word)):
            meant = lexicon.near.get(attempt, word)
            if meant != word and meant[0] == word[0]:
                return to_concept(lexicon, meant)
    return otherwise


def shortened(word: str) -> Iterator[str]:
    """Leave out one letter, each in turn."""
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def to_near(words: Iterable[str]) -> dict[str, str]:
    """From each word with a letter left out to the word. Sorted, since the first of two neighbours is taken."""
    near: dict[str, str] = {}
    for word in sorted(words):
        if len(word) in MENDED_LENGTHS:
            near[word] = word
            for attempt in shortened(word):
                near.setdefault(attempt, word)
    return near


def to_features(lexicon: Lexicon, concepts: Sequence[str]) -> set[str]:
    """What is counted: concepts, pairs of concepts close together, and up to three marks for unknown words."""
    found = set(concepts)
    found.update(UNKNOWN * mark for mark in range(1, 1 + min(3, len(found - lexicon.known))))
    telling = [one for one in concepts if one in lexicon.known and one not in lexicon.filler]
    for at, first in enumerate(telling):
        for second in telling[at + 1 : at + 1 + PAIR_WINDOW]:
            found.add(f"{first}+{second}" if first < second else f"{second}+{first}")
    return found


def to_weights(lines: Sequence[Sequence[Sequence[str]]], lexicon: Lexicon) -> dict[str, dict[int, float]]:
    """Weigh each feature for each type: naive Bayes over types of equal size, less for what all types share."""
    shares: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for kind, examples in enumerate(lines):
        share = 1 / max(10, len(examples))  # a type with few examples must not win by each of them
        for line in examples:
            for feature in to_features(lexicon, line):
                shares[feature][kind] += share
    most = math.log(max(2, len(lines)))
    return {
        feature: weigh(by_kind, most, FILLER_WEIGHT if feature in lexicon.filler else 1.0)
        for feature, by_kind in shares.items()
    }


def weigh(shares: Mapping[int, float], most: float, factor: float) -> dict[int, float]:
    """What a feature says for each type that has it: less where it is spread evenly; `most` is the widest spread."""
    if len(shares) > 1:
        total = sum(shares.values())
        entropy = math.log(total) - sum(share * math.log(share) for share in shares.values()) / total
        factor *= math.sqrt(max(0.0, 1 - entropy / most))
    return {kind: factor * math.log1p(share / RARITY) for kind, share in shares.items()}


def to_phrases(settings: Settings, lexicon: Lexicon) -> dict[str, list[tuple[tuple[str, ...], int]]]:
    """The telling words and phrases of all types as sorted concepts, by the first of them."""
    found: dict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
    for index, kind in enumerate(settings.types):
        for phrase in sorted({tuple(sorted(to_concepts(lexicon, words))) for words in kind.words if to_words(words)}):
            found[phrase[0]].append((phrase, index))
    return found


def find_phrases(
    phrases: Mapping[str, Sequence[tuple[tuple[str, ...], int]]], concepts: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], int]]:
    """Those phrases of which all words stand close together."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, concept in enumerate(concepts):
        places[concept].append(at)
    for first, starts in places.items():
        for phrase, kind in phrases.get(first, ()):
            rest = phrase[1:]
            if all(map(places.__contains__, rest)) and any(
                all(near(places[word], start) for word in rest) for start in starts
            ):
                yield phrase, kind


def near(places: Sequence[int], start: int) -> bool:
    """Whether one of the places is within `PHRASE_WINDOW` words of the start."""
    return any(abs(place - start) <= PHRASE_WINDOW for place in places)

"""Which language a customer writes, whether we can serve it, and what to say where we cannot."""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from bot.rules import normalise
from bot.stopwords import STOP_WORDS
from bot.words import fold

SERVED = tuple(STOP_WORDS)
"""The languages that have a phrase file and small words of their own."""

UNKNOWN = "und"  # ISO 639-3: writing that none of our tables knows
LONGEST = 1_500  # characters that are looked at
FEW = 3  # words: fewer of them change no conversation's language
SMALL_SHARE = 0.2  # of the words must be small words of a language before we call it one that we do not serve
HITS = 3  # different ones of them, or two and a letter of its own
MARGIN = 0.3  # so much more must speak for another served language than for the conversation's
AHEAD = 1.0  # so much more than any served language must speak for one that is not
_NOT_WORDS = re.compile(
    r"https?://\S+|www\.\S+|\S+@\S+|[\w-]+(?:\.[\w-]+)+(?:/\S*)?|[@#]\w+|`[^`]*`|[!-~]*\d[!-~]*|\x00|[“\"«„][^“”\"«»„]{0,200}[”\"»“]"
)
_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS: Mapping[str, str] = {
    "CYRILLIC": "ru",
    "GREEK": "el",
    "HEBREW": "he",
    "ARABIC": "ar",
    "THAI": "th",
    "DEVANAGARI": "hi",
    "BENGALI": "bn",
    "HANGUL": "ko",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "KATAKANA-HIRAGANA": "ja",
    "CJK": "zh",
}
_WRITTEN_IN: Mapping[str, tuple[str, ...]] = {
    "ru": ("ru", "uk", "bg", "sr"),
    "ar": ("ar", "fa", "ur"),
    "zh": ("zh", "ja"),
}
"""Languages that share a writing with the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """One language: its folded small words, letters of its own, and the line that calls for patience."""

    code: str
    words: frozenset[str] = frozenset()
    letters: frozenset[str] = frozenset()
    says: str = ""


@lru_cache(maxsize=1_024)
def of(text: str, known: str = "") -> str:
    """The language of a message, as ISO 639: the `known` one of the conversation unless the text clearly tells another.

    With nothing known yet, a single word may tell; "en" where nothing tells. `UNKNOWN` for a writing without a table.
    """
    clean = _NOT_WORDS.sub(" ", normalise(text[: 4 * LONGEST]))[:LONGEST]
    if clean.isascii():  # most texts: one writing, and no language's own letters
        return _of_latin(tuple(_WORD.findall(clean.lower())), frozenset(), known)
    letters = [letter for letter in clean if letter.isalpha()]
    if not letters:
        return known or "en"
    scripts = Counter(map(_script, letters))
    script, count = scripts.most_common(1)[0]
    if scripts.keys() & {"HIRAGANA", "KATAKANA", "CJK"} and count < len(letters):
        # Japanese mixes writings, and a sign of these says as much as a word.
        east = sum(scripts[name] for name in ("HIRAGANA", "KATAKANA", "CJK"))
        if 3 * east >= len(letters) - east:
            script = "CJK"
    if script != "LATIN":
        return (
            _of_script(script, frozenset(clean.lower()), scripts, clean, known) if len(letters) > 1 else known or "en"
        )
    return _of_latin(tuple(_WORD.findall(fold(clean))), frozenset(clean.lower()), known)


def is_served(language: str, *, has_model: bool = False) -> bool:
    """Whether the assistant may answer in a language itself: it has our fixed texts, or a model."""
    return has_model or language in SERVED


def held(language: str, english: str) -> str:
    """What a customer reads whose language we do not serve: a line of theirs, if we have one, then the English one."""
    tongue = _tongues().get(language)
    return f"{tongue.says}\n\n{english}" if tongue is not None and tongue.says else english


def _of_latin(words: tuple[str, ...], letters: frozenset[str], known: str) -> str:
    if not words:
        return known or "en"
    scores = _scores(words, letters)
    best = max(SERVED, key=lambda code: (scores[code], code == known, code == "en"))
    other = max(scores.keys() - set(SERVED), key=lambda code: (scores[code], code == known, code))
    if _is_plainly(other, words, letters) and scores[other] > scores[best] + AHEAD:
        return other
    if not known:
        return best
    if len(words) < FEW and not _is_all_theirs(words):
        return known
    # Back from a language that we do not serve only when that is as plain as the way into it.
    ahead = MARGIN if known in SERVED else AHEAD
    return best if scores[best] > scores.get(known, 0.0) + ahead else known


def _is_all_theirs(words: tuple[str, ...]) -> bool:
    """Whether so short a text is nothing but small words of one language: "guten tag", "que tal"."""
    return len(words) > 1 and any(all(word in small for word in words) for small in STOP_WORDS.values())


def _is_plainly(code: str, words: tuple[str, ...], letters: frozenset[str]) -> bool:
    tongue = _tongues()[code]
    hits = {word for word in words if word in tongue.words}
    own = len(letters & tongue.letters)
    share = sum(word in tongue.words for word in words) / len(words)
    return len(words) >= FEW and share >= SMALL_SHARE and (len(hits) >= HITS or (len(hits) >= HITS - 1 and own > 0))


def _scores(words: tuple[str, ...], letters: frozenset[str]) -> dict[str, float]:
    """How much speaks for each language: a small word counts the less, the more languages have it."""
    rarity = _rarity()
    scores = dict.fromkeys((*SERVED, *(code for code, tongue in _tongues().items() if tongue.words)), 0.0)
    for word in words:
        for code in rarity.get(word, ()):
            scores[code] += 1.0 / len(rarity[word])
    if letters:
        for code, own in _letters().items():
            scores[code] += 0.7 * min(3, len(letters & own))
    return scores


_SERVED_LETTERS: Mapping[str, frozenset[str]] = {
    "de": frozenset("ß"),
    "fr": frozenset("œêèùû"),
    "es": frozenset("ñ¿¡"),
    "pt": frozenset("ãõ"),
}


def _of_script(script: str, letters: frozenset[str], scripts: Counter[str], clean: str, known: str) -> str:
    """By the writing; letters that only some languages have tell them apart."""
    first = _SCRIPTS.get(script)
    if first is None:
        return UNKNOWN
    if script == "CJK":
        return "ja" if scripts["HIRAGANA"] + scripts["KATAKANA"] else "zh"
    family = _WRITTEN_IN.get(first, (first,))
    if first == "ru" and letters & frozenset("іїєґ"):
        return "uk"
    for code in family:
        if letters & _tongues()[code].letters and not (code == "bg" and letters & frozenset("ыэё")):
            return _by_words(code, clean) if code == "bg" else code
    return known if known in family else first


def _by_words(code: str, clean: str) -> str:
    """Bulgarian shares its letter with Russian: its small words decide."""
    words = _WORD.findall(fold(clean))
    hits = sum(word in _tongues()[code].words for word in words)
    return code if 3 * hits >= len(words) else "ru"


def _script(letter: str) -> str:
    return "LATIN" if letter.isascii() else unicodedata.name(letter, "UNKNOWN").split(" ", 1)[0]


@cache
def _tongues() -> Mapping[str, Tongue]:
    table = tomllib.loads(files("bot.phrases").joinpath("unserved.toml").read_text("utf-8"))
    return {
        code: Tongue(
            code=code,
            words=frozenset(fold(word) for word in entry.get("words", "").split()),
            letters=frozenset(entry.get("letters", "")),
            says=entry["says"],
        )
        for code, entry in table.items()
    }


@cache
def _letters() -> Mapping[str, frozenset[str]]:
    """The letters that only some of the languages in Latin writing have."""
    return {**_SERVED_LETTERS, **{code: tongue.letters for code, tongue in _tongues().items() if tongue.words}}


@cache
def _rarity() -> Mapping[str, tuple[str, ...]]:
    """The languages that each small word belongs to."""
    every = {**STOP_WORDS, **{code: tongue.words for code, tongue in _tongues().items()}}
    words = set().union(*every.values())
    return {word: tuple(code for code, small in every.items() if word in small) for word in words}

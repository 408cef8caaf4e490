"""What the phrase files say, compiled, and how a message is held against it: bounded, with the customer's words."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from bot.patterns import Pattern, fold
from bot.sieve import Family, Sieve, Worth

HEAD, TAIL = 4_000, 2_000
"""A longer message is read only at its beginning and its end; in between nobody asks for a person."""

SHORT = 500
"""The words of texts up to so many characters are kept, and more of their readings than of longer ones.

What was asked before is looked at anew in each turn.
"""

OURS = frozenset({"claims_human", "discloses", "promises"})
"""What is looked for in our own texts; everything else is looked for in what customers write."""

QUOTE = 160
"""Evidence is at most this many characters of the customer's own words."""

_HIDDEN = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_STRAIGHT = {ord(curly): "'" for curly in "’‘‚‛ʼ´`′"}
_STRAIGHT |= {ord(curly): '"' for curly in "“”„‟«»″"}
_STRAIGHT |= {ord(dash): "-" for dash in "‐‑‒–—―−"}
_SPACE = re.compile(r"\s+")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def normalise(text: str) -> str:
    """Make one spelling of many: NFKC, no invisible characters, straight quotes and dashes, single spaces.

    At most `HEAD` + `TAIL` characters come back; case, accents and stretched letters stay.
    """
    if len(text) > 4 * (HEAD + TAIL):
        text = text[: 3 * HEAD] + " " + text[-3 * TAIL :]
    visible = _HIDDEN.sub("", text).translate(_STRAIGHT)
    plain = _SPACE.sub(" ", _HIDDEN.sub("", unicodedata.normalize("NFKC", visible))).strip()
    return plain if len(plain) <= HEAD + TAIL else plain[:HEAD] + " " + plain[1 - TAIL :]


def prepare(text: str, phrases: "Phrases", *, ours: bool = False) -> "Prepared":
    """Normalise once for all rules, and list the ways to read the message; `ours` is a text that is to leave.

    Triggers and gate read the same text more than once on its way through the loop, so the last ones are kept.

    Stretched letters ("pleeease") are read as written, doubled, and single. Where a word is one slip away from one of
    the words that the files list for repair ("reprsentative"), the message is also read with that word.
    """
    return (_prepare_short if len(text) <= SHORT else _prepare_long)(text, phrases, ours)


def _prepare(text: str, phrases: "Phrases", ours: bool) -> "Prepared":
    clean, sieve = normalise(text), phrases.ours if ours else phrases.theirs
    views = [_view(clean, None, sieve)]
    if _STRETCHED.search(clean):
        views += [_view(*_squeezed(clean, keep), sieve) for keep in (2, 1)]
    last = views[-1]
    if repaired := _repaired(last.text, phrases):
        places = range(len(last.text)) if last.places is None else last.places
        views.append(_view(repaired[0], tuple(places[place] for place in repaired[1]), sieve))
    return Prepared(clean=clean, views=tuple(views), sieve=sieve)


_prepare_short = lru_cache(maxsize=128)(_prepare)
_prepare_long = lru_cache(maxsize=16)(_prepare)


def slips(word: str) -> frozenset[str]:
    """Every spelling of a word with one letter left out, and the word itself: two slips that share one are near."""
    return frozenset({word, *(word[:place] + word[place + 1 :] for place in range(len(word)))})


def find(wanted: Family, text: "Prepared") -> str | None:
    """Find the words that fire this family, as the customer wrote them; None when it stays silent.

    One strong match is enough; of the weak, two different ones are needed. A match that overlaps an `unless` is none.
    Raises ValueError for a family of the other side: a text is prepared for what customers say or for what we say.
    """
    if wanted not in text.sieve.families:
        message = "the text was not prepared for this family"
        raise ValueError(message)
    for view in text.views:
        worth = view.worth.get(wanted)
        if worth is not None and (spans := _spans(worth, view)):
            return quote(text.clean, view, spans)
    return None


def only(wanted: Mapping[str, Family], filler: Family, text: "Prepared") -> frozenset[str]:
    """Tell which of these a message is nothing but: no word is left once its matches and the filler are taken away."""
    return frozenset(name for view in text.views for name in _covering(wanted, filler, view))


def quote(clean: str, view: "View", spans: list[tuple[int, int]]) -> str:
    """Give back the customer's own spelling of what matched, at most `QUOTE` characters."""
    parts = []
    for start, end in spans:
        if view.places is None:
            parts.append(clean[start:end].strip())
        else:
            parts.append(clean[view.places[start] : view.places[end - 1] + 1].strip())
    return " … ".join(parts)[:QUOTE]


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, lower case and without accents, in their order."""
    return _words_of_short(text) if len(text) <= SHORT else _words_of(text)


def _words_of(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(fold(text)[0].lower()))


_words_of_short = lru_cache(maxsize=4_096)(_words_of)


def _view(text: str, places: tuple[int, ...] | None, sieve: Sieve) -> "View":
    folded, moved = fold(text)
    if moved is not None:
        places = moved if places is None else tuple(places[place] for place in moved)
    lower = folded.lower()
    return View(text=folded, lower=lower, places=places, worth=sieve.worth_trying(lower))


def _squeezed(clean: str, keep: int) -> tuple[str, tuple[int, ...]]:
    """Cut runs of three or more of a letter down to `keep`, and tell where each character stood."""
    dropped = {place for run in _STRETCHED.finditer(clean) for place in range(run.start() + keep, run.end())}
    places = tuple(place for place in range(len(clean)) if place not in dropped)
    return "".join(clean[place] for place in places), places


def _repaired(text: str, phrases: "Phrases") -> tuple[str, tuple[int, ...]] | None:
    """Replace words one slip away from a known one, and keep the places; None if nothing changed."""
    pieces: list[str] = []
    places: list[int] = []
    done = 0
    for word in _WORD.finditer(text):
        right = _right_spelling(word[0].lower(), phrases)
        if right is None:
            continue
        pieces += [text[done : word.start()], right]
        places += range(done, word.start())
        places += [min(word.start() + step, word.end() - 1) for step in range(len(right) - 1)] + [word.end() - 1]
        done = word.end()
    if not pieces:
        return None
    return "".join(pieces) + text[done:], (*places, *range(done, len(text)))


def _right_spelling(word: str, phrases: "Phrases") -> str | None:
    return _meant(word, phrases) if 5 <= len(word) <= 20 else None


@lru_cache(maxsize=4_096)
def _meant(word: str, phrases: "Phrases") -> str | None:
    """Find the word that was meant: one letter missing, too many, wrong or swapped with its neighbour."""
    repairs = phrases.repairs
    if repairs.get(word) == word:
        return None
    near = sorted(repairs.keys() & slips(word))
    return next((repairs[slip] for slip in near if repairs[slip] != word and _one_slip(word, repairs[slip])), None)


def _one_slip(word: str, right: str) -> bool:
    """Tell whether one letter was dropped, added, changed, or swapped with the next."""
    start = next(
        (place for place, (a, b) in enumerate(zip(word, right, strict=False)) if a != b), min(len(word), len(right))
    )
    rest, wanted = word[start:], right[start:]
    return (
        rest[1:] == wanted
        or rest == wanted[1:]
        or rest[1:] == wanted[1:]
        or (rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:])
    )


def _spans(worth: Worth, view: "View") -> list[tuple[int, int]]:
    for span in _matches(worth, view):
        return [span]
    _, weak, unless = worth
    spans: list[tuple[int, int]] = []
    for pattern in weak:
        spans += islice(_counted(pattern, unless, view), 1)
        if len(spans) > 1:
            return sorted(spans)
    return []


def _matches(worth: Worth, view: "View") -> Iterator[tuple[int, int]]:
    """Every strong match that no `unless` excuses, as places in the view's text."""
    strong, _, unless = worth
    for pattern in strong:
        yield from _counted(pattern, unless, view)


def _counted(pattern: Pattern, unless: Sequence[Pattern], view: "View") -> Iterator[tuple[int, int]]:
    for start, end in pattern.spans(view.text, view.lower):
        excuses = (span for other in unless for span in other.spans(view.text, view.lower))
        if not any(start < until and begin < end for begin, until in excuses):
            yield start, end


def _covering(wanted: Mapping[str, Family], filler: Family, view: "View") -> Iterator[str]:
    left: list[int] | None = None
    for name, family in wanted.items():
        worth = view.worth.get(family) if family is not filler else None
        spans = list(_matches(worth, view)) if worth is not None else []
        if not spans:
            continue
        if left is None:  # what the filler leaves is looked for late: most messages are no small talk
            words = [word.start() for word in _WORD.finditer(view.text)]
            left = _outside(list(_matches(view.worth[filler], view)), words) if filler in view.worth else words
        if not _outside(spans, left):
            yield name


def _outside(spans: list[tuple[int, int]], words: list[int]) -> list[int]:
    """Where the words begin that stand in none of the spans."""
    return [word for word in words if all(not start <= word < end for start, end in spans)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One phrase file: families by name, groups of them (`high_stakes`, `promises`, `small_talk`), and what we say.

    `small_words` say nothing of the matter; `repair` are words to recognise when misspelt, `spared` only look so.
    """

    code: str
    small_words: frozenset[str]
    repair: frozenset[str]
    spared: frozenset[str]
    families: Mapping[str, Family]
    groups: Mapping[str, Mapping[str, Family]]
    say: Mapping[str, str]


class Phrases:
    """All languages. `theirs` and `ours` sort the patterns for what customers write and for what is to leave.

    `repairs` maps slips to the word meant.
    """

    def __init__(self, languages: Mapping[str, Language], repairs: Mapping[str, str]) -> None:
        self.languages, self.repairs = languages, repairs
        families: defaultdict[str, list[Family]] = defaultdict(list)
        groups: defaultdict[str, list[tuple[str, Family]]] = defaultdict(list)
        for language in languages.values():
            for name, family in language.families.items():
                families[name].append(family)
            for name, members in language.groups.items():
                groups[name] += members.items()
        self._families = {name: tuple(found) for name, found in families.items()}
        self._groups = {name: tuple(found) for name, found in groups.items()}
        named = [
            *((n, f) for n, many in families.items() for f in many),
            *((n, f) for n, many in groups.items() for _, f in many),
        ]
        self.theirs = Sieve(family for name, family in named if name not in OURS)
        self.ours = Sieve(family for name, family in named if name in OURS)

    def families(self, name: str) -> tuple[Family, ...]:
        """Give the family of this name in every language that has it."""
        return self._families.get(name, ())

    def group(self, name: str) -> tuple[tuple[str, Family], ...]:
        """Give each member's name and family in every language that has the group."""
        return self._groups.get(name, ())

    def say(self, language: str, key: str, **fields: str) -> str:
        """Fill one of the fixed texts; an unknown language is answered in English. Raises KeyError for a wrong key."""
        spoken = self.languages.get(language) or self.languages["en"]
        return spoken.say[key].format(**fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One reading of a message. `places` tells where in the clean text each character stood, if it moved.

    `lower` is the text in small letters, character by character: a text without accents has none that grows.

    `worth` has the patterns that may match it, by family.
    """

    text: str
    lower: str
    places: tuple[int, ...] | None
    worth: Mapping[Family, Worth]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A message made ready for all rules: the clean text, and the ways to read it."""

    clean: str
    views: tuple[View, ...]
    sieve: Sieve

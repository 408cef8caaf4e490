"""The pattern language of the phrase files: a safe subset of regular expressions, and the words that each needs."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

MAX_REPEAT = 40
"""`*` and `+` stand for at most this many repeats, so no pattern can run away on a hostile text."""

MAX_NEEDS = 3
"""How many sets of words are kept of those that a pattern needs one each of."""

MAX_CHOICES = 4_000
"""How many ways the repeats of one pattern may be combined; more is refused when the file is loaded."""

BUILT_IN: Mapping[str, str] = {
    "q": "'?",
    "few": r"(?:[^ .!?;]{1,24} ){0,3}",
    "gap": r"(?:[^ .!?;]{1,24} ){0,6}",
    "sep": r"(?:[ ,.!:;\-]){1,4}",
    "start": r"(?:^|[.!?,;:)\-] ?|\b(?:and|und|et|y|e) )",
    "end": r"(?=[ .!?,;:)'\"\-]{0,8}$)",
    "stop": r"(?=[ .!?,;:)'\"\-]{0,8}$| ?[.!?;])",
}
"""Macros that every file has: an apostrophe that may be missing; up to three or six words of the same sentence; what
stands between words; where a sentence begins, a message ends, a sentence ends. Gaps and separators are the only repeats
that may stand inside repeats: a word cannot hold what ends it, so they stay linear."""

EVERYDAY = (
    " the you your this that with have has not and for are can will my is it to me on in an at of we he she they "
    "was all any one our us from there here what how who when account order card der die das ich sie und ein "
    "eine nicht ist mit von les des une est pas vous que qui pour dans los las una con por para esta este nao "
    "uma com como ser ent "
)
"""Words, and pieces of words, that most messages have: no use as a filter."""

Needs = tuple[frozenset[str], ...]
"""Of each set, a text must hold one word at least, or the pattern cannot match it. The rarest words come first."""

_MACRO = re.compile(r"\{([a-z_][a-z_0-9]*)\}")
_QUANTIFIER = re.compile(r"[*+?]|\{(\d+)(,(\d*))?\}")
_GROUP = re.compile(r"\((\?(?::|=|!|<=|<!|-i:))?")
_UMLAUTS = {"ä": "(?:ae|a)", "ö": "(?:oe|o)", "ü": "(?:ue|u)", "Ä": "(?:ae|a)", "Ö": "(?:oe|o)", "Ü": "(?:ue|u)"}
_ESCAPES = frozenset("bBdDsSwW")
# A character class, an escape, a look or a marked group are kept; a bare group and an open repeat are not.
_PIECE = re.compile(r"\\.|\[(?:\\.|[^\\])(?:\\.|[^\]\\])*\]|\(\?|(?P<group>\()|(?P<open>[*+]|\{\d+,\})", re.DOTALL)
_CAPITALS = re.compile(r"\\.|[A-Z]+", re.DOTALL)


def expand(source: str, words: Mapping[str, tuple[str, ...]]) -> str:
    """Put the alternatives of `words` where `{name}` stands. Raises PatternError for a name that nobody defined."""
    expanded = source
    for _ in range(4):  # a macro may use macros, four deep
        expanded = _MACRO.sub(lambda macro: _replacement(macro[1], words), expanded)
    if _MACRO.search(expanded):
        message = f"macros nested deeper than four, or in a circle: {source!r}"
        raise PatternError(message)
    return expanded


def compile_pattern(source: str, words: Mapping[str, tuple[str, ...]]) -> "Pattern":
    """Read and compile at once. Raises PatternError, which says what is wrong with the pattern."""
    reading = _Parser(_fold_accents(expand(source, words))).read()
    pattern = Pattern(source, words, reading.needs)
    if pattern.matches_nothing():
        message = "it matches the empty text"
        raise PatternError(message)
    return pattern


def _bounded(source: str) -> str:
    """Put a limit on every repeat that has none, and let no group remember what it matched."""
    return _PIECE.sub(_bound, source)


def _bound(piece: re.Match[str]) -> str:
    if piece["group"]:
        return "(?:"
    match piece["open"]:
        case None:
            return piece[0]
        case "*":
            return f"{{0,{MAX_REPEAT}}}"
        case "+":
            return f"{{1,{MAX_REPEAT}}}"
        case least:
            low = int(least[1:-2])
            return f"{{{low},{low + MAX_REPEAT}}}"


def _lower(source: str) -> str:
    r"""Write letters small, but for those of an escape: `\S` is not `\s`."""
    return _CAPITALS.sub(lambda found: found[0] if found[0][0] == "\\" else found[0].lower(), source)


def fold(text: str) -> tuple[str, tuple[int, ...] | None]:
    """Drop accents, so that `nao` and `não` are one word; where that changed a text, give each character's place."""
    if text.isascii():
        return text, None
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for plain in _plain(character):
            folded.append(plain)
            places.append(place)
    return "".join(folded), tuple(places)


@lru_cache(maxsize=4_096)
def _plain(character: str) -> str:
    if character in "ßẞ":
        return "ss"
    return "".join(part for part in unicodedata.normalize("NFD", character) if not unicodedata.combining(part))


def _fold_accents(source: str) -> str:
    if source.isascii():
        return source
    folded: list[str] = []
    in_class = False
    for place, character in enumerate(source):
        if character in "[]" and source[place - 1 : place] != "\\":
            in_class = character == "["
        wanted = _plain(character) if in_class else _UMLAUTS.get(character, _plain(character))
        folded.append(wanted)
    return "".join(folded)


def _replacement(name: str, words: Mapping[str, tuple[str, ...]]) -> str:
    if name in BUILT_IN:
        return BUILT_IN[name]
    if name not in words:
        message = f"{{{name}}} is not defined in [words]"
        raise PatternError(message)
    return f"(?:{'|'.join(words[name])})"


def _best(candidates: Iterable[frozenset[str]]) -> Needs:
    """Pick the needs that sort out most texts, at most `MAX_NEEDS`: first those least likely to be met by chance."""
    usable = {needs for needs in candidates if needs and all(map(_tells, needs))}
    ranked = sorted(usable, key=lambda needs: (sum(map(_chance, needs)), sorted(needs)))
    return tuple(ranked[:MAX_NEEDS])


def _tells(need: str) -> bool:
    """Whether a need sorts anything out: one letter stands in every text, one emoji in few."""
    plain = need.replace(" ", "")
    return len(plain) > 1 or (plain != "" and not plain.isascii())


def _chance(need: str) -> float:
    """How often an ordinary message has this, very roughly: short ones often, everyday words very often."""
    plain = need.strip()
    return 1.0 if f" {plain} " in EVERYDAY else 4.0 ** -len(plain)


class PatternError(Exception):
    """A pattern that the engine will not run; the text says why."""


class Pattern:
    """One pattern. A text that has not one word of each of `needs` cannot match; empty means that it must be tried.

    It is compiled when it is first tried: most messages try few, and compiling all of them takes seconds.
    """

    __slots__ = ("_regex", "_words", "cased", "needs", "source")

    def __init__(self, source: str, words: Mapping[str, tuple[str, ...]], needs: Needs) -> None:
        self.source = source
        self.needs = needs
        self.cased = "(?-i:" in source
        self._words = words
        self._regex: re.Pattern[str] | None = None

    @property
    def regex(self) -> re.Pattern[str]:
        """The compiled pattern: for a text in small letters, unless `cased`. Raises PatternError for a wrong one."""
        return self._regex or self._compiled()

    def compile(self) -> bool:
        """Compile it ahead; tell whether that was left to do. Raises PatternError for a wrong one."""
        if self._regex is not None:
            return False
        self._compiled()
        return True

    def _compiled(self) -> re.Pattern[str]:
        bounded = _bounded(_fold_accents(expand(self.source, self._words)))
        try:
            # Letters in both cases take three times as long to compile, so most are held against small ones.
            self._regex = re.compile(bounded, re.IGNORECASE) if self.cased else re.compile(_lower(bounded))
        except re.error as error:
            message = f"not a regular expression: {error}"
            raise PatternError(message) from error
        return self._regex

    def matches_nothing(self) -> bool:
        """Whether it matches the empty text, which every message holds. Raises PatternError for a wrong one."""
        return self.regex.match("") is not None

    def spans(self, text: str, lower: str) -> Iterator[tuple[int, int]]:
        """Where it matches a text without accents, which is given once more in small letters."""
        return (match.span() for match in self.regex.finditer(text if self.cased else lower) if match[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What a piece of a pattern comes to: the words it needs, the ways its repeats combine."""

    needs: Needs = ()
    choices: int = 1
    repeats: bool = False


@dataclass(slots=True)
class _Parser:
    """Walks a pattern once, left to right."""

    source: str
    at: int = 0

    def read(self) -> _Reading:
        reading = self._alternatives()
        if self.at < len(self.source):
            message = f"an unexpected ) at {self.at}"
            raise PatternError(message)
        if reading.choices > MAX_CHOICES:
            message = f"its repeats combine in {reading.choices} ways, {MAX_CHOICES} are the limit: shorten the gaps"
            raise PatternError(message)
        return reading

    def _alternatives(self) -> _Reading:
        branches = [self._sequence()]
        while self.source.startswith("|", self.at):
            self.at += 1
            branches.append(self._sequence())
        each = zip(*(branch.needs for branch in branches), strict=False)  # as many as the branch with the fewest has
        return _Reading(
            needs=_best(frozenset().union(*sets) for sets in each),
            choices=max(branch.choices for branch in branches),
            repeats=any(branch.repeats for branch in branches),
        )

    def _sequence(self) -> _Reading:
        run, choices, repeats = "", 1, False
        candidates: list[frozenset[str]] = []
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            begin = self.at
            literal, item = self._item()
            end = self.at
            low, high = self._quantifier()
            if high > 1 and item.repeats:
                message = f"a repeat inside a repeat: {self.source[begin:end]!r}"
                raise PatternError(message)
            choices *= item.choices * (high - low + 1 if high > 1 else 1)
            repeats = repeats or item.repeats or high > 1
            if literal and low == high == 1:
                run += literal
                continue
            candidates.append(frozenset({run + literal if low else run}))
            candidates += item.needs if low else ()
            run = ""
        candidates.append(frozenset({run}))
        return _Reading(needs=_best(candidates), choices=choices, repeats=repeats)

    def _item(self) -> tuple[str, _Reading]:
        """One character, class, escape, anchor or group; the first part is its letter where it is one."""
        character = self.source[self.at]
        if character == "(":
            return "", self._group()
        if character == "[":
            return "", self._class()
        if character in "*+?{}":
            message = f"nothing to repeat at {self.at}: {self.source[self.at : self.at + 10]!r}"
            raise PatternError(message)
        self.at += 1
        if character in ".^$":
            return "", _Reading()
        if character != "\\":
            return character.lower(), _Reading()
        escaped = self.source[self.at : self.at + 1]
        self.at += 1
        if escaped in _ESCAPES and escaped:
            return "", _Reading()
        if not escaped or escaped.isalnum():
            message = f"\\{escaped} is not part of the pattern language"
            raise PatternError(message)
        return escaped, _Reading()

    def _class(self) -> _Reading:
        end = self.at + 1
        while end < len(self.source) and (self.source[end] != "]" or end == self.at + 1):
            end += 2 if self.source[end] == "\\" else 1
        if end >= len(self.source):
            message = f"[ without ] at {self.at}"
            raise PatternError(message)
        self.at = end + 1
        return _Reading()

    def _group(self) -> _Reading:
        for gap in BUILT_IN.values():
            if self.source.startswith(gap, self.at) and gap.endswith("}"):
                self.at += len(gap)
                return _Reading()
        opening = _GROUP.match(self.source, self.at)
        kind = opening[1] if opening else ""
        if kind is None and self.source.startswith("(?", self.at):
            message = f"{self.source[self.at : self.at + 4]!r} is not part of the pattern language"
            raise PatternError(message)
        self.at += len(kind or "") + 1
        inner = self._alternatives()
        if not self.source.startswith(")", self.at):
            message = "( without )"
            raise PatternError(message)
        self.at += 1
        looks = bool(kind) and kind not in ("?:", "?-i:")  # never tried a second way, and it may forbid its words
        return _Reading(
            needs=() if looks else inner.needs,
            choices=1 if looks else inner.choices,
            repeats=inner.repeats,
        )

    def _quantifier(self) -> tuple[int, int]:
        """Least and most of the quantifier here; once where there is none."""
        found = _QUANTIFIER.match(self.source, self.at)
        if not found:
            return 1, 1
        self.at = found.end()
        self.at += self.source.startswith("?", self.at)  # lazy
        match found[0]:
            case "?":
                return 0, 1
            case "*":
                return 0, MAX_REPEAT
            case "+":
                return 1, MAX_REPEAT
        low = int(found[1])
        return low, low if found[2] is None else int(found[3] or low + MAX_REPEAT)

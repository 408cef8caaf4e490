"""A sentence as the check reads it: words, numbers with their units, dates, and the words that turn a statement."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from bot.grounding import lexicon
from bot.rules import normalise
from bot.stopwords import STOP_WORDS
from bot.words import fold

LINK = "link"  # stands where a link or address stood; what it is, links.py compares
_PIECE = re.compile(
    r"(?P<link>\x00)"
    r"|(?P<time>\b\d{1,2}[:.]\d{2}(?::\d{2})?\s?(?:[ap]\.?m\b\.?|uhr\b)|\b\d{1,2}:\d{2}(?::\d{2})?\b(?![:.]\d)"
    r"|\b\d{1,2}\s?(?:[ap]\.m\.|[ap]m\b|uhr\b)|\b\d{1,2}\s?h\s?\d{2}\b|\b(?:noon|midnight)\b)"
    r"|(?P<iso>\b\d{4}-\d{2}-\d{2}\b)"
    r"|(?P<number>(?<![\w.])\d{1,3}(?:[ '’\u00a0\u202f]\d{3})+(?![\d\w])(?:[.,]\d+)?"
    r"|(?<![A-Za-z\u00c0-\u024f\u0370-\u052f])\d+(?:[.,]\d+)*)"
    r"|(?P<sign>[$€£¥₹%])"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*(?:(?<=[A-Za-z\u00c0-\u024f\u0370-\u052f])\d+)?)"
    r"|(?P<end>[.!?…。！？;:]+(?=\s|$|[\"')\]*_])|\n)"
    r"|(?P<dash>[-/–+&])|(?P<other>[^\s\w])",
    re.IGNORECASE,
)
_NOT_TAILS = ("n't",)
_ELIDED = frozenset({"l", "d", "j", "m", "t", "s", "c", "qu", "jusqu", "lorsqu", "puisqu"})
_BARE_NOT = {
    "cant": "can",
    "cannot": "can",
    "dont": "do",
    "doesnt": "does",
    "didnt": "did",
    "isnt": "is",
    "arent": "are",
    "wasnt": "was",
    "wont": "will",
    "wouldnt": "would",
    "couldnt": "could",
    "shouldnt": "should",
    "havent": "have",
    "hasnt": "has",
}
_IRREGULAR = {"can't": "can", "won't": "will", "shan't": "shall", "ain't": "is"}
_TIME = re.compile(r"(\d{1,2})(?:\s?[:.h]\s?(\d{2}))?(:\d{2})?\s?([ap])?", re.IGNORECASE)
_OF_TIME = frozenset({"in", "by", "since", "until", "till", "from", "early", "late", "mid", "of", "each", "every"}) | {
    "through",
    "and",
    "to",
    "or",
    "between",
    "this",
    "next",
    "last",
    "until",
    "before",
    "after",
    "during",
}
_SUBJECTS = frozenset({"you", "we", "it", "they", "this", "that", "these", "those", "there", "the", "your", "our"}) | {
    *("sie", "wir", "es", "das", "die", "der", "vous", "nous", "il", "elle", "le", "la", "les", "voce", "ele", "ela"),
}
_RANGE = frozenset({"to", "or", "and", "bis", "oder", "und", "a", "ou", "et", "y", "o", "e"})


@dataclass(frozen=True, slots=True)
class Token:
    """One word or number.

    `key` is what is compared; `role` is empty for an ordinary word, else not, except, only, must, may, all, some, many,
    few, up, down, number, month, weekday, th (first, second), unit or link. A number has its possible `values` and the
    `unit` it is counted in. `name` is true of a word with a capital where none is due; `opens` of a sentence's first.
    """

    key: str
    word: str
    role: str = ""
    content: bool = False
    name: bool = False
    opens: bool = False
    values: frozenset[str] = frozenset()
    unit: str = ""


@lru_cache(maxsize=2_048)
def read(text: str, language: str) -> tuple[Token, ...]:
    """Read a text whose links are taken out (a NUL stands for each). Sentences follow each other without a mark."""
    clean = normalise(text.replace("\x00", " \ufffc ")).replace("\ufffc", "\x00")
    return tuple(_with_units(_joined(_without_answers(list(_raw(clean, language))), language)))


def is_turn(token: Token) -> bool:
    """Whether it turns a statement round: a negation or an exception."""
    return token.role in ("not", "except")


def spelled(token: Token) -> str:
    """A token as it is named in a reason."""
    return f"{token.word} {token.unit}".strip() if token.role == "number" else token.word


def _raw(text: str, language: str) -> Iterator[Token]:
    opens = True
    for found in _PIECE.finditer(text):
        kind, piece = found.lastgroup or "", found[0]
        match kind:
            case "link":
                yield Token(LINK, "link", role=LINK, content=True)
            case "time":
                yield Token(f"time {piece}", piece, role="number", content=True, values=_times(piece), unit="clock")
            case "iso":
                year, month, day = piece.split("-")
                yield _number(year, language)
                yield Token(f"month-{int(month)}", piece, role="month", content=True)
                yield _number(day, language)
            case "number":
                yield _number(piece, language)
            case "sign":
                yield Token(lexicon.UNITS[piece], piece, role="sign")
            case "word":
                yield from _words(piece, language, opens=opens)
            case "end":
                yield Token("", piece, role="end")
            case "dash":
                yield Token(piece, piece, role="dash")
            case _:
                yield Token("", piece, role="mark")
        if kind in ("end", "other") and piece in ".!?…。！？;:\n•#|":
            opens = True
        elif kind not in ("mark", "dash", "other"):
            opens = False


def _without_answers(tokens: Sequence[Token]) -> Iterator[Token]:
    """`No, it is not` negates once: a yes or no before a comma, or before a subject, answers and says nothing more."""
    for at, token in enumerate(tokens):
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        if fold(token.word) in lexicon.YES_OR_NO and token.role != "mark" and after is not None:
            if after.word == "," and (token.opens or token.role == "not"):
                continue
            if token.opens and fold(after.word) in _SUBJECTS:
                continue
        yield token


def _words(piece: str, language: str, *, opens: bool) -> Iterator[Token]:
    """The tokens of a word: contractions are opened, a negating beginning is a negation of its own."""
    low = fold(piece)
    if low in _IRREGULAR:
        low, negated = _IRREGULAR[low], True
    elif low in _BARE_NOT and language == "en":
        low, negated = _BARE_NOT[low], True
    elif low.endswith(_NOT_TAILS):
        low, negated = low[:-3], True
    else:
        negated = False
    head, _, tail = low.partition("'")
    if tail and head in _ELIDED:
        low, piece = tail, piece.partition("'")[2]
    elif tail and head == "n":  # n'est
        yield Token("not", piece, role="not", opens=opens)
        low, piece, opens = tail, piece.partition("'")[2], False
    elif tail:
        low, piece = head, piece.partition("'")[0]
    low = low.replace("'", "")
    if low == "unable":
        yield Token("not", piece, role="not", opens=opens)
        low, opens = "able", False
    yield _word(piece, low, language, opens=opens)
    if negated:
        yield Token("not", piece, role="not")


def _word(piece: str, low: str, language: str, *, opens: bool) -> Token:
    role = lexicon.TURNS.get(language, {}).get(low, "")
    capital = piece[:1].isupper()
    if low in lexicon.NUMBERS and low in lexicon.NUMBERS_IN.get(language, ()):
        value = lexicon.NUMBERS[low]
        return Token(value, piece, role="number", content=True, values=frozenset({value}), opens=opens)
    if low in lexicon.MONTHS and (capital or len(low) > 3) and low not in lexicon.ALSO_WORDS:
        return Token(lexicon.MONTHS[low], piece, role="month", content=True, opens=opens)
    if low in lexicon.WEEKDAYS and low not in lexicon.SHORT_DAYS:
        return Token(lexicon.WEEKDAYS[low], piece, role="weekday", content=True, opens=opens)
    if low in lexicon.ORDINALS and language != "es":
        return Token(lexicon.ORDINALS[low], piece, role="th", content=True, opens=opens)
    stop = low in STOP_WORDS.get(language, ()) or role != ""
    key = role if role in ("not", "except", "only") else lexicon.root(low, language)
    mixed = any(letter.isupper() for letter in piece[1:])
    return Token(
        key,
        piece,
        role=role,
        content=not stop and len(low) > 1,
        name=(capital and not opens and len(low) > 1) or (mixed and len(piece) > 1),
        opens=opens,
    )


def _number(piece: str, language: str) -> Token:
    return Token(piece, piece, role="number", content=True, values=_values(piece, language == "en"))


@lru_cache(maxsize=4_096)
def _values(piece: str, english: bool) -> frozenset[str]:
    """What a number written so may mean: outside of English 1,234 is a decimal fraction or, as people copy, not."""
    bare = re.sub(r"[ '’\u00a0\u202f]", "", piece)
    marks = [mark for mark in bare if mark in ".,"]
    if not marks:
        return frozenset({bare, bare.lstrip("0") or "0"}) if len(bare) <= 2 else frozenset({bare})
    last = max(bare.rfind("."), bare.rfind(","))
    whole, fraction = re.sub(r"[.,]", "", bare[:last]), bare[last + 1 :]
    decimal = f"{whole.lstrip('0') or '0'}.{fraction}".rstrip("0").rstrip(".")
    thousands = whole + fraction
    if len(marks) > 1 and len(set(marks)) == 1:
        return frozenset({thousands, bare})
    if len(marks) > 1 or len(fraction) != 3 or not whole.strip("0"):
        return frozenset({decimal})
    if marks[0] == ("," if english else "."):
        return frozenset({thousands})
    return frozenset({decimal}) if english else frozenset({decimal, thousands})


def _times(piece: str) -> frozenset[str]:
    """Minutes after midnight; without a half of the day, both are possible."""
    if piece.lower() in ("noon", "midnight"):
        return frozenset({"720"} if piece.lower() == "noon" else {"0", "1440"})
    found = _TIME.match(piece)
    if found is None:
        return frozenset({piece})
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[4] or "").lower()
    seconds = found[3] or ""
    if half:
        return frozenset({f"{(hour % 12 + (12 if half == 'p' else 0)) * 60 + minute}{seconds}"})
    times = {hour * 60 + minute}
    if 1 <= hour <= 12 and "uhr" not in piece.lower():
        times.add((hour % 12 + 12) * 60 + minute)
    return frozenset(f"{time}{seconds}" for time in times)


def _joined(tokens: Iterator[Token], language: str) -> list[Token]:
    """Put phrases such as `no longer` and `at least` into one token each, and months and days that are words too."""
    found = list(tokens)
    phrases = lexicon.PHRASES.get(language, {})
    joined: list[Token] = []
    at = 0
    while at < len(found):
        for length in (3, 2, 1):
            words = " ".join(fold(token.word) for token in found[at : at + length])
            if words in phrases:
                role = lexicon.SIDES.get(phrases[words], phrases[words])
                key = role if role in ("not", "except", "only", "up", "down") else lexicon.root(words, language)
                joined.append(Token(key, words, role=role, opens=found[at].opens))
                at += length
                break
        else:
            joined.append(_timed(found, at))
            at += 1
    return _french(joined) if language == "fr" else joined


def _french(tokens: list[Token]) -> list[Token]:
    """`ne … pas` is one negation, at the place of `ne`; `plus` and `que` belong to it as well."""
    kept: list[Token] = []
    since = 9
    for token in tokens:
        since += 1
        low = fold(token.word)
        if low in ("ne", "n") or low.startswith("n'"):
            since = 0
        elif since <= 4 and (token.role == "not" or low in ("plus", "que", "guere")):
            since = 9
            continue
        kept.append(token)
    return kept


def _timed(tokens: Sequence[Token], at: int) -> Token:
    token = tokens[at]
    low = fold(token.word)
    before = tokens[at - 1] if at else None
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    beside = any(near is not None and near.role in ("number", "dash") for near in (before, after))
    timely = before is not None and fold(before.word) in _OF_TIME
    if low in lexicon.ALSO_WORDS and token.word[:1].isupper() and (beside or timely):
        return Token(lexicon.MONTHS[low], token.word, role="month", content=True, opens=token.opens)
    if low in lexicon.SHORT_DAYS and token.word[:1].isupper() and (beside or timely):
        return Token(lexicon.WEEKDAYS[low], token.word, role="weekday", content=True, opens=token.opens)
    if low == "second" and (before is None or before.role != "number"):
        return Token("th-2", token.word, role="th", content=True, opens=token.opens)
    return token


def _with_units(tokens: Sequence[Token]) -> Iterator[Token]:
    """Give each number its unit, ranges theirs from the end or the beginning; marks go, they have done their work."""
    marked = list(tokens)
    for at, token in enumerate(marked):
        if token.role == "number" and not token.unit:
            marked[at] = _counted(marked, at)
        elif fold(token.word) in lexicon.ONES and (unit := _unit_after(marked, at)):
            marked[at] = replace(token, key="1", role="number", content=True, values=frozenset({"1"}), unit=unit)
    for at, token in enumerate(marked):  # a beginning of a range: 3–5 days, 30 or 60 days, $5-10
        if token.role != "number" or token.unit:
            continue
        after, before = _across_range(marked, at, 1), _across_range(marked, at, -1)
        if after is not None and after.unit != "clock":
            marked[at] = replace(token, unit=after.unit)
        elif before is not None and before.unit in lexicon.CURRENCIES:
            marked[at] = replace(token, unit=before.unit)
    for at, token in enumerate(marked):
        if token.role in ("sign", "dash", "mark", "end"):
            continue
        yield _unit_word(marked, at, token) if not token.role and token.key else token


def _unit_word(marked: Sequence[Token], at: int, token: Token) -> Token:
    unit = lexicon.UNITS.get(fold(token.word))
    counted = at > 0 and any(near.role == "number" for near in marked[max(0, at - 3) : at])
    return replace(token, role="unit", key=unit) if unit and counted and len(token.word) > 2 else token


def _counted(tokens: Sequence[Token], at: int) -> Token:
    token = tokens[at]
    scale = next((lexicon.SCALES.get(fold(near.word)) for near in tokens[at + 1 : at + 2]), None)
    if scale:
        token = replace(token, values=frozenset(_scaled(value, scale) for value in token.values))
    before = tokens[at - 1] if at else None
    if before is not None and before.role == "sign" and before.key != "percent":
        return replace(token, unit=before.key)
    if before is not None and lexicon.UNITS.get(fold(before.word)) in lexicon.CURRENCIES and before.word.isupper():
        return replace(token, unit=lexicon.UNITS[fold(before.word)])
    return replace(token, unit=_unit_after(tokens, at + 1 if scale else at))


def _scaled(value: str, scale: int) -> str:
    try:
        number = float(value) * scale
    except ValueError:
        return value
    return str(int(number)) if number == int(number) else str(number)


def _unit_after(tokens: Sequence[Token], at: int) -> str:
    """The unit within the next three words: `60 days`, `30-day`, `5 full working days`, `20 %`."""
    near = [token for token in tokens[at + 1 : at + 5] if token.role != "dash"][:3]
    for place, token in enumerate(near):
        if token.role in ("number", "end", "mark", "link"):
            return ""
        low = fold(token.word)
        unit = token.key if token.role == "sign" else lexicon.UNITS.get(low, "")
        if token.role == "sign" and place:
            return ""
        if unit and (len(low) > 1 or token.role == "sign" or place == 0):
            around = [fold(other.word) for other in near[: place + 2]]
            return "workday" if unit == "day" and not lexicon.WORKING.isdisjoint(around) else unit
        if place == 0 and low in _RANGE:
            return ""
    return ""


def _across_range(tokens: Sequence[Token], at: int, step: int) -> Token | None:
    """The other end of a range, if it has a unit."""
    place = at + step
    if not 0 <= place < len(tokens):
        return None
    links = 0
    while (
        0 <= place < len(tokens)
        and links < 2
        and (tokens[place].role in ("dash", "sign") or fold(tokens[place].word) in _RANGE)
    ):
        place += step
        links += 1
    if not links or not 0 <= place < len(tokens):
        return None
    other = tokens[place]
    return other if other.role == "number" and other.unit else None

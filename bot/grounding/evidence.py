"""Passages as the check reads them: their sentences, list items and table rows, and what may be named at all."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.conversation import Passage
from bot.grounding import lexicon, links
from bot.grounding.reading import Token, read
from bot.words import fold, language_of, sentences, tokens

MARKER = re.compile(r"^\s*(?:[-*+•>]\s+|\d{1,3}[.)]\s+|#{1,6}\s+)+")
_MARKS = re.compile(r"[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}")
_NAMES_IN_A_ROW = re.compile(r"\b[A-Z][a-z]+(?: (?:of |and |the )?[A-Z][a-z]+){1,4}")
_RULE = re.compile(r"[\s|:=-]*")


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A sentence, a list item or a table row.

    `keys` are those of its words; `bag` has those of its heading and its table's head too, `units` what is counted in
    any of these.
    """

    tokens: tuple[Token, ...]
    keys: frozenset[str]
    bag: frozenset[str]
    units: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What passages say.

    `words` are all folded words with title and headings, `keys` the same as they are compared; `names` are the keys of
    words that are names somewhere, `named` the same folded; `links` all addresses; `initials` those of names in a row;
    `shorts` words such as US; `digits` is the text without what parts long numbers.
    """

    language: str
    units: tuple[Unit, ...]
    head: tuple[Token, ...]
    words: frozenset[str]
    keys: frozenset[str]
    names: frozenset[str]
    named: frozenset[str]
    links: frozenset[str]
    initials: frozenset[str]
    shorts: frozenset[str]
    digits: str


def of(passages: Sequence[Passage]) -> Evidence:
    """Read passages as one."""
    parts = [_of_one(p.title, p.heading, p.text) for p in passages]
    if len(parts) == 1:
        return parts[0]
    return Evidence(
        language=parts[0].language if parts else "en",
        units=tuple(unit for part in parts for unit in part.units),
        head=tuple(token for part in parts for token in part.head),
        words=frozenset().union(*(part.words for part in parts)),
        keys=frozenset().union(*(part.keys for part in parts)),
        names=frozenset().union(*(part.names for part in parts)),
        named=frozenset().union(*(part.named for part in parts)),
        links=frozenset().union(*(part.links for part in parts)),
        initials=frozenset().union(*(part.initials for part in parts)),
        shorts=frozenset().union(*(part.shorts for part in parts)),
        digits=" ".join(part.digits for part in parts),
    )


def cut(text: str) -> list[str]:
    """A text's sentences and lines, without the marks of lists, headings and emphasis."""
    found = []
    for line in text.splitlines():
        bare = MARKER.sub("", line).strip()
        if bare and not (line.lstrip().startswith(("|", "-", "=", ":")) and _RULE.fullmatch(bare)):
            found += [bare] if bare.startswith("|") else sentences(bare)
    return found


def without_marks(text: str) -> str:
    """A text without emphasis and table bars."""
    return _MARKS.sub("", text).replace("|", " \n ") if "|" in text else _MARKS.sub("", text)


@lru_cache(maxsize=256)
def _of_one(title: str, heading: str, text: str) -> Evidence:
    whole = f"{title}\n{heading}\n{text}"
    language = language_of(text)
    head = (*read(title, language), *read(heading, language))
    units = tuple(_units(text, head, language))
    every = [*head, *(token for unit in units for token in unit.tokens)]
    return Evidence(
        language=language,
        units=units,
        head=head,
        words=frozenset(tokens(whole)) | frozenset(fold(word) for word in re.findall(r"[^\W_]+", whole)),
        keys=frozenset(token.key for token in every),
        names=frozenset(token.key for token in every if token.name or (token in head and token.word[:1].isupper())),
        named=frozenset(fold(token.word) for token in every if token.name and token.content),
        links=frozenset(links.taken_out(whole)[1]),
        initials=frozenset("".join(re.findall(r"\b[A-Z]", row[0])) for row in _NAMES_IN_A_ROW.finditer(whole)),
        shorts=frozenset(re.findall(r"\b[A-Z]{2,5}\b", whole)),
        digits=re.sub(r"[\s().+/-]", "", whole),
    )


def _units(text: str, head: Sequence[Token], language: str) -> Iterator[Unit]:
    above = frozenset(token.key for token in head)
    counted = frozenset(_counted(head, ""))
    section, table, columns = above, frozenset[str](), counted
    for line in text.splitlines():
        is_row = line.lstrip().startswith("|")
        for piece in cut(line):
            found = read(without_marks(links.taken_out(piece)[0]), language)
            keys = frozenset(token.key for token in found)
            units = frozenset(_counted(found, piece))
            if line.lstrip().startswith("#"):
                section, columns = above | keys, counted | units
            if is_row and not table:
                table, columns = keys, columns | units
            yield Unit(found, keys, keys | section | (table if is_row else frozenset()), units | columns)
        if not is_row and table:
            table, columns = frozenset(), counted


def _counted(found: Sequence[Token], text: str) -> Iterator[str]:
    """The units and currencies that are named, with or without a number."""
    yield from (lexicon.UNITS[sign] for sign in "$€£¥₹%" if sign in text)
    for token in found:
        if unit := token.unit or lexicon.UNITS.get(fold(token.word), ""):
            yield unit

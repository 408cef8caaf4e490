"""Passages as the check reads them: their sentences, list items and table rows, and what may be named at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.conversation import Passage
from bot.grounding import links
from bot.grounding.reading import Token, read
from bot.words import fold, language_of, sentences, tokens

MARKER = re.compile(r"^\s*(?:[-*+•>]\s+|\d{1,3}[.)]\s+|#{1,6}\s+)+")
_MARKS = re.compile(r"[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}")
_RULE = re.compile(r"[\s|:=-]*")


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A sentence, a list item or a table row; `bag` has the roots of its words, its heading and its table's head."""

    tokens: tuple[Token, ...]
    bag: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What passages say. `words` are all folded words with title and headings, `links` all their addresses."""

    language: str
    units: tuple[Unit, ...]
    head: tuple[Token, ...]
    words: frozenset[str]
    links: frozenset[str]
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
        links=frozenset().union(*(part.links for part in parts)),
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
    units: list[Unit] = []
    above = frozenset(token.key for token in head)
    section, table = above, frozenset[str]()
    for line in text.splitlines():
        is_row = line.lstrip().startswith("|")
        for piece in cut(line):
            found = read(without_marks(links.taken_out(piece)[0]), language)
            keys = frozenset(token.key for token in found)
            if line.lstrip().startswith("#"):
                section = above | keys
            if is_row and not table:
                table = keys
            units.append(Unit(found, keys | section | (table if is_row else frozenset())))
        if not is_row:
            table = frozenset()
    return Evidence(
        language=language,
        units=tuple(units),
        head=head,
        words=frozenset(tokens(whole)) | frozenset(fold(word) for word in re.findall(r"[^\W_]+", whole)),
        links=frozenset(links.taken_out(whole)[1]),
        digits=re.sub(r"[\s().+/-]", "", whole),
    )

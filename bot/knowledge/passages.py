"""Cut an article's Markdown into passages of about 200 words that keep their headings."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.evidence import Piece
from bot.words import sentences

WORDS = 200
OVERLAP = 40
WRAPPED_LINE = 50  # a line of text at least this long goes on in the next one; a shorter one was meant to end
LONGEST_UNIT = 120  # words: a sentence without an end is cut here

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)")
_OPENERS = frozenset("#|-*+•0123456789")  # what a heading, table row or list item can begin with
_RULES = frozenset("-*_=|:")  # what a line that only draws can begin with
_MARKS = _OPENERS | _RULES | frozenset("`~")  # lines that begin otherwise are plain text
_LIST_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s")


class Unit(NamedTuple):
    """What is never cut apart: a sentence, a list item, a table row. `glue` joins it to the one before."""

    text: str
    glue: str
    words: int


class Section(NamedTuple):
    """The units under one heading, with all their words; the heading itself is the first unit, where there is one."""

    heading: str
    units: list[Unit]
    words: int


def cut(markdown: str, title: str) -> tuple[Piece, ...]:
    """Cut the text: small neighbouring sections share a passage, long ones are cut with some overlap."""
    pieces: list[Piece] = []
    packed: list[Section] = []
    words = 0
    for section in _sections(markdown, title):
        if packed and words + section.words > WORDS:
            pieces.extend(_to_pieces(packed, words))
            packed, words = [], 0
        packed.append(section)
        words += section.words
    pieces.extend(_to_pieces(packed, words))
    return tuple(pieces)


def first_heading(markdown: str) -> str:
    """The text of the first heading, "" without one."""
    for line in markdown.splitlines():
        if (mark := _HEADING.match(line)) is not None:
            return line[mark.end() :].strip().rstrip("#").strip()
    return ""


def _to_pieces(packed: list[Section], words: int) -> Iterator[Piece]:
    units = [unit for section in packed for unit in section.units]
    if all(unit.text[0] == "#" for unit in units):
        return
    for window in _windows(units) if words > WORDS else [units]:
        yield Piece(heading=packed[0].heading, text=_joined(window))


def _windows(units: list[Unit]) -> Iterator[list[Unit]]:
    window: list[Unit] = []
    count = fresh = 0
    for unit in units:
        if fresh and count + unit.words > WORDS:
            yield window
            window = _tail(window)
            count, fresh = sum(each.words for each in window), 0
        window.append(unit)
        count, fresh = count + unit.words, fresh + 1
    if fresh:
        yield window


def _tail(window: list[Unit]) -> list[Unit]:
    kept: list[Unit] = []
    count = 0
    for unit in reversed(window):
        count += unit.words
        if count > OVERLAP:
            break
        kept.insert(0, unit)
    return kept


def _joined(units: list[Unit]) -> str:
    return "".join([unit.glue + unit.text if at else unit.text for at, unit in enumerate(units)])


def _sections(markdown: str, title: str) -> Iterator[Section]:
    heading, units, words = "", list[Unit](), 0
    for block in _blocks(markdown):
        if block[0] == "#" and (mark := _HEADING.match(block)) is not None:
            if units:
                yield Section(heading, units, words)
            heading = block[mark.end() :].strip().rstrip("#").strip()
            units, words = [], 0
            # The page's own title stands in its own column: repeated in the text it would only be noise.
            if heading == title:
                heading = ""
            else:
                words = len(heading.split())
                units.append(Unit(f"{mark[1]} {heading}", "\n\n", words))
        else:
            more = _to_units(block)
            units += more
            words += more[0].words if len(more) == 1 else sum([unit.words for unit in more])
    if units:
        yield Section(heading, units, words)


def _to_units(block: str) -> list[Unit]:
    """A block is a list item or table row (kept whole where it is not endless) or a paragraph of sentences."""
    one = block[0] in _OPENERS and (block[0] == "|" or _is_item(block))
    parts = [block] if one and len(block) < 1_000 else sentences(block)
    glue = "\n" if one else "\n\n"
    units: list[Unit] = []
    for part in parts:
        count = part.count(" ") + 1
        # Single spaces tell how many words there are, at a tenth of the cost of cutting them apart.
        if count > LONGEST_UNIT or not part.isascii() or "  " in part or "\t" in part:
            units += _of_words(part.split(), part, glue)
        else:
            units.append(Unit(part, glue, count))
        glue = " "
    return units


def _of_words(words: list[str], text: str, glue: str) -> Iterator[Unit]:
    if len(words) <= LONGEST_UNIT:
        yield Unit(text, glue, len(words))
        return
    for start in range(0, len(words), LONGEST_UNIT):
        cut_words = words[start : start + LONGEST_UNIT]
        yield Unit(" ".join(cut_words), glue, len(cut_words))
        glue = " "


def _blocks(markdown: str) -> Iterator[str]:
    """Headings, list items, table rows and paragraphs, in order; wrapped lines are joined."""
    lines: list[str] = []
    fenced = over = False  # over: nothing may be joined to the last line
    for raw in markdown.splitlines():
        line = raw.strip()
        if line and line[0] not in _MARKS:
            begins = False
        else:
            if line.startswith(("```", "~~~")):
                fenced = not fenced
                line = ""
            if len(lines) == 1 and not fenced and len(line) > 2 and not (line.strip("=") and line.strip("-")):
                yield f"{'#' if line[0] == '=' else '##'} {lines[0]}"
                lines = []
                continue
            begins = not line or _begins_block(line)
        if lines and (begins or over or fenced):
            yield " ".join(lines)
            lines = []
        if line and (line[0] not in _RULES or not _is_rule(line)):
            lines.append(line)
            over = len(line) < WRAPPED_LINE or (line[0] in "|#" and _begins_block(line))
    if lines:
        yield " ".join(lines)


def _begins_block(line: str) -> bool:
    return line[0] in _OPENERS and (line[0] == "|" or _HEADING.match(line) is not None or _is_item(line))


def _is_item(line: str) -> bool:
    return _LIST_ITEM.match(line) is not None


def _is_rule(line: str) -> bool:
    """A line that only draws: a thematic break or the dashes under a table's head."""
    return len(line) > 2 and not line.strip("-*_=|: ")

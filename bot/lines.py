"""What a passage says, line by line, and which lines hold which words: read once for all questions."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.amounts import Amount, stated_in
from bot.stem import stem
from bot.words import sentences, tokens

_ITEM = re.compile(r"(?:\d{1,3}[.)]|[-*+])\s+")


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A sentence, list item or table row.

    `shape` is "step" (of a numbered list), "item", "row" (of a table) or "sentence".
    """

    text: str
    heading: str
    shape: str
    amounts: frozenset[Amount]
    says_little: bool


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A passage as it was read.

    `holding` gives for each stem the places of the lines that hold it, themselves or in their heading, and of those
    just below a line that holds it. `named` are the stems of title and heading.
    """

    lines: tuple[Line, ...]
    holding: Mapping[str, tuple[Sequence[int], Sequence[int]]]
    named: frozenset[str]


@lru_cache(maxsize=2_048)
def read(title: str, heading: str, text: str) -> Page:
    """Cut a passage into its lines; its own headings are no lines, but name those below them."""
    lines: list[Line] = []
    holding = defaultdict[str, tuple[list[int], list[int]]](lambda: ([], []))
    named, above, before = stems_of(title) | stems_of(heading), stems_of(heading), frozenset[str]()
    for cut, shape in _cut(text):
        said = stems_of(cut)
        if shape == "heading":
            heading, above, before = cut.lstrip("#").strip(), said, frozenset()
            continue
        place = len(lines)
        for word in said | above:
            holding[word][0].append(place)
        for word in before:
            holding[word][1].append(place)
        lines.append(_to_line(cut, heading, shape))
        before = said
    return Page(tuple(lines), dict(holding), named)


@lru_cache(maxsize=4_096)
def beginning(page: Page, prefix: str) -> tuple[Sequence[int], Sequence[int]]:
    """As `page.holding` of one stem, of all stems that begin so."""
    places = [page.holding[word] for word in page.holding if word.startswith(prefix)]
    return sorted({at for held, _ in places for at in held}), sorted({at for _, under in places for at in under})


@lru_cache(maxsize=1_024)
def stems_of(text: str) -> frozenset[str]:
    """The stems of all words of a text."""
    return frozenset(map(stem, tokens(text)))


def _to_line(text: str, heading: str, shape: str) -> Line:
    says_little = text.endswith("?") or len(text.split()) < 3
    return Line(text, heading, shape, stated_in(text), says_little)


def _cut(text: str) -> Iterator[tuple[str, str]]:
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("#"):
            yield line, "heading"
        elif line.startswith("|"):
            yield line, "row"
        elif _ITEM.match(line) is not None:
            yield line, "step" if line[0].isdigit() else "item"
        elif line:
            yield from ((sentence, "sentence") for sentence in sentences(line))

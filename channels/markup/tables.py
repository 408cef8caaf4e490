"""Tables as they are quoted from articles: a row or some, often without the line below the head that makes a table."""

import re
from itertools import pairwise

ROW = re.compile(r"[ \t]*\|.*\|[ \t]*")
RULE = re.compile(r"[ \t]*\|[ \t:|-]*-[ \t:|-]*\|[ \t]*")
FENCE = re.compile(r"[ \t]*(?:```|~~~)")


def with_rules(markdown: str) -> str:
    """Markdown in which rows below each other are a table: the first is its head. What stands in a fence stays."""
    lines, inside, before = [], False, ""
    for line, following in pairwise([*markdown.split("\n"), ""]):
        lines.append(line)
        inside ^= FENCE.match(line) is not None
        begins = ROW.fullmatch(line) is not None and ROW.fullmatch(before) is None
        if begins and not inside and ROW.fullmatch(following) is not None and RULE.fullmatch(following) is None:
            lines.append(f"|{'---|' * _cells(line)}")
        before = line
    return "\n".join(lines)


def _cells(row: str) -> int:
    return len(re.findall(r"(?<!\\)\|", row)) - 1

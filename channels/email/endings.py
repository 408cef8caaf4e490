"""What stands below the new words of a mail: signatures, what telephones sign with, what lawyers add."""

import re

from channels.email.marks import (
    APP,
    DASHES,
    DEVICE,
    FOOTER_START,
    FOOTER_TITLE,
    LEGAL,
    LINK,
    MOBILE,
    RULE_LINE,
    SIGNATURE,
)

FOOTER_LINES = 8
LEGAL_WORDS = 2
MAX_LINE = 1_000


def signature_start(lines: list[str]) -> int:
    """The first line of what is signed or added below; the number of lines with words where nothing is."""
    for at in range(_first_words(lines) + 1, len(lines)):
        line = lines[at]
        if (SIGNATURE.match(line) or is_mobile(line)) and _is_end(lines, at):
            return at
        if _begins_paragraph(lines, at) and _is_footer(" ".join(lines[at : at + FOOTER_LINES])[:MAX_LINE]):
            return without_rules(lines, at)
    end = len(lines)
    while end and (not lines[end - 1].strip() or RULE_LINE.match(lines[end - 1])):
        end -= 1
    return end


def _first_words(lines: list[str]) -> int:
    return next((at for at, line in enumerate(lines) if has_words([line])), len(lines))


def _is_end(lines: list[str], at: int) -> bool:
    """A signature is short, and no further paragraph of prose follows it."""
    if DASHES.match(lines[at]):
        return True
    below = [line for line in lines[at + 1 :] if line.strip() and not is_mobile(line)]
    return len(below) <= 6 and all(len(line) < 80 and not line.endswith("?") for line in below)


def _is_footer(text: str) -> bool:
    if FOOTER_TITLE.match(text):
        return True
    return bool(FOOTER_START.match(text)) and len({one.lower() for one in LEGAL.findall(text)}) >= LEGAL_WORDS


def _begins_paragraph(lines: list[str], at: int) -> bool:
    return at == 0 or not lines[at - 1].strip() or bool(RULE_LINE.match(lines[at - 1]))


def is_mobile(line: str) -> bool:
    """Whether a line is what a program or telephone signs with."""
    bare = LINK.sub("", line[:MAX_LINE]).strip()
    if APP.match(bare):
        return True
    if not MOBILE.match(line[:MAX_LINE]):
        return False
    return bool(DEVICE.search(bare)) or (len(bare) <= 45 and not re.search("[,?¿]", bare))


def has_words(lines: list[str]) -> bool:
    """Whether there is a word or an emoji in some lines."""
    return any(re.search(r"\w|[\U0001F300-\U0001FAFF\u2600-\u27BF]", line) for line in lines)


def without_rules(lines: list[str], at: int) -> int:
    """Take a line of dashes and empty lines that stand before a quote to it."""
    while at and (not lines[at - 1].strip() or RULE_LINE.match(lines[at - 1])):
        at -= 1
    return at

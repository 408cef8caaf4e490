"""The new words of a reply, told from what is quoted and from signatures. Rules, in many languages."""

import itertools
import re
from dataclasses import dataclass

from channels.email.endings import has_words, is_mobile, signature_start, without_rules
from channels.email.marks import (
    ABOVE,
    ADDRESS_LINE,
    BANNER,
    BEGINS_ON,
    CJK_WROTE,
    CLOCK,
    DASHED,
    DATE,
    DATE_AND_ADDRESS,
    DATE_AND_ZONE,
    DIGIT,
    ENCLOSED_ADDRESS,
    FORWARD,
    FROM_LINE,
    FROM_START,
    LABEL,
    OTHER_LINE,
    QUOTED,
    SEPARATOR,
    SIGNATURE,
    UNSEEN,
    WROTE_WORD,
)

MAX_CHARACTERS = 200_000
MAX_LINE = 1_000
MAX_LINES = 3_000
LOOK_AHEAD = 400
LONG_QUOTE = 4  # lines; a shorter one above the words is what they are about


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """The new words, and everything else in the order in which it stood."""

    new: str
    quoted: str = ""


def trim(text: str, *, reply: bool = True) -> Trimmed:
    """Split a plain text. Keeps everything when nothing would be left, and in forwards; at most 200,000 characters.

    `reply` is False for a mail that answers nothing: only its signature is set apart.
    """
    text, rest = text[:MAX_CHARACTERS], text[MAX_CHARACTERS:]
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    lines, rest = lines[:MAX_LINES], "\n".join([*lines[MAX_LINES:], rest])
    forward = next((at for at, line in enumerate(lines) if FORWARD.match(line[:MAX_LINE])), None)
    if forward is not None:
        return _forwarded(lines, forward, rest)
    banner = _banner_end(lines)
    head, lines = lines[:banner], lines[banner:]
    above, lines = _without_opening_quote(lines) if reply else ([], lines)
    above = head + above
    end = _quote_start(lines) if reply else len(lines)
    kept, after = lines[:end], lines[end:]
    if not has_words(kept):
        return _joined(above + lines, [], rest)
    if reply:
        kept, attributions = _without_attributions(kept)
        above += attributions
    signature = signature_start(kept)
    kept, after = kept[:signature], above + kept[signature:] + after
    return _joined(kept, after, rest)


def _forwarded(lines: list[str], at: int, rest: str) -> Trimmed:
    """A few own words above what is forwarded are the new ones; without any, what is forwarded is, without its head."""
    if len(" ".join(lines[:at]).split()) >= 3 and has_words(lines[:at]):
        signature = signature_start(lines[:at])
        return _joined(lines[:signature], lines[signature:], rest)
    head = at + 1
    while head < len(lines) and not lines[head].strip(" >"):
        head += 1
    while head < len(lines) and lines[head].strip(" >"):
        head += 1
    return _joined(lines[head:], lines[:head], rest) if has_words(lines[head:]) else _joined(lines, [], rest)


def _joined(kept: list[str], after: list[str], rest: str) -> Trimmed:
    new = "\n".join(kept).strip("\n")
    return Trimmed(new=new.rstrip(), quoted=("\n".join(after).strip("\n") + rest).rstrip())


def _quote_start(lines: list[str]) -> int:
    """The first line that is not new any more; the number of lines where all are."""
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        if _begins_quote(lines, at):
            return without_rules(lines, at)
        if QUOTED.match(line) and _all_quoted(lines, at):
            return at
    return len(lines)


def _begins_quote(lines: list[str], at: int) -> bool:
    line = lines[at][:MAX_LINE]
    if SEPARATOR.match(line) or ABOVE.match(line) or _is_header_block(lines, at) or _is_dashed_head(lines, at):
        return True
    if QUOTED.match(line):
        return False
    end = _attribution_end(lines, at)
    return end > 0 and not _interleaved(lines, end)


def _attribution_end(lines: list[str], at: int) -> int:
    """The line after the attribution that begins here, 0 where none does. Mail programs wrap it over some lines."""
    line = UNSEEN.sub("", lines[at][:MAX_LINE]).strip()
    if ("@" in line and (ADDRESS_LINE.match(line) or DATE_AND_ADDRESS.match(line))) or DATE_AND_ZONE.match(line):
        return at + 1
    opens = bool(BEGINS_ON.match(line))
    if not opens and not DIGIT.search(line) and "@" not in line and "<" not in line and not WROTE_WORD.search(line):
        return 0
    begins = opens or line.endswith("<") or bool(re.search(DATE, line))
    joined = ""
    for further in range(at, min(at + 7, len(lines))):
        part = UNSEEN.sub("", lines[further]).strip(" >*")
        if not part and not _goes_on_with_address(lines, further):
            break
        joined = f"{joined} {part}".strip()[:MAX_LINE]
        if _is_attribution(joined):
            return further + 1 if begins or not _begins_later(lines, at + 1, further) else 0
        if joined.endswith((".", "!", "?", ":", "：")) and len(joined) > 3 and not WROTE_WORD.search(joined):
            break
    return 0


def _goes_on_with_address(lines: list[str], at: int) -> bool:
    """Some programs put an empty line before the address."""
    return any(line.strip().startswith(("<", "mailto:")) for line in lines[at + 1 : at + 2])


def _begins_later(lines: list[str], first: int, last: int) -> bool:
    return any(_is_attribution(lines[one].strip(" >*")[:MAX_LINE]) for one in range(first, last + 1))


def _is_attribution(line: str) -> bool:
    """Whether a line says who wrote when: "On ... wrote:", "Name <address> schrieb am ...:", with a date or address."""
    if not line.endswith((":", "：", ">", "-", "…")):
        return False
    if "@" not in line and len(line) >= 80 and not DIGIT.search(line):
        return False
    if line.endswith((":", "：")) and len(line) < 300 and ENCLOSED_ADDRESS.search(line) and CLOCK.search(line):
        return True  # whatever the language
    for found in [*WROTE_WORD.finditer(line), *CJK_WROTE.finditer(line)]:
        before, after = line[: found.start()], line[found.end() :]
        if len(after) > 200 or not before.strip():
            continue
        if BEGINS_ON.match(before) and len(before) > 6 and (DIGIT.search(line) or "@" in line or len(line) < 80):
            return True
        if line.endswith((":", "：")) and len(before) < 400 and (DIGIT.search(before + after) or "@" in line):
            return True
    return False


def _interleaved(lines: list[str], at: int) -> bool:
    """Whether new words stand between or below lines that are marked as quoted."""
    quoted = False
    for line in lines[at : at + LOOK_AHEAD]:
        if QUOTED.match(line) and line.endswith((":", "：")) and WROTE_WORD.search(line):
            continue  # the torn-off end of a further attribution
        if QUOTED.match(line):
            quoted = True
        elif SIGNATURE.match(line) or is_mobile(line):
            return False
        elif line.strip() and quoted:
            return not _wrapped_quote(lines, at)
    return False


def _wrapped_quote(lines: list[str], at: int) -> bool:
    """Whether the unmarked lines are only the torn-off ends of quoted ones."""
    ends = 0
    near = lines[at : at + LOOK_AHEAD]
    for before, line in itertools.pairwise(near):
        if line.strip() and not QUOTED.match(line):
            if not QUOTED.match(before) or len(before) < 60 or len(line) > 40:
                return False
            ends += 1
    return ends > 0


def _is_header_block(lines: list[str], at: int) -> bool:
    near = [line[:MAX_LINE] for line in lines[at + 1 : at + 12] if line.strip()][:5]
    first = lines[at][:MAX_LINE]
    if LABEL.match(first) and ENCLOSED_ADDRESS.search(first) and _are_labels(near[:3]):  # whatever the language
        return True
    if FROM_LINE.match(first):
        return sum(bool(OTHER_LINE.match(line)) for line in near) >= 2
    if not OTHER_LINE.match(first) or len(near) < 3:  # some put the date or the recipient first
        return False
    sender = next((place for place, line in enumerate(near[:3]) if FROM_LINE.match(line)), None)
    return sender is not None and all(OTHER_LINE.match(line) for line in [*near[:sender], *near[sender + 1 : 3]])


def _are_labels(lines: list[str]) -> bool:
    """Three lines with a word and a colon each, one of them with a time."""
    labelled = len(lines) == 3 and all(LABEL.match(line) for line in lines)
    return labelled and any(CLOCK.search(line) for line in lines)


def _is_dashed_head(lines: list[str], at: int) -> bool:
    """Words between dashes and a sender below: a separator in whatever language."""
    if not DASHED.match(lines[at][:MAX_LINE]):
        return False
    below = [line[:MAX_LINE] for line in lines[at + 1 : at + 6] if line.strip()][:3]
    return any(FROM_START.match(line) for line in below) and any("@" in line or ":" in line for line in below)


def _banner_end(lines: list[str]) -> int:
    """The line after the warning that a company puts above mails from elsewhere; 0 where there is none."""
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    if first == len(lines) or not BANNER.match(" ".join(lines[first : first + 6])[:MAX_LINE]):
        return 0
    end = next((at for at in range(first, min(first + 8, len(lines))) if not lines[at].strip()), 0)
    return end if has_words(lines[end:]) else 0


def _all_quoted(lines: list[str], at: int) -> bool:
    for index in range(at, min(len(lines), at + LOOK_AHEAD)):
        line = lines[index]
        if line.strip() and not QUOTED.match(line):
            return bool(SIGNATURE.match(line) or is_mobile(line) or _wrapped_quote(lines, at))
    return True


def _without_opening_quote(lines: list[str]) -> tuple[list[str], list[str]]:
    """What was answered below: an attribution and one block of quoted lines at the top, and the words below them."""
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    start = _attribution_end(lines, first) if first < len(lines) else 0
    at = start or first
    while at < len(lines) and (QUOTED.match(lines[at]) or not lines[at].strip()):
        at += 1
    long = start or at - first > LONG_QUOTE
    if long and first < at < len(lines) and at > start and not any(QUOTED.match(line) for line in lines[at:]):
        return lines[:at], lines[at:]
    head = " ".join(lines[:start])
    told = "@" in head or CLOCK.search(head)  # else it may be the customer who tells what somebody wrote
    if start and told and has_words(lines[start:]) and not QUOTED.match(next(filter(None, lines[start:]), "")):
        return lines[:start], lines[start:]
    return [], lines


def _without_attributions(lines: list[str]) -> tuple[list[str], list[str]]:
    """Between the lines of a quote the answers stay with what they answer; who wrote it when goes."""
    kept: list[str] = []
    gone: list[str] = []
    at = 0
    while at < len(lines):
        end = _attribution_end(lines, at) if lines[at].strip() and not QUOTED.match(lines[at]) else 0
        if end and end < len(lines) and any(QUOTED.match(line) for line in lines[end : end + 3]):
            gone += lines[at:end]
            at = end
        else:
            kept.append(lines[at])
            at += 1
    return kept, gone

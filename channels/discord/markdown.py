"""Plain Markdown as Discord shows it, and back: nothing pings, nothing is previewed, no link is disguised. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from channels.markup import INVISIBLE, WEB_ADDRESS, Dialect, render

BREAK = "\u200b"  # an invisible gap: what pings with it does not
MARKS = re.compile(r"([\\*_~|`\[\]])")
PINGS = re.compile(r"(?<=@)(?=everyone|here)|(?<=<)(?=[@#:/]|a:|t:|id:)")
LINE_STARTS = re.compile(r"^([ \t]*)(#{1,3}|-#|>{1,3}|[-+]|\d{1,9}\.)(?=[ \t])", re.MULTILINE)
ENDS_OF_SENTENCES = ".,;:!?)"
ADDRESS_IN_BRACKETS = re.compile(r"<(https?://[^<>\s]+)>")
TOKEN = re.compile(
    r"<(?:(?P<kind>@!?|@&|#)(?P<id>\d+)|a?:(?P<emoji>\w+):\d+|t:(?P<time>-?\d+)(?::\w)?|/(?P<run>[^:<>]+):\d+)>"
)


def to_discord(markdown: str) -> str:
    """Markdown in Discord's own words."""
    return render(markdown, DISCORD)


def escape(text: str) -> str:
    """Somebody's words for Discord: shown as they are written, without markup or pings; links without a preview."""
    clean, pieces, at = INVISIBLE.sub("", text), [], 0
    for found in WEB_ADDRESS.finditer(clean):
        address = found[0].rstrip(ENDS_OF_SENTENCES)
        pieces += [_inert(clean[at : found.start()]), f"<{address}>"]
        at = found.start() + len(address)
    return "".join([*pieces, _inert(clean[at:])])


def from_discord(text: str, names: Mapping[str, str], own_id: str = "") -> str:
    """What somebody wrote on Discord, as plain Markdown. `names` are those of whom and what it mentions, by id."""

    def word(token: re.Match[str]) -> str:
        if token["id"]:
            return _named(token["kind"], token["id"], names, own_id)
        if token["time"]:
            return _shown_time(token["time"])
        return f":{token['emoji']}:" if token["emoji"] else f"/{token['run']}"

    return ADDRESS_IN_BRACKETS.sub(r"\1", TOKEN.sub(word, text)).strip()


def _named(kind: str, id: str, names: Mapping[str, str], own_id: str) -> str:
    if kind.startswith("@") and id == own_id:
        return ""
    return f"{'#' if kind == '#' else '@'}{names.get(id, id)}"


def _shown_time(seconds: str) -> str:
    try:
        return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return seconds


def _inert(text: str) -> str:
    marked = MARKS.sub(r"\\\1", text)
    return PINGS.sub(BREAK, LINE_STARTS.sub(_held_back, marked))


def _held_back(start: re.Match[str]) -> str:
    """The beginning of a list, heading or quote, with a backslash where Discord looks for one."""
    mark = start[2]
    return start[1] + (f"{mark[:-1]}\\." if mark.endswith(".") else f"\\{mark}")


def _escape_code(text: str) -> str:
    return INVISIBLE.sub("", text).replace("`", "ˋ")


def _link(label: str, address: str) -> str:
    return f"[{label}](<{address}>)"


def _bare_link(address: str) -> str:
    return f"<{address}>"


DISCORD = Dialect(
    bold=("**", "**"),
    italic=("*", "*"),
    strike=("~~", "~~"),
    escape=escape,
    escape_code=_escape_code,
    link=_link,
    bare_link=_bare_link,
)

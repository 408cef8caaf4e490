"""Plain Markdown to what a service shows and back: nothing pings, no link is disguised, nothing is too long."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from channels.markup.tables import with_rules

MAX_URL = 1_500
MAX_LABEL = 300
MAX_LINK = MAX_URL + 2 * MAX_LABEL + 6  # a label may be escaped throughout
FENCE = "```"
WEB_ADDRESS = re.compile(r"https?://[^\s<>|\"'`\\^{}]+", re.IGNORECASE)
LOOKS_LIKE_ADDRESS = re.compile(r"\w\.\w|://|www\b|\w@\w|/\w+/")
INVISIBLE = re.compile("[\u0000-\u0008\u000b-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
LABELLED_LINK = re.compile(r"(?<!\\)\[(?:\\.|[^\\\[\]])*\]\((?:<[^<>\n]*>|[^()\s]*)\)")
SLACK_TOKEN = re.compile(r"<([^<>\n]+)>")
BREAKS = ("\n\n", "\n", ". ", " ")
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one service writes what Markdown means. `escape` makes words inert: neither markup nor a ping.

    `link` gets a label that is already inert and no address, and an address that is safe inside its brackets.
    """

    bold: tuple[str, str]
    italic: tuple[str, str]
    strike: tuple[str, str]
    escape: Callable[[str], str]
    escape_code: Callable[[str], str]
    link: Callable[[str, str], str]
    bare_link: Callable[[str], str]
    bullet: str = "• "


def render(markdown: str, dialect: Dialect) -> str:
    """Markdown in a service's own words. What it cannot show (tables, pictures, headings) becomes lines of text."""
    tree = SyntaxTreeNode(MARKDOWN.parse(with_rules(INVISIBLE.sub("", markdown))))
    return _blocks(tree.children, dialect)


def to_slack(markdown: str) -> str:
    """Markdown as Slack's mrkdwn."""
    return render(markdown, SLACK)


def escape_slack(text: str) -> str:
    """Somebody's words for Slack: shown as they are written, without markup, pings or links of their own."""
    clean = INVISIBLE.sub("", text)
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def from_slack(text: str, names: Mapping[str, str], own_id: str = "") -> str:
    """What somebody wrote on Slack, as plain Markdown. `names` are those of the people mentioned, by their ids."""

    def word(match: re.Match[str]) -> str:
        return _from_token(match[1], names, own_id)

    pieces = []
    for index, piece in enumerate(CODE.split(text)):
        named = SLACK_TOKEN.sub(word, piece)
        pieces.append(_from_slack_code(named) if index % 2 else _from_slack_style(named))
    return unescape_slack("".join(pieces)).strip()


def unescape_slack(text: str) -> str:
    """Take back the three characters that Slack escapes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def split(text: str, limit: int) -> tuple[str, ...]:
    """Cut a rendered text into parts of at most `limit` UTF-16 units, each readable by itself; blank ones are left out.

    Cuts at a paragraph, a line, a sentence or a word; a code fence is closed and opened again, a link stays whole.
    """
    parts, rest, opening = [], text, ""
    while units(opening + rest) > limit:
        at = _place_to_cut(rest, limit - units(opening) - len(FENCE) - 1)
        part, rest = opening + rest[:at], rest[at:]
        inside = part.count(FENCE) % 2 == 1
        parts.append(f"{part.rstrip()}\n{FENCE}" if inside else part)
        opening = f"{FENCE}\n" if inside else ""
        rest = rest.lstrip("\n") if inside else rest.lstrip()
    parts.append(opening + rest)
    return tuple(part.strip() if FENCE not in part else part for part in parts if part.strip(" \n`"))


def units(text: str) -> int:
    """The length of a text as Slack and Discord count it: in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def clip(text: str, limit: int) -> str:
    """The beginning of a text, at most `limit` UTF-16 units long."""
    if units(text) <= limit:
        return text
    return text[: _index_of_unit(text, limit - 1)].rstrip() + "…"


def names_another_address(label: str) -> bool:
    """Whether a link's words look like an address themselves, so that they could hide where it really leads."""
    return LOOKS_LIKE_ADDRESS.search(unicodedata.normalize("NFKC", label).replace("。", ".")) is not None


def _blocks(nodes: Iterable[SyntaxTreeNode], dialect: Dialect, *, tight: bool = False) -> str:
    shown = (_block(node, dialect) for node in nodes)
    return ("\n" if tight else "\n\n").join(text for text in shown if text.strip())


def _block(node: SyntaxTreeNode, dialect: Dialect) -> str:
    match node.type:
        case "heading":
            return _wrap(_inlines(node, dialect), dialect.bold)
        case "bullet_list" | "ordered_list":
            return _list(node, dialect)
        case "blockquote":
            return "\n".join(f"> {line}" for line in _blocks(node.children, dialect).split("\n"))
        case "fence" | "code_block":
            return f"{FENCE}\n{_code(node.content.rstrip(), dialect)}\n{FENCE}"
        case "hr":
            return "———"
        case "table":
            return _table(node, dialect)
        case _:
            return _inlines(node, dialect)


def _list(node: SyntaxTreeNode, dialect: Dialect) -> str:
    lines = []
    start = int(node.attrs.get("start", 1))
    for number, item in enumerate(node.children, start):
        mark = f"{number}. " if node.type == "ordered_list" else dialect.bullet
        text = _blocks(item.children, dialect, tight=True)
        lines.append(mark + text.replace("\n", "\n    "))
    return "\n".join(lines)


def _table(node: SyntaxTreeNode, dialect: Dialect) -> str:
    """A line each row: no service shows tables."""
    rows = [[_inlines(cell, dialect) for cell in row.children] for part in node.children for row in part.children]
    head, *body = rows or [[]]
    lines = []
    for row in body or [head]:
        named = zip(head, row, strict=False) if body else (("", cell) for cell in row)
        lines.append(dialect.bullet + ", ".join(f"{name}: {cell}" if name else cell for name, cell in named if cell))
    return "\n".join(lines)


def _inlines(node: SyntaxTreeNode, dialect: Dialect) -> str:
    if node.type == "inline" or node.children:
        return "".join(_inline(child, dialect) for child in node.children)
    return dialect.escape(node.content) if not node.is_root and node.content else ""


def _inline(node: SyntaxTreeNode, dialect: Dialect) -> str:
    match node.type:
        case "text":
            return dialect.escape(node.content)
        case "softbreak" | "hardbreak":
            return "\n"
        case "code_inline":
            return f"`{_code(node.content.replace(chr(10), ' ').strip(), dialect)}`" if node.content.strip() else ""
        case "strong":
            return _wrap(_inlines(node, dialect), dialect.bold)
        case "em":
            return _wrap(_inlines(node, dialect), dialect.italic)
        case "s":
            return _wrap(_inlines(node, dialect), dialect.strike)
        case "link" | "image":
            address = str(node.attrs.get("href") or node.attrs.get("src") or "")
            return _link(_plain(node), address, dialect)
        case _:
            return _inlines(node, dialect)


def _link(label: str, address: str, dialect: Dialect) -> str:
    """A link that says where it leads whenever its words look like an address; no other scheme than http(s)."""
    label = " ".join(label.split())
    shown = dialect.escape(clip(label, MAX_LABEL))
    if address.lower().startswith("mailto:"):
        mail = dialect.escape(address[7:])
        return mail if not shown or shown == mail else f"{shown} ({mail})"
    if not WEB_ADDRESS.fullmatch(address) or len(address) > MAX_URL:
        return f"{shown} ({dialect.escape(address)})" if address and label else shown or dialect.escape(address)
    if not label or label == address:
        return dialect.bare_link(address)
    if names_another_address(label):
        return f"{shown} ({dialect.bare_link(address)})"
    return dialect.link(shown, address)


def _plain(node: SyntaxTreeNode) -> str:
    """The words of a link or picture, without markup."""
    if node.children:
        return "".join(_plain(child) for child in node.children)
    return " " if node.type in ("softbreak", "hardbreak") else unescape(node.content)


def _code(text: str, dialect: Dialect) -> str:
    return dialect.escape_code(text)


def _wrap(text: str, marks: tuple[str, str]) -> str:
    return f"{marks[0]}{text}{marks[1]}" if text.strip() else text


def _escape_slack_code(text: str) -> str:
    return escape_slack(text).replace("`", "ˋ")


def _slack_link(label: str, address: str) -> str:
    return f"<{_slack_address(address)}|{label.replace('|', '/')}>"


def _slack_bare_link(address: str) -> str:
    return f"<{_slack_address(address)}>"


def _slack_address(address: str) -> str:
    return address.replace("&", "&amp;")


SLACK = Dialect(
    bold=("*", "*"),
    italic=("_", "_"),
    strike=("~", "~"),
    escape=escape_slack,
    escape_code=_escape_slack_code,
    link=_slack_link,
    bare_link=_slack_bare_link,
)


def _from_token(token: str, names: Mapping[str, str], own_id: str) -> str:
    target, _, label = token.partition("|")
    match target[0]:
        case "@":
            person = target[1:]
            return "" if person == own_id else f"@{names.get(person) or label or person}"
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            return label or f"@{target[1:].partition('^')[0]}"
    address = target.removeprefix("mailto:").removeprefix("tel:")
    return f"{label} ({address})" if label and label not in (address, target) else address


def _from_slack_style(text: str) -> str:
    text = re.sub(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])", r"**\1**", text)
    return re.sub(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])", r"~~\1~~", text)


def _from_slack_code(code: str) -> str:
    if not code.startswith(FENCE):
        return code
    inner = code.removeprefix(FENCE).removesuffix(FENCE).strip("\n")
    return f"{FENCE}\n{inner}\n{FENCE}\n"


def _place_to_cut(text: str, limit: int) -> int:
    """Where to cut so that what stands before is at most `limit` units: above 0."""
    end = _index_of_unit(text, limit)
    window = text[:end]
    at = next((found + len(mark) for mark in BREAKS if (found := window.rfind(mark)) > end // 3), end)
    safe = _before_the_unbreakable(text, at)
    return safe if safe > 0 else end


def _before_the_unbreakable(text: str, at: int) -> int:
    """Move a cut out of a link, an escaped character or a fence."""
    for link in LABELLED_LINK.finditer(text, max(0, at - MAX_LINK), at + MAX_LINK):
        if link.start() < at < link.end():
            at = link.start()
    opened = text.rfind("<", 0, at)
    if opened > text.rfind(">", 0, at):
        at = opened
    ampersand = text.rfind("&", max(0, at - 5), at)
    if ampersand >= 0 and ";" not in text[ampersand:at]:
        at = ampersand
    if (len(text[:at]) - len(text[:at].rstrip("\\"))) % 2:
        at -= 1
    while 0 < at < len(text) and text[at - 1] == "`" == text[at]:
        at -= 1
    return at


def _index_of_unit(text: str, limit: int) -> int:
    """The index of the character at which more than `limit` UTF-16 units are passed; at least 1."""
    used = 0
    for index, character in enumerate(text):
        used += 2 if character > "\uffff" else 1
        if used > limit:
            return max(1, index)
    return len(text)

"""HTML mail as plain text: what a reader would see, and what of it is quoted from earlier mails."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_CHARACTERS = 2_000_000
MAX_NODES = 200_000
MAX_DEPTH = 500
OPENING = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,20})")
FLAT = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "tr",
        "th",
        "tbody",
        "thead",
        "option",
    ]
)
TAG = re.compile(r"<[^<>]{0,5000}>")
UNSEEN_TEXT = re.compile(r"<(script|style|head)\b[^<>]{0,500}>[^<]{0,100000}", re.IGNORECASE)
UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript", "object", "svg", "select", "textarea"})
BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
PARAGRAPHS = frozenset({"p", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "pre"})
HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|"
    r"(?:font-size|max-height|max-width|opacity)\s*:\s*0+(?:\.0*)?\s*(?:px|pt|em|rem|%)?\s*(?:;|!|$)|"
    r"text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{4,}",
    re.IGNORECASE,
)
MEDIA = re.compile(r"@[\w-]+[^{};]{0,500}\{(?:[^{}]{0,5000}\{[^{}]{0,5000}\}){0,500}[^{}]{0,5000}\}")
RULE = re.compile(r"([^{}]{1,500})\{([^{}]{0,5000})\}")
SIMPLE = re.compile(r"[.#][\w-]{1,100}")
# Elements that hold an earlier mail, and elements after which everything is an earlier mail.
QUOTE_CLASSES = frozenset(
    [
        "gmail_quote",
        "gmail_quote_container",
        "gmail_extra",
        "gmail_attr",
        "yahoo_quoted",
        "yahoo_quoted_begin",
        "protonmail_quote",
        "tutanota_quote",
        "zmail_extra",
        "moz-cite-prefix",
        "moz-email-headers-table",
        "moz-forward-container",
        "moz-signature",
        "gmail_signature",
        "protonmail_signature_block",
        "apple-mail-signature",
        "outlookmessageheader",
        "iphone_quote",
        "front-blockquote",
        "mailquote",
        "quoted-text",
        "cm_quote",
        "yahooquotedwrapper",
        "mail-quote-collapse",
        "hs_reply",
        "qt",
        "freebirdformviewerviewitemlist",
        "apple-mail-quote",
        "spark_quote",
        "missive_quote",
        "superhuman-quote",
        "airmail_ext_quote",
        "wlmail_quote",
        "mimestream-quote",
    ]
)
QUOTE_IDS = re.compile(
    r"(?:x_)*(?:oriMsgHtmlSeperator|reply-intro|mail-editor-reference-message-container|isReplyContent)"
)
END_IDS = re.compile(
    r"(?:x_)*(?:divRplyFwdMsg|appendonsend|stopSpelling|OLK_SRC_BODY_SECTION|replySplit|ms-outlook-mobile-body-separator-line|"
    r"lineBreakAtBeginningOfMessage-quote|divtagdefaultwrapper-quote|composeWebView_previouse_content)",
    re.IGNORECASE,
)
SIGNATURE_IDS = re.compile(
    r"(?:x_)*(?:Signature|ms-outlook-mobile-signature|AppleMailSignature|divtagsignature)", re.IGNORECASE
)
OUTLOOK_RULE = re.compile(
    r"border(?:-top)?\s*:\s*(?:solid|none)?[^;]{0,30}#?(?:e1e1e1|b5c4df|c4c4c4|cccccc)", re.IGNORECASE
)
HEADER_WORD = re.compile(r"\s*\**\s*[^\W\d]{2,12}(?: [^\W\d]{2,12})?\s*[:：]")
SPACES = re.compile(r"[^\S\n]+")
EMPTY_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The text of a page: `all` of it, and what is left (`new`) without the elements that hold earlier mails."""

    all: str
    new: str
    forward: bool = False


def read(html: str) -> Page:
    """What a person would see. Never raises for what is in it; at most `MAX_CHARACTERS` are looked at."""
    html = html[:MAX_CHARACTERS]
    if _depth(html) > MAX_DEPTH:
        text = _tidy(TAG.sub(" ", UNSEEN_TEXT.sub(" ", html)))
        return Page(all=text, new=text)
    tree = LexborHTMLParser(html)
    hidden = _hidden_by_style(tree)
    root = tree.body or tree.root
    if root is None:
        return Page(all="", new="")
    everything = _render(root, hidden, ())
    new = _render(root, hidden, ("container", "end", "block"))
    if not new.strip():  # written between the lines of the quote: only what is quoted line by line goes
        new = _render(root, hidden, ("end", "block"))
    return Page(all=everything, new=new, forward="---------- Forwarded message" in everything)


def _depth(html: str) -> int:
    """How deep its elements may stand in each other. The parser takes quadratic time in that."""
    depth = deepest = 0
    for closing, name in OPENING.findall(html):
        if name.lower() in FLAT:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _hidden_by_style(tree: LexborHTMLParser) -> frozenset[str]:
    """The classes and ids that a style sheet in the page hides outside of media queries."""
    found = set()
    for sheet in tree.css("style")[:20]:
        for selectors, body in RULE.findall(MEDIA.sub("", (sheet.text() or "")[:100_000])):
            if HIDDEN.search(body):
                found |= {one.strip() for one in selectors.split(",") if SIMPLE.fullmatch(one.strip())}
    return frozenset(found)


def _render(root: LexborNode, hidden: frozenset[str], without: tuple[str, ...]) -> str:
    return _tidy("".join(_walk(root, hidden, without)))


def _walk(root: LexborNode, hidden: frozenset[str], without: tuple[str, ...]) -> Iterator[str]:
    stack: list[tuple[LexborNode, bool]] = [(root, False)]
    seen = 0
    preformatted = 0
    while stack:
        node, left = stack.pop()
        seen += 1
        if seen > MAX_NODES:
            return
        tag = node.tag or ""
        if left:
            preformatted -= tag == "pre"
            yield "\n\n" if tag in PARAGRAPHS else "\n" if tag in BLOCKS else "\t" if tag in ("td", "th") else ""
            continue
        if tag == "-text":
            text = node.text_content or ""
            yield text if preformatted else SPACES.sub(" ", text.replace("\n", " ").replace("\r", " "))
            continue
        if tag == "br":
            yield "\n"
            continue
        if tag in UNSEEN or tag.startswith("-") or tag == "!doctype" or _is_hidden(node, hidden):
            continue
        role = _role(node, tag) if without else ""
        if role == "end" and "end" in without:
            return
        if role and role in without:
            yield "\n"
            continue
        if tag == "img" and (alt := (node.attributes.get("alt") or "").strip()) and len(alt) <= 2:
            yield alt  # an emoji
        preformatted += tag == "pre"
        yield "\n- " if tag == "li" else "\n\n" if tag in PARAGRAPHS else "\n" if tag in BLOCKS else ""
        stack.append((node, True))
        children: list[tuple[LexborNode, bool]] = []
        child = node.child
        while child is not None and len(children) < MAX_NODES:
            children.append((child, False))
            child = child.next
        stack.extend(reversed(children))


def _is_hidden(node: LexborNode, hidden: frozenset[str]) -> bool:
    attributes = node.attributes
    if not attributes:
        return False
    if "hidden" in attributes or HIDDEN.search((attributes.get("style") or "")[:2000]):
        return True
    if not hidden:
        return False
    names = {f".{name}" for name in (attributes.get("class") or "").split()}
    return bool(names & hidden) or f"#{attributes.get('id')}" in hidden


def _role(node: LexborNode, tag: str) -> str:
    """What an element is to a reply: the end of it, a container of earlier mails, a quoted block, or nothing."""
    attributes = node.attributes
    name, classes = attributes.get("id") or "", (attributes.get("class") or "").lower().split()
    if END_IDS.fullmatch(name) or "outlookmessageheader" in classes or "gmail_default_quote" in classes:
        return "end"
    if tag == "div" and OUTLOOK_RULE.search((attributes.get("style") or "")[:500]) and _is_header_block(node):
        return "end"
    if tag == "blockquote":
        is_cite = attributes.get("type") == "cite" or "gmail_quote" in classes or "cite" in attributes
        return "block" if is_cite or _follows_attribution(node) else ""
    if QUOTE_IDS.fullmatch(name) or SIGNATURE_IDS.fullmatch(name) or attributes.get("name") == "quote":
        return "container"
    short = {one.removeprefix("x_").removesuffix("_mr_css_attr") for one in classes}
    return "container" if short & QUOTE_CLASSES or "data-smartmail" in attributes else ""


def _is_header_block(node: LexborNode) -> bool:
    lines = [line for line in (node.text(separator="\n") or "")[:1000].split("\n") if line.strip()]
    return sum(bool(HEADER_WORD.match(line)) for line in lines[:12]) >= 2


def _follows_attribution(node: LexborNode) -> bool:
    before = node.prev
    for _ in range(4):
        if before is None:
            return False
        text = (before.text_content or "").strip()
        if text:
            return text.endswith((":", "："))
        before = before.prev
    return False


def _tidy(text: str) -> str:
    text = text.replace("\xa0", " ").replace("\u200b", "").replace("\u200c", "").replace("\ufeff", "")
    lines = (SPACES.sub(" ", line.replace("\t", "  ")).strip() for line in text.split("\n"))
    return EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()

"""From a file's bytes to an article: front matter, title, audience, passages."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

import yaml

from bot.evidence import Article
from bot.knowledge.folder import Listed, RefusedError
from bot.knowledge.passages import cut, first_heading

_FRONT_MATTER_LIMIT = 8_192  # characters: more is no front matter, and YAML is slow on hostile nesting
_MOST_BRACKETS = 100  # YAML takes seconds for thousands
_LONGEST_TITLE = 200
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_AUDIENCES = {"": False, "customers": False, "customer": False, "public": False, "internal": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a file says, as Markdown; title and audience where the format itself states them."""

    markdown: str
    title: str = ""
    audience: str = ""


def decoded(content: bytes) -> Text:
    """Read a .md or .txt file. Raises RefusedError."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text (byte {error.start}): save it as UTF-8"
        raise RefusedError(message) from error
    if not text.startswith("---"):
        return Text(markdown=text)
    return _without_front_matter(text)


def to_article(text: Text, listed: Listed) -> Article:
    """Cut a file's text into an article. Raises RefusedError where it says nothing or for nobody that we know."""
    audience = text.audience.strip().lower()
    if audience not in _AUDIENCES:
        message = f"has the unknown audience {text.audience[:40]!r}: write internal or customers"
        raise RefusedError(message)
    markdown = _CONTROL.sub("", text.markdown)
    title = _title(text.title) or _title(first_heading(markdown)) or _title(_name(listed.path))
    pieces = cut(markdown, title)
    if not pieces:
        raise RefusedError("holds no text: write the article, or remove the file")
    return Article(
        path=listed.path,
        title=title,
        # A folder named "internal" keeps its formats without front matter from customers, too.
        internal=_AUDIENCES[audience] or "internal" in listed.path.lower().split("/")[:-1],
        updated_at=datetime.fromtimestamp(listed.changed_at, tz=UTC),
        pieces=pieces,
    )


def _name(path: str) -> str:
    return PurePosixPath(path).stem.replace("-", " ").replace("_", " ")


def _title(text: str) -> str:
    return " ".join(_CONTROL.sub("", text).split())[:_LONGEST_TITLE]


def _without_front_matter(text: str) -> Text:
    first, _, rest = text.partition("\n")
    if first.strip() != "---":
        return Text(markdown=text)
    closing = re.search(r"^(?:---|\.\.\.)[ \t]*\r?$", rest[:_FRONT_MATTER_LIMIT], re.MULTILINE)
    if closing is None:
        # A thematic break may begin a text; whoever opened front matter and never closed it must not be published.
        if re.match(r"\s*\w+\s*:", rest[:200]) is None:
            return Text(markdown=text)
        message = f"has front matter without an end within {_FRONT_MATTER_LIMIT:,} characters: close it with ---"
        raise RefusedError(message)
    facts = _yaml(rest[: closing.start()])
    return Text(
        markdown=rest[closing.end() :],
        title=str(facts.get("title") or ""),
        audience=str(facts.get("audience") or ""),
    )


def _yaml(text: str) -> dict[object, object]:
    if sum(text.count(sign) for sign in "[{") > _MOST_BRACKETS:
        raise RefusedError("has front matter that is nested too deeply: write title: ... and audience: ...")
    try:
        facts = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        message = f"has front matter that is not YAML ({reason}): correct the lines between the ---"
        raise RefusedError(message) from error
    if facts is None:
        return {}
    if not isinstance(facts, dict):
        message = "has front matter that is not a list of names and values: write title: ... and audience: ..."
        raise RefusedError(message)
    return facts

"""What the model wrote, read with distrust: sentences with their sources, or a `BrokenReplyError`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.conversation import Json
from bot.grounding import Claim
from bot.llm import BrokenReplyError

MOST_SENTENCES = 20
LONGEST_SENTENCE = 1_500
ITEM = re.compile(r"^(?:\d{1,2}[.)]|[-*•])\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer as the model gave it. `needs_person` says why a person should take over, empty if none should."""

    sentences: tuple[Claim, ...]
    not_in_passages: bool
    needs_person: str


def read_answer(value: Mapping[str, Json]) -> Said:
    """Read an answer. Raises BrokenReplyError."""
    return Said(
        sentences=to_claims(value.get("sentences")),
        not_in_passages=value.get("not_in_passages") is True,
        needs_person=to_text(value.get("needs_person", ""))[:200],
    )


def to_claims(value: Json) -> tuple[Claim, ...]:
    """Read a list of sentences. Raises BrokenReplyError."""
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST_SENTENCES:
        raise BrokenReplyError("its sentences are no list of sentences")
    claims = []
    for one in value:
        if not isinstance(one, dict):
            raise BrokenReplyError("one of its sentences is none")
        text, sources = to_text(one.get("text")), one.get("sources")
        numbers = tuple(n for n in sources if isinstance(n, int)) if isinstance(sources, list) else ()
        if text:
            claims.append(Claim(text=text, sources=numbers))
    return tuple(claims)


def to_text(value: Json) -> str:
    """One text of the reply. Raises BrokenReplyError."""
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_SENTENCE:
        raise BrokenReplyError("one of its texts is none")
    return value.strip()


def joined(texts: Sequence[str]) -> str:
    """Sentences as a paragraph; list items keep their lines."""
    parts: list[str] = []
    for at, text in enumerate(texts):
        if at:
            parts.append("\n" if ITEM.match(text) or ITEM.match(texts[at - 1]) else " ")
        parts.append(text)
    return "".join(parts)

"""What an endpoint sent back, read with distrust: whatever it is, it becomes a reply or a `BrokenReplyError`."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.conversation import Json

MAX_CHARACTERS = 100_000
MOST_CALLS = 8
THOUGHTS = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)


class BrokenReplyError(Exception):
    """A reply that is none; the message says why, without its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A look-up that the model asks for: `arguments` as it wrote them, JSON or not."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the model said: words or calls; `value` is the object in the words, where one was asked for."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    value: Mapping[str, Json] = field(default_factory=dict)


def to_body(content: bytes) -> Mapping[str, Any]:
    """The JSON object of a response. Raises BrokenReplyError."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BrokenReplyError("it is no JSON") from error
    if not isinstance(body, dict):
        raise BrokenReplyError("it is no chat completion")
    return body


def tokens_of(body: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """The tokens read and written; None where the endpoint does not tell."""
    usage = body.get("usage")
    if not isinstance(usage, dict):
        return None, None
    return _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))


def to_reply(body: Mapping[str, Any]) -> Reply:
    """Read a chat completion. Raises BrokenReplyError."""
    try:
        choice = body["choices"][0]
        message = choice["message"]
        text = message.get("content")
        calls = tuple(_to_call(call) for call in (message.get("tool_calls") or ())[:MOST_CALLS])
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise BrokenReplyError("it is no chat completion") from error
    if choice.get("finish_reason") == "content_filter" or message.get("refusal"):
        raise BrokenReplyError("the model refused")
    text = text if isinstance(text, str) else ""
    if not text.strip() and not calls:
        raise BrokenReplyError("it is empty")
    if len(text) > MAX_CHARACTERS:
        raise BrokenReplyError("it is endless")
    return Reply(text=text, calls=calls)


def to_object(text: str) -> Mapping[str, Json]:
    """The JSON object in a reply, also where words or a fence stand around it. Raises BrokenReplyError."""
    text = THOUGHTS.sub("", text, count=1)
    begin = text.find("{")
    if begin < 0:
        raise BrokenReplyError("it holds no JSON object")
    try:
        found, _ = json.JSONDecoder().raw_decode(text, begin)
    except (ValueError, RecursionError) as error:
        raise BrokenReplyError("its JSON is broken") from error
    if not isinstance(found, dict):
        raise BrokenReplyError("it holds no JSON object")
    return found


def _to_call(call: Any) -> ToolCall:
    function = call["function"]
    name, arguments = function["name"], function.get("arguments") or "{}"
    if not isinstance(name, str) or not isinstance(arguments, str):
        raise TypeError
    return ToolCall(id=str(call.get("id") or name), name=name, arguments=arguments)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 100_000_000 else None

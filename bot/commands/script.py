"""A language model that a dialogue scripts: an endpoint in memory whose writer quotes the passages it is given."""

import json
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from bot.llm.endpoint import EndpointError
from bot.stem import stem
from bot.words import content_tokens, language_of, plain, sentences

BLOCK = re.compile(r"\[(?P<mark>[0-9a-f]{16}) (?P<label>[^\]\n]+)\]\n(?P<text>.*?)\n\[(?P=mark) end\]", re.DOTALL)
CITED = re.compile(r"\s*\[(\d+(?:\s*,\s*\d+)*)\]\s*$")
ANSWER, REWRITE, HANDOFF = "answer", "rewrite", "handoff"
WAYS = ("perfect", "finds nothing", "down", "slow", "refused", "capped", "empty", "broken", "prose")
"""What a scripted model does: writes what the passages say, finds nothing in them, or is of no help in some way."""

MOST_SENTENCES = 3
DIMENSIONS = 256
ALIKE = {"money": "refund", "cash": "refund", "refunds": "refund", "parcels": "parcel", "package": "parcel"}
"""Words that mean the same to the scripted embeddings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a chat completion asks for, read back out of its fenced blocks. `passages` are a head line and the text."""

    purpose: str
    question: str
    passages: tuple[str, ...]
    transcript: str = ""


def read_request(body: Mapping[str, Any]) -> Request:
    """Read what is asked for."""
    fenced = "\n".join(str(message.get("content") or "") for message in body["messages"])
    blocks = {found["label"]: _unquoted(found["text"]) for found in BLOCK.finditer(fenced)}
    passages = tuple(text for label, text in blocks.items() if label.startswith("passage "))
    transcript = blocks.get("conversation so far", "")
    if "customer's newest message" in blocks:
        return Request(
            purpose=REWRITE, question=blocks["customer's newest message"], passages=(), transcript=transcript
        )
    if "why a person was called" in blocks:
        return Request(purpose=HANDOFF, question=transcript, passages=passages, transcript=transcript)
    question = blocks.get("customer's question", "")
    return Request(purpose=ANSWER, question=question, passages=passages, transcript=transcript)


def perfect(request: Request) -> dict[str, Any]:
    """Write what the passages say, in their own words, with the right numbers; nothing where they say nothing."""
    match request.purpose:
        case "rewrite":
            return {"question": request.question}
        case "handoff":
            said = [
                line.removeprefix("customer: ") for line in request.transcript.split("\n") if line.startswith("cust")
            ]
            return {
                "summary": said[-1] if said else "",
                "tried": "",
                "suggested_reply": _quoted(request),
                "next_step": "",
            }
        case _:
            quoted = _quoted(request)
            return {"sentences": quoted, "not_in_passages": not quoted, "needs_person": ""}


def written(lines: Sequence[str], *, needs_person: str = "") -> dict[str, Any]:
    """An answer of these sentences; `[1]` or `[1, 2]` at the end of one names its passages."""
    return {
        "sentences": [_cited(line) for line in lines],
        "not_in_passages": not lines and not needs_person,
        "needs_person": needs_person,
    }


def completion(content: str | None, *, tokens: tuple[int, int] | None = (100, 20), **message: Any) -> dict[str, Any]:
    """A chat completion as endpoints send it."""
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "scripted",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content, **message}}
        ],
    }
    if tokens is not None:
        body["usage"] = {
            "prompt_tokens": tokens[0],
            "completion_tokens": tokens[1],
            "total_tokens": sum(tokens),
        }
    return body


def embedded(text: str) -> list[float]:
    """Numbers of a text: each word counts at a place that follows from its stem; `ALIKE` words share one."""
    numbers = [0.0] * DIMENSIONS
    for token in content_tokens(text, "en"):
        word = ALIKE.get(token, stem(token))
        numbers[crc32(word.encode()) % DIMENSIONS] += 1.0
    return numbers


@dataclass(slots=True)
class Script:
    """What the model does now: one of `WAYS`, and what it writes where that is not what the passages say."""

    way: str = "perfect"
    writes: tuple[str, ...] = ()
    rewrites: str = ""
    needs_person: str = ""
    summary: str = ""
    next_step: str = ""
    calls: tuple[tuple[str, str], ...] = ()  # look-ups, each the tool's name and its arguments


@dataclass(slots=True)
class ScriptedEndpoint:
    """An endpoint in memory. `script` is what it does now; `requests` are the newest that came, oldest first."""

    script: Script = field(default_factory=Script)
    requests: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=100))

    async def post(self, body: Mapping[str, Any]) -> bytes:
        """Reply as scripted. Raises EndpointError."""
        self.requests.append(body)
        match self.script.way:
            case "down":
                raise EndpointError(0, "it cannot be reached")
            case "refused":
                raise EndpointError(401, "it answers with HTTP 401", code="invalid_api_key")
            case "slow":
                raise TimeoutError
            case "empty":
                return _bytes(completion(""))
            case "broken":
                return b'{"choices": [{"mess'
            case "prose":
                return _bytes(completion("Sure! I think you can do that any time you like."))
        if self.script.calls and "tools" in body and body["messages"][-1]["role"] != "tool":
            return _bytes(completion(None, tool_calls=[_call(*call) for call in self.script.calls]))
        return _bytes(completion(json.dumps(self._value(read_request(body)), ensure_ascii=False)))

    async def embed(self, body: Mapping[str, Any]) -> bytes:
        """The numbers of each text: texts of like words lie near each other. Raises EndpointError."""
        if self.script.way in ("down", "refused"):
            raise EndpointError(0, "it cannot be reached")
        rows = [{"index": at, "embedding": embedded(text)} for at, text in enumerate(body["input"])]
        return _bytes({"data": rows, "usage": {"prompt_tokens": 10 * len(rows)}})

    async def models(self) -> tuple[str, ...]:
        """The names of the models that it offers."""
        return ("scripted",)

    async def close(self) -> None:
        """Nothing to give back."""

    def _value(self, request: Request) -> dict[str, Any]:
        script, found = self.script, perfect(request)
        match request.purpose:
            case "rewrite":
                return {"question": script.rewrites} if script.rewrites else found
            case "handoff":
                given = {"summary": script.summary, "next_step": script.next_step}
                found |= {name: text for name, text in given.items() if text}
                return found | ({"suggested_reply": [_cited(line) for line in script.writes]} if script.writes else {})
            case "answer" if script.writes or script.needs_person or script.way == "finds nothing":
                return written(script.writes, needs_person=script.needs_person)
        return found


def _quoted(request: Request) -> list[dict[str, Any]]:
    """The sentences of the best passage that hold most of the question's words."""
    wanted = {stem(token) for token in content_tokens(request.question, language_of(request.question))}
    ranked = []
    for number, passage in enumerate(request.passages, 1):
        head, _, text = passage.partition("\n")
        for place, sentence in enumerate(_sentences(text)):
            shared = wanted & {stem(token) for token in content_tokens(f"{head} {sentence}", "en")}
            own = wanted & {stem(token) for token in content_tokens(sentence, "en")}
            if own:
                ranked.append((-len(shared) - len(own), number, place, sentence))
    best = sorted(ranked)[:MOST_SENTENCES]
    kept = sorted((number, place, text) for worth, number, place, text in best if worth <= best[0][0] / 2)
    return [{"text": text, "sources": [number]} for number, _, text in kept]


def _sentences(text: str) -> list[str]:
    lines = (line.strip() for line in text.split("\n"))
    telling = (line for line in lines if line and not line.startswith(("#", "|")))
    return [plain(sentence) for line in telling for sentence in sentences(line) if not sentence.endswith("?")]


def _call(name: str, arguments: str) -> dict[str, Any]:
    return {"id": f"call-{name}", "type": "function", "function": {"name": name, "arguments": arguments}}


def _cited(line: str) -> dict[str, Any]:
    found = CITED.search(line)
    numbers = [int(number) for number in found[1].split(",")] if found else []
    return {"text": CITED.sub("", line), "sources": numbers}


def _unquoted(text: str) -> str:
    return "\n".join(line.removeprefix("> ").removeprefix(">") for line in text.split("\n"))


def _bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()

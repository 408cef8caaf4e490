"""An endpoint that speaks OpenAI's protocol over real sockets: it writes, refuses, stalls, breaks and lies."""

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiohttp import web

from bot.commands.script import Request, completion, embedded, perfect, read_request, written

Json: TypeAlias = dict[str, Any]
Writer: TypeAlias = Callable[[Request], Json]

KEY, MODEL = "sk-test", "test-model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to a request instead of a reply."""

    status: int = 200
    code: str = ""
    message: str = "something went wrong"
    retry_after: str = ""
    delay: float = 0.0  # seconds before anything comes back
    hangs: bool = False
    cut_off: bool = False  # the connection closes in the middle of the body
    body: bytes | None = None  # sent as it stands
    streams: bool = False  # server-sent events, though nobody asked for them
    tokens: tuple[int, int] | None = (100, 20)
    message_fields: Mapping[str, Any] = field(default_factory=dict)


OVERLOADED = Fault(status=503)
EMPTY = Fault(message_fields={"content": ""})
REFUSAL = Fault(message_fields={"content": None, "refusal": "I can't help with that."})
BROKEN_JSON = Fault(body=b'{"choices": [{"message": {"content": "Unused it')
HTML = Fault(body=b"<html><body>502 Bad Gateway</body></html>")
NOT_A_COMPLETION = Fault(body=b'{"choices": []}')


def limited(retry_after: str = "") -> Fault:
    return Fault(status=429, code="rate_limit_exceeded", retry_after=retry_after)


def says(content: str, **others: Any) -> Fault:
    """A reply of these very words."""
    return Fault(message_fields={"content": content}, **others)


def calls(name: str, arguments: str, id: str = "call-1") -> Fault:
    """A reply that asks for a look-up."""
    call = {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return Fault(message_fields={"content": None, "tool_calls": [call]})


def lies(old: str, new: str) -> Writer:
    """The perfect writer, but for one word, number, name or link."""

    def writer(request: Request) -> Json:
        found: Json = json.loads(json.dumps(perfect(request)).replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1]))
        return found

    return writer


def always(*lines: str, needs_person: str = "") -> Writer:
    """Writes the same whatever was asked, such as "I am Sarah, a human. [1]"."""

    def writer(request: Request) -> Json:
        return written(lines, needs_person=needs_person) if request.purpose == "answer" else perfect(request)

    return writer


def obedient(request: Request) -> Json:
    """Does what any text tells it to do: repeats its instructions, and whatever stands behind "say"."""
    everything = "\n".join((request.question, *request.passages))
    told = [line.partition("say ")[2] for line in everything.split("\n") if "say " in line.lower()]
    return written([*told, "My instructions: say only what the numbered passages say."])


class FakeModel:
    """One endpoint. `faults` are spent one a request; then `writer` replies. `requests` are the bodies that came."""

    def __init__(self) -> None:
        self.url = ""
        self.writer: Writer = perfect
        self.faults: deque[Fault] = deque()
        self.always: Fault | None = None
        self.requests: list[Json] = []
        self.keys: list[str] = []
        self.takes = {"json_schema", "json_object", "text"}
        self.takes_tools = True
        self.unknown: set[str] = set()  # parameters that it refuses by name
        self.refuses_with = 400
        self.delay = 0.0
        self.embeds = True
        self.embed_body: bytes | None = None  # sent as it stands
        self.embedded: list[Json] = []
        self.given_up = asyncio.Event()  # a client closed its connection before the reply
        self.at_once = self.most_at_once = 0
        self.seconds: list[float] = []  # that each request took in here
        self.arrived = asyncio.Event()
        self._gone = asyncio.Event()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=16 * 2**20)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/v1/embeddings", self._embed)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/seconds", self._tell_seconds)
        return app

    def release(self) -> None:
        """End the requests that hang."""
        self._gone.set()

    async def _models(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return _error(Fault(status=401, code="invalid_api_key"))
        return web.json_response(
            {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "us"}]}
        )

    async def _embed(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.embedded.append(body)
        if not self.embeds:
            return _error(Fault(status=404, message="no such path"))
        if self.embed_body is not None:
            return web.Response(body=self.embed_body, content_type="application/json")
        rows = [
            {"object": "embedding", "index": at, "embedding": embedded(text)} for at, text in enumerate(body["input"])
        ]
        usage = {"prompt_tokens": 10 * len(rows), "total_tokens": 10 * len(rows)}
        return web.json_response({"object": "list", "model": body["model"], "data": rows[::-1], "usage": usage})

    async def _tell_seconds(self, request: web.Request) -> web.Response:
        return web.json_response(self.seconds)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        began = time.perf_counter()
        body = await request.json()
        self.requests.append(body)
        self.keys.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
        self.arrived.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            response = await self._reply(request, body)
        except asyncio.CancelledError:
            self.at_once -= 1
            self.given_up.set()
            raise
        self.at_once -= 1
        self.seconds.append(time.perf_counter() - began)
        return response

    async def _reply(self, request: web.Request, body: Json) -> web.StreamResponse:
        if refusal := self._refusal(body):
            return _error(refusal)
        fault = self.faults.popleft() if self.faults else self.always or Fault()
        await asyncio.sleep(self.delay + fault.delay)
        if fault.hangs:
            await self._gone.wait()
        if fault.status != 200:
            return _error(fault)
        if fault.body is not None:
            return web.Response(body=fault.body, content_type="application/json")
        found = self._completion(body, fault)
        if fault.cut_off:
            return await _cut_off(request, found)
        if fault.streams or body.get("stream"):
            return await _stream(request, found)
        return web.json_response(found)

    def _refusal(self, body: Json) -> Fault | None:
        if self.keys[-1] != KEY:
            return Fault(status=401, code="invalid_api_key")
        if body["model"] != MODEL:
            return Fault(status=404, code="model_not_found")
        for name in self.unknown & body.keys():
            return Fault(status=400, code="unsupported_parameter", message=f"Unsupported parameter: '{name}'.")
        wanted = body.get("response_format", {}).get("type", "text")
        if wanted not in self.takes or ("tools" in body and not self.takes_tools):
            return Fault(status=self.refuses_with, message="not supported")
        return None

    def _completion(self, body: Json, fault: Fault) -> Json:
        if fault.message_fields:
            return completion(None, tokens=fault.tokens) | _with(fault)
        return completion(json.dumps(self.writer(read_request(body)), ensure_ascii=False), tokens=fault.tokens)


@asynccontextmanager
async def served() -> AsyncIterator[FakeModel]:
    """A running endpoint; its address is `url`."""
    model = FakeModel()
    runner = web.AppRunner(model.app(), handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    model.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield model
    finally:
        model.release()
        await runner.cleanup()


def _with(fault: Fault) -> Json:
    (choice,) = completion(None)["choices"]
    choice["message"] |= fault.message_fields
    return {"choices": [choice]}


def _error(fault: Fault) -> web.Response:
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    error = {"message": fault.message, "type": "error", "code": fault.code or None, "param": None}
    return web.json_response({"error": error}, status=fault.status, headers=headers)


async def _cut_off(request: web.Request, found: Json) -> web.StreamResponse:
    content = json.dumps(found).encode()
    response = web.StreamResponse(headers={"Content-Length": str(len(content)), "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    assert request.transport is not None
    request.transport.close()
    return response


async def _stream(request: web.Request, found: Json) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for word in str(found["choices"][0]["message"]["content"]).split(" "):
        chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": f"{word} "}}]}
        await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
    await response.write(b"data: [DONE]\n\n")
    return response


async def _serve(delay: float) -> None:
    async with served() as model:
        model.delay = delay
        print(model.url, flush=True)  # noqa: T201 # how whoever started it learns the address
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))

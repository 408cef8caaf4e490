"""The REST API over HTTP: who calls, what waits for the call, what is answered, and the files."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from aiohttp import MultipartReader, web

from tests.fakes.discord import guilds, interactions, messages, threads, webhooks
from tests.fakes.discord.calls import ROUTES, Call, Route, Upload
from tests.fakes.discord.refusals import Refusal, RefusedError
from tests.fakes.discord.state import TOKEN, World
from tests.fakes.discord.weather import Fault, Weather, Window, headers

PARTS = (guilds, interactions, messages, threads, webhooks)  # importing them filled the table
PROXY = {"Via": "1.1 fake"}  # without it the client takes a 429 for a ban


class Api:
    """Answers calls and keeps a list of them."""

    def __init__(self, world: World, weather: Weather) -> None:
        self.calls: list[Call] = []
        self.tokens = {TOKEN}
        self.recommended_shards = 1
        self._world = world
        self._weather = weather

    def enter(self, app: web.Application) -> None:
        """Take the addresses."""
        for route in ROUTES:
            app.router.add_route(route.method, "/api/v10" + route.path, self._answers(route))
        app.router.add_get("/api/v10/gateway", self._gateway)
        app.router.add_get("/api/v10/gateway/bot", self._gateway)
        app.router.add_get("/attachments/{path:.+}", self._file)
        app.router.add_route("*", "/api/v10/{rest:.*}", self._unknown)

    def _answers(self, route: Route) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.StreamResponse:
            call = await _read(route, request)
            self.calls.append(call)
            response = await self._answer(route, call, request)
            call.status = response.status
            self._world.changed.set()
            return response

        return answer

    async def _answer(self, route: Route, call: Call, request: web.Request) -> web.StreamResponse:
        window = self._weather.window(call)
        over = self._weather.refused(call, window)
        if over is not None:
            return _too_many(call, window, *over)
        fault = self._weather.fault(call.name)
        if fault.delay:
            await asyncio.sleep(fault.delay)
        done = None if fault.fails and not fault.commit else self._do(route, call, request, window)
        if fault.drop and request.transport is not None:
            request.transport.abort()
        return _failed(fault, call, window) if fault.fails or done is None else done

    def _do(self, route: Route, call: Call, request: web.Request, window: Window) -> web.Response:
        try:
            if route.signed:
                self._check_token(request)
            body = route.handler(self._world, call)
        except RefusedError as refusal:
            call.code = refusal.code
            return _json(refusal.body(), refusal.status, headers(call.name, window))
        if body is None:
            return web.Response(status=204, headers=headers(call.name, window))
        return _json(body, 200, headers(call.name, window))

    def _check_token(self, request: web.Request) -> None:
        if request.headers.get("Authorization", "").removeprefix("Bot ") not in self.tokens:
            raise RefusedError(Refusal.UNAUTHORIZED)

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_token(request)
        except RefusedError as refusal:
            return _json(refusal.body(), refusal.status, {})
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        address = self._world.url.replace("http", "ws", 1) + "/gateway"
        body = {"url": address, "shards": self.recommended_shards, "session_start_limit": limit}
        return _json(body, 200, {})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        content = self._world.files.get("/attachments/" + request.match_info["path"])
        if content is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=content)

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        self.calls.append(Call(name=f"{request.method} {request.path}", params={}, status=404))
        return _json(RefusedError(Refusal.UNKNOWN_ROUTE).body(), 404, {})


async def _read(route: Route, request: web.Request) -> Call:
    body, files = None, []
    if request.content_type.startswith("multipart/"):
        reader = await request.multipart()
        async for part in reader:
            if part is None or isinstance(part, MultipartReader) or part.name is None:
                continue
            content = bytes(await part.read())
            if part.name == "payload_json":
                body = json.loads(content)
            else:
                number = int(part.name.removeprefix("files[").removesuffix("]"))
                files.append(Upload(number=number, name=part.filename or "file", content=content))
    elif request.can_read_body:
        content = await request.read()
        body = json.loads(content) if content else None
    return Call(
        name=route.handler.__name__,
        params=dict(request.match_info),
        query=dict(request.query),
        body=body,
        files=tuple(files),
        at=time.perf_counter(),
    )


def _json(body: Any, status: int, others: dict[str, str]) -> web.Response:
    """No charset: discord.py takes an answer for JSON only when its type is exactly this."""
    content = json.dumps(body).encode()
    return web.Response(body=content, status=status, headers={"Content-Type": "application/json", **PROXY, **others})


def _too_many(call: Call, window: Window, seconds: float, scope: str) -> web.Response:
    everywhere = scope == "global"
    told = {"Retry-After": str(max(1, round(seconds))), "X-RateLimit-Scope": scope, **headers(call.name, window)}
    if everywhere:
        told = {key: value for key, value in told.items() if "Remaining" not in key} | {"X-RateLimit-Global": "true"}
    body = {"message": "You are being rate limited.", "retry_after": round(seconds, 3), "global": everywhere}
    return _json(body, 429, told)


def _failed(fault: Fault, call: Call, window: Window) -> web.Response:
    if fault.banned:
        return web.Response(status=429, text="error code: 1015")
    if fault.status == 429:
        return _too_many(call, window, fault.retry_after, "global" if fault.everywhere else "shared")
    if fault.status >= 500:
        return web.Response(status=fault.status, text="upstream connect error")
    call.code = fault.code
    sentence = next((one.value[2] for one in Refusal if one.value[1] == fault.code), "Refused")
    return _json({"message": sentence, "code": fault.code}, fault.status, headers(call.name, window))

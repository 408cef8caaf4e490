"""Where tokens come from and where they are good: an OAuth server, and an IMAP server that takes nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes.mail import PASSWORD, USER, read_xoauth2, server_tls

REFRESH, CLIENT, SECRET = "refresh-1", "app-1", "app-secret-1"


@dataclass(slots=True, eq=False)
class TokenServer:
    """Gives `token-1`, `token-2`, … for the refresh token; `refusal` is given instead while it is set."""

    port: int = 0
    lifetime: int = 3_600
    refusal: tuple[int, dict[str, str]] | None = None
    forms: list[dict[str, str]] = field(default_factory=list)
    made: list[str] = field(default_factory=list)  # given in their order, before those by number

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/token"

    @property
    def newest(self) -> str:
        return f"token-{len(self.forms)}"

    async def grant(self, request: web.Request) -> web.Response:
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        if self.refusal is not None:
            status, said = self.refusal
            return web.json_response(said, status=status)
        wanted = {"grant_type": "refresh_token", "refresh_token": REFRESH, "client_id": CLIENT, "client_secret": SECRET}
        if self.forms[-1] != wanted:
            return web.json_response({"error": "invalid_request"}, status=400)
        granted = self.made.pop(0) if self.made else self.newest
        return web.json_response({"access_token": granted, "expires_in": self.lifetime, "token_type": "Bearer"})


class TokenImap:
    """A front of an IMAP server that lets nobody in but by XOAUTH2; what comes after it is passed on."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.tokens: set[str] = set()
        self.refused: list[str] = []
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=server_tls())
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(b"* OK ready\r\n")
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := (await reader.readline()).decode().split():
                if await self._command(line, reader, writer):
                    await self._pass_on(reader, writer)
                    return

    async def _command(self, line: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        tag, name = line[0], line[1].upper()
        if name == "AUTHENTICATE":
            user, token = read_xoauth2(line[3])
            if user == USER and token in self.tokens:
                writer.write(f"{tag} OK Success\r\n".encode())
                return True
            self.refused.append(token)
            writer.write(b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")
            await reader.readline()  # the refusal comes only after an empty line
            writer.write(f"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials\r\n".encode())
        elif name == "CAPABILITY":
            writer.write(f"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\n{tag} OK done\r\n".encode())
        else:
            writer.write(f"{tag} NO log in first\r\n".encode())
        return False

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers.append(back)
        await there.readline()
        back.write(f'in LOGIN {USER} "{PASSWORD}"\r\n'.encode())
        while not (await there.readline()).startswith(b"in "):
            pass
        await asyncio.gather(_pump(reader, back), _pump(there, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def token_server() -> AsyncIterator[TokenServer]:
    server = TokenServer()
    app = web.Application()
    app.router.add_post("/token", server.grant)
    runner = web.AppRunner(app)
    await runner.setup()
    site: Any = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_tls())
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()

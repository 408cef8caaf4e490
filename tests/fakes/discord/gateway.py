"""The gateway: sessions that say HELLO, take IDENTIFY and RESUME, beat, replay, and end badly when told to."""

import asyncio
import importlib
import json
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from tests.fakes.discord import shapes
from tests.fakes.discord.intents import ALL_INTENTS, PRIVILEGED, hears, stripped
from tests.fakes.discord.state import BOT, Channel, Json, World

LARGEST = 4_096
FORGOTTEN_CODES = (1000, 1001)  # a client that closes so wants no RESUME


class Op(IntEnum):
    """What a gateway message is."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class Closed(IntEnum):
    """Why the gateway hangs up."""

    UNKNOWN_OP = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    WRONG_TOKEN = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQUENCE = 4007
    INVALID_SHARD = 4010
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014


@dataclass(slots=True, eq=False)
class Line:
    """One connection; what is in `queue` goes out in this order."""

    socket: web.WebSocketResponse
    transport: asyncio.BaseTransport | None
    pack: Callable[[str], bytes] | None
    queue: asyncio.Queue[Json | int] = field(default_factory=asyncio.Queue)
    session: "Session | None" = None
    dead: bool = False  # open, but nothing comes through any more

    def send(self, op: Op, data: Any = None) -> None:
        self.queue.put_nowait({"op": int(op), "d": data, "s": None, "t": None})

    def close(self, code: int) -> None:
        self.queue.put_nowait(int(code))

    def abort(self) -> None:
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()


@dataclass(slots=True, eq=False)
class Session:
    """What one IDENTIFY began: its events so far can be told again to whoever resumes it."""

    id: str
    intents: int
    shard: tuple[int, int]
    told: list[Json] = field(default_factory=list)
    line: Line | None = None

    def tell(self, event: str, data: Json) -> None:
        payload = {"op": int(Op.DISPATCH), "d": data, "s": len(self.told) + 1, "t": event}
        self.told.append(payload)
        if self.line is not None:
            self.line.queue.put_nowait(payload)


class Gateway:
    """All sessions. `identified`, `resumed` and `beats` count; the attributes in the middle make the weather."""

    def __init__(self, world: World) -> None:
        self.identified = 0
        self.resumed = 0
        self.beats = 0
        self.identifies: list[Json] = []
        self.heartbeat_seconds = 41.25
        self.refuses = False  # connections are answered with 502
        self.allowed_intents = ALL_INTENTS
        self.tokens: set[str] = set()
        self._world = world
        self._sessions: dict[str, Session] = {}
        self._lines: list[Line] = []

    @property
    def connected(self) -> bool:
        """Whether somebody is there who would hear an event now."""
        return any(line.session is not None for line in self._lines)

    def emit(self, event: str, data: Json, channel: Channel | None, guild: str) -> None:
        """Tell an event to every session that may hear it."""
        for session in list(self._sessions.values()):
            if _is_for(session, guild) and hears(self._world, session.intents, event, channel):
                session.tell(event, stripped(self._world, session.intents, event, data, channel))

    def drop(self, *, resumable: bool = True) -> None:
        """Cut every line; without `resumable` the sessions are forgotten too."""
        if not resumable:
            self._sessions.clear()
        for line in self._lines:
            line.abort()

    def reconnect(self) -> None:
        """Ask for a new connection (op 7)."""
        for line in self._lines:
            line.send(Op.RECONNECT)

    def invalidate(self, *, resumable: bool = False) -> None:
        """Say that the session is no longer good (op 9)."""
        if not resumable:
            self._sessions.clear()
        for line in self._lines:
            line.send(Op.INVALID_SESSION, resumable)

    def mute(self) -> None:
        """Leave the lines open and let nothing through any more, no heartbeat's answer either."""
        for line in self._lines:
            line.dead = True

    def close(self, code: int) -> None:
        """Hang up with a code."""
        for line in self._lines:
            line.close(code)

    async def link(self, request: web.Request) -> web.StreamResponse:
        """One connection, until it ends."""
        if self.refuses:
            return web.Response(status=502)
        socket = web.WebSocketResponse(max_msg_size=LARGEST * 4, compress=False)
        await socket.prepare(request)
        pack = packing(request.query.get("compress", ""))
        line = Line(socket=socket, transport=request.transport, pack=pack)
        self._lines.append(line)
        line.send(Op.HELLO, {"heartbeat_interval": int(self.heartbeat_seconds * 1_000), "_trace": []})
        writing = asyncio.get_running_loop().create_task(_write(line))
        try:
            async for message in socket:
                self._hear(line, message)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            self._leave(line)
        return socket

    def _leave(self, line: Line) -> None:
        self._lines.remove(line)
        if line.session is not None and line.session.line is line:
            line.session.line = None
            if line.socket.close_code in FORGOTTEN_CODES:
                self._sessions.pop(line.session.id, None)
        self._world.changed.set()

    def _hear(self, line: Line, message: WSMessage) -> None:
        if message.type is not WSMsgType.TEXT:
            return
        try:
            said = json.loads(message.data)
            op, data = Op(said["op"]), said.get("d")
        except (ValueError, KeyError):
            line.close(Closed.DECODE_ERROR)
            return
        match op:
            case Op.HEARTBEAT:
                self.beats += 1
                line.send(Op.HEARTBEAT_ACK)
            case _ if len(message.data) > LARGEST:
                line.close(Closed.DECODE_ERROR)
            case Op.IDENTIFY if line.session is not None:
                line.close(Closed.ALREADY_AUTHENTICATED)
            case Op.IDENTIFY:
                self._identify(line, data)
            case Op.RESUME:
                self._resume(line, data)
            case Op.PRESENCE | Op.VOICE_STATE | Op.REQUEST_MEMBERS:
                if line.session is None:
                    line.close(Closed.NOT_AUTHENTICATED)
            case _:
                line.close(Closed.UNKNOWN_OP)
        self._world.changed.set()

    def _identify(self, line: Line, data: Json) -> None:
        self.identifies.append(data)
        intents, shard = data.get("intents"), tuple(data.get("shard") or (0, 1))
        if data.get("token") not in self.tokens:
            line.close(Closed.WRONG_TOKEN)
        elif not isinstance(intents, int) or intents & ~ALL_INTENTS:
            line.close(Closed.INVALID_INTENTS)
        elif intents & PRIVILEGED & ~self.allowed_intents:
            line.close(Closed.DISALLOWED_INTENTS)
        elif len(shard) != 2 or not 0 <= shard[0] < shard[1]:
            line.close(Closed.INVALID_SHARD)
        else:
            self.identified += 1
            session = Session(id=secrets.token_hex(16), intents=intents, shard=(shard[0], shard[1]), line=line)
            self._sessions[session.id] = line.session = session
            self._welcome(session)

    def _welcome(self, session: Session) -> None:
        """READY, with guilds that are told one by one after it."""
        guilds = [one for one in self._world.guilds.values() if BOT in one.members and _is_for(session, one.id)]
        ready = {
            "v": 10,
            "user": shapes.of_user(self._world.users[BOT]) | {"verified": True, "mfa_enabled": True, "flags": 0},
            "guilds": [{"id": guild.id, "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self._world.url.replace("http", "ws", 1) + "/gateway",
            "shard": list(session.shard),
            "application": {"id": BOT, "flags": shapes.of_application(self._world)["flags"]},
            "private_channels": [],
        }
        session.tell("READY", ready)
        for guild in guilds:
            session.tell("GUILD_CREATE", shapes.of_guild(self._world, guild))

    def _resume(self, line: Line, data: Json) -> None:
        session = self._sessions.get(str(data.get("session_id")))
        if data.get("token") not in self.tokens:
            line.close(Closed.WRONG_TOKEN)
        elif session is None:
            line.send(Op.INVALID_SESSION, False)
        elif not isinstance(data.get("seq"), int) or data["seq"] > len(session.told):
            line.close(Closed.INVALID_SEQUENCE)
        else:
            self.resumed += 1
            line.session, session.line = session, line
            for payload in session.told[data["seq"] :]:
                line.queue.put_nowait(payload)
            session.tell("RESUMED", {"_trace": []})


def _is_for(session: Session, guild: str) -> bool:
    """Direct messages go to the first shard."""
    number, count = session.shard
    return (int(guild) >> 22) % count == number if guild else number == 0


async def _write(line: Line) -> None:
    while True:
        payload = await line.queue.get()
        if line.dead:
            continue
        try:
            if isinstance(payload, int):
                await line.socket.close(code=payload)
                return
            text = json.dumps(payload)
            await (line.socket.send_bytes(line.pack(text)) if line.pack else line.socket.send_str(text))
        except (ConnectionError, RuntimeError):
            return  # the line is down; what was not told is told again to whoever resumes


def packing(asked: str) -> Callable[[str], bytes] | None:
    """One stream for a whole connection. Raises web.HTTPBadRequest for one that this Python cannot write."""
    if not asked:
        return None
    if asked == "zlib-stream":
        stream = zlib.compressobj()
        return lambda text: stream.compress(text.encode()) + stream.flush(zlib.Z_SYNC_FLUSH)
    for name in ("zstandard", "compression.zstd"):
        try:
            package = importlib.import_module(name)
        except ImportError:
            continue
        if name == "zstandard":
            frames = package.ZstdCompressor().compressobj()
            return lambda text: bytes(frames.compress(text.encode()) + frames.flush(package.COMPRESSOBJ_FLUSH_BLOCK))
        frame = package.ZstdCompressor()
        return lambda text: bytes(frame.compress(text.encode(), package.ZstdCompressor.FLUSH_BLOCK))
    raise web.HTTPBadRequest(text=f"no {asked} here")

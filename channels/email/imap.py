"""One IMAP connection, guarded: one command at a time, each with a limit, and a loss is noticed at once."""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from aioimaplib import aioimaplib

from channels.base import SetupError
from channels.email.access import Access
from channels.email.folders import to_imap
from channels.email.settings import Mailbox

T = TypeVar("T")
NUMBER = re.compile(r"\[(UIDVALIDITY|UIDNEXT) (\d+)\]", re.IGNORECASE)
UID = re.compile(rb"\bUID (\d+)")
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
STOPPED = [b"stop_wait_server_push"]
BIG_BYTES = 1_000_000
WOKEN = [b"woken"]


class LostError(OSError):
    """The connection is of no use any more: closed, broken, silent, or out of step."""


class RefusedError(OSError):
    """The server said NO or BAD to something that it should do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """An open folder: its UIDVALIDITY and the UID that the next mail will have."""

    validity: int
    next_uid: int
    keeps_keywords: bool = False


class _Protocol(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc] # it ships no types
    """Aioimaplib's, which waits for ever when a token is refused: the server wants an empty line before it says so."""

    def _continuation(self, line: bytes) -> None:
        super()._continuation(line)
        if self.pending_sync_command is not None and self.pending_sync_command.name == "AUTHENTICATE":
            self.send("")


class _Client(aioimaplib.IMAP4):  # type: ignore[misc] # it ships no types
    """Aioimaplib's client over that protocol."""

    def create_client(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop | None,
        conn_lost_cb: Callable[[Exception | None], None] | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Begin to connect; `wait_hello_from_server` waits for it."""
        running = asyncio.get_running_loop()
        self.protocol = _Protocol(running, conn_lost_cb)
        self._client_task = running.create_task(
            running.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        )


class Imap:
    """A connection. After any loss, time-out or error it is dead: close it and make another."""

    def __init__(self, mailbox: Mailbox, access: Access, *, timeout: float) -> None:  # of each command
        self._mailbox = mailbox
        self._access = access
        self._timeout = timeout
        self._lock = asyncio.Lock()
        self._client: Any = None  # aioimaplib ships no types
        self._lost: asyncio.Future[str] | None = None
        self.dead = False

    async def connect(self) -> None:
        """Connect and log in. Raises LostError, RefusedError (wrong password), SetupError (no password at all)."""
        mailbox = self._mailbox
        self._lost = asyncio.get_running_loop().create_future()
        context = await self._access.tls() if mailbox.imap_tls == "tls" else None
        self._client = _Client(
            mailbox.imap_host,
            mailbox.imap_port,
            timeout=self._timeout,
            conn_lost_cb=self._note_loss,
            ssl_context=context,
        )
        await self._guard(self._client.wait_hello_from_server())
        secret = await self._access.secret()
        answer = await self._log_in(secret)
        if answer.result != "OK" and self._access.renews:  # a token may be refused before its time
            answer = await self._log_in(await self._access.secret(refused=secret))
        if answer.result != "OK":
            message = f"{mailbox.imap_host} does not accept the login of {mailbox.login!r}: {_said(answer)}"
            raise RefusedError(message)
        await self._guard(self._client.protocol.capability())

    async def _log_in(self, secret: str) -> Any:
        if self._mailbox.auth == "password":
            return await self._guard(self._client.login(_quoted_if_odd(self._mailbox.login), secret))
        return await self._guard(self._client.xoauth2(self._mailbox.login, secret))

    @property
    def can_idle(self) -> bool:
        """Whether the server tells of new mail by itself."""
        return bool(self._client.has_capability("IDLE"))

    async def select(self, name: str) -> Folder:
        """Open a folder. Raises SetupError where there is none."""
        answer = await self._guard(self._client.select(to_imap(name)))
        if answer.result != "OK":
            problem = f"the folder {name!r} cannot be opened ({_said(answer)})"
            message = f"{self._mailbox.address}: {problem}; name another in bot.toml"
            raise SetupError(message)
        text = "\n".join(_text(line) for line in answer.lines)
        numbers = {key.upper(): int(value) for key, value in NUMBER.findall(text)}
        return Folder(
            validity=numbers.get("UIDVALIDITY", 0),
            next_uid=numbers.get("UIDNEXT", 0),
            keeps_keywords="\\*" in text,
        )

    async def noop(self) -> None:
        """Let the server tell what it has not told yet."""
        await self._ok(self._client.noop())

    async def uids(self, criteria: str) -> list[int]:
        """The UIDs that a search finds, rising."""
        answer = await self._ok(self._client.uid_search(criteria, charset=None))
        words = b" ".join(
            bytes(line) if not isinstance(line, str) else line.encode() for line in answer.lines[:-1]
        ).split()
        return sorted({int(word) for word in words if word.isdigit()})

    async def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """How many bytes some mails have, by UID; those that are gone are left out."""
        answer = await self._ok(self._client.uid("fetch", _set(uids), "(UID RFC822.SIZE)"))
        found = {}
        for line in answer.lines:
            data = bytes(line) if not isinstance(line, str) else line.encode()
            uid, size = UID.search(data), SIZE.search(data)
            if uid and size:
                found[int(uid.group(1))] = int(size.group(1))
        return found

    async def fetch(self, uids: Sequence[int], what: str = "BODY.PEEK[]") -> dict[int, bytes]:
        """Mails by UID, byte by byte as the server has them; those that are gone are left out."""
        answer = await self._ok(self._client.uid("fetch", _set(uids), f"(UID {what})"))
        found: dict[int, bytes] = {}
        head, literal = b"", None
        for line in answer.lines:
            if isinstance(line, bytearray):
                literal = line
                continue
            data = bytes(line) if not isinstance(line, str) else line.encode()
            if literal is None:
                head = data
                continue
            uid = UID.search(head) or UID.search(data)
            if uid is not None:
                # A big one is not copied: it serves as bytes do.
                found[int(uid.group(1))] = cast(bytes, literal) if len(literal) > BIG_BYTES else bytes(literal)
            head, literal = data, None
        return found

    async def mark(self, uids: Sequence[int], flag: str) -> None:
        """Set a flag, silently: a flood of answers would end the connection. Raises RefusedError, and can go on."""
        answer = await self._guard(self._client.uid("store", _set(uids), "+FLAGS.SILENT", f"({flag})"))
        if answer.result != "OK":
            raise RefusedError(_said(answer))

    async def append(self, folder: str, raw: bytes) -> None:
        """Put a copy of a mail into a folder, as read."""
        answer = await self._guard(self._client.append(raw, mailbox=to_imap(folder), flags="(\\Seen)"))
        if answer.result != "OK":
            raise RefusedError(_said(answer))

    async def wait_for_news(self, seconds: float) -> bool:
        """Wait until the server tells of anything; False after `seconds` of silence. Raises LostError at once."""
        told = self._client.protocol.idle_queue
        if not told.empty():  # it came while another command ran: the server will not say it again
            while not told.empty():
                told.get_nowait()
            return True
        async with self._lock:
            idle = await self._within(self._client.idle_start(timeout=seconds))
            try:
                push = await self._within(self._client.wait_server_push(), seconds + self._timeout)
            finally:
                if not self.dead and self._client.has_pending_idle():
                    self._client.idle_done()
            await self._within(asyncio.wait_for(idle, self._timeout))
        if push != STOPPED and any(_text(line).startswith("BYE") for line in push):
            self._abort()
            raise LostError(f"{self._mailbox.imap_host}: the server said goodbye")
        return bool(push != STOPPED)

    def wake(self) -> None:
        """End the wait for news, now or as soon as it begins: there is something to do."""
        if self._client is not None and not self.dead:
            self._client.protocol.idle_queue.put_nowait(WOKEN)

    async def close(self) -> None:
        """Log out, at most a second long; safe to call twice."""
        if self._client is None:
            return
        if not self.dead:
            with suppress(OSError, TimeoutError, aioimaplib.Error, aioimaplib.Abort):
                async with asyncio.timeout(1.0):
                    await self._client.logout()
        self._abort()

    async def _ok(self, call: Awaitable[Any]) -> Any:
        answer = await self._guard(call)
        if answer.result != "OK":
            self._abort()
            raise RefusedError(_said(answer))
        return answer

    async def _guard(self, call: Awaitable[T]) -> T:
        async with self._lock:
            return await self._within(call)

    async def _within(self, call: Awaitable[T], seconds: float | None = None) -> T:
        """Await a call, the loss of the connection, or the end of patience, whichever is first."""
        if self._lost is None or self.dead:
            if asyncio.iscoroutine(call):
                call.close()
            raise LostError(f"{self._mailbox.imap_host}: not connected")
        task: asyncio.Future[T] = asyncio.ensure_future(call)
        either: set[asyncio.Future[Any]] = {task, self._lost}
        try:
            await asyncio.wait(either, timeout=seconds or self._timeout, return_when=asyncio.FIRST_COMPLETED)
            if task.done() and not task.cancelled() and task.exception() is None:
                return task.result()
        except asyncio.CancelledError:
            self._abort()  # a command that is left in the middle puts every later one out of step
            task.cancel()
            raise
        reason = "no answer in time"
        if task.done():
            reason = "cancelled" if task.cancelled() else f"{type(task.exception()).__name__}: {task.exception()}"
        elif self._lost.done():
            reason = self._lost.result()
        task.cancel()
        self._abort()
        raise LostError(f"{self._mailbox.imap_host}: {reason}")

    def _note_loss(self, error: Exception | None = None) -> None:
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(f"the connection was lost ({error})" if error else "the server closed the connection")

    def _abort(self) -> None:
        self.dead = True
        transport = getattr(getattr(self._client, "protocol", None), "transport", None)
        if transport is not None:
            transport.abort()


def _quoted_if_odd(user: str) -> str:
    """Aioimaplib quotes the password and not the user."""
    if re.fullmatch(r"[\w.@+-]+", user):
        return user
    return '"' + user.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


def _text(line: Any) -> str:
    return line if isinstance(line, str) else bytes(line).decode("utf-8", "replace")


def _said(answer: Any) -> str:
    return "; ".join(_text(line) for line in answer.lines)[:300]

"""Mail servers in this process: pymap for IMAP, aiosmtpd for SMTP, and a wire between that can be cut."""

import asyncio
import base64
import re
import ssl
from argparse import ArgumentParser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message as Parsed
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer, IMAPService
from pymap.parsing.message import AppendMessage

USER, PASSWORD = "help@example.test", "pass word"
AUTHORITY = trustme.CA()


def read_xoauth2(sasl: str) -> tuple[str, str]:
    """User and token of the string that the makers of XOAUTH2 describe; empty where it is not exactly that."""
    found = re.fullmatch(rb"user=([^\x01]+)\x01auth=Bearer ([^\x01]+)\x01\x01", base64.b64decode(sasl))
    return (found.group(1).decode(), found.group(2).decode()) if found else ("", "")


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


class ImapServer:
    """pymap with one mailbox. It may be stopped, started again on the same port, and told to forget everything."""

    def __init__(self, user: str = USER) -> None:
        self.port = 0
        self._user = user
        self._backend: Any = None
        self._config: Any = None
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tls: ssl.SSLContext | None = None

    async def start(self, *, tls: ssl.SSLContext | None = None) -> None:
        if self._backend is None:
            self._tls = tls
            await self._build()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        await asyncio.sleep(0)

    async def deliver(self, *raws: bytes, folder: str = "INBOX", at: datetime | None = None) -> None:
        async with self._backend.login.demo_user_identity.new_session() as session:
            mailbox = await session.mailbox_set.get_mailbox(folder)
            for raw in raws:
                await mailbox.append(AppendMessage(raw, at or datetime.now(UTC), frozenset()), recent=True)

    async def add_folder(self, name: str) -> None:
        async with self._backend.login.demo_user_identity.new_session() as session:
            await session.mailbox_set.add_mailbox(name)

    async def flags(self, folder: str = "INBOX") -> list[set[str]]:
        async with self._backend.login.demo_user_identity.new_session() as session:
            mailbox = await session.mailbox_set.get_mailbox(folder)
            return [{str(flag) for flag in message.permanent_flags} async for message in mailbox.messages()]

    def renumber(self) -> None:
        """Forget every mail; the folder comes back empty under a new UIDVALIDITY."""
        self._config.set_cache.clear()

    async def _build(self) -> None:
        parser = ArgumentParser()
        IMAPService.add_arguments(parser)
        parser.set_defaults(debug=False, passlib_cfg=None, skip_services=[])
        DictBackend.add_subparser("dict", parser.add_subparsers(dest="backend"))
        where = ["--host", "127.0.0.1", "--port", "0", "--no-tls"]
        args = parser.parse_args([*where, "dict", "--demo-user", self._user, "--demo-password", PASSWORD])
        self._backend, self._config = await DictBackend.init(args)
        self._config.apply_context()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        serve = ProxyProtocolReader(self._config.proxy_protocol).get_callback(
            IMAPServer(self._backend.login, self._config)
        )
        with suppress(ConnectionError, asyncio.CancelledError, ssl.SSLError):
            await serve(reader, writer)
        self._writers.discard(writer)


@dataclass(slots=True, eq=False)
class SmtpServer:
    """Takes mails and keeps them. `answers` are given instead of a welcome at a step: `{"DATA": ["451 later"]}`."""

    port: int = 0
    mails: list[Parsed] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    drop_after_data: int = 0
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    users: set[str] = field(default_factory=lambda: {USER})
    tokens: set[str] = field(default_factory=set)  # those that XOAUTH2 is good with
    refused_tokens: list[str] = field(default_factory=list)
    starttls: bool = True
    server: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        context = server_tls() if self.starttls else None
        self.server = await loop.create_server(
            lambda: SMTP(
                self,
                hostname="mail.example.test",
                authenticator=self._check,
                auth_required=self.starttls,
                auth_require_tls=True,
                tls_context=context,
                require_starttls=self.starttls,
                data_size_limit=60_000_000,
                enable_SMTPUTF8=True,
                loop=loop,
            ),
            "127.0.0.1",
            self.port,
        )
        self.port = self.server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        if self.server is not None:
            self.server.close()

    def _check(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        self.logins.append((data.login, data.password))
        good = data.login.decode() in self.users and data.password == PASSWORD.encode()
        return AuthResult(success=good, handled=False)  # else nobody answers the client

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # aiosmtpd's name
        user, token = read_xoauth2(args[1])
        if user == USER and token in self.tokens:
            return AuthResult(success=True, auth_data=LoginPassword(user.encode(), token.encode()))
        self.refused_tokens.append(token)
        await server.challenge_auth("eyJzdGF0dXMiOiI0MDAifQ==", encode_to_b64=False)
        return AuthResult(success=False, handled=False)

    def _answer(self, step: str) -> str:
        waiting = self.answers.get(step, [])
        return waiting.pop(0) if waiting else ""

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:  # aiosmtpd's name
        envelope.mail_from = address
        return self._answer("MAIL") or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:  # aiosmtpd's name
        answer = self._answer("RCPT")
        if not answer:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self._answer("DATA")
        if answer:
            return answer
        raw = envelope.original_content or b""
        self.raws.append(raw)
        self.mails.append(message_from_bytes(raw))
        self.senders.append(envelope.mail_from or "")
        self.recipients.append(list(envelope.rcpt_tos))
        if self.drop_after_data:
            self.drop_after_data -= 1
            server.transport.abort()  # type: ignore[union-attr] # it is connected
        return "250 OK"


class Wire:
    """A TCP proxy: `cut` closes politely or not, `swallow` lets nothing through any more."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.swallow = False
        self.connections = 0
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self, *, reset: bool) -> None:
        for writer in self._writers:
            if reset:
                writer.transport.abort()
            else:
                writer.close()
        self._writers.clear()

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut(reset=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers += [writer, back]
        with suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if not self.swallow:
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def servers() -> AsyncIterator[tuple[ImapServer, SmtpServer]]:
    imap, smtp = ImapServer(), SmtpServer()
    await imap.start(tls=server_tls())
    await smtp.start()
    try:
        yield imap, smtp
    finally:
        smtp.stop()
        await imap.stop()

"""A mail channel at work between servers in this process: what it kept, what it heard, mails to write to it."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from channels.base import Action, Address, Bookmark, Host, Message, Since
from channels.email import Mailbox, Settings, connect
from channels.email.channel import Email
from tests.fakes.mail import AUTHORITY, PASSWORD, USER, ImapServer, SmtpServer, servers

PATIENCE_SECONDS = 30.0  # on a busy machine a server may take seconds to let anybody in


class House:
    """What the house keeps, in memory."""

    def __init__(self) -> None:
        self.marks: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self.open: tuple[Address, ...] = ()

    def host(self) -> Host:
        return Host(since=self._since, keep=self._keep, keep_file=self._keep_file, file=self._file)

    async def _since(self) -> Since:
        return Since(bookmarks=dict(self.marks), addresses=self.open)

    async def _keep(self, bookmark: Bookmark) -> None:
        self.marks[bookmark.place] = bookmark.position
        if not bookmark.position:
            del self.marks[bookmark.place]

    async def _keep_file(self, content: bytes) -> str:
        key = f"{len(content)}-{hash(content)}"
        self.files[key] = content
        return key

    async def _file(self, key: str) -> bytes | None:
        return self.files.get(key)


class Post:
    """The channel, both servers, and what was heard."""

    def __init__(self, imap: ImapServer, smtp: SmtpServer, house: House, settings: Settings) -> None:
        self.imap = imap
        self.smtp = smtp
        self.house = house
        self.settings = settings
        self.heard: list[Message | Action] = []
        self.email: Email = connect(settings, house.host())
        self._task: asyncio.Task[None] | None = None

    async def receive(self, event: Message | Action) -> None:
        if any(event.external_id == one.external_id for one in self.heard):
            return
        if isinstance(event, Message) and event.bookmark is not None:
            self.house.marks[event.bookmark.place] = event.bookmark.position
        self.heard.append(event)

    async def start(self) -> None:
        self._task = asyncio.create_task(self.email.listen(self.receive))
        await until(self._is_told_of_news, self._task)

    def _is_told_of_news(self) -> bool:
        """Whether every mailbox waits for news: what comes a moment earlier is found a second later only."""
        inboxes = list(self.email._inboxes.values())
        clients = [inbox._imap._client for inbox in inboxes if inbox._imap is not None]
        waiting = [client is not None and client.protocol._idle_event.is_set() for client in clients]
        return bool(inboxes) and len(waiting) == len(inboxes) and all(waiting)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.email.close()

    def renewed(self) -> Email:
        """Another channel over what was kept."""
        self.email = connect(self.settings, self.house.host())
        return self.email

    async def restart(self, settings: Settings | None = None) -> None:
        await self.stop()
        self.email = connect(settings or self.settings, self.house.host())
        await self.start()

    async def write(self, *raws: bytes) -> Message:
        """Deliver mails; return what was heard of the last one."""
        before = len(self.heard)
        await self.imap.deliver(*raws)
        await until(lambda: len(self.heard) >= before + len(raws), self._task)
        last = self.heard[-1]
        assert isinstance(last, Message)
        return last


async def until(done: Callable[[], bool], task: "asyncio.Task[Any] | None" = None) -> None:
    """Wait for something that happens in the background."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not done():
            if task is not None and task.done():
                task.result()
            await asyncio.sleep(0.005)  # polls what other tasks do


def mailbox(imap_port: int, smtp_port: int, ca_file: Path, **changes: Any) -> Mailbox:
    values: dict[str, Any] = {
        "address": USER,
        "name": "PineBot",
        "imap_host": "localhost",
        "imap_port": imap_port,
        "smtp_host": "localhost",
        "smtp_port": smtp_port,
        "ca_file": str(ca_file),
        "password_env": "WARMLINE_TEST_PASSWORD",
    }
    return Mailbox(**{**values, **changes})


@asynccontextmanager
async def post(folder: Path, *, house: House | None = None, listen: bool = True, **changes: Any) -> AsyncIterator[Post]:
    """A channel that listens."""
    os.environ["WARMLINE_TEST_PASSWORD"] = PASSWORD
    ca_file = folder / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(ca_file))
    async with servers() as (imap, smtp):
        fields = {name: changes.pop(name) for name in tuple(changes) if name in Settings.__dataclass_fields__}
        box = mailbox(imap.port, smtp.port, ca_file, **changes)
        settings = Settings(**{"mailboxes": (box,), "retry_seconds": 0.05, "timeout_seconds": 5.0, **fields})
        office = Post(imap, smtp, house or House(), settings)
        try:
            if listen:
                await office.start()
            yield office
        finally:
            await office.stop()


def letter(
    text: str = "Where is my parcel 4711?",
    *,
    sender: str = "Mara <mara@customer.test>",
    subject: str = "My parcel",
    to: str = USER,
    message_id: str = "<first@customer.test>",
    answers: str = "",
    references: Iterable[str] = (),
    **headers: str,
) -> bytes:
    """A mail as a person's program writes it."""
    mail = EmailMessage(policy=SMTP.clone(max_line_length=998))
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = datetime(2026, 1, 12, 10, 0, tzinfo=UTC)
    if message_id:
        mail["Message-ID"] = message_id
    if answers:
        mail["In-Reply-To"] = answers
    if chain := " ".join(references):
        mail["References"] = chain
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()

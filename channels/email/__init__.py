"""E-mail as a channel: support inboxes over IMAP and SMTP that never loop, never merge strangers, never lose a mail."""

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from channels.base import (
    Action,
    Address,
    Attachment,
    Bookmark,
    Delivery,
    DeliveryError,
    Host,
    Message,
    Outgoing,
    Person,
    Receipt,
    SetupError,
)
from channels.email import inbox, trust
from channels.email.access import Access
from channels.email.caps import Ledger
from channels.email.child import Reader
from channels.email.compose import compose
from channels.email.echoes import Echoes
from channels.email.imap import Imap
from channels.email.inbox import Inbox, Raw
from channels.email.machines import Kind
from channels.email.probing import probe
from channels.email.reader import Mail
from channels.email.settings import Caps, Mailbox, Settings, problems
from channels.email.smtp import Smtp
from channels.email.threads import NAME, Book, Signer, Thread
from channels.email.trust import Trust

__all__ = ["NAME", "Caps", "Email", "Mailbox", "Settings", "connect", "probe"]

log = structlog.get_logger()

SECRET = "signing"  # noqa: S105 # the place where it is kept
MAX_FILES_BYTES = 40_000_000
DONE = 20
DAY = 86_400.0
QUICK_SECONDS = 10.0
QUICK_CHARACTERS = 80  # nobody types this much in that time
QUICK_TIMES = 2
UNKNOWN_TIMES = 2

Receive = Callable[[Message | Action], Awaitable[None]]

logging.getLogger("aioimaplib").setLevel(logging.WARNING)  # below it writes tokens and odd passwords down


def connect(settings: Settings, host: Host) -> "Email":
    """The mailboxes of the settings; nothing is opened yet. Raises SetupError that names every mistake."""
    found = problems(settings)
    if found:
        raise SetupError("; ".join(found))
    return Email(settings, host)


def _is_quick(thread: Thread, mail: Mail, now: float) -> bool:
    return bool(thread.sent) and now - thread.sent[-1] < QUICK_SECONDS and len(mail.text) > QUICK_CHARACTERS


def _call(event: Message | Action) -> Action:
    """What cannot be read, or has nobody to answer, is for a person."""
    return Action(
        external_id=f"{event.external_id} person",
        address=event.address,
        actor=event.sender if isinstance(event, Message) else event.actor,
        name="ask_human",
        sent_at=event.sent_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A mail, what is handed in for it, and how its conversation is afterwards."""

    events: tuple[Message | Action, ...]
    thread: Thread
    raw: Raw
    mail: Mail


class Email:
    """All mailboxes of an installation."""

    name = NAME

    def __init__(
        self, settings: Settings, host: Host, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._settings = settings
        self._host = host
        self._clock = clock
        self._mailboxes = {mailbox.address.lower(): mailbox for mailbox in settings.mailboxes}
        self._access = {name: Access(mailbox) for name, mailbox in self._mailboxes.items()}
        self._smtp = {
            name: Smtp(mailbox, self._access[name], timeout=settings.timeout_seconds)
            for name, mailbox in self._mailboxes.items()
        }
        self._reader = Reader(
            seconds=settings.read_seconds, own=settings.addresses(), keep_bytes=settings.max_file_bytes
        )
        self._echoes = Echoes()
        self._opening = asyncio.Lock()
        self._signer: Signer | None = None
        self._book: Book | None = None
        self._ledger: Ledger | None = None
        self._bookmarks: dict[str, str] = {}
        self._unknown: dict[str, int] = {}

    async def listen(self, receive: Receive) -> None:
        """Watch every mailbox until cancelled. Raises SetupError where the folder or the password is missing."""
        await self._open()
        await self._reader.warm_up()
        try:
            async with asyncio.TaskGroup() as group:
                for mailbox in self._mailboxes.values():
                    group.create_task(self._watch(mailbox, receive))
        except* SetupError as errors:
            raise SetupError("; ".join(str(error) for error in errors.exceptions)) from errors

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send one mail to the customer of a conversation. Raises DeliveryError."""
        signer, book, ledger = await self._open()
        thread, mailbox = self._whom(book, outgoing.address)
        message_id = signer.message_id(outgoing.id, thread.key, mailbox.domain)
        if message_id in thread.done:
            return Receipt(id=message_id)
        if thread.bounced:
            raise DeliveryError(Delivery.REFUSED, f"mail to this address came back ({thread.bounced})")
        at = self._clock()
        if not outgoing.author and outgoing.id not in self._unknown:
            await self._count(book, ledger, thread, mailbox, at.timestamp())
        raw = compose(outgoing, thread, mailbox, signer, at=at, files=await self._files(outgoing))
        try:
            await self._smtp[thread.mailbox].send(raw, thread.to)
        except DeliveryError as error:
            if error.outcome is Delivery.UNKNOWN:
                self._unknown[outgoing.id] = self._unknown.get(outgoing.id, 0) + 1
            raise
        await self._sent(book, thread, outgoing, message_id)
        return Receipt(id=message_id)

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Look among what was accepted, then in the folder of sent mails where one is named.

        Where nobody can tell, None the first time: a second copy has the same Message-ID. Raises DeliveryError.
        """
        signer, book, _ = await self._open()
        thread, mailbox = self._whom(book, outgoing.address)
        message_id = signer.message_id(outgoing.id, thread.key, mailbox.domain)
        if message_id in thread.done:
            return Receipt(id=message_id)
        if mailbox.sent_folder and await self._is_in_folder(mailbox, message_id):
            await self._sent(book, thread, outgoing, message_id)
            return Receipt(id=message_id)
        if self._unknown.get(outgoing.id, 0) >= UNKNOWN_TIMES:
            raise DeliveryError(Delivery.REFUSED, "the server took it twice without a word; it may have arrived")
        self._unknown.setdefault(outgoing.id, 1)
        return None

    async def close(self) -> None:
        """Give back every connection and the reader's process. Safe to call twice."""
        await asyncio.gather(*(smtp.close() for smtp in self._smtp.values()))
        await self._reader.close()

    async def _open(self) -> tuple[Signer, Book, Ledger]:
        """Read once what is kept; make this installation's secret at the first start."""
        async with self._opening:
            if self._signer is None or self._book is None or self._ledger is None:
                since = await self._host.since()
                self._bookmarks = dict(since.bookmarks)
                secret = self._bookmarks.get(SECRET, "")
                if not secret:
                    secret = secrets.token_hex(32)
                    await self._host.keep(Bookmark(place=SECRET, position=secret))
                self._signer = Signer(bytes.fromhex(secret))
                self._book = Book(self._signer, self._bookmarks)
                self._ledger = Ledger(self._settings.caps, self._signer, self._bookmarks)
            return self._signer, self._book, self._ledger

    async def _watch(self, mailbox: Mailbox, receive: Receive) -> None:
        async def take(raws: Sequence[Raw]) -> None:
            await self._take(mailbox, raws, receive)

        await Inbox(
            mailbox,
            self._settings,
            self._access[mailbox.address.lower()],
            position=self._bookmarks.get(inbox.place_of(mailbox), ""),
            keep=self._keep_cursor,
            take=take,
            now=self._clock,
        ).watch()

    async def _keep_cursor(self, bookmark: Bookmark) -> None:
        self._bookmarks[bookmark.place] = bookmark.position
        await self._host.keep(bookmark)

    async def _take(self, mailbox: Mailbox, raws: Sequence[Raw], receive: Receive) -> None:
        """Read a batch and hand it in, in order. Everything of it that can be is stored in one commit."""
        signer, book, _ = await self._open()
        mails = [self._ours(await self._read(raw), signer) for raw in raws]
        kept = await asyncio.gather(*(self._keep_all(raw, mail) for raw, mail in zip(raws, mails, strict=True)))
        placed = [
            self._place(mailbox, raw, mail, signer, book, *keys)
            for raw, mail, keys in zip(raws, mails, kept, strict=True)
        ]
        await asyncio.gather(*(self._host.keep(one.thread.bookmark()) for one in placed))
        before = self._bookmarks.get(raws[0].bookmark.place, "")
        results = await asyncio.gather(
            *(receive(event) for one in placed for event in one.events), return_exceptions=True
        )
        failed = next((result for result in results if isinstance(result, BaseException)), None)
        if failed is not None:
            if before:
                await self._host.keep(Bookmark(place=raws[0].bookmark.place, position=before))
            raise failed
        self._bookmarks[raws[-1].bookmark.place] = raws[-1].bookmark.position
        if isinstance(placed[-1].events[-1], Action):  # which carries no bookmark of its own
            await self._host.keep(raws[-1].bookmark)
        for one in placed:
            log.info(
                "mail_read", mailbox=mailbox.address, kind=str(one.mail.kind), bytes=one.raw.size, error=one.mail.error
            )

    async def _read(self, raw: Raw) -> Mail:
        mail = await self._reader.read(raw.content)
        return replace(mail, error=f"it has {raw.size:,} bytes, more than are fetched") if raw.too_big else mail

    async def _keep_all(self, raw: Raw, mail: Mail) -> tuple[str, tuple[Attachment, ...]]:
        """Keep the original and the files; what a batch keeps shares one commit."""
        return await asyncio.gather(self._host.keep_file(raw.content), self._keep_files(mail))

    def _place(
        self,
        mailbox: Mailbox,
        raw: Raw,
        mail: Mail,
        signer: Signer,
        book: Book,
        original: str,
        files: tuple[Attachment, ...],
    ) -> Placed:
        """Find the conversation of a mail, and say what is to be handed in."""
        trusted = trust.judge(mail.results, mail.sender.email, mailbox.authserv_id)
        known = self._thread_of(mailbox, mail, trusted, book)
        now = self._clock().timestamp()
        thread = known or self._begin(mailbox, mail, signer, book)
        automatic = mail.kind is not Kind.HUMAN or self._is_echo(mail, thread, now)
        if mail.bounce is not None and mail.bounce.final and known is not None:
            thread = replace(thread, bounced=f"{mail.bounce.status} {', '.join(mail.bounce.recipients)}"[:200])
        elif not automatic:
            thread = book.with_mail(
                thread,
                message_id=mail.message_id,
                references=mail.references,
                people=(mail.sender.email, *(one for one in mail.recipients if one not in self._settings.addresses())),
            )
            thread = self._heard(thread, mail, now)
        book.put(thread)
        event = self._event(mailbox, mail, thread, trusted, files, original, raw, automatic=automatic)
        events = (event, _call(event)) if not automatic and (mail.error or not thread.to) else (event,)
        return Placed(events=events, thread=thread, raw=raw, mail=mail)

    def _ours(self, mail: Mail, signer: Signer) -> Mail:
        if mail.kind is Kind.SELF:
            return mail
        if signer.key_in_id(mail.message_id):
            return replace(mail, kind=Kind.SELF, why="we made its Message-ID")
        if mail.loop and signer.is_loop(mail.loop):
            return replace(mail, kind=Kind.SELF, why="our hidden loop header is in it")
        return mail

    def _thread_of(self, mailbox: Mailbox, mail: Mail, trusted: Trust, book: Book) -> Thread | None:
        """The conversation that a mail may join: it refers to it, and its sender took part."""
        answers = mail.answers
        if mail.kind is Kind.BOUNCE and mail.bounce is not None:
            answers = (mail.bounce.original_id, *answers)
        elif mail.kind is Kind.SELF:
            answers = (mail.message_id, *answers)
        thread = book.referred(mailbox.address.lower(), answers, mail.recipients, mail.subject)
        if thread is None or mail.kind in (Kind.BOUNCE, Kind.SELF):
            return thread
        vouched = trusted is Trust.PASSED or (not mailbox.authserv_id and trusted is Trust.UNKNOWN)
        return thread if vouched and book.takes_part(thread, mail.sender.email) else None

    def _begin(self, mailbox: Mailbox, mail: Mail, signer: Signer, book: Book) -> Thread:
        """A conversation of its own; one that a stranger begins with a foreign id shares that one's caps."""
        name = mailbox.address.lower()
        key = signer.key(name, mail.digest)
        if (known := book.get(name, key)) is not None:  # delivered a second time
            return known
        related = book.referred(name, mail.answers, mail.recipients, mail.subject)
        to = mail.reply_to.email or mail.sender.email
        return Thread(
            mailbox=name,
            key=key,
            root=related.root if related is not None else key,
            to="" if to in self._settings.addresses() else to,
            name=mail.sender.name,
            subject=mail.subject,
        )

    def _heard(self, thread: Thread, mail: Mail, now: float) -> Thread:
        """The customer wrote: the count of our mails in a row begins anew."""
        to = mail.reply_to.email or mail.sender.email
        own = self._settings.addresses()
        return replace(
            thread, to=thread.to if to in own else to, name=mail.sender.name or thread.name,
            subject=mail.subject or thread.subject, run=0, at=now,
            quick=thread.quick + 1 if _is_quick(thread, mail, now) else 0,
        )  # fmt: skip

    def _is_echo(self, mail: Mail, thread: Thread, now: float) -> bool:
        """A machine that says nothing of itself: the same words again, or long ones faster than anybody types."""
        if _is_quick(thread, mail, now) and thread.quick + 1 >= QUICK_TIMES:
            return True
        return self._echoes.is_echo((thread.mailbox, mail.sender.email), (thread.mailbox, thread.root), mail.text, now)

    def _event(
        self, mailbox: Mailbox, mail: Mail, thread: Thread, trusted: Trust, files: tuple[Attachment, ...],
        original: str, raw: Raw, *, automatic: bool,
    ) -> Message | Action:  # fmt: skip
        person = Person(
            id=mail.sender.email or f"unknown {mail.digest[:12]}",
            name=mail.sender.name,
            email=mail.sender.email or None,
            verified=trusted is Trust.PASSED,
        )
        now = self._clock()
        at = min(mail.sent_at, now) if mail.sent_at else now
        external_id = f"{mailbox.address.lower()} {mail.digest[:40]}"
        pressed = next((b for b in thread.buttons if b[1].casefold() == mail.text.strip(" ↩.!\n").casefold()), None)
        if pressed is not None and not automatic:
            name, _, value = pressed
            return Action(
                external_id=external_id, address=thread.address, actor=person, name=name, value=value, sent_at=at
            )
        text = mail.text
        if len(text.split()) < 4 and not mail.answers and mail.subject:  # the question stands in the subject
            text = f"{mail.subject}\n{text}".strip()
        return Message(
            external_id=external_id,
            address=thread.address,
            sender=person,
            text=text,
            sent_at=at,
            subject=mail.subject,
            attachments=files,
            automatic=automatic,
            bookmark=raw.bookmark,
            original=original,
        )

    async def _keep_files(self, mail: Mail) -> tuple[Attachment, ...]:
        kept = []
        total = 0
        for file in mail.files:
            total += file.size
            if file.content is None or total > MAX_FILES_BYTES:
                why = "too big to keep by itself: it is in the original mail"
                kept.append(Attachment(name=file.name, type=file.type, bytes=file.size, why_not=why))
            else:
                key = await self._host.keep_file(file.content)
                kept.append(Attachment(name=file.name, type=file.type, bytes=file.size, key=key))
        return tuple(kept)

    def _whom(self, book: Book, address: Address) -> tuple[Thread, Mailbox]:
        thread, mailbox = book.get(address.room, address.thread), self._mailboxes.get(address.room)
        if mailbox is None:
            raise DeliveryError(Delivery.REFUSED, f"{address.room!r} is no mailbox in bot.toml")
        if thread is None or not thread.to:
            raise DeliveryError(Delivery.REFUSED, "nobody is known who could be written to in this conversation")
        return thread, mailbox

    async def _count(self, book: Book, ledger: Ledger, thread: Thread, mailbox: Mailbox, at: float) -> None:
        """Count an automatic mail before it leaves. Raises DeliveryError when a cap or the operator says no."""
        if mailbox.paused:
            raise DeliveryError(Delivery.REFUSED, f"{mailbox.address} is paused (paused = true in bot.toml)")
        root = book.get(thread.mailbox, thread.root) or thread
        objection = ledger.objection(thread, root, at)
        if objection:
            log.error("mail_capped", conversation=str(thread.address), reason=objection)
            raise DeliveryError(Delivery.REFUSED, objection)
        sent = tuple(one for one in root.sent if one > at - DAY)
        counted = [
            replace(book.get(thread.mailbox, thread.key) or thread, run=thread.run + 1, sent=(*thread.sent[-20:], at))
        ]
        if root.key != thread.key:
            counted.append(replace(root, sent=(*sent, at)))
        for one in counted:
            book.put(one)
        marks = [*ledger.record(thread, at), *(one.bookmark() for one in counted)]
        await asyncio.gather(*(self._host.keep(mark) for mark in marks))

    async def _sent(self, book: Book, thread: Thread, outgoing: Outgoing, message_id: str) -> None:
        now = book.get(thread.mailbox, thread.key) or thread
        buttons = tuple((b.name, b.label, b.value) for b in outgoing.buttons)
        now = replace(now, done=(*now.done[-DONE:], message_id), buttons=buttons or now.buttons)
        book.put(now)
        self._unknown.pop(outgoing.id, None)
        await self._host.keep(now.bookmark())

    async def _files(self, outgoing: Outgoing) -> tuple[tuple[Attachment, bytes], ...]:
        found = [(file, await self._host.file(file.key)) for file in outgoing.attachments if file.key]
        return tuple((file, content) for file, content in found if content is not None)

    async def _is_in_folder(self, mailbox: Mailbox, message_id: str) -> bool:
        """Search the folder of sent mails. Raises DeliveryError(UNKNOWN) when it cannot be looked at."""
        imap = Imap(mailbox, self._access[mailbox.address.lower()], timeout=self._settings.timeout_seconds)
        try:
            await imap.connect()
            await imap.select(mailbox.sent_folder)
            safe = re.sub(r"[^\w.@+-]", "", message_id)
            return bool(await imap.uids(f'HEADER Message-ID "{safe}"'))
        except (OSError, TimeoutError, SetupError) as error:
            raise DeliveryError(Delivery.UNKNOWN, f"the sent mails cannot be looked at: {error}") from error
        finally:
            await imap.close()

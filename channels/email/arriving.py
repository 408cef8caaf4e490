"""What comes in: mails read, each given to its conversation, handed in as messages in the order of the mailbox."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from channels.base import Action, Attachment, Bookmark, Host, Message, Person
from channels.email import trust
from channels.email.echoes import Echoes
from channels.email.inbox import Raw
from channels.email.machines import Kind
from channels.email.reader import Mail
from channels.email.reading import Reader
from channels.email.records import Kept, Records
from channels.email.settings import Mailbox, Settings
from channels.email.threads import Thread, is_another_subject
from channels.email.trust import Trust

log = structlog.get_logger()

MAX_FILES_BYTES = 40_000_000
MAX_HEADER = 300
RESTING_SECONDS = 30 * 86_400.0
QUICK_SECONDS = 10.0
QUICK_CHARACTERS = 80  # nobody types this much in that time
QUICK_TIMES = 2
FEW_WORDS = 4
NOBODY = "it names nobody who could be answered"

Receive = Callable[[Message | Action], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A mail as it came and as it was read."""

    raw: Raw
    mail: Mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What is handed in for a mail, and how its conversation is afterwards; None where there is none to keep."""

    event: Message | Action
    thread: Thread | None


def needs_person(mail: Mail, thread: Thread) -> str:
    """Why no machine can answer a mail; empty where one can."""
    return mail.error or ("" if thread.to else NOBODY)


def headers_of(mail: Mail) -> str:
    """What stands in place of the words of a mail that cannot be read."""
    at = f"{mail.sent_at:%Y-%m-%d %H:%M %Z}" if mail.sent_at else ""
    sender = f"{mail.sender.name} <{mail.sender.email}>" if mail.sender.name else mail.sender.email
    named = (("Subject", mail.subject), ("From", sender), ("Date", at), ("Message-ID", mail.message_id))
    return "\n".join(f"{name}: {value[:MAX_HEADER]}" for name, value in named if value)


def words_of(mail: Mail) -> str:
    """What the customer says: the new words, with the subject where the question stands in it."""
    if mail.error and not mail.text.strip():
        return headers_of(mail)
    if mail.subject and not mail.answers and len(mail.text.split()) < FEW_WORDS:
        return f"{mail.subject}\n{mail.text}".strip()
    return mail.text


def pressed(thread: Thread, mail: Mail) -> tuple[str, str, str] | None:
    """The button whose words a mail consists of."""
    said = mail.text.strip(" ↩.!\n").casefold()
    return next((button for button in thread.buttons if button[1].casefold() == said), None)


class Arriving:
    """The way in of all mailboxes, from raw mails to messages."""

    def __init__(
        self, settings: Settings, host: Host, records: Records, reader: Reader, *, clock: Callable[[], datetime]
    ) -> None:
        self._own = settings.addresses()
        self._host = host
        self._records = records
        self._reader = reader
        self._clock = clock
        self._echoes = Echoes()

    async def read(self, raws: Sequence[Raw]) -> list[Read]:
        """Read a batch, each mail in its bounds."""
        mails = await self._reader.read([raw.content for raw in raws])
        return [
            Read(
                raw=raw,
                mail=replace(mail, error=f"it has {raw.size:,} bytes, more than are fetched") if raw.too_big else mail,
            )
            for raw, mail in zip(raws, mails, strict=True)
        ]

    async def take(self, mailbox: Mailbox, batch: Sequence[Read], receive: Receive) -> None:
        """Hand a batch in. The cursor is stored with the last mail, once all the others are stored."""
        kept = await self._records.open()
        stored = await asyncio.gather(*(self._keep_all(one) for one in batch))
        placed = [
            await self._place(mailbox, one, kept, original, files)
            for one, (original, files) in zip(batch, stored, strict=True)
        ]
        await self._records.keep_threads(one.thread for one in placed if one.thread is not None)
        results = await asyncio.gather(*(receive(one.event) for one in placed[:-1]), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        await self._finish(placed[-1].event, batch[-1].raw.bookmark, receive)
        for one in batch:
            log.info(
                "mail_read", mailbox=mailbox.address, kind=str(one.mail.kind), bytes=one.raw.size, error=one.mail.error
            )

    async def _finish(self, event: Message | Action, cursor: Bookmark, receive: Receive) -> None:
        if isinstance(event, Message):
            await receive(replace(event, bookmark=cursor))
            self._records.note(cursor)
        else:
            await receive(event)
            await self._records.keep(cursor)

    async def _keep_all(self, one: Read) -> tuple[str, tuple[Attachment, ...]]:
        """Keep the original and the files; what a batch keeps shares one commit."""
        kept = []
        total = 0
        for file in one.mail.files:
            total += file.size
            if file.content is None or total > MAX_FILES_BYTES:
                why = "too big to keep by itself: it is in the original mail"
                kept.append(Attachment(name=file.name, type=file.type, bytes=file.size, why_not=why))
            else:
                key = await self._host.keep_file(file.content)
                kept.append(Attachment(name=file.name, type=file.type, bytes=file.size, key=key))
        return await self._host.keep_file(one.raw.content), tuple(kept)

    async def _place(
        self, mailbox: Mailbox, one: Read, kept: Kept, original: str, files: tuple[Attachment, ...]
    ) -> Placed:
        """Find the conversation of a mail, and say what is to be handed in."""
        mail = _ours(one.mail, kept)
        trusted = trust.judge(mail.results, mail.sender.email, mailbox.authserv_id)
        now = self._clock()
        known = await self._thread_of(mailbox, mail, trusted, kept, now.timestamp())
        thread = known or self._begin(mailbox, mail, kept)
        automatic = mail.kind is not Kind.HUMAN or self._is_echo(mail, thread, now.timestamp())
        if mail.bounce is not None and mail.bounce.final and known is not None:
            thread = replace(thread, bounced=f"{mail.bounce.status} {', '.join(mail.bounce.recipients)}"[:200])
        elif not automatic:
            thread = self._heard(thread, one.raw, mail, kept, now.timestamp())
        lasting = thread if known is not None or not automatic else None  # nothing is ever answered to a machine
        if lasting is not None:
            kept.book.put(lasting)
        event = self._event(mailbox, one, thread, trusted, automatic=automatic)
        if isinstance(event, Message):
            event = replace(event, attachments=files, original=original)
        return Placed(event=event, thread=lasting)

    def _event(
        self, mailbox: Mailbox, one: Read, thread: Thread, trusted: Trust, *, automatic: bool
    ) -> Message | Action:
        """What is handed in for a mail: a press of a button whose words it consists of, else a message."""
        mail, now = one.mail, self._clock()
        person = Person(
            id=mail.sender.email or f"unknown {mail.digest[:12]}",
            name=mail.sender.name,
            email=mail.sender.email or None,
            verified=trusted is Trust.PASSED,
        )
        external_id = f"{mailbox.address.lower()} {mail.digest[:40]}"
        at = min(mail.sent_at, now) if mail.sent_at else now
        button = None if automatic else pressed(thread, mail)
        if button is not None:
            name, _, value = button
            return Action(
                external_id=external_id, address=thread.address, actor=person, name=name, value=value, sent_at=at
            )
        return Message(
            external_id=external_id,
            address=thread.address,
            sender=person,
            text=words_of(mail),
            sent_at=at,
            subject=mail.subject,
            automatic=automatic,
            issue_type=mailbox.issue_type,
            needs_person="" if automatic else needs_person(mail, thread),
        )

    async def _thread_of(self, mailbox: Mailbox, mail: Mail, trusted: Trust, kept: Kept, now: float) -> Thread | None:
        """The conversation that a mail may join: it refers to it, and its sender took part.

        One with a wholly different subject, or to a conversation that rests for a month, begins a new one.
        """
        answers = mail.answers
        if mail.kind is Kind.BOUNCE and mail.bounce is not None:
            answers = (mail.bounce.original_id, *answers)
        elif mail.kind is Kind.SELF:
            answers = (mail.message_id, *answers)
        thread = kept.book.referred(mailbox.address.lower(), answers, mail.recipients, mail.subject)
        if thread is None or mail.kind in (Kind.BOUNCE, Kind.SELF):
            return thread
        vouched = trusted is Trust.PASSED or (not mailbox.authserv_id and trusted is Trust.UNKNOWN)
        if not vouched or not kept.book.takes_part(thread, mail.sender.email):
            return None
        if is_another_subject(mail.subject, thread.subject):
            return None
        rests = 0 < thread.at < now - RESTING_SECONDS
        return None if rests and not await self._records.is_open(thread.address) else thread

    def _begin(self, mailbox: Mailbox, mail: Mail, kept: Kept) -> Thread:
        """A conversation of its own; one that grows out of another, or a stranger's, shares that one's caps."""
        name = mailbox.address.lower()
        key = kept.signer.key(name, mail.digest)
        if (known := kept.book.get(name, key)) is not None:  # delivered a second time
            return known
        related = kept.book.referred(name, mail.answers, mail.recipients, mail.subject)
        to = mail.reply_to.email or mail.sender.email
        return Thread(
            mailbox=name,
            key=key,
            root=related.root if related is not None else key,
            to="" if to in self._own else to,
            name=mail.sender.name,
            subject=mail.subject,
        )

    def _heard(self, thread: Thread, raw: Raw, mail: Mail, kept: Kept, now: float) -> Thread:
        """The customer wrote: the count of our mails in a row begins anew."""
        people = (mail.sender.email, *(one for one in mail.recipients if one not in self._own))
        thread = kept.book.with_mail(thread, message_id=mail.message_id, references=mail.references, people=people)
        to = mail.reply_to.email or mail.sender.email
        return replace(
            thread, to=thread.to if to in self._own else to, name=mail.sender.name or thread.name,
            subject=mail.subject or thread.subject, run=0, at=now, spot=(raw.validity, raw.uid),
            quick=thread.quick + 1 if _is_quick(thread, mail, now) else 0,
        )  # fmt: skip

    def _is_echo(self, mail: Mail, thread: Thread, now: float) -> bool:
        """A machine that says nothing of itself: the same words again, or long ones faster than anybody types."""
        if _is_quick(thread, mail, now) and thread.quick + 1 >= QUICK_TIMES:
            return True
        return self._echoes.is_echo((thread.mailbox, mail.sender.email), (thread.mailbox, thread.root), mail.text, now)


def _is_quick(thread: Thread, mail: Mail, now: float) -> bool:
    return bool(thread.sent) and now - thread.sent[-1] < QUICK_SECONDS and len(mail.text) > QUICK_CHARACTERS


def _ours(mail: Mail, kept: Kept) -> Mail:
    if mail.kind is Kind.SELF:
        return mail
    if kept.signer.key_in_id(mail.message_id):
        return replace(mail, kind=Kind.SELF, why="we made its Message-ID")
    if mail.loop and kept.signer.is_loop(mail.loop):
        return replace(mail, kind=Kind.SELF, why="our hidden loop header is in it")
    return mail

"""What goes out: counted before it leaves, handed to the server once, remembered when it was accepted."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from channels.base import Address, Attachment, Delivery, DeliveryError, Host, Outgoing, Receipt, SetupError
from channels.email.access import Access
from channels.email.compose import compose
from channels.email.imap import Imap
from channels.email.records import Kept, Records
from channels.email.settings import Mailbox, Settings
from channels.email.smtp import Smtp
from channels.email.threads import Thread

log = structlog.get_logger()

DONE = 20
DAY = 86_400.0
UNKNOWN_TIMES = 2
ONE_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"\\]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
FIRST = "first "  # before the e-mail address that a mail of no conversation goes to; no key has a space


class Leaving:
    """The way out of all mailboxes. `answered` is told of each conversation in which a mail was accepted."""

    def __init__(
        self,
        settings: Settings,
        host: Host,
        records: Records,
        access: Mapping[str, Access],
        *,
        clock: Callable[[], datetime],
        answered: Callable[[Thread], None],
    ) -> None:
        self._timeout = settings.timeout_seconds
        self._host = host
        self._records = records
        self._access = access
        self._clock = clock
        self._answered = answered
        self._mailboxes = {mailbox.address.lower(): mailbox for mailbox in settings.mailboxes}
        self._smtp = {
            name: Smtp(mailbox, access[name], timeout=self._timeout) for name, mailbox in self._mailboxes.items()
        }
        self._unknown: dict[str, int] = {}

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send one mail to the customer of a conversation. Raises DeliveryError."""
        kept = await self._records.open()
        thread, mailbox = self._whom(kept, outgoing.address)
        message_id = kept.signer.message_id(outgoing.id, thread.key, mailbox.domain)
        if message_id in thread.done:
            return Receipt(id=message_id)
        if thread.bounced:
            raise DeliveryError(Delivery.REFUSED, f"mail to this address came back ({thread.bounced})")
        at = self._clock()
        if not outgoing.author and outgoing.id not in self._unknown:
            await self._count(kept, thread, mailbox, at.timestamp())
        files = await self._files(outgoing)
        make = partial(compose, outgoing, thread, mailbox, kept.signer, at=at, files=files)
        raw = await asyncio.to_thread(make) if files else make()  # encoding a big file takes long
        try:
            await self._smtp[thread.mailbox].send(raw, thread.to)
        except DeliveryError as error:
            if error.outcome is Delivery.UNKNOWN:
                self._unknown[outgoing.id] = self._unknown.get(outgoing.id, 0) + 1
            raise
        await self._sent(kept, thread, outgoing, message_id)
        return Receipt(id=message_id)

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Look among what was accepted, then in the folder of sent mails where one is named.

        Where nobody can tell, None the first time: a second copy has the same Message-ID. Raises DeliveryError.
        """
        kept = await self._records.open()
        thread, mailbox = self._whom(kept, outgoing.address)
        message_id = kept.signer.message_id(outgoing.id, thread.key, mailbox.domain)
        if message_id in thread.done:
            return Receipt(id=message_id)
        if mailbox.sent_folder and await self._is_in_folder(mailbox, message_id):
            await self._sent(kept, thread, outgoing, message_id)
            return Receipt(id=message_id)
        if self._unknown.get(outgoing.id, 0) >= UNKNOWN_TIMES:
            raise DeliveryError(Delivery.REFUSED, "the server took it twice without a word; it may have arrived")
        self._unknown.setdefault(outgoing.id, 1)
        return None

    async def close(self) -> None:
        """Give back every connection. Safe to call twice."""
        await asyncio.gather(*(smtp.close() for smtp in self._smtp.values()))

    def _whom(self, kept: Kept, address: Address) -> tuple[Thread, Mailbox]:
        thread, mailbox = kept.book.get(address.room, address.thread), self._mailboxes.get(address.room)
        if mailbox is None:
            raise DeliveryError(Delivery.REFUSED, f"{address.room!r} is no mailbox in bot.toml")
        if address.thread.startswith(FIRST):
            to = address.thread.removeprefix(FIRST).strip()
            if ONE_ADDRESS.fullmatch(to) is None:
                raise DeliveryError(Delivery.REFUSED, "the e-mail address on record is none")
            return Thread(mailbox=address.room, key=kept.signer.key(address.room, to), root="", to=to), mailbox
        if thread is None or not thread.to:
            raise DeliveryError(Delivery.REFUSED, "nobody is known who could be written to in this conversation")
        return thread, mailbox

    async def _count(self, kept: Kept, thread: Thread, mailbox: Mailbox, at: float) -> None:
        """Count an automatic mail before it leaves. Raises DeliveryError when a cap or the operator says no."""
        if mailbox.paused:
            raise DeliveryError(Delivery.REFUSED, f"{mailbox.address} is paused (paused = true in bot.toml)")
        book = kept.book
        root = book.get(thread.mailbox, thread.root) or thread
        objection = kept.ledger.objection(thread, root, at)
        if objection:
            log.error("mail_capped", conversation=str(thread.address), reason=objection)
            raise DeliveryError(Delivery.REFUSED, objection)
        if not thread.root:
            await self._records.keep(*kept.ledger.record(thread, at))
            return
        sent = tuple(one for one in root.sent if one > at - DAY)
        counted = [
            replace(book.get(thread.mailbox, thread.key) or thread, run=thread.run + 1, sent=(*thread.sent[-20:], at))
        ]
        if root.key != thread.key:
            counted.append(replace(root, sent=(*sent, at)))
        for one in counted:
            book.put(one)
        await self._records.keep(*kept.ledger.record(thread, at), *(one.bookmark() for one in counted))

    async def _sent(self, kept: Kept, thread: Thread, outgoing: Outgoing, message_id: str) -> None:
        self._unknown.pop(outgoing.id, None)
        if not thread.root:
            return
        now = kept.book.get(thread.mailbox, thread.key) or thread
        buttons = tuple((b.name, b.label, b.value) for b in outgoing.buttons)
        now = replace(
            now,
            done=(*now.done[-DONE:], message_id),
            buttons=buttons or now.buttons,
            subject=outgoing.subject or now.subject,
            at=self._clock().timestamp(),
        )
        kept.book.put(now)
        await self._records.keep_threads([now])
        self._answered(now)

    async def _files(self, outgoing: Outgoing) -> tuple[tuple[Attachment, bytes], ...]:
        found = [(file, await self._host.file(file.key)) for file in outgoing.attachments if file.key]
        return tuple((file, content) for file, content in found if content is not None)

    async def _is_in_folder(self, mailbox: Mailbox, message_id: str) -> bool:
        """Search the folder of sent mails. Raises DeliveryError(UNKNOWN) when it cannot be looked at."""
        imap = Imap(mailbox, self._access[mailbox.address.lower()], timeout=self._timeout)
        try:
            await imap.connect()
            await imap.select(mailbox.sent_folder)
            safe = re.sub(r"[^\w.@+-]", "", message_id)
            return bool(await imap.uids(f'HEADER Message-ID "{safe}"'))
        except (OSError, TimeoutError, SetupError) as error:
            raise DeliveryError(Delivery.UNKNOWN, f"the sent mails cannot be looked at: {error}") from error
        finally:
            await imap.close()

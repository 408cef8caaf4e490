"""All mailboxes of an installation as one channel: each watched, all sent from, one reader."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from channels.base import Action, Address, Host, Message, Outgoing, Receipt, SetupError
from channels.email.access import Access
from channels.email.arriving import Arriving, Read
from channels.email.inbox import Inbox
from channels.email.leaving import FIRST, Leaving
from channels.email.reading import Reader
from channels.email.records import Records
from channels.email.settings import NAME, Mailbox, Settings
from channels.email.threads import Thread

Receive = Callable[[Message | Action], Awaitable[None]]

logging.getLogger("aioimaplib").setLevel(logging.WARNING)  # below it writes tokens and odd passwords down


class Email:
    """The channel."""

    name = NAME

    def __init__(
        self, settings: Settings, host: Host, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._mailboxes = {mailbox.address.lower(): mailbox for mailbox in settings.mailboxes}
        self._access = {name: Access(mailbox) for name, mailbox in self._mailboxes.items()}
        self._reader = Reader(
            seconds=settings.read_seconds, own=settings.addresses(), keep_bytes=settings.max_file_bytes
        )
        self._records = Records(host, settings.caps, clock=clock)
        self._arriving = Arriving(settings, host, self._records, self._reader, clock=clock)
        self._leaving = Leaving(settings, host, self._records, self._access, clock=clock, answered=self._answered)
        self._inboxes: dict[str, Inbox[Read]] = {}

    async def listen(self, receive: Receive) -> None:
        """Watch every mailbox until cancelled.

        Raises SetupError where the folder or the password is missing, else what stopped the first of them, such as the
        store's error.
        """
        await self._records.open()
        await self._reader.warm_up()
        try:
            async with asyncio.TaskGroup() as group:
                for name, mailbox in self._mailboxes.items():
                    self._inboxes[name] = self._inbox(mailbox, receive)
                    group.create_task(self._inboxes[name].watch())
        except ExceptionGroup as errors:
            setup = [error for error in errors.exceptions if isinstance(error, SetupError)]
            raise (SetupError("; ".join(map(str, setup))) if setup else errors.exceptions[0]) from errors
        finally:
            self._inboxes.clear()

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send one mail to the customer of a conversation. Raises DeliveryError."""
        return await self._leaving.send(outgoing)

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Look among what was accepted, then in the folder of sent mails where one is named. Raises DeliveryError."""
        return await self._leaving.find(outgoing)

    def first_address(self, email: str) -> Address:
        """Where a first mail to somebody goes: from the first mailbox that is not paused; it begins no conversation."""
        open_ones = [name for name, mailbox in self._mailboxes.items() if not mailbox.paused]
        room = (open_ones or [*self._mailboxes])[0]
        return Address(channel=NAME, room=room, thread=f"{FIRST}{email}")

    async def close(self) -> None:
        """Give back every connection and the reader's process. Safe to call twice."""
        await self._leaving.close()
        await self._reader.close()

    def _inbox(self, mailbox: Mailbox, receive: Receive) -> Inbox[Read]:
        return Inbox(
            mailbox,
            self._settings,
            self._access[mailbox.address.lower()],
            records=self._records,
            read=self._arriving.read,
            take=lambda read: self._arriving.take(mailbox, read, receive),
            now=self._clock,
        )

    def _answered(self, thread: Thread) -> None:
        inbox = self._inboxes.get(thread.mailbox)
        if inbox is not None:
            inbox.mark_answered(*thread.spot)

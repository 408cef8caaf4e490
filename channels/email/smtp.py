"""Sending over SMTP: connections that are used again, and what is known of a mail that did not go through."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import aiosmtplib
from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException

from channels.base import Delivery, DeliveryError, SetupError
from channels.email.access import Access
from channels.email.settings import Mailbox

CONNECTIONS = 2
MOST_MAILS = 100
IDLE_SECONDS = 60.0


class Line:
    """One connection, and what it has done."""

    def __init__(self, client: SMTP) -> None:
        self.client = client
        self.mails = 0
        self.used = 0.0


class Smtp:
    """The way out of one mailbox. At most two connections; one that failed or was cancelled is thrown away."""

    def __init__(
        self, mailbox: Mailbox, access: Access, *, timeout: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._mailbox = mailbox
        self._access = access
        self._timeout = timeout
        self._clock = clock
        self._free: list[Line] = []
        self._room = asyncio.Semaphore(CONNECTIONS)

    async def send(self, raw: bytes, recipient: str) -> None:
        """Hand one mail to the server. Raises DeliveryError, which says whether it may have arrived."""
        async with self._room:
            line = await self._line()
            try:
                await self._hand_over(line.client, raw, recipient)
            except BaseException:
                line.client.close()  # also when cancelled: it says it is connected, and answers the wrong command
                raise
            line.mails += 1
            line.used = self._clock()
            self._free.append(line)

    async def try_login(self) -> None:
        """Connect and log in, send nothing. Raises DeliveryError."""
        line = await self._line()
        self._free.append(line)

    async def close(self) -> None:
        """Say goodbye on every connection, at most a second long."""
        lines, self._free = self._free, []
        for line in lines:
            with suppress(SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await line.client.quit()
            line.client.close()

    async def _line(self) -> Line:
        while self._free:
            line = self._free.pop()
            if line.client.is_connected and line.mails < MOST_MAILS and self._clock() - line.used < IDLE_SECONDS:
                with suppress(SMTPException, OSError):
                    await line.client.rset()  # tells whether the server is still there; nothing is lost if not
                    return line
            line.client.close()
        return Line(await self._connect())

    async def _connect(self) -> SMTP:
        mailbox = self._mailbox
        try:
            context = await self._access.tls() if mailbox.smtp_tls != "none" else None
        except SetupError as error:
            raise DeliveryError(Delivery.NOT_SENT, str(error), retry_after_seconds=60.0) from error
        client = SMTP(
            hostname=mailbox.smtp_host,
            port=mailbox.smtp_port,
            use_tls=mailbox.smtp_tls == "tls",
            start_tls=mailbox.smtp_tls
            == "starttls",  # never "if the server offers it": that sends passwords in the open
            tls_context=context,
            timeout=self._timeout,
        )
        try:
            await client.connect()
            if mailbox.password_env:
                await self._log_in(client)
        except SetupError as error:
            client.close()
            raise DeliveryError(Delivery.NOT_SENT, str(error), retry_after_seconds=60.0) from error
        except (SMTPException, OSError) as error:
            client.close()
            reason = f"{mailbox.smtp_host}: {error}"
            raise DeliveryError(Delivery.NOT_SENT, reason) from error
        except BaseException:
            client.close()
            raise
        return client

    async def _log_in(self, client: SMTP) -> None:
        secret = await self._access.secret()
        if self._mailbox.auth == "password":
            await client.login(self._mailbox.login, secret)
            return
        try:
            await client.auth_xoauth2(self._mailbox.login, secret)
        except SMTPAuthenticationError:
            if not self._access.renews:
                raise
            await client.auth_xoauth2(self._mailbox.login, await self._access.secret(refused=secret))

    async def _hand_over(self, client: SMTP, raw: bytes, recipient: str) -> None:
        """Step by step, so that it is known how far it came."""
        begun = False
        try:
            await client.mail(self._mailbox.address)
            await client.rcpt(recipient)
            begun = True
            await client.data(raw)
        except aiosmtplib.SMTPResponseException as error:
            raise _refused(error.code, error.message) from error
        except (SMTPException, OSError) as error:
            outcome = Delivery.UNKNOWN if begun else Delivery.NOT_SENT
            raise DeliveryError(outcome, f"{self._mailbox.smtp_host}: {error or type(error).__name__}") from error
        except ValueError as error:
            raise DeliveryError(Delivery.REFUSED, f"{recipient!r} cannot be written to") from error


def _refused(code: int, message: str) -> DeliveryError:
    """4xx: later; 5xx: never; a code that is neither tells nothing."""
    reason = f"{code} {message}"[:300]
    if 500 <= code < 600:
        return DeliveryError(Delivery.REFUSED, reason)
    if 400 <= code < 500:
        return DeliveryError(Delivery.NOT_SENT, reason, retry_after_seconds=60.0)
    return DeliveryError(Delivery.UNKNOWN, reason)

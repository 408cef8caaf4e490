"""What leaves: each post once, in the order of its line, and asked for before it is repeated."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import structlog

from bot.outage import Outage
from bot.parts import Parts
from bot.store import Parcel, StoreUnavailableError
from channels.base import Delivery, DeliveryError, Outgoing, Receipt

log = structlog.get_logger()

SEND_SECONDS = 30
STORE_AGAIN_SECONDS = 1.0
GIVE_UP_AFTER = 300  # tries at most 300 s apart: about a day


class Sender:
    """Sends what is due and stores what became of it. `wake` is told the conversation that a result is for.

    `rests` is set while nothing is under way.
    """

    def __init__(self, parts: Parts, outage: Outage, *, wake: Callable[[str], None]) -> None:
        self._parts = parts
        self._store = parts.store
        self._rooms = {(address.channel, address.room) for address in parts.policy.desks}
        self._outage = outage
        self._wake = wake
        self._due = asyncio.Event()
        self._asides: list[Outgoing] = []  # private words of no conversation: sent once, kept nowhere
        self._at_work = 0
        self.rests = asyncio.Event()
        self.rests.set()

    def hurry(self) -> None:
        """Look soon what is due."""
        self._due.set()

    def say_aside(self, outgoing: Outgoing) -> None:
        """Send soon what no conversation keeps."""
        self._asides.append(outgoing)
        self._due.set()

    async def run(self) -> None:
        """Send what is due whenever something may be, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._due.wait()
                self._due.clear()
                try:
                    parcels = await self._store.take(self._parts.clock())
                except StoreUnavailableError:
                    self._outage.raise_alarm("not_sent")
                    continue
                for parcel in parcels:
                    self._begin()
                    group.create_task(self._deliver_and_go_on(parcel))
                group.create_task(self._say_asides())

    async def send_due(self) -> bool:
        """Send what is due now, one after the other; False when there was nothing. Raises StoreUnavailableError."""
        await self._say_asides()
        parcels = await self._store.take(self._parts.clock())
        for parcel in parcels:
            await self._store_result(parcel, await self._try(parcel))
        return bool(parcels)

    def _begin(self) -> None:
        self._at_work += 1
        self.rests.clear()

    def _end(self) -> None:
        self._at_work -= 1
        if not self._at_work:
            self.rests.set()

    async def _say_asides(self) -> None:
        while self._asides:
            outgoing = self._asides.pop(0)
            result = await self._try(Parcel(outgoing=outgoing, ask=False, attempts=0, conversation=""))
            if isinstance(result, DeliveryError):
                log.warning("not_told", outgoing=outgoing.id, reason=result.reason)

    async def _deliver_and_go_on(self, parcel: Parcel) -> None:
        try:
            result = await self._try(parcel)
            while True:  # until it is stored: else its line would stand still until the next start
                with suppress(StoreUnavailableError):
                    await self._store_result(parcel, result)
                    break
                self._outage.raise_alarm("receipt_not_stored", outgoing=parcel.outgoing.id)
                await asyncio.sleep(STORE_AGAIN_SECONDS)
        finally:
            self._end()
        self._due.set()

    async def _try(self, parcel: Parcel) -> Receipt | DeliveryError:
        """Send one post; when an earlier try may have arrived, ask the channel first."""
        outgoing = parcel.outgoing
        channel = self._parts.channels.get(outgoing.address.channel)
        if channel is None:
            return DeliveryError(Delivery.REFUSED, f"the channel {outgoing.address.channel!r} is not switched on")
        try:
            async with asyncio.timeout(SEND_SECONDS):
                receipt = await channel.find(outgoing) if parcel.ask else None
                return receipt or await channel.send(outgoing)
        except TimeoutError:
            return DeliveryError(Delivery.UNKNOWN, f"no answer in {SEND_SECONDS} s")
        except OSError as error:
            return DeliveryError(Delivery.UNKNOWN, f"the connection broke: {error}")
        except DeliveryError as error:
            return error
        except Exception as error:  # a mistake in an adapter: it may have arrived, and no other post waits for it
            log.exception("channel_failed", outgoing=outgoing.id, channel=outgoing.address.channel)
            return DeliveryError(Delivery.UNKNOWN, f"the adapter failed: {error!r}")

    async def _store_result(self, parcel: Parcel, result: Receipt | DeliveryError) -> None:
        if isinstance(result, DeliveryError):
            await self._not_sent(parcel, result)
            return
        conversation = await self._store.sent(parcel.outgoing.id, result, self._parts.clock())
        if conversation is not None:
            self._wake(conversation)

    async def _not_sent(self, parcel: Parcel, error: DeliveryError) -> None:
        at = self._parts.clock()
        to_people = (parcel.outgoing.address.channel, parcel.outgoing.address.room) in self._rooms
        level = "error" if to_people else "warning"  # a desk that cannot be reached is an alarm
        getattr(log, level)(
            "not_delivered", outgoing=parcel.outgoing.id, outcome=str(error.outcome), reason=error.reason
        )
        if error.outcome is Delivery.REFUSED or parcel.attempts >= GIVE_UP_AFTER:
            conversation = await self._store.refuse(parcel.outgoing.id, error.reason, at)
            if conversation is not None:
                self._wake(conversation)
            return
        wait = error.retry_after_seconds or min(300.0, 2.0 ** min(parcel.attempts, 9))
        unsure = error.outcome is Delivery.UNKNOWN or parcel.ask
        await self._store.postpone(
            parcel.outgoing.id, due=at + timedelta(seconds=wait), unsure=unsure, reason=error.reason
        )

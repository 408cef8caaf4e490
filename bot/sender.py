"""What leaves: each post once, in the order of its line, and asked for before it is repeated."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import structlog

from bot.outage import Outage
from bot.parts import Parts
from bot.store import Onward, Parcel, StoreUnavailableError
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
        self._group: asyncio.TaskGroup | None = None
        self._due = asyncio.Event()
        self._waiting: list[Parcel] = []  # taken, and not running: `send_due` sends them
        self._asides: list[Outgoing] = []  # private words of no conversation: sent once, kept nowhere
        self._at_work = 0
        self.rests = asyncio.Event()
        self.rests.set()

    def send(self, parcels: Sequence[Parcel]) -> None:
        """Send at once what has been taken, each in its own time."""
        if self._group is None:
            self._waiting += parcels
            return
        for parcel in parcels:
            self._at_work += 1
            self.rests.clear()
            self._group.create_task(self._send_line(parcel))

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
            self._group = group
            try:
                while True:
                    await self._due.wait()
                    self._due.clear()
                    group.create_task(self._say_asides())
                    with self._alarmed("not_sent"):
                        parcels = (*self._waiting, *await self._store.take(self._parts.clock()))
                        self._waiting.clear()
                        self.send(parcels)
                        if parcels:
                            self._due.set()  # there may be more than are taken at once
            finally:
                self._group = None

    async def send_due(self) -> bool:
        """Send what is due now, one after the other; False when there was nothing. Raises StoreUnavailableError."""
        await self._say_asides()
        parcels = [*self._waiting, *await self._store.take(self._parts.clock())]
        self._waiting.clear()
        for parcel in parcels:
            self._waiting += await self._store_result(parcel, await self._try(parcel))
        return bool(parcels)

    async def _say_asides(self) -> None:
        while self._asides:
            outgoing = self._asides.pop(0)
            result = await self._try(Parcel(outgoing=outgoing, ask=False, attempts=0, conversation=""))
            if isinstance(result, DeliveryError):
                log.warning("not_told", outgoing=outgoing.id, reason=result.reason)

    async def _send_line(self, first: Parcel) -> None:
        """Send one post, then those that it held up, each when its predecessor's end is stored."""
        try:
            parcels: tuple[Parcel, ...] = (first,)
            while parcels:
                (parcel,) = parcels
                parcels = await self._store_for_sure(parcel, await self._try(parcel))
        finally:
            self._at_work -= 1
            if not self._at_work:
                self.rests.set()

    async def _store_for_sure(self, parcel: Parcel, result: Receipt | DeliveryError) -> tuple[Parcel, ...]:
        """Store a result however long it takes: else its line would stand still until the next start."""
        while True:
            with self._alarmed("receipt_not_stored", outgoing=parcel.outgoing.id):
                return await self._store_result(parcel, result)
            await asyncio.sleep(STORE_AGAIN_SECONDS)

    @contextmanager
    def _alarmed(self, event: str, **facts: str) -> Iterator[None]:
        try:
            yield
        except StoreUnavailableError:
            self._outage.raise_alarm(event, **facts)

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

    async def _store_result(self, parcel: Parcel, result: Receipt | DeliveryError) -> tuple[Parcel, ...]:
        """Store what became of a post and wake who is told; return what leaves next in its line, at most one."""
        if isinstance(result, DeliveryError):
            onward = await self._not_sent(parcel, result)
        else:
            onward = await self._store.sent(parcel.outgoing.id, result, self._parts.clock(), take=1)
        if onward.conversation is not None:
            self._wake(onward.conversation)
        return onward.parcels

    async def _not_sent(self, parcel: Parcel, error: DeliveryError) -> Onward:
        at = self._parts.clock()
        to_people = (parcel.outgoing.address.channel, parcel.outgoing.address.room) in self._rooms
        level = "error" if to_people else "warning"  # a desk that cannot be reached is an alarm
        getattr(log, level)(
            "not_delivered", outgoing=parcel.outgoing.id, outcome=str(error.outcome), reason=error.reason
        )
        if error.outcome is Delivery.REFUSED or parcel.attempts >= GIVE_UP_AFTER:
            return await self._store.refuse(parcel.outgoing.id, error.reason, at, take=1)
        wait = error.retry_after_seconds or min(300.0, 2.0 ** min(parcel.attempts, 9))
        unsure = error.outcome is Delivery.UNKNOWN or parcel.ask
        await self._store.postpone(
            parcel.outgoing.id, due=at + timedelta(seconds=wait), unsure=unsure, reason=error.reason
        )
        return Onward()

"""Where a conversation's words go: its own channel, a thread opened on the question, or a private place."""

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

import discord
import structlog

from channels.base import Address, Bookmark, Delivery, DeliveryError
from channels.discord.drawing import Post, to_nonce
from channels.discord.failures import (
    ARCHIVED,
    HAS_THREAD,
    MISSING_ACCESS,
    MISSING_PERMISSION,
    UNKNOWN_CHANNEL,
    reason_of,
)
from channels.discord.places import Place, Places, bookmark, number
from channels.discord.texts import say
from channels.discord.wire import Wire

log = structlog.get_logger()

ASK = "ask-"
REFUSALS = (400, 403, 404)
FIXES = {
    MISSING_ACCESS: "let the bot see the channel",
    MISSING_PERMISSION: "grant the permissions of `warmline discord invite` in that channel",
}


class Ways:
    """Finds and opens the channels in which conversations are held. `rooms` are where customers write."""

    def __init__(self, wire: Wire, places: Places, keep: Callable[[Bookmark], Awaitable[None]]) -> None:
        self._wire = wire
        self._places = places
        self._keep = keep
        self._unopened: dict[Address, str] = {}  # threads that are still to be opened, and their names
        self._locks: WeakValueDictionary[Address, asyncio.Lock] = WeakValueDictionary()
        self.rooms: tuple[int, ...] = ()

    def will_need(self, address: Address, name: str) -> None:
        """Remember that there is no thread yet for a question."""
        self._unopened[address] = name

    async def to(self, address: Address) -> int:
        """The channel of a conversation, opened where there was none yet. Raises discord.HTTPException."""
        place = self._places.get(address)
        if place is not None and place.moved:
            return place.moved
        if address in self._unopened:
            await self.open(address)
        return number(address.thread) or number(address.room)

    def has_moved(self, address: Address) -> bool:
        """Whether a conversation went on in private."""
        place = self._places.get(address)
        return place is not None and bool(place.moved)

    async def open(self, address: Address, name: str = "") -> None:
        """Open the thread of a question; one that is there already is fine. Raises discord.HTTPException."""
        async with self._locks.setdefault(address, asyncio.Lock()):
            name = self._unopened.get(address, name)
            if not name:
                return
            try:
                await self._wire.open_thread(number(address.room), number(address.thread), name)
            except discord.HTTPException as error:
                if error.code != HAS_THREAD:
                    raise
            self._unopened.pop(address, None)

    async def reopen(self, address: Address, error: discord.HTTPException, *, desk: bool) -> bool:
        """Whether a thread that refused a post was made to take it: opened anew, at a desk also out of the archive.

        A customer's thread that somebody locked stays locked: the customer could not answer there.
        """
        thread = number(address.thread)
        if not thread or error.code not in ((UNKNOWN_CHANNEL, ARCHIVED) if desk else (UNKNOWN_CHANNEL,)):
            return False
        try:
            if error.code == UNKNOWN_CHANNEL:
                self._unopened.setdefault(address, "Question")
                await self.open(address)
            else:
                await self._wire.unarchive(thread)
        except discord.HTTPException as second:
            log.debug("discord_thread_not_reopened", address=str(address), reason=reason_of(second))
            return False
        return True

    async def in_private(self, address: Address, *, language: str = "", because: str = "") -> int:
        """The private place of a conversation: a private thread, else direct messages. Raises DeliveryError."""
        async with self._locks.setdefault(address, asyncio.Lock()):
            place = self._places.get(address) or Place()
            if place.moved:
                return place.moved
            channel = await self._open_private(address, place, language)
            place = self._places.change(address, moved=channel)
            self._unopened.pop(address, None)
            await self._keep(bookmark(address, place))
        log.info("discord_went_private", address=str(address), channel=channel, because=because or "asked for")
        return channel

    def tell(self, address: Address, reason: str, code: int = 0) -> None:
        """One line for the operator: what refused our words, why, and what mends it."""
        fix = FIXES.get(code, "nothing to mend: the customer is reached in private where that can be")
        log.warning("discord_place_refused", address=str(address), reason=reason, fix=fix)

    async def asker(self, address: Address) -> int:
        """Whose conversation it is; asked of Discord where we forgot, 0 where nobody knows."""
        place = self._places.get(address)
        if place is not None and place.asker:
            return place.asker
        room, thread = number(address.room), number(address.thread)
        try:
            if not address.thread:
                return await self._wire.recipient_of(room)
            return await self._wire.author_of(room, thread) if thread else 0
        except discord.HTTPException:
            return 0

    async def _open_private(self, address: Address, place: Place, language: str) -> int:
        asker = place.asker or await self.asker(address)
        if not asker:
            raise DeliveryError(Delivery.REFUSED, "nobody knows whose conversation it was")
        rooms = (number(address.room),) if address.thread else self.rooms
        for room in rooms:
            try:
                channel = await self._wire.open_private_thread(room, say("private_name", language), asker)
                await self._introduce(channel, address, language)
            except discord.HTTPException as error:
                if error.status not in REFUSALS:
                    raise  # a passing trouble: the post is tried again, and finds this place then
                log.debug("discord_no_private_thread", room=room, reason=reason_of(error))
            else:
                return channel
        if not address.thread:
            raise DeliveryError(Delivery.REFUSED, "the customer takes no direct messages, and no private thread opens")
        return await self._open_direct(address, asker, language)

    async def _open_direct(self, address: Address, asker: int, language: str) -> int:
        try:
            channel = await self._wire.open_direct(asker)
            await self._introduce(channel, address, language)
        except discord.HTTPException as error:
            if error.status not in REFUSALS:
                raise
            why = f"neither a private thread nor direct messages: {reason_of(error)}"
            raise DeliveryError(Delivery.REFUSED, why) from error
        return channel

    async def _introduce(self, channel: int, address: Address, language: str) -> None:
        """Say in the private place what it is and where it began; the link shows the name only to who may see it."""
        began = number(address.thread) or number(address.room)
        text = say("moved", language, link=f"<#{began}>")
        await self._wire.post(channel, Post(text=text), nonce=to_nonce(f"moved-{channel}-{began}"))

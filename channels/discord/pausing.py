"""Talking to a machine ends: who gets more answers than a person reads is told so, and not answered for a minute."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import structlog

from channels.base import Address, DeliveryError, Message, Outgoing
from channels.discord.texts import say
from channels.fuse import Fuse

log = structlog.get_logger()

MINUTE = 60.0
TELL_SECONDS = 5.0
REMEMBERED = 20_000


class Pausing:
    """Holds the fuse; `tell` posts."""

    def __init__(self, fuse: Fuse, tell: Callable[[Outgoing], Awaitable[object]]) -> None:
        self._fuse = fuse
        self._tell = tell
        self._told: OrderedDict[Address, float] = OrderedDict()

    def answered(self, outgoing: Outgoing) -> None:
        """Something was posted; only the assistant's own words to a customer count."""
        if not (outgoing.author or outgoing.only_for or outgoing.reaction or outgoing.replaces or outgoing.card):
            self._fuse.answered(_line(outgoing.address), outgoing.text, time.monotonic())

    async def mark(self, message: Message, language: str) -> Message:
        """A customer's new message, marked as a machine's where the fuse has blown."""
        line, now = _line(message.address), time.monotonic()
        self._fuse.asked(line, message.sender.id)
        why = self._fuse.blown(line, message.text, now)
        if not why:
            return message
        log.warning("discord_fuse_blown", address=str(message.address), why=why)
        if now - self._told.get(message.address, now - MINUTE) >= MINUTE:
            self._told[message.address] = now
            while len(self._told) > REMEMBERED:
                self._told.popitem(last=False)
            words = Outgoing(id=f"{message.external_id}-paused", address=message.address, text=say("paused", language))
            with suppress(DeliveryError, TimeoutError):
                async with asyncio.timeout(TELL_SECONDS):
                    await self._tell(words)
        return replace(message, automatic=True)


def _line(address: Address) -> tuple[str, str]:
    return address.room, address.thread

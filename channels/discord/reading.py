"""Catch up: what was said on Discord while nobody listened, read once more before anything newer is taken."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import discord
import structlog

from channels.base import Address, Bookmark, Since
from channels.discord.failures import NO_WAY_IN, TRANSPORT, reason_of
from channels.discord.gateway import Gateway
from channels.discord.hearing import Hearing
from channels.discord.places import ROOM, Places, number
from channels.discord.ways import ASK

log = structlog.get_logger()

AT_ONCE = 8
TRIES = 3
PAUSE_SECONDS = 1.0
RECENT_SECONDS = 72 * 3_600.0
MAX_PLACES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A channel, and the id of the newest message in it that was dealt with."""

    channel: int
    after: int


class Reading:
    """Reads what was missed, through `hearing`, which knows what is stored already."""

    def __init__(self, gateway: Gateway, places: Places, hearing: Hearing, rooms: tuple[int, ...]) -> None:
        self._gateway = gateway
        self._places = places
        self._hearing = hearing
        self._rooms = rooms
        self._left: dict[int, int] = {}  # what could not be read, to be tried again

    async def catch_up(self, since: Since) -> int:
        """Read every open conversation and watched channel from where we left off; returns how many messages came."""
        gaps = {gap.channel: gap for gap in self._gaps(since)}
        limit, counts = asyncio.Semaphore(AT_ONCE), []

        async def read(gap: Gap) -> None:
            async with limit:
                counts.append(await self._read(gap))

        async with asyncio.TaskGroup() as group:
            for gap in gaps.values():
                group.create_task(read(gap))
        return sum(counts)

    async def try_again(self) -> None:
        """Read what could not be read when it was time."""
        left, self._left = self._left, {}
        for channel, after in left.items():
            await self._read(Gap(channel=channel, after=after))

    def marks(self) -> Iterator[Bookmark]:
        """How far each watched channel was dealt with, where that is news."""
        for room in self._rooms:
            if room in self._left:
                continue
            safe = max(self._hearing.progress[room].safe, self._places.rooms.get(room, self._hearing.began))
            if safe != self._places.rooms.get(room):
                self._places.rooms[room] = safe
                yield Bookmark(place=f"{ROOM}{room}", position=str(safe))

    def _gaps(self, since: Since) -> Iterator[Gap]:
        for room in self._rooms:
            after = max(self._places.rooms.get(room, self._hearing.began), self._hearing.progress[room].safe)
            channel = self._gateway.client.get_channel(room)
            if isinstance(channel, discord.ForumChannel):
                yield from self._posts_of(channel, after)
            elif not _is_read(channel, after):
                yield Gap(channel=room, after=after)
        for address in self._addresses(since):
            place = self._places.get(address)
            read = (place.read if place else 0) or self._floor(address)
            here = 0 if address.thread.startswith(ASK) else number(address.thread) or number(address.room)
            for id in (here, place.moved if place else 0):
                if id and not _is_read(self._gateway.client.get_channel(id), read):
                    yield Gap(channel=id, after=read)

    def _posts_of(self, forum: discord.ForumChannel, after: int) -> Iterator[Gap]:
        """Posts that were begun meanwhile; those that we know are read as conversations."""
        for thread in forum.threads:
            if thread.id > after:
                yield Gap(channel=thread.id, after=thread.id - 1)

    def _addresses(self, since: Since) -> tuple[Address, ...]:
        """The open conversations and desks, then what had a word lately."""
        oldest = discord.utils.time_snowflake(discord.utils.utcnow()) - (int(RECENT_SECONDS * 1000) << 22)
        recent = [address for address, place in self._places.all() if place.read > oldest]
        open_ones = [address for address in since.addresses if address.thread or self._places.get(address)]
        return tuple(dict.fromkeys([*open_ones, *recent]))[:MAX_PLACES]

    def _floor(self, address: Address) -> int:
        """From where on to read a place of which nothing was read: a desk's thread from its card, else our start."""
        return number(address.thread) or self._hearing.began

    async def _read(self, gap: Gap) -> int:
        """Hand in what came after; what cannot be read now is kept for later, what never can is told."""
        client, after, count = self._gateway.client, gap.after, 0
        known = client.get_channel(gap.channel)
        guild = getattr(getattr(known, "guild", None), "id", None)
        place = known if isinstance(known, discord.abc.Messageable) else None
        channel = place or client.get_partial_messageable(gap.channel, guild_id=guild)
        for left in reversed(range(TRIES)):
            try:
                async for message in channel.history(limit=None, after=discord.Object(after), oldest_first=True):
                    await self._hearing.take(message)
                    after, count = message.id, count + 1
            except discord.HTTPException as error:
                if error.code in NO_WAY_IN:
                    log.warning("discord_not_read", channel=gap.channel, reason=reason_of(error))
                    break
                reason = reason_of(error)
            except (discord.DiscordException, *TRANSPORT) as error:
                reason = type(error).__name__
            else:
                break
            log.warning("discord_not_read_yet", channel=gap.channel, reason=reason, tries_left=left)
            self._left[gap.channel] = after
            if left:
                await asyncio.sleep(PAUSE_SECONDS)
        else:
            return count
        self._left.pop(gap.channel, None)
        return count


def _is_read(channel: object, after: int) -> bool:
    """Whether Discord says that nothing came after; only threads and channels that it told us of say anything."""
    newest = getattr(channel, "last_message_id", None)
    return newest is not None and newest <= after

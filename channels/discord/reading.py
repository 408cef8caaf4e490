"""Catch up: what was said on Discord while nobody listened, read once more before anything newer is taken."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
import discord
import structlog

from channels.base import Address, Bookmark, DeliveryError, Since
from channels.discord.backlog import Backlog, Gap
from channels.discord.failures import reason_of
from channels.discord.gateway import Gateway
from channels.discord.hearing import Hearing
from channels.discord.places import HEARD, ROOM, Place, Places, bookmark, line_of, number
from channels.discord.sleeping import newest_in_archive

log = structlog.get_logger()

AT_ONCE = 8
PAGE = 100
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
ROOMS_FIRST_SECONDS = 5.0
RECENT_SECONDS = 72 * 3_600.0
MAX_RECENT = 500
UNNOTICED_SECONDS = 120.0
CLOCKS_DIFFER_SECONDS = 300.0
PASSING = (401, 408, 429)  # of the 4xx those that another try may mend


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What reading works with; `rooms` are where customers write."""

    gateway: Gateway
    places: Places
    hearing: Hearing
    backlog: Backlog
    rooms: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be read at one session: watched channels, conversations, and by channel those that sleep.

    `began` is when the gap did, 0 where that is not known.
    """

    rooms: tuple[Gap, ...]
    places: tuple[Gap, ...]
    asleep: Mapping[int, Sequence[Gap]]
    began: int = 0
    rooms_read: asyncio.Event = field(default_factory=asyncio.Event)

    def gaps(self) -> Iterator[Gap]:
        """All that are known."""
        yield from (*self.rooms, *self.places)
        for gaps in self.asleep.values():
            yield from gaps


class Reading:
    """Reads what was missed, through `hearing`, which knows what is stored already.

    Where Discord itself says that nothing came, nothing is asked: a session costs as many calls as there are places
    with something new, and one for each direct message and each channel with threads that were put away.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._limit = asyncio.Semaphore(AT_ONCE)
        self._jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._asked: set[int] = set()  # direct messages that were read in this session
        self._began = 0  # before this session nothing was heard since then
        self._session = 0
        self._lost_at = 0
        parts.hearing.remind = self._ask_once

    def lost(self) -> None:
        """The line broke, maybe unnoticed for a while."""
        if not self._lost_at:
            self._lost_at = _ago(UNNOTICED_SECONDS)

    async def run(self) -> None:
        """Read what is to be read, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._do(await self._jobs.get()))

    async def catch_up(self, since: Since) -> None:
        """Read the watched channels, then go on with every conversation behind what is heard: its newer words wait.

        A watched channel that takes too long is read behind as well.
        """
        self._asked.clear()
        self._session = _ago(-CLOCKS_DIFFER_SECONDS)
        known = self._lost_at or self._parts.places.heard
        self._began, self._lost_at = known or self._parts.hearing.began, 0
        rooms, places = tuple(self._rooms()), tuple(self._places(since))
        job = Job(rooms=rooms, places=places, asleep=self._asleep(since), began=known)
        for gap in job.gaps():
            self._parts.backlog.owe(gap)
        self._jobs.put_nowait(job)
        with suppress(TimeoutError):
            async with asyncio.timeout(ROOMS_FIRST_SECONDS):
                await job.rooms_read.wait()

    def marks(self) -> Iterator[Bookmark]:
        """How far each watched channel and each conversation was dealt with, where that is news."""
        places = self._parts.places
        for room in self._parts.rooms:
            safe = self._safe(room)
            if not self._parts.backlog.owes(room) and safe != places.rooms.get(room):
                places.rooms[room] = safe
                yield Bookmark(place=f"{ROOM}{room}", position=str(safe))
        for address, place in places.news():
            yield bookmark(address, place)
        if self._parts.backlog.is_empty:
            yield Bookmark(place=HEARD, position=str(_ago(UNNOTICED_SECONDS)))

    def _safe(self, room: int) -> int:
        return max(self._parts.hearing.progress[room].safe, self._parts.places.rooms[room])

    def _rooms(self) -> Iterator[Gap]:
        for room in self._parts.rooms:
            channel, after = self._parts.gateway.client.get_channel(room), self._safe(room)
            if not isinstance(channel, discord.ForumChannel) and not _is_read(channel, after):
                yield Gap(channel=room, after=after, room=room)

    def _places(self, since: Since) -> Iterator[Gap]:
        """Threads that are awake, direct messages, and where conversations went on in private."""
        open_ones = frozenset(since.addresses)
        for guild in self._parts.gateway.client.guilds:
            for thread in guild.threads:
                gap = self._of_thread(thread, open_ones)
                if gap is not None and not _is_read(thread, gap.after):
                    yield gap
        for address in self._worth_asking(since):
            place = self._parts.places.get(address) or Place()
            if not address.thread:
                yield self._gap(number(address.room), address, place)
            if place.moved and self._parts.gateway.client.get_channel(place.moved) is None:
                yield self._gap(place.moved, address, place)

    def _of_thread(self, thread: discord.Thread, open_ones: Container[Address] = ()) -> Gap | None:
        """The gap of a conversation's thread, or of a post that was begun meanwhile; None for any other thread."""
        address = self._parts.places.address_in(thread.parent_id, thread.id)
        place = self._parts.places.get(address)
        if place is not None or address in open_ones:
            return self._gap(thread.id, address, place or Place())
        room = thread.parent_id if isinstance(thread.parent, discord.ForumChannel) else 0
        if room not in self._parts.rooms or thread.id <= self._safe(room):
            return None
        return Gap(channel=thread.id, after=thread.id - 1, line=thread.id, room=room)

    def _asleep(self, since: Since) -> dict[int, list[Gap]]:
        """By channel the conversations in threads that Discord did not tell of: they were put away, or are gone."""
        client, found = self._parts.gateway.client, defaultdict[int, list[Gap]](list)
        for room in self._parts.rooms:
            if isinstance(client.get_channel(room), discord.ForumChannel):
                found[room] = []  # whole posts may have been begun and put away
        for address in self._worth_asking(since):
            thread = number(address.thread)
            if thread and client.get_channel(thread) is None:
                gap = self._gap(thread, address, self._parts.places.get(address) or Place())
                found[number(address.room)].append(gap)
        return found

    def _worth_asking(self, since: Since) -> Iterable[Address]:
        """The open conversations and desks, then what had a word lately, the last first."""
        recent = self._parts.places.read_after(_ago(RECENT_SECONDS))[:MAX_RECENT]
        open_ones = [one for one in since.addresses if one.thread or self._parts.places.get(one)]
        return dict.fromkeys([*open_ones, *recent])

    def _gap(self, channel: int, address: Address, place: Place) -> Gap:
        """Of a place of which nothing was read: a desk's thread is read from its card on, others from our start."""
        after = place.read or number(address.thread) or self._parts.hearing.began
        return Gap(channel=channel, after=after, line=line_of(address))

    def _ask_once(self, channel: int) -> None:
        """Discord lists direct messages to no bot: of what we did not think of, somebody's next word reminds us."""
        if channel in self._asked:
            return
        self._asked.add(channel)
        address = self._parts.places.address_in(channel)
        gap = self._gap(channel, address, self._parts.places.get(address) or Place(read=self._began))
        if channel < self._session:  # else it was opened since: all that was said there came to us
            self._parts.backlog.owe(gap)
            self._jobs.put_nowait(Job(rooms=(), places=(gap,), asleep={}))

    async def _do(self, job: Job) -> None:
        counts = await asyncio.gather(*map(self._read, job.rooms))
        job.rooms_read.set()
        woken = (self._wake(room, gaps, job.began) for room, gaps in job.asleep.items())
        counts += await asyncio.gather(*map(self._read, job.places), *woken)
        log.info("discord_caught_up", read=sum(counts))

    async def _wake(self, room: int, gaps: Sequence[Gap], began: int) -> int:
        """Read those of a channel's sleeping threads in which something is new."""
        # what was put away before the gap had nothing that we did not hear
        since = max(min([gap.after for gap in gaps] or [self._safe(room)]), began)
        newest: dict[int, discord.Thread] = {}

        async def ask() -> None:
            newest.update(await newest_in_archive(self._parts.gateway.client, room, since))

        await self._insist(room, ask)
        known = {gap.channel: gap for gap in gaps}
        due = [gap for gap in gaps if gap.channel in newest and not _is_read(newest[gap.channel], gap.after)]
        for channel, thread in newest.items():
            gap = self._of_thread(thread) if channel not in known else None
            if gap is not None and not _is_read(thread, gap.after):
                self._parts.backlog.owe(gap)
                due.append(gap)
        for channel in known.keys() - {gap.channel for gap in due}:
            self._parts.backlog.settle(channel)
        return sum(await asyncio.gather(*map(self._read, due)))

    async def _read(self, gap: Gap) -> int:
        """Hand in what came after, as long as it takes; what can never be read is told. Returns how many came."""
        backlog, count = self._parts.backlog, 0

        async def read() -> None:
            nonlocal count
            page = PAGE
            while page == PAGE:
                after, channel = discord.Object(backlog.after(gap.channel)), self._channel(gap.channel)
                messages = [one async for one in channel.history(limit=PAGE, after=after, oldest_first=True)]
                for message in messages:
                    await self._parts.hearing.take(message)
                    backlog.read_to(gap.channel, message.id)
                page = len(messages)
                count += page

        await self._insist(gap.channel, read)
        backlog.settle(gap.channel)
        return count

    def _channel(self, id: int) -> discord.abc.Messageable:
        client = self._parts.gateway.client
        known = client.get_channel(id)
        if isinstance(known, discord.abc.Messageable):
            return known
        return client.get_partial_messageable(id, guild_id=getattr(getattr(known, "guild", None), "id", None))

    async def _insist(self, channel: int, ask: Callable[[], Awaitable[None]]) -> None:
        """Ask Discord until it answers, or refuses for good."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            async with self._limit:
                (problem,) = await asyncio.gather(ask(), return_exceptions=True)
            match problem:
                case None:
                    return
                case discord.HTTPException() if problem.status < 500 and problem.status not in PASSING:
                    log.warning("discord_not_read", channel=channel, reason=reason_of(problem))
                    return
                case discord.DiscordException() | DeliveryError() | OSError() | aiohttp.ClientError():
                    reason = (
                        reason_of(problem) if isinstance(problem, discord.HTTPException) else type(problem).__name__
                    )
                    log.warning("discord_not_read_yet", channel=channel, reason=reason, again_in_seconds=pause)
                case _:  # a mistake of ours: what is heard from now on must not wait for it
                    log.error("discord_reading_failed", channel=channel, exc_info=problem)
                    return
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _ago(seconds: float) -> int:
    """The id that a message written so long ago would have."""
    return discord.utils.time_snowflake(discord.utils.utcnow() - timedelta(seconds=seconds))


def _is_read(channel: object, after: int) -> bool:
    """Whether Discord says that nothing came after; only threads and channels that it told us of say anything."""
    newest = getattr(channel, "last_message_id", None)
    return newest is not None and newest <= after

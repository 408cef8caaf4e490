"""What is heard on Discord: located, judged, stored in order, and never let go before it is stored."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias
from weakref import WeakValueDictionary

import discord
import structlog

from channels.base import Action, Address, Change, Host, Message, Person
from channels.discord import files
from channels.discord.audience import Rules, Verdict, address_of, is_staff, judge
from channels.discord.backlog import Backlog
from channels.discord.drawing import to_thread_name
from channels.discord.earlier import earlier_words
from channels.discord.events import Spot, Words, to_customer, to_deletion, to_message, to_words
from channels.discord.failures import TRANSPORT, reason_of
from channels.discord.gateway import Gateway
from channels.discord.pausing import Pausing
from channels.discord.people import People
from channels.discord.places import Place, Places, bookmark, line_of
from channels.discord.posted import Posted
from channels.discord.progress import Progress
from channels.discord.ways import Ways

log = structlog.get_logger()

REMEMBERED = 20_000
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 30.0

Receive: TypeAlias = Callable[[Message | Action], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What hearing works with."""

    gateway: Gateway
    host: Host
    places: Places
    people: People
    ways: Ways
    posted: Posted
    backlog: Backlog
    pausing: Pausing
    rules: Rules
    max_bytes: int


class Hearing:
    """Takes messages, edits and deletions. What was missed goes first.

    `caught_up` is closed until that is known, and read where customers begin; a conversation of which something is
    still to be read waits by itself.
    """

    def __init__(self, parts: Parts, receive: Receive) -> None:
        self._parts = parts
        self._receive = receive
        self._arrivals: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._lines: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._spots: OrderedDict[int, Spot] = OrderedDict()  # channels that the SDK does not know by itself
        self._stored: OrderedDict[str, int] = OrderedDict()  # keys that need no second look, and who wrote it
        self.progress: defaultdict[int, Progress] = defaultdict(Progress)
        self.caught_up = asyncio.Event()
        self.began = 0  # the id that a message written at our start would have
        self.remind: Callable[[int], None] = lambda channel: None  # told of direct messages before they are dealt with
        self.over = False  # nobody listens any more: what is not stored is read at the next start

    async def on_message(self, message: discord.Message) -> None:
        """Something was written; in the order in which Discord tells it, for the locks are fair."""
        if message.author.id == self._parts.gateway.own:
            self._parts.posted.add(message.id, str(message.nonce or ""))
        async with self._turn(message.channel, message.id):
            await self.take(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Something was changed, or a link got its preview."""
        async with self._turn(payload.message.channel, payload.message_id):
            await self.take(payload.message, edited=True)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Something was deleted."""
        await self._forget_all((payload.message_id,), payload.channel_id, payload.guild_id)

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Much was deleted at once."""
        await self._forget_all(sorted(payload.message_ids), payload.channel_id, payload.guild_id)

    async def take(self, message: discord.Message, *, edited: bool = False) -> None:
        """Deal with a message; returns once it is stored or passed."""
        channel, words = message.channel, to_words(message, self._parts.gateway.own, edited=edited)
        room = channel.parent_id if isinstance(channel, discord.Thread) else channel.id
        counted = words is not None and not edited and room in self._parts.rules.rooms
        if counted:
            self.progress[room].begin(message.id)
        async with self._line(channel, message.id):
            if words is not None and not await self.insist(partial(self._deal_with, words, message)):
                return
            if not edited:
                self._passed(channel, message.id)
        if counted:
            self.progress[room].end(message.id)

    async def _deal_with(self, words: Words, message: discord.Message) -> None:
        spot = await self.locate(message.channel)
        if spot is None:
            return
        known = words if words.roles is not None or spot.direct else await self._with_roles(words, spot)
        if self._is_called(known, spot):
            asker = (self._parts.places.get(self.address(known, spot)) or Place()).asker
            before = await earlier_words(message.channel, known, asker, self._parts.gateway.own, self._stored)
            known = replace(known, text="\n".join(text for text in (before, known.text) if text))
        await self._judge(known, spot, message.author)

    def _is_called(self, words: Words, spot: Spot) -> bool:
        """Whether somebody calls us in a thread in which we were silent, or never were."""
        if not words.mentions_us or words.change is not Change.NEW or words.key in self._stored:
            return False
        if not spot.thread or spot.thread == words.id or spot.room in self._parts.rules.desks:
            return False
        place = self._parts.places.get(self.address(words, spot))
        return place is None or not place.asker or place.staffed

    @asynccontextmanager
    async def _turn(self, channel: object, id: int) -> AsyncIterator[None]:
        """Wait until what was written before has been read and dealt with.

        One line already here: whoever waits for the gaps alone could be overtaken in the moment in which they close.
        """
        line = self._line_of(channel)
        async with self._arrivals.setdefault(line or id, asyncio.Lock()):
            await self.caught_up.wait()
            if isinstance(channel, discord.DMChannel):
                self.remind(channel.id)
            await self._parts.backlog.settled(line)
            yield

    def _passed(self, channel: object, id: int) -> None:
        """All in a conversation up to a message was dealt with, whoever wrote it: no session need read that again."""
        places, address = self._parts.places, self._address_in(channel)
        at_desk = isinstance(channel, discord.Thread) and channel.parent_id in self._parts.rules.desks
        if address is not None and (at_desk or places.get(address) is not None):
            places.read_to(address, id)

    def _address_in(self, channel: object) -> Address | None:
        """The conversation that is held in a channel, as far as the channel tells; None where many are."""
        places = self._parts.places
        if isinstance(channel, discord.Thread):
            return places.address_in(channel.parent_id, channel.id)
        if isinstance(channel, discord.DMChannel | discord.PartialMessageable):
            spot = self._spots.get(channel.id)
            return places.address_in(spot.room, spot.thread) if spot is not None else places.address_in(channel.id)
        return None

    def _line_of(self, channel: object) -> int:
        address = self._address_in(channel)
        return line_of(address) if address is not None else 0

    async def locate(self, channel: object) -> Spot | None:
        """Where a channel is; asked of Discord where it is not known, None where it may not be seen.

        Raises what asking raises.
        """
        if isinstance(channel, discord.PartialMessageable):
            return await self._look_up(channel.id)
        if isinstance(channel, discord.Thread):
            forum = isinstance(channel.parent, discord.ForumChannel)
            return Spot(room=channel.parent_id, thread=channel.id, forum=forum, guild=channel.guild.id)
        if isinstance(channel, discord.DMChannel):
            return Spot(room=channel.id, direct=True)
        if isinstance(channel, discord.abc.GuildChannel):
            return Spot(room=channel.id, guild=channel.guild.id)
        return None

    def address(self, words: Words, spot: Spot) -> Address:
        """The conversation of some words."""
        return self._parts.places.gone_to(words.channel) or address_of(words, spot, self._parts.places.get)

    async def _look_up(self, id: int) -> Spot | None:
        if id not in self._spots:
            try:
                found = await self._parts.gateway.client.fetch_channel(id)
            except (discord.NotFound, discord.Forbidden) as error:
                log.warning("discord_channel_unknown", reason=reason_of(error))
                return None
            spot = await self.locate(found)
            if spot is None:
                return None
            self._spots[id] = spot
            while len(self._spots) > REMEMBERED:
                self._spots.popitem(last=False)
        return self._spots[id]

    async def insist(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Do it until it succeeds: Discord sends nothing twice, so letting go would lose it. False when all is over."""
        pause = FIRST_PAUSE_SECONDS
        while not self.over:
            (problem,) = await asyncio.gather(work(), return_exceptions=True)
            if problem is None:
                return True
            log.warning("discord_event_not_taken", reason=type(problem).__name__)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        return False

    def _line(self, channel: object, id: int) -> asyncio.Lock:
        """One line a conversation: that of a thread goes by the id of the question on which it was opened."""
        return self._lines.setdefault(self._line_of(channel) or id, asyncio.Lock())

    async def _with_roles(self, words: Words, spot: Spot) -> Words:
        """History comes without roles; they matter for who is staff only."""
        try:
            member = await self._parts.people.member(spot.guild, words.author)
        except (discord.DiscordException, *TRANSPORT):
            return words
        if member is None:
            return words
        roles = tuple(str(role.id) for role in member.roles)
        return replace(words, roles=roles, moderates=member.guild_permissions.manage_messages)

    async def _judge(self, words: Words, spot: Spot, author: discord.abc.User | None) -> None:
        parts = self._parts
        address = self.address(words, spot)
        place = parts.places.get(address)
        match judge(words, spot, place, parts.rules):
            case Verdict.HEAR if words.key not in self._stored:
                await self._hear(words, spot, address, author)
            case Verdict.STAFF if place is not None:
                await parts.host.keep(bookmark(address, parts.places.change(address, staffed=True)))
            case _:
                pass

    async def _hear(self, words: Words, spot: Spot, address: Address, author: discord.abc.User | None) -> None:
        parts, at_desk = self._parts, spot.room in self._parts.rules.desks
        place = parts.places.get(address) or Place()
        if not at_desk and not place.asker:
            # before it is stored: the next word of this thread may be right behind
            team = spot.thread != words.id and is_staff(words, parts.rules) and bool(parts.rules.staff)
            place = parts.places.change(address, asker=words.author, staffed=team and not words.mentions_us)
        if not spot.direct and not spot.thread and not place.read:
            parts.ways.will_need(address, to_thread_name(words.text))
        read = replace(place, read=max(place.read, words.id))
        sender = await self._sender(words, spot, place, author, at_desk=at_desk)
        kept = [
            await files.fetch(file, spoken=words.spoken, max_bytes=parts.max_bytes, keep=parts.host.keep_file)
            for file in words.files[: files.MAX_FILES]
        ]
        message = to_message(words, address, sender, bookmark(address, read), tuple(kept))
        if not at_desk and words.change is Change.NEW:
            message = await parts.pausing.mark(message, _language(author))
        await self._receive(message)
        parts.places.change(address, read=read.read)
        self._stored[words.key] = words.author
        while len(self._stored) > REMEMBERED:
            self._stored.popitem(last=False)

    async def _sender(
        self, words: Words, spot: Spot, place: Place, author: discord.abc.User | None, *, at_desk: bool
    ) -> Person:
        if author is None:
            return Person(id=str(words.author or place.asker or ""))
        return await self._parts.people.agent(author, spot.guild) if at_desk else to_customer(author)

    async def _forget_all(self, ids: Sequence[int], channel: int, guild: int | None) -> None:
        client = self._parts.gateway.client
        place = client.get_channel(channel) or client.get_partial_messageable(channel, guild_id=guild)
        for id in ids:
            async with self._turn(place, id):
                await self._forget(id, channel, place, direct=guild is None)

    async def _forget(self, id: int, channel: int, place: object, *, direct: bool) -> None:
        """A deletion says only what was deleted: who wrote it we remember, or it was before our start."""
        author = self._stored.get(str(id), 0)
        if self._parts.posted.has(id) or (not author and id > self.began):
            return
        async with self._line(place, id):
            await self.insist(partial(self._forgotten, id, channel, author, None if direct else place))

    async def _forgotten(self, id: int, channel: int, author: int, place: object) -> None:
        spot = await self.locate(place) if place is not None else Spot(room=channel, direct=True)
        if spot is not None and (author or spot.room not in self._parts.rules.desks):
            await self._judge(to_deletion(id, channel, author), spot, None)


def _language(author: discord.abc.User | None) -> str:
    """The language of the server that somebody wrote on; empty where that is not known."""
    return str(author.guild.preferred_locale) if isinstance(author, discord.Member) else ""

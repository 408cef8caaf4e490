"""The connection's own news: a session begins, is taken up again or ends; servers and channels that are lost."""

import asyncio
import hashlib
import json
from dataclasses import dataclass

import discord
import structlog

from channels.base import Bookmark, DeliveryError, Host
from channels.discord import checking
from channels.discord.absence import Absence
from channels.discord.audience import Rules
from channels.discord.failures import TRANSPORT
from channels.discord.gateway import Gateway
from channels.discord.hearing import Hearing
from channels.discord.pulse import Pulse
from channels.discord.reading import Reading
from channels.discord.wire import Wire

log = structlog.get_logger()

READ_TO_SECONDS = 30.0
COMMANDS = "commands"  # the bookmark of what Discord was last told of our commands


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What watching works with."""

    gateway: Gateway
    host: Host
    wire: Wire
    absence: Absence
    rules: Rules
    hearing: Hearing
    reading: Reading
    command: str


class Watch:
    """Catches up at each new session, keeps how far all is read, and tells the operator what only a person can mend."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sessions = 0
        self._ready = 0  # the newest session that knows its servers
        self._catching = 0
        self._line = False
        self._registered = False

    async def on_connect(self) -> None:
        """A new session: what was said before it comes first. Runs before any event of the session."""
        parts = self._parts
        parts.hearing.caught_up.clear()
        parts.absence.ends()
        self._line = True
        self._sessions += 1
        parts.gateway.connections += 1
        log.info("discord_connected", sessions=parts.gateway.connections)

    async def on_ready(self) -> None:
        """The servers are known: catch up, then let go what waited."""
        self._ready = self._sessions
        self._tell_what_lacks()
        await self._catch_up()
        await self._register()
        await self.keep()

    async def on_resumed(self) -> None:
        """The session goes on: Discord sends what was missed by itself."""
        self._parts.absence.ends()
        self._line = True
        self._parts.gateway.resumes += 1
        log.info("discord_resumed")

    async def on_disconnect(self) -> None:
        """The SDK connects again by itself, and tells of each try that fails."""
        self._parts.absence.lasts("the gateway's line broke")
        self._parts.reading.lost()
        if self._line:
            log.warning("discord_disconnected")
        self._line = False

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server that was out of order is back: what was said there meanwhile came to nobody."""
        if self._ready == self._sessions:  # else the session has only begun, and reads every server soon
            log.info("discord_server_back", server=guild.name)
            await self._catch_up()

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """A server let us go."""
        log.error("discord_server_lost", server=guild.name, fix=checking.INVITE)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """A channel that the settings name is gone."""
        rules = self._parts.rules
        if channel.id in rules.desks | rules.rooms:
            key = "desk.room" if channel.id in rules.desks else "discord.customer_channels"
            log.error("discord_channel_lost", channel=channel.name, fix=f"name another in {key}")

    async def keep_marks(self) -> None:
        """Remember now and then how far all is read, and tell how the connection fares."""
        parts, pulse = self._parts, Pulse()
        while True:
            await asyncio.sleep(READ_TO_SECONDS)
            parts.absence.check()
            await self.keep()
            pulse.tell(parts.gateway.health())

    async def keep(self) -> None:
        """Remember how far all was read, where that is known: what is not kept now is read once more one day."""
        if not self._parts.hearing.caught_up.is_set():
            return
        for mark in self._parts.reading.marks():
            (problem,) = await asyncio.gather(self._parts.host.keep(mark), return_exceptions=True)
            if problem is not None:
                log.warning("discord_mark_not_kept", reason=type(problem).__name__)
                return

    async def _catch_up(self) -> None:
        """Hold back what comes until it is known what was missed. Runs up to its first wait before any newer event."""
        parts = self._parts
        parts.hearing.caught_up.clear()
        self._catching += 1
        try:
            await parts.hearing.insist(self._read)
        finally:
            self._catching -= 1
            if self._ready == self._sessions and not self._catching:
                parts.hearing.caught_up.set()  # else another session has begun, and its own catching up lets go

    async def _read(self) -> None:
        await self._parts.reading.catch_up(await self._parts.host.since())

    async def _register(self) -> None:
        """Tell Discord our command, when that is news: it counts such calls."""
        if self._registered:
            return
        wanted = commands(self._parts.command)
        mark = hashlib.sha256(json.dumps(wanted).encode()).hexdigest()
        if (await self._parts.host.since()).bookmarks.get(COMMANDS) == mark:
            self._registered = True
            return
        try:
            await self._parts.wire.register(wanted)
        except (discord.DiscordException, DeliveryError, *TRANSPORT) as error:
            log.warning("discord_command_not_registered", reason=str(error))
            return
        await self._parts.host.keep(Bookmark(place=COMMANDS, position=mark))
        self._registered = True

    def _tell_what_lacks(self) -> None:
        rules, client = self._parts.rules, self._parts.gateway.client
        for room in sorted(rules.rooms | rules.desks):
            channel = client.get_channel(room)
            if not isinstance(channel, discord.abc.GuildChannel):
                log.error("discord_channel_not_seen", channel=room, fix=checking.INVITE)
            elif lacks := checking.lacking(channel):
                log.error("discord_permission_missing", problem=lacks)


def commands(name: str) -> list[dict[str, object]]:
    """What Discord is told of our command, for servers only; nothing for an empty name."""
    if not name:
        return []
    asked = {"type": 3, "name": "question", "description": "What you would like to know", "required": True}
    about = "Ask in private: only you see the answer"
    return [{"type": 1, "name": name, "description": about, "options": [asked], "contexts": [0]}]

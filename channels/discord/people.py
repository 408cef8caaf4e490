"""Who somebody on Discord is, and whether they may work at a desk: by their roles at the time they act."""

import time

import discord
import structlog

from channels.base import Person
from channels.discord.events import to_agent
from channels.discord.failures import TRANSPORT
from channels.discord.gateway import Gateway

log = structlog.get_logger()

KNOWN_SECONDS = 60.0
MAX_KEPT = 10_000


class People:
    """Looks members up, where an event did not bring their roles along."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._kept: dict[tuple[int, int], tuple[float, discord.Member | None]] = {}

    async def agent(self, user: discord.abc.User, guild: int) -> Person:
        """Somebody at a desk. Who cannot be looked up now may not act, and is told to try again."""
        if isinstance(user, discord.Member) or user.bot:
            return to_agent(user)
        try:
            return to_agent(await self.member(guild, user.id) or user)
        except (discord.HTTPException, *TRANSPORT) as error:
            log.warning("discord_rights_unknown", reason=type(error).__name__)
            why = "cannot be looked up on Discord right now: please try again in a minute"
            return Person(id=str(user.id), name=user.display_name, outsider=True, why_outside=why)

    async def member(self, guild: int, user: int) -> discord.Member | None:
        """A member with their roles, known for a minute; None for who is none. Raises discord.HTTPException."""
        kept = self._kept.get((guild, user))
        if kept is not None and time.monotonic() - kept[0] < KNOWN_SECONDS:
            return kept[1]
        server = self._gateway.client.get_guild(guild)
        if server is None:
            return None
        try:
            member: discord.Member | None = await server.fetch_member(user)
        except discord.NotFound:
            member = None
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[guild, user] = (time.monotonic(), member)
        return member

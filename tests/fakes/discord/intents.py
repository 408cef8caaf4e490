"""Intents: which events a session asked for, and what it sees of a message without its content."""

from enum import IntFlag

from tests.fakes.discord.rights import Right, rights_in
from tests.fakes.discord.state import BOT, Channel, Json, Kind, World


class Intent(IntFlag):
    """The bits, with Discord's own numbers."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_WEBHOOKS = 1 << 5
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    MESSAGE_CONTENT = 1 << 15


ALL_INTENTS = (1 << 26) - 1
PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT
HIDDEN = {"content": "", "embeds": [], "attachments": [], "components": []}
# The intent that an event needs in a guild, and in direct messages; what is not here needs GUILDS.
NEEDED: dict[str, tuple[int, int]] = {
    "INTERACTION_CREATE": (0, 0),
    "WEBHOOKS_UPDATE": (Intent.GUILD_WEBHOOKS, 0),
    "GUILD_MEMBER_UPDATE": (Intent.GUILD_MEMBERS, 0),
    "MESSAGE_CREATE": (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES),
    "MESSAGE_UPDATE": (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES),
    "MESSAGE_DELETE": (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES),
    "MESSAGE_DELETE_BULK": (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES),
    "MESSAGE_REACTION_ADD": (Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS),
}


def hears(world: World, intents: int, event: str, channel: Channel | None) -> bool:
    """Whether a session asked for an event, and the bot sees the channel that it is about."""
    direct = channel is not None and channel.kind is Kind.DIRECT
    needed = NEEDED.get(event, (Intent.GUILDS, Intent.GUILDS))[direct]
    if needed and not intents & needed:
        return False
    return channel is None or bool(rights_in(world, BOT, channel) & Right.VIEW_CHANNEL)


def stripped(world: World, intents: int, event: str, data: Json, channel: Channel | None) -> Json:
    """A message without its content, where the session may not see it: not in direct messages, not when it is named."""
    if event not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or intents & Intent.MESSAGE_CONTENT:
        return data
    named = any(one["id"] == BOT for one in data.get("mentions", []))
    if named or data["author"]["id"] == BOT or (channel is not None and channel.kind is Kind.DIRECT):
        return data
    return data | HIDDEN

"""Who may do what where: Discord's permission bits and its rule for adding them up."""

from enum import IntFlag

from tests.fakes.discord.refusals import Refusal, RefusedError
from tests.fakes.discord.state import BOT, Channel, Guild, Kind, Overwrite, World


class Right(IntFlag):
    """The bits that matter here, with Discord's own numbers."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38


ALL = (1 << 50) - 1
EVERYBODY = (
    Right.VIEW_CHANNEL
    | Right.SEND_MESSAGES
    | Right.SEND_MESSAGES_IN_THREADS
    | Right.READ_MESSAGE_HISTORY
    | Right.EMBED_LINKS
    | Right.ATTACH_FILES
    | Right.ADD_REACTIONS
    | Right.CREATE_PUBLIC_THREADS
    | Right.CREATE_PRIVATE_THREADS
    | Right.USE_APPLICATION_COMMANDS
)
SPEAKING = Right.MENTION_EVERYONE | Right.ATTACH_FILES | Right.EMBED_LINKS


def rights_in(world: World, user: str, channel: Channel) -> int:
    """What somebody may do in a channel, 0 where they do not even see it."""
    if channel.kind is Kind.DIRECT:
        return ALL if user in (BOT, channel.recipient) else 0
    guild = world.guilds.get(channel.guild)
    if guild is None or user not in guild.members:
        return 0
    rights = _overwritten(guild, user, world.place(channel))
    if rights & Right.ADMINISTRATOR:
        return ALL
    if not rights & Right.VIEW_CHANNEL:
        return 0
    hidden = channel.kind is Kind.PRIVATE_THREAD and user not in channel.members
    if hidden and not rights & Right.MANAGE_THREADS:
        return 0
    speak = Right.SEND_MESSAGES_IN_THREADS if channel.is_thread else Right.SEND_MESSAGES
    return rights if rights & speak else rights & ~SPEAKING


def rights_of(guild: Guild, user: str) -> int:
    """What somebody may do in the guild as a whole."""
    if guild.owner == user:
        return ALL
    roles = {guild.id, *guild.members[user].roles}
    rights = 0
    for role in roles & guild.roles.keys():
        rights |= guild.roles[role].permissions
    return ALL if rights & Right.ADMINISTRATOR else rights


def require(world: World, channel: Channel, *needed: Right, user: str = BOT) -> None:
    """Raises RefusedError: 50001 for a channel that somebody does not see, 50013 for what they may not do in it."""
    rights = rights_in(world, user, channel)
    if not rights & Right.VIEW_CHANNEL:
        raise RefusedError(Refusal.MISSING_ACCESS)
    if any(not rights & right for right in needed):
        raise RefusedError(Refusal.MISSING_PERMISSIONS)


def require_writing(world: World, channel: Channel, user: str = BOT) -> None:
    """Whether somebody may write there now. Raises RefusedError."""
    if channel.kind is Kind.FORUM:
        raise RefusedError(Refusal.NO_TEXT_CHANNEL)
    if channel.kind is Kind.DIRECT:
        if user == BOT and not (world.users[channel.recipient].takes_dms and _shares_guild(world, channel.recipient)):
            raise RefusedError(Refusal.CLOSED_DM)
        return
    require(world, channel, Right.SEND_MESSAGES_IN_THREADS if channel.is_thread else Right.SEND_MESSAGES, user=user)
    if channel.locked and channel.archived:
        raise RefusedError(Refusal.ARCHIVED)
    if channel.locked and not rights_in(world, user, channel) & Right.MANAGE_THREADS:
        raise RefusedError(Refusal.LOCKED)


def _overwritten(guild: Guild, user: str, place: Channel) -> int:
    rights = rights_of(guild, user)
    if rights & Right.ADMINISTRATOR:
        return rights
    everyone = place.overwrites.get(guild.id, Overwrite())
    rights = rights & ~everyone.deny | everyone.allow
    allow = deny = 0
    for role in guild.members[user].roles:
        overwrite = place.overwrites.get(role, Overwrite())
        allow, deny = allow | overwrite.allow, deny | overwrite.deny
    own = place.overwrites.get(user, Overwrite())
    return (rights & ~deny | allow) & ~own.deny | own.allow


def _shares_guild(world: World, user: str) -> bool:
    return any({BOT, user} <= guild.members.keys() for guild in world.guilds.values())

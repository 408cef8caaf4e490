"""How Discord writes its things as JSON."""

from tests.fakes.discord.rights import Right, rights_in, rights_of
from tests.fakes.discord.state import BOT, Channel, Guild, Json, Kind, Member, Role, User, World

MESSAGE_CONTENT_GRANTED = 1 << 19  # "limited": fewer than 100 guilds


def of_user(user: User) -> Json:
    shown = {"global_name": user.name.capitalize(), "avatar": None, "discriminator": "0", "public_flags": 0}
    return {"id": user.id, "username": user.name, "bot": user.bot, "system": False, **shown}


def of_member(member: Member, *, with_user: bool = True) -> Json:
    """As in a member's own object; a message carries it without the user."""
    body: Json = {
        "roles": sorted(member.roles),
        "nick": member.nick,
        "avatar": None,
        "joined_at": "2026-01-05T09:00:00+00:00",
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
        "communication_disabled_until": None,
    }
    return body | {"user": of_user(member.user)} if with_user else body


def of_role(role: Role, position: int) -> Json:
    shown: Json = {"color": 0, "hoist": False, "managed": bool(role.of_bot), "mentionable": False, "flags": 0}
    if role.of_bot:
        shown["tags"] = {"bot_id": role.of_bot}
    return {
        "id": role.id,
        "name": role.name,
        "permissions": str(int(role.permissions)),
        "position": position,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        **shown,
    }


def of_channel(world: World, channel: Channel) -> Json:
    """A channel of any kind; a thread has what threads have."""
    last = next(reversed(channel.messages), None)
    body: Json = {"id": channel.id, "type": int(channel.kind), "last_message_id": last, "flags": 0}
    if channel.kind is Kind.DIRECT:
        return body | {"recipients": [of_user(world.users[channel.recipient])]}
    body |= {"guild_id": channel.guild, "name": channel.name, "rate_limit_per_user": 0, "topic": None, "nsfw": False}
    if channel.is_thread:
        return body | _of_thread(channel)
    overwrites = [
        {"id": id, "type": int(one.of_member), "allow": str(int(one.allow)), "deny": str(int(one.deny))}
        for id, one in channel.overwrites.items()
    ]
    body |= {"position": 0, "parent_id": None, "permission_overwrites": overwrites}
    if channel.kind is Kind.FORUM:
        body |= {"available_tags": channel.tags, "default_reaction_emoji": None, "default_sort_order": None}
        body |= {"default_forum_layout": 0, "flags": 16 if channel.needs_tag else 0}
    return body


def _of_thread(channel: Channel) -> Json:
    body: Json = {
        "parent_id": channel.parent,
        "owner_id": channel.owner,
        "message_count": max(0, len(channel.messages) - 1),
        "total_message_sent": max(0, len(channel.messages) - 1),
        "member_count": len(channel.members),
        "applied_tags": channel.applied_tags,
        "thread_metadata": {
            "archived": channel.archived,
            "locked": channel.locked,
            "auto_archive_duration": channel.auto_archive,
            "archive_timestamp": channel.archived_at or channel.born,
            "create_timestamp": channel.born,
            "invitable": False,
        },
    }
    if BOT in channel.members:
        body["member"] = {"id": channel.id, "user_id": BOT, "join_timestamp": channel.born, "flags": 1}
    return body


def of_guild(world: World, guild: Guild) -> Json:
    """As GUILD_CREATE tells it to a bot that may not list members: itself alone is among them."""
    seen = [one for one in world.channels.values() if one.guild == guild.id]
    threads = [one for one in seen if one.is_thread and not one.archived and _visible(world, one)]
    return {
        **guild_alone(guild),
        "joined_at": "2026-01-05T09:00:00+00:00",
        "large": False,
        "unavailable": False,
        "member_count": len(guild.members),
        "members": [of_member(guild.members[BOT])],
        "channels": [of_channel(world, one) for one in seen if not one.is_thread],
        "threads": [of_channel(world, one) for one in threads],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def guild_alone(guild: Guild) -> Json:
    """What `GET /guilds/{id}` tells."""
    roles = [of_role(role, place) for place, role in enumerate(guild.roles.values())]
    settings = {"verification_level": 1, "default_message_notifications": 1, "explicit_content_filter": 0}
    nothing: Json = {"emojis": [], "stickers": [], "features": [], "icon": None, "banner": None, "splash": None}
    return {
        "id": guild.id,
        "name": guild.name,
        "owner_id": guild.owner,
        "roles": roles,
        "afk_timeout": 300,
        "afk_channel_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "premium_tier": 0,
        "preferred_locale": "en-US",
        "nsfw_level": 0,
        "mfa_level": 0,
        **settings,
        **nothing,
    }


def of_actor(world: World, user: User, channel: Channel) -> Json:
    """Who acts, as an interaction tells it: a member with their rights there, or a user in direct messages."""
    guild = world.guilds.get(channel.guild)
    if guild is None:
        return {"user": of_user(user)}
    rights = rights_in(world, user.id, channel)
    return {"member": of_member(guild.members[user.id]) | {"permissions": str(int(rights))}}


def of_application(world: World) -> Json:
    flags = MESSAGE_CONTENT_GRANTED if world.intents_granted else 0
    owner = of_user(User(id="900000000000000009", name="owner"))
    return {
        "id": BOT,
        "name": "warmline",
        "description": "",
        "icon": None,
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "owner": owner,
        "team": None,
        "flags": flags,
        "approximate_guild_count": len(world.guilds),
    }


def of_membership(guild: Guild) -> Json:
    """A line of the bot's list of guilds."""
    rights = rights_of(guild, BOT)
    return {
        "id": guild.id,
        "name": guild.name,
        "icon": None,
        "owner": False,
        "permissions": str(rights),
        "features": [],
    }


def _visible(world: World, channel: Channel) -> bool:
    return bool(rights_in(world, BOT, channel) & Right.VIEW_CHANNEL)

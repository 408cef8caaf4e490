"""The bot itself, its guilds, their people and roles, direct messages, and the commands it registers."""

from typing import Any

from tests.fakes.discord import limits, shapes
from tests.fakes.discord.calls import Call, route
from tests.fakes.discord.refusals import Refusal, RefusedError
from tests.fakes.discord.state import BOT, Guild, Json, World

COMMANDS = 100


@route("GET", "/users/@me")
def get_own_user(world: World, call: Call) -> Json:
    return shapes.of_user(world.users[BOT]) | {"verified": True, "mfa_enabled": True, "locale": "en-US", "flags": 0}


@route("GET", "/users/@me/guilds")
def list_own_guilds(world: World, call: Call) -> list[Json]:
    return [shapes.of_membership(guild) for guild in world.guilds.values() if BOT in guild.members]


@route("POST", "/users/@me/channels")
def create_dm(world: World, call: Call) -> Json:
    """Always opened: whether somebody takes messages shows when one is sent."""
    user = world.users.get(str(call.body.get("recipient_id")))
    if user is None:
        raise RefusedError(Refusal.UNKNOWN_USER)
    return shapes.of_channel(world, world.direct(user.id))


@route("GET", "/users/{user_id}")
def get_user(world: World, call: Call) -> Json:
    if call.params["user_id"] not in world.users:
        raise RefusedError(Refusal.UNKNOWN_USER)
    return shapes.of_user(world.users[call.params["user_id"]])


@route("GET", "/oauth2/applications/@me")
def get_application(world: World, call: Call) -> Json:
    return shapes.of_application(world)


@route("GET", "/applications/@me")
def get_own_application(world: World, call: Call) -> Json:
    return shapes.of_application(world)


@route("GET", "/guilds/{guild_id}")
def get_guild(world: World, call: Call) -> Json:
    return shapes.guild_alone(_guild(world, call))


@route("GET", "/guilds/{guild_id}/channels")
def list_channels(world: World, call: Call) -> list[Json]:
    guild = _guild(world, call)
    return [
        shapes.of_channel(world, one) for one in world.channels.values() if one.guild == guild.id and not one.is_thread
    ]


@route("GET", "/guilds/{guild_id}/roles")
def list_roles(world: World, call: Call) -> Any:
    return shapes.guild_alone(_guild(world, call))["roles"]


@route("GET", "/guilds/{guild_id}/members/{user_id}")
def get_member(world: World, call: Call) -> Json:
    member = _guild(world, call).members.get(call.params["user_id"])
    if member is None:
        raise RefusedError(Refusal.UNKNOWN_MEMBER)
    return shapes.of_member(member)


@route("GET", "/applications/{application_id}/commands")
def list_commands(world: World, call: Call) -> list[Json]:
    return [command for command in world.commands if not command.get("guild_id")]


@route("PUT", "/applications/{application_id}/commands")
def put_commands(world: World, call: Call) -> list[Json]:
    """What is listed replaces what there was. Raises RefusedError."""
    return _replace(world, call, "")


@route("GET", "/applications/{application_id}/guilds/{guild_id}/commands")
def list_guild_commands(world: World, call: Call) -> list[Json]:
    return [command for command in world.commands if command.get("guild_id") == call.params["guild_id"]]


@route("PUT", "/applications/{application_id}/guilds/{guild_id}/commands")
def put_guild_commands(world: World, call: Call) -> list[Json]:
    _guild(world, call)
    return _replace(world, call, call.params["guild_id"])


def _replace(world: World, call: Call, guild: str) -> list[Json]:
    if len(call.body) > COMMANDS:
        raise RefusedError(Refusal.INVALID)
    for number, command in enumerate(call.body):
        limits.check_command(str(number), command)
    ids: Json = {"application_id": BOT, "version": world.snowflake(), "default_member_permissions": None}
    ids |= {"guild_id": guild} if guild else {}
    new = [{"type": 1, "description": "", **command, "id": world.snowflake(), **ids} for command in call.body]
    world.commands = [one for one in world.commands if one.get("guild_id", "") != guild] + new
    world.changed.set()
    return new


def _guild(world: World, call: Call) -> Guild:
    guild = world.guilds.get(call.params["guild_id"])
    if guild is None or BOT not in guild.members:
        raise RefusedError(Refusal.UNKNOWN_GUILD)
    return guild

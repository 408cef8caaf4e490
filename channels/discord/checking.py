"""Is the account fit for work: the token, the intent, the permissions. Each problem with what to do."""

import asyncio
import os
from collections.abc import Iterable

import discord
from discord.gateway import DiscordWebSocket

from channels.base import DeliveryError, SetupError
from channels.discord.failures import TRANSPORT, reason_of
from channels.discord.gateway import PORTAL, AnyClient, sign_in
from channels.discord.permissions import missing

HELLO_SECONDS = 10.0
WEBSOCKETS = "look at discord.gateway_url and at what lets this machine's WebSockets through"
INVITE = "open `warmline discord invite` and let the bot in again"


def token(env: str) -> str:
    """The bot's token of the environment. Raises SetupError naming the variable that is missing."""
    found = os.environ.get(env, "").strip()
    if not found:
        raise SetupError(
            f"discord: the environment variable {env} is not set; it is the token at {PORTAL} › your application › Bot"
        )
    return found


async def account(env: str, rooms: Iterable[str]) -> list[str]:
    """What is wrong with the token, the intent and the permissions where customers write."""
    try:
        client = await sign_in(token(env))
    except (SetupError, OSError) as error:
        return [str(error)]
    async with client:
        flags = client.application_flags
        found = []
        if not (flags.gateway_message_content or flags.gateway_message_content_limited):
            found.append(f"discord: switch on Message Content Intent at {PORTAL} › your application › Bot")
        found += await _gateway(client)
        for room in rooms:
            found += await _room(client, room, "discord.customer_channels")
        return found


async def desk(env: str, room: str) -> list[str]:
    """What keeps a channel from being a desk."""
    try:
        client = await sign_in(token(env))
    except (SetupError, OSError):
        return []  # told by `account`
    async with client:
        found = await _room(client, room, "desk.room")
        if found:
            return found
        channel, guild = await _channel(client, room)
        if not isinstance(channel, discord.TextChannel):
            return [f"desk.room: {room} is no text channel; name one"]
        if channel.permissions_for(guild.default_role).view_channel:
            return [f"desk.room: everybody can read #{channel.name} and so customers' words; make it private"]
        return []


def lacking(channel: discord.abc.GuildChannel) -> str:
    """What we may not do in a channel, with what mends it; empty where all is well."""
    names = missing(channel.permissions_for(channel.guild.me)) if channel.guild.me is not None else ()
    return f"in #{channel.name} the bot lacks {', '.join(names)}; {INVITE}, or grant it there" if names else ""


async def _gateway(client: AnyClient) -> list[str]:
    """Whether the line on which Discord sends opens and says hello."""
    address = DiscordWebSocket.DEFAULT_GATEWAY
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            socket = await client.http.ws_connect(str(address.with_query(v="10", encoding="json")))
            try:
                opened = (await socket.receive_json()).get("op") == DiscordWebSocket.HELLO
            finally:
                await socket.close()
    except (discord.DiscordException, TypeError, ValueError, *TRANSPORT) as error:
        return [f"discord: the gateway at {address.host} does not open ({type(error).__name__}); {WEBSOCKETS}"]
    return [] if opened else [f"discord: what answers at {address.host} is not Discord's gateway; {WEBSOCKETS}"]


async def _room(client: AnyClient, room: str, key: str) -> list[str]:
    try:
        channel, guild = await _channel(client, room)
        own = await guild.fetch_member(client.user.id if client.user else 0)
    except (ValueError, discord.NotFound, discord.Forbidden):
        return [f"{key}: {room!r} cannot be seen; write the channel's id and {INVITE}"]
    except discord.HTTPException as error:
        return [f"{key}: {room} cannot be looked at: {reason_of(error)}"]
    except (DeliveryError, *TRANSPORT) as error:
        return [f"{key}: Discord cannot be reached: {error}"]
    names = missing(channel.permissions_for(own))
    return [f"{key}: in #{channel.name} the bot lacks {', '.join(names)}; {INVITE}"] if names else []


async def _channel(client: AnyClient, room: str) -> tuple[discord.abc.GuildChannel, discord.Guild]:
    """A channel and its server, with its roles. Raises ValueError for what is no channel of a server."""
    found = await client.fetch_channel(int(room))
    if not isinstance(found, discord.abc.GuildChannel):
        raise ValueError(room)  # noqa: TRY004 # what was written names the wrong thing
    guild = await client.fetch_guild(found.guild.id)
    channels = await guild.fetch_channels()
    return next(channel for channel in channels if channel.id == found.id), guild

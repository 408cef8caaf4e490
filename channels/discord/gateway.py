"""The connection on which Discord sends: one client, or one of several shards where Discord asks for more."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import discord
import structlog
from discord.gateway import DiscordWebSocket
from discord.http import Route

from channels.base import Delivery, DeliveryError, SetupError
from channels.discord.failures import TRANSPORT

log = structlog.get_logger()

API = "https://discord.com/api/v10"
GATEWAY = "wss://gateway.discord.gg/"
PORTAL = "https://discord.com/developers/applications"
IDENTIFY_SECONDS = 5.0
READY_SECONDS = 2.0
SILENCE_SECONDS = 60.0  # a line on which nothing came for so long, no heartbeat's answer either, is dead
SIGN_IN_SECONDS = 10.0
LONGEST_RATE_LIMIT_SECONDS = 30.0

Handler: TypeAlias = Callable[..., Coroutine[Any, Any, None]]
AnyClient: TypeAlias = discord.Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the connection fares. `connections` counts the sessions begun, `resumes` those that were taken up again."""

    connected: bool
    seconds_since_heartbeat: float
    connections: int
    resumes: int


def intents() -> discord.Intents:
    """What we want to hear: channels and threads, messages and what stands in them."""
    wanted = discord.Intents.none()
    wanted.guilds = wanted.guild_messages = wanted.dm_messages = wanted.message_content = True
    return wanted


def point(api_base_url: str, gateway_url: str) -> None:
    """Where Discord is, for the whole process; Discord itself where a twin is not named here or in the environment."""
    api = api_base_url or os.environ.get("DISCORD_API_BASE_URL") or API
    gateway = gateway_url or os.environ.get("DISCORD_GATEWAY_URL") or GATEWAY
    Route.BASE = api.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = type(DiscordWebSocket.DEFAULT_GATEWAY)(gateway)


def seconds_from(name: str, default: float) -> float:
    """A number of seconds from the environment: what tests of minutes shorten."""
    try:
        return max(0.0, float(os.environ.get(name, "")))
    except ValueError:
        return default


async def _before_identify() -> None:
    """Discord takes one new session in five seconds."""
    await asyncio.sleep(seconds_from("DISCORD_IDENTIFY_SECONDS", IDENTIFY_SECONDS))


def _tell_failure(handler: str) -> None:
    """A mistake of ours in a handler, which the SDK lets pass."""
    log.error("discord_handler_failed", handler=handler, exc_info=True)  # noqa: LOG014 # called while it is handled


class One(discord.Client):
    """A client with one connection."""

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:  # noqa: D102
        _tell_failure(event_method)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:  # noqa: D102
        if not initial:
            await _before_identify()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:  # noqa: D102
        if not self.is_closed():  # the SDK's own tasks may outlive its loop by a moment
            super().dispatch(event, *args, **kwargs)


class Many(discord.AutoShardedClient):
    """A client with a connection for each shard."""

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:  # noqa: D102
        _tell_failure(event_method)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:  # noqa: D102
        if not initial:
            await _before_identify()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:  # noqa: D102
        if not self.is_closed():  # the SDK's own tasks may outlive its loop by a moment
            super().dispatch(event, *args, **kwargs)


class Gateway:
    """Signs in, listens until closed, and lends the client that is signed in."""

    def __init__(self) -> None:
        self._client: AnyClient | None = None
        self._signed_in = asyncio.Event()
        self.connections = 0
        self.resumes = 0

    @property
    def client(self) -> AnyClient:
        """The client that is signed in. Raises DeliveryError where there is none yet."""
        if self._client is None or not self._signed_in.is_set():
            raise DeliveryError(Delivery.NOT_SENT, "not signed in to Discord yet", retry_after_seconds=1.0)
        return self._client

    @property
    def own(self) -> int:
        """Our own id; 0 before we are signed in."""
        user = self._client.user if self._client is not None else None
        return user.id if user is not None else 0

    def rights(self, channel: int) -> discord.Permissions | None:
        """What we may do in a channel, None where that is not known."""
        found = self.client.get_channel(channel)
        if not isinstance(found, discord.abc.GuildChannel) or found.guild.me is None:
            return None
        return found.permissions_for(found.guild.me)

    def is_locked(self, channel: int) -> bool:
        """Whether a thread is locked, as far as we know."""
        found = self.client.get_channel(channel)
        return isinstance(found, discord.Thread) and found.locked

    async def signed_in(self) -> AnyClient:
        """Wait for the client. Raises DeliveryError where it takes too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SIGN_IN_SECONDS):
                await self._signed_in.wait()
        return self.client

    async def listen(self, token: str, handlers: Iterable[Handler]) -> None:
        """Hand events to the handlers until cancelled. Raises SetupError for an account of no use, OSError.

        When cancelled it only hangs up: what is left to be sent can be, until `close`.
        """
        await self.close()
        logging.getLogger("discord").setLevel(logging.CRITICAL)  # it tells tracebacks where we say it in a word
        try:
            client = self._client = await sign_in(token)
            for handler in handlers:
                client.event(handler)  # by its name
            self._signed_in.set()
            await client.connect(reconnect=True)
        except asyncio.CancelledError:
            await self._hang_up()
            raise
        except discord.PrivilegedIntentsRequired as error:
            await self.close()
            raise SetupError(
                "discord: the bot may not read what messages say; switch on Message Content Intent at "
                f"{PORTAL} › your application › Bot › Privileged Gateway Intents"
            ) from error
        except (discord.DiscordException, *TRANSPORT) as error:
            await self.close()
            raise ConnectionError(f"Discord's gateway closed: {error}") from error
        await self.close()
        raise ConnectionError("Discord's gateway closed")

    async def close(self) -> None:
        """Close what is open towards Discord."""
        self._signed_in.clear()
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _hang_up(self) -> None:
        client = self._client
        with suppress(discord.DiscordException, *TRANSPORT):
            if isinstance(client, discord.AutoShardedClient):
                for shard in client.shards.values():
                    await shard.disconnect()
            elif client is not None and client.ws is not None:
                await client.ws.close(code=1000)

    def health(self) -> Health:
        """How the connection fares; infinitely long since the last heartbeat where there was none."""
        beats = list(_last_beats(self._client)) if self._client is not None else []
        return Health(
            connected=bool(beats) and self._client is not None and self._client.is_ready(),
            seconds_since_heartbeat=max((time.perf_counter() - beat for beat in beats), default=float("inf")),
            connections=self.connections,
            resumes=self.resumes,
        )


async def sign_in(token: str) -> AnyClient:
    """A client that is logged in, with as many shards as Discord recommends. Raises SetupError, ConnectionError."""
    client: AnyClient = One(**_options())
    try:
        await client.login(token)
        shards, _, _ = await client.http.get_bot_gateway()
        if shards > 1:
            await client.close()
            client = Many(shard_count=shards, **_options())
            await client.login(token)
            log.info("discord_sharded", shards=shards)
    except discord.LoginFailure as error:
        await client.close()
        raise SetupError(f"discord: Discord does not accept the token; make a new one at {PORTAL} › Bot") from error
    except (discord.DiscordException, *TRANSPORT) as error:
        await client.close()
        raise ConnectionError(f"Discord cannot be reached: {error}") from error
    return client


def _options() -> dict[str, Any]:
    return {
        "intents": intents(),
        "allowed_mentions": discord.AllowedMentions.none(),  # nothing that leaves pings anybody, whatever it says
        "max_messages": None,
        "chunk_guilds_at_startup": False,
        "member_cache_flags": discord.MemberCacheFlags.none(),
        "heartbeat_timeout": seconds_from("DISCORD_SILENCE_SECONDS", SILENCE_SECONDS),
        "guild_ready_timeout": seconds_from("DISCORD_READY_SECONDS", READY_SECONDS),
        "max_ratelimit_timeout": LONGEST_RATE_LIMIT_SECONDS,
    }


def _last_beats(client: AnyClient) -> Iterator[float]:
    """When each connection was last told that its heartbeat arrived, in `time.perf_counter` seconds."""
    if isinstance(client, discord.AutoShardedClient):
        sockets = [shard._parent.ws for shard in client.shards.values()]
    else:
        sockets = [client.ws] if client.ws is not None else []
    for socket in sockets:
        keeper = getattr(socket, "_keep_alive", None)
        if keeper is not None:
            yield keeper._last_ack

"""Discord by its gateway: customers in help channels, forums, direct messages and /ask, and a desk for agents."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass

import discord
import structlog

from channels.base import Address, Bookmark, DeliveryError, Host, Outgoing, Receipt, SetupError
from channels.discord import checking, hearing, presses, reading, watching
from channels.discord.absence import Absence
from channels.discord.audience import Rules
from channels.discord.backlog import Backlog
from channels.discord.failures import TRANSPORT
from channels.discord.gateway import Gateway, Handler, Health, point
from channels.discord.hearing import Hearing, Receive
from channels.discord.pausing import Pausing
from channels.discord.pen import Pen
from channels.discord.people import People
from channels.discord.places import NAME, ROOM, Places, number
from channels.discord.posted import Posted
from channels.discord.posting import Posting
from channels.discord.presses import Presses
from channels.discord.reading import Reading
from channels.discord.tokens import Tokens
from channels.discord.watching import Watch
from channels.discord.ways import ASK, Ways
from channels.discord.whispering import Whispering
from channels.discord.wire import Wire
from channels.fuse import Fuse

log = structlog.get_logger()

TYPING_AFTER_SECONDS = 0.5
TYPING_AGAIN_SECONDS = 8.0
TYPING_TIMES = 6
REMEMBERED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `[discord]` table. The token stands in the environment, under the name given here.

    `customer_channels` are ids of channels and forums in which every message or post is a customer's; elsewhere we
    answer when mentioned, and in direct messages always. `staff` are ids of people and roles after whose words in a
    customer's thread we are silent unless called; empty: whoever may delete others' messages. `command` is what asks in
    private, empty for none. The addresses are for a twin of Discord, else from DISCORD_API_BASE_URL and
    DISCORD_GATEWAY_URL, or Discord itself. Without a connection for `give_up_minutes` the program ends with an error,
    so that whoever keeps it running starts it anew. Whoever gets `thread_answers_per_minute` in one thread, or
    `person_answers_per_minute` in all of theirs, is taken for a machine until the minute is over. 0 switches each of
    the three off.
    """

    enabled: bool = True
    token_env: str = "DISCORD_BOT_TOKEN"  # noqa: S105 # the name of a variable, not a secret
    customer_channels: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    command: str = "ask"
    max_file_mb: int = 10
    give_up_minutes: float = 30.0
    thread_answers_per_minute: int = 20
    person_answers_per_minute: int = 300
    api_base_url: str = ""
    gateway_url: str = ""


def connect(settings: Settings, host: Host) -> "Discord":
    """Discord with the token of the environment; nothing is asked or heard before `listen`. Raises SetupError."""
    return Discord(settings, host, checking.token(settings.token_env))


def missing_secrets(settings: Settings) -> list[str]:
    """Which secret is not in the environment, a sentence each with what to do."""
    try:
        checking.token(settings.token_env)
    except SetupError as error:
        return [str(error)]
    return []


async def probe(settings: Settings) -> list[str]:
    """What is wrong with the account, a sentence each with what to do."""
    point(settings.api_base_url, settings.gateway_url)
    return await checking.account(settings.token_env, settings.customer_channels)


async def probe_desk(settings: Settings, room: str) -> list[str]:
    """What keeps a channel from being a desk, a sentence each with what to do."""
    point(settings.api_base_url, settings.gateway_url)
    return await checking.desk(settings.token_env, room)


class Discord:
    """One bot, on every server that let it in."""

    name = NAME
    changes_posts = True

    def __init__(self, settings: Settings, host: Host, token: str) -> None:
        self._settings = settings
        self._host = host
        self._token = token
        self._rules = Rules(
            rooms=frozenset(map(number, settings.customer_channels)),
            desks=frozenset(number(address.room) for address in host.desks),
            staff=frozenset(settings.staff),
        )
        self._gateway = Gateway()
        self._places = Places()
        self._tokens = Tokens()
        self._wire = Wire(self._gateway)
        self._ways = Ways(self._wire, self._places, host.keep)
        self._posted = Posted()
        pen = Pen(self._gateway, self._wire, self._posted, file=host.file, desks=self._rules.desks)
        whispering = Whispering(self._wire, self._ways, self._tokens, pen, self._posted)
        self._posting = Posting(self._gateway, self._wire, self._ways, pen, self._posted, whispering)
        fuse = Fuse(per_thread=settings.thread_answers_per_minute, per_person=settings.person_answers_per_minute)
        self._pausing = Pausing(fuse, self._posting.send)
        self._posted_at: OrderedDict[Address, float] = OrderedDict()
        self._absence = Absence(give_up_minutes=settings.give_up_minutes)
        self._loaded = False

    async def listen(self, receive: Receive) -> None:
        """Hear Discord until cancelled. Raises SetupError for an account that cannot be used, OSError to try again.

        Raises UnreachableError once there was no connection for `give_up_minutes`, over all tries.
        """
        self._absence.lasts()
        point(self._settings.api_base_url, self._settings.gateway_url)
        backlog = Backlog()
        ears = Hearing(
            hearing.Parts(
                gateway=self._gateway,
                host=self._host,
                places=self._places,
                people=People(self._gateway),
                ways=self._ways,
                posted=self._posted,
                backlog=backlog,
                pausing=self._pausing,
                rules=self._rules,
                max_bytes=self._settings.max_file_mb * 1_000_000,
            ),
            receive,
        )
        await self._load(ears)
        try:
            async with asyncio.TaskGroup() as group:
                reader = self._reading(ears, backlog)
                watch = self._watch(ears, reader)
                group.create_task(reader.run())
                group.create_task(watch.keep_marks())
                handlers: list[Handler] = [
                    *(ears.on_message, ears.on_raw_message_edit, ears.on_raw_message_delete),
                    ears.on_raw_bulk_message_delete,
                    self._presses(ears, receive).on_interaction,
                    *(watch.on_connect, watch.on_ready, watch.on_resumed, watch.on_disconnect),
                    watch.on_guild_available,
                    *(watch.on_guild_remove, watch.on_guild_channel_delete),
                ]
                await self._gateway.listen(self._token, handlers)
        except ExceptionGroup as errors:  # the first is the cause
            cause = errors.exceptions[0]
            if isinstance(cause, OSError):
                self._absence.lasts(str(cause))
                self._absence.check()
            raise cause from errors
        finally:
            await watch.keep()
            ears.over = True

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Post, once. Raises DeliveryError."""
        await self._gateway.signed_in()
        await self._load(None)
        self._posted_at[outgoing.address] = time.monotonic()
        while len(self._posted_at) > REMEMBERED:
            self._posted_at.popitem(last=False)
        receipt = await self._posting.send(outgoing)
        if number(outgoing.address.room) not in self._rules.desks:
            self._pausing.answered(outgoing)
        return receipt

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Look for our words on Discord. Raises DeliveryError."""
        await self._gateway.signed_in()
        await self._load(None)
        return await self._posting.find(outgoing)

    async def show_typing(self, address: Address) -> None:
        """Show it until something is posted there, a minute at most; not at all where that comes at once."""
        if address.thread.startswith(ASK):
            return  # Discord itself shows it below a command
        before, pause = self._posted_at.get(address), TYPING_AFTER_SECONDS
        for _ in range(TYPING_TIMES):
            await asyncio.sleep(pause)
            if self._posted_at.get(address) != before:
                return
            try:
                await self._wire.show_typing(await self._ways.to(address))
            except (discord.DiscordException, DeliveryError, *TRANSPORT) as error:
                log.debug("discord_typing_not_shown", reason=type(error).__name__)
                return
            pause = TYPING_AGAIN_SECONDS

    def is_public(self, address: Address) -> bool:
        """Whether others than the customer and the team can read along there."""
        place = self._places.get(address)
        if not address.thread or address.thread.startswith(ASK) or (place is not None and place.moved):
            return False
        return self._thread_kind(number(address.thread)) is not discord.ChannelType.private_thread

    def health(self) -> Health:
        """How the connection fares."""
        return self._gateway.health()

    async def close(self) -> None:
        """Close what is open towards Discord."""
        await self._gateway.close()

    async def _load(self, ears: Hearing | None) -> None:
        """Take up where we left off; for a place of which nothing is kept, that is now."""
        if not self._loaded:
            self._places.load((await self._host.since()).bookmarks)
            self._loaded = True
            self._ways.rooms = tuple(map(number, self._settings.customer_channels))
        if ears is not None:
            ears.began = discord.utils.time_snowflake(discord.utils.utcnow(), high=True)
            for room in self._ways.rooms:
                if (
                    room not in self._places.rooms
                ):  # before anything is heard: what is said from now on is caught up with
                    await self._host.keep(Bookmark(place=f"{ROOM}{room}", position=str(ears.began)))
                    self._places.rooms[room] = ears.began

    def _reading(self, ears: Hearing, backlog: Backlog) -> Reading:
        parts = reading.Parts(
            gateway=self._gateway,
            places=self._places,
            hearing=ears,
            backlog=backlog,
            rooms=tuple(map(number, self._settings.customer_channels)),
        )
        return Reading(parts)

    def _watch(self, ears: Hearing, reader: Reading) -> Watch:
        parts = watching.Parts(
            gateway=self._gateway,
            host=self._host,
            wire=self._wire,
            absence=self._absence,
            rules=self._rules,
            hearing=ears,
            reading=reader,
            command=self._settings.command,
        )
        return Watch(parts)

    def _presses(self, ears: Hearing, receive: Receive) -> Presses:
        parts = presses.Parts(
            host=self._host,
            hearing=ears,
            places=self._places,
            tokens=self._tokens,
            ways=self._ways,
            wire=self._wire,
            desks=self._rules.desks,
            command=self._settings.command,
        )
        return Presses(parts, receive)

    def _thread_kind(self, channel: int) -> discord.ChannelType | None:
        try:
            return getattr(self._gateway.client.get_channel(channel), "type", None)
        except DeliveryError:
            return None

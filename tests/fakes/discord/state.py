"""What a Discord knows: people, guilds, channels, messages, and whom it would have notified."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, TypeAlias

from tests.fakes.discord.refusals import Refusal, RefusedError

Json: TypeAlias = dict[str, Any]
Emit: TypeAlias = Callable[[str, Json, "Channel | None", str], None]  # event, data, channel, guild id

BOT = "900000000000000001"  # the bot's user and its application have the same id
TOKEN = "OTAw.fake.token"  # noqa: S105 # made up
EPOCH_MS = 1_420_070_400_000
SERIAL_BITS = 22


class Kind(IntEnum):
    """Channel types, with Discord's own numbers."""

    TEXT = 0
    DIRECT = 1
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    FORUM = 15


THREADS = (Kind.PUBLIC_THREAD, Kind.PRIVATE_THREAD)


@dataclass(slots=True)
class User:
    id: str
    name: str
    bot: bool = False
    takes_dms: bool = True


@dataclass(slots=True)
class Role:
    """`of_bot` is the bot that it came with."""

    id: str
    name: str
    permissions: int = 0
    of_bot: str = ""


@dataclass(slots=True)
class Member:
    user: User
    roles: set[str] = field(default_factory=set)
    nick: str | None = None


@dataclass(slots=True)
class Overwrite:
    """What a channel allows or denies one role or one member (`of_member`)."""

    allow: int = 0
    deny: int = 0
    of_member: bool = False


@dataclass(slots=True)
class Guild:
    id: str
    name: str
    owner: str
    roles: dict[str, Role] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)


@dataclass(slots=True)
class Channel:
    """A channel, a thread (then `parent`, `owner` and the rest of it hold) or direct messages with `recipient`."""

    id: str
    kind: Kind
    name: str = ""
    guild: str = ""
    parent: str = ""
    overwrites: dict[str, Overwrite] = field(default_factory=dict)
    messages: dict[str, Json] = field(default_factory=dict)  # by id, oldest first
    recipient: str = ""
    owner: str = ""
    members: set[str] = field(default_factory=set)
    archived: bool = False
    archived_at: str = ""  # when it was last put away or woken
    locked: bool = False
    auto_archive: int = 1440
    born: str = ""
    tags: list[Json] = field(default_factory=list)  # of a forum
    applied_tags: list[str] = field(default_factory=list)  # of a post
    needs_tag: bool = False

    @property
    def is_thread(self) -> bool:
        return self.kind in THREADS


class World:
    """Everything that a Discord holds in memory; `emit` tells the gateway, `changed` whoever waits."""

    def __init__(self) -> None:
        self.url = ""
        self.ahead = 0.0  # seconds that this Discord's clock runs before the real one
        self.users: dict[str, User] = {}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.webhooks: dict[str, Json] = {}
        self.commands: list[Json] = []
        self.files: dict[str, bytes] = {}  # by path
        self.whispers: list[Json] = []  # messages that one person sees, `_for` tells who
        self.interactions: dict[str, Any] = {}  # by token
        self.pinged: list[tuple[str, str]] = []  # message and whom it notified
        self.posted: list[tuple[str, Json, float]] = []  # channel, message of the app's, when it came
        self.typing: list[str] = []
        self.nonces: dict[tuple[str, str], tuple[str, str, float]] = {}  # author, nonce: channel, message, when
        self.nonce_seconds = 180.0  # for how long a nonce is known
        self.intents_granted = True  # whether the portal grants message content
        self.changed = asyncio.Event()
        self.emit: Emit = lambda event, data, channel, guild: None
        self._last = 0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.ahead

    def snowflake(self) -> str:
        """A new id, larger than all before; it tells its time as Discord's do."""
        milliseconds = int(self.now() * 1_000) - EPOCH_MS
        self._last = max(self._last + 1, milliseconds << SERIAL_BITS)
        return str(self._last)

    def timestamp(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).isoformat()

    def user(self, named: str) -> User:
        """Somebody by id or name. Raises RefusedError."""
        found = self.users.get(named) or next((user for user in self.users.values() if user.name == named), None)
        if found is None:
            raise RefusedError(Refusal.UNKNOWN_USER)
        return found

    def channel(self, named: str) -> Channel:
        """A channel by id or name. Raises RefusedError."""
        found = self.channels.get(named) or next((one for one in self.channels.values() if one.name == named), None)
        if found is None:
            raise RefusedError(Refusal.UNKNOWN_CHANNEL)
        return found

    def message(self, channel: Channel, id: str) -> Json:
        """One message. Raises RefusedError."""
        if id not in channel.messages:
            raise RefusedError(Refusal.UNKNOWN_MESSAGE)
        return channel.messages[id]

    def place(self, channel: Channel) -> Channel:
        """Where the rights of a channel are kept: a thread has those of its parent."""
        return self.channels[channel.parent] if channel.is_thread else channel

    def direct(self, user: str) -> Channel:
        """The bot's direct messages with somebody."""
        for channel in self.channels.values():
            if channel.kind is Kind.DIRECT and channel.recipient == user:
                return channel
        return self.add(Channel(id=self.snowflake(), kind=Kind.DIRECT, recipient=user))

    def add(self, channel: Channel) -> Channel:
        channel.born = self.timestamp()
        self.channels[channel.id] = channel
        return channel

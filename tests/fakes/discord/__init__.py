"""A Discord of our own: REST and gateway over real sockets, with Discord's limits, rights, intents and bad days."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.fakes.discord import shapes, threads
from tests.fakes.discord.api import Api
from tests.fakes.discord.calls import Call
from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.interactions import LOADING
from tests.fakes.discord.people import People, buttons_of, texts_of
from tests.fakes.discord.refusals import Refusal, RefusedError
from tests.fakes.discord.rights import EVERYBODY, Right
from tests.fakes.discord.state import (
    BOT,
    TOKEN,
    Channel,
    Guild,
    Json,
    Kind,
    Member,
    Overwrite,
    Role,
    User,
    World,
)
from tests.fakes.discord.weather import Fault, Weather, Window

__all__ = [
    "AGENTS",
    "AGENTS_ROLE",
    "BOT",
    "BOT_ROLE",
    "DESK",
    "FORUM",
    "GENERAL",
    "GUILD",
    "HELP",
    "TOKEN",
    "FakeDiscord",
    "Fault",
    "Json",
    "Refusal",
    "RefusedError",
    "Right",
    "buttons_of",
    "running",
    "texts_of",
]

GUILD = "100000000000000000"
HELP, FORUM, DESK, GENERAL = (f"20000000000000000{number}" for number in range(1, 5))
AGENTS_ROLE, BOT_ROLE = "300000000000000001", "300000000000000002"
CUSTOMERS = ("mara", "noah")
AGENTS = ("anna", "ben", "carl", "dora")
# What the invite asks for; a test takes rights away from this role.
BOT_RIGHTS = EVERYBODY | Right.MANAGE_THREADS | Right.MANAGE_WEBHOOKS


class FakeDiscord(People):
    """One guild with a help channel, a forum, a desk and a channel where nobody asks us; its people and its weather.

    People act with the methods of `People`. What the app did is in `calls`, `posts`, `whispers`, `pinged`.
    """

    def __init__(self) -> None:
        self.world = World()
        super().__init__(self.world)
        self.weather = Weather()
        self.api = Api(self.world, self.weather)
        self.gateway = Gateway(self.world)
        self.gateway.tokens = self.api.tokens
        self.world.emit = self.gateway.emit
        self.changed = self.world.changed
        self._furnish()

    # who and where there is

    def _furnish(self) -> None:
        self.world.users[BOT] = User(id=BOT, name="warmline", bot=True)
        owner = self.add_user("olga")
        guild = Guild(id=GUILD, name="The shop", owner=owner.id)
        guild.roles = {
            GUILD: Role(id=GUILD, name="@everyone", permissions=EVERYBODY),
            AGENTS_ROLE: Role(id=AGENTS_ROLE, name="agents"),
            BOT_ROLE: Role(id=BOT_ROLE, name="warmline", permissions=BOT_RIGHTS, of_bot=BOT),
        }
        self.world.guilds[GUILD] = guild
        guild.members = {owner.id: Member(user=owner)}
        guild.members[BOT] = Member(user=self.world.users[BOT], roles={BOT_ROLE})
        for name in CUSTOMERS:
            self.add_member(name)
        for name in AGENTS:
            self.add_member(name, AGENTS_ROLE)
        self.add_channel(HELP, "help")
        self.add_channel(FORUM, "questions", kind=Kind.FORUM)
        self.add_channel(GENERAL, "general")
        hidden = {GUILD: Overwrite(deny=Right.VIEW_CHANNEL)}
        seen = Overwrite(allow=Right.VIEW_CHANNEL)
        self.add_channel(DESK, "desk", overwrites=hidden | {AGENTS_ROLE: seen, BOT_ROLE: seen})

    @property
    def guild(self) -> Guild:
        return self.world.guilds[GUILD]

    @property
    def url(self) -> str:
        return self.world.url

    @property
    def gateway_url(self) -> str:
        return self.world.url.replace("http", "ws", 1) + "/gateway"

    def add_user(self, name: str, *, bot: bool = False) -> User:
        number = len(self.world.users) + 1
        user = User(id=f"40000000000000{number:04}", name=name, bot=bot)
        self.world.users[user.id] = user
        return user

    def add_member(self, name: str, *roles: str, bot: bool = False) -> User:
        """Somebody new in the guild."""
        user = self.add_user(name, bot=bot)
        self.guild.members[user.id] = Member(user=user, roles=set(roles))
        return user

    def add_channel(self, id: str, name: str, *, kind: Kind = Kind.TEXT, **others: Any) -> Channel:
        return self.world.add(Channel(id=id, kind=kind, name=name, guild=GUILD, **others))

    def id_of(self, name: str) -> str:
        """Somebody's id."""
        return self.world.user(name).id

    def dm(self, name: str) -> str:
        """The channel of the bot's direct messages with somebody."""
        return self.world.direct(self.id_of(name)).id

    # the weather

    def fail(self, name: str, *faults: Fault) -> None:
        """Let the next calls of this name (`create_message`, `create_thread_on_message`, …) go wrong."""
        self.weather.faults[name] += faults

    def unlimited(self) -> None:
        """No rate limits: for tests that are about something else."""
        self.weather.limits = dict.fromkeys(self.weather.limits, (1_000_000, 1.0))
        self.weather.overall = Window(1_000_000, 1.0)
        self.weather.windows.clear()

    def drop(self, *, resumable: bool = True) -> None:
        """Cut the gateway's lines."""
        self.gateway.drop(resumable=resumable)

    def later(self, seconds: float) -> None:
        """Let time pass on this side: tokens and nonces run out."""
        self.world.ahead += seconds

    def deny(self, channel: str, *rights: Right) -> None:
        """Take rights from the bot in a channel."""
        overwrite = self.world.channel(channel).overwrites.setdefault(BOT, Overwrite(of_member=True))
        for right in rights:
            overwrite.deny |= right
        self._tell_rights(channel)

    def allow(self, channel: str, *rights: Right) -> None:
        """Give them back."""
        overwrite = self.world.channel(channel).overwrites.setdefault(BOT, Overwrite(of_member=True))
        for right in rights:
            overwrite.deny &= ~right
        self._tell_rights(channel)

    def _tell_rights(self, channel: str) -> None:
        place = self.world.channel(channel)
        self.world.emit("CHANNEL_UPDATE", shapes.of_channel(self.world, place), place, place.guild)

    def change_thread(self, thread: str, **changes: Any) -> None:
        """A moderator archives or locks a thread, or wakes it."""
        threads.change_thread(self.world, self.world.channel(thread), **changes)

    def delete_channel(self, channel: str) -> None:
        threads.remove_channel(self.world, self.world.channel(channel))

    def remove_bot(self) -> None:
        """The guild throws the bot out."""
        self.world.emit("GUILD_DELETE", {"id": GUILD}, None, GUILD)
        del self.guild.members[BOT]

    def invite_bot(self) -> None:
        """And lets it in again."""
        self.guild.members[BOT] = Member(user=self.world.users[BOT], roles={BOT_ROLE})
        self.world.emit("GUILD_CREATE", shapes.of_guild(self.world, self.guild), None, GUILD)

    # what the app did

    @property
    def calls(self) -> list[Call]:
        return self.api.calls

    @property
    def whispers(self) -> list[Json]:
        """What only one person sees, once it is more than "thinking": `_for` is their id."""
        return [message for message in self.world.whispers if not message["flags"] & LOADING]

    @property
    def pinged(self) -> list[tuple[str, str]]:
        """Messages of the app's that notified somebody: message and whom."""
        return self.world.pinged

    def made(self, name: str) -> list[Call]:
        return [call for call in self.calls if call.name == name]

    def posts(self, channel: str = "") -> list[Json]:
        """The app's messages that are still there, oldest first: its own and those under an agent's name.

        A thread that is not there yet has none.
        """
        rooms = [one for one in self.world.channels.values() if not channel or channel in (one.id, one.name)]
        found = [message for room in rooms for message in room.messages.values() if is_ours(message)]
        return sorted(found, key=lambda message: int(message["id"]))

    def thread_on(self, message: Json) -> Channel | None:
        """The thread that hangs on a message."""
        return self.world.channels.get(message["id"])

    async def until(self, true: Callable[[], Any], seconds: float = 10.0) -> None:
        """Wait until something holds. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not true():
                self.changed.clear()
                await self.changed.wait()


def is_ours(message: Json) -> bool:
    """Whether the app wrote it, system messages left out."""
    ours = message["author"]["id"] == BOT or message.get("application_id") == BOT
    return ours and message["type"] in (0, 19, 20, 23)


@asynccontextmanager
async def running() -> AsyncIterator[FakeDiscord]:
    """A fake Discord that listens on a port of its own."""
    fake = FakeDiscord()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    fake.api.enter(app)
    app.router.add_get("/gateway", fake.gateway.link)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.world.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        fake.drop()
        await runner.cleanup()

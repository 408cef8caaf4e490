"""The whole bot on Discord: a database on disk, the real rules, the unmodified adapter, a Discord of our own."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot import app
from bot.desk import Settings as Desk
from bot.knowledge import Settings as Knowledge
from bot.settings import Settings as House
from channels import discord
from tests.fakes.discord import DESK, FORUM, HELP, TOKEN, FakeDiscord, Json, texts_of

ROOT = Path(__file__).resolve().parents[2]


def environment(fake: FakeDiscord) -> dict[str, str]:
    """What points a process at the fake; waits that Discord prescribes for its own sake are short.

    A line is taken for dead after two heartbeats of the fake's without an answer.
    """
    return {
        "DISCORD_API_BASE_URL": f"{fake.url}/api/v10",
        "DISCORD_GATEWAY_URL": fake.gateway_url,
        "DISCORD_BOT_TOKEN": TOKEN,
        "DISCORD_IDENTIFY_SECONDS": "0.1",
        "DISCORD_READY_SECONDS": "0.1",
        "DISCORD_SILENCE_SECONDS": str(2 * fake.gateway.heartbeat_seconds),
    }


@dataclass(slots=True)
class Service:
    """The bot at work; what it said stands in the fake."""

    fake: FakeDiscord
    store: Path
    work: asyncio.Task[None]

    def texts(self, channel: str) -> list[str]:
        """All that we said there, each with whose name it stands under."""
        return [f"{post['author']['username']}: {' '.join(texts_of(post))}" for post in self.fake.posts(channel)]

    async def posted(self, channel: str, words: str, seconds: float = 20.0) -> Json:
        """The first of our posts there that holds these words, once it is there."""

        def found() -> list[Json]:
            return [post for post in self.fake.posts(channel) if words in " ".join(texts_of(post))]

        await self.fake.until(found, seconds)
        return found()[0]

    async def whispered(self, words: str, seconds: float = 10.0) -> Json:
        """The first of our posts that only one person sees, with these words."""

        def found() -> list[Json]:
            return [post for post in self.fake.whispers if words in " ".join(texts_of(post))]

        await self.fake.until(found, seconds)
        return found()[0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a second reader finds in the database."""
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()


def house(folder: Path, **desk: Any) -> House:
    """bot.toml with Discord switched on, for customers and for the desk."""
    return House(
        folder=folder,
        knowledge=Knowledge(folder=str(ROOT / "knowledge")),
        desk=Desk(**({"channel": "discord", "room": DESK} | desk)),
        channels={"discord": discord.Settings(customer_channels=(HELP, FORUM))},
    )


@asynccontextmanager
async def serving(folder: Path, fake: FakeDiscord, **desk: Any) -> AsyncIterator[Service]:
    """`warmline run` with Discord switched on, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(fake).items():
            patch.setenv(name, value)
        settings = house(folder, **desk)
        stop, before = asyncio.Event(), fake.gateway.identified
        work = asyncio.get_running_loop().create_task(app.run(settings, ready=lambda: None, stop=stop))
        work.add_done_callback(lambda _: fake.changed.set())
        try:
            await fake.until(lambda: fake.gateway.identified > before or work.done(), 30)
            if work.done():
                await work
            yield Service(fake, folder / settings.store.path, work)
        finally:
            stop.set()
            async with asyncio.timeout(app.STOP_SECONDS + 15):
                await asyncio.gather(work, return_exceptions=True)

"""The unmodified adapter, at work against a Slack of our own."""

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot import app
from bot.desk import Settings as Desk
from bot.knowledge import Settings as Knowledge
from bot.llm import Settings as Llm
from bot.settings import Settings as House
from channels import slack
from channels.base import Action, Address, Bookmark, Host, Input, Message, Since
from tests.fakes.slack import APP_TOKEN, BOT_TOKEN, FakeSlack, running

HELP, DESK, DIRECT = "CHELP", "CDESK", "D1"
DESK_ADDRESS = Address(channel="slack", room=DESK)
PING_SECONDS = "0.5"
ROOT = Path(__file__).resolve().parents[2]


class NotStoredError(Exception):
    """The store cannot take it now."""


@dataclass(slots=True)
class Kept:
    """What a house keeps for a channel, in memory."""

    bookmarks: dict[str, str] = field(default_factory=dict)
    addresses: tuple[Address, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)

    async def since(self) -> Since:
        return Since(bookmarks=dict(self.bookmarks), addresses=self.addresses)

    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self, bookmark: Bookmark) -> None:
        self.bookmarks[bookmark.place] = bookmark.position
        self.changed.set()

    async def until(self, place: str) -> None:
        """Wait until there is a bookmark for a place."""
        async with asyncio.timeout(10):
            while place not in self.bookmarks:
                self.changed.clear()
                await self.changed.wait()

    async def keep_file(self, content: bytes) -> str:
        key = hashlib.sha256(content).hexdigest()
        self.files[key] = content
        return key

    async def file(self, key: str) -> bytes | None:
        return self.files.get(key)

    def host(self, forms: Mapping[str, tuple[Input, ...]] | None = None) -> Host:
        return Host(
            since=self.since,
            keep=self.keep,
            keep_file=self.keep_file,
            file=self.file,
            desks=(DESK_ADDRESS,),
            forms=forms or {},
        )


@dataclass(slots=True)
class Ear:
    """Takes what the channel hands in; refuses the first `fails` of it, and takes `slow` seconds."""

    fake: FakeSlack
    heard: list[Message | Action] = field(default_factory=list)
    fails: int = 0
    slow: float = 0.0

    async def receive(self, event: Message | Action) -> None:
        if self.slow:
            await asyncio.sleep(self.slow)
        if self.fails:
            self.fails -= 1
            raise NotStoredError
        self.heard.append(event)
        self.fake.changed.set()

    def texts(self) -> list[str]:
        return [event.text for event in self.heard if isinstance(event, Message)]


@dataclass(slots=True)
class Bench:
    """The fake, the adapter that listens to it, and what it handed in."""

    fake: FakeSlack
    channel: slack.Slack
    ear: Ear
    kept: Kept
    work: asyncio.Task[None]  # the listening

    async def heard(self, count: int = 1, seconds: float = 5.0) -> list[Message | Action]:
        await self.fake.until(lambda: len(self.ear.heard) >= count, seconds)
        return self.ear.heard

    async def message(self, count: int = 1) -> Message:
        event = (await self.heard(count))[count - 1]
        assert isinstance(event, Message)
        return event

    async def quiet(self, marker_room: str = DIRECT) -> None:
        """Wait until all that was said before is dealt with: a last word in a direct message has come through."""
        self.fake.say(marker_room, "U2", "that was all")
        await self.fake.until(lambda: "that was all" in self.ear.texts(), 5)


def environment(patch: pytest.MonkeyPatch, fake: FakeSlack, **others: str) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        patch.delenv(name, raising=False)
    given = {
        "SLACK_API_BASE_URL": f"{fake.url}/api",
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_PING_INTERVAL": PING_SECONDS,
        **others,
    }
    for name, value in given.items():
        patch.setenv(name, value)


def furnish(fake: FakeSlack) -> None:
    fake.add_channel(HELP, "U1", "U2")
    fake.add_channel(DESK, "UANNA", "UBEN", "UCARL", "UDORA", kind="group")
    fake.add_channel(DIRECT, "U2")


@asynccontextmanager
async def listening(
    manifest: dict[str, Any] | None = None,
    *,
    kept: Kept | None = None,
    forms: Mapping[str, tuple[Input, ...]] | None = None,
    fake: FakeSlack | None = None,
    fails: int = 0,
    **settings: Any,
) -> AsyncIterator[Bench]:
    """The adapter alone: what it hears stands in a list."""
    if fake is None:
        async with running(manifest) as own:
            furnish(own)
            async with listening(kept=kept, forms=forms, fake=own, fails=fails, **settings) as bench:
                yield bench
            return
    with pytest.MonkeyPatch.context() as patch:
        environment(patch, fake)
        kept = kept or Kept()
        channel = slack.connect(slack.Settings(customer_channels=(HELP,), **settings), kept.host(forms))
        ear = Ear(fake, fails=fails)
        before = fake.connections
        work = asyncio.get_running_loop().create_task(channel.listen(ear.receive))
        try:
            await fake.until(lambda: fake.connections > before or work.done())
            if work.done():
                await work
            yield Bench(fake, channel, ear, kept, work)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await channel.close()


@dataclass(slots=True)
class Service:
    """The whole bot on Slack: a file on disk, the real loop, the real rules, the real adapter."""

    fake: FakeSlack
    store: Path
    stop: asyncio.Event

    def texts(self, channel: str) -> list[str]:
        return [message["text"] for message in self.fake.posts(channel)]

    async def posted(self, channel: str, words: str, seconds: float = 20.0) -> dict[str, Any]:
        """The first of our messages there that holds these words, once it is there."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found[:] = [message for message in self.fake.posts(channel) if words in str(message)]
            return bool(found)

        await self.fake.until(look, seconds)
        return found[0]

    async def whispered(self, words: str, seconds: float = 5.0) -> dict[str, Any]:
        await self.fake.until(lambda: any(words in str(whisper) for whisper in self.fake.whispers), seconds)
        return next(whisper for whisper in self.fake.whispers if words in str(whisper))

    async def recorded(self, kind: str, count: int = 1, seconds: float = 10.0) -> None:
        """Wait until so many events of a kind are stored: nobody tells when."""
        async with asyncio.timeout(seconds):
            while self.rows(f"select count(*) from events where kind = '{kind}'") < [(count,)]:  # noqa: S608, ASYNC110
                await asyncio.sleep(0.02)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a second reader finds in the database."""
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()


@asynccontextmanager
async def serving(
    folder: Path, fake: FakeSlack, settings: slack.Settings | None = None, *, llm: Llm | None = None, **desk: Any
) -> AsyncIterator[Service]:
    """`warmline run` with Slack switched on, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        environment(patch, fake)
        house = House(
            folder=folder,
            knowledge=Knowledge(folder=str(ROOT / "knowledge")),
            desk=Desk(**({"channel": "slack", "room": DESK} | desk)),
            channels={"slack": settings or slack.Settings(customer_channels=(HELP,))},
            llm=llm or Llm(),
        )
        stop, before = asyncio.Event(), fake.connections
        work = asyncio.get_running_loop().create_task(app.run(house, ready=lambda: None, stop=stop))
        try:
            await fake.until(lambda: fake.connections > before or work.done(), 30)
            if work.done():
                await work
            yield Service(fake, folder / house.store.path, stop)
        finally:
            stop.set()
            async with asyncio.timeout(30):
                await work

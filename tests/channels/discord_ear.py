"""The unmodified adapter, at work against a Discord of our own."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from channels import discord
from channels.base import Action, Address, Bookmark, Host, Input, Message
from tests.channels.slack_bench import Kept, NotStoredError
from tests.fakes.discord import DESK, FORUM, HELP, TOKEN, FakeDiscord, running

DESK_ADDRESS = Address(channel="discord", room=DESK)


@dataclass(slots=True)
class House(Kept):
    """What a house keeps, in memory; the first `fails` of it could not be kept. `begins` stands in every form."""

    fails: int = 0
    begins: Mapping[str, str] = field(default_factory=dict)
    fake: FakeDiscord | None = None

    async def keep(self, bookmark: Bookmark) -> None:
        self._fail()
        await super(House, self).keep(bookmark)
        if self.fake is not None:
            self.fake.changed.set()

    async def keep_file(self, content: bytes) -> str:
        self._fail()
        return await super(House, self).keep_file(content)

    async def filled_in(self, name: str, value: str) -> Mapping[str, str]:
        return self.begins

    def _fail(self) -> None:
        if self.fails:
            self.fails -= 1
            raise NotStoredError


@dataclass(slots=True)
class Ear:
    """Takes what the channel hands in, and keeps its bookmark with it; refuses the first `fails` of it."""

    fake: FakeDiscord
    kept: House
    heard: list[Message | Action] = field(default_factory=list)
    fails: int = 0

    async def receive(self, event: Message | Action) -> None:
        if self.fails:
            self.fails -= 1
            self.fake.changed.set()
            raise NotStoredError
        if isinstance(event, Message) and event.bookmark is not None:
            await self.kept.keep(event.bookmark)
        if event.external_id not in {known.external_id for known in self.heard}:
            self.heard.append(event)
        self.fake.changed.set()

    def texts(self) -> list[str]:
        return [event.text for event in self.heard if isinstance(event, Message)]

    def messages(self) -> list[Message]:
        return [event for event in self.heard if isinstance(event, Message)]

    def actions(self) -> list[Action]:
        return [event for event in self.heard if isinstance(event, Action)]


@dataclass(slots=True)
class Bench:
    """The fake, the adapter that listens to it, and what it handed in."""

    fake: FakeDiscord
    channel: discord.Discord
    ear: Ear
    kept: House
    work: asyncio.Task[None]

    async def stop(self) -> None:
        """Let it come to its end, as a process does."""
        self.work.cancel()
        await asyncio.gather(self.work, return_exceptions=True)
        await self.channel.close()

    async def message(self, count: int = 1) -> Message:
        await self.fake.until(lambda: len(self.ear.messages()) >= count, 5)
        return self.ear.messages()[count - 1]

    async def action(self, count: int = 1) -> Action:
        await self.fake.until(lambda: len(self.ear.actions()) >= count, 5)
        return self.ear.actions()[count - 1]

    async def quiet(self) -> None:
        """Wait until all that was said before is dealt with: a last word in a direct message has come through."""
        self.fake.say("noah", self.fake.dm("noah"), "that was all")
        await self.fake.until(lambda: "that was all" in self.ear.texts(), 5)


def environment(patch: pytest.MonkeyPatch, fake: FakeDiscord, **others: str) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        patch.delenv(name, raising=False)
    given = {
        "DISCORD_API_BASE_URL": f"{fake.url}/api/v10",
        "DISCORD_GATEWAY_URL": fake.gateway_url,
        "DISCORD_BOT_TOKEN": TOKEN,
        "DISCORD_READY_SECONDS": "0.05",
        "DISCORD_IDENTIFY_SECONDS": "0",
        **others,
    }
    for name, value in given.items():
        patch.setenv(name, value)


def host(kept: House, forms: Mapping[str, tuple[Input, ...]] | None = None) -> Host:
    return Host(
        since=kept.since,
        keep=kept.keep,
        keep_file=kept.keep_file,
        file=kept.file,
        desks=(DESK_ADDRESS,),
        forms=forms or {},
        filled_in=kept.filled_in,
    )


@asynccontextmanager
async def listening(
    *,
    kept: House | None = None,
    forms: Mapping[str, tuple[Input, ...]] | None = None,
    fake: FakeDiscord | None = None,
    **settings: Any,
) -> AsyncIterator[Bench]:
    """The adapter alone: what it hears stands in a list."""
    if fake is None:
        async with running() as own:
            async with listening(kept=kept, forms=forms, fake=own, **settings) as bench:
                yield bench
            return
    with pytest.MonkeyPatch.context() as patch:
        environment(patch, fake)
        fake.unlimited()
        kept = kept or House()
        kept.fake = fake
        given = {"customer_channels": (HELP, FORUM)} | settings
        channel = discord.connect(discord.Settings(**given), host(kept, forms))
        ear, before = Ear(fake, kept), fake.gateway.identified
        work = asyncio.get_running_loop().create_task(channel.listen(ear.receive))
        try:
            await caught_up(kept, fake, work, before)
            yield Bench(fake, channel, ear, kept, work)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await channel.close()


async def caught_up(kept: House, fake: FakeDiscord, work: asyncio.Task[None], before: int) -> None:
    """Wait until it has caught up for the first time, later until it is connected; raises what it ended with."""
    ready = asyncio.get_running_loop().create_task(kept.until("commands"))
    await asyncio.wait({ready, work}, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    await asyncio.gather(ready, return_exceptions=True)
    await fake.until(lambda: fake.gateway.identified > before or work.done())
    if work.done():
        await work

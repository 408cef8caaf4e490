from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from channels import discord
from tests.channels.discord_ear import environment
from tests.fakes.discord import DESK, FORUM, HELP, FakeDiscord, Right, running


@asynccontextmanager
async def account() -> AsyncIterator[FakeDiscord]:
    async with running() as fake:
        with pytest.MonkeyPatch.context() as patch:
            environment(patch, fake)
            yield fake


def settings(*rooms: str) -> discord.Settings:
    return discord.Settings(customer_channels=rooms)


async def test_an_account_that_is_fit_has_no_problems() -> None:
    async with account():
        assert await discord.probe(settings(HELP, FORUM)) == []


async def test_a_token_that_is_not_taken_is_named() -> None:
    async with account() as fake:
        fake.api.tokens.clear()
        (problem,) = await discord.probe(settings(HELP))
        assert "does not accept the token" in problem


async def test_a_token_that_is_not_there_is_named() -> None:
    async with account():
        (problem,) = await discord.probe(discord.Settings(token_env="NOWHERE"))  # noqa: S106 # a variable's name
        assert "NOWHERE" in problem


async def test_a_discord_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "t")
    (problem,) = await discord.probe(discord.Settings(api_base_url="http://127.0.0.1:9"))
    assert "cannot be reached" in problem


async def test_a_channel_that_is_not_seen_is_named() -> None:
    async with account() as fake:
        fake.deny(HELP, Right.VIEW_CHANNEL)
        (problem,) = await discord.probe(settings(HELP))
        assert problem.startswith("discord.customer_channels:")
        assert "warmline discord invite" in problem


@pytest.mark.parametrize("room", ["help", "999999999999999999", ""])
async def test_what_is_no_channel_is_named(room: str) -> None:
    async with account():
        (problem,) = await discord.probe(settings(room))
        assert "cannot be seen" in problem


async def test_permissions_that_are_missing_are_named_by_channel() -> None:
    async with account() as fake:
        fake.deny(FORUM, Right.EMBED_LINKS, Right.ATTACH_FILES)
        (problem,) = await discord.probe(settings(HELP, FORUM))
        assert "#questions" in problem
        assert "Embed Links, Attach Files" in problem


async def test_a_desk_that_is_private_has_no_problems() -> None:
    async with account():
        assert await discord.probe_desk(settings(), DESK) == []


async def test_a_desk_that_everybody_reads_is_named() -> None:
    async with account():
        (problem,) = await discord.probe_desk(settings(), HELP)
        assert "make it private" in problem


async def test_a_desk_that_is_no_text_channel_is_named() -> None:
    async with account():
        (problem,) = await discord.probe_desk(settings(), FORUM)
        assert "no text channel" in problem


async def test_a_desk_that_is_not_seen_is_named() -> None:
    async with account() as fake:
        fake.deny(DESK, Right.VIEW_CHANNEL)
        (problem,) = await discord.probe_desk(settings(), DESK)
        assert problem.startswith("desk.room:")


async def test_without_the_content_intent_the_account_is_not_fit() -> None:
    async with account() as fake:
        fake.gateway.allowed_intents &= ~(1 << 15)
        fake.world.intents_granted = False
        problems = await discord.probe(settings(HELP))
        assert any("Message Content Intent" in problem for problem in problems)


async def test_a_gateway_that_does_not_open_is_named() -> None:
    async with account() as fake:
        fake.gateway.refuses = True
        (problem,) = await discord.probe(settings(HELP))
        assert "the gateway at 127.0.0.1 does not open" in problem
        assert "WebSockets" in problem

"""The fake Discord says no where Discord does, and the unmodified discord.py is at home on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import discord
import pytest
import yarl

from tests.fakes.discord import BOT, DESK, FORUM, HELP, TOKEN, FakeDiscord, Fault, Json, Right, running


@dataclass(slots=True)
class Caller:
    """Calls the REST API with plain HTTP."""

    fake: FakeDiscord
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
        headers = {"Authorization": f"Bot {token}"}
        address = f"{self.fake.url}/api/v10{path}"
        async with self.session.request(method, address, json=body, headers=headers) as response:
            return response.status, await response.json(content_type=None) if response.status != 204 else None

    async def send(self, **body: Any) -> tuple[int, int]:
        """Post into the help channel; returns the status and Discord's code."""
        status, answer = await self.call("POST", f"/channels/{HELP}/messages", body)
        return status, answer.get("code", 0)


@asynccontextmanager
async def calling() -> AsyncIterator[Caller]:
    async with running() as fake, aiohttp.ClientSession() as session:
        fake.unlimited()
        yield Caller(fake, session)


def button(**others: Any) -> Json:
    return {"type": 2, "style": 1, "label": "Yes", "custom_id": "yes", **others}


def row(*parts: Json) -> Json:
    return {"type": 1, "components": list(parts)}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": "x" * 2_001}, 50035),
        ({"content": "🙂" * 1_001}, 50035),
        ({"content": "  \n"}, 50006),
        ({"content": "x", "nonce": "n" * 26}, 50035),
        ({"embeds": [{"title": "t" * 257}]}, 50035),
        ({"embeds": [{"description": "d" * 4_000}, {"description": "d" * 2_001}]}, 50035),
        ({"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]}, 50035),
        ({"embeds": [{"fields": [{"name": "n", "value": ""}]}]}, 50035),
        ({"content": "x", "components": [row(*[button(custom_id=str(n)) for n in range(6)])]}, 50035),
        ({"content": "x", "components": [row(button(custom_id=str(n))) for n in range(6)]}, 50035),
        ({"content": "x", "components": [row(button(custom_id="c" * 101))]}, 50035),
        ({"content": "x", "components": [row(button(label="l" * 81))]}, 50035),
        ({"content": "x", "components": [row(button(), button())]}, 50035),
        ({"content": "x", "message_reference": {"message_id": "1"}}, 50035),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_too_large_or_malformed_is_refused(body: Json, code: int) -> None:
    async with calling() as caller:
        assert (400, code) == await caller.send(**body)
        assert caller.fake.posts() == []


@pytest.mark.parametrize(
    ("right", "code"), [(Right.VIEW_CHANNEL, 50001), (Right.SEND_MESSAGES, 50013)], ids=["unseen", "not writable"]
)
async def test_a_right_taken_away_is_missing(right: Right, code: int) -> None:
    async with calling() as caller:
        caller.fake.deny(HELP, right)
        assert (403, code) == await caller.send(content="x")


async def test_a_nonce_that_is_enforced_posts_once() -> None:
    async with calling() as caller:
        for _ in range(2):
            await caller.send(content="x", nonce="7", enforce_nonce=True)
        assert len(caller.fake.posts(HELP)) == 1
        caller.fake.later(caller.fake.world.nonce_seconds + 1)
        await caller.send(content="x", nonce="7", enforce_nonce=True)
        assert len(caller.fake.posts(HELP)) == 2


async def test_history_after_an_id_gives_what_follows_it_directly() -> None:
    async with calling() as caller:
        ids = [caller.fake.say("mara", HELP, str(number))["id"] for number in range(5)]
        _, found = await caller.call("GET", f"/channels/{HELP}/messages?after={ids[0]}&limit=2")
        assert [message["id"] for message in found] == [ids[2], ids[1]]


async def test_a_locked_and_archived_thread_takes_nothing() -> None:
    async with calling() as caller:
        thread = caller.fake.thread("mara", HELP, "mine")
        caller.fake.change_thread(thread.id, archived=True, locked=True)
        status, answer = await caller.call("POST", f"/channels/{thread.id}/messages", {"content": "x"})
        assert (status, answer["code"]) == (400, 50083)
        await caller.call("PATCH", f"/channels/{thread.id}", {"archived": False, "locked": False})
        status, _ = await caller.call("POST", f"/channels/{thread.id}/messages", {"content": "x"})
        assert status == 200


async def test_a_closed_direct_message_is_refused() -> None:
    async with calling() as caller:
        caller.fake.world.user("mara").takes_dms = False
        status, answer = await caller.call("POST", f"/channels/{caller.fake.dm('mara')}/messages", {"content": "x"})
        assert (status, answer["code"]) == (403, 50007)


async def test_the_sixth_message_within_five_seconds_has_to_wait() -> None:
    async with running() as fake, aiohttp.ClientSession() as session:
        caller = Caller(fake, session)
        answers = [await caller.call("POST", f"/channels/{HELP}/messages", {"content": "x"}) for _ in range(6)]
        assert [status for status, _ in answers] == [200] * 5 + [429]
        assert 0 < answers[-1][1]["retry_after"] <= 5


async def test_an_answer_lost_after_the_deed_leaves_the_deed() -> None:
    async with calling() as caller:
        caller.fake.fail("create_message", Fault(drop=True, commit=True))
        with pytest.raises(aiohttp.ClientError):
            await caller.send(content="x")
        assert len(caller.fake.posts(HELP)) == 1


@pytest.mark.parametrize("seconds", [3.5, 901], ids=["late answer", "token ran out"])
async def test_an_interaction_is_over_in_time(seconds: float) -> None:
    async with calling() as caller:
        caller.fake.world.commands = [{"id": "1", "name": "ask", "type": 1}]
        act = caller.fake.slash("mara", HELP, "ask", question="x")
        if seconds > 900:
            await caller.call("POST", f"/interactions/{act.id}/{act.token}/callback", {"type": 5})
        caller.fake.later(seconds)
        path = f"/webhooks/{BOT}/{act.token}" if act.answer else f"/interactions/{act.id}/{act.token}/callback"
        status, answer = await caller.call("POST", path, {"type": 5, "content": "x"})
        assert (status, answer["code"]) == ((401, 50027) if act.answer else (404, 10062))


class Ears(discord.Client):
    """Writes down what it hears."""

    def __init__(self, intents: discord.Intents, changed: asyncio.Event) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.05, allowed_mentions=discord.AllowedMentions.none())
        self.heard: list[str] = []
        self._changed = changed

    def hear(self, words: str) -> None:
        self.heard.append(words)
        self._changed.set()

    async def on_ready(self) -> None:
        self.hear("ready")

    async def on_resumed(self) -> None:
        self.hear("resumed")

    async def on_message(self, message: discord.Message) -> None:
        self.hear(message.content)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self.hear(f"left {guild.name}")


@dataclass(slots=True)
class Link:
    fake: FakeDiscord
    client: Ears
    work: asyncio.Task[None] = field(kw_only=True)

    async def heard(self, *expected: str) -> None:
        await self.fake.until(lambda: self.client.heard == list(expected))


@asynccontextmanager
async def linked(patch: pytest.MonkeyPatch, *, content: bool = True) -> AsyncIterator[Link]:
    async with running() as fake:
        patch.setattr(discord.http.Route, "BASE", f"{fake.url}/api/v10")
        patch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url))
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=content)
        client = Ears(intents, fake.changed)
        work = asyncio.get_running_loop().create_task(client.start(TOKEN))
        try:
            yield Link(fake, client, work=work)
        finally:
            await client.close()
            await asyncio.gather(work, return_exceptions=True)


async def test_what_is_said_while_the_line_is_cut_comes_with_the_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    async with linked(monkeypatch) as link:
        await link.heard("ready")
        link.fake.drop()
        link.fake.say("mara", HELP, "one")
        link.fake.say("mara", HELP, "two")
        await link.heard("ready", "one", "two", "resumed")


async def test_without_the_intent_content_is_hidden_unless_we_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async with linked(monkeypatch, content=False) as link:
        await link.heard("ready")
        link.fake.say("mara", HELP, "hidden")
        link.fake.say("mara", HELP, f"<@{BOT}> named")
        link.fake.say("mara", link.fake.dm("mara"), "direct")
        await link.heard("ready", "", f"<@{BOT}> named", "direct")


async def test_an_intent_that_is_not_granted_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async with linked(monkeypatch) as link:
        link.fake.gateway.allowed_intents &= ~(1 << 15)
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await link.work


async def test_a_wrong_token_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async with linked(monkeypatch) as link:
        link.fake.api.tokens.clear()
        with pytest.raises(discord.LoginFailure):
            await link.work


async def test_what_the_bot_does_not_see_it_does_not_hear(monkeypatch: pytest.MonkeyPatch) -> None:
    async with linked(monkeypatch) as link:
        await link.heard("ready")
        link.fake.deny(DESK, Right.VIEW_CHANNEL)
        link.fake.say("anna", DESK, "secret")
        link.fake.post("mara", FORUM, "A question", "heard")
        await link.heard("ready", "heard")


async def test_a_guild_that_removes_the_bot_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with linked(monkeypatch) as link:
        await link.heard("ready")
        link.fake.remove_bot()
        await link.heard("ready", "left The shop")

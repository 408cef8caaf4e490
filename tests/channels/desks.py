"""The desk as agents see it, on Slack and on Discord: one way to act at both, and to look at what came of it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from channels.slack.manifest import manifest
from tests.channels import discord_bench, slack_bench
from tests.fakes import discord, slack
from tests.fakes.discord.state import Overwrite

AGENTS = ("anna", "ben", "carl", "dora")
STRANGER = "eve"  # sees the desk, and is nobody's agent
MARKS = {"white_check_mark": "✅", "warning": "⚠️"}


class Desk(Protocol):
    """One desk at work, with one customer. Agents go by their names, cards and messages by the service's own ids."""

    async def call_a_person(self, words: str = "I want to talk to a human") -> str:
        """The customer asks for a person; returns the card."""

    def customer_writes(self, text: str) -> None:
        """The customer says something more."""

    def customer_heard(self) -> list[str]:
        """All that the customer was told, who said it included."""

    def press(self, agent: str, card: str, button: str) -> None:
        """Press a button of a card."""

    async def fill_in(self, agent: str, card: str, button: str, answers: Mapping[str, Any]) -> None:
        """Press a button that asks something, and hand the form in."""

    def write(self, agent: str, card: str, text: str) -> str:
        """Write below a card; returns the message."""

    def press_told(self, agent: str, button: str) -> None:
        """Press a button of what this agent was told last."""

    def told(self, agent: str) -> list[str]:
        """What was said to this agent alone, or as an answer to their words."""

    def card(self, card: str) -> str:
        """All that stands on a card now."""

    def below(self, card: str) -> list[str]:
        """What we wrote below a card."""

    def marks(self, card: str, message: str) -> set[str]:
        """The emoji that we put on an agent's message."""

    def shut_out(self) -> None:
        """Where the customer is takes nothing from us any more."""

    def owners(self) -> list[str]:
        """Who claimed, in this order, as the database has it."""

    async def until(self, true: Callable[[], Any]) -> None:
        """Wait until something holds. Raises TimeoutError."""


class Workplace(Protocol):
    """A service on which a desk can be opened, more than once in a row."""

    agents_group: str

    def desk(self, folder: Path, **settings: Any) -> AbstractAsyncContextManager[Desk]:
        """`warmline run` with its desk there."""


@dataclass(slots=True)
class SlackDesk:
    """In Slack's words."""

    service: slack_bench.Service
    root: str = ""

    @property
    def fake(self) -> slack.FakeSlack:
        return self.service.fake

    async def call_a_person(self, words: str = "I want to talk to a human") -> str:
        self.root = self.fake.say(slack_bench.HELP, "U1", words)
        card = await self.service.posted(slack_bench.DESK, "needs a person")
        await self.until(lambda: self.customer_heard())
        return str(card["ts"])

    def customer_writes(self, text: str) -> None:
        self.fake.say(slack_bench.HELP, "U1", text, thread=self.root)

    def customer_heard(self) -> list[str]:
        return self.service.texts(slack_bench.HELP)

    def press(self, agent: str, card: str, button: str) -> None:
        self.fake.click(_id(agent), slack_bench.DESK, card, button)

    async def fill_in(self, agent: str, card: str, button: str, answers: Mapping[str, Any]) -> None:
        before = len(self.fake.views)
        self.press(agent, card, button)
        await self.until(lambda: len(self.fake.views) > before)
        self.fake.submit(_id(agent), self.fake.views[-1], answers)

    def write(self, agent: str, card: str, text: str) -> str:
        return self.fake.say(slack_bench.DESK, _id(agent), text, thread=card)

    def press_told(self, agent: str, button: str) -> None:
        whisper = [one for one in self.fake.whispers if one["user"] == _id(agent)][-1]
        self.fake.click(_id(agent), slack_bench.DESK, whisper["ts"], button)

    def told(self, agent: str) -> list[str]:
        return [str(one) for one in self.fake.whispers if one["user"] == _id(agent)]

    def card(self, card: str) -> str:
        return str(self.fake.channels[slack_bench.DESK].messages[card])

    def below(self, card: str) -> list[str]:
        return [str(one) for one in self.fake.posts(slack_bench.DESK) if one.get("thread_ts") == card]

    def marks(self, card: str, message: str) -> set[str]:
        found = self.fake.channels[slack_bench.DESK].messages[message].get("reactions", [])
        return {MARKS.get(name, name) for name in found}

    def shut_out(self) -> None:
        self.fake.channels[slack_bench.HELP].archived = True

    def owners(self) -> list[str]:
        return owners(self.service)

    async def until(self, true: Callable[[], Any]) -> None:
        await self.fake.until(true, 20)


@dataclass(slots=True)
class SlackWorkplace:
    """Slack, for as long as the test takes."""

    fake: slack.FakeSlack
    agents_group: str = field(default="S1", init=False)

    @asynccontextmanager
    async def desk(self, folder: Path, **settings: Any) -> AsyncIterator[Desk]:
        async with slack_bench.serving(folder, self.fake, **settings) as service:
            yield SlackDesk(service)


@asynccontextmanager
async def on_slack() -> AsyncIterator[Workplace]:
    async with slack.running(manifest()) as fake:
        slack_bench.furnish(fake)
        for name in (*AGENTS, STRANGER):
            fake.add_user(_id(name))
            fake.channels[slack_bench.DESK].members.add(_id(name))
        fake.groups["S1"] = [_id(name) for name in AGENTS]
        yield SlackWorkplace(fake)


class Stored(Protocol):
    """A service whose database can be read beside it."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""


def owners(service: Stored) -> list[str]:
    """Who claimed, in this order."""
    return [str(by) for (by,) in service.rows("select \"by\" from events where kind = 'claimed' order by id")]


def _id(name: str) -> str:
    return f"U{name.upper()}"


@dataclass(slots=True)
class DiscordDesk:
    """In Discord's words."""

    service: discord_bench.Service
    root: str = ""

    @property
    def fake(self) -> discord.FakeDiscord:
        return self.service.fake

    async def call_a_person(self, words: str = "I want to talk to a human") -> str:
        self.root = str(self.fake.say("mara", discord.HELP, words)["id"])
        card = await self.service.posted(discord.DESK, "needs a person")
        await self.until(lambda: self.customer_heard())
        return str(card["id"])

    def customer_writes(self, text: str) -> None:
        self.fake.say("mara", self.root, text)

    def customer_heard(self) -> list[str]:
        desk = (discord.DESK, *(one.id for one in self.fake.world.channels.values() if one.parent == discord.DESK))
        rooms = [id for id in self.fake.world.channels if id not in desk]
        return [text for room in rooms for text in self.service.texts(room)]

    def press(self, agent: str, card: str, button: str) -> None:
        self.fake.press(agent, self._card(card), _label(self._card(card), button))

    async def fill_in(self, agent: str, card: str, button: str, answers: Mapping[str, Any]) -> None:
        act = self.fake.press(agent, self._card(card), _label(self._card(card), button))
        await self.until(lambda: act.modal)
        self.fake.submit(act, answers)

    def write(self, agent: str, card: str, text: str) -> str:
        return str(self.fake.say(agent, card, text)["id"])

    def press_told(self, agent: str, button: str) -> None:
        asked = [post for post in self._told(agent) if discord.buttons_of(post)][-1]
        self.fake.press(agent, asked, _label(asked, button))

    def told(self, agent: str) -> list[str]:
        return [str(post) for post in self._told(agent)]

    def card(self, card: str) -> str:
        return str(self._card(card))

    def below(self, card: str) -> list[str]:
        return self.service.texts(card)

    def marks(self, card: str, message: str) -> set[str]:
        found = self.fake.world.channel(card).messages[message]["reactions"]
        return {one["emoji"]["name"] for one in found}

    def shut_out(self) -> None:
        self.fake.world.user("mara").takes_dms = False
        self.fake.deny(discord.HELP, discord.Right.CREATE_PRIVATE_THREADS)
        self.fake.change_thread(self.root, archived=True, locked=True)

    def owners(self) -> list[str]:
        return owners(self.service)

    async def until(self, true: Callable[[], Any]) -> None:
        await self.fake.until(true, 20)

    def _card(self, card: str) -> dict[str, Any]:
        return self.fake.world.channel(discord.DESK).messages[card]

    def _told(self, agent: str) -> list[dict[str, Any]]:
        id = self.fake.id_of(agent)
        alone = [post for post in self.fake.whispers if post["_for"] == id]
        answers = [post for post in self.fake.posts() if _answered(post) == id]
        return sorted([*alone, *answers], key=lambda post: int(post["id"]))


@dataclass(slots=True)
class DiscordWorkplace:
    """Discord, for as long as the test takes."""

    fake: discord.FakeDiscord
    agents_group: str = field(default=discord.AGENTS_ROLE, init=False)

    @asynccontextmanager
    async def desk(self, folder: Path, **settings: Any) -> AsyncIterator[Desk]:
        async with discord_bench.serving(folder, self.fake, **settings) as service:
            yield DiscordDesk(service)


@asynccontextmanager
async def on_discord() -> AsyncIterator[Workplace]:
    async with discord.running() as fake:
        stranger = fake.add_member(STRANGER)
        seen = Overwrite(allow=discord.Right.VIEW_CHANNEL, of_member=True)
        fake.world.channel(discord.DESK).overwrites[stranger.id] = seen
        yield DiscordWorkplace(fake)


def _label(message: Mapping[str, Any], button: str) -> str:
    """The custom id of the button that does this. Raises StopIteration when there is none."""
    ids = [str(one.get("custom_id")) for one in discord.buttons_of(dict(message))]
    return next(id for id in ids if id.split("|")[1] == button)


def _answered(post: Mapping[str, Any]) -> str:
    """Who wrote what this post answers."""
    return str(((post.get("referenced_message") or {}).get("author") or {}).get("id", ""))

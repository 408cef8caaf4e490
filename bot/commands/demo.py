"""`warmline demo`: a tour that needs no account, no key and no keyboard, and checks itself on the way."""

import asyncio
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console as Screen
from rich.rule import Rule
from rich.text import Text

import bot
from bot import app, assistant
from bot.commands.chat import Session, open_session
from bot.conversation import Conversation, Event, Kind, Outcome, Role, State, Trigger, Turn
from bot.knowledge import KnowledgeError
from bot.settings import Settings
from channels import console
from channels.base import Address
from channels.console.screen import to_screen

BEGIN = datetime(2026, 1, 12, 10, 0, tzinfo=UTC)  # a Monday in working hours: the tour is the same at any time of day
PAUSE_SECONDS = 0.15
GUEST, MARA = Address(channel="console", room="you"), Address(channel="console", room="you", thread="mara")
CUSTOMERS = (
    {
        "id": "C-1042",
        "name": "Mara Lindholm",
        "email": "mara@example.org",
        "console_id": "mara",
        "plan": "Trail Club Summit",
        "customer since": "2021",
        "last order": "HP-20417, Katahdin 2 tent, $389",
    },
)
NEXT = """\
What to try next:
  warmline chat                             talk to it yourself; /help says how to be the agent
  warmline ask "can I pay with PayPal?"     one answer with its sources
  warmline triggers "I want my money back"  which rules a message fires, and by which words
  warmline check                            settings, knowledge and store, before you connect a channel
Put your own articles into knowledge/ and your own settings into bot.toml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A conversation after a station, and all that happened in it."""

    conversation: Conversation
    events: Sequence[Event]

    def last(self, role: Role) -> Turn | None:
        """The newest turn of this role."""
        return next((turn for turn in reversed(self.conversation.turns) if turn.role is role), None)

    def happened(self, kind: str) -> bool:
        """Whether there is an event of this kind."""
        return any(event.kind == kind for event in self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A stop of the tour: what is typed, and what must be true afterwards, each by the sentence that says so.

    `tell` says what cannot be seen on the screen.
    """

    caption: str
    lines: tuple[str, ...]
    where: Address
    must: dict[str, Callable[[Seen], bool]] = field(default_factory=dict)
    tell: Callable[[Seen], str] | None = None


class TourError(Exception):
    """A station that did not go as it should."""


def run(args: Namespace) -> int:
    """Show the tour. Returns 1 with one line when a station did not go as it should, 2 without articles."""
    del args  # the tour brings its own settings: a half-written bot.toml must not spoil it
    chosen = Settings(assistant=assistant.Settings(name="PineBot"), folder=_project())
    try:
        with tempfile.TemporaryDirectory(prefix="warmline-demo-") as folder:
            asyncio.run(_tour(chosen, Path(folder, "demo.db")))
    except KnowledgeError as error:
        sys.stderr.write(f"warmline demo: {error}\n")
        return 2
    except TourError as error:
        sys.stderr.write(f"warmline demo: {error}\n")
        return 1
    return 0


def _project() -> Path:
    """Where the articles of the demo are: beside the package, from whatever folder the command is called."""
    return Path(bot.__file__).resolve().parent.parent


async def _tour(chosen: Settings, path: Path) -> None:
    started = app.now()

    def clock() -> datetime:
        return BEGIN + (app.now() - started)

    screen = to_screen()
    terminal = console.Console(console.Settings(), screen=screen, read=_no_keyboard, clock=clock)
    async with open_session(chosen, path, terminal, clock=clock) as session:
        await session.store.import_customers(CUSTOMERS)
        for number, station in enumerate(STATIONS, 1):
            await _visit(number, station, session, terminal, screen)
    screen.print()
    screen.print(Text(NEXT))


async def _no_keyboard() -> str | None:
    return None


async def _visit(number: int, station: Station, session: Session, terminal: console.Console, screen: Screen) -> None:
    title = f"{number}. {station.caption}"
    screen.print()
    screen.print(Rule(Text(title, "bold"), align="left", style="dim") if screen.is_terminal else Text(f"--- {title}"))
    for line in station.lines:
        terminal.echo(line)
        await terminal.type(line, session.receive)
        if screen.is_terminal:
            await asyncio.sleep(PAUSE_SECONDS)
    conversation = await session.find(station.where)
    if conversation is None:
        message = f"station {number} ({station.caption}): there is no conversation"
        raise TourError(message)
    seen = Seen(conversation=conversation, events=await session.store.events(conversation.id))
    for sentence, is_so in station.must.items():
        if not is_so(seen):
            message = f"station {number} ({station.caption}): expected that {sentence}; it is not so"
            raise TourError(message)
    if station.tell is not None:
        screen.print(Text(f"({station.tell(seen)})", "dim"))


def _answered(article: str, words: str) -> dict[str, Callable[[Seen], bool]]:
    def cites(seen: Seen) -> bool:
        last = seen.last(Role.ASSISTANT)
        return last is not None and last.kind is Kind.ANSWER and article in [one.article for one in last.sources]

    def says(seen: Seen) -> bool:
        last = seen.last(Role.ASSISTANT)
        return last is not None and words in last.text

    return {f"the answer cites {article}": cites, f"the answer says {words!r}": says}


def _said(kind: Kind) -> Callable[[Seen], bool]:
    return lambda seen: (last := seen.last(Role.ASSISTANT)) is not None and last.kind is kind


def _in(state: State) -> Callable[[Seen], bool]:
    return lambda seen: seen.conversation.state is state


def _discloses(seen: Seen) -> bool:
    first = next((turn for turn in seen.conversation.turns if turn.role is Role.ASSISTANT), None)
    return first is not None and "AI" in first.text


def _offers(seen: Seen) -> bool:
    last = seen.last(Role.ASSISTANT)
    return last is not None and last.kind in (Kind.OFFER, Kind.UNSURE)


def _gap(seen: Seen) -> str:
    found = next(event for event in reversed(seen.events) if event.kind == "gap_found")
    return f"logged as a gap in the help centre: “{found.facts['question']}”"


def _fired(trigger: Trigger) -> Callable[[Seen], bool]:
    return lambda seen: (fired := seen.conversation.escalation) is not None and fired.trigger is trigger


def _briefed(seen: Seen) -> bool:
    brief = seen.conversation.brief
    return brief is not None and any("Trail Club Summit" in one.text for one in brief.fields)


STATIONS = (
    Station(
        caption="First contact: the bot says what it is",
        lines=("Hello!",),
        where=GUEST,
        must={"the first reply says that it is an AI": _discloses},
    ),
    Station(
        caption="An answer from the help centre, with its source",
        lines=("How long do I have to return something?",),
        where=GUEST,
        must=_answered("orders/returns-and-refunds.md", "60 days"),
    ),
    Station(
        caption="A follow-up that only makes sense after the question before",
        lines=("And if I'm a Summit member?",),
        where=GUEST,
        must=_answered("orders/returns-and-refunds.md", "90 days"),
    ),
    Station(
        caption="Asked whether it is a bot, it never denies it",
        lines=("Wait, am I talking to a bot?",),
        where=GUEST,
        must={"it says that it is an AI": _said(Kind.IDENTITY)},
    ),
    Station(
        caption="A question that no article answers: logged as a gap, a person offered",
        lines=("Can I rent a tent for a weekend?",),
        where=GUEST,
        must={"a person is offered": _offers, "the gap is logged": lambda seen: seen.happened("gap_found")},
        tell=_gap,
    ),
    Station(
        caption="Another customer is angry: a rule calls a human, and the desk gets the brief",
        lines=(
            "/customer Mara",
            "This is ridiculous! I've asked three times and my tent is still not here. I'm furious.",
        ),
        where=MARA,
        must={
            "anger calls a person": _fired(Trigger.FRUSTRATION),
            "the card is on the desk": _in(State.QUEUED),
            "the brief shows her account": _briefed,
        },
    ),
    Station(
        caption="A human agent claims it, leaves a note, and replies",
        lines=(
            "/agent Anna",
            "/claim",
            "!Carrier has had no scan for six days: treat it as lost.",
            "Hi Mara, this is Anna. I'm sorry about the wait: a new tent leaves tomorrow morning, at no cost to you.",
        ),
        where=MARA,
        must={
            "Anna has it": _in(State.WITH_AGENT),
            "her note is kept": lambda seen: seen.last(Role.NOTE) is not None,
            "her reply reached the customer": lambda seen: seen.happened("delivered"),
        },
    ),
    Station(
        caption="The customer is glad; the agent resolves; the customer rates",
        lines=(
            "/customer Mara",
            "Oh, that is great, thank you!",
            "/agent Anna",
            "/resolve",
            "/customer Mara",
            "/rate 5",
        ),
        where=MARA,
        must={
            "it is resolved": _in(State.RESOLVED),
            "by an agent": lambda seen: seen.conversation.outcome is Outcome.BY_AGENT,
            "the rating is stored": lambda seen: seen.happened("rated"),
        },
    ),
    Station(
        caption="Why it went so: every step is on disk",
        lines=("/why",),
        where=MARA,
        must={"the trigger is on record": lambda seen: seen.happened("trigger_fired")},
    ),
)

"""`warmline chat`: talk to the bot in the terminal, as a customer and as an agent."""

import asyncio
import sys
import tempfile
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console as Screen

from bot import app, settings
from bot.commands.why import explain
from bot.conversation import Conversation
from bot.desk import Settings as DeskSettings
from bot.knowledge import Knowledge, KnowledgeError
from bot.llm import Model
from bot.loop import Loop
from bot.parts import Clock
from bot.schedule import Schedule
from bot.settings import Settings
from bot.store import Store
from channels import console
from channels.base import Action, Address, Message
from channels.console.lines import Lines
from channels.console.screen import to_screen

WELCOME = "You are a customer. Ask something, or /help for what else can be typed; /quit leaves."


class Session:
    """One terminal on the real loop: each line is worked off, replies and all, before the next is read."""

    def __init__(self, loop: Loop, store: Store, knowledge: Knowledge) -> None:
        self._loop = loop
        self._knowledge = knowledge
        self._one_at_a_time = asyncio.Lock()
        self.store = store

    async def receive(self, event: Message | Action) -> None:
        """Take an event and see to all that follows from it. Raises StoreUnavailableError."""
        await self._loop.receive(event)
        await self.settle()

    async def settle(self) -> None:
        """Articles that changed, deadlines that passed, posts that are due."""
        async with self._one_at_a_time:
            await asyncio.to_thread(self._knowledge.refresh)
            await self._loop.settle()

    async def find(self, address: Address) -> Conversation | None:
        """The conversation at a customer's address or on the desk there, with its turns."""
        for listed in await self.store.conversations(100, None):
            if address in (listed.conversation.address, listed.conversation.desk):
                return await self.store.conversation(listed.conversation.id)
        return None

    async def explain(self, address: Address) -> str:
        """Why the conversation at an address stands as it does."""
        found = await self.find(address)
        if found is None:
            return "Nothing has been said here yet."
        return "\n".join(explain(found, await self.store.events(found.id)))


def run(args: Namespace) -> int:
    """Talk until /quit or the end of the input. Returns 2 when the knowledge folder cannot be used."""
    loaded = settings.load(args.config)
    try:
        with tempfile.TemporaryDirectory(prefix="warmline-") as folder:
            path = loaded.path(loaded.store.path) if args.keep else Path(folder, "chat.db")
            asyncio.run(talk(loaded, path, to_screen(), Lines(sys.stdin).read))
    except KnowledgeError as error:
        sys.stderr.write(f"warmline chat: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    return 0


async def talk(chosen: Settings, path: Path, screen: Screen, read: console.Read) -> None:
    """Talk until the lines end, with the store at `path`. Raises what `open_session` raises."""
    terminal = console.Console(console.Settings(), screen=screen, read=read)
    async with _model(chosen) as model, open_session(chosen, path, terminal, model=model) as session:
        if screen.is_terminal:
            screen.print(WELCOME, style="dim")
        schedule = Schedule()
        schedule.every(app.TICK_SECONDS, session.settle, "settle")
        schedule.start(lambda error: screen.print(f"warmline: {error}", style="dim", markup=False))
        try:
            await terminal.listen(session.receive)
        finally:
            schedule.stop()
        await session.settle()


@asynccontextmanager
async def _model(chosen: Settings) -> AsyncIterator[Model | None]:
    """The model of bot.toml, if it names one."""
    model = await app.connect_model(chosen)
    try:
        yield model
    finally:
        if model is not None:
            await model.close()


@asynccontextmanager
async def open_session(
    chosen: Settings,
    path: Path,
    terminal: console.Console,
    *,
    clock: Clock = app.now,
    model: Model | None = None,
) -> AsyncIterator[Session]:
    """The loop with this terminal as its only channel and its desk, and nobody writing where no model is given.

    Raises KnowledgeError, StoreInUseError, StoreDamagedError, StoreUnavailableError.
    """
    store = Store.open(path, clock=clock)
    try:
        folder = chosen.path(chosen.knowledge.folder)
        knowledge = await asyncio.to_thread(Knowledge.open, folder, database=None, settings=chosen.knowledge)
        try:
            await store.recover(clock())
            desk = replace(DeskSettings(), agents=chosen.desk.agents if chosen.desk.channel == console.NAME else ())
            channels = {terminal.name: terminal}
            own = replace(chosen, desk=desk)
            loop = app.build(own, store=store, knowledge=knowledge, channels=channels, clock=clock, model=model)
            session = Session(loop, store, knowledge)
            terminal.explain = session.explain
            yield session
        finally:
            knowledge.close()
    finally:
        store.close()

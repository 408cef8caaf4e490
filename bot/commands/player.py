"""Plays a dialogue through the real loop, with a clock of its own and channels and store in memory."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot import app, desk, hours, triage
from bot.commands import backdrop
from bot.commands.dialogue import Dialogue, Expect, Line
from bot.commands.promises import Fired, Played, broken, missing, texts, unwanted
from bot.commands.script import Script, ScriptedEndpoint
from bot.conversation import Conversation, Json
from bot.desk import NOTE_MARKS
from bot.knowledge import Knowledge
from bot.llm import Model
from bot.llm import Settings as Llm
from bot.settings import Settings
from bot.store import InlineWriter, Store
from channels.base import Action, Address, Attachment, Change, Message, Person
from channels.memory import Memory

MONDAY = datetime(2026, 1, 12, 10, 0, tzinfo=UTC)
ROOM = Address(channel="memory", room="customer")
CUSTOMER = Person(id="customer", name="Customer")
FIRST = "1"  # a store of its own numbers its only conversation so
SCRIPTED = Llm(model="scripted", tries=1)
PROMPTS = {"/send": "claim_send", "/keep": "keep_note"}


class Player:
    """Plays dialogues with the same settings and articles, each in a world of its own."""

    def __init__(self, chosen: Settings, knowledge: Knowledge) -> None:
        self._settings = chosen
        self._knowledge = knowledge
        self._learnt = triage.build(chosen.triage)

    async def play(self, dialogue: Dialogue) -> Played:
        """Play one to its last turn."""
        before = time.process_time()
        stage = Stage(self._settings, self._knowledge, self._learnt, dialogue)
        try:
            await stage.furnish()
            failures: list[str] = []
            for number, line in enumerate(dialogue.turns, 1):
                failures += [f"turn {number}: {failure}" for failure in await stage.perform(line)]
            played = await stage.outcome(dialogue.id)
        finally:
            stage.close()
        # A recorded chat that states nothing cannot fail, also where its agent has nothing on our desk.
        promises = dialogue.expect != Expect() or any(line.promises for line in dialogue.turns)
        told = (*failures, *broken(dialogue.expect, played)) if promises else ()
        return replace(played, failures=told, ms=(time.process_time() - before) * 1_000)


class Stage:
    """One world: a store, a desk, a customer's room, and a clock that stands still unless it is moved."""

    def __init__(self, chosen: Settings, knowledge: Knowledge, learnt: triage.Triage, dialogue: Dialogue) -> None:
        # Ten o'clock on a Monday, or when people begin later than that: half an hour after they have begun.
        opens = hours.next_open(MONDAY, chosen.hours)
        self._now = opens if opens == MONDAY else opens + timedelta(minutes=30)
        self._desks = desk.desks(chosen.desk)
        self._room = Memory(ROOM.channel)
        self._desk = {address.channel: Memory(address.channel) for address in self._desks}
        self._store = Store(InlineWriter(), clock=self.clock)
        self._way, self._endpoint = dialogue.scripted_model, ScriptedEndpoint()
        self._model: Model | None = None
        self._on_record, self._mail = dialogue.on_record, backdrop.Mail()
        email = self._on_record.get("email") if dialogue.vouched_for else None
        self._who = replace(CUSTOMER, email=email, verified=bool(email))
        chosen = replace(chosen, llm=SCRIPTED, tools=backdrop.may_look_up(dialogue.may_look_up, self._on_record))
        self._loop = app.build(
            chosen,
            store=self._store,
            knowledge=knowledge,
            channels={**self._desk, ROOM.channel: self._room, self._mail.name: self._mail},
            clock=self.clock,
            learnt=learnt,
            model=self._scripted(chosen) if self._way else None,
            new_code=lambda: backdrop.CODE,
        )
        self._arrivals = 0
        self._written: list[str] = []  # ids of the customer's messages

    def clock(self) -> datetime:
        """The time of this world."""
        return self._now

    def close(self) -> None:
        """Forget everything."""
        self._store.close()

    async def furnish(self) -> None:
        """Put the customer into the customers' table."""
        if self._on_record:
            await self._store.import_customers([{"id": "C-1", **self._on_record}])

    async def perform(self, line: Line) -> list[str]:
        """Let the time pass, do what the line says, and return what did not come of it as it should."""
        seen = len(self._room.posts)
        self._prompt(line)
        await self._pass(line.after_seconds)
        failures = []
        match line.role:
            case "customer":
                failures = await self._customer(line)
            case "agent":
                failures = await self._agent(line)
        said = [post.text for post in self._room.posts[seen:]]
        failures += missing("to the customer", line.says, said) + unwanted("to the customer", line.never_says, said)
        if line.state:
            conversation = await self._conversation()
            state = str(conversation.state) if conversation else "none"
            failures += [f"state is {state}, not {line.state}"] if state != line.state else []
        return failures

    def _scripted(self, chosen: Settings) -> Model:
        """A model that does as the dialogue says, out of reach of any network."""
        self._model = Model(chosen.llm, self._endpoint, clock=self.clock, monotonic=lambda: self._now.timestamp())
        return self._model

    def _prompt(self, line: Line) -> None:
        """Tell the model what to do at this turn."""
        script = Script(
            way=line.model_does or self._way,
            writes=line.model_writes,
            rewrites=line.model_rewrites,
            needs_person=line.model_needs_person,
            calls=backdrop.calls(line.model_looks_up),
            summary=line.model_summary,
            next_step=line.model_step,
        )
        self._endpoint.script = script
        if script.way == "capped" and self._model is not None:
            self._model.budget.count(SCRIPTED.daily_tokens, 0, 0.0)

    async def outcome(self, name: Json) -> Played:
        """What came of it all."""
        conversation = await self._store.conversation(FIRST)
        events = await self._store.events(FIRST)
        return Played(
            id=name,
            state=str(conversation.state) if conversation else "none",
            outcome=str(conversation.outcome) if conversation and conversation.outcome else None,
            escalations=tuple(
                Fired(trigger=str(e.facts["trigger"]), turn=_number(e.facts["turn"]), evidence=str(e.facts["evidence"]))
                for e in events
                if e.kind == "trigger_fired"
            ),
            turns=conversation.turns if conversation else (),
            posts=tuple(post.text for post in self._room.posts),
            desk=tuple(text for memory in self._desk.values() for post in memory.posts for text in texts(post)),
            gaps=sum(event.kind == "gap_found" for event in events),
            mails=tuple(f"To: {post.address.thread}\n{post.subject}\n{post.text}" for post in self._mail.posts),
        )

    async def _pass(self, seconds: float) -> None:
        """Move the clock; what falls due on the way happens at its own time."""
        arrival = self._now + timedelta(seconds=seconds)
        while (due := await self._store.next_due()) is not None and due <= arrival:
            self._now = max(self._now, due)
            await self._loop.settle()
        self._now = arrival

    async def _receive(self, *events: Message | Action) -> None:
        for event in events:
            await self._loop.receive(event)
        await self._loop.settle()

    def _next_id(self) -> str:
        self._arrivals += 1
        return f"in-{self._arrivals}"

    async def _customer(self, line: Line) -> list[str]:
        number = line.edits or line.deletes
        if number > len(self._written):
            return [f"the customer has written only {len(self._written)} messages before"]
        if line.press:
            name, _, value = line.press.partition(":")
            await self._receive(self._action(self._who, ROOM, name, value))
            return []
        message = Message(
            external_id=self._next_id(),
            address=ROOM,
            sender=self._who,
            text=line.text,
            sent_at=self._now,
            attachments=tuple(Attachment(name=name, type="application/octet-stream", bytes=1) for name in line.files),
            automatic=line.automatic,
        )
        if number:
            change = Change.EDITED if line.edits else Change.DELETED
            message = replace(message, change=change, original_id=self._written[number - 1])
        else:
            self._written.append(message.external_id)
        await self._receive(*[message] * (2 if line.twice else 1))
        return []

    async def _agent(self, line: Line) -> list[str]:
        conversation = await self._conversation()
        if conversation is None or conversation.desk is None:
            return ["the agent has nothing on the desk"]
        agent = Person(id=line.name.lower(), name=line.name.title())
        thread = conversation.desk
        if line.text in PROMPTS:
            return await self._answer_prompt(agent, PROMPTS[line.text])
        if line.text.startswith("/") and not line.text.startswith(NOTE_MARKS):
            await self._receive(self._action(agent, thread, line.text[1:].strip(), FIRST))
            return []
        note = line.text.startswith(NOTE_MARKS)
        if conversation.agent is None and line.claims and not note:
            await self._receive(self._action(agent, thread, "claim", FIRST))
        message = Message(external_id=self._next_id(), address=thread, sender=agent, text=line.text, sent_at=self._now)
        await self._receive(message)
        return []

    async def _answer_prompt(self, agent: Person, name: str) -> list[str]:
        for post in reversed([post for memory in self._desk.values() for post in memory.posts]):
            for button in post.card.buttons if post.card and post.only_for == agent.id else ():
                if button.name == name:
                    await self._receive(self._action(agent, post.address, name, button.value))
                    return []
        return ["nothing was asked of the agent"]

    def _action(self, actor: Person, address: Address, name: str, value: str) -> Action:
        return Action(
            external_id=self._next_id(), address=address, actor=actor, name=name, value=value, sent_at=self._now
        )

    async def _conversation(self) -> Conversation | None:
        snapshot = await self._store.load(FIRST)
        return snapshot.conversation if snapshot else None


@contextmanager
def open_player(chosen: Settings) -> Iterator[Player]:
    """A player with the articles of these settings. Raises KnowledgeError."""
    folder = chosen.path(chosen.knowledge.folder)
    with closing(Knowledge.open(folder, database=None, settings=chosen.knowledge)) as knowledge:
        while knowledge.refresh().pending:
            pass  # articles that are still being converted: a replay must not depend on how quick that is
        yield Player(chosen, knowledge)


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0

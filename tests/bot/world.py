"""Small things to decide on, and a world to decide in: a real store, a tiny folder, a channel that can break."""

import asyncio
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bot import deadlines, desk, hours, phrases, settings, triage
from bot.author.author import Author
from bot.conversation import (
    OWNER_OF,
    Account,
    Attempt,
    Conversation,
    Decision,
    Event,
    Kind,
    Passage,
    Role,
    Source,
    State,
    Turn,
)
from bot.crm.table import TableCrm
from bot.draft import Draft, Policy
from bot.embeddings import Embeddings
from bot.evidence import Found
from bot.knowledge import Knowledge
from bot.llm import Model
from bot.llm.endpoint import Endpoint
from bot.loop import Loop
from bot.parts import Parts
from bot.store import InlineWriter, Onward, Parcel, Store, StoreUnavailableError
from channels.base import Action, Address, Attachment, Card, Change, Message, Outgoing, Person, Receipt
from channels.memory import Memory

T = TypeVar("T")

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)  # a Tuesday, in working hours
MARA = Person(id="mara", name="Mara")
ANNA = Person(id="anna", name="Anna")
BEN = Person(id="ben", name="Ben")
ROOM = Address(channel="memory", room="mara")
DESK = Address(channel="memory", room="desk")
SPARE = Address(channel="spare", room="desk")
THREAD = replace(DESK, thread="card1")
ARTICLES = {
    "returns.md": (
        "# Returns\n\n## How long you have\n\nYou can send anything back within 60 days of delivery.\n\n"
        "## Refunds\n\nRefunds arrive within 5 working days.\n"
    ),
    "delivery.md": "# Delivery\n\n## How long it takes\n\nParcels arrive in three working days.\n",
    "about.md": "# About us\n\n## Where we are\n\nOur workshop stands in Porto and opens at nine.\n",
    "internal/goodwill.md": (
        "---\naudience: internal\n---\n# Goodwill\n\n## Late parcels\n\n"
        "Offer a voucher of 10 euros for a late parcel.\n"
    ),
}
ANSWERED = "You can send anything back within 60 days of delivery."
QUESTION = "How many days do I have to send something back?"
UNKNOWN_QUESTION = "Does the zeppelin accept llamas?"
ANGRY = "This is ridiculous, I have written three times and nobody cares!!"


def turn(
    text: str = "Where is it?",
    role: Role = Role.CUSTOMER,
    kind: Kind = Kind.MESSAGE,
    *,
    at: datetime = NOW,
    external_id: str = "",
    **others: Any,
) -> Turn:
    return Turn(role=role, kind=kind, text=text, at=at, external_id=external_id, **others)


def conversation(
    state: State = State.ANSWERING, *turns: Turn, agent: Person | None = None, **others: Any
) -> Conversation:
    """A conversation of Mara's in a state, with the owner that belongs to it; with an agent it is Anna's."""
    owned = agent or (ANNA if state is State.WITH_AGENT else None)
    given = {"created_at": NOW, "since": NOW, "version": 3, **others}
    return Conversation(
        id="17", address=ROOM, customer=MARA, state=state, owner=OWNER_OF[state], agent=owned, turns=turns, **given
    )


def at_desk(state: State, *turns: Turn, **others: Any) -> Conversation:
    """A conversation whose card stands on the desk."""
    card = Card(title="Mara needs a person")
    return conversation(state, *turns, **{"desk": THREAD, "card_id": "card1", "brief": card, **others})


def policy(**others: Any) -> Policy:
    given: dict[str, Any] = {
        "name": "Test Assistant",
        "phrases": phrases.load(),
        "desks": (DESK,),
        "deadlines": deadlines.Settings(),
        "hours": hours.Settings(),
    }
    return Policy(**(given | others))


def draft(of: Conversation, *, at: datetime = NOW, **others: Any) -> Draft:
    return Draft(of, policy(**others), at)


def message(
    text: str = QUESTION, external_id: str = "m1", *, sender: Person = MARA, address: Address = ROOM, **others: Any
) -> Message:
    given = {"sent_at": NOW, **others}
    return Message(external_id=external_id, address=address, sender=sender, text=text, **given)


def edited(text: str, original_id: str, external_id: str = "e1", **others: Any) -> Message:
    return message(text, external_id, change=Change.EDITED, original_id=original_id, **others)


def deleted(original_id: str, external_id: str = "d1", **others: Any) -> Message:
    return message("", external_id, change=Change.DELETED, original_id=original_id, **others)


def press(
    name: str, value: str = "17", *, actor: Person = ANNA, address: Address = THREAD, external_id: str = "a1"
) -> Action:
    return Action(external_id=external_id, address=address, actor=actor, name=name, value=value, sent_at=NOW)


def passage(article: str = "returns.md", *, internal: bool = False, title: str = "Returns") -> Passage:
    return Passage(article=article, heading="How long", text=ANSWERED, score=9.0, title=title, internal=internal)


def attempt(**others: Any) -> Attempt:
    """A grounded answer unless told otherwise."""
    given: dict[str, Any] = {
        "passages": (passage(),),
        "reply": ANSWERED,
        "grounded": True,
        "confidence": 0.9,
        "sources": (Source(article="returns.md", heading="How long"),),
    }
    return Attempt(**(given | others))


def kinds(decision: Decision | Iterable[Event]) -> list[str]:
    """The kinds of a decision's events, in their order."""
    events = decision.events if isinstance(decision, Decision) else decision
    return [event.kind for event in events]


def fact(decision: Decision, kind: str) -> dict[str, Any]:
    """The facts of the only event of a kind."""
    (found,) = (event for event in decision.events if event.kind == kind)
    return dict(found.facts)


def texts(decision: Decision, address: Address = ROOM) -> list[str]:
    """What a decision sends to an address."""
    return [send.outgoing.text for send in decision.sends if send.outgoing.address == address]


def whispers(decision: Decision) -> list[tuple[str, str]]:
    """Private words: to whom, and what."""
    sent = [send.outgoing for send in decision.sends if send.outgoing.only_for]
    return [(one.only_for, one.text or (one.card.title if one.card else "")) for one in sent]


class Line(Memory):
    """A channel in memory that fails as told: `failures` are raised by the next sends, in their order."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.failures: list[Exception] = []
        self.tries: list[str] = []
        self.asked: list[str] = []
        self.arrives_all_the_same = False

    async def send(self, outgoing: Outgoing) -> Receipt:
        self.tries.append(outgoing.id)
        if self.failures:
            failure = self.failures.pop(0)
            if self.arrives_all_the_same:
                await super().send(outgoing)
            raise failure
        return await super().send(outgoing)

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        self.asked.append(outgoing.id)
        return await super().find(outgoing)


class Post(Line):
    """Mail in memory: it can write to whoever has an address."""

    def first_address(self, email: str) -> Address:
        return Address(channel=self.name, room="help@shop.example", thread=f"first {email}")


class BrokenKnowledge(Knowledge):
    """A folder whose search raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def search(self, question: str, history: Sequence[tuple[str, str]], *, internal: bool = False) -> Found:
        raise self.error


class BrokenCrm(TableCrm):
    """A CRM that raises, or without an error never answers."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    async def find(self, person: Person, *, channel: str = "") -> Account | None:
        if self.error is not None:
            raise self.error
        await asyncio.Event().wait()
        raise AssertionError

    async def proven(self, person: Person, *, channel: str, at: datetime) -> Account | None:
        return None


class FailingWriter(InlineWriter):
    """A store in memory whose disk is full while `full` is set."""

    def __init__(self) -> None:
        self.full = False
        super().__init__()

    def begin(self) -> None:
        if self.full:
            message = "nothing could be stored: the disk is full"
            raise StoreUnavailableError(message)
        super().begin()


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: where nobody has anything to do, the time of its event loop jumps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            message = "everybody waits and nothing will come"
            raise RuntimeError(message)
        self.skipped += 0.0 if ready else timeout or 0.0
        return ready


class _Hurried(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return super().time() + self._jumping.skipped


def in_no_time(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end without waiting for a single timer; for work that stays in this process and thread."""
    with asyncio.Runner(loop_factory=_Hurried) as runner:
        return runner.run(work)


class World:
    """One loop on a real store with a clock that stands still unless it is moved."""

    def __init__(
        self,
        knowledge: Knowledge,
        learnt: triage.Triage,
        store: Store | None = None,
        crm: TableCrm | None = None,
        channel: Line | None = None,
        endpoint: Endpoint | None = None,
        by_mail: bool = False,
        embeddings: Embeddings | None = None,
        **tables: Any,
    ) -> None:
        self.now = NOW
        self.store = store or Store(InlineWriter(), clock=self.clock)
        self.channel, self.spare, self.mail = channel or Line("memory"), Line("spare"), Post("post")
        self.codes = 0
        given = {"desk": desk.Settings(channel=DESK.channel, room=DESK.room), **tables}
        self.settings = settings.Settings(**given)
        self.loop = Loop(
            Parts(
                store=self.store,
                channels={"memory": self.channel, "spare": self.spare, **({"post": self.mail} if by_mail else {})},
                knowledge=knowledge,
                crm=crm or TableCrm(self.store),
                policy=policy(
                    name=self.settings.assistant.name,
                    desks=desk.desks(self.settings.desk),
                    deadlines=self.settings.deadlines,
                    hours=self.settings.hours,
                ),
                desk=self.settings.desk,
                triggers=self.settings.triggers,
                triage=learnt,
                answer=self.settings.answer,
                clock=self.clock,
                author=self._author(endpoint) if endpoint is not None else None,
                embeddings=embeddings,
                tools=self.settings.tools,
                new_code=self._new_code,
            )
        )
        self._arrivals = 0

    def clock(self) -> datetime:
        return self.now

    def _new_code(self) -> str:
        """100001, 100002, …"""
        self.codes += 1
        return f"{100_000 + self.codes}"

    def _author(self, endpoint: Endpoint) -> Author:
        """Somebody who writes with the model behind an endpoint."""
        model = Model(self.settings.llm, endpoint, clock=self.clock, monotonic=lambda: self.now.timestamp())
        judge, name = self.settings.answer, self.settings.assistant.name
        return Author(model, self.settings.llm, name=name, phrases=phrases.load(), judge=judge)

    def next_id(self) -> str:
        self._arrivals += 1
        return f"in-{self._arrivals}"

    async def receive(self, *events: Message | Action) -> None:
        for event in events:
            await self.loop.receive(event)
        await self.loop.settle()

    async def say(self, text: str, *, who: Person = MARA, **others: Any) -> str:
        """A customer writes in a room of their own; returns the id of the message."""
        address = Address(channel="memory", room=who.id)
        given = {"external_id": self.next_id(), "sender": who, "address": address, "sent_at": self.now, **others}
        event = message(text, **given)
        await self.receive(event)
        return event.external_id

    async def press(self, name: str, value: str = "", *, who: Person = MARA) -> None:
        """A customer presses a button."""
        address = Address(channel="memory", room=MARA.id)
        await self.receive(press(name, value, actor=who, address=address, external_id=self.next_id()))

    async def reply(self, text: str, *, who: Person = ANNA, of: str = "1") -> str:
        """An agent writes in the thread of a card; returns the id of the message."""
        event = message(text, self.next_id(), sender=who, address=await self._thread(of), sent_at=self.now)
        await self.receive(event)
        return event.external_id

    async def act(self, name: str, value: str = "", *, who: Person = ANNA, of: str = "1") -> None:
        """An agent presses a button of a card."""
        address = await self._thread(of)
        await self.receive(press(name, value or of, actor=who, address=address, external_id=self.next_id()))

    async def wait(self, **span: float) -> None:
        """Move the clock; what falls due on the way happens at its own time."""
        arrival = self.now + timedelta(**span)
        while (due := await self.store.next_due()) is not None and due <= arrival:
            self.now = max(self.now, due)
            await self.loop.settle()
        self.now = arrival
        await self.loop.settle()

    async def conversation(self, of: str = "1") -> Conversation:
        found = await self.store.conversation(of)
        assert found is not None
        return found

    async def state(self, of: str = "1") -> State:
        return (await self.conversation(of)).state

    async def events(self, kind: str, of: str = "1") -> list[Event]:
        return [event for event in await self.store.events(of) if event.kind == kind]

    def said(self, room: str = MARA.id) -> list[str]:
        """What was sent to a customer's room, oldest first."""
        return [post.text for post in self.channel.posts if post.address.room == room]

    def desk_posts(self) -> list[Outgoing]:
        return [post for post in self.channel.posts if post.address.room == DESK.room]

    def cards(self) -> list[Outgoing]:
        """The cards that were posted, without those drawn anew."""
        return [post for post in self.desk_posts() if post.card and post.card.fields and not post.replaces]

    def whispered(self) -> list[tuple[str, str]]:
        posts = [post for post in self.channel.posts if post.only_for]
        return [(post.only_for, post.text or (post.card.title if post.card else "")) for post in posts]

    def quoted(self) -> str:
        """All words from outside that the desk was shown."""
        cards = [post.card for post in self.desk_posts() if post.card]
        return "\n".join(quote.text for card in cards for quote in card.quotes)

    async def _thread(self, of: str) -> Address:
        thread = (await self.conversation(of)).desk
        assert thread is not None
        return thread


NewWorld = Callable[..., World]


def files(*names: str) -> tuple[Attachment, ...]:
    return tuple(Attachment(name=name, type="image/png", bytes=10) for name in names)


def write_articles(folder: Path) -> Path:
    for name, text in ARTICLES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


class StumblingStore(Store):
    """A store that is unavailable once, at the call of this name."""

    def __init__(self, at: str) -> None:
        super().__init__(InlineWriter())
        self.at = at
        self.stumbled = asyncio.Event()

    async def commit(self, decision: Decision, *, at: datetime, take: int = 0) -> tuple[Parcel, ...]:
        self._stumble("commit")
        return await super().commit(decision, at=at, take=take)

    async def sent(self, outgoing_id: str, receipt: Receipt, at: datetime, *, take: int = 0) -> Onward:
        self._stumble("sent")
        return await super().sent(outgoing_id, receipt, at, take=take)

    async def take(self, at: datetime, limit: int = 100) -> tuple[Parcel, ...]:
        self._stumble("take")
        return await super().take(at, limit)

    def _stumble(self, call: str) -> None:
        if call == self.at and not self.stumbled.is_set():
            self.stumbled.set()
            message = "nothing could be stored: the disk is full"
            raise StoreUnavailableError(message)


async def handed_over(world: World, text: str = "I want to talk to a human") -> World:
    await world.say(text)
    assert await world.state() is State.QUEUED
    return world


@asynccontextmanager
async def running(world: World) -> AsyncIterator[None]:
    """The loop at work as `warmline run` has it, but for what ticks."""
    async with asyncio.TaskGroup() as group:
        work = group.create_task(world.loop.run())
        await asyncio.sleep(0)
        yield
        await world.loop.finish()
        work.cancel()

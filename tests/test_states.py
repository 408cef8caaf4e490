"""Every invariant of a conversation's states, over interleavings that Hypothesis makes up: real loop, real store."""

from collections.abc import Coroutine
from datetime import datetime, timedelta
from random import Random
from typing import Any, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot import answer, triggers
from bot.conversation import MOVES, OWNER_OF, Conversation, Decision, Kind, Owner, Role, State
from bot.crm.table import TableCrm
from bot.loop import Loop
from bot.parts import Parts
from bot.store import InlineWriter, Parcel, Store
from channels.base import Change, Delivery, DeliveryError, Outgoing, Person, Receipt
from tests.simulation.clockwork import Clockwork
from tests.simulation.faults import Faults, Odds
from tests.simulation.people import AGENTS, WORDS, Agent, Customer, is_card
from tests.simulation.service import NAME, Receive, Service
from tests.simulation.verdict import REPLIES, judge
from tests.simulation.world import BEGIN, DESK_SETTINGS, Run, database, library, policy, types

DEEDS = ("claim", "reply", "resolve", "return", "note", "whispered", "more_time", "suggest", "reopen")
FAILURES = (Delivery.NOT_SENT, Delivery.UNKNOWN, Delivery.REFUSED)
MINUTES = (-60, 1, 2, 11, 65, 60 * 25, 60 * 73)


class Witness(Store):
    """The real store, which also keeps what was committed and what it was decided on."""

    def __init__(self, *args: Any, **others: Any) -> None:
        super().__init__(*args, **others)
        self.committed: list[tuple[Conversation, Decision]] = []

    async def commit(self, decision: Decision, *, at: datetime, take: int = 0) -> tuple[Parcel, ...]:
        before = await self.load(decision.conversation.id)
        parcels = await super().commit(decision, at=at, take=take)
        if before is not None:
            self.committed.append((before.conversation, decision))
        return parcels


class Line:
    """A channel on the remembering service that fails as told, with or without showing the post."""

    def __init__(self, service: Service) -> None:
        self.name = NAME
        self.service = service
        self.failures: list[tuple[Delivery, bool]] = []

    async def listen(self, receive: Receive) -> None:
        """The machine hands in by itself."""

    async def send(self, outgoing: Outgoing) -> Receipt:
        refusable = is_card_or_desk(outgoing)
        if self.failures:
            outcome, shown = self.failures.pop()
            if outcome is Delivery.UNKNOWN and shown:
                self.service.display(outgoing)
            if outcome is not Delivery.REFUSED or refusable:
                raise DeliveryError(outcome, "as told")
        return self.service.display(outgoing)

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        return self.service.displayed(outgoing.id)

    async def close(self) -> None:
        """Nothing to give back."""


def is_card_or_desk(outgoing: Outgoing) -> bool:
    return outgoing.address.room == DESK_SETTINGS.room


class NoAccounts:
    """A customers' table with nobody in it."""

    async def find(self, person: Person, *, channel: str = "") -> None:
        return None


class Conversations(RuleBasedStateMachine):
    """Two customers, two agents, a clock, a channel that fails, and a program that is killed."""

    def __init__(self) -> None:
        super().__init__()
        self.clockwork = Clockwork()
        self.at = BEGIN
        self.faults = Faults(Random(0), Odds(crash=0.0), calm=True)
        self.service = Service(self.faults, lambda: BEGIN + timedelta(seconds=len(self.service.posts)))
        self.connection = database()
        self.run = Run(seed=0, faults=self.faults, service=self.service, connection=self.connection)
        self.line = Line(self.service)
        self.random = Random(0)
        self.customers = [Customer(f"c{n}", self.service, self.random) for n in range(2)]
        self.agents = [Agent(person, self.service, self.random) for person in AGENTS]
        self.seen: list[tuple[Conversation, Decision]] = []
        self._start()

    @rule(who=st.integers(0, 1), text=st.sampled_from(WORDS))
    def customer_writes(self, who: int, text: str) -> None:
        self.customers[who].say(text)
        self._hand_in()

    @rule(who=st.integers(0, 1), which=st.integers(0, 5), change=st.sampled_from((Change.EDITED, Change.DELETED)))
    def customer_changes_words(self, who: int, which: int, change: Change) -> None:
        said = self.customers[who].said
        if said:
            self.customers[who].change(said[which % len(said)], change, "I want to talk to a human please")
            self._hand_in()

    @rule(who=st.integers(0, 1), which=st.integers(0, 5))
    def customer_presses(self, who: int, which: int) -> None:
        posts = self.service.at(self.customers[who].address)
        buttons = [button for post in posts for button in post.outgoing.buttons]
        if buttons:
            button = buttons[which % len(buttons)]
            self.customers[who].press(button.name, button.value)
            self._hand_in()

    @rule(who=st.integers(0, 1), deed=st.sampled_from(DEEDS), which=st.integers(0, 3))
    def agent_acts(self, who: int, deed: str, which: int) -> None:
        cards = [post for post in self.service.posts if is_card(post)]
        if cards:
            self.agents[who].act(cards[which % len(cards)], deed)
            self._hand_in()

    @rule(which=st.integers(0, 30))
    def something_is_delivered_again(self, which: int) -> None:
        letters = [letter for room in self.service.written.values() for letter in room]
        if letters:
            self._do(self.loop.receive(letters[which % len(letters)].event))

    @rule(minutes=st.sampled_from(MINUTES))
    def time_passes(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)
        self._do(self.store.lapse(self.at))

    @rule(outcome=st.sampled_from(FAILURES), shown=st.booleans())
    def next_send_fails(self, outcome: Delivery, shown: bool) -> None:
        self.line.failures.append((outcome, shown))

    @rule()
    def loop_decides_once(self) -> None:
        for conversation in self._do(self.store.pending())[:1]:
            self._do(self.loop.advance(conversation))

    @rule()
    def loop_works(self) -> None:
        self._do(self.loop.settle())

    @rule(shown=st.integers(0, 3))
    def program_dies_while_it_sends(self, shown: int) -> None:
        self._do(self.store.take(self.at))
        under_way = "select conversation from outbox where state = 'sending' order by n"
        for number in dict.fromkeys(row[0] for row in self.connection.execute(under_way)):
            for posting in self._do(self.store.outbox(str(number)))[:shown]:
                if posting.state == "sending" and self.service.displayed(posting.outgoing.id) is None:
                    self.service.display(posting.outgoing)
        self._start()

    @rule()
    def program_dies(self) -> None:
        self._start()

    @invariant()
    def owner_follows_the_state(self) -> None:
        for conversation in self._conversations():
            assert conversation.owner is OWNER_OF[conversation.state]
            assert (conversation.agent is not None) == (conversation.state is State.WITH_AGENT)

    @invariant()
    def nobody_waits_for_ever(self) -> None:
        for conversation in self._conversations():
            waiting = self._count("select count(*) from timers where conversation = ?", conversation.id)
            pending = self._count("select count(*) from inbox where done = 0 and conversation = ?", conversation.id)
            assert waiting or pending or conversation.state in (State.RESOLVED, State.IGNORED)

    @invariant()
    def every_move_is_an_event_and_legal(self) -> None:
        for conversation in self._conversations():
            state = State.NEW
            for event in self._do(self.store.events(conversation.id)):
                if event.kind == "moved":
                    assert event.facts["from"] == state
                    to = State(str(event.facts["to"]))
                    assert to in MOVES[state]
                    assert event.facts["owner"] == OWNER_OF[to]
                    assert event.facts["why"]
                    assert event.by
                    state = to
            assert state is conversation.state

    @invariant()
    def decisions_keep_the_rules(self) -> None:
        for before, decision in self._fresh():
            assistant_had_it = before.owner in (Owner.ASSISTANT, Owner.NONE)
            for turn in decision.turns:
                if turn.role is Role.ASSISTANT and turn.kind in REPLIES - {Kind.CLOSING, Kind.IDENTITY}:
                    assert assistant_had_it, f"{turn.kind} while {before.owner} has it"
                if turn.kind is Kind.HANDOFF:
                    assert any("-card" in send.outgoing.id for send in decision.sends), "a person is promised, no card"
                if turn.role is Role.AGENT:
                    owner = before.agent or decision.conversation.agent
                    assert owner is not None
                    assert turn.author == owner.name
            if decision.conversation.state is State.QUEUED and before.state is State.ESCALATING:
                assert decision.conversation.card_id, "queued without a receipt"

    @invariant()
    def notes_and_strangers_words_stay_inside(self) -> None:
        for conversation in self._conversations():
            shown = {post.outgoing.text for post in self.service.at(conversation.address) if post.outgoing.author}
            notes = {turn.text for turn in conversation.turns if turn.role is Role.NOTE and not turn.deleted}
            spoken = {turn.text for turn in conversation.turns if turn.role is Role.AGENT}
            assert not notes & shown
            assert shown <= spoken

    @precondition(lambda self: self.service.posts)
    @invariant()
    def nothing_is_displayed_twice(self) -> None:
        names = [post.outgoing.id for post in self.service.posts]
        assert len(names) == len(set(names))

    def teardown(self) -> None:
        """All heals, time runs on: nothing may be lost, answered twice or out of order."""
        self.line.failures.clear()
        for _ in range(4):
            for table in ("outbox where ended_at is null", "timers"):
                self._do(self.loop.settle())
                due = self.connection.execute(f"select min(due) from {table}").fetchone()[0]  # noqa: S608 # ours
                self.at = max(self.at, datetime.fromisoformat(due)) if due else self.at
        self._do(self.loop.settle())
        left = self._count("select count(*) from inbox where done = 0 and id > ?", "0")
        left += self._count("select count(*) from outbox where ended_at is null and n > ?", "0")
        found = list(judge(self.run).lines())
        self.clockwork.close()
        self.connection.close()
        assert not left
        assert not found

    def _start(self) -> None:
        """A new process on the same data; the old one's memory is gone."""
        self.store = Witness(InlineWriter(self.connection), clock=self._now)
        self.loop = Loop(
            Parts(
                store=self.store,
                channels={NAME: self.line},
                knowledge=library(),
                crm=cast(TableCrm, NoAccounts()),
                policy=policy(),
                desk=DESK_SETTINGS,
                triggers=triggers.Settings(),
                triage=types(),
                answer=answer.Settings(),
                clock=self._now,
            )
        )
        self._do(self.store.recover(self.at))

    def _now(self) -> datetime:
        return self.at

    def _hand_in(self) -> None:
        for letter in self.service.unacknowledged():
            self._do(self.loop.receive(letter.event))
            letter.acknowledged = True

    def _fresh(self) -> list[tuple[Conversation, Decision]]:
        fresh, self.store.committed = self.store.committed, []
        return fresh

    def _conversations(self) -> list[Conversation]:
        ids = [str(row[0]) for row in self.connection.execute("select id from conversations").fetchall()]
        found = (self._do(self.store.conversation(name)) for name in ids)
        return [one for one in found if one is not None]

    def _count(self, query: str, value: str) -> int:
        return int(self.connection.execute(query, (value,)).fetchone()[0])

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.clockwork.run_until_complete(work)


Conversations.TestCase.settings = settings(
    derandomize=True,
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestConversations = Conversations.TestCase

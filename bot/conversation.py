"""One conversation and what is known of it: its states, its legal moves, its turns. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from channels.base import Action, Address, Attachment, Card, Message, Outgoing, Person

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Owner(StrEnum):
    """Who speaks next to the customer. Exactly one at any time."""

    ASSISTANT = "assistant"
    QUEUE = "queue"
    AGENT = "agent"
    NONE = "none"


class State(StrEnum):
    """Where a conversation stands."""

    NEW = "new"
    ANSWERING = "answering"
    AWAITING_CUSTOMER = "awaiting_customer"
    ESCALATING = "escalating"
    QUEUED = "queued"
    WITH_AGENT = "with_agent"
    RESOLVED = "resolved"
    IGNORED = "ignored"


class Outcome(StrEnum):
    """How an episode ended. Confirmed and assumed are never added up."""

    CONFIRMED = "confirmed"
    ASSUMED = "assumed"
    ABANDONED = "abandoned"
    BY_AGENT = "by_agent"


class Role(StrEnum):
    """Whose turn it was. A note is an agent's, seen by agents only."""

    CUSTOMER = "customer"
    ASSISTANT = "assistant"
    AGENT = "agent"
    NOTE = "note"


class Kind(StrEnum):
    """What a turn does in the exchange."""

    MESSAGE = "message"  # a customer's or an agent's words
    ANSWER = "answer"  # grounded, with sources
    UNSURE = "unsure"  # the nearest page, a person offered
    OFFER = "offer"  # nothing found: asked to put it differently, a person offered
    IDENTITY = "identity"  # yes, I am an AI
    GREETING = "greeting"
    CLOSING = "closing"
    HANDOFF = "handoff"  # a person was called
    UPDATE = "update"  # an honest word while waiting
    CHECK = "check"  # about a one-time code


class Trigger(StrEnum):
    """The hard rules that call a human; the order is the order in which they are checked."""

    ASKS_FOR_HUMAN = "asks_for_human"
    HIGH_STAKES = "high_stakes"
    FRUSTRATION = "frustration"
    TOO_MANY_TURNS = "too_many_turns"
    CANNOT_RESOLVE = "cannot_resolve"
    BOT_FAILED = "bot_failed"


OWNER_OF: Mapping[State, Owner] = {
    State.NEW: Owner.ASSISTANT,
    State.ANSWERING: Owner.ASSISTANT,
    State.AWAITING_CUSTOMER: Owner.ASSISTANT,
    State.ESCALATING: Owner.QUEUE,
    State.QUEUED: Owner.QUEUE,
    State.WITH_AGENT: Owner.AGENT,
    State.RESOLVED: Owner.NONE,
    State.IGNORED: Owner.NONE,
}

MOVES: Mapping[State, frozenset[State]] = {
    State.NEW: frozenset({State.ANSWERING, State.IGNORED, State.ESCALATING, State.WITH_AGENT}),
    State.ANSWERING: frozenset({State.AWAITING_CUSTOMER, State.ESCALATING, State.RESOLVED, State.WITH_AGENT}),
    State.AWAITING_CUSTOMER: frozenset({State.ANSWERING, State.ESCALATING, State.RESOLVED, State.WITH_AGENT}),
    State.ESCALATING: frozenset({State.QUEUED, State.WITH_AGENT, State.RESOLVED}),
    State.QUEUED: frozenset({State.WITH_AGENT, State.ANSWERING, State.AWAITING_CUSTOMER, State.RESOLVED}),
    State.WITH_AGENT: frozenset(
        {State.WITH_AGENT, State.QUEUED, State.ANSWERING, State.AWAITING_CUSTOMER, State.RESOLVED}
    ),
    State.RESOLVED: frozenset({State.ANSWERING, State.ESCALATING, State.WITH_AGENT}),
    State.IGNORED: frozenset({State.ANSWERING}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a statement comes from: the article's path inside the knowledge folder, and its heading."""

    article: str
    heading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of an article, about 200 words; `score` is higher for better, comparable within one search only."""

    article: str
    heading: str
    text: str
    score: float
    title: str = ""
    updated_at: datetime | None = None
    internal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at an answer. `reply` is None when nothing may be asserted; `confidence` runs from 0.0 to 1.0.

    `missed` are those questions of the message that the reply leaves open.
    """

    passages: tuple[Passage, ...]
    reply: str | None
    grounded: bool
    confidence: float
    unsure: bool = False
    sources: tuple[Source, ...] = ()
    why_not: str = ""
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A trigger that fired, with the customer's own words or the count that fired it."""

    trigger: Trigger
    evidence: str
    category: str = ""  # of high_stakes: billing_dispute, fraud, account_security, ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the CRM knows of the customer; `fields` are name and value, in the order to show them."""

    id: str
    name: str
    email: str | None
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of the exchange. `external_id` is the service's, for edits; empty for our own."""

    role: Role
    kind: Kind
    text: str
    at: datetime
    episode: int = 1
    author: str = ""
    external_id: str = ""
    sources: tuple[Source, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    deleted: bool = False
    cited: bool = False


class Step(StrEnum):
    """How far a customer is who may prove by a code who they are."""

    OFFERED = "offered"
    ADDRESS = "address"  # they are to name the e-mail address of their account
    CODE = "code"  # they are to bring the code


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A one-time code in the making: for which question of which matter, and once it is sent whom it proves, how long.

    `customer` is empty where the address that was named belongs to nobody: then no code is ever right. `digest` is all
    that is kept of the code; `tries` counts the wrong ones.
    """

    step: Step
    question: str
    issue_type: str = ""
    customer: str = ""
    digest: str = ""
    until: datetime | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One customer's exchange at one address. `version` grows with everything that is stored of it.

    `since` is when it came into its state. `pings` counts the reminders given in it. `brief` is the card as it was
    first shown to the desk, `desk` the thread where it stands, `card_id` the service's id of that post. `relayed` names
    the agents' newest messages that reached the customer, each with the service's id of the post that carries it.
    """

    id: str
    address: Address
    customer: Person
    created_at: datetime
    since: datetime
    owner: Owner = Owner.ASSISTANT
    state: State = State.NEW
    agent: Person | None = None
    episode: int = 1
    version: int = 0
    subject: str = ""
    language: str = "en"
    issue_type: str | None = None
    outcome: Outcome | None = None
    escalation: Escalation | None = None
    desk: Address | None = None
    card_id: str = ""
    brief: Card | None = None
    pings: int = 0
    asks_rating: bool = False
    relayed: tuple[tuple[str, str], ...] = ()
    proof: Proof | None = None
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, appended and never changed. Reports are made from these alone.

    `by` is customer, assistant, system or agent:<id>; `facts` is JSON. Every move has the kind `moved` with
    from, to, owner and why among its facts.
    """

    kind: str
    at: datetime
    by: str
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When something must have happened, else the loop acts. `kind` says what: see `bot/deadlines.py`."""

    kind: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A question that the knowledge folder could not answer."""

    question: str
    confidence: float
    nearest: str = ""  # the article that came closest
    issue_type: str | None = None


class Side(StrEnum):
    """Where an arrival comes from."""

    CUSTOMER = "customer"
    DESK = "desk"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """A deadline that passed. It may be out of date by the time it is read: check before acting on it."""

    kind: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What we sent has arrived: the outbox row's id and the service's id of the post, and what it carried."""

    outgoing_id: str
    receipt_id: str
    carries: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """What we sent will never arrive, and why."""

    outgoing_id: str
    reason: str
    carries: str = ""


Arrival: TypeAlias = Message | Action | Lapse | Sent | Undelivered


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An arrival that is stored and not yet decided. `crashes` counts the starts that found it still undecided."""

    id: int
    side: Side
    arrival: Arrival
    crashes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A conversation and what waits in it, oldest first."""

    conversation: Conversation
    pending: tuple[Pending, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Something to send; with `report` its receipt comes back as a `Sent`. A refusal always comes back."""

    outgoing: Outgoing
    report: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSent:
    """A code was sent: counted under each of these keys, of which none may have more than `most` in a day."""

    keys: tuple[str, ...]
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Somebody on a channel has shown that they are this customer; it counts until a time."""

    channel: str
    person: str
    customer: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """All that one transaction commits: refused when the conversation's version moved since `conversation` was loaded.

    `conversation` is how it stands afterwards, with the version it was loaded at; `turns` are appended, `revised` take
    the place of the customer's turns with the same external id; `deadlines` replace all that were set; `handled` are
    the ids of the pending arrivals that are done with it.
    """

    conversation: Conversation
    handled: tuple[int, ...] = ()
    turns: tuple[Turn, ...] = ()
    revised: tuple[Turn, ...] = ()
    events: tuple[Event, ...] = ()
    sends: tuple[Send, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    gaps: tuple[Gap, ...] = ()
    codes: tuple[CodeSent, ...] = ()
    proven: tuple[Proven, ...] = ()


class IllegalMoveError(Exception):
    """A move that `MOVES` does not allow: a mistake in the code that asked for it."""


def moved(
    conversation: Conversation, to: State, *, at: datetime, by: str, why: str, agent: Person | None = None
) -> tuple[Conversation, Event]:
    """Move to a state; its owner follows from it. Raises IllegalMoveError."""
    if to not in MOVES[conversation.state]:
        message = f"no move from {conversation.state} to {to} (conversation {conversation.id})"
        raise IllegalMoveError(message)
    if (to is State.WITH_AGENT) != (agent is not None):
        message = f"{to} needs {'an' if to is State.WITH_AGENT else 'no'} agent (conversation {conversation.id})"
        raise IllegalMoveError(message)
    event = Event(
        kind="moved",
        at=at,
        by=by,
        facts={"from": str(conversation.state), "to": str(to), "owner": str(OWNER_OF[to]), "why": why},
    )
    return replace(conversation, state=to, owner=OWNER_OF[to], agent=agent, since=at, pings=0), event

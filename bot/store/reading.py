"""What people and reports read: conversations, their events, what was sent, what the knowledge did not hold."""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from bot.conversation import Conversation, Event, Gap, Role, State
from bot.store import snapshots
from bot.store.records import from_json, number, to_conversation, to_event, to_text, to_time
from channels.base import Outgoing

ALL_TURNS = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A conversation without its turns, and the first line that the customer wrote."""

    conversation: Conversation
    first_line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Something that left or is to leave. `state` is pending, sending, unsure, sent, failed or cancelled."""

    outgoing: Outgoing
    state: str
    attempts: int
    receipt: str
    reason: str
    at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event and the conversation it happened in; ids grow in the order of storing."""

    id: int
    conversation: str
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGap:
    """A gap, the conversation that found it, and when."""

    conversation: str
    at: datetime
    gap: Gap


def conversations(db: Database, limit: int, state: State | None) -> tuple[Summary, ...]:
    """Return the newest conversations first, of one state or of all."""
    rows = db.execute(
        "select *, (select text from turns where conversation = conversations.id and role = ? order by id limit 1)"
        " as first from conversations where ? in ('', state) order by id desc limit ?",
        (str(Role.CUSTOMER), str(state or ""), limit),
    )
    return tuple(Summary(conversation=to_conversation(row), first_line=_line(row["first"])) for row in rows)


def conversation(db: Database, conversation: str) -> Conversation | None:
    """Return a conversation with all its turns."""
    return snapshots.read(db, conversation, turns=ALL_TURNS)


def events(db: Database, conversation: str) -> tuple[Event, ...]:
    """Return what happened in a conversation, oldest first."""
    rows = db.execute("select * from events where conversation = ? order by id", (number(conversation),))
    return tuple(to_event(row) for row in rows)


def events_after(db: Database, after: int, since: datetime, limit: int) -> tuple[StoredEvent, ...]:
    """Return what happened from a time on, beyond an event's id, in the order of storing."""
    rows = db.execute(
        "select * from events where id > ? and at >= ? order by id limit ?", (after, to_text(since), limit)
    )
    return tuple(StoredEvent(id=row["id"], conversation=str(row["conversation"]), event=to_event(row)) for row in rows)


def outbox(db: Database, conversation: str) -> tuple[Posting, ...]:
    """Return what a conversation sent or will send, oldest first."""
    rows = db.execute("select * from outbox where conversation = ? order by n", (number(conversation),))
    return tuple(
        Posting(
            outgoing=from_json(Outgoing, row["body"]),
            state=row["state"],
            attempts=row["attempts"],
            receipt=row["receipt"],
            reason=row["reason"],
            at=to_time(row["at"]),
            ended_at=to_time(row["ended_at"]) if row["ended_at"] else None,
        )
        for row in rows
    )


def gaps(db: Database, since: datetime) -> tuple[StoredGap, ...]:
    """Return what the knowledge could not answer from a time on, oldest first."""
    rows = db.execute("select * from gaps where at >= ? order by id", (to_text(since),))
    return tuple(
        StoredGap(
            conversation=str(row["conversation"]),
            at=to_time(row["at"]),
            gap=Gap(
                question=row["question"],
                confidence=row["confidence"],
                nearest=row["nearest"],
                issue_type=row["issue_type"],
            ),
        )
        for row in rows
    )


def _line(text: str | None) -> str:
    lines = (text or "").strip().splitlines()
    return lines[0] if lines else ""

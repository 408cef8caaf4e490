"""What arrives: stored once, in order, and given to its conversation."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlite_utils import Database

from bot.conversation import Arrival, Conversation, Lapse, Side
from bot.store import keeping, snapshots
from bot.store.records import (
    Accepted,
    arrival_name,
    as_stored,
    clean,
    from_address,
    from_conversation,
    number,
    to_json,
    to_text,
    to_time,
)
from bot.store.snapshots import Recent
from channels.base import Action, Address, Change, Message

ANSWER = "answer"


def accept(
    db: Database,
    event: Message | Action,
    recent: Recent,
    *,
    side: Side,
    at: datetime,
    answer_by: datetime,
    conversation: str | None,
) -> Accepted:
    """Store an event at its first delivery; any later delivery changes nothing. Raises ValueError without an id."""
    if not event.external_id:
        message = f"an event from {event.address} has no id: a second delivery could not be told from a second event"
        raise ValueError(message)
    if isinstance(event, Message) and event.bookmark is not None:
        keeping.keep(db, event.address.channel, event.bookmark)
    if side is Side.DESK:
        belongs = _existing(db, conversation) or _at_desk(db, event.address)
    else:
        belongs = _at_address(db, event.address)
    if belongs is None:
        known = _known(db, event)
        if known is not None:
            return known
        if side is Side.CUSTOMER:
            belongs = _begin(db, event, at, recent)
    arrival, body = _store_event(db, event, side=side, conversation=belongs, at=at)
    if arrival is None:
        return _known(db, event) or Accepted(conversation=None, new=False)
    if belongs is None:
        return Accepted(conversation=None, new=True)
    row = _touch(db, belongs)
    if side is not Side.CUSTOMER:
        return Accepted(conversation=str(belongs), new=True)
    db.execute(
        "insert into timers (conversation, kind, due) select ?, ?, ?"
        " where not exists (select 1 from timers where conversation = ? and kind = ?)",
        (belongs, ANSWER, to_text(answer_by), belongs, ANSWER),
    )
    snapshot = snapshots.of_row(db, row, recent, {arrival: as_stored(event, body)})
    return Accepted(conversation=str(belongs), new=True, snapshot=snapshot)


def _store_event(
    db: Database, event: Message | Action, *, side: Side, conversation: int | None, at: datetime
) -> tuple[int | None, str]:
    """Write an event from a channel; return its id, None where it is known, and its JSON."""
    body = to_json(event)
    arrival = _insert(
        db,
        event,
        body,
        channel=clean(event.address.channel),
        external_id=clean(event.external_id),
        side=side,
        conversation=conversation,
        at=at,
        person=event.sender.id if isinstance(event, Message) else event.actor.id,
    )
    return arrival, body


def _insert(
    db: Database,
    arrival: Arrival,
    body: str,
    *,
    channel: str,
    external_id: str,
    side: Side,
    conversation: int | None,
    at: datetime,
    person: str = "",
) -> int | None:
    """Write one arrival, pending if it has a conversation; return its id. A known one changes nothing: None."""
    row = (
        channel,
        external_id,
        conversation,
        str(side),
        arrival_name(arrival),
        clean(person),
        clean(arrival.address.thread) if isinstance(arrival, Message | Action) else "",
        body,
        to_text(at),
        int(conversation is None),
    )
    written = db.execute(
        "insert into inbox (channel, external_id, conversation, side, kind, person, thread, body, at, done)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (channel, external_id) do nothing",
        row,
    )
    return written.lastrowid if written.rowcount else None


def _touch(db: Database, conversation: int) -> Mapping[str, Any]:
    """Let a conversation's version grow: something waits in it that was not there when anybody loaded it."""
    row: Mapping[str, Any] = db.execute(
        "update conversations set version = version + 1 where id = ? returning *", (conversation,)
    ).fetchone()
    return row


def pending(db: Database, limit: int) -> tuple[str, ...]:
    """Return the conversations with undecided arrivals, the one that waits longest first."""
    rows = db.execute(
        "select conversation, min(id) as first from inbox where done = 0 group by conversation order by first limit ?",
        (limit,),
    )
    return tuple(str(row["conversation"]) for row in rows)


def lapse(db: Database, at: datetime, limit: int) -> tuple[str, ...]:
    """Turn each deadline that is due into a pending arrival, once; return their conversations, each once."""
    rows = db.execute(
        "delete from timers where id in (select id from timers where due <= ? order by due, id limit ?)"
        " returning id, conversation, kind, due",
        (to_text(at), limit),
    ).fetchall()
    for row in sorted(rows, key=lambda row: (row["due"], row["id"])):
        arrival = Lapse(kind=row["kind"], due=to_time(row["due"]))
        system(db, arrival, key=f"lapse:{row['id']}", conversation=row["conversation"], at=at)
    return tuple(dict.fromkeys(str(row["conversation"]) for row in rows))


def system(db: Database, arrival: Arrival, *, key: str, conversation: int, at: datetime) -> None:
    """Store an arrival of our own making; the same key twice is one arrival."""
    body = to_json(arrival)
    side = Side.SYSTEM
    if _insert(db, arrival, body, channel="", external_id=key, side=side, conversation=conversation, at=at):
        _touch(db, conversation)


def adopt(db: Database, conversation: int, thread: Address) -> None:
    """Give a conversation what agents said below its card before the receipt told us that this is its thread."""
    channel, room, own = from_address(thread)
    adopted = db.execute(
        "update inbox set conversation = ?, done = 0 where conversation is null and side = 'desk' and channel = ?"
        " and thread = ? and json_extract(body, '$.address.room') = ?",
        (conversation, channel, own, room),
    ).rowcount
    if adopted:
        db.execute("update conversations set version = version + 1 where id = ?", (conversation,))


def _known(db: Database, event: Message | Action) -> Accepted | None:
    """Return what became of an earlier delivery, None where this is the first."""
    row = db.execute(
        "select conversation from inbox where channel = ? and external_id = ?",
        (clean(event.address.channel), clean(event.external_id)),
    ).fetchone()
    return None if row is None else Accepted(conversation=None if row[0] is None else str(row[0]), new=False)


def _existing(db: Database, conversation: str | None) -> int | None:
    row = db.execute("select id from conversations where id = ?", (number(conversation or ""),)).fetchone()
    return None if row is None else int(row["id"])


def _at_desk(db: Database, address: Address) -> int | None:
    row = (
        db.execute(
            "select id from conversations where desk_channel = ? and desk_room = ? and desk_thread = ?"
            " order by id desc limit 1",
            from_address(address),
        ).fetchone()
        or db.execute(  # below an older card, or one that another was quicker than
            "select conversation as id from outbox where channel = ? and room = ? and receipt = ? and receipt <> ''"
            " order by n desc limit 1",
            from_address(address),
        ).fetchone()
    )
    return None if row is None else int(row["id"])


def _at_address(db: Database, address: Address) -> int | None:
    row = db.execute(
        "select id from conversations where channel = ? and room = ? and thread = ?", from_address(address)
    ).fetchone()
    return None if row is None else int(row["id"])


def _begin(db: Database, event: Message | Action, at: datetime, recent: Recent) -> int | None:
    """Begin a conversation; only a new message does that, an edit or a button press of something unknown does not."""
    if not isinstance(event, Message) or event.change is not Change.NEW:
        return None
    channel, room, thread = from_address(event.address)
    first = Conversation(
        id="", address=event.address, customer=event.sender, created_at=at, since=at, subject=event.subject
    )
    columns = from_conversation(first)
    row = {**columns, "created_at": to_text(at), "channel": channel, "room": room, "thread": thread}
    begun = db.execute(
        "insert into conversations (channel, room, thread, person, email, state, version, created_at, body)"
        " values (:channel, :room, :thread, :person, :email, :state, 0, :created_at, :body)",
        row,
    ).lastrowid
    if begun is not None:
        recent.drop(begun)  # a number that was given away and rolled back is given away again
        if "\ufffd" not in columns["body"] and at.tzinfo is UTC:
            recent.keep(begun, 0, replace(first, id=str(begun)))
    return begun

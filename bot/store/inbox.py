"""What arrives: stored once, in order, and given to its conversation."""

from datetime import datetime

from sqlite_utils import Database

from bot.conversation import Arrival, Conversation, Lapse, Pending, Side
from bot.store import keeping
from bot.store.records import (
    ARRIVALS,
    Accepted,
    arrival_name,
    clean,
    from_address,
    from_conversation,
    from_json,
    to_json,
    to_text,
    to_time,
)
from channels.base import Action, Address, Change, Message

ANSWER = "answer"


def accept(
    db: Database, event: Message | Action, *, side: Side, at: datetime, answer_by: datetime, conversation: str | None
) -> Accepted:
    """Store an event at its first delivery; any later delivery changes nothing. Raises ValueError without an id."""
    if not event.external_id:
        message = f"an event from {event.address} has no id: a second delivery could not be told from a second event"
        raise ValueError(message)
    known = db.execute(
        "select conversation from inbox where channel = ? and external_id = ?",
        (clean(event.address.channel), clean(event.external_id)),
    ).fetchone()
    if known is not None:
        if isinstance(event, Message) and event.bookmark is not None:
            keeping.keep(db, event.address.channel, event.bookmark)
        return Accepted(conversation=_name(known[0]), new=False)
    if side is Side.DESK:
        belongs = _existing(db, conversation) or _at_desk(db, event.address)
    else:
        belongs = _at_address(db, event.address) or _begin(db, event, at)
    if isinstance(event, Message) and event.bookmark is not None:
        keeping.keep(db, event.address.channel, event.bookmark)
    person = event.sender if isinstance(event, Message) else event.actor
    store(
        db,
        event,
        channel=clean(event.address.channel),
        external_id=clean(event.external_id),
        side=side,
        conversation=belongs,
        at=at,
        person=person.id,
    )
    if belongs is not None and side is Side.CUSTOMER:
        db.execute(
            "insert into timers (conversation, kind, due) select ?, ?, ?"
            " where not exists (select 1 from timers where conversation = ? and kind = ?)",
            (belongs, ANSWER, to_text(answer_by), belongs, ANSWER),
        )
    return Accepted(conversation=_name(belongs), new=True)


def store(
    db: Database,
    arrival: Arrival,
    *,
    channel: str,
    external_id: str,
    side: Side,
    conversation: int | None,
    at: datetime,
    person: str = "",
) -> None:
    """Write one arrival, pending if it has a conversation, whose version then grows. Known ones change nothing."""
    row = (
        channel,
        external_id,
        conversation,
        str(side),
        arrival_name(arrival),
        clean(person),
        clean(arrival.address.thread) if isinstance(arrival, Message | Action) else "",
        to_json(arrival),
        to_text(at),
        int(conversation is None),
    )
    written = db.execute(
        "insert into inbox (channel, external_id, conversation, side, kind, person, thread, body, at, done)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (channel, external_id) do nothing",
        row,
    ).rowcount
    if written and conversation is not None:
        db.execute("update conversations set version = version + 1 where id = ?", (conversation,))


def waiting(db: Database, conversation: int) -> tuple[Pending, ...]:
    """Return the arrivals of a conversation that nobody has decided on, oldest first."""
    rows = db.execute(
        "select id, side, kind, body, crashes from inbox indexed by inbox_pending"
        " where conversation = ? and done = 0 order by id",
        (conversation,),
    )
    return tuple(
        Pending(
            id=row["id"],
            side=Side(row["side"]),
            arrival=from_json(ARRIVALS[row["kind"]], row["body"]),
            crashes=row["crashes"],
        )
        for row in rows
    )


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
    store(db, arrival, channel="", external_id=key, side=Side.SYSTEM, conversation=conversation, at=at)


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


def number(conversation: str) -> int:
    """Return the row of a conversation's id; 0, which no row has, for what is no id (a forged button's value)."""
    return int(conversation) if conversation.isascii() and conversation.isdigit() and len(conversation) < 19 else 0


def _name(conversation: int | None) -> str | None:
    return None if conversation is None else str(conversation)


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


def _begin(db: Database, event: Message | Action, at: datetime) -> int | None:
    """Begin a conversation; only a new message does that, an edit or a button press of something unknown does not."""
    if not isinstance(event, Message) or event.change is not Change.NEW:
        return None
    channel, room, thread = from_address(event.address)
    first = Conversation(
        id="", address=event.address, customer=event.sender, created_at=at, since=at, subject=event.subject
    )
    row = {
        **from_conversation(first),
        "created_at": to_text(at),
        "channel": channel,
        "room": room,
        "thread": thread,
    }
    return db.execute(
        "insert into conversations (channel, room, thread, person, email, state, version, created_at, body)"
        " values (:channel, :room, :thread, :person, :email, :state, 0, :created_at, :body)",
        row,
    ).lastrowid

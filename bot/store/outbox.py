"""What leaves: each line in order, one at a time, and never a second time without asking."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlite_utils import Database

from bot.conversation import Send, Sent, Undelivered
from bot.store.inbox import adopt, system
from bot.store.records import Onward, Parcel, as_stored, clean, from_address, from_json, to_json, to_text, to_time
from channels.base import Address, Outgoing, Receipt

# Without its index named, SQLite reads all that was ever sent, because that is in the order wanted.
_FIRST = """ended_at is null and not exists (
        select 1 from outbox as earlier
        where earlier.conversation = head.conversation and earlier.channel = head.channel
        and earlier.room = head.room and earlier.thread = head.thread
        and earlier.n < head.n and earlier.ended_at is null
    )"""
_HEADS = f"""
    select n, conversation, body, state, attempts from outbox as head indexed by outbox_due
    where state <> 'sending' and due <= ? and {_FIRST} order by n limit ?
"""  # noqa: S608 - our own words
_NEXT_DUE = f"""
    select min(due) from (
        select min(due) as due from timers
        union all select min(due) from outbox as head where state <> 'sending' and {_FIRST}
    )
"""  # noqa: S608 - our own words
_PUT = """
    insert into outbox (id, conversation, channel, room, thread, body, report, at, state)
    values (?, ?, ?, ?, ?, ?, ?, ?, case when ? and not exists (
        select 1 from outbox where conversation = ? and channel = ? and room = ? and thread = ? and ended_at is null
    ) then 'sending' else 'pending' end) returning state
"""
CONFIDENTIAL = '"secret":true'  # in the body; in somebody's words the quotes would be escaped
_NEXT = """
    select n, conversation, body, state, attempts, due from outbox indexed by outbox_line
    where conversation = ? and channel = ? and room = ? and thread = ? and ended_at is null order by n limit 1
"""


def take(db: Database, at: datetime, limit: int) -> tuple[Parcel, ...]:
    """Return what is to be sent now, oldest first: the heads of their lines that are due; they are under way then."""
    heads = db.execute(_HEADS, (to_text(at), limit)).fetchall()
    db.conn.executemany("update outbox set state = 'sending' where n = ?", [(head["n"],) for head in heads])
    return tuple(_to_parcel(head) for head in heads)


def put(db: Database, conversation: int, sends: Sequence[Send], at: datetime, take: int) -> tuple[Parcel, ...]:
    """Write what is to leave, in its order; return at most `take` of it, under way then: those whose line is free."""
    parcels: list[Parcel] = []
    for send in sends:
        parcels += _put(db, conversation, send, at, taken=len(parcels) < take)
    return tuple(parcels)


def sent(db: Database, outgoing_id: str, receipt: Receipt, at: datetime, take: int) -> Onward:
    """Mark as sent; the conversation is told when the receipt was wanted there."""
    row = db.execute(
        "update outbox set state = 'sent', receipt = ?, reason = '', ended_at = ? where id = ? and ended_at is null"
        " returning n, conversation, channel, room, thread, report, case when report then body end as body,"
        " instr(body, ?) as secret",
        (clean(receipt.id), to_text(at), clean(outgoing_id), CONFIDENTIAL),
    ).fetchone()
    if row is None:
        return Onward(conversation=_told_before(db, outgoing_id, "and report"))
    _drop_secret(db, row)
    if row["report"]:
        adopt(db, row["conversation"], Address(channel=row["channel"], room=row["room"], thread=receipt.id))
        carries = from_json(Outgoing, row["body"]).carries
        arrival = Sent(outgoing_id=outgoing_id, receipt_id=receipt.id, carries=carries)
        system(db, arrival, key=f"sent:{row['n']}", conversation=row["conversation"], at=at)
    told = str(row["conversation"]) if row["report"] else None
    return Onward(conversation=told, parcels=_next(db, row, at, take))


def postpone(db: Database, outgoing_id: str, *, due: datetime, state: str, reason: str) -> None:
    """Put back to the head of its line, to be tried again from `due` on."""
    db.execute(
        "update outbox set state = ?, due = ?, reason = ?, attempts = attempts + 1 where id = ? and ended_at is null",
        (state, to_text(due), clean(reason), clean(outgoing_id)),
    )


def refuse(db: Database, outgoing_id: str, reason: str, at: datetime, take: int) -> Onward:
    """Mark as never to arrive; the conversation is told, unless it is forgotten."""
    row = db.execute(
        "update outbox set state = 'failed', reason = ?, attempts = attempts + 1, ended_at = ? where id = ?"
        " and ended_at is null returning n, conversation, channel, room, thread, body, instr(body, ?) as secret",
        (clean(reason), to_text(at), clean(outgoing_id), CONFIDENTIAL),
    ).fetchone()
    if row is None:
        return Onward(conversation=_told_before(db, outgoing_id))
    _drop_secret(db, row)
    carries = from_json(Outgoing, row["body"]).carries
    arrival = Undelivered(outgoing_id=outgoing_id, reason=reason, carries=carries)
    system(db, arrival, key=f"undelivered:{row['n']}", conversation=row["conversation"], at=at)
    return Onward(conversation=str(row["conversation"]), parcels=_next(db, row, at, take))


def recover(db: Database, at: datetime) -> None:
    """Make ready after a start: what was under way may have arrived, and what is undecided survived a stop."""
    db.execute(
        "update outbox set state = 'unsure', due = '', reason = ? where ended_at is null and state = 'sending'",
        (f"it was under way when the program stopped, found at {to_text(at)}",),
    )
    db.execute("update inbox set crashes = crashes + 1 where done = 0")


def next_due(db: Database) -> datetime | None:
    """Return when the next deadline or send is due, the beginning of time for at once; None when nothing waits."""
    row = db.execute(_NEXT_DUE).fetchone()
    if row[0] is None:
        return None
    return to_time(row[0]) if row[0] else datetime.min.replace(tzinfo=UTC)


def _put(db: Database, conversation: int, send: Send, at: datetime, *, taken: bool) -> Iterator[Parcel]:
    outgoing = send.outgoing
    body = to_json(outgoing)
    line = (conversation, *from_address(outgoing.address))
    row = db.execute(
        _PUT, (clean(outgoing.id), *line, body, int(send.report), to_text(at), int(taken), *line)
    ).fetchone()
    if row["state"] == "sending":
        yield Parcel(outgoing=as_stored(outgoing, body), ask=False, attempts=0, conversation=str(conversation))


def _next(db: Database, ended: Mapping[str, Any], at: datetime, take: int) -> tuple[Parcel, ...]:
    """Take the head of the line in which a post has ended, where it is due."""
    if not take:
        return ()
    head = db.execute(_NEXT, tuple(ended[name] for name in ("conversation", "channel", "room", "thread"))).fetchone()
    if head is None or head["state"] == "sending" or head["due"] > to_text(at):
        return ()
    db.execute("update outbox set state = 'sending' where n = ?", (head["n"],))
    return (_to_parcel(head),)


def _drop_secret(db: Database, ended: Mapping[str, Any]) -> None:
    """Keep nothing of what was secret; its words are in nobody's way once it has left."""
    if ended["secret"]:
        db.execute("delete from outbox where n = ?", (ended["n"],))


def _to_parcel(row: Mapping[str, Any]) -> Parcel:
    return Parcel(
        outgoing=from_json(Outgoing, row["body"]),
        ask=row["state"] == "unsure",
        attempts=row["attempts"],
        conversation=str(row["conversation"]),
    )


def _told_before(db: Database, outgoing_id: str, wanted: str = "") -> str | None:
    """Return the conversation of a post that had ended before; None when it was forgotten while it was under way."""
    row = db.execute(f"select conversation from outbox where id = ? {wanted}", (clean(outgoing_id),)).fetchone()  # noqa: S608 - our own words
    return None if row is None else str(row["conversation"])

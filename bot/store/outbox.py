"""What leaves: each line in order, one at a time, and never a second time without asking."""

from datetime import UTC, datetime

from sqlite_utils import Database

from bot.conversation import Sent, Undelivered
from bot.store.inbox import adopt, system
from bot.store.records import Parcel, clean, from_json, to_text, to_time
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


def take(db: Database, at: datetime, limit: int) -> tuple[Parcel, ...]:
    """Return what is to be sent now, oldest first: the heads of their lines that are due; they are under way then."""
    heads = db.execute(_HEADS, (to_text(at), limit)).fetchall()
    db.conn.executemany("update outbox set state = 'sending' where n = ?", [(head["n"],) for head in heads])
    return tuple(
        Parcel(
            outgoing=from_json(Outgoing, head["body"]),
            ask=head["state"] == "unsure",
            attempts=head["attempts"],
            conversation=str(head["conversation"]),
        )
        for head in heads
    )


def sent(db: Database, outgoing_id: str, receipt: Receipt, at: datetime) -> str | None:
    """Mark as sent; return the conversation when the receipt was wanted there, else None."""
    row = db.execute(
        "select n, conversation, channel, room, report, ended_at, body from outbox where id = ?", (clean(outgoing_id),)
    ).fetchone()
    if row is None:  # forgotten while it was under way
        return None
    if row["ended_at"] is None:
        db.execute(
            "update outbox set state = 'sent', receipt = ?, reason = '', ended_at = ? where n = ?",
            (clean(receipt.id), to_text(at), row["n"]),
        )
        if row["report"]:
            adopt(db, row["conversation"], Address(channel=row["channel"], room=row["room"], thread=receipt.id))
            carries = from_json(Outgoing, row["body"]).carries
            arrival = Sent(outgoing_id=outgoing_id, receipt_id=receipt.id, carries=carries)
            system(db, arrival, key=f"sent:{row['n']}", conversation=row["conversation"], at=at)
    return str(row["conversation"]) if row["report"] else None


def postpone(db: Database, outgoing_id: str, *, due: datetime, state: str, reason: str) -> None:
    """Put back to the head of its line, to be tried again from `due` on."""
    db.execute(
        "update outbox set state = ?, due = ?, reason = ?, attempts = attempts + 1 where id = ? and ended_at is null",
        (state, to_text(due), clean(reason), clean(outgoing_id)),
    )


def refuse(db: Database, outgoing_id: str, reason: str, at: datetime) -> str | None:
    """Mark as never to arrive; return the conversation, which is told; None when it is forgotten."""
    row = db.execute(
        "select n, conversation, ended_at, body from outbox where id = ?", (clean(outgoing_id),)
    ).fetchone()
    if row is None:
        return None
    if row["ended_at"] is None:
        db.execute(
            "update outbox set state = 'failed', reason = ?, attempts = attempts + 1, ended_at = ? where n = ?",
            (clean(reason), to_text(at), row["n"]),
        )
        carries = from_json(Outgoing, row["body"]).carries
        arrival = Undelivered(outgoing_id=outgoing_id, reason=reason, carries=carries)
        system(db, arrival, key=f"undelivered:{row['n']}", conversation=row["conversation"], at=at)
    return str(row["conversation"])


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

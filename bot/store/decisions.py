"""All that was decided on a conversation, committed at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.conversation import Decision, State
from bot.store import codes, outbox
from bot.store.records import Parcel, clean, from_conversation, from_turn, number, to_json, to_text
from bot.store.snapshots import Recent

ROWS = 50

_MOVE = (
    "update conversations set version = version + 1, decided = version + 1, person = :person, email = :email,"
    " state = :state, desk_channel = :desk_channel, desk_room = :desk_room, desk_thread = :desk_thread, body = :body"
    " where id = :id and version = :version"
)
_AT_REST = frozenset({State.RESOLVED, State.IGNORED})


class StaleVersionError(Exception):
    """The conversation moved since it was loaded: load it again and decide anew. Nothing was stored."""


def commit(db: Database, decision: Decision, at: datetime, recent: Recent, take: int) -> tuple[Parcel, ...]:
    """Store a decision; return at most `take` of its posts, under way then: those whose line is free.

    Raises StaleVersionError, ValueError when somebody would wait for ever.
    """
    conversation = decision.conversation
    if conversation.state not in _AT_REST and not decision.deadlines:
        message = f"conversation {conversation.id} is {conversation.state} without a deadline: nobody waits for ever"
        raise ValueError(message)
    row = number(conversation.id)
    _move(db, row, decision, recent)
    if not codes.put(db, decision, at):
        recent.drop(row)
        message = f"conversation {conversation.id}: more codes were sent meanwhile than a day allows"
        raise StaleVersionError(message)
    _append(db, row, decision, at)
    db.execute("delete from timers where conversation = ?", (row,))
    deadlines = [(row, deadline.kind, to_text(deadline.due)) for deadline in decision.deadlines]
    _insert(db, "timers (conversation, kind, due)", deadlines)
    done = [(arrival, row) for arrival in decision.handled]
    db.conn.executemany("update inbox set done = 1 where id = ? and conversation = ?", done)
    return outbox.put(db, row, decision.sends, at, take)


def _append(db: Database, row: int, decision: Decision, at: datetime) -> None:
    """Write what a decision adds to the exchange and to what is known of it."""
    _insert(
        db,
        "turns (conversation, role, kind, text, at, episode, author, external_id, sources, attachments, deleted,"
        " cited)",
        [(row, *from_turn(turn).values()) for turn in decision.turns],
    )
    _insert(
        db,
        "events (conversation, kind, at, by, facts)",
        [(row, clean(e.kind), to_text(e.at), clean(e.by), to_json(dict(e.facts))) for e in decision.events],
    )
    _insert(
        db,
        "gaps (conversation, question, confidence, nearest, issue_type, at)",
        [(row, clean(g.question), g.confidence, g.nearest, g.issue_type, to_text(at)) for g in decision.gaps],
    )
    if decision.revised:
        db.conn.executemany(
            "update turns set text = ?, deleted = ? where conversation = ? and external_id = ? and external_id <> ''",
            [(clean(turn.text), int(turn.deleted), row, clean(turn.external_id)) for turn in decision.revised],
        )


def _insert(db: Database, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Write rows, many with one statement: each statement of this thread makes it wait for the others' turn."""
    for some in (rows[begin : begin + ROWS] for begin in range(0, len(rows), ROWS)):
        values = ", ".join([f"({', '.join('?' * len(some[0]))})"] * len(some))
        db.execute(f"insert into {table} values {values}", [value for row in some for value in row])  # noqa: S608 - our own words


def _move(db: Database, row: int, decision: Decision, recent: Recent) -> None:
    """Compare the version and set everything that the conversation says of itself. Raises StaleVersionError."""
    conversation = decision.conversation
    known = recent.decided(row)
    columns = {**from_conversation(conversation), "id": row, "version": conversation.version, "known": known}
    if (
        known is not None
        and "\ufffd" not in columns["body"]
        and db.execute(_MOVE + " and decided = :known", columns).rowcount
    ):
        recent.follow(row, decision)
    elif db.execute(_MOVE, columns).rowcount:
        recent.drop(row)
    else:
        message = f"conversation {conversation.id} is no longer at version {conversation.version}"
        raise StaleVersionError(message)

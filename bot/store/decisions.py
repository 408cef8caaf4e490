"""All that was decided on a conversation, committed at once."""

from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.conversation import Decision, State
from bot.store import outbox
from bot.store.records import Parcel, clean, from_conversation, from_turn, number, to_json, to_text
from bot.store.snapshots import Recent

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
    _append(db, row, decision, at)
    db.execute("delete from timers where conversation = ?", (row,))
    _all(
        db,
        "insert into timers (conversation, kind, due) values (?, ?, ?)",
        [(row, deadline.kind, to_text(deadline.due)) for deadline in decision.deadlines],
    )
    _all(
        db,
        "update inbox set done = 1 where id = ? and conversation = ?",
        [(arrival, row) for arrival in decision.handled],
    )
    return outbox.put(db, row, decision.sends, at, take)


def _append(db: Database, row: int, decision: Decision, at: datetime) -> None:
    """Write what a decision adds to the exchange and to what is known of it."""
    _all(
        db,
        "insert into turns (conversation, role, kind, text, at, episode, author, external_id, sources, attachments,"
        " deleted, cited) values (:conversation, :role, :kind, :text, :at, :episode, :author, :external_id, :sources,"
        " :attachments, :deleted, :cited)",
        [{"conversation": row, **from_turn(turn)} for turn in decision.turns],
    )
    _all(
        db,
        "update turns set text = ?, deleted = ? where conversation = ? and external_id = ? and external_id <> ''",
        [(clean(turn.text), int(turn.deleted), row, clean(turn.external_id)) for turn in decision.revised],
    )
    _all(
        db,
        "insert into events (conversation, kind, at, by, facts) values (?, ?, ?, ?, ?)",
        [(row, clean(e.kind), to_text(e.at), clean(e.by), to_json(dict(e.facts))) for e in decision.events],
    )
    _all(
        db,
        "insert into gaps (conversation, question, confidence, nearest, issue_type, at) values (?, ?, ?, ?, ?, ?)",
        [(row, clean(g.question), g.confidence, g.nearest, g.issue_type, to_text(at)) for g in decision.gaps],
    )


def _all(db: Database, statement: str, rows: list[Any]) -> None:
    if rows:
        db.conn.executemany(statement, rows)


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

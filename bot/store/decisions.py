"""A conversation read as a whole, and all that was decided on it committed at once."""

from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.conversation import Conversation, Decision, Send, Snapshot, State
from bot.store.inbox import number, waiting
from bot.store.records import (
    clean,
    from_address,
    from_conversation,
    from_turn,
    to_conversation,
    to_json,
    to_text,
    to_turn,
)

TURNS = 200

_AT_REST = frozenset({State.RESOLVED, State.IGNORED})


class StaleVersionError(Exception):
    """The conversation moved since it was loaded: load it again and decide anew. Nothing was stored."""


def load(db: Database, conversation: str) -> Snapshot | None:
    """Return a conversation with its newest turns and what waits in it; None when there is none of that id."""
    found = read(db, conversation, turns=TURNS)
    return None if found is None else Snapshot(conversation=found, pending=waiting(db, number(conversation)))


def read(db: Database, conversation: str, *, turns: int) -> Conversation | None:
    """Return a conversation with at most that many turns, the newest, oldest first; -1 for all of them."""
    row = db.execute("select * from conversations where id = ?", (number(conversation),)).fetchone()
    if row is None:
        return None
    newest = db.execute(
        "select * from turns where conversation = ? order by id desc limit ?", (row["id"], turns)
    ).fetchall()
    return to_conversation(row, tuple(to_turn(turn) for turn in reversed(newest)))


def commit(db: Database, decision: Decision, at: datetime) -> None:
    """Store a decision. Raises StaleVersionError, ValueError when somebody would wait for ever."""
    conversation = decision.conversation
    if conversation.state not in _AT_REST and not decision.deadlines:
        message = f"conversation {conversation.id} is {conversation.state} without a deadline: nobody waits for ever"
        raise ValueError(message)
    row = number(conversation.id)
    _move(db, row, conversation)
    db.conn.executemany(
        "insert into turns (conversation, role, kind, text, at, episode, author, external_id, sources, attachments,"
        " deleted, cited) values (:conversation, :role, :kind, :text, :at, :episode, :author, :external_id, :sources,"
        " :attachments, :deleted, :cited)",
        [{"conversation": row, **from_turn(turn)} for turn in decision.turns],
    )
    db.conn.executemany(
        "update turns set text = ?, deleted = ? where conversation = ? and external_id = ? and external_id <> ''",
        [(clean(turn.text), int(turn.deleted), row, clean(turn.external_id)) for turn in decision.revised],
    )
    db.conn.executemany(
        "insert into events (conversation, kind, at, by, facts) values (?, ?, ?, ?, ?)",
        [(row, clean(e.kind), to_text(e.at), clean(e.by), to_json(dict(e.facts))) for e in decision.events],
    )
    db.conn.executemany(
        "insert into gaps (conversation, question, confidence, nearest, issue_type, at) values (?, ?, ?, ?, ?, ?)",
        [(row, clean(g.question), g.confidence, g.nearest, g.issue_type, to_text(at)) for g in decision.gaps],
    )
    db.conn.executemany(
        "insert into outbox (id, conversation, channel, room, thread, body, report, at)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        [_from_send(row, send, at) for send in decision.sends],
    )
    db.execute("delete from timers where conversation = ?", (row,))
    db.conn.executemany(
        "insert into timers (conversation, kind, due) values (?, ?, ?)",
        [(row, deadline.kind, to_text(deadline.due)) for deadline in decision.deadlines],
    )
    db.conn.executemany(
        "update inbox set done = 1 where id = ? and conversation = ?",
        [(arrival, row) for arrival in decision.handled],
    )


def _move(db: Database, row: int, conversation: Conversation) -> None:
    """Compare the version and set everything that the conversation says of itself."""
    columns = {**from_conversation(conversation), "id": row, "version": conversation.version}
    moved = db.execute(
        "update conversations set version = version + 1, person = :person, email = :email, state = :state,"
        " desk_channel = :desk_channel, desk_room = :desk_room, desk_thread = :desk_thread, body = :body"
        " where id = :id and version = :version",
        columns,
    ).rowcount
    if not moved:
        message = f"conversation {conversation.id} is no longer at version {conversation.version}"
        raise StaleVersionError(message)


def _from_send(row: int, send: Send, at: datetime) -> tuple[Any, ...]:
    outgoing = send.outgoing
    line = from_address(outgoing.address)
    return (clean(outgoing.id), row, *line, to_json(outgoing), int(send.report), to_text(at))

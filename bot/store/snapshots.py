"""A conversation read as a whole, with what waits in it; what was read or decided of late is not read again."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlite_utils import Database

from bot.conversation import Arrival, Conversation, Decision, Pending, Side, Snapshot
from bot.store.records import ARRIVALS, clean, from_json, number, to_conversation, to_turn

TURNS = 200
KEPT = 1_000
"""So many conversations are kept in memory, of at most `SHORT` turns each."""

SHORT = 60

_SIDES = {str(side): side for side in Side}


def load(db: Database, conversation: str, recent: "Recent") -> Snapshot | None:
    """Return a conversation with its newest turns and what waits in it; None when there is none of that id."""
    row = db.execute("select * from conversations where id = ?", (number(conversation),)).fetchone()
    return None if row is None else of_row(db, row, recent)


def of_row(
    db: Database, row: Mapping[str, Any], recent: "Recent", known: Mapping[int, Arrival] | None = None
) -> Snapshot:
    """Return the snapshot of a row of `conversations`; `known` are arrivals that need not be read, by their ids."""
    return Snapshot(conversation=recent.current(db, row), pending=_waiting(db, row["id"], known or {}))


def read(db: Database, conversation: str, *, turns: int) -> Conversation | None:
    """Return a conversation with at most that many turns, the newest, oldest first; -1 for all of them."""
    row = db.execute("select * from conversations where id = ?", (number(conversation),)).fetchone()
    return None if row is None else _read(db, row, turns)


def _read(db: Database, row: Mapping[str, Any], turns: int) -> Conversation:
    newest = db.execute(
        "select * from turns where conversation = ? order by id desc limit ?", (row["id"], turns)
    ).fetchall()
    return to_conversation(row, tuple(to_turn(turn) for turn in reversed(newest)))


def _waiting(db: Database, conversation: int, known: Mapping[int, Arrival]) -> tuple[Pending, ...]:
    """Return the arrivals of a conversation that nobody has decided on, oldest first."""
    rows = db.execute(
        "select id, side, kind, body, crashes from inbox indexed by inbox_pending"
        " where conversation = ? and done = 0 order by id",
        (conversation,),
    )
    return tuple(
        Pending(
            id=row["id"],
            side=_SIDES[row["side"]],
            arrival=known.get(row["id"]) or from_json(ARRIVALS[row["kind"]], row["body"]),
            crashes=row["crashes"],
        )
        for row in rows
    )


class Recent:
    """The conversations of late with their turns, each as it was when its row's `decided` had the version kept with it.

    Whatever changes a conversation or its turns sets `decided`, so what was rolled back or is out of date is never
    taken for what is stored. Used by the writer's thread alone.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[int, Conversation]] = OrderedDict()

    def current(self, db: Database, row: Mapping[str, Any]) -> Conversation:
        """Return the conversation of a row of `conversations`, read only where it is not known."""
        decided, known = self._kept.get(row["id"], (None, None))
        if known is None or decided != row["decided"]:
            known = _read(db, row, TURNS)
            self.keep(row["id"], row["decided"], known)
        return known if known.version == row["version"] else replace(known, version=row["version"])

    def keep(self, id: int, decided: int, conversation: Conversation) -> None:
        """Remember a conversation as it is at this version of `decided`."""
        self.drop(id)
        if len(conversation.turns) > SHORT:
            return
        self._kept[id] = (decided, conversation)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def decided(self, id: int) -> int | None:
        """Return the version of `decided` that a conversation is remembered at, None where it is not."""
        return self._kept[id][0] if id in self._kept else None

    def follow(self, id: int, decision: Decision) -> None:
        """Go on to what a decision makes of a conversation that is remembered as it was before."""
        _, before = self._kept[id]
        if decision.revised or any(clean(turn.text) != turn.text for turn in decision.turns):
            self.drop(id)
            return
        version = decision.conversation.version + 1
        after = replace(
            decision.conversation,
            id=before.id,
            address=before.address,
            created_at=before.created_at,
            version=version,
            turns=(*before.turns, *decision.turns),
        )
        self.keep(id, version, after)

    def drop(self, id: int) -> None:
        """Remember a conversation no more."""
        self._kept.pop(id, None)

    def clear(self) -> None:
        """Remember nothing."""
        self._kept.clear()

"""Small things to store: a message, a decision, something to send."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.conversation import (
    Conversation,
    Deadline,
    Decision,
    Event,
    Kind,
    Role,
    Send,
    Side,
    Snapshot,
    State,
    Turn,
)
from bot.store import Store
from channels.base import Action, Address, Change, Message, Outgoing, Person

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=5)
LATER = NOW + timedelta(hours=1)
ANN = Person(id="ann", name="Ann Archer", email="ann@example.org", verified=True)
BEN = Person(id="ben", name="Ben Baker")
DESK = Address(channel="desk", room="help", thread="t1")


def room(name: str = "ann") -> Address:
    return Address(channel="console", room=name)


def message(external_id: str = "m1", *, text: str = "Where is my parcel?", at: Address | None = None) -> Message:
    return Message(external_id=external_id, address=at or room(), sender=ANN, text=text, sent_at=NOW)


def edit(external_id: str, original_id: str, *, change: Change = Change.EDITED, at: Address | None = None) -> Message:
    return replace(message(external_id, text="Where are my parcels?", at=at), change=change, original_id=original_id)


def press(external_id: str = "a1", *, name: str = "claim", at: Address = DESK, value: str = "") -> Action:
    return Action(external_id=external_id, address=at, actor=BEN, name=name, value=value, sent_at=NOW)


def outgoing(id: str, *, at: Address | None = None, text: str = "It is on its way.") -> Outgoing:
    return Outgoing(id=id, address=at or room(), text=text)


def turn(text: str = "Where is my parcel?", *, external_id: str = "", role: Role = Role.CUSTOMER) -> Turn:
    return Turn(role=role, kind=Kind.MESSAGE, text=text, at=NOW, external_id=external_id)


def event(kind: str = "answered", **facts: str) -> Event:
    return Event(kind=kind, at=NOW, by="assistant", facts=dict(facts))


def decide(snapshot: Snapshot, *sends: Outgoing, report: bool = False) -> Decision:
    """Answer everything that waits."""
    conversation = replace(snapshot.conversation, state=State.AWAITING_CUSTOMER, turns=())
    return Decision(
        conversation=conversation,
        handled=tuple(arrival.id for arrival in snapshot.pending),
        sends=tuple(Send(outgoing=one, report=report) for one in sends),
        deadlines=(Deadline(kind="silence", due=LATER),),
    )


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Look into a file behind the store's back."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


async def receive(store: Store, *events: Message | Action, side: Side = Side.CUSTOMER) -> str:
    """Accept events; return the conversation of the last one."""
    accepted = [await store.accept(each, side=side, at=NOW, answer_by=SOON) for each in events]
    conversation = accepted[-1].conversation
    assert conversation is not None
    return conversation


async def load(store: Store, conversation: str) -> Snapshot:
    snapshot = await store.load(conversation)
    assert snapshot is not None
    return snapshot


async def begin(store: Store, *sends: Outgoing, report: bool = False, at: Address | None = None) -> Conversation:
    """Bring a conversation to its first answer and return it as stored then."""
    address = at or room()
    conversation = await receive(store, message(f"first-{address}", at=address))
    await store.commit(decide(await load(store, conversation), *sends, report=report), at=NOW)
    return (await load(store, conversation)).conversation

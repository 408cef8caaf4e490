"""Erasing a person everywhere, and the search through the bytes on disk that proves it."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.conversation import OWNER_OF, Conversation, Escalation, Role, State
from bot.store import codes, holdings, keeping
from bot.store.records import clean, from_conversation, to_conversation, to_json, to_text
from channels.base import Address, Person

FORGOTTEN = Person(id="forgotten")

_SHORTEST_NAME = 5  # shorter ids and names are part of too many other words to be evidence
_SHORTEST_WORDS = 12
_PIECE = 60  # short enough to lie on one page of the file, mostly; three pieces of each text
_MOST_NEEDLES = 2_000
_ESCAPED_BY_JSON = re.compile(r'["\\\x00-\x1f\x7f]+')
# Reports need these of an event; any other text in it may be somebody's words.
_KEPT_FACTS = frozenset(
    {"from", "to", "owner", "outcome", "issue_type", "before", "trigger", "category", "action", "change", "deadline"}
)
_TEXTS = {
    "conversations": ("channel", "room", "thread", "person", "email", "body"),
    "inbox": ("external_id", "person", "body"),
    "turns": ("text", "author", "external_id"),
    "events": ("facts",),
    "outbox": ("body", "reason"),
    "gaps": ("question",),
    "customers": ("id", "name", "email", "fields"),
    "identities": ("person",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was erased, and the proof.

    `searched` strings of the person were looked for in the bytes on disk, `found` of them are still there outside of
    anybody else's data: that must be 0. `elsewhere` of them stand in other people's rows too, who used the same words.
    `backups` are copies made earlier that still hold some: they go when newer ones push them out, or by hand.
    """

    person: str
    counts: Mapping[str, int]
    searched: int
    found: int
    elsewhere: int
    backups: tuple[str, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether nothing was found."""
        return not self.found


def erase(db: Database, person: str, at: datetime) -> tuple[dict[str, int], tuple[str, ...]]:
    """Erase a person; return how many rows of each table went or were blanked, and the strings to search for."""
    held = holdings.find(db, person)
    needles = tuple(dict.fromkeys(_needles(db, held, person)))[:_MOST_NEEDLES]
    counts = dict.fromkeys(_TEXTS, 0) | {"timers": 0}
    for stray in held.strays:
        _erase_stray(db, stray, counts)
    for conversation in held.conversations:
        _erase_conversation(db, conversation, at, counts)
    for customer in held.customers:
        codes.forget(db, customer)
        counts["identities"] += _delete(db, "identities", "customer", customer)
        counts["customers"] += _delete(db, "customers", "id", customer)
    counts["files"] = keeping.drop_unused_files(db)
    return counts, needles


def compact(db: Database) -> None:
    """Write the whole file anew without what was erased, and empty the write-ahead log."""
    db.execute("vacuum")
    db.execute("pragma wal_checkpoint(truncate)")


def found_in(blobs: Iterable[Any], needles: Iterable[str]) -> frozenset[str]:
    """Return the strings that stand anywhere in some bytes."""
    wanted = {needle: needle.encode() for needle in needles}
    return frozenset(needle for blob in blobs for needle, sought in wanted.items() if blob.find(sought) >= 0)


def used_by_others(db: Database, needles: frozenset[str]) -> frozenset[str]:
    """Return those strings that stand in rows which are there, so belong to somebody else."""
    texts = [text for text in _live_texts(db) if text]
    return frozenset(needle for needle in needles if any(needle in text for text in texts))


def _erase_conversation(db: Database, number: int, at: datetime, counts: dict[str, int]) -> None:
    for table in ("inbox", "turns", "outbox", "gaps", "timers"):
        counts[table] += _delete(db, table, "conversation", number)
    counts["events"] += _blank_events(db, number)
    counts["conversations"] += 1
    row = db.execute("select * from conversations where id = ?", (number,)).fetchone()
    before = to_conversation(row)
    db.execute(
        "delete from bookmarks where channel = ? and place = ?", (before.address.channel, clean(str(before.address)))
    )
    columns = {**from_conversation(_blank(before)), "id": number, "room": f"forgotten {number}"}
    db.execute(
        "update conversations set version = version + 1, decided = version + 1, channel = 'forgotten', room = :room,"
        " thread = '', person = :person, email = :email, state = :state, body = :body, desk_channel = null,"
        " desk_room = null, desk_thread = null where id = :id",
        columns,
    )
    if before.state not in {State.RESOLVED, State.IGNORED}:
        facts = {"from": str(before.state), "to": str(State.RESOLVED), "owner": str(OWNER_OF[State.RESOLVED])}
        db.execute(
            "insert into events (conversation, kind, at, by, facts) values (?, 'moved', ?, 'system', ?)",
            (number, to_text(at), to_json({**facts, "why": "the person was forgotten"})),
        )


def _blank(conversation: Conversation) -> Conversation:
    """Keep what reports count: times, state, outcome, issue type, which rule fired."""
    state = State.IGNORED if conversation.state is State.IGNORED else State.RESOLVED
    escalation = conversation.escalation
    return replace(
        conversation,
        address=Address(channel="forgotten", room=""),
        customer=FORGOTTEN,
        state=state,
        owner=OWNER_OF[state],
        agent=None,
        subject="",
        escalation=escalation and Escalation(trigger=escalation.trigger, evidence="", category=escalation.category),
        desk=None,
        card_id="",
        brief=None,
        asks_rating=False,
        proof=None,
    )


def _blank_events(db: Database, number: int) -> int:
    rows = db.execute("select id, kind, facts from events where conversation = ?", (number,)).fetchall()
    for row in rows:
        facts = {
            name: fact for name, fact in json.loads(row["facts"]).items() if _is_anonymous(row["kind"], name, fact)
        }
        db.execute("update events set facts = ? where id = ?", (to_json(facts), row["id"]))
    return len(rows)


def _is_anonymous(kind: str, name: str, fact: Any) -> bool:
    if fact is None or isinstance(fact, int | float):
        return True
    # Why a conversation moved is said in our own words; why a mail was ignored may quote it.
    return isinstance(fact, str) and (name in _KEPT_FACTS or (name == "why" and kind == "moved"))


def _erase_stray(db: Database, inbox_id: int, counts: dict[str, int]) -> None:
    row = db.execute("select conversation, external_id from inbox where id = ?", (inbox_id,)).fetchone()
    counts["turns"] += db.execute(
        "delete from turns where conversation = ? and external_id = ?", (row["conversation"], row["external_id"])
    ).rowcount
    counts["inbox"] += _delete(db, "inbox", "id", inbox_id)


def _delete(db: Database, table: str, column: str, value: str | int) -> int:
    # Both names are our own, never somebody's input.
    return db.execute(f"delete from {table} where {column} = ?", (value,)).rowcount  # noqa: S608


def _needles(db: Database, held: holdings.Holdings, person: str) -> Iterator[str]:
    """Yield who the person is and pieces of what they wrote."""
    names: dict[str, None] = {clean(person).strip(): None}
    words: dict[str, None] = {}
    for customer in held.customers:
        row = db.execute("select id, name, email, email_key from customers where id = ?", (customer,)).fetchone()
        names.update(dict.fromkeys((row["id"], row["name"], row["email"] or "", row["email_key"] or "")))
        for identity in db.execute("select person from identities where customer = ?", (customer,)):
            names[identity["person"]] = None
    for conversation in held.conversations:
        body = db.execute("select body from conversations where id = ?", (conversation,)).fetchone()["body"]
        said = json.loads(body)["customer"]
        names.update(dict.fromkeys((said["id"], said["name"], said["email"] or "")))
        turns = db.execute(
            "select text from turns where conversation = ? and role = ?", (conversation, str(Role.CUSTOMER))
        )
        words.update(dict.fromkeys(turn["text"] for turn in turns))
        arrivals = db.execute(
            "select body from inbox where conversation = ? and side = 'customer' and kind = 'message'", (conversation,)
        )
        words.update(dict.fromkeys(json.loads(arrival["body"])["text"] for arrival in arrivals))
    for stray in held.strays:
        arrival = json.loads(db.execute("select body from inbox where id = ?", (stray,)).fetchone()["body"])
        words[arrival.get("text", "")] = None
    yield from (name for name in names if len(name) >= _SHORTEST_NAME)
    yield from (piece for text in words for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str]:
    """Yield parts that stand on disk as they are, whether in a column or inside JSON: head, middle and tail."""
    for run in _ESCAPED_BY_JSON.split(text):
        run = run.strip()
        if len(run) >= _SHORTEST_WORDS:
            middle = max(0, (len(run) - _PIECE) // 2)
            yield from dict.fromkeys((run[:_PIECE], run[middle : middle + _PIECE], run[-_PIECE:]))


def _live_texts(db: Database) -> Iterator[str | None]:
    for table, columns in _TEXTS.items():
        for row in db.execute(f"select {', '.join(columns)} from {table}"):  # noqa: S608 - the names are our own
            yield from row

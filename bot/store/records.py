"""How what is stored is written down: times as text that sorts, dataclasses as JSON and back."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from bot.conversation import (
    Arrival,
    Conversation,
    Event,
    Kind,
    Lapse,
    Role,
    Sent,
    Snapshot,
    Source,
    Turn,
    Undelivered,
)
from channels.base import Action, Address, Attachment, Message, Outgoing

T = TypeVar("T")

ARRIVALS: Mapping[str, type[Arrival]] = {
    "message": Message,
    "action": Action,
    "lapse": Lapse,
    "sent": Sent,
    "undelivered": Undelivered,
}
_ROLES = {str(role): role for role in Role}
_KINDS = {str(kind): kind for kind in Kind}
_OWN_COLUMNS = frozenset({"id", "address", "created_at", "version", "state", "turns"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What became of an event: the conversation it belongs to, None where there is none; `new` at first delivery.

    With a customer's new event comes what `Store.load` would return now.
    """

    conversation: str | None
    new: bool
    snapshot: Snapshot | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Something to send now. With `ask` an earlier try may have arrived: ask the channel before sending it again."""

    outgoing: Outgoing
    ask: bool
    attempts: int
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """What follows from a post's end: the conversation that is told, and what leaves next in its line."""

    conversation: str | None = None
    parcels: tuple[Parcel, ...] = ()


def to_text(at: datetime) -> str:
    """UTC, always 32 characters, so that it sorts as time does. Raises ValueError without a time zone."""
    if at.tzinfo is None:
        message = f"a time without a zone cannot be stored: {at!r}"
        raise ValueError(message)
    try:
        return at.astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError:  # year 1 or 9999 in a zone that leaves the calendar: mails say such things
        return at.replace(tzinfo=UTC).isoformat(timespec="microseconds")


def to_time(text: str) -> datetime:
    """Read what `to_text` wrote."""
    return datetime.fromisoformat(text)


def clean(text: str) -> str:
    """Replace halves of characters (lone surrogates), which UTF-8 cannot hold, by U+FFFD; all else stays."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def email_key(email: str | None) -> str | None:
    """Return what two spellings of one e-mail address have in common; None where there is none."""
    return (clean(email).strip().casefold() or None) if email else None


def to_json(value: Any) -> str:
    """Write dataclasses, times and plain values as JSON; in readable UTF-8, so that `forget` can search for it."""
    if value == ():  # most turns have neither sources nor files
        return "[]"
    # A NUL is escaped by JSON itself, so it never cuts a text short.
    return clean(_ENCODER.encode(value))


def from_json(kind: type[T], text: str) -> T:
    """Read a dataclass that `to_json` wrote; what it did not know yet gets its default."""
    value: T = _read(kind, text)
    return value


def as_stored(value: T, text: str) -> T:
    """Return what `from_json` would read from `text`, which `to_json` wrote of the value; mostly the value itself."""
    at = getattr(value, "sent_at", None)
    same = "\ufffd" not in text and (at is None or at.tzinfo is UTC)
    return value if same else from_json(type(value), text)


def number(conversation: str) -> int:
    """Return the row of a conversation's id; 0, which no row has, for what is no id (a forged button's value)."""
    return int(conversation) if conversation.isascii() and conversation.isdigit() and len(conversation) < 19 else 0


def arrival_name(arrival: Arrival) -> str:
    """Return the name under which this kind of arrival is stored."""
    return next(name for name, kind in ARRIVALS.items() if type(arrival) is kind)


def to_turn(row: Mapping[str, Any]) -> Turn:
    """Read a row of `turns`."""
    # Written out by hand: a long conversation reads hundreds of these for each message.
    sources, attachments = row["sources"], row["attachments"]
    return Turn(
        role=_ROLES[row["role"]],
        kind=_KINDS[row["kind"]],
        text=row["text"],
        at=to_time(row["at"]),
        episode=row["episode"],
        author=row["author"],
        external_id=row["external_id"],
        sources=() if sources == "[]" else _read(tuple[Source, ...], sources),
        attachments=() if attachments == "[]" else _read(tuple[Attachment, ...], attachments),
        deleted=bool(row["deleted"]),
        cited=bool(row["cited"]),
    )


def to_event(row: Mapping[str, Any]) -> Event:
    """Read a row of `events`."""
    return Event(kind=row["kind"], at=to_time(row["at"]), by=row["by"], facts=json.loads(row["facts"]))


def to_conversation(row: Mapping[str, Any], turns: tuple[Turn, ...] = ()) -> Conversation:
    """Read a row of `conversations`."""
    columns = {
        "id": str(row["id"]),
        "address": {"channel": row["channel"], "room": row["room"], "thread": row["thread"]},
        "created_at": row["created_at"],
        "version": row["version"],
        "state": row["state"],
    }
    conversation: Conversation = _reader(Conversation)({**json.loads(row["body"]), **columns, "turns": ()})
    return replace(conversation, turns=turns)


def from_conversation(conversation: Conversation) -> dict[str, Any]:
    """Return the columns that a decision changes; address, birth and version are not among them."""
    channel, room, thread = from_address(conversation.desk) if conversation.desk else (None, None, None)
    names = (name for name in _names(Conversation) if name not in _OWN_COLUMNS)
    return {
        "person": clean(conversation.customer.id),
        "email": email_key(conversation.customer.email),
        "state": str(conversation.state),
        "desk_channel": channel,
        "desk_room": room,
        "desk_thread": thread,
        "body": to_json({name: getattr(conversation, name) for name in names}),
    }


def from_address(address: Address) -> tuple[str, str, str]:
    """Return an address as three columns."""
    return clean(address.channel), clean(address.room), clean(address.thread)


def from_turn(turn: Turn) -> dict[str, Any]:
    """Return the columns of `turns`, without the conversation."""
    return {
        "role": str(turn.role),
        "kind": str(turn.kind),
        "text": clean(turn.text),
        "at": to_text(turn.at),
        "episode": turn.episode,
        "author": clean(turn.author),
        "external_id": clean(turn.external_id),
        "sources": to_json(turn.sources),
        "attachments": to_json(turn.attachments),
        "deleted": int(turn.deleted),
        "cited": int(turn.cited),
    }


def _read(hint: Any, text: str) -> Any:
    return _reader(hint)(json.loads(text))


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _to_plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_text(value)
    if is_dataclass(value):
        kind: Any = type(value)
        return {name: getattr(value, name) for name in _names(kind)}
    message = f"{value!r} cannot be stored as JSON"
    raise TypeError(message)


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=_to_plain, separators=(",", ":"))


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    """Return what turns plain JSON into a value of the annotated type."""
    if get_origin(hint) in (Union, UnionType):
        (kind,) = (kind for kind in get_args(hint) if kind is not type(None))
        read = _reader(kind)
        return read if read is _as_it_is else lambda data: None if data is None else read(data)
    if get_origin(hint) is tuple:
        read = _reader(get_args(hint)[0])
        return lambda data: tuple(read(element) for element in data)
    if is_dataclass(hint):
        return _dataclass_reader(hint)
    if hint is datetime:
        return to_time
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    return _as_it_is


def _dataclass_reader(kind: Any) -> Callable[[Any], Any]:
    names, hints = _names(kind), get_type_hints(kind)
    converted = tuple((name, _reader(hints[name])) for name in names if _reader(hints[name]) is not _as_it_is)

    def read(data: dict[str, Any]) -> Any:
        values = {name: data[name] for name in names if name in data}
        for name, convert in converted:
            if name in values:
                values[name] = convert(values[name])
        return kind(**values)

    return read


def _as_it_is(value: Any) -> Any:
    return value

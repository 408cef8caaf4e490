"""Messages, actions, cards, addresses, receipts, and the contract that every channel keeps."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a reply goes, and the key of a conversation."""

    channel: str
    room: str
    thread: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.channel, self.room, self.thread) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on a channel; `verified` only where the channel itself vouches for the e-mail address.

    `groups` are the channel's ids of the groups they are in; `outsider` is true for guests, bots and people of another
    team: nobody who may work at a desk; `why_outside` says what bars them, as the end of a sentence about them.
    """

    id: str
    name: str = ""
    email: str | None = None
    verified: bool = False
    groups: tuple[str, ...] = ()
    outsider: bool = False
    why_outside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a message or goes with one.

    `bytes` is its size; `key` names its content in `Host.file`, empty where it was not kept (`why_not` says why).
    """

    name: str
    type: str
    bytes: int
    key: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """How far a place was read: what came up to `position` is stored. Both are the channel's own words.

    What is kept of one conversation has `str(address)` as its place: it is forgotten with the conversation. An empty
    position forgets a place.
    """

    place: str
    position: str


class Change(StrEnum):
    """What a message does: it is new, or it edits or deletes the one named by `original_id`."""

    NEW = "new"
    EDITED = "edited"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody wrote. `external_id` is the service's own id of this delivery: the same id twice is one message.

    `issue_type` is what messages to this address are mostly about, for when nothing else tells. `needs_person` says why
    no machine can answer it, such as a mail that cannot be read.
    """

    external_id: str
    address: Address
    sender: Person
    text: str
    sent_at: datetime
    subject: str = ""
    attachments: tuple[Attachment, ...] = ()
    automatic: bool = False
    change: Change = Change.NEW
    original_id: str = ""
    bookmark: Bookmark | None = None  # stored in the same transaction
    original: str = ""  # names it as it came, byte by byte, in `Host.file`
    issue_type: str = ""
    needs_person: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button press or a command: `name` is what it does, `value` what the button carried.

    Where the button asks something first (`Host.forms`), a colon and the answers as JSON follow: input names and words.
    `target` is the person who was picked in the form.
    """

    external_id: str
    address: Address
    actor: Person
    name: str
    value: str = ""
    sent_at: datetime
    target: Person | None = None


DESK_GONE = "desk_gone"  # an action of nobody: `address` is a thread at a desk that is lost, `value` says why


class InputKind(StrEnum):
    """How something is asked for."""

    TEXT = "text"
    CHOICE = "choice"
    CHECK = "check"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One question of a form. `choices` are what comes back and its label, for a choice only."""

    name: str
    label: str
    kind: InputKind = InputKind.TEXT
    choices: tuple[tuple[str, str], ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press: comes back as an `Action` with this name and value."""

    name: str
    label: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One line of a card: a name and what it holds."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the desk shows; each channel draws it its own way. `quotes` are words from outside: data, never markup."""

    title: str
    fields: tuple[Field, ...] = ()
    quotes: tuple[Field, ...] = ()
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What leaves. `id` is ours: the same id sent twice must appear once.

    `author` is the human whose words these are, empty for the assistant. `replaces` is the service's id of an earlier
    post of ours that is drawn anew; without words it is taken back. `only_for` makes it a private word to one person in
    the room; with `direct` it waits for them in a message of their own, where the service has such. `carries` is the
    external id of the agent's message whose words these are. `reaction` is an emoji for the message `reply_to`; where
    a service has no reactions, `text` is posted instead, or nothing when there is none. `language` is the customer's,
    for what the channel itself adds. `footer` is how `text` ends, such as its sources, for who shows that smaller. What
    is `secret` is kept nowhere once it has left.
    """

    id: str
    address: Address
    text: str = ""
    card: Card | None = None
    buttons: tuple[Button, ...] = ()
    author: str = ""
    reply_to: str = ""
    subject: str = ""
    replaces: str = ""
    only_for: str = ""
    direct: bool = False
    attachments: tuple[Attachment, ...] = ()
    carries: str = ""
    reaction: str = ""
    language: str = ""
    footer: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The service's id of what was sent."""

    id: str


class Delivery(StrEnum):
    """What is known of a failed send."""

    NOT_SENT = "not_sent"  # for certain; try again later
    UNKNOWN = "unknown"  # it may have arrived: ask the channel before it is repeated
    REFUSED = "refused"  # the service will never take it


class DeliveryError(Exception):
    """A send that did not end in a receipt; `retry_after_seconds` where the service named a time."""

    def __init__(self, outcome: Delivery, reason: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class SetupError(Exception):
    """An account that cannot be used, such as a wrong token; the message says what to do. Trying again is no use."""


class UnreachableError(Exception):
    """A service was out of reach for longer than the settings allow; the message says how long, and what to look at."""


async def nothing_filled_in(name: str, value: str) -> Mapping[str, str]:
    """A form that begins empty, whichever it is."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What a channel needs to catch up: its bookmarks by place, and where its open conversations and desks are."""

    bookmarks: Mapping[str, str]
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What the house keeps for one channel; handed to `connect`.

    `desks` are those on this channel; `forms` is what an action asks before it is done, by the action's name.
    `filled_in` gives what the form of an action begins with, by input name, from the action's name and button value.
    """

    since: Callable[[], Awaitable[Since]]
    keep: Callable[[Bookmark], Awaitable[None]]
    keep_file: Callable[[bytes], Awaitable[str]]  # returns the key; the same content has the same key
    file: Callable[[str], Awaitable[bytes | None]]
    desks: tuple[Address, ...] = ()
    forms: Mapping[str, tuple[Input, ...]] = field(default_factory=dict)
    filled_in: Callable[[str, str], Awaitable[Mapping[str, str]]] = nothing_filled_in


@runtime_checkable
class ShowsTyping(Protocol):
    """A channel that can show a customer that an answer is being written."""

    async def show_typing(self, address: Address) -> None:
        """Show it until something is posted there; never raises."""


@runtime_checkable
class HasPublicPlaces(Protocol):
    """A channel on which others than the customer and the team may read along."""

    def is_public(self, address: Address) -> bool:
        """Whether they do there."""


@runtime_checkable
class HasSharedPlaces(Protocol):
    """A channel with places in which others than the customer and the team are members, as a channel on Slack."""

    def is_shared(self, address: Address) -> bool:
        """Whether an account must not be opened there."""


@runtime_checkable
class WritesFirst(Protocol):
    """A channel that can write to somebody's e-mail address who has not written to it."""

    def first_address(self, email: str) -> Address:
        """Where a first mail to them goes; it begins no conversation."""


@runtime_checkable
class ChangesPosts(Protocol):
    """A channel that can change what it posted, or take it back, also on the customer's side: `Outgoing.replaces`."""

    changes_posts: bool


class Channel(Protocol):
    """What an adapter does; everything else about a service stays inside its module.

    The module has a frozen dataclass `Settings` and `connect(settings, host) -> Channel`.
    """

    name: str

    async def listen(self, receive: Callable[[Message | Action], Awaitable[None]]) -> None:
        """Hand in each event until cancelled; acknowledge it to the service only after `receive` has returned."""

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Deliver once. Raises DeliveryError, which says whether it may have arrived."""

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Ask the service whether this id is already there. Raises DeliveryError(UNKNOWN) where it cannot tell."""

    async def close(self) -> None:
        """Give back every connection. Safe to call twice."""

"""Whose conversation a mail belongs to: ids that we signed, ids that we know, and who took part."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict, dataclass, replace
from typing import Any

from channels.base import Address, Bookmark
from channels.email.settings import NAME

MOST_IDS = 40
MOST_REFERENCES = 20
ANSWER = re.compile(
    r"^\s*(?:(?:re|aw|antw|antwort|sv|vs|odp|ynt|rif|fwd?|wg|tr|rv|enc|i|r|res|doorst|pd)\s*(?:\[\d+\])?\s*[:：]\s*)+",
    re.IGNORECASE,
)
SUBJECT_WORD = re.compile(r"[^\x00-\u2fff]|\w{3,}")  # one of the first are words of Chinese and Japanese
TOKEN = re.compile(r"\[wl:([0-9a-f]{16})\.([0-9a-f]{16})\]")
SIGNED = re.compile(r"([0-9a-f]{20})\.([0-9a-f]{16})\.([0-9a-f]{16})@")
PLUS = re.compile(r"\+([0-9a-f]{16})\.([0-9a-f]{16})@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What must be known of a conversation to answer it by mail.

    `known` and `people` are keyed hashes of message ids and addresses; `root` is the conversation from which this one
    came, its own key mostly, and empty for a mail of no conversation. Times are seconds since 1970. `sent` has the
    automatic mails of the last day, `run` counts them since the customer wrote last, `done` names what was accepted by
    the server. `at` is when something went either way, `spot` the UIDVALIDITY and UID of the customer's newest mail.
    """

    mailbox: str
    key: str
    root: str
    to: str = ""
    name: str = ""
    subject: str = ""
    last_id: str = ""
    references: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    at: float = 0.0
    spot: tuple[int, int] = (0, 0)
    sent: tuple[float, ...] = ()
    run: int = 0
    quick: int = 0
    bounced: str = ""
    done: tuple[str, ...] = ()
    buttons: tuple[tuple[str, str, str], ...] = ()  # name, label, value of what the customer may answer with

    @property
    def address(self) -> Address:
        """The conversation's address."""
        return Address(channel=NAME, room=self.mailbox, thread=self.key)

    def bookmark(self) -> Bookmark:
        """How it is kept: under the address itself, so that it is forgotten with the conversation."""
        return Bookmark(place=str(self.address), position=json.dumps(asdict(self), separators=(",", ":")))


def is_another_subject(subject: str, before: str) -> bool:
    """Whether two subjects have no word in common, what programs add to a reply left aside."""
    words, known = (
        frozenset(SUBJECT_WORD.findall(TOKEN.sub("", ANSWER.sub("", one)).casefold())) for one in (subject, before)
    )
    return bool(words) and bool(known) and not words & known


class Signer:
    """Makes and checks what only we can make. Everything is a keyed hash under the secret of this installation."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def digest(self, *parts: str, length: int = 16) -> str:
        """A keyed hash of some texts, in hexadecimal."""
        data = "\0".join(parts).encode("utf-8", "replace")
        return hmac.new(self._secret, data, hashlib.sha256).hexdigest()[:length]

    def key(self, mailbox: str, digest: str) -> str:
        """The key of the conversation that a mail begins."""
        return self.digest("key", mailbox, digest)

    def message_id(self, outgoing_id: str, key: str, domain: str) -> str:
        """The Message-ID of something that leaves; always the same for the same id."""
        token = self.digest("out", outgoing_id, length=20)
        return f"{token}.{key}.{self.digest('id', token, key)}@{domain}"

    def key_in_id(self, message_id: str) -> str:
        """The conversation of an id that we made; empty for any other, forged ones too."""
        found = SIGNED.match(message_id)
        if found is None:
            return ""
        token, key, mark = found.groups()
        return key if hmac.compare_digest(mark, self.digest("id", token, key)) else ""

    def plus(self, address: str, key: str) -> str:
        """Our address with the conversation in it."""
        local, _, domain = address.rpartition("@")
        return f"{local}+{key}.{self.digest('plus', key)}@{domain}"

    def subject_token(self, key: str) -> str:
        """What stands in the subject of a one-click answer."""
        return f"[wl:{key}.{self.digest('plus', key)}]"

    def keys_in(self, recipients: Iterable[str], subject: str) -> list[str]:
        """The conversations in our own plus addresses and in the subject, with a right signature only."""
        found = [match.groups() for one in recipients if (match := PLUS.search(one))]
        found += [match.groups() for match in TOKEN.finditer(subject)]
        return [key for key, mark in found if hmac.compare_digest(mark, self.digest("plus", key))]

    def loop(self, mailbox: str) -> str:
        """The value of the hidden header in our own mails."""
        return f"{mailbox} {self.digest('loop', mailbox)}"

    def is_loop(self, value: str) -> bool:
        """Whether a hidden header is one of ours."""
        mailbox, _, mark = value.strip().rpartition(" ")
        return bool(mailbox) and hmac.compare_digest(mark.encode(), self.digest("loop", mailbox).encode())


class Book:
    """The conversations by key, and which one knows which foreign message id."""

    def __init__(self, signer: Signer, bookmarks: Mapping[str, str]) -> None:
        self._signer = signer
        self._threads: dict[tuple[str, str], Thread] = {}
        self._known: dict[tuple[str, str], str] = {}
        for place, position in bookmarks.items():
            if place.startswith(f"{NAME}/") and position:
                self.put(_to_thread(position))

    def get(self, mailbox: str, key: str) -> Thread | None:
        """A conversation of a mailbox."""
        return self._threads.get((mailbox, key))

    def put(self, thread: Thread) -> None:
        """Remember how a conversation is now."""
        self._threads[(thread.mailbox, thread.key)] = thread
        for one in thread.known:
            self._known[(thread.mailbox, one)] = thread.key

    def __len__(self) -> int:
        return len(self._threads)

    def let_go(self, most: int, still_open: Set[Address]) -> list[str]:
        """Drop the conversations in which nothing happened for longest until `most` are left; return their places.

        Those that are `still_open` stay: somebody is to be answered.
        """
        oldest = sorted(self._threads.values(), key=lambda thread: thread.at)[: max(0, len(self) - most)]
        gone = [thread for thread in oldest if thread.address not in still_open]
        for thread in gone:
            del self._threads[(thread.mailbox, thread.key)]
        keys = {(thread.mailbox, thread.key) for thread in gone}
        self._known = {place: key for place, key in self._known.items() if (place[0], key) not in keys}
        return [str(thread.address) for thread in gone]

    def referred(self, mailbox: str, answers: Iterable[str], recipients: Iterable[str], subject: str) -> Thread | None:
        """The conversation that a mail says it belongs to, whether or not it may: signed ids before known ones."""
        answers = list(answers)
        keys = [self._signer.key_in_id(one) for one in answers]
        keys += self._signer.keys_in(recipients, subject)
        keys += [self._known.get((mailbox, self._signer.digest("mid", one)), "") for one in answers]
        found = (self.get(mailbox, key) for key in keys if key)
        return next((thread for thread in found if thread is not None), None)

    def takes_part(self, thread: Thread, email: str) -> bool:
        """Whether an address took part, as sender or as one whom a participant copied in."""
        return self._signer.digest("who", email) in thread.people

    def with_mail(
        self, thread: Thread, *, message_id: str, references: tuple[str, ...], people: Iterable[str]
    ) -> Thread:
        """A conversation with one more mail of a participant; those whom they wrote to take part from now on."""
        hashes = [self._signer.digest("who", one) for one in people if one]
        known = [self._signer.digest("mid", message_id)] if message_id else []
        chain = tuple(dict.fromkeys((*references, *([message_id] if message_id else []))))
        if len(chain) > MOST_REFERENCES + 1:
            chain = (chain[0], *chain[-MOST_REFERENCES:])
        return replace(
            thread,
            last_id=message_id or thread.last_id,
            references=chain or thread.references,
            known=tuple(dict.fromkeys((*thread.known, *known)))[-MOST_IDS:],
            people=tuple(dict.fromkeys((*thread.people, *hashes)))[:MOST_IDS],
        )


def _to_thread(position: str) -> Thread:
    values: dict[str, Any] = json.loads(position)
    fixed: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    fixed["buttons"] = tuple(tuple(one) for one in values.get("buttons", ()))  # JSON knows no tuples
    return Thread(**fixed)

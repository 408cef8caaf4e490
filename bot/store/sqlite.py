"""The store on SQLite: every method is one piece of work for the writer, and one transaction."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bot.conversation import Account, Conversation, Decision, Event, Side, Snapshot, State
from bot.store import backup, codes, decisions, forgetting, holdings, inbox, keeping, outbox, people, reading, snapshots
from bot.store.connection import BUSY_SECONDS, check, connect, connect_to_read, is_about_the_disk, translated
from bot.store.forgetting import Forgotten
from bot.store.guard import Guard
from bot.store.inline import Reader
from bot.store.migrations import migrate
from bot.store.people import Imported
from bot.store.reading import Posting, StoredEvent, StoredGap, Summary
from bot.store.records import Accepted, Onward, Parcel
from bot.store.snapshots import Recent
from bot.store.writer import GroupWriter, Writer
from channels.base import Action, Bookmark, Message, Person, Receipt, Since

_PAGE = 500


class Store:
    """Everything that must survive. Each method may raise StoreUnavailableError; then nothing of it was stored."""

    def __init__(
        self,
        writer: Writer,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        path: Path | None = None,
        guard: Guard | None = None,
    ) -> None:
        """Work through a writer whose tables are made; `path` is its file, `guard` is released at the end."""
        self.writer = writer
        self._clock = clock
        self._path = path
        self._guard = guard
        self._recent = Recent()
        self._file = asyncio.Lock()  # a copy is not read while the file is searched with no connection open

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        busy_seconds: float = BUSY_SECONDS,
    ) -> "Store":
        """Open or create the database file, alone. Raises StoreInUseError, StoreDamagedError, StoreUnavailableError."""
        try:
            guard = Guard(path)
        except OSError as error:
            raise translated(error, path) from error
        try:
            return cls(_writer(path, busy_seconds), clock=clock, path=path, guard=guard)
        except BaseException:
            guard.release()
            raise

    @classmethod
    def open_to_read(cls, path: Path) -> "Store":
        """Open an existing database only to read, also while another process works on it.

        Raises StoreUnavailableError where there is none, StoreDamagedError.
        """
        return cls(Reader(connect_to_read(path), path), path=path)

    def close(self) -> None:
        """Finish what was handed in and let go of the file. Safe to call twice."""
        self.writer.close()
        if self._guard is not None:
            self._guard.release()

    async def accept(
        self,
        event: Message | Action,
        *,
        side: Side,
        at: datetime,
        answer_by: datetime,
        conversation: str | None = None,
    ) -> Accepted:
        """Make an event last; a second delivery of it changes nothing. Acknowledge it only when this has returned.

        A customer's event belongs to the conversation at its address, which a new message begins. The desk's belongs
        to `conversation` if there is one of that id, else to the one whose desk thread it was written in. What belongs
        nowhere is kept as done. Raises ValueError for an event without an id.
        """
        return await self.writer.run(
            lambda db: inbox.accept(
                db, event, self._recent, side=side, at=at, answer_by=answer_by, conversation=conversation
            )
        )

    async def load(self, conversation: str) -> Snapshot | None:
        """Return a conversation with its newest 200 turns, oldest first, and what waits in it."""
        return await self.writer.run(lambda db: snapshots.load(db, conversation, self._recent))

    async def commit(self, decision: Decision, *, at: datetime, take: int = 0) -> tuple[Parcel, ...]:
        """Store all of a decision, or nothing; return at most `take` of its posts, taken as by `take`.

        Raises StaleVersionError when the conversation moved since it was loaded, ValueError when it is left open
        without a deadline.
        """
        return await self.writer.run(lambda db: decisions.commit(db, decision, at, self._recent, take))

    async def pending(self, limit: int = 1000) -> tuple[str, ...]:
        """Return the conversations with undecided arrivals, the one that waits longest first."""
        return await self.writer.run(lambda db: inbox.pending(db, limit))

    async def lapse(self, at: datetime, limit: int = 500) -> tuple[str, ...]:
        """Turn each deadline that is due into a pending arrival, once; return their conversations."""
        return await self.writer.run(lambda db: inbox.lapse(db, at, limit))

    async def take(self, at: datetime, limit: int = 100) -> tuple[Parcel, ...]:
        """Return what is to be sent now; each is marked as under way before this returns.

        A line is one conversation at one address. Only the head of a line is taken, only when it is due, and nothing
        while its predecessor is under way.
        """
        return await self.writer.run(lambda db: outbox.take(db, at, limit))

    async def sent(self, outgoing_id: str, receipt: Receipt, at: datetime, *, take: int = 0) -> Onward:
        """Mark as sent, once; return the conversation when it waits for this receipt.

        With `take` the next of the line, where it is due, is taken as by `take`.
        """
        return await self.writer.run(lambda db: outbox.sent(db, outgoing_id, receipt, at, take))

    async def postpone(self, outgoing_id: str, *, due: datetime, unsure: bool, reason: str) -> None:
        """Try again from `due` on; with `unsure` the channel is asked first whether it arrived after all."""
        state = "unsure" if unsure else "pending"
        await self.writer.run(lambda db: outbox.postpone(db, outgoing_id, due=due, state=state, reason=reason))

    async def refuse(self, outgoing_id: str, reason: str, at: datetime, *, take: int = 0) -> Onward:
        """Give up for good; return the conversation, where an `Undelivered` waits now; `take` is that of `sent`."""
        return await self.writer.run(lambda db: outbox.refuse(db, outgoing_id, reason, at, take))

    async def recover(self, at: datetime) -> None:
        """Make ready at a start, before anything else: what was under way is unsure, what is undecided is counted."""
        await self.writer.run(lambda db: outbox.recover(db, at))

    async def next_due(self) -> datetime | None:
        """Return when the next deadline or send is due, `datetime.min` for at once, None when nothing waits."""
        return await self.writer.run(outbox.next_due)

    async def since(self, channel: str) -> Since:
        """Return what a channel needs to catch up with what was said while it was away."""
        return await self.writer.run(lambda db: keeping.since(db, channel))

    async def keep(self, channel: str, bookmark: Bookmark) -> None:
        """Remember how far a channel has read a place."""
        await self.writer.run(lambda db: keeping.keep(db, channel, bookmark))

    async def keep_file(self, content: bytes) -> str:
        """Keep a file's content once; return its key."""
        return await self.writer.run(lambda db: keeping.keep_file(db, content))

    async def file(self, key: str) -> bytes | None:
        """Return a file's content, None where it was not kept or is forgotten."""
        return await self.writer.run(lambda db: keeping.file(db, key))

    async def find_account(self, person: Person, *, channel: str = "") -> Account | None:
        """Return a person's account, by identity on `channel` ("" for any), else by verified e-mail."""
        return await self.writer.run(lambda db: people.find_account(db, person, channel))

    async def find_proven(self, person: Person, *, channel: str, at: datetime) -> Account | None:
        """Return the account that a person on a channel has proved to be theirs, while that counts."""
        return await self.writer.run(lambda db: codes.find_proven(db, person, channel, at))

    async def find_by_email(self, email: str) -> Account | None:
        """Return the account with an e-mail address."""
        return await self.writer.run(lambda db: codes.find_by_email(db, email))

    async def find_customer(self, id: str) -> Account | None:
        """Return the account of a customer."""
        return await self.writer.run(lambda db: codes.find_customer(db, id))

    async def codes_sent(self, keys: Iterable[str], at: datetime) -> int:
        """Return how many codes went out in the day before a time under the fullest of these keys."""
        wanted = tuple(keys)
        return await self.writer.run(lambda db: codes.sent(db, wanted, at))

    async def conversations(self, limit: int = 50, state: State | None = None) -> tuple[Summary, ...]:
        """Return the newest conversations first, without their turns."""
        return await self.writer.run(lambda db: reading.conversations(db, limit, state))

    async def conversation(self, conversation: str) -> Conversation | None:
        """Return a conversation with all its turns."""
        return await self.writer.run(lambda db: reading.conversation(db, conversation))

    async def events(self, conversation: str) -> tuple[Event, ...]:
        """Return what happened in a conversation, oldest first."""
        return await self.writer.run(lambda db: reading.events(db, conversation))

    async def all_events(self, since: datetime) -> AsyncIterator[StoredEvent]:
        """Go through everything that happened from a time on, in the order of storing."""
        after = 0
        while page := await self.writer.run(partial(reading.events_after, after=after, since=since, limit=_PAGE)):
            for stored in page:
                yield stored
            after = page[-1].id

    async def outbox(self, conversation: str) -> tuple[Posting, ...]:
        """Return what a conversation sent or will send, oldest first."""
        return await self.writer.run(lambda db: reading.outbox(db, conversation))

    async def gaps(self, since: datetime) -> tuple[StoredGap, ...]:
        """Return what the knowledge could not answer from a time on, oldest first."""
        return await self.writer.run(lambda db: reading.gaps(db, since))

    async def import_customers(self, rows: Iterable[Mapping[str, str]]) -> Imported:
        """Add or update customers in one transaction: id, name, email, slack_id, discord_id, console_id, any others.

        The others become an account's fields, in the order of the file. A bad line is refused and hinders no other.
        """
        return await self.writer.run(lambda db: people.import_customers(db, rows))

    async def export(self, person: str) -> dict[str, Any]:
        """Return everything held on a person (customer id, e-mail address or id on a channel), ready for JSON."""
        return await self.writer.run(lambda db: holdings.export(db, person))

    async def forget(self, person: str, *, backups: Path | None = None) -> Forgotten:
        """Erase a person everywhere, then search the bytes on disk for them; `backups` is a folder to search too."""
        async with self._file:
            counts, needles = await self.writer.run(lambda db: self._erase(db, person))
            await self.writer.run_alone(forgetting.compact)
            present = await self.writer.search(lambda blobs: forgetting.found_in(blobs, needles))
            others = await self.writer.run(lambda db: forgetting.used_by_others(db, present))
            copies = backup.holding(backups, self._stem, set(needles) - others) if backups else ()
        return Forgotten(
            person=person,
            counts=counts,
            searched=len(needles),
            found=len(present - others),
            elsewhere=len(others),
            backups=copies,
        )

    def _erase(self, db: Database, person: str) -> tuple[dict[str, int], tuple[str, ...]]:
        self._recent.clear()
        return forgetting.erase(db, person, self._clock())

    async def backup(self, folder: Path, keep: int) -> Path:
        """Write a checked copy into a folder, named after the time, and keep the newest `keep`; return its path.

        Raises BackupFailedError, StoreUnavailableError; the older copies are untouched then.
        """
        at = self._clock()
        async with self._file:
            try:
                if self._path is None:
                    return await self.writer.run_alone(lambda db: backup.back_up(db, folder, self._stem, at, keep))
                return await asyncio.to_thread(self._copy, self._path, folder, at, keep)
            except (OSError, sqlite3.Error) as error:
                raise translated(error, folder) from error

    def _copy(self, path: Path, folder: Path, at: datetime, keep: int) -> Path:
        """Copy through a connection of its own, so that nobody waits."""
        db = connect_to_read(path)
        try:
            return backup.back_up(db, folder, self._stem, at, keep)
        finally:
            db.close()

    @property
    def _stem(self) -> str:
        return self._path.stem if self._path else "warmline"


def _writer(path: Path, busy_seconds: float) -> GroupWriter:
    db = connect(path, busy_seconds=busy_seconds)
    try:
        check(db, path)
        migrate(db)
    except BaseException as error:
        db.close()
        if isinstance(error, sqlite3.Error) and is_about_the_disk(error):
            raise translated(error, path) from error
        raise
    return GroupWriter(db, path, lambda: connect(path, busy_seconds=busy_seconds))

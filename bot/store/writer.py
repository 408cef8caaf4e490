"""Who runs the SQL: one thread that commits for many at once, and a twin that runs in the caller's own."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

from sqlite_utils import Database

from bot.store.connection import StoreDamagedError, StoreUnavailableError, is_about_the_disk, prepare, translated
from bot.store.migrations import migrate

T = TypeVar("T")
GROUP = 256


class Writer(Protocol):
    """Runs work on the database. Work must not await, and must not begin or commit by itself."""

    async def run(self, work: Callable[[Database], T]) -> T:
        """Run in a transaction of its own, committed on return. Raises what the work raises, StoreUnavailableError."""

    async def run_alone(self, work: Callable[[Database], T]) -> T:
        """Run outside any transaction and beside no other work: for VACUUM and checkpoints."""

    def close(self) -> None:
        """Finish what was handed in, then let go of the database. Safe to call twice."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Job:
    """One piece of work, and what became of it."""

    work: Callable[[Database], Any]
    alone: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None

    def resolve(self) -> None:
        """Tell the caller, unless it has gone away meanwhile."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class GroupWriter:
    """One thread and one connection; all that queued up meanwhile shares one commit, each behind its own savepoint."""

    def __init__(self, db: Database, path: Path, reconnect: Callable[[], Database]) -> None:
        """Take over the connection `db`; after a disk error it is thrown away and `reconnect` makes the next."""
        self._db: Database | None = db
        self._path = path
        self._reconnect = reconnect
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[Database], T]) -> T:
        """Run with others in one commit. Raises what the work raises, StoreUnavailableError, StoreDamagedError."""
        return await self._submit(work, alone=False)

    async def run_alone(self, work: Callable[[Database], T]) -> T:
        """Run outside any transaction, between two groups."""
        return await self._submit(work, alone=True)

    def close(self) -> None:
        """Finish what was handed in, then close the connection."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    async def _submit(self, work: Callable[[Database], T], *, alone: bool) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._lock:
            if self._closed:
                message = f"the store {self._path} is closed"
                raise StoreUnavailableError(message)
            self._queue.put(_Job(work=work, alone=alone, loop=loop, future=future))
        # A caller that is cancelled here does no harm: the work is done all the same, only nobody is told.
        return await future

    def _serve(self) -> None:
        closing = False
        while not closing:
            jobs, closing = self._gather()
            for alone, group in groupby(jobs, key=lambda job: job.alone):
                settled = list(group)
                if alone:
                    self._settle_alone(settled)
                else:
                    self._settle(settled)
                _tell(settled)
        self._drop()

    def _gather(self) -> tuple[list[_Job], bool]:
        """Wait for one job, take what else has queued up; True when the writer is to close after them."""
        jobs: list[_Job] = []
        job = self._queue.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == GROUP or self._queue.empty():
                return jobs, False
            job = self._queue.get()
        return jobs, True

    def _settle(self, jobs: list[_Job]) -> None:
        """Do all of them in one transaction, or, when the disk fails, none."""
        try:
            db = self._open()
            db.conn.execute("begin immediate")
            for job in jobs:
                _attempt(db, job)
            db.conn.execute("commit")
        except (sqlite3.Error, StoreUnavailableError, StoreDamagedError) as error:
            self._fail(jobs, error)

    def _settle_alone(self, jobs: list[_Job]) -> None:
        for job in jobs:
            try:
                job.result = job.work(self._open())
            except (sqlite3.Error, StoreUnavailableError, StoreDamagedError) as error:
                self._fail([job], error)

    def _fail(self, jobs: list[_Job], error: Exception) -> None:
        # A connection that was opened on a read-only or replaced file stays broken: the next call gets a new one.
        self._drop()
        told = translated(error, self._path) if isinstance(error, sqlite3.Error) else error
        for job in jobs:
            job.result, job.error = None, told

    def _open(self) -> Database:
        if self._db is None:
            self._db = self._reconnect()
        return self._db

    def _drop(self) -> None:
        if self._db is None:
            return
        with suppress(sqlite3.Error):  # closing rolls back what was begun
            self._db.close()
        self._db = None


class InlineWriter:
    """Runs each work at once, in the caller's thread, in a transaction of its own: for replays and simulations.

    The steps `begin`, `commit` and `rollback` are there to be overridden.
    """

    def __init__(self, connection: sqlite3.Connection | None = None) -> None:
        """Use a connection, or a new database in memory; the tables are made if they are missing."""
        self._mine = connection is None
        self.db = prepare(connection or sqlite3.connect(":memory:", check_same_thread=False))
        migrate(self.db)

    async def run(self, work: Callable[[Database], T]) -> T:
        """Run in a transaction of its own. Raises what the work raises, StoreUnavailableError, StoreDamagedError."""
        try:
            self.begin()
            result = work(self.db)
            self.commit()
        except BaseException as error:
            self.rollback()
            if isinstance(error, sqlite3.Error) and is_about_the_disk(error):
                raise translated(error, None) from error
            raise
        return result

    async def run_alone(self, work: Callable[[Database], T]) -> T:
        """Run outside any transaction."""
        return work(self.db)

    def begin(self) -> None:
        """Start the transaction."""
        self.db.conn.execute("begin immediate")

    def commit(self) -> None:
        """Make it last."""
        self.db.conn.execute("commit")

    def rollback(self) -> None:
        """Undo what is not committed; nothing to do after a commit."""
        self.db.conn.rollback()

    def close(self) -> None:
        """Close the database unless it was handed in."""
        if self._mine:
            self.db.close()


class Reader:
    """Runs work that only reads, at once, on a connection that cannot write."""

    def __init__(self, db: Database, path: Path) -> None:
        """Use a connection from `connect_to_read`."""
        self._db = db
        self._path = path

    async def run(self, work: Callable[[Database], T]) -> T:
        """Run on one consistent state of the data. Raises StoreUnavailableError, StoreDamagedError."""
        try:
            self._db.conn.execute("begin")
            return work(self._db)
        except sqlite3.Error as error:
            raise translated(error, self._path) from error
        finally:
            self._db.conn.rollback()

    async def run_alone(self, work: Callable[[Database], T]) -> T:
        """Run like any other work: nobody writes here."""
        return await self.run(work)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()


def _attempt(db: Database, job: _Job) -> None:
    """Do one job behind a savepoint. Raises sqlite3.Error only when it concerns every job of the group."""
    db.conn.execute("savepoint job")
    try:
        job.result = job.work(db)
    except Exception as error:  # it is handed to the caller of this job and spoils no other
        if isinstance(error, sqlite3.Error) and (is_about_the_disk(error) or not db.conn.in_transaction):
            raise
        job.error = error
        db.conn.execute("rollback to job")
    db.conn.execute("release job")


def _tell(jobs: list[_Job]) -> None:
    """Wake each caller's event loop once."""
    for loop, group in groupby(jobs, key=lambda job: job.loop):
        with suppress(RuntimeError):  # that loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_resolve, tuple(group))


def _resolve(jobs: tuple[_Job, ...]) -> None:
    for job in jobs:
        job.resolve()

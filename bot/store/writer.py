"""Who runs the SQL: one thread that commits for many at once."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import groupby
from mmap import ACCESS_READ, mmap
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlite_utils import Database

from bot.store.connection import StoreDamagedError, StoreUnavailableError, is_about_the_disk, translated

T = TypeVar("T")
Blob: TypeAlias = "bytes | mmap"
GROUP = 256


def look_at(path: Path, look: Callable[[Sequence[Blob]], T]) -> T:
    """Show the bytes of a database file and of what SQLite keeps beside it."""
    beside = (path.with_name(path.name + ending) for ending in ("", "-wal", "-journal"))
    with ExitStack() as stack:
        files = [stack.enter_context(each.open("rb")) for each in beside if each.exists() and each.stat().st_size]
        return look([stack.enter_context(mmap(file.fileno(), 0, access=ACCESS_READ)) for file in files])


class Writer(Protocol):
    """Runs work on the database. Work must not await, must not begin or commit by itself, and may be done again.

    It is done again, from the beginning, where other work in the same transaction failed.
    """

    async def run(self, work: Callable[[Database], T]) -> T:
        """Run in a transaction of its own, committed on return. Raises what the work raises, StoreUnavailableError."""

    async def run_alone(self, work: Callable[[Database], T]) -> T:
        """Run outside any transaction and beside no other work: for VACUUM and checkpoints."""

    async def search(self, look: Callable[[Sequence[Blob]], T]) -> T:
        """Show all the bytes that are on disk, while nobody works on them."""

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
    """One thread and one connection; all that queued up meanwhile shares one commit, and none spoils another."""

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

    async def search(self, look: Callable[[Sequence[Blob]], T]) -> T:
        """Show all the bytes that are on disk, between two groups."""

        def closed(_: Database) -> T:
            # Reading the file beside an open connection and closing it again would drop that one's locks.
            self._drop()
            return look_at(self._path, look)

        return await self._submit(closed, alone=True)

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
            if not _all_together(db, jobs):
                _each_apart(db, jobs)
        except (sqlite3.Error, StoreUnavailableError, StoreDamagedError) as error:
            self._fail(jobs, error)

    def _settle_alone(self, jobs: list[_Job]) -> None:
        for job in jobs:
            try:
                _do(self._open(), job)
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


def _all_together(db: Database, jobs: list[_Job]) -> bool:
    """Do all jobs in one transaction; False, with nothing stored, where one of several fails. Raises sqlite3.Error."""
    db.conn.execute("begin immediate")
    for job in jobs:
        _do(db, job)
        if job.error is not None:
            db.conn.execute("rollback")
            return len(jobs) == 1
    db.conn.execute("commit")
    return True


def _each_apart(db: Database, jobs: list[_Job]) -> None:
    """Do them again, each behind a savepoint: one that fails spoils no other. Raises sqlite3.Error."""
    db.conn.execute("begin immediate")
    for job in jobs:
        job.result = job.error = None
        db.conn.execute("savepoint job")
        _do(db, job)
        if job.error is not None:
            db.conn.execute("rollback to job")
        db.conn.execute("release job")
    db.conn.execute("commit")


def _do(db: Database, job: _Job) -> None:
    """Do one job and keep its own mistake for its caller. Raises sqlite3.Error when the disk is to blame."""
    try:
        job.result = job.work(db)
    except Exception as error:
        if isinstance(error, sqlite3.Error) and is_about_the_disk(error):
            raise
        job.error = error


def _tell(jobs: list[_Job]) -> None:
    """Wake each caller's event loop once."""
    for loop, group in groupby(jobs, key=lambda job: job.loop):
        with suppress(RuntimeError):  # that loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_resolve, tuple(group))


def _resolve(jobs: tuple[_Job, ...]) -> None:
    for job in jobs:
        job.resolve()

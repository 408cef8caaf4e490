"""Writers without a thread: for replays and simulations, and for commands that only read."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlite_utils import Database

from bot.store.connection import is_about_the_disk, prepare, translated
from bot.store.migrations import migrate
from bot.store.writer import Blob, T, look_at


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

    async def search(self, look: Callable[[Sequence[Blob]], T]) -> T:
        """Show all the bytes as they would be on disk."""
        return look([self.db.conn.serialize()])

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
        """Run outside any transaction. Raises StoreUnavailableError, StoreDamagedError."""
        try:
            return work(self._db)
        except sqlite3.Error as error:
            raise translated(error, self._path) from error

    async def search(self, look: Callable[[Sequence[Blob]], T]) -> T:
        """Show all the bytes that are on disk."""
        return look_at(self._path, look)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

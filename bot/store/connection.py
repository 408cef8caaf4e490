"""Opening the database file: settings that lose nothing, private files, damage found early, errors in clear words."""

import os
import sqlite3
from pathlib import Path

from sqlite_utils import Database

from bot.store.migrations import migrations

BUSY_SECONDS = 5.0
LARGEST_CHECKED = 256 * 2**20  # bytes; checked in about half a second

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNAVAILABLE = {
    sqlite3.SQLITE_FULL: "the disk is full: make room on it",
    sqlite3.SQLITE_READONLY: "the file or its folder is read-only: make both writable for this user",
    sqlite3.SQLITE_BUSY: "another program holds a lock on it: close that program",
    sqlite3.SQLITE_LOCKED: "another program holds a lock on it: close that program",
    sqlite3.SQLITE_PROTOCOL: "another program holds a lock on it: close that program",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: check that its folder exists and belongs to this user",
    sqlite3.SQLITE_PERM: "this user may not open it: check its owner and mode",
    sqlite3.SQLITE_AUTH: "this user may not open it: check its owner and mode",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written: check it",
    sqlite3.SQLITE_NOMEM: "the machine is out of memory",
}


class StoreUnavailableError(Exception):
    """Nothing was stored, nothing is half written; the next call tries again by itself."""


class StoreDamagedError(Exception):
    """The database file is not sound; the message names the file and the newest backup."""


def connect(path: Path, *, busy_seconds: float = BUSY_SECONDS) -> Database:
    """Open for writing, create it with mode 0600 if missing. Raises StoreUnavailableError, StoreDamagedError."""
    try:
        _make_private(path)
        connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise translated(error, path) from error
    try:
        return prepare(connection)
    except sqlite3.Error as error:
        connection.close()
        raise translated(error, path) from error


def connect_to_read(path: Path) -> Database:
    """Open an existing database only to read. Raises StoreUnavailableError, StoreDamagedError."""
    if not path.is_file():
        message = f"there is no database at {path} yet: it is made when the bot first runs"
        raise StoreUnavailableError(message)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        db = Database(connection, execute_plugins=False)
        db.execute("pragma query_only = on")
        db.execute("pragma wal_autocheckpoint = 0")  # only the writer checkpoints: two at once can damage the file
        missing = migrations.pending(db)
    except sqlite3.Error as error:
        connection.close()
        raise translated(error, path) from error
    if missing:
        connection.close()
        message = f"{path} was written by an older version: start the bot once, which brings it up to date"
        raise StoreUnavailableError(message)
    return db


def prepare(connection: sqlite3.Connection) -> Database:
    """Set what must be set at each opening."""
    # Without isolation_level=None a RETURNING statement opens a transaction that nobody commits.
    connection.isolation_level = None
    connection.row_factory = sqlite3.Row
    db = Database(connection, execute_plugins=False)
    for pragma in (
        "journal_mode = wal",
        "synchronous = full",  # what is acknowledged survives a power cut
        "foreign_keys = on",
        "secure_delete = on",  # what is forgotten is overwritten
        "journal_size_limit = 67108864",  # the write-ahead log gives back what a burst took beyond 64 MiB
        "trusted_schema = off",
    ):
        db.execute(f"pragma {pragma}")
    return db


def check(db: Database, path: Path, *, largest: int = LARGEST_CHECKED) -> None:
    """Look for damage. Raises StoreDamagedError, StoreUnavailableError.

    A file beyond `largest` bytes would keep the start waiting: its pages are checked when the next backup is made.
    """
    try:
        db.execute("select count(*) from sqlite_schema").fetchone()
        if path.stat().st_size > largest:
            return
        found = db.execute("pragma quick_check(1)").fetchone()[0]
    except (OSError, sqlite3.Error) as error:
        raise translated(error, path) from error
    if found != "ok":
        raise StoreDamagedError(damage(path, found))


def translated(error: Exception, path: Path | None) -> StoreUnavailableError | StoreDamagedError:
    """Put an error of the disk or of SQLite into words that say what to do."""
    where = path or "the database in memory"
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    if primary in _DAMAGED and path is not None:
        return StoreDamagedError(damage(path, str(error)))
    why = _UNAVAILABLE.get(primary, str(error)) if primary is not None else str(error)
    return StoreUnavailableError(
        f"nothing could be stored in {where}: {why} ({error}). Nothing is half written; it goes on by itself then."
    )


def is_about_the_disk(error: sqlite3.Error) -> bool:
    """Tell a disk, lock or damage error, which concerns everybody, from a mistake in one statement."""
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return primary in _UNAVAILABLE or primary in _DAMAGED


def damage(path: Path, found: str) -> str:
    """Say which file is damaged and which backup to put in its place."""
    backups = sorted((path.parent / "backups").glob(f"{path.stem}-*.db"))
    advice = (
        f"put the newest backup, {backups[-1]}, in its place"
        if backups
        else "no backup stands beside it: look in store.backup_folder"
    )
    return (
        f"the database {path} is damaged ({' '.join(found.split())}): stop, keep a copy of it for rescue, and {advice}."
    )


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite gives its -wal and -shm files the mode of this one. An existing file is not opened here: closing it again
    # would drop the locks that another connection of this process holds on it.
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)

"""Copies of the database: compacted, checked, private, and only so many of them."""

import os
import sqlite3
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database


class BackupFailedError(Exception):
    """The copy is not sound and was thrown away; the older ones are untouched."""


def backups(folder: Path, stem: str) -> list[Path]:
    """Return the copies of a database that are in a folder, oldest first."""
    return sorted(folder.glob(f"{stem}-*.db"))


def holding(folder: Path, stem: str, needles: Collection[str]) -> tuple[str, ...]:
    """Return which copies hold any of some strings."""
    sought = [needle.encode() for needle in needles]
    copies = ((each, each.read_bytes()) for each in backups(folder, stem))
    return tuple(str(path) for path, content in copies if any(each in content for each in sought))


def back_up(db: Database, folder: Path, stem: str, at: datetime, keep: int) -> Path:
    """Write a copy named after the time, keep the newest `keep` of them and return its path.

    Raises BackupFailedError, sqlite3.Error, OSError; then nothing of the copy is left.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{stem}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.db"
    part = path.with_suffix(".part")
    try:
        _write(db, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _sync(folder)
    # A clock that was wrong can make the new copy look old: it is never the one to go.
    older = [each for each in backups(folder, stem) if each != path]
    for each in older[: max(0, len(older) - max(keep, 1) + 1)]:
        each.unlink(missing_ok=True)
    return path


def _write(db: Database, part: Path) -> None:
    part.unlink(missing_ok=True)
    # VACUUM INTO takes an empty file as it is, so it is private before a word is in it.
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    db.execute("pragma query_only = off")  # it forbids VACUUM INTO too, which writes to the copy only
    db.execute("vacuum into ?", (str(part),))
    copy = sqlite3.connect(part)
    try:
        found = copy.execute("pragma integrity_check(1)").fetchone()[0]
    finally:
        copy.close()
    if found != "ok":
        message = f"the backup {part} is not sound ({found}); it was thrown away, the older ones are untouched"
        raise BackupFailedError(message)
    _sync(part)


def _sync(path: Path) -> None:
    """Have the disk keep a file, or a folder's list of files, through a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

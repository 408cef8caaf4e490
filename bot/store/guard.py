"""One process a database file: a lock that the kernel gives back even after kill -9."""

import fcntl
import os
from pathlib import Path


class StoreInUseError(Exception):
    """Another process has the same database open."""


class Guard:
    """The lock beside the database, held until `release`."""

    def __init__(self, path: Path) -> None:
        """Take the lock for the database at `path`. Raises StoreInUseError, OSError."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = path.with_name(path.name + ".lock")
        self._descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            message = f"{path} is in use by another running warmline: stop that one, or give this one its own file."
            raise StoreInUseError(message) from error

    def release(self) -> None:
        """Give the lock back. Safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

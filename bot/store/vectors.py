"""The numbers of embedded texts, by model and text: a file of its own, derived and built again at will."""

import sqlite3
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from sqlite_utils import Database

_TABLE = """create table if not exists vectors (
    model text not null, text text not null, numbers blob not null, primary key (model, text)) strict"""


class Vectors:
    """Keeps what was embedded, so that a start embeds only what is new. Texts are named by their hashes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = Database(connection)
        self._db.conn.execute(_TABLE)
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path | None) -> "Vectors":
        """Open or create the file, in memory without a path; one that cannot be used is made anew, or not used."""
        if path is None:
            return cls(_connected(":memory:"))
        try:
            return cls(_connected(str(path)))
        except sqlite3.Error:
            with suppress(OSError):
                path.unlink()
        try:
            return cls(_connected(str(path)))
        except sqlite3.Error:
            return cls(_connected(":memory:"))

    def known(self, model: str) -> dict[str, bytes]:
        """Everything of a model: its numbers by the hash of the text; nothing where the file cannot be read."""
        with self._lock, suppress(sqlite3.Error):
            return dict(self._db.conn.execute("select text, numbers from vectors where model = ?", (model,)).fetchall())
        return {}

    def keep(self, model: str, numbers: Mapping[str, bytes]) -> None:
        """Add numbers by the hash of their text; a full disk costs only that they are asked for again."""
        rows = [(model, text, each) for text, each in numbers.items()]
        with self._lock, suppress(sqlite3.Error):
            self._db.conn.executemany("insert or replace into vectors (model, text, numbers) values (?, ?, ?)", rows)

    def drop_others(self, model: str, texts: Iterable[str]) -> None:
        """Drop what belongs to other models, or to texts that are no more."""
        kept = set(texts)
        with self._lock, suppress(sqlite3.Error):
            stored = self._db.conn.execute("select text from vectors where model = ?", (model,)).fetchall()
            gone = [(text,) for (text,) in stored if text not in kept]
            self._db.conn.execute("delete from vectors where model <> ?", (model,))
            self._db.conn.executemany("delete from vectors where text = ?", gone)

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        with self._lock:
            self._db.conn.close()


def _connected(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)

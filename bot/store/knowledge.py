"""The index of the knowledge folder: articles, their passages, and full-text search over both (SQLite FTS5).

The index is derived: its file may be deleted at any time and is built again from the folder. It is a file of its own,
so that a long rebuild never keeps the conversations' writer waiting.
"""

import sqlite3
import threading
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import sqlite_utils

from bot.conversation import Passage
from bot.evidence import Article

_VERSION = 3  # of the tables and of how articles are cut: another number builds the index anew
_APPLICATION_ID = 0x574B4E57  # marks the file as ours
_BUSY_MS = 5_000
_CACHE_KIB = 2_048

_TABLES = (
    """CREATE TABLE article (
        id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, title TEXT NOT NULL, internal INTEGER NOT NULL,
        updated_at REAL NOT NULL, signature TEXT NOT NULL, sha256 TEXT NOT NULL, refusal TEXT NOT NULL)""",
    """CREATE TABLE passage (
        id INTEGER PRIMARY KEY, article_id INTEGER NOT NULL, internal INTEGER NOT NULL)""",
    # The texts lie apart: ranking looks at many passages and reads few.
    """CREATE TABLE passage_text (
        id INTEGER PRIMARY KEY, title TEXT NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL)""",
    "CREATE TABLE edition (number INTEGER NOT NULL)",
    "INSERT INTO edition VALUES (0)",
    "CREATE INDEX passage_by_article ON passage(article_id)",
    """CREATE VIRTUAL TABLE passage_fts USING fts5(
        title, heading, text, content='passage_text', content_rowid='id',
        tokenize='porter unicode61 remove_diacritics 2')""",
    """CREATE VIRTUAL TABLE title_fts USING fts5(
        title, content='article', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2')""",
    "CREATE VIRTUAL TABLE passage_vocabulary USING fts5vocab(passage_fts, row)",
    """CREATE TRIGGER passage_removed AFTER DELETE ON passage_text BEGIN
        INSERT INTO passage_fts(passage_fts, rowid, title, heading, text)
        VALUES ('delete', old.id, old.title, old.heading, old.text); END""",
    """CREATE TRIGGER article_removed AFTER DELETE ON article WHEN old.refusal = '' BEGIN
        INSERT INTO title_fts(title_fts, rowid, title) VALUES ('delete', old.id, old.title); END""",
)

_INSERT_ARTICLE = """INSERT INTO article(id, path, title, internal, updated_at, signature, sha256, refusal)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
# By no trigger: that would write a segment of the index for each row, and every search would look into all of them.
_INDEX_ADDED = (
    """INSERT INTO passage_fts(rowid, title, heading, text)
        SELECT id, title, heading, text FROM passage_text WHERE id > :passage ORDER BY id""",
    """INSERT INTO title_fts(rowid, title)
        SELECT id, title FROM article WHERE id > :article AND refusal = '' ORDER BY id""",
)

_SCORED_PASSAGES = "SELECT rowid, -bm25(passage_fts) FROM passage_fts WHERE passage_fts MATCH ?"
_SCORED_TITLES = "SELECT rowid, -bm25(title_fts) FROM title_fts WHERE title_fts MATCH ?"
_EDITION = "SELECT number FROM edition"
_READ_ALL = """SELECT passage_text.id, article.path, passage_text.heading, passage_text.text, article.title,
        article.updated_at, article.internal
    FROM passage JOIN passage_text ON passage_text.id = passage.id JOIN article ON article.id = passage.article_id"""
_READ = _READ_ALL + " WHERE passage.id IN ({ids})"


class IndexUnusableError(Exception):
    """The index cannot be opened, read or written; the message says what to do."""


class IndexChangedError(Exception):
    """The index was written since the edition that was asked for: take its contents again and begin anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the index remembers of one file: `refusal` says why it was not indexed, "" where it was."""

    path: str
    signature: str
    sha256: str
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the index holds as of one `edition`, a number that grows with each replacement.

    `places` has, for each passage's id, the id of its article and whether it is internal; `by_stem` how many of all
    passages hold each stem, the stems in order.
    """

    edition: int
    places: Mapping[int, tuple[int, bool]]
    by_stem: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What one full-text query is worth (bm25, more is better): by passage id, and by article id for its titles."""

    passages: Mapping[int, float]
    titles: Mapping[int, float]


class Index:
    """A connection that writes and one that reads; in memory they are the same, behind one lock."""

    def __init__(self, writer: sqlite3.Connection, reader: sqlite3.Connection) -> None:
        self._writer, self._reader = sqlite_utils.Database(writer), sqlite_utils.Database(reader)
        self._writing = threading.Lock()
        self._reading = self._writing if writer is reader else threading.Lock()

    @classmethod
    def open(cls, path: Path | None) -> "Index":
        """Open or create the index, in memory without a path. Raises IndexUnusableError."""
        if path is None:
            connection = _connected(":memory:")
            _created(connection)
            return cls(connection, connection)
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            writer = _connected(str(path))
            try:
                _prepared(writer, path)
                return cls(writer, _connected(str(path)))
            except BaseException:
                writer.close()
                raise

    def entries(self) -> dict[str, Entry]:
        """Everything that was read before, by path."""
        with self._writing:
            rows = self._writer.execute("SELECT path, signature, sha256, refusal FROM article").fetchall()
        return {row[0]: Entry(path=row[0], signature=row[1], sha256=row[2], refusal=row[3]) for row in rows}

    def contents(self) -> Contents:
        """What there is to search, as of now. Raises IndexUnusableError."""
        with self._snapshot() as reader:
            (edition,) = reader.execute(_EDITION).fetchone()
            rows = reader.execute("SELECT id, article_id, internal FROM passage").fetchall()
            by_stem = dict(reader.execute("SELECT term, doc FROM passage_vocabulary").fetchall())
        places = {number: (article, bool(internal)) for number, article, internal in rows}
        return Contents(edition=edition, places=places, by_stem=by_stem)

    def scores(self, matches: Sequence[str], edition: int, *, not_in_titles: Container[str] = ()) -> tuple[Scores, ...]:
        """Score passages and titles for each full-text query (FTS5 syntax, built by us), in their order.

        Those of `not_in_titles` are looked for in the passages only.
        Scores add up: what a query of words joined by OR is worth is the sum of what its words are worth.
        Raises IndexChangedError, IndexUnusableError.
        """
        with self._snapshot(edition) as reader:
            return tuple(
                Scores(
                    passages=dict(reader.execute(_SCORED_PASSAGES, [match])),
                    titles={} if match in not_in_titles else dict(reader.execute(_SCORED_TITLES, [match])),
                )
                for match in matches
            )

    def passages(self, ids: Sequence[int], edition: int) -> dict[int, Passage]:
        """Read passages by their ids; their scores are 0. Raises IndexChangedError, IndexUnusableError."""
        query = _READ.format(ids=",".join("?" * len(ids)))
        with self._snapshot(edition) as reader:
            return {row[0]: _to_passage(row) for row in reader.execute(query, ids)}

    def edition(self) -> int:
        """A number that changes with the passages. Raises IndexUnusableError."""
        with self._snapshot() as reader:
            (edition,) = reader.execute(_EDITION).fetchone()
        return int(edition)

    def everything(self) -> tuple[int, tuple[Passage, ...]]:
        """The edition and all passages in it, in the order of the index. Raises IndexUnusableError."""
        with self._snapshot() as reader:
            (edition,) = reader.execute(_EDITION).fetchone()
            rows = reader.execute(_READ_ALL).fetchall()
        return int(edition), tuple(_to_passage(row) for row in rows)

    def replace(self, read: Sequence[tuple[Entry, Article | None]], gone: Sequence[str]) -> None:
        """Put what was read in place of what was there, and drop what is gone: one transaction, all or nothing.

        Raises IndexUnusableError; the index is then as it was before.
        """
        with self._writing, _explained(None):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                self._drop([*gone, *(entry.path for entry, _ in read)])
                last = {name: self._last(name) for name in ("article", "passage")}
                self._add(read, last["article"], last["passage"])
                for statement in _INDEX_ADDED:
                    self._writer.execute(statement, last)
                self._writer.execute("UPDATE edition SET number = number + 1")
                self._writer.execute("COMMIT")
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise

    def touch(self, entries: Sequence[Entry]) -> None:
        """Remember new signatures of files whose content is as before. Raises IndexUnusableError."""
        with self._writing, _explained(None):
            self._writer.execute("BEGIN IMMEDIATE")
            for entry in entries:
                self._writer.execute("UPDATE article SET signature = ? WHERE path = ?", [entry.signature, entry.path])
            self._writer.execute("COMMIT")

    def close(self) -> None:
        """Close both connections. Safe to call twice."""
        with self._reading:
            self._reader.conn.close()
        self._writer.conn.close()

    @contextmanager
    def _snapshot(self, edition: int | None = None) -> Iterator[sqlite3.Connection]:
        """The reader, seeing one state of everything: that of the edition, where one is named."""
        with self._reading, _explained(None):
            reader = self._reader.conn
            reader.execute("BEGIN")
            try:
                if edition is not None and reader.execute(_EDITION).fetchone() != (edition,):
                    raise IndexChangedError
                yield reader
            finally:
                reader.execute("ROLLBACK")

    def _drop(self, paths: Sequence[str]) -> None:
        ids = dict(self._writer.execute("SELECT path, id FROM article").fetchall())
        for number in {ids[path] for path in paths if path in ids}:
            its = "SELECT id FROM passage WHERE article_id = ?"
            self._writer.execute(f"DELETE FROM passage_text WHERE id IN ({its})", [number])  # noqa: S608 - our words
            self._writer.execute("DELETE FROM passage WHERE article_id = ?", [number])
            self._writer.execute("DELETE FROM article WHERE id = ?", [number])

    def _last(self, table: str) -> int:
        return int(self._writer.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()[0])  # noqa: S608 - ours

    def _add(self, read: Sequence[tuple[Entry, Article | None]], last_article: int, last_passage: int) -> None:
        """Write what was read, numbered on from the last ones."""
        articles, places, texts = [], [], []
        numbers = count(last_passage + 1)
        for article_id, (entry, article) in enumerate(read, last_article + 1):
            title, internal, at = "", 1, 0.0
            if article is not None:
                title, internal, at = article.title, int(article.internal), article.updated_at.timestamp()
            articles.append((article_id, entry.path, title, internal, at, entry.signature, entry.sha256, entry.refusal))
            for piece in article.pieces if article is not None else ():
                number = next(numbers)
                places.append((number, article_id, internal))
                texts.append((number, title, piece.heading, piece.text))
        write = self._writer.conn.executemany
        write(_INSERT_ARTICLE, articles)
        write("INSERT INTO passage(id, article_id, internal) VALUES (?, ?, ?)", places)
        write("INSERT INTO passage_text(id, title, heading, text) VALUES (?, ?, ?, ?)", texts)


def _to_passage(row: tuple[int, str, str, str, str, float, int]) -> Passage:
    _, path, heading, text, title, updated_at, internal = row
    return Passage(
        article=path,
        heading=heading,
        text=text,
        score=0.0,
        title=title,
        updated_at=datetime.fromtimestamp(updated_at, tz=UTC),
        internal=bool(internal),
    )


def _connected(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _created(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute("COMMIT")


def _prepared(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables where there are none, or build anew what an older version made. Raises IndexUnusableError."""
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger')")]
    if tables and owner != _APPLICATION_ID:
        message = f"{str(path)!r} is a database of something else: give the knowledge index a file of its own"
        raise IndexUnusableError(message)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")  # derived: a lost commit is read from the folder again
    if tables and version != _VERSION:
        for name in ("passage_vocabulary", "passage_fts", "title_fts", "passage_text", "passage", "article", "edition"):
            connection.execute(f"DROP TABLE IF EXISTS {name}")
        tables = []
    if not tables:
        _created(connection)


@contextmanager
def _explained(path: Path | None) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        where = f" {str(path)!r}" if path else ""
        message = (
            f"the knowledge index{where} cannot be used ({error}): free the disk or delete the file, it is rebuilt"
        )
        raise IndexUnusableError(message) from error

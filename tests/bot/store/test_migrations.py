import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from bot.store import Store, StoreUnavailableError
from bot.store.connection import connect
from bot.store.migrations import migrate, migrations
from tests.bot.store.examples import begin, rows


def _names(path: Path) -> list[str]:
    return [row[0] for row in rows(path, "select name from _sqlite_migrations order by id")]


def _tables(path: Path) -> list[str]:
    return [row[0] for row in rows(path, "select name from sqlite_schema where name not like '%sqlite%'")]


def test_steps_are_numbered_without_a_gap(tmp_path: Path) -> None:
    Store.open(tmp_path / "warmline.db").close()
    numbers = [int(name.split("_")[0]) for name in _names(tmp_path / "warmline.db")]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_steps_are_applied_once(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "warmline.db")
    conversation = await begin(store)
    store.close()
    before = _names(tmp_path / "warmline.db")
    store = Store.open(tmp_path / "warmline.db")
    assert await store.conversation(conversation.id) == conversation
    store.close()
    assert _names(tmp_path / "warmline.db") == before


def test_step_that_fails_leaves_nothing_of_any(tmp_path: Path) -> None:
    @migrations(name="9999_broken")
    def broken(db: Database) -> None:
        db.execute("create table half_done (id integer)")
        db.execute("insert into nowhere values (1)")

    try:
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            Store.open(tmp_path / "warmline.db")
    finally:
        migrations._migrations.pop()
    assert _tables(tmp_path / "warmline.db") == []
    Store.open(tmp_path / "warmline.db").close()


def test_two_that_start_at_once_both_find_the_tables_made(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    program = (
        "import sys; from pathlib import Path; from bot.store.connection import connect;"
        "from bot.store.migrations import migrate; db = connect(Path(sys.argv[1])); sys.stdin.readline();"
        "migrate(db); db.close()"
    )
    starters = [subprocess.Popen([sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE) for _ in range(3)]
    for starter in starters:
        assert starter.stdin is not None
        starter.stdin.write(b"\n")
        starter.stdin.close()
    assert [starter.wait(30) for starter in starters] == [0, 0, 0]


def test_older_file_is_not_read_before_it_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    db = connect(path)
    older = Migrations("warmline")
    older._migrations = migrations._migrations[:1]
    older.apply(db)
    db.close()
    with pytest.raises(StoreUnavailableError, match="older version"):
        Store.open_to_read(path)
    Store.open(path).close()
    store = Store.open_to_read(path)
    assert asyncio.run(store.conversations()) == ()
    store.close()


def test_every_table_is_strict(tmp_path: Path) -> None:
    db = connect(tmp_path / "warmline.db")
    migrate(db)
    loose = [table.name for table in db.tables if not table.strict and not table.name.startswith("_sqlite")]
    db.close()
    assert loose == ["sqlite_sequence"]


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1), ("busy_timeout", 5000)],
)
def test_connection_has_the_settings_that_lose_nothing(tmp_path: Path, pragma: str, value: object) -> None:
    db = connect(tmp_path / "warmline.db")
    assert db.execute(f"pragma {pragma}").fetchone()[0] == value
    assert db.conn.isolation_level is None
    db.close()

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.store import BackupFailedError, InlineWriter, Store, StoreUnavailableError
from tests.bot.store.examples import NOW, begin, outgoing, rows


@dataclass
class Clock:
    """A clock that is set by hand."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(params=["memory", "file"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Clock], Store]:
    if request.param == "memory":
        return lambda clock: Store(InlineWriter(), clock=clock)
    return lambda clock: Store.open(tmp_path / "warmline.db", clock=clock)


async def test_backup_is_a_whole_store(open_store: Callable[[Clock], Store], tmp_path: Path) -> None:
    store = open_store(Clock())
    conversation = await begin(store, outgoing("o1"))
    path = await store.backup(tmp_path / "backups", 2)
    store.close()
    copy = Store.open(path)
    snapshot = await copy.load(conversation.id)
    assert (snapshot and snapshot.conversation) == conversation
    assert [parcel.outgoing.id for parcel in await copy.take(NOW)] == ["o1"]
    copy.close()


async def test_backup_is_named_after_its_time(open_store: Callable[[Clock], Store], tmp_path: Path) -> None:
    store = open_store(Clock())
    assert await store.backup(tmp_path / "backups", 2) == tmp_path / "backups" / "warmline-20260302T090000Z.db"
    store.close()


async def test_backup_is_private(open_store: Callable[[Clock], Store], tmp_path: Path) -> None:
    store = open_store(Clock())
    path = await store.backup(tmp_path / "backups", 2)
    store.close()
    assert [path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777] == [0o600, 0o700]


async def test_only_the_newest_are_kept(open_store: Callable[[Clock], Store], tmp_path: Path) -> None:
    clock = Clock()
    store = open_store(clock)
    paths = []
    for _ in range(4):
        paths.append(await store.backup(tmp_path / "backups", 2))
        clock.at += timedelta(days=1)
    store.close()
    assert sorted((tmp_path / "backups").iterdir()) == paths[2:]


async def test_new_backup_is_kept_when_the_clock_jumped_back(
    open_store: Callable[[Clock], Store], tmp_path: Path
) -> None:
    clock = Clock()
    store = open_store(clock)
    await store.backup(tmp_path / "backups", 1)
    clock.at -= timedelta(days=9)
    path = await store.backup(tmp_path / "backups", 1)
    store.close()
    assert list((tmp_path / "backups").iterdir()) == [path]


async def test_second_backup_in_the_same_second_replaces_the_first(
    open_store: Callable[[Clock], Store], tmp_path: Path
) -> None:
    store = open_store(Clock())
    await store.backup(tmp_path / "backups", 3)
    await begin(store)
    path = await store.backup(tmp_path / "backups", 3)
    store.close()
    assert list((tmp_path / "backups").iterdir()) == [path]
    assert rows(path, "select count(*) from conversations") == [(1,)]


async def test_what_a_broken_off_backup_left_is_no_obstacle(
    open_store: Callable[[Clock], Store], tmp_path: Path
) -> None:
    store = open_store(Clock())
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "warmline-20260302T090000Z.part").write_text("half a copy")
    path = await store.backup(tmp_path / "backups", 3)
    store.close()
    assert list((tmp_path / "backups").iterdir()) == [path]


async def test_folder_that_cannot_be_made_is_a_clear_error(
    open_store: Callable[[Clock], Store], tmp_path: Path
) -> None:
    store = open_store(Clock())
    (tmp_path / "backups").write_text("a file")
    with pytest.raises(StoreUnavailableError, match="backups"):
        await store.backup(tmp_path / "backups", 3)
    await begin(store)
    store.close()


async def test_unsound_copy_is_thrown_away_and_the_older_ones_stay(tmp_path: Path) -> None:
    clock = Clock()
    connection = sqlite3.connect(":memory:")
    store = Store(InlineWriter(connection), clock=clock)
    good = await store.backup(tmp_path / "backups", 1)
    # An index that lacks a row: nothing but an integrity check sees it.
    await begin(store)
    connection.execute("pragma writable_schema = on")
    connection.execute("update sqlite_schema set sql = sql || ' where id > 99' where name = 'events_at'")
    connection.execute("insert into events (conversation, kind, at, by, facts) values (1, 'x', '', '', '{}')")
    connection.execute("pragma schema_version = 99")
    clock.at += timedelta(days=1)
    with pytest.raises(BackupFailedError, match="not sound"):
        await store.backup(tmp_path / "backups", 1)
    assert list((tmp_path / "backups").iterdir()) == [good]

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from bot.store import (
    InlineWriter,
    Store,
    StoreDamagedError,
    StoreInUseError,
    StoreUnavailableError,
)
from bot.store.connection import check, connect
from channels.base import Receipt
from tests.bot.store.examples import NOW, begin, decide, load, message, outgoing, receive, rows


class CrashError(BaseException):
    """The process dies here."""


class CrashingWriter(InlineWriter):
    """Dies once, at a chosen moment of a chosen work."""

    def __init__(self, connection: sqlite3.Connection, *, moment: str, after: int) -> None:
        super().__init__(connection)
        self._moment = moment
        self._left = after

    def _maybe_die(self, moment: str) -> None:
        if moment == self._moment:
            self._left -= 1
            if self._left == 0:
                raise CrashError

    def begin(self) -> None:
        self._maybe_die("before")
        super().begin()

    def commit(self) -> None:
        self._maybe_die("between")
        super().commit()
        self._maybe_die("after")


async def _exchange(store: Store) -> None:
    """One message on its whole way; safe to run again after a crash at any point."""
    await store.recover(NOW)
    conversation = await receive(store, message())
    snapshot = await load(store, conversation)
    if snapshot.pending and snapshot.conversation.version == 1:
        await store.commit(decide(snapshot, outgoing("o1"), report=True), at=NOW)
    for parcel in await store.take(NOW):
        await store.sent(parcel.outgoing.id, Receipt(id="p1"), NOW)


async def _state(store: Store) -> tuple[Any, ...]:
    snapshot = await load(store, "1")
    arrivals = [pending.arrival for pending in snapshot.pending]
    return snapshot.conversation, arrivals, [posting.state for posting in await store.outbox("1")]


@pytest.mark.parametrize("moment", ["before", "between", "after"])
@pytest.mark.parametrize("after", range(1, 7))
async def test_crash_at_any_point_leaves_all_or_nothing_and_is_made_good(moment: str, after: int) -> None:
    undisturbed = Store(InlineWriter())
    await _exchange(undisturbed)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    with pytest.raises(CrashError):
        await _exchange(Store(CrashingWriter(connection, moment=moment, after=after)))
    assert not connection.in_transaction
    again = Store(InlineWriter(connection))
    await _exchange(again)
    assert await _state(again) == await _state(undisturbed)


async def test_writer_of_a_connection_that_was_handed_in_leaves_it_open() -> None:
    connection = sqlite3.connect(":memory:")
    Store(InlineWriter(connection)).close()
    assert connection.execute("select count(*) from inbox").fetchone()[0] == 0


async def test_disk_error_in_memory_is_translated_too() -> None:
    store = Store(InlineWriter())
    await store.writer.run_alone(lambda db: db.execute("pragma max_page_count = 1").fetchone())
    with pytest.raises(StoreUnavailableError, match="full"):
        await receive(store, message(text="x" * 100_000))


def _open(path: Path) -> Store:
    return Store.open(path, busy_seconds=0.01)


def _fill_the_disk(db: Database) -> None:
    pages = db.execute("pragma page_count").fetchone()[0]
    db.execute(f"pragma max_page_count = {pages}").fetchone()


async def test_full_disk_refuses_and_stores_nothing_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    store = _open(tmp_path / "warmline.db")
    conversation = await receive(store, message("m1"))
    before = await load(store, conversation)
    await store.writer.run_alone(_fill_the_disk)
    with pytest.raises(StoreUnavailableError, match="the disk is full: make room"):
        await receive(store, message("m2", text="x" * 100_000))
    assert await load(store, conversation) == before
    assert await receive(store, message("m2", text="x" * 100_000)) == conversation
    store.close()


async def test_real_limit_of_a_file_is_told_and_healed(tmp_path: Path) -> None:
    program = """
import asyncio, resource, signal, sys
from pathlib import Path
from bot.store import Store, StoreUnavailableError
from tests.bot.store.examples import message, receive

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = Store.open(Path(sys.argv[1]))
    await receive(store, message("m1"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    try:
        await receive(store, message("m2", text="x" * 1_000_000))
    except StoreUnavailableError as error:
        print(error)
    await receive(store, message("m3"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await receive(store, message("m2", text="x" * 1_000_000))
    store.close()

asyncio.run(main())
"""
    path = tmp_path / "warmline.db"
    done = subprocess.run(  # noqa: ASYNC221 - our own program, and nothing else runs here
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing could be stored" in done.stdout
    assert rows(path, "select external_id from inbox order by id") == [("m1",), ("m3",), ("m2",)]


async def test_locked_database_refuses_and_goes_on_when_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    store = _open(path)
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("begin immediate")
    with pytest.raises(StoreUnavailableError, match="another program holds a lock on it: close that program"):
        await receive(store, message("m1"))
    foreign.execute("rollback")
    foreign.close()
    assert await receive(store, message("m1")) == "1"
    store.close()


async def test_read_only_file_refuses_and_goes_on_when_it_is_writable(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    store = _open(path)
    await store.writer.run_alone(lambda db: db.execute("pragma query_only = on"))
    with pytest.raises(StoreUnavailableError, match="read-only: make both writable"):
        await receive(store, message("m1"))
    assert await receive(store, message("m1")) == "1"
    store.close()


async def test_connection_is_made_anew_only_when_that_is_possible(tmp_path: Path) -> None:
    path = tmp_path / "data" / "warmline.db"
    store = _open(path)
    await receive(store, message("m1"))
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("begin immediate")
    with pytest.raises(StoreUnavailableError):
        await receive(store, message("m2"))
    foreign.execute("rollback")
    foreign.close()
    path.parent.rename(tmp_path / "gone")
    path.parent.write_text("a file where the folder was")
    with pytest.raises(StoreUnavailableError, match="data"):
        await receive(store, message("m2"))
    path.parent.unlink()
    (tmp_path / "gone").rename(path.parent)
    await receive(store, message("m2"))
    store.close()


@pytest.mark.parametrize("place", ["folder is a file", "file is a folder"])
def test_path_that_cannot_be_opened_is_one_clear_sentence(tmp_path: Path, place: str) -> None:
    path = tmp_path / "data" / "warmline.db"
    if place == "folder is a file":
        path.parent.write_text("")
    else:
        path.mkdir(parents=True)
    with pytest.raises(StoreUnavailableError, match=re.escape(str(path))):
        Store.open(path)


def _fill(path: Path) -> None:
    async def fill() -> None:
        store = Store.open(path)
        for number in range(50):
            await receive(store, message(f"m{number}", text="where is it? " * 40))
        store.close()

    asyncio.run(fill())


def _overwrite(path: Path, start: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(content)


def _wipe_the_head(path: Path) -> None:
    _overwrite(path, 0, b"\x55" * 200)


def _wipe_the_pages(path: Path) -> None:
    _overwrite(path, 4096, b"\x55" * 40_000)


def _replace_by_text(path: Path) -> None:
    path.write_text("this is no database\n" * 1000)


DAMAGES: tuple[Callable[[Path], None], ...] = (_wipe_the_head, _wipe_the_pages, _replace_by_text)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = tmp_path / "warmline.db"
    _fill(path)
    damage(path)
    before = path.read_bytes()
    with pytest.raises(StoreDamagedError, match=r"warmline\.db is damaged .* no backup stands beside it"):
        Store.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_refusal_of_a_damaged_file_names_the_newest_backup(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = tmp_path / "warmline.db"
    _fill(path)
    (tmp_path / "backups").mkdir()
    for day in (1, 3, 2):
        (tmp_path / "backups" / f"warmline-2026030{day}T000000Z.db").write_text("")
    damage(path)
    with pytest.raises(StoreDamagedError, match="warmline-20260303T000000Z"):
        Store.open(path)


def test_refused_file_is_free_again(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    path.write_text("this is no database\n" * 1000)
    with pytest.raises(StoreDamagedError):
        Store.open(path)
    path.unlink()
    Store.open(path).close()


def test_damaged_file_is_not_read_either(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    path.write_text("this is no database\n" * 1000)
    with pytest.raises(StoreDamagedError):
        Store.open_to_read(path)


async def test_damage_while_running_is_told(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    store = Store.open(path)
    await receive(store, message("m1", text="where is it? " * 1000))
    await store.writer.run_alone(lambda db: db.execute("pragma wal_checkpoint(truncate)").fetchall())
    _wipe_the_pages(path)
    await store.writer.search(len)  # the pages in memory are good: only a new connection meets the damage
    with pytest.raises(StoreDamagedError, match="is damaged"):
        await load(store, "1")
    store.close()


def test_big_file_does_not_keep_the_start_waiting(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    _fill(path)
    _wipe_the_pages(path)
    db = connect(path)
    check(db, path, largest=1000)
    with pytest.raises(StoreDamagedError):
        check(db, path)
    db.close()


def test_file_that_vanishes_is_told(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    db = connect(path)
    path.unlink()
    with pytest.raises(StoreUnavailableError):
        check(db, path)
    db.close()


def test_file_that_is_locked_at_the_start_is_refused_and_free_again(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    _open(path).close()
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("begin immediate")
    with pytest.raises(StoreUnavailableError, match="another program holds a lock"):
        _open(path)
    foreign.close()
    _open(path).close()


def test_second_process_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    store = Store.open(path)
    program = (
        "import sys; from pathlib import Path; from bot.store import Store, StoreInUseError\n"
        "try: Store.open(Path(sys.argv[1]))\n"
        "except StoreInUseError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    store.close()
    assert done.stdout.count("\n") == 1
    assert f"{path} is in use by another running warmline" in done.stdout


def test_second_store_in_one_process_is_refused_until_the_first_is_closed(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "warmline.db")
    with pytest.raises(StoreInUseError):
        Store.open(tmp_path / "warmline.db")
    store.close()
    store.close()
    Store.open(tmp_path / "warmline.db").close()


def _modes(folder: Path) -> dict[str, int]:
    return {each.name: each.stat().st_mode & 0o777 for each in (folder, *folder.iterdir())}


async def test_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = Store.open(tmp_path / "data" / "warmline.db")
        await begin(store)
        modes = _modes(tmp_path / "data")
        store.close()
    finally:
        os.umask(before)
    names = ("warmline.db", "warmline.db-shm", "warmline.db-wal", "warmline.db.lock")
    assert modes == {"data": 0o700, **dict.fromkeys(names, 0o600)}


def test_file_that_others_can_read_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    Store.open(path).close()
    path.chmod(0o644)
    Store.open(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


KILLED = """
import asyncio, itertools, os, sys
from pathlib import Path
from bot.store import Store
from tests.bot.store.examples import message, receive, room

async def talk(store, start, who):
    for number in itertools.count():
        name = f"{start}-{who}-{number}"
        await receive(store, message(name, at=room(str(who))))
        os.write(1, f"{name}\\n".encode())

async def main():
    store = Store.open(Path(sys.argv[1]))
    await asyncio.gather(*(talk(store, sys.argv[2], who) for who in range(8)))

asyncio.run(main())
"""


def test_kill_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    acknowledged: list[str] = []
    for start in range(5):
        command = [sys.executable, "-c", KILLED, str(path), str(start)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            acknowledged += [process.stdout.readline().strip() for _ in range(40 * (start + 1))]
            process.send_signal(signal.SIGKILL)
            acknowledged += process.stdout.read().split()
    Store.open(path).close()
    stored = {name for (name,) in rows(path, "select external_id from inbox")}
    assert rows(path, "pragma integrity_check") == [("ok",)]
    assert len(acknowledged) >= 600
    assert set(acknowledged) - stored == set()

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from sqlite_utils import Database

from bot.store import GroupWriter, StoreUnavailableError
from bot.store.connection import connect
from tests.bot.store.examples import rows

T = TypeVar("T")


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[GroupWriter]:
    path = tmp_path / "notes.db"
    db = connect(path)
    db.execute("create table notes (id integer primary key, text text unique)")
    writer = GroupWriter(db, path, lambda: connect(path))
    yield writer
    writer.close()


def _note(text: str) -> Callable[[Database], int | None]:
    return lambda db: db.execute("insert into notes (text) values (?)", (text,)).lastrowid


def _texts(db: Database) -> list[str]:
    return [row["text"] for row in db.execute("select text from notes order by id")]


async def _in_one_group(writer: GroupWriter, *works: Callable[[Database], T]) -> list[T | BaseException]:
    """Hold the writer up until all works have queued behind, so that they share one commit."""
    started, go = threading.Event(), threading.Event()

    def hold_up(_db: Database) -> None:
        started.set()
        go.wait()

    held = asyncio.create_task(writer.run_alone(hold_up))
    await asyncio.to_thread(started.wait)
    tasks = [asyncio.create_task(writer.run(work)) for work in works]
    await asyncio.sleep(0)  # each task has handed in its work when this returns
    go.set()
    await held
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_result_comes_back_to_its_caller(writer: GroupWriter) -> None:
    assert await _in_one_group(writer, _note("a"), _note("b"), _note("c")) == [1, 2, 3]


async def test_many_share_one_commit(writer: GroupWriter) -> None:
    commits: list[str] = []
    await writer.run_alone(lambda db: db.conn.set_trace_callback(lambda sql: commits.append(sql.lower())))
    await _in_one_group(writer, *(_note(str(number)) for number in range(20)))
    await writer.run_alone(lambda db: db.conn.set_trace_callback(None))
    assert commits.count("commit") == 1


async def test_failing_work_spoils_no_other(writer: GroupWriter) -> None:
    def fail(db: Database) -> None:
        _note("lost")(db)
        raise ZeroDivisionError

    results = await _in_one_group(writer, _note("a"), fail, _note("b"), _note("a"))
    assert [type(result) for result in results] == [int, ZeroDivisionError, int, sqlite3.IntegrityError]
    assert await writer.run(_texts) == ["a", "b"]


async def test_mistake_in_a_statement_spoils_no_other(writer: GroupWriter) -> None:
    results = await _in_one_group(writer, _note("a"), lambda db: db.execute("selec"), _note("b"))
    assert [type(result) for result in results] == [int, sqlite3.OperationalError, int]


async def test_disk_error_of_one_is_told_to_all_and_nothing_is_stored(writer: GroupWriter) -> None:
    def fill(db: Database) -> None:
        db.execute("pragma max_page_count = 1")
        _note("x" * 100_000)(db)

    results = await _in_one_group(writer, _note("a"), fill, _note("b"))
    assert [type(result) for result in results] == [StoreUnavailableError] * 3
    assert await writer.run(_texts) == []


async def test_writer_goes_on_after_a_disk_error(writer: GroupWriter) -> None:
    def fill(db: Database) -> None:
        db.execute("pragma max_page_count = 1")
        _note("x" * 100_000)(db)

    with pytest.raises(StoreUnavailableError, match="the disk is full: make room"):
        await writer.run(fill)
    await writer.run(_note("after"))
    assert await writer.run(_texts) == ["after"]


async def test_cancelled_caller_does_no_harm(writer: GroupWriter) -> None:
    go = threading.Event()
    held = asyncio.create_task(writer.run_alone(lambda db: go.wait()))
    gone = asyncio.create_task(writer.run(_note("gone")))
    stays = asyncio.create_task(writer.run(_note("stays")))
    await asyncio.sleep(0)
    gone.cancel()
    go.set()
    await held
    await stays
    assert await writer.run(_texts) == ["gone", "stays"]
    assert gone.cancelled()


async def test_mistake_in_work_alone_comes_back(writer: GroupWriter) -> None:
    with pytest.raises(ZeroDivisionError):
        await writer.run_alone(lambda db: 1 // 0)
    with pytest.raises(sqlite3.OperationalError):
        await writer.run_alone(lambda db: db.execute("selec"))


async def test_disk_error_in_work_alone_comes_back_and_the_writer_goes_on(tmp_path: Path, writer: GroupWriter) -> None:
    await writer.run(_note("a"))
    with pytest.raises(StoreUnavailableError):
        await writer.run_alone(lambda db: db.execute("vacuum into ?", (str(tmp_path / "no" / "folder"),)))
    assert await writer.run(_texts) == ["a"]


async def test_close_finishes_what_was_handed_in(tmp_path: Path, writer: GroupWriter) -> None:
    tasks = [asyncio.create_task(writer.run(_note(str(number)))) for number in range(300)]
    await asyncio.sleep(0)
    writer.close()
    await asyncio.gather(*tasks)
    assert rows(tmp_path / "notes.db", "select count(*) from notes") == [(300,)]


async def test_closed_writer_says_so(writer: GroupWriter) -> None:
    writer.close()
    writer.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        await writer.run(_texts)


def test_event_loop_that_ended_does_not_stop_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    db = connect(path)
    db.execute("create table notes (id integer primary key, text text unique)")
    writer = GroupWriter(db, path, lambda: connect(path))
    go = threading.Event()

    async def leave() -> None:
        for work in (lambda db: go.wait(), _note("left")):
            asyncio.ensure_future(writer.run(work))  # noqa: RUF006 - left behind on purpose
        await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave())
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    go.set()
    assert asyncio.run(writer.run(_texts)) == ["left"]
    writer.close()

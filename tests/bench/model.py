"""A language model in the loop: what the bot adds to its time, how many wait at once, and what its death costs."""

import asyncio
import os
import resource
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from bot import app
from bot.knowledge import Settings as Knowledge
from bot.llm import Settings as Llm
from bot.settings import Settings
from bot.store.settings import Settings as Keeping
from channels.base import Address, Message, Person
from tests.bench.figures import ROOT, Figure, milliseconds
from tests.bench.place import workplace
from tests.bench.turns import Receive, Shop
from tests.fakes.model import KEY, MODEL

QUESTION = "How long do I have to return something?"
SEVERAL = 60  # one after another
CROWD = 100
QUICK_SECONDS = 0.05
SLOW_SECONDS = 3.0
KILLED_AFTER_SECONDS = 1.0
TURN_SECONDS = 10.0
COLD_SECONDS = 5.0


def measure() -> list[Figure]:
    """Each in its own service, with the endpoint in a process of its own."""
    os.environ["OPENAI_API_KEY"] = KEY
    with workplace() as folder:
        return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> list[Figure]:
    return [*await _alone(folder / "alone"), *await _crowd(folder / "crowd"), *await _killed(folder / "killed")]


async def _alone(folder: Path) -> list[Figure]:
    async with _endpoint(QUICK_SECONDS) as (url, _), _service(folder, url) as (shop, receive):
        await _warm_up(shop, receive)
        begun = len(await _seconds(url))
        waits = [await _ask(shop, receive, f"alone-{number}") for number in range(SEVERAL)]
        own = [wait - took for wait, took in zip(waits, (await _seconds(url))[begun:], strict=True)]
    return [
        Figure(
            name="message in to answer out, without the model's own time",
            bar="p50 < 25 ms",
            measured=milliseconds(own),
        )
    ]


async def _crowd(folder: Path) -> list[Figure]:
    async with _endpoint(SLOW_SECONDS) as (url, _), _service(folder, url) as (shop, receive):
        await _warm_up(shop, receive)
        before = time.process_time()
        waits = await asyncio.gather(*(_ask(shop, receive, f"crowd-{number}") for number in range(CROWD)))
        cpu = (time.process_time() - before) / CROWD
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Figure(
            name=f"{CROWD} at once, a model that takes {SLOW_SECONDS:.0f} s: the last answer",
            bar="< 4.5 s",
            measured=f"{max(waits):.2f} s ({len(waits)} answered)",
        ),
        Figure(name="  CPU a turn, all threads", measured=f"{cpu * 1e3:.1f} ms"),
        Figure(name="  memory at its highest", bar="< 200 MB", measured=f"{megabytes:.0f} MB"),
    ]


async def _killed(folder: Path) -> list[Figure]:
    async with _endpoint(SLOW_SECONDS) as (url, process), _service(folder, url) as (shop, receive):
        await _warm_up(shop, receive)
        asking = asyncio.gather(*(_ask(shop, receive, f"killed-{number}") for number in range(CROWD)))
        await asyncio.sleep(KILLED_AFTER_SECONDS)
        process.kill()
        waits = await asking
    return [
        Figure(
            name=f"{CROWD} at once, the model killed after {KILLED_AFTER_SECONDS:.0f} s: the longest wait",
            bar=f"< {TURN_SECONDS:.0f} s, none lost",
            measured=f"{max(waits):.2f} s ({CROWD - len(waits)} lost)",
        )
    ]


async def _warm_up(shop: Shop, receive: Receive) -> None:
    """A first answer, and the patterns that a process compiles in its first seconds."""
    await _ask(shop, receive, "warm-up")
    await asyncio.sleep(COLD_SECONDS)


async def _ask(shop: Shop, receive: Receive, room: str) -> float:
    """Seconds from a message to its answer. Raises TimeoutError when it is lost."""
    answered: asyncio.Future[tuple[float, bool]] = asyncio.get_running_loop().create_future()
    shop.waiting[room] = answered
    began = time.perf_counter()
    message = Message(
        external_id=room,
        address=Address(channel=shop.name, room=room),
        sender=Person(id=room, name="Robin"),
        text=QUESTION,
        sent_at=datetime.now(UTC),
    )
    await receive(message)
    at, _ = await asyncio.wait_for(answered, 4 * TURN_SECONDS)
    return at - began


async def _seconds(url: str) -> list[float]:
    """What each request took at the endpoint."""
    async with aiohttp.ClientSession() as session, session.get(url.removesuffix("/v1") + "/seconds") as answer:
        found: list[float] = await answer.json()
        return found


@asynccontextmanager
async def _endpoint(delay: float) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.model", str(delay), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip(), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def _service(folder: Path, url: str) -> AsyncIterator[tuple[Shop, Receive]]:
    """All that `warmline run` runs, but for its channels."""
    folder.mkdir()  # noqa: ASYNC240 # before anything is measured
    settings = Settings(
        folder=folder,
        knowledge=Knowledge(folder=str(ROOT / "knowledge")),
        store=Keeping(path="bench.db", backup_folder="backups"),
    )
    settings = replace(settings, llm=Llm(model=MODEL, base_url=url, turn_seconds=TURN_SECONDS))
    ready, stop, shop = asyncio.Event(), asyncio.Event(), Shop()
    async with asyncio.TaskGroup() as group:
        group.create_task(app.run(settings, {shop.name: shop}, ready=ready.set, stop=stop))
        await ready.wait()
        try:
            yield shop, await shop.listened
        finally:
            stop.set()

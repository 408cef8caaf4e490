import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot import app, desk, settings
from bot.knowledge import KnowledgeError
from bot.store import Store, StoreDamagedError, StoreUnavailableError
from channels.base import Action, Message, Outgoing, Receipt, SetupError
from channels.memory import Memory
from tests.bot.world import ANSWERED, QUESTION, NewWorld, in_no_time, message, write_articles


class Stopping(Memory):
    """Hears its events, and stops the bot with the first post to a customer."""

    def __init__(self, stop: asyncio.Event) -> None:
        super().__init__("memory", [message(QUESTION)])
        self.stop = stop

    async def send(self, outgoing: Outgoing) -> Receipt:
        self.stop.set()
        return await super().send(outgoing)


class Breaking(Memory):
    """A channel whose first listening breaks."""

    def __init__(self, error: Exception) -> None:
        super().__init__("memory", [message(QUESTION)])
        self.errors = [error]

    async def listen(self, receive: Callable[[Message | Action], Awaitable[None]]) -> None:
        if self.errors:
            raise self.errors.pop()
        await super().listen(receive)


@pytest.mark.parametrize(
    "error", [ConnectionError("reset"), StoreUnavailableError("the disk is full")], ids=["broken", "store"]
)
def test_channel_whose_listening_broke_is_heard_again(new_world: NewWorld, error: Exception) -> None:
    world = new_world()
    in_no_time(app._listen(Breaking(error), world.loop))
    in_no_time(world.loop.settle())
    assert ANSWERED in world.said()[0]


async def test_run_answers_and_stops_when_told(tmp_path: Path) -> None:
    write_articles(tmp_path / "knowledge")
    stop = asyncio.Event()
    channel = Stopping(stop)
    chosen = settings.Settings(folder=tmp_path, desk=desk.Settings(channel="memory"))
    ready: list[bool] = []
    await app.run(chosen, {"memory": channel}, ready=lambda: ready.append(True), stop=stop)
    assert ready == [True]
    assert ANSWERED in channel.posts[0].text
    store = Store.open_to_read(tmp_path / "state" / "warmline.db")
    (posting,) = await store.outbox("1")
    store.close()
    assert posting.state == "sent"


@pytest.mark.parametrize(
    ("error", "told", "says"),
    [
        (KeyError("ts"), app.StoppedError, "stopped by a mistake in the program (KeyError: 'ts'); start it again"),
        (StoreDamagedError("use the backup"), StoreDamagedError, "use the backup"),
        (SetupError("a wrong token"), SetupError, "a wrong token"),
    ],
    ids=lambda given: type(given).__name__,
)
async def test_run_that_breaks_down_names_the_one_cause(
    tmp_path: Path, error: Exception, told: type[Exception], says: str
) -> None:
    write_articles(tmp_path / "knowledge")
    chosen = settings.Settings(folder=tmp_path, desk=desk.Settings(channel="memory"))
    with pytest.raises(told) as ended:
        await app.run(chosen, {"memory": Breaking(error)}, ready=lambda: None)
    assert str(ended.value) == says


async def test_run_without_articles_is_refused_before_anything_is_served(tmp_path: Path) -> None:
    ready: list[bool] = []
    with pytest.raises(KnowledgeError):
        await app.run(settings.Settings(folder=tmp_path), {}, ready=lambda: ready.append(True))
    assert ready == []

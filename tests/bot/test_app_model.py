"""The whole service with a model behind a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import app, desk, settings
from bot.conversation import Event
from bot.llm import Settings as Llm
from bot.store import Store
from bot.store.vectors import Vectors
from channels.base import Outgoing, Receipt
from channels.memory import Memory
from tests.bot.world import ANSWERED, QUESTION, message, write_articles
from tests.fakes import model as fake
from tests.fakes.model import KEY, MODEL, FakeModel


class Stopping(Memory):
    """Hears one message, and stops the bot with the first post to a customer."""

    def __init__(self, stop: asyncio.Event, external_id: str) -> None:
        super().__init__("memory", [message(QUESTION, external_id)])
        self.stop = stop

    async def send(self, outgoing: Outgoing) -> Receipt:
        self.stop.set()
        return await super().send(outgoing)


@pytest.fixture
async def endpoint(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeModel]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    async with fake.served() as served:
        yield served


async def answered(folder: Path, external_id: str = "m1", **llm: Any) -> str:
    """Start the bot, ask, stop; returns what it said."""
    if not (folder / "knowledge").exists():
        write_articles(folder / "knowledge")
    stop = asyncio.Event()
    channel = Stopping(stop, external_id)
    chosen = settings.Settings(folder=folder, desk=desk.Settings(channel="memory"), llm=Llm(model=MODEL, **llm))
    await app.run(chosen, {"memory": channel}, ready=lambda: None, stop=stop)
    return channel.posts[-1].text


async def model_events(folder: Path) -> list[Event]:
    store = Store.open_to_read(folder / "state" / "warmline.db")
    events = await store.events("1")
    store.close()
    return [event for event in events if event.kind == "model_asked"]


def kept_in(folder: Path) -> dict[str, bytes]:
    """What is embedded."""
    path = folder / "state" / "warmline.vectors.db"
    if not path.exists():
        return {}
    with closing(Vectors.open(path)) as kept:
        return kept.known("near")


async def test_model_of_bot_toml_writes(tmp_path: Path, endpoint: FakeModel) -> None:
    endpoint.writer = fake.always("You can send anything back within 60 days of delivery, as you like. [1]", ANSWERED)
    assert ANSWERED in await answered(tmp_path, base_url=endpoint.url)
    assert [event.facts["problem"] for event in await model_events(tmp_path)] == [""]


async def test_folder_is_embedded_beside_the_work_and_kept(tmp_path: Path, endpoint: FakeModel) -> None:
    write_articles(tmp_path / "knowledge")
    llm, stop = Llm(model=MODEL, base_url=endpoint.url, embeddings="near"), asyncio.Event()
    chosen = settings.Settings(folder=tmp_path, desk=desk.Settings(channel="memory"), llm=llm)
    work = asyncio.create_task(app.run(chosen, {"memory": Memory()}, ready=lambda: None, stop=stop))
    async with asyncio.timeout(60.0):
        while len(kept_in(tmp_path)) < 4 and not work.done():  # noqa: ASYNC110 # four short articles, by another task
            await asyncio.sleep(0.02)
    stop.set()
    await work
    assert [text for body in endpoint.embedded for text in body["input"] if "within 60 days" in text]


async def test_address_of_the_environment_is_asked(
    tmp_path: Path, endpoint: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    await answered(tmp_path)
    assert endpoint.requests


async def test_cap_of_the_day_outlives_a_restart(tmp_path: Path, endpoint: FakeModel) -> None:
    await answered(tmp_path, base_url=endpoint.url, daily_tokens=2_000)
    asked = len(endpoint.requests)
    with capture_logs() as logs:
        await answered(tmp_path, "m2", base_url=endpoint.url, daily_tokens=1_000)
    assert len(endpoint.requests) == asked
    assert "model_unavailable" in [one["event"] for one in logs]


async def test_missing_key_is_told_and_the_passages_are_quoted(
    tmp_path: Path, endpoint: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with capture_logs() as logs:
        assert ANSWERED in await answered(tmp_path)
    (told,) = [one for one in logs if one["event"] == "model_unavailable"]
    assert "OPENAI_API_KEY is not set" in told["reason"]

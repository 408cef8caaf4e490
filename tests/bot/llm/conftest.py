from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.llm import Asked, Model, Reply, Settings, Usage
from bot.llm.endpoint import OpenAiEndpoint
from tests.fakes import model as fake
from tests.fakes.model import KEY, MODEL, FakeModel

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string"}},
    "required": ["question"],
    "additionalProperties": False,
}


class Door:
    """One model behind a real socket, its clock, and what it cost."""

    def __init__(self, endpoint: FakeModel, **tables: Any) -> None:
        self.now, self.seconds = NOON, 0.0
        self.fake = endpoint
        self.bill: list[Usage] = []
        given = {"model": MODEL, "base_url": endpoint.url, **tables}
        self.settings = Settings(**given)
        self.model = Model(
            self.settings,
            OpenAiEndpoint(self.settings),
            clock=lambda: self.now,
            monotonic=lambda: self.seconds,
        )

    async def ask(self, words: str = "Reply with JSON.", *, seconds: float = 5.0, **others: Any) -> Reply:
        given: dict[str, Any] = {"purpose": "rewrite", "schema": SCHEMA, **others}
        asked = Asked(messages=[{"role": "user", "content": words}], seconds=seconds, **given)
        return await self.model.ask(asked, self.bill)


NewDoor = Callable[..., Door]


@pytest.fixture
async def endpoint(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeModel]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    async with fake.served() as served:
        served.writer = lambda request: {"question": "How long do returns take?"}
        yield served


@pytest.fixture
async def open_door(endpoint: FakeModel) -> AsyncIterator[NewDoor]:
    opened: list[Door] = []

    def open_one(**tables: Any) -> Door:
        opened.append(Door(endpoint, **tables))
        return opened[-1]

    yield open_one
    for door in opened:
        await door.model.close()


@pytest.fixture
def door(open_door: NewDoor) -> Door:
    return open_door()

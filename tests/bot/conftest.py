"""A world to decide in; what is slow to learn is learnt once."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import structlog

from bot import settings, triage
from bot.knowledge import Knowledge
from tests.bot.world import NewWorld, World, write_articles


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    """Logs go nowhere: unconfigured, structlog draws each traceback with its local variables, which takes seconds."""
    structlog.configure(
        processors=[structlog.processors.KeyValueRenderer()], logger_factory=structlog.ReturnLoggerFactory()
    )
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Knowledge]:
    """A tiny knowledge folder, opened."""
    folder = write_articles(tmp_path_factory.mktemp("knowledge"))
    with closing(Knowledge.open(folder, database=None, settings=settings.Settings().knowledge)) as knowledge:
        yield knowledge


@pytest.fixture(scope="session")
def learnt() -> triage.Triage:
    """What triage learnt from the shipped issue types."""
    return triage.build(settings.Settings().triage)


@pytest.fixture
def new_world(articles: Knowledge, learnt: triage.Triage) -> Iterator[NewWorld]:
    """Makes worlds; tables of settings are given by name."""
    made: list[World] = []

    def make(*, knowledge: Knowledge = articles, **others: Any) -> World:
        made.append(World(knowledge, learnt, **others))
        return made[-1]

    yield make
    for world in made:
        world.store.close()


@pytest.fixture
def world(new_world: NewWorld) -> World:
    return new_world()

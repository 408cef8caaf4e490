"""Every engine of the store, one after the other: a new engine is one more name in ENGINES."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.store import InlineWriter, Store
from tests.bot.store.examples import NOW

ENGINES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda folder: Store(InlineWriter(), clock=lambda: NOW),
    "file": lambda folder: Store.open(folder / "data" / "warmline.db", clock=lambda: NOW),
}


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = ENGINES[request.param](tmp_path)
    yield opened
    opened.close()

import asyncio
import gc

import pytest

from bot import phrases, warming
from bot.issue_types import IssueType
from bot.rules import Phrases


@pytest.fixture
def fresh() -> Phrases:
    return phrases.load.__wrapped__()


def left(known: Phrases) -> int:
    """How many patterns were not compiled yet; they are then."""
    return sum(pattern.compile() for spoken in known.languages.values() for pattern in phrases.patterns(spoken))


def test_examples_compile_some_of_what_messages_need(fresh: Phrases) -> None:
    every = left(phrases.load.__wrapped__())
    warming.read_examples([IssueType(name="order_status", examples=("where is my order?",))], fresh)
    assert 0 < left(fresh) < every


async def test_the_rest_is_compiled_beside_the_work(fresh: Phrases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "PAUSE_SECONDS", 0.0)
    await warming.compile_the_rest(fresh)
    assert left(fresh) == 0


async def test_compiling_ends_when_the_work_does(fresh: Phrases) -> None:
    task = asyncio.create_task(warming.compile_the_rest(fresh))
    await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert left(fresh) > 0


def test_what_was_loaded_is_looked_through_again_afterwards() -> None:
    usual = gc.get_threshold()
    with warming.garbage_looked_for_less():
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] > usual[0]
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == usual

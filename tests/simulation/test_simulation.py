"""The bar in small: the whole of it is `python -m tests.simulation --crashes 10000`."""

from collections.abc import Iterator

import pytest

from tests.simulation import run
from tests.simulation.twins import TWINS
from tests.simulation.world import Make, library


@pytest.fixture(scope="module", autouse=True)
def closed_library() -> Iterator[None]:
    yield
    library().close()
    library.cache_clear()


def test_two_thousand_crashes_lose_nothing_and_repeat_nothing() -> None:
    total = run.until(2_000, first_seed=100_000)
    assert not total.failing, total.render(0)


@pytest.mark.parametrize("make", TWINS.values(), ids=TWINS)
def test_broken_twin_is_caught(make: Make) -> None:
    assert run.catch(make, seeds=36) is not None


def test_same_seed_gives_the_same_run() -> None:
    assert run.replay(7) == run.replay(7)


def test_every_step_of_a_message_was_died_at() -> None:
    total = run.batch(range(200_000, 200_040))
    steps = {"receive", "accept", "load", "commit", "take", "send", "find", "search", "the look-up", "acknowledgement"}
    died = {where.rpartition("of ")[2].removeprefix("before ").removeprefix("after ") for where in total.crashes}
    assert steps <= died

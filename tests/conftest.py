"""What all tests share: made-up cases are the same in every run, so that a red run is red again.

`pytest --hypothesis-profile searching` looks for new ones.
"""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("searching", deadline=None, max_examples=1_000)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def logs_of_this_test_only() -> Iterator[None]:
    """A command that a test ran may have set logs up to go to what pytest closes behind it."""
    yield
    structlog.reset_defaults()

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
    """Logs as structlog sets them up, but for tracebacks: with all local variables they take longer than the tests.

    A command that the test before ran may have set logs up to go to what pytest closed behind it.
    """
    structlog.reset_defaults()
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])
    yield
    structlog.reset_defaults()

"""An event loop in which waiting takes no time: deterministic, so that a seed replays exactly."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Clockwork(asyncio.BaseEventLoop):
    """Runs what is ready; when nothing is, its time jumps to whatever comes next. It watches no files or sockets."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._selector = self

    def time(self) -> float:
        """Seconds since the beginning of this world."""
        return self._now

    def select(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let time pass instead of waiting. Raises DeadlockError when everybody waits for somebody."""
        if timeout is None:
            raise DeadlockError
        self._now += timeout
        return []

    def _process_events(self, events: list[Any]) -> None:
        """Nothing ever comes from outside."""

    def _write_to_self(self) -> None:
        """Nobody sleeps, so nobody need be woken."""


class DeadlockError(Exception):
    """Nothing is ready and nothing will ever be."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end of `main`, then cancel what is left."""
    loop = Clockwork()
    try:
        return loop.run_until_complete(main)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()

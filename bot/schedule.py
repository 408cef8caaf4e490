"""The only door to APScheduler: work that comes round, in memory only; what must not be lost is a row in the store."""

import logging
from collections.abc import Awaitable, Callable

from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.schedulers.asyncio import AsyncIOScheduler


class Schedule:
    """Runs each job at its interval. A late or overlapping run is merged into one, never dropped for being late."""

    def __init__(self) -> None:
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # it would print each traceback on the terminal
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    def every(self, seconds: float, job: Callable[[], Awaitable[None]], name: str) -> None:
        """Run a job at this interval from the start on."""
        self._scheduler.add_job(
            job, "interval", seconds=seconds, id=name, coalesce=True, max_instances=1, misfire_grace_time=None
        )

    def start(self, on_error: Callable[[BaseException], None]) -> None:
        """Begin, inside the running event loop; what a job raises is handed to `on_error`."""
        self._scheduler.add_listener(lambda event: on_error(event.exception), EVENT_JOB_ERROR)
        self._scheduler.start()

    def stop(self) -> None:
        """Begin no further run."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

"""What the operator hears of the connection: one line when its heartbeat stays away, and how it fares now and then."""

import time
from collections.abc import Callable

import structlog

from channels.discord.gateway import Health

log = structlog.get_logger()

LATE_SECONDS = 60.0  # Discord asks for a heartbeat in about every 41 seconds
REPORT_SECONDS = 600.0


class Pulse:
    """Tells each change once, and everything together every ten minutes."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._late = False
        self._told_at = now()

    def tell(self, health: Health) -> None:
        """Log what is news about the connection's health."""
        late = health.connected and health.seconds_since_heartbeat > LATE_SECONDS
        if late and not self._late:
            log.warning("discord_heartbeat_late", seconds=round(health.seconds_since_heartbeat))
        elif self._late and not late:
            log.info("discord_heartbeat_back", connected=health.connected)
        self._late = late
        if self._now() - self._told_at < REPORT_SECONDS:
            return
        self._told_at = self._now()
        known = health.seconds_since_heartbeat != float("inf")
        log.info(
            "discord_health",
            connected=health.connected,
            seconds_since_heartbeat=round(health.seconds_since_heartbeat) if known else None,
            sessions=health.connections,
            resumes=health.resumes,
        )

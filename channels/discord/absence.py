"""How long there has been no connection, over all tries to make one; too long ends the program."""

import time
from collections.abc import Callable

from channels.base import UnreachableError


class Absence:
    """Begins when a connection is lost and ends with the next. Without a limit (0 minutes) it may last for ever."""

    def __init__(self, *, give_up_minutes: float, now: Callable[[], float] = time.monotonic) -> None:
        self._limit = max(0.0, give_up_minutes) * 60
        self._now = now
        self._since: float | None = None
        self._reason = ""

    def ends(self) -> None:
        """There is a connection."""
        self._since = None

    def lasts(self, reason: str = "") -> None:
        """There is none, because of that."""
        self._since = self._now() if self._since is None else self._since
        self._reason = reason or self._reason

    def check(self) -> None:
        """Raise UnreachableError when it has lasted too long."""
        if self._since is not None and self._limit and self._now() - self._since >= self._limit:
            raise UnreachableError(
                f"discord: no connection for {self._limit / 60:g} minutes (discord.give_up_minutes):"
                f" {self._reason or 'the gateway does not open'}. Look at discordstatus.com and at this machine's"
                " network, then start it again: what was said meanwhile is read then"
            )

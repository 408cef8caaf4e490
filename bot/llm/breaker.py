"""A circuit breaker: after failures in a row nobody waits for the endpoint, but for one request that tries it."""

from collections.abc import Callable


class Breaker:
    """Closed while all is well; open after `after` failures in a row; then one probe every `seconds`."""

    def __init__(self, after: int, seconds: float, monotonic: Callable[[], float]) -> None:
        """Closed at first."""
        self._after, self._seconds, self._monotonic = after, seconds, monotonic
        self._failures = 0
        self._opens_at: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether the endpoint counts as out of order."""
        return self._opens_at is not None

    def lets_through(self) -> bool:
        """Whether a request may be made now; while it is open, that is the only one, and it must be told of."""
        if self._opens_at is None:
            return True
        if self._probing or self._monotonic() < self._opens_at:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        """The endpoint works."""
        self._failures, self._opens_at, self._probing = 0, None, False

    def failed(self, *, for_good: bool = False) -> None:
        """It does not; with `for_good` nothing but a change of its account will mend it, so one failure is enough."""
        self._failures = self._after if for_good else self._failures + 1
        self._probing = False
        if self._failures >= self._after:
            self._opens_at = self._monotonic() + self._seconds

    def gave_up(self) -> None:
        """A request ended without telling anything of the endpoint, as one that was cancelled."""
        self._probing = False

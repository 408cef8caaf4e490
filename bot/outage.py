"""An outage of the store: said loudly once, then quietly until it is healed."""

import structlog

log = structlog.get_logger()


class Outage:
    """Whether the store is out of reach, as far as the loop has been told."""

    def __init__(self) -> None:
        self._lasts = False

    def raise_alarm(self, event: str, **facts: str) -> None:
        """Log an error once an outage, then at DEBUG until it is healed."""
        (log.debug if self._lasts else log.error)(event, **facts)
        self._lasts = True

    def heal(self) -> None:
        """Tell that the store works again, where it did not."""
        if self._lasts:
            self._lasts = False
            log.warning("store_healed")

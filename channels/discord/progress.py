"""How far a watched channel was dealt with. Pure."""


class Progress:
    """How far a watched channel was dealt with: up to the first message that is still under way."""

    def __init__(self) -> None:
        self._open: set[int] = set()
        self._top = 0

    def begin(self, id: int) -> None:
        """A message came."""
        self._open.add(id)

    def end(self, id: int) -> None:
        """It was dealt with."""
        self._open.discard(id)
        self._top = max(self._top, id)

    @property
    def safe(self) -> int:
        """The id up to which nothing is left to do."""
        return min(self._open) - 1 if self._open else self._top

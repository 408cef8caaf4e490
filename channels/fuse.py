"""The fuse against talking to a machine: it blows when somebody gets more answers a minute than a person reads."""

from collections import OrderedDict, deque
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Line: TypeAlias = tuple[str, str]  # room and thread

MINUTE = 60.0
REMEMBERED = 20_000


class Fuse:
    """Counts our answers by thread and by person; a limit of 0 is none. Times are seconds of any one clock."""

    def __init__(self, *, per_thread: int, per_person: int) -> None:
        self._per_thread = max(0, per_thread)
        self._per_person = max(0, per_person)
        self._answers: OrderedDict[Line, deque[float]] = OrderedDict()
        self._people: OrderedDict[Line, str] = OrderedDict()
        self._last: OrderedDict[Line, str] = OrderedDict()

    def asked(self, line: Line, person: str) -> None:
        """Somebody wrote in a thread: the answers there are answers to them."""
        _remember(self._people, line, person)

    def answered(self, line: Line, text: str, at: float) -> None:
        """We answered in a thread."""
        _remember(self._last, line, text.strip())
        for _, limit, key in self._counted(line):
            _remember(self._answers, key, self._answers.get(key) or deque(maxlen=limit)).append(at)

    def blown(self, line: Line, text: str, at: float) -> str:
        """Why these words are not to be answered, or nothing."""
        if text.strip() and text.strip() == self._last.get(line):
            return "our own words came back"
        for what, limit, key in self._counted(line):
            times = self._answers.get(key)
            if times is not None and len(times) == limit and at - times[0] < MINUTE:
                return f"{limit} answers within a minute to one {what}"
        return ""

    def _counted(self, line: Line) -> list[tuple[str, int, Line]]:
        counted = [("thread", self._per_thread, line)]
        if person := self._people.get(line):
            counted.append(("person", self._per_person, (person, "")))
        return [one for one in counted if one[1]]


def _remember(kept: OrderedDict[Line, T], key: Line, value: T) -> T:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > REMEMBERED:
        kept.popitem(last=False)
    return value

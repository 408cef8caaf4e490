"""How current answers are: from a file written to its first answer, from a file deleted to silence."""

import time
from collections.abc import Callable

from bot import answer
from bot.knowledge import Knowledge, Settings
from tests.bench.content import ARTICLES, write_articles
from tests.bench.figures import Figure
from tests.bench.place import workplace

TIMES = 4
PATIENCE_SECONDS = 30.0
ARTICLE = "# Rental of zorbikons\n\nA zorbikon can be rented for {price} dollars a day.\n"
QUESTION = "what does it cost to rent a zorbikon?"


def measure() -> list[Figure]:
    """With the default interval between two looks, changes falling anywhere in it."""
    settings = Settings()
    written, deleted = [], []
    with workplace() as folder:
        write_articles(folder / "articles")
        knowledge = Knowledge.open(folder / "articles", database=folder / "index.db", settings=settings)
        try:
            clock = _Looking(knowledge, settings.refresh_seconds)
            path = folder / "articles" / "rental.md"
            for number in range(TIMES):
                clock.idle(settings.refresh_seconds * number / TIMES)
                path.write_text(ARTICLE.format(price=10 + number), "utf-8")
                written.append(clock.until(lambda: str(10 + number) in _said(knowledge)))  # noqa: B023 # called at once
                path.unlink()
                deleted.append(clock.until(lambda: "dollars" not in _said(knowledge)))
        finally:
            knowledge.close()
    among = f"among {ARTICLES:,} articles"
    return [
        Figure(name=f"file written to its first answer, {among}", bar="< 2 s", measured=_shown(written)),
        Figure(name=f"file deleted to its silence, {among}", bar="< 2 s", measured=_shown(deleted)),
    ]


class _Looking:
    """Looks at the folder at the interval that the bot does."""

    def __init__(self, knowledge: Knowledge, interval: float) -> None:
        self._knowledge, self._interval = knowledge, interval
        self._next = time.perf_counter()

    def idle(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self._look()

    def until(self, is_so: Callable[[], bool]) -> float:
        """Seconds until it is so. Raises RuntimeError when it takes too long."""
        began = time.perf_counter()
        while not is_so():
            self._look()
            if time.perf_counter() - began > PATIENCE_SECONDS:
                message = f"a change of the folder was not seen within {PATIENCE_SECONDS:.0f} s"
                raise RuntimeError(message)
        return time.perf_counter() - began

    def _look(self) -> None:
        if time.perf_counter() >= self._next:
            self._knowledge.refresh()
            self._next += self._interval
        time.sleep(0.005)


def _said(knowledge: Knowledge) -> str:
    return answer.compose(QUESTION, knowledge.search(QUESTION, ()), answer.Settings()).reply or ""


def _shown(seconds: list[float]) -> str:
    return f"mean {sum(seconds) / len(seconds):.2f} s, longest {max(seconds):.2f} s of {len(seconds)}"

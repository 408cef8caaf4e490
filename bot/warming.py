"""What is compiled ahead: before the first message what most messages need, and the rest beside the work."""

import asyncio
import gc
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from bot import gate, language, phrases, triggers
from bot.issue_types import IssueType
from bot.rules import Phrases

NEW_OBJECTS = 10_000  # more than have gone, until they are looked through; Python's own number is under a thousand
PAUSE_SECONDS = 0.005  # after each pattern: compiling must hold up no message


def read_examples(kinds: Iterable[IssueType], known: Phrases) -> None:
    """Read an example of each issue type, and hold what we say against the gate: takes a sixth of a second.

    A message that comes first would otherwise wait for every pattern that it is held against to be compiled.
    """
    for kind in kinds:
        for example in kind.examples[:1]:
            language.of(example, "")
            triggers.read(example, known)
    for text in known.languages["en"].say.values():
        gate.find_problem(text, known)


@contextmanager
def garbage_looked_for_less() -> Iterator[None]:
    """Look for garbage seldom, and only in what comes from now on.

    Looking through what is loaded would hold up a message by 50 ms; looking as often as Python does of itself took a
    tenth of the time.
    """
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


async def compile_the_rest(known: Phrases) -> None:
    """Compile the other patterns beside the work, until cancelled: all of it takes seconds."""
    stopped = threading.Event()
    try:
        await asyncio.to_thread(_compile_until, stopped, known)
    finally:
        stopped.set()


def _compile_until(stopped: threading.Event, known: Phrases) -> None:
    for spoken in known.languages.values():
        for pattern in phrases.patterns(spoken):
            if pattern.compile() and stopped.wait(PAUSE_SECONDS):
                return

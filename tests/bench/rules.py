"""The rules: how long one message takes to be read, checked, sorted, and one answer to pass the gate."""

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bot import gate, phrases, triage, triggers
from bot.conversation import Conversation
from bot.settings import Settings
from channels.base import Address, Person
from tests.bench.content import KNOWLEDGE, questions
from tests.bench.figures import Figure, milliseconds

MESSAGES = 300
MEGABYTE = 1_000_000
HOSTILE = {
    "letters": "a" * MEGABYTE,
    "brackets": "<" * MEGABYTE,
    "spaces": " " * MEGABYTE,
    "words": "please give me " * (MEGABYTE // 15),
    "stretched": "pleeeease " * (MEGABYTE // 10),
    "invisible": "h\u200bu\u200bm\u200ba\u200bn " * (MEGABYTE // 10),
    "accents": "a\u0301" * (MEGABYTE // 2),
}


def measure() -> list[Figure]:
    """CPU time; every pattern was tried before, as in a process that has run for a while."""
    began = time.process_time()
    known = phrases.load()
    loaded = time.process_time() - began
    settings = Settings()
    began = time.process_time()
    types = triage.build(settings.triage)
    built = time.process_time() - began
    began = time.process_time()
    for pattern in (one for language in known.languages.values() for one in phrases.patterns(language)):
        pattern.regex  # noqa: B018 # looking at it compiles it
    compiled = time.process_time() - began
    conversation = _conversation()

    def read_and_check(text: str) -> None:
        triggers.read(text, known)
        triggers.check(conversation, text, known, settings.triggers)

    def leave(text: str) -> None:
        gate.find_problem(text, known)

    messages = list(itertools.islice(questions(), MESSAGES))
    worst = {name: _each(read_and_check, [text])[0] for name, text in HOSTILE.items()}
    slowest = max(worst, key=lambda name: worst[name])
    return [
        Figure(name="load the phrases / learn the issue types", measured=f"{loaded:.2f} s / {built:.2f} s CPU"),
        Figure(name="compile every pattern", measured=f"{compiled:.2f} s CPU"),
        Figure(name="read and check a message", measured=f"{milliseconds(_each(read_and_check, messages))} CPU"),
        Figure(
            name="  the worst of hostile ones of 1 MB",
            measured=f"{worst[slowest] * 1e3:.0f} ms CPU ({slowest})",
        ),
        Figure(
            name="sort a message", measured=f"{milliseconds(_each(lambda t: triage.classify(types, t), messages))} CPU"
        ),
        Figure(
            name="an answer of 600 characters at the gate", measured=f"{milliseconds(_each(leave, _answers()))} CPU"
        ),
    ]


def _each(work: Callable[[str], object], texts: list[str]) -> list[float]:
    spent = []
    for text in texts:
        began = time.process_time()
        work(text)
        spent.append(time.process_time() - began)
    return spent


def _answers() -> list[str]:
    return [path.read_text("utf-8")[200:800] for path in sorted(KNOWLEDGE.rglob("*.md"))]


def _conversation() -> Conversation:
    address, at = Address(channel="console", room="bench"), datetime(2026, 1, 12, tzinfo=UTC)
    return Conversation(id="1", address=address, customer=Person(id="robin"), created_at=at, since=at)

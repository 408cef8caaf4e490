"""`python -m tests.kill`: the real process on a real disk, killed at random moments under load; a ledger outside."""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any

from tests.fakes.wire import DESK, LIMIT, SOCKET
from tests.simulation.people import ARTICLES

QUESTIONS = {
    "How long does standard shipping take?": "three to five",
    "What does express shipping cost?": "12 euros",
    "How do I clean an oak table?": "damp cloth",
}
CALLED = "called a person"
LAST_SECONDS = 60.0


@dataclass(slots=True)
class Room:
    """One customer, who asks the next question when the last one is answered."""

    name: str
    asked: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)

    def is_done(self) -> bool:
        """Whether every question has its reply."""
        return len(self.replies) >= len(QUESTIONS)

    def faults(self) -> Iterator[tuple[str, str]]:
        """What went wrong here: a kind and a sentence."""
        if len(self.acknowledged) > len(self.replies):
            yield "lost", f"{self.name}: {len(self.acknowledged)} acknowledged, {len(self.replies)} replies"
        if len(self.replies) > len(self.asked):
            yield "twice", f"{self.name}: {len(self.asked)} questions, {len(self.replies)} replies"
        for words, text in zip(QUESTIONS.values(), self.replies, strict=False):
            if words not in text and CALLED not in text:
                yield "out of order", f"{self.name}: {text!r} does not hold {words!r}"
                return


class Outside:
    """The service and its customers. It lives on while the program is killed, and remembers all."""

    def __init__(self, busy: int, random: Random) -> None:
        self.random = random
        self.busy = busy
        self.rooms: dict[str, Room] = {}
        self.posts: Counter[str] = Counter()
        self.receipts: dict[str, str] = {}
        self.ends = False
        self.progress = asyncio.Event()
        self._names = count(1)
        self._writer: asyncio.StreamWriter | None = None

    def open_rooms(self) -> list[Room]:
        """Where a reply is waited for."""
        return [room for room in self.rooms.values() if not room.is_done()]

    def fill(self) -> None:
        """Let new customers come for those who are done."""
        while not self.ends and len(self.open_rooms()) < self.busy:
            room = Room(f"c{next(self._names)}")
            self.rooms[room.name] = room
            self._ask_next(room)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One life of the program: everything that it did not acknowledge is delivered again."""
        self._writer = writer
        for room in self.open_rooms():
            self._deliver_last(room)
        self.fill()
        with suppress(ConnectionError):
            while line := await reader.readline():
                self._hear(json.loads(line), writer)
        writer.close()

    def _hear(self, said: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if "acknowledged" in said:
            self.rooms[said["acknowledged"].rpartition("-")[0]].acknowledged.add(said["acknowledged"])
        elif "find" in said:
            _say(writer, {"to": said["number"], "receipt": self.receipts.get(said["find"], "")})
        else:
            self._show(said)
            _say(writer, {"to": said["number"], "receipt": self.receipts[said["show"]]})

    def _show(self, said: dict[str, Any]) -> None:
        self.posts[said["show"]] += 1
        self.receipts.setdefault(said["show"], f"p{len(self.receipts) + 1}")
        if said["room"] != DESK:
            self.progress.set()
            room = self.rooms[said["room"]]
            room.replies.append(said["text"])
            if len(room.replies) == len(room.asked) and not room.is_done():
                self._ask_next(room)
            self.fill()

    def _ask_next(self, room: Room) -> None:
        room.asked.append(f"{room.name}-{len(room.asked) + 1}")
        self._deliver_last(room)

    def _deliver_last(self, room: Room) -> None:
        """Deliver what waits for its reply, sometimes twice, sometimes although it was acknowledged."""
        name = room.asked[-1]
        if self._writer is None or (name in room.acknowledged and self.random.random() < 0.5):
            return
        text = list(QUESTIONS)[len(room.asked) - 1]
        for _ in range(self.random.choice((1, 1, 1, 2))):
            _say(self._writer, {"event": name, "room": room.name, "text": text})


@dataclass(slots=True, kw_only=True)
class Report:
    """What a run came to; times are seconds from the start of a process to the first reply shown."""

    kills: int
    answered: int
    seconds: float
    back: list[float]
    faults: list[tuple[str, str]]

    def render(self) -> str:
        """The figures, and what went wrong."""
        found = Counter(kind for kind, _ in self.faults)
        counts = ", ".join(f"{found[kind]} {kind}" for kind in ("lost", "twice", "out of order", "stuck"))
        cuts = quantiles(self.back, n=20) if len(self.back) > 1 else [0.0] * 19
        lines = [
            f"{self.kills} kills, {self.answered} messages answered: {counts}; "
            f"back at work after {cuts[9]:.2f} s (p50), {cuts[18]:.2f} s (p95); "
            f"{self.seconds:.0f} s, load {os.getloadavg()[0]:.1f}"
        ]
        return "\n".join([*lines, *(f"{kind}: {sentence}" for kind, sentence in self.faults[:20])])


async def run(folder: Path, *, kills: int, seed: int = 0, busy: int = 20, work_seconds: float = 1.0) -> Report:
    """Kill so many times, then let the last process finish; judge by the ledger."""
    random, begin = Random(seed), time.monotonic()
    _write_articles(folder)
    outside, back = Outside(busy, random), []
    server = await asyncio.start_unix_server(outside.serve, str(folder / SOCKET), limit=LIMIT)
    async with server:
        for n in range(kills + 1):
            outside.progress.clear()
            started = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.fakes.wire", str(folder), cwd=Path(__file__).parents[1]
            )
            if n == kills:
                break
            if random.random() < 0.1:  # before it is at work at all
                await asyncio.sleep(random.random())
            else:
                async with asyncio.timeout(LAST_SECONDS):
                    await outside.progress.wait()
                back.append(time.monotonic() - started)
                await asyncio.sleep(random.random() * work_seconds)
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
        await _finish(outside, process)
    return Report(
        kills=kills,
        answered=sum(len(room.replies) for room in outside.rooms.values()),
        seconds=time.monotonic() - begin,
        back=back,
        faults=_judge(outside),
    )


async def _finish(outside: Outside, process: asyncio.subprocess.Process) -> None:
    outside.ends = True
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_SECONDS):
            while outside.open_rooms():
                outside.progress.clear()
                await outside.progress.wait()
    process.terminate()
    await process.wait()


def _judge(outside: Outside) -> list[tuple[str, str]]:
    faults = [fault for room in outside.rooms.values() for fault in room.faults()]
    faults += [("twice", f"{name} was shown {n} times") for name, n in outside.posts.items() if n > 1]
    return faults + [("stuck", f"{room.name} waits for a reply") for room in outside.open_rooms()]


def _write_articles(folder: Path) -> None:
    (folder / "articles").mkdir()
    for name, text in ARTICLES.items():
        (folder / "articles" / name).write_text(text, "utf-8")


def _say(writer: asyncio.StreamWriter, said: dict[str, Any]) -> None:
    if not writer.is_closing():
        writer.write(json.dumps(said).encode() + b"\n")


def main() -> int:
    """Returns 1 when anything was lost, answered twice, out of order or stuck."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how often (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    parser.add_argument("--busy", type=int, default=20, help="customers at once (default: 20)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(run(Path(folder), kills=args.kills, seed=args.seed, busy=args.busy))
    sys.stdout.write(report.render() + "\n")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""Many seeds on every core, and one seed alone with everything that happened in it."""

import logging
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

import structlog

from tests.simulation.verdict import judge
from tests.simulation.world import REAL, Make, library, play, policy, types

KINDS = ("lost", "twice", "disordered", "stuck", "rules", "bugs")
BATCH = 10
REPLAY = "python -m tests.simulation --seed {seed}"


@dataclass(slots=True, kw_only=True)
class Total:
    """What many runs came to."""

    runs: int = 0
    crashes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    posts: int = 0
    found: Counter[str] = field(default_factory=Counter)
    failing: dict[int, list[str]] = field(default_factory=dict)
    cpu_seconds: float = 0.0

    def add(self, other: "Total") -> None:
        """Take in what another process counted."""
        self.runs += other.runs
        self.crashes += other.crashes
        self.faults += other.faults
        self.messages += other.messages
        self.posts += other.posts
        self.found += other.found
        self.failing |= other.failing
        self.cpu_seconds += other.cpu_seconds

    def render(self, seconds: float) -> str:
        """The figures, and for each failing seed the command that replays it."""
        counts = ", ".join(f"{self.found[kind]} {kind}" for kind in KINDS)
        lines = [
            f"{self.runs} runs, {self.crashes.total()} crashes, {self.faults.total()} other faults, "
            f"{self.messages} events, {self.posts} posts: {counts}; "
            f"{seconds:.1f} s, {self.cpu_seconds:.1f} s CPU, load {os.getloadavg()[0]:.1f}"
        ]
        for seed, sentences in sorted(self.failing.items()):
            lines += [f"seed {seed}: {sentences[0]}", "  " + REPLAY.format(seed=seed)]
        return "\n".join(lines)


def until(crashes: int, *, first_seed: int = 0, workers: int | None = None) -> Total:
    """Run seed after seed until so many crashes were survived."""
    total, quiet = Total(), workers if workers is not None else os.cpu_count() or 1
    _warm_up()
    if quiet < 2:
        for seeds in _batches(first_seed):
            total.add(batch(seeds))
            if total.crashes.total() >= crashes:
                return total
    with ProcessPoolExecutor(quiet, mp_context=get_context("fork")) as pool:
        batches = _batches(first_seed)
        while total.crashes.total() < crashes:
            for part in pool.map(batch, [next(batches) for _ in range(4 * quiet)]):
                total.add(part)
    return total


def batch(seeds: range, make: Make = REAL) -> Total:
    """Run these seeds and judge each."""
    total, begin = Total(), time.process_time()
    for seed in seeds:
        run = play(seed, make)
        total.runs += 1
        total.crashes += run.faults.crashes
        total.faults += run.faults.counts
        total.messages += sum(len(letters) for letters in run.service.written.values())
        total.posts += len(run.service.posts)
        verdict = judge(run)
        total.found.update({kind: len(getattr(verdict, kind)) for kind in KINDS})
        if found := list(verdict.lines()):
            total.failing[seed] = found
        run.connection.close()
    total.cpu_seconds = time.process_time() - begin
    return total


def catch(make: Make, *, seeds: int) -> int | None:
    """Return the first seed in which a broken program is caught; None when it gets through all of them."""
    quiet()
    return next((seed for seed in range(seeds) if batch(range(seed, seed + 1), make).failing), None)


def replay(seed: int) -> tuple[str, list[str]]:
    """Run one seed; return the trace and what was found."""
    quiet()
    run = play(seed, trace=True)
    found = list(judge(run).lines())
    run.connection.close()
    return "\n".join(run.trace), found


def quiet() -> None:
    """The program's own log of thousands of deaths helps nobody."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _batches(first_seed: int) -> Iterator[range]:
    while True:
        yield range(first_seed, first_seed + BATCH)
        first_seed += BATCH


def _warm_up() -> None:
    """Learn before the processes fork, once for all of them."""
    quiet()
    policy()
    types()
    library()

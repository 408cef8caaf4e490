"""The simulation of crashes: how many a second it survives, and what it found."""

import time

from tests.bench.figures import Figure
from tests.simulation import run
from tests.simulation.world import library

CRASHES = 500


def measure() -> list[Figure]:
    """On one core."""
    began = time.perf_counter()
    try:
        total = run.until(CRASHES, workers=1)
    finally:
        library().close()
    seconds, crashes = time.perf_counter() - began, total.crashes.total()
    found = ", ".join(f"{total.found[kind]} {kind}" for kind in run.KINDS)
    return [
        Figure(
            name="simulated crashes, on one core",
            bar="nothing lost or twice",
            measured=f"{crashes / seconds:.0f}/s; of {crashes}: {found}",
        )
    ]

"""A figure: what was measured, the bar it is held against, and how busy the machine was meanwhile."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WIDTHS = (60, 16, 48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. `bar` is empty where nothing was promised."""

    name: str
    bar: str = ""
    measured: str


def head() -> str:
    """The line above the table, and the names of its columns."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    columns = _row("figure", "bar", "measured") + "  load before > after"
    return (
        f"{cores} cores; load is the machine's, over one minute; nothing fails for being slow\n\n{columns}\n{'-' * 150}"
    )


def render(figures: Sequence[Figure], before: float, after: float) -> str:
    """The lines of one benchmark."""
    return "\n".join(f"{_row(f.name, f.bar, f.measured)}  {before:.1f} > {after:.1f}" for f in figures)


def load() -> float:
    """The machine's load over the last minute."""
    return os.getloadavg()[0]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share (0.0 to 1.0) of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def milliseconds(values: Sequence[float]) -> str:
    """Median, 95th and 99th percentile of seconds, in milliseconds."""
    shown = (f"p{int(share * 100)} {percentile(values, share) * 1e3:.1f}" for share in (0.5, 0.95, 0.99))
    return f"{', '.join(shown)} ms"


def _row(*cells: str) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True))

"""Where the benchmarks work: a folder on the project's own disk, so that a commit costs what it costs there."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.figures import ROOT


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    parent = ROOT / "build"
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=parent) as folder:
        yield Path(folder)

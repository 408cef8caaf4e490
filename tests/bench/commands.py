"""The command as people start it: the tour, `--help`, and `run` with a thousand articles."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.content import ARTICLES, write_articles
from tests.bench.figures import ROOT, Figure
from tests.bench.place import workplace

PATIENCE_SECONDS = 60
SETTLE_SECONDS = 3.0
BOT_TOML = '[knowledge]\nfolder = "articles"\n[console]\nenabled = true\n'


def measure() -> list[Figure]:
    """Real processes, wall clock."""
    with workplace() as folder:
        write_articles(folder / "articles")
        (folder / "bot.toml").write_text(BOT_TOML, "utf-8")
        first, _ = _started(folder)
        second, resident = _started(folder)
    helped = min(_timed("--help") for _ in range(3))
    return [
        Figure(
            name=f"start to `ready:` with {ARTICLES:,} articles, first / second time",
            bar="< 1.5 s",
            measured=f"{first:.2f} s / {second:.2f} s",
        ),
        Figure(name=f"memory of `run` with {ARTICLES:,} articles", bar="< 150 MB", measured=_shown(resident)),
        Figure(name="`warmline demo`: the tour itself", bar="< 10 s", measured=f"{_timed('demo'):.1f} s"),
        Figure(name="`warmline --help`, best of 3", bar="< 0.3 s", measured=f"{helped:.2f} s"),
    ]


def _timed(command: str) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "bot", command],
        cwd=ROOT,
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE_SECONDS,
    )
    return time.perf_counter() - began


def _started(folder: Path) -> tuple[float, int | None]:
    """Seconds to the line `ready:`, and the bytes of memory a moment later."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "run", "--config", str(folder / "bot.toml")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            line = _ready_line(process)
            seconds = time.perf_counter() - began
            time.sleep(SETTLE_SECONDS)
            resident = _resident(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE_SECONDS)
    if "ready:" not in line:
        message = "`warmline run` ended without its line `ready:`"
        raise RuntimeError(message)
    return seconds, resident


def _ready_line(process: "subprocess.Popen[str]") -> str:
    return next((line for line in process.stdout or () if "ready:" in line), "")


def _resident(pid: int) -> int | None:
    """Resident memory in bytes; None where the system has no /proc."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _shown(resident: int | None) -> str:
    return "not known on this system" if resident is None else f"{resident / 1e6:.0f} MB"

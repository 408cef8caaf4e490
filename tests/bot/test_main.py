import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.__main__ import main
from tests.bot.world import ANSWERED, QUESTION, write_articles

COMMAND = (sys.executable, "-m", "bot")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_articles(tmp_path / "knowledge")
    path = tmp_path / "bot.toml"
    path.write_text("[console]\n", "utf-8")
    return path


def start(config: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, "run", "--config", str(config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def line_with(process: "subprocess.Popen[str]", wanted: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if wanted in line:
            return line
    pytest.fail(f"the output ended without {wanted!r}")


def test_run_serves_what_is_piped_in_refuses_a_second_and_stops_cleanly(config: Path) -> None:
    with start(config) as process:
        try:
            assert line_with(process, "ready") == "ready: console\n"
            assert process.stdin is not None
            process.stdin.write(f"{QUESTION}\n")
            process.stdin.flush()
            assert ANSWERED[:30] in line_with(process, "send anything back")
            second = subprocess.run(
                [*COMMAND, "run", "--config", str(config)], capture_output=True, text=True, cwd=ROOT, check=False
            )
            assert (second.returncode, second.stdout) == (1, "")
            assert second.stderr.splitlines()[-1].endswith("stop that one, or give this one its own file.")
            assert "Traceback" not in second.stderr
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0
            assert process.stderr is not None
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


@pytest.mark.parametrize("words", [[], ["dance"], ["conversations", "--limit", "x"], ["why"], ["customers"]])
def test_wrong_words_are_wrong_use(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_damaged_database_is_told_in_one_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = config.parent / "state"
    state.mkdir()
    (state / "warmline.db").write_bytes(b"no database at all" * 1_000)
    assert main(["run", "--config", str(config)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "is damaged" in line

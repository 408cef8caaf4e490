import io
import json

import pytest
import structlog

from bot import logs


@pytest.mark.parametrize(("level", "shown"), [("debug", 2), ("info", 1), ("warning", 0)])
def test_only_what_is_grave_enough_is_written_as_json(
    capsys: pytest.CaptureFixture[str], level: str, shown: int
) -> None:
    logs.configure(level)
    log = structlog.get_logger()
    log.debug("thought")
    log.info("answered", conversation="1")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == shown
    assert [json.loads(line)["event"] for line in lines][-1:] == ["answered"][:shown]


def test_error_is_one_line_without_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    words = "hunter2"
    try:
        words.index("x")
    except ValueError:
        structlog.get_logger().exception("decision_failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: substring not found" in json.loads(line)["exception"]
    assert "words = 'hunter2'" not in line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("level", "shown"), [("info", False), ("debug", True)])
def test_terminal_shows_a_traceback_only_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, level: str, shown: bool
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    logs.configure(level)
    structlog.get_logger().error("stopped", exc_info=ValueError("no deadline"))
    assert "ValueError: no deadline" in terminal.getvalue()
    assert ("--verbose shows the traceback" in terminal.getvalue()) != shown

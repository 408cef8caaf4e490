"""A settings file in a folder of its own, and what a complaint must look like."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

Complaint: TypeAlias = Callable[[], str]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "bot.toml"
    path.write_text("[console]\n", "utf-8")
    return path


@pytest.fixture
def complaint(capsys: pytest.CaptureFixture[str]) -> Complaint:
    """The one line on standard error, and never a traceback."""

    def read() -> str:
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        (line,) = said.err.splitlines()
        assert line.startswith("warmline: ")
        return line

    return read

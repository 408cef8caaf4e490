"""`warmline check`: each problem with its key and fix."""

import json
from pathlib import Path

import pytest

from bot.__main__ import main


def test_check_tells_what_is_wrong_with_its_key(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", "--config", str(config)]) == 1
    wrong = [one["key"] for one in json.loads(capsys.readouterr().out)["findings"] if not one["ok"]]
    assert wrong == ["knowledge.folder"]


def test_check_of_a_missing_file_names_the_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", "--config", str(tmp_path / "bot.toml")]) == 2
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["key"] == "settings"


def test_check_tries_only_channels_that_can_be_tried(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = config.parent / "knowledge"
    folder.mkdir()
    (folder / "a.md").write_text("# Returns\n\nSixty days.\n", "utf-8")
    assert main(["check", "--probe", "--config", str(config)]) == 0
    assert "WRONG" not in capsys.readouterr().out


def test_check_says_that_a_file_stands_where_the_state_needs_a_folder(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "state").write_text("", "utf-8")
    assert main(["check", "--config", str(config)]) == 1
    assert "state is a file where" in capsys.readouterr().out

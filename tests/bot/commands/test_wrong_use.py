"""What commands say where there is nothing to read or no sense in their words: one line, never a traceback."""

from pathlib import Path

import pytest

from bot.__main__ import main
from tests.bot.commands.conftest import Complaint


@pytest.mark.parametrize(
    "words", [["conversations"], ["conversations", "1"], ["why", "1"], ["export", "x"], ["forget", "x"], ["report"]]
)
def test_database_that_does_not_exist_yet_is_told_in_one_line(
    config: Path, words: list[str], complaint: Complaint
) -> None:
    assert main([*words, "--config", str(config)]) == 1
    assert "it is made when the bot first runs" in complaint()
    assert not (config.parent / "state").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["conversations"],
        ["why", "1"],
        ["export", "x"],
        ["forget", "x"],
        ["report"],
        ["run"],
        ["customers", "import", "f"],
    ],
    ids=lambda words: words[0],
)
def test_settings_that_are_not_there_are_wrong_use(tmp_path: Path, words: list[str], complaint: Complaint) -> None:
    assert main([*words, "--config", str(tmp_path / "bot.toml")]) == 2
    assert "there is no such file; name another with --config" in complaint()


def test_every_mistake_of_the_settings_has_a_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("[asistant]\n[deadlines]\nanswer_seconds = 0\n", "utf-8")
    assert main(["run", "--config", str(config)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_run_without_a_channel_is_wrong_use(config: Path, complaint: Complaint) -> None:
    config.write_text("", "utf-8")
    assert main(["run", "--config", str(config)]) == 2
    assert "no channel is switched on" in complaint()


def test_run_without_a_knowledge_folder_says_so(config: Path, complaint: Complaint) -> None:
    assert main(["run", "--config", str(config)]) == 1
    assert "knowledge" in complaint()

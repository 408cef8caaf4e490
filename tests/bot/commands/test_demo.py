from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from bot.commands import demo


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def tour(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert demo.run(Namespace(config=Path("bot.toml"), json=False)) == 0
    return capsys.readouterr().out


def test_the_tour_shows_every_station_from_any_folder(tour: str) -> None:
    captions = [f"--- {number}. {station.caption}" for number, station in enumerate(demo.STATIONS, 1)]
    assert [line for line in tour.splitlines() if line.startswith("---")] == captions


def test_the_tour_shows_disclosure_sources_brief_reply_and_reasons(tour: str) -> None:
    words = (
        "AI assistant",
        "Source: ",
        "needs a person",
        "Mara Lindholm (C-1042)",
        "Anna (agent) to mara: ",
        "trigger fired",
    )
    assert [word for word in words if word not in tour] == []


def test_the_tour_is_plain_text_where_nobody_watches(tour: str) -> None:
    assert "\x1b" not in tour


def test_the_tour_leaves_nothing_behind(tour: str, elsewhere: Path) -> None:
    assert (bool(tour), list(elsewhere.iterdir())) == (True, [])


def test_a_note_of_the_agent_does_not_reach_the_customer(tour: str) -> None:
    assert [line for line in tour.splitlines() if "treat it as lost" in line and not line.startswith("Anna")] == []


def test_a_station_that_goes_wrong_ends_the_tour_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = replace(demo.STATIONS[0], must={"pigs fly": lambda seen: seen.happened("flight")})
    monkeypatch.setattr(demo, "STATIONS", (wrong,))
    code = demo.run(Namespace(config=Path("bot.toml"), json=False))
    told = capsys.readouterr().err
    assert (code, told.count("\n"), "station 1" in told, "pigs fly" in told) == (1, 1, True, True)

"""`warmline check`: each problem with its key and fix."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.app import now
from bot.conversation import Side
from bot.draft import Draft
from bot.llm import Usage
from bot.store import Store
from tests.bot.world import message, policy


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


MODEL = '[console]\n[llm]\nmodel = "local"\nbase_url = "http://127.0.0.1:9/v1"\n'


def findings(config: Path, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    main(["check", "--json", *options, "--config", str(config)])
    found = json.loads(capsys.readouterr().out)["findings"]
    return [one["text"] for one in found if one["key"] == "llm"]


def test_check_says_that_there_is_no_model(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert findings(config, capsys) == ["no model: answers are quoted from the articles"]


def test_check_misses_the_key_of_openai(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    config.write_text('[console]\n[llm]\nmodel = "gpt"\n', "utf-8")
    (text,) = findings(config, capsys)
    assert "the environment variable OPENAI_API_KEY is not set" in text


def test_check_tries_the_model_when_asked_to(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(MODEL, "utf-8")
    assert findings(config, capsys) == ["local at http://127.0.0.1:9/v1"]
    (text,) = findings(config, capsys, "--probe")
    assert "cannot be reached: is the server running" in text


def test_check_says_what_the_model_took_today_and_how_often_in_vain(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(MODEL, "utf-8")
    asyncio.run(_ask_in_vain(config.parent / "state" / "warmline.db"))
    assert findings(config, capsys)[1:] == [
        "today (UTC) 2 requests, 240 tokens",
        "of the last 2 requests 1 were of no help (1 down)",
    ]


async def _ask_in_vain(path: Path) -> None:
    path.parent.mkdir()
    store, at = Store.open(path), now()
    arrived = message(sent_at=at)
    await store.accept(arrived, side=Side.CUSTOMER, at=at, answer_by=at)
    snapshot = await store.load("1")
    assert snapshot is not None
    draft = Draft(snapshot.conversation, policy(), at)
    for problem in ("", "down"):
        usage = Usage(purpose="answer", model="m", tokens_in=100, tokens_out=20, money=0.0, ms=5, problem=problem)
        draft.record("model_asked", by="system", **usage.facts())
    await store.commit(draft.decide(()), at=at)
    store.close()

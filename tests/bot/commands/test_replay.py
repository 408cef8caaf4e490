import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from bot.commands import replay

ROOT = Path(__file__).parents[3]
ASK = {"role": "customer", "text": "how long do I have to return something?"}


def run(*files: Path, as_json: bool = True) -> int:
    return replay.run(Namespace(config=ROOT / "bot.toml", json=as_json, files=list(files)))


def in_file(tmp_path: Path, *values: Any) -> Path:
    path = tmp_path / "chats.jsonl"
    path.write_text("\n".join(json.dumps(value) for value in values), "utf-8")
    return path


def test_every_conversation_is_one_json_object_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(in_file(tmp_path, {"id": "a", "turns": [ASK]}, {"id": "b", "turns": [ASK]}))
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == ["a", "b"]


def test_an_object_has_exactly_the_stable_fields(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(in_file(tmp_path, {"id": "a", "turns": [ASK, {"role": "customer", "text": "I want to talk to a human"}]}))
    found = json.loads(capsys.readouterr().out)
    assert (
        list(found),
        list(found["escalations"][0]),
        list(found["turns"][0]),
        list(found["turns"][1]["sources"][0]),
    ) == (
        ["id", "ok", "failures", "state", "outcome", "escalations", "turns", "ms"],
        ["trigger", "turn", "evidence"],
        ["role", "text", "sources"],
        ["article", "heading"],
    )


def test_kept_promises_end_with_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(in_file(tmp_path, {"id": "a", "turns": [ASK], "expect": {"says": ["60 days"]}}))
    assert (code, json.loads(capsys.readouterr().out)["ok"]) == (0, True)


def test_a_broken_promise_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(in_file(tmp_path, {"id": "a", "turns": [ASK], "expect": {"escalates": True}}))
    found = json.loads(capsys.readouterr().out)
    assert (code, found["ok"], found["failures"]) == (1, False, ["nothing escalated"])


def test_a_bad_file_ends_with_two_before_anything_is_played(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = in_file(tmp_path, {"id": "a", "turns": [ASK]}, {"id": "b"})
    code, told = run(path), capsys.readouterr()
    assert (code, told.out, told.err.count("\n"), f"{path}, line 2" in told.err) == (2, "", 1, True)


def test_people_read_what_failed_and_how_many_went_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {"id": "b", "turns": [ASK], "expect": {"says": ["never in a million years"]}}
    run(in_file(tmp_path, {"id": "a", "turns": [ASK]}, wrong), as_json=False)
    out = capsys.readouterr().out
    assert ("ok    a\n" in out, "FAIL  b\n" in out, "1 of 2 conversations" in out) == (True, True, True)

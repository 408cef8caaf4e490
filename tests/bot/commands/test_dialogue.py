import json
from pathlib import Path
from typing import Any

import pytest

from bot.commands.dialogue import Dialogue, DialogueError, Expect, Line, read, to_dialogue

HELLO = {"role": "customer", "text": "hello"}


def in_file(tmp_path: Path, text: str, name: str = "chats.jsonl") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_each_line_is_a_dialogue(tmp_path: Path) -> None:
    lines = [json.dumps({"id": name, "turns": [HELLO]}) for name in ("a", "b")]
    assert [one.id for one in read(in_file(tmp_path, "\n\n".join(lines)))] == ["a", "b"]


def test_a_toml_file_is_one_dialogue_named_after_it(tmp_path: Path) -> None:
    path = in_file(tmp_path, 'about = "It greets."\n[[turns]]\nrole = "customer"\ntext = "hello"\n', "greets.toml")
    expected = Dialogue(id="greets", about="It greets.", turns=(Line(role="customer", text="hello"),))
    assert read(path) == [expected]


def test_lines_without_an_id_are_named_after_file_and_line(tmp_path: Path) -> None:
    path = in_file(tmp_path, "\n" + json.dumps({"turns": [HELLO]}))
    assert [one.id for one in read(path)] == ["chats-2"]


def test_what_is_expected_is_read() -> None:
    expect = {"escalates": True, "trigger": "high_stakes", "says": ["a", "b"], "never_says": None}
    found = to_dialogue({"id": 7, "turns": [HELLO], "expect": expect}, "x")
    assert (found.id, found.expect) == (7, Expect(escalates=True, trigger="high_stakes", says=("a", "b")))


def test_labels_of_recorded_turns_are_passed_over(tmp_path: Path) -> None:
    (found,) = read(in_file(tmp_path, json.dumps({"turns": [HELLO | {"intent": "greeting"}], "flow": "airline"})))
    assert found.turns == (Line(role="customer", text="hello"),)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "must be an object"),
        ({}, '"turns" must be a list'),
        ({"turns": []}, '"turns" must be a list'),
        ({"turns": ["hello"]}, "turn 1 must be an object"),
        ({"turns": [{"role": "bot", "text": "hello"}]}, "turn 1: \"role\" is 'bot'"),
        ({"turns": [HELLO, {"role": "customer", "text": 5}]}, "turn 2: 'text' is 5; it must be text"),
        ({"turns": [HELLO | {"after_seconds": -1}]}, "after_seconds is -1"),
        ({"turns": [HELLO | {"after_seconds": float("nan")}]}, "after_seconds is nan"),
        ({"turns": [HELLO | {"after_seconds": 1e12}]}, "which is a year"),
        ({"turns": [HELLO | {"after_seconds": True}]}, "must be a number"),
        ({"turns": [HELLO | {"twice": "yes"}]}, "must be true or false"),
        ({"turns": [HELLO], "expect": {"says": "AI"}}, "must be a list of texts"),
        ({"turns": [HELLO], "on_record": "Mara"}, '"on_record" must be an object'),
        ({"turns": [HELLO], "may_look_up": "order_status"}, "must be a list of texts"),
        ({"turns": [HELLO], "vouched_for": "yes"}, "must be true or false"),
        ({"turns": [HELLO], "expect": {"escalate": True}}, "nobody reads 'escalate'"),
        ({"turns": [HELLO], "expect": ["AI"]}, '"expect" must be an object'),
    ],
)
def test_a_wrong_line_is_refused_by_file_and_line(tmp_path: Path, value: Any, reason: str) -> None:
    path = in_file(tmp_path, json.dumps({"turns": [HELLO]}) + "\n" + json.dumps(value))
    with pytest.raises(DialogueError) as refused:
        read(path)
    assert (str(refused.value).startswith(f"{path}, line 2: "), reason in str(refused.value)) == (True, True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("about = ", "Invalid value"),
        ("abuot = 'x'\n[[turns]]\nrole = 'clock'", "nobody reads 'abuot'"),
        ("[[turns]]\nrole = 'customer'\nsay = ['AI']", "turn 1: nobody reads 'say'"),
        ("turns = ['hello']", "turn 1 must be an object"),
    ],
    ids=["not TOML", "unknown key", "unknown key of a turn", "turns of text"],
)
def test_a_wrong_toml_file_is_refused_by_name(tmp_path: Path, text: str, reason: str) -> None:
    path = in_file(tmp_path, text, "wrong.toml")
    with pytest.raises(DialogueError, match=r"wrong\.toml: ") as refused:
        read(path)
    assert reason in str(refused.value)


@pytest.mark.parametrize("text", ["not json", '{"turns": ', "[" * 100_000], ids=["words", "half", "deep"])
def test_what_is_not_json_is_refused_by_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(DialogueError, match="line 1"):
        read(in_file(tmp_path, text))


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DialogueError, match=r"nowhere\.jsonl"):
        read(tmp_path / "nowhere.jsonl")


def test_a_file_that_is_not_text_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "bytes.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DialogueError, match="UTF-8"):
        read(path)


def test_model_that_does_what_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('scripted_model = "sings"\n[[turns]]\nrole = "customer"\ntext = "hi"\n', "utf-8")
    with pytest.raises(DialogueError, match="sings"):
        read(path)

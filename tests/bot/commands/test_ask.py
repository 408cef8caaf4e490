import asyncio
import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.commands import ask
from tests.fakes.model import KEY, MODEL, always, served

Printed = Callable[[], str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "knowledge"
    place.mkdir()
    (place / "returns.md").write_text("# Returns\n\n## Labels\n\nThe return label is free. Print it at home.\n")
    (place / "delivery.md").write_text("# Delivery\n\nA courier delivers your parcel within three days.\n")
    (place / "staff.md").write_text("---\naudience: internal\n---\n# Staff\n\nThe goodwill voucher is 20 euros.\n")
    return place


@pytest.fixture
def args(folder: Path, tmp_path: Path) -> Namespace:
    return Namespace(question=None, knowledge=folder, batch=None, model=False, json=False, config=tmp_path / "bot.toml")


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    return lambda: capsys.readouterr().out


def changed(args: Namespace, **values: object) -> Namespace:
    return Namespace(**vars(args) | values)


def batch(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(lines) + "\n")
    return file


def only(text: str) -> dict[str, Any]:
    (line,) = text.splitlines()
    answer: dict[str, Any] = json.loads(line)
    return answer


def test_a_question_is_answered_with_its_source(args: Namespace, printed: Printed) -> None:
    assert ask.run(changed(args, question="Is the return label free?")) == 0
    out = printed()
    assert "The return label is free." in out
    assert "returns.md > Labels" in out


async def test_with_model_the_answer_is_the_models(
    args: Namespace, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served() as endpoint:
        endpoint.writer = always("A return label costs nothing, it is free. [1]")
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        args.config.write_text(f'[llm]\nmodel = "{MODEL}"\nbase_url = "{endpoint.url}"\n', "utf-8")
        asked = changed(args, question="Is the return label free?", model=True)
        assert await asyncio.to_thread(ask.run, asked) == 0
        assert "A return label costs nothing, it is free." in printed()


async def test_without_model_nothing_is_asked_of_it(
    args: Namespace, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served() as endpoint:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        args.config.write_text(f'[llm]\nmodel = "{MODEL}"\nbase_url = "{endpoint.url}"\n', "utf-8")
        await asyncio.to_thread(ask.run, changed(args, question="Is the return label free?"))
        assert endpoint.requests == []


def test_model_that_is_not_named_is_wrong_use(args: Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask.run(changed(args, question="Is the return label free?", model=True)) == 2
    assert "under [llm] in bot.toml" in capsys.readouterr().err


def test_json_has_every_field(args: Namespace, printed: Printed) -> None:
    ask.run(changed(args, question="Is the return label free?", json=True))
    answer = only(printed())
    assert set(answer) == {"id", "answer", "grounded", "confidence", "sources", "passages", "ms"}
    assert answer["grounded"] is True
    assert answer["sources"] == [{"article": "returns.md", "heading": "Labels"}]
    assert set(answer["passages"][0]) == {"article", "heading", "text", "score"}
    assert answer["ms"] > 0


def test_an_abstention_keeps_the_passages(args: Namespace, printed: Printed) -> None:
    ask.run(changed(args, question="Do astronauts label their dragon chess zeppelins?", json=True))
    answer = only(printed())
    assert (answer["grounded"], answer["answer"]) == (False, None)
    assert answer["passages"][0]["article"] == "returns.md"


def test_an_abstention_is_told_to_a_reader(args: Namespace, printed: Printed) -> None:
    assert ask.run(changed(args, question="Do you sell zeppelins?")) == 0
    assert "No answer" in printed()


def test_internal_pages_are_not_told(args: Namespace, printed: Printed) -> None:
    ask.run(changed(args, question="How much is the goodwill voucher?", json=True))
    assert only(printed())["passages"] == []


def test_a_batch_is_answered_in_its_order(args: Namespace, tmp_path: Path, printed: Printed) -> None:
    file = batch(
        tmp_path, '{"id": "b", "question": "courier?"}', "", '{"id": "a", "question": "label?", "history": []}'
    )
    assert ask.run(changed(args, batch=file, json=True)) == 0
    assert [json.loads(line)["id"] for line in printed().splitlines()] == ["b", "a"]


def test_the_history_of_a_batch_is_used(args: Namespace, tmp_path: Path, printed: Printed) -> None:
    history = [{"role": "customer", "text": "return label"}, {"role": "assistant", "text": "Yes?"}]
    ask.run(
        changed(args, batch=batch(tmp_path, json.dumps({"id": 1, "question": "free", "history": history})), json=True)
    )
    assert only(printed())["passages"][0]["article"] == "returns.md"


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        '{"id": 1}',
        '{"question": 5}',
        '{"question": "x", "history": {}}',
        '{"question": "x", "history": [{"role": "king", "text": "y"}]}',
        '{"question": "x", "history": [{"role": "customer"}]}',
        "[" * 100_000,
    ],
    ids=["no json", "a list", "no question", "a number", "history", "role", "no text", "nested"],
)
def test_a_malformed_line_is_named_by_file_and_line(
    args: Namespace, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    file = batch(tmp_path, '{"question": "label?"}', line)
    assert ask.run(changed(args, batch=file)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{file}, line 2:" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"question": "  "},
        {"question": "x", "batch": Path("y")},
        {"batch": Path("nowhere.jsonl")},
        {"question": "x", "knowledge": Path("nowhere")},
        {"question": "x", "knowledge": None, "config": Path("nowhere.toml")},
    ],
    ids=["nothing", "blank", "both", "no file", "no folder", "no settings"],
)
def test_wrong_use_is_one_line_and_exit_code_two(
    args: Namespace, capsys: pytest.CaptureFixture[str], wrong: dict[str, Any]
) -> None:
    assert ask.run(changed(args, **wrong)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("warmline ask: ")
    assert err.count("\n") == 1


def test_the_folder_of_the_settings_is_the_default(args: Namespace, tmp_path: Path, printed: Printed) -> None:
    (tmp_path / "bot.toml").write_text('[knowledge]\nfolder = "knowledge"\n')
    assert ask.run(changed(args, knowledge=None, question="Is the return label free?")) == 0
    assert "The return label is free." in printed()

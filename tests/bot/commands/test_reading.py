"""What commands say where there is nothing to read or no sense in their words: one line, never a traceback."""

import asyncio
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import assistant
from bot.__main__ import main
from bot.conversation import Escalation, Side, Trigger
from bot.draft import Draft
from bot.store import Store
from tests.bot.world import message, policy


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "bot.toml"
    path.write_text("[console]\n", "utf-8")
    return path


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    (line,) = said.err.splitlines()
    assert line.startswith("warmline: ")
    return line


@pytest.mark.parametrize(
    "words", [["conversations"], ["conversations", "1"], ["why", "1"], ["export", "x"], ["forget", "x"], ["report"]]
)
def test_database_that_does_not_exist_yet_is_told_in_one_line(
    config: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--config", str(config)]) == 1
    assert "it is made when the bot first runs" in complaint(capsys)
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
def test_settings_that_are_not_there_are_wrong_use(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--config", str(tmp_path / "bot.toml")]) == 2
    assert "there is no such file; name another with --config" in complaint(capsys)


def test_every_mistake_of_the_settings_has_a_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("[asistant]\n[deadlines]\nanswer_seconds = 0\n", "utf-8")
    assert main(["run", "--config", str(config)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_run_without_a_channel_is_wrong_use(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("", "utf-8")
    assert main(["run", "--config", str(config)]) == 2
    assert "no channel is switched on" in complaint(capsys)


def test_run_without_a_knowledge_folder_says_so(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--config", str(config)]) == 1
    assert "knowledge" in complaint(capsys)


def test_state_that_is_none_is_wrong_use(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conversations", "--state", "open", "--config", str(config)]) == 2
    assert "'open' is not a state; use one of new, answering" in complaint(capsys)


def test_date_that_is_none_is_wrong_use(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--since", "yesterday", "--config", str(config)]) == 2
    assert "'yesterday' is not a date; write it as 2026-01-31" in complaint(capsys)


def imported(config: Path, rows: str) -> int:
    file = config.parent / "customers.csv"
    file.write_text(rows, "utf-8")
    return main(["customers", "import", str(file), "--config", str(config)])


def test_customers_are_imported_exported_and_forgotten(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert imported(config, "id,name,email,plan\nC-1,Mara Moss,mara@example.org,Summit\n") == 0
    assert capsys.readouterr().out.startswith("1 added, 0 changed")
    assert main(["export", "mara@example.org", "--json", "--config", str(config)]) == 0
    assert "Mara Moss" in json.dumps(json.loads(capsys.readouterr().out))
    assert main(["forget", "mara@example.org", "--json", "--config", str(config)]) == 0
    assert json.loads(capsys.readouterr().out)["found"] == 0
    assert main(["export", "mara@example.org", "--config", str(config)]) == 1


def test_settings_are_taken_from_before_the_verb_too(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = config.parent / "customers.csv"
    file.write_text("id,name\nC-1,Mara\n", "utf-8")
    assert main(["customers", "--config", str(config), "--json", "import", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == {"added": 1, "changed": 0, "unchanged": 0, "refused": []}
    assert (config.parent / "state" / "warmline.db").exists()


def test_customers_that_were_known_are_counted(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(config, "id,name\nC-1,Mara\n")
    imported(config, "id,name\nC-1,Mara\n")
    assert capsys.readouterr().out.splitlines()[-1] == "0 added, 0 changed, 1 unchanged, 0 refused"


def test_unknown_person_cannot_be_forgotten(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(config, "id,name\nC-1,Mara\n")
    assert main(["forget", "nobody@example.org", "--config", str(config)]) == 1
    assert complaint(capsys) == "warmline: nothing is held on 'nobody@example.org'"


def test_forget_beside_the_running_bot_says_to_stop_it_first(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Store.open(config.parent / "state" / "warmline.db")):
        assert main(["forget", "x", "--config", str(config)]) == 1
    assert "stop it first" in complaint(capsys)


def test_line_that_is_refused_is_named(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert imported(config, "id,name\n,Nobody\nC-2,Bo\n") == 1
    assert ", line 2: " in complaint(capsys)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None], ids=["no-text", "missing"])
def test_file_that_is_no_csv_is_wrong_use(
    config: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = config.parent / "c.csv"
    if content is not None:
        file.write_bytes(content)
    assert main(["customers", "import", str(file), "--config", str(config)]) == 2
    assert "cannot be read as UTF-8 CSV with a header line" in complaint(capsys)


@pytest.mark.parametrize("words", [["conversations", "9"], ["why", "9"], ["why", "x'; drop table"]])
def test_unknown_conversation_is_wrong_use(config: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    imported(config, "id,name\nC-1,Mara\n")
    capsys.readouterr()
    assert main([*words, "--config", str(config)]) == 2
    assert "`warmline conversations` lists them" in complaint(capsys)


def test_empty_store_is_no_error(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(config, "id,name\nC-1,Mara\n")
    capsys.readouterr()
    assert main(["conversations", "--config", str(config)]) == 0
    assert capsys.readouterr().out == "no conversations yet\n"
    assert main(["report", "--json", "--config", str(config)]) == 0
    assert json.loads(capsys.readouterr().out)["all"]["episodes"] == 0


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


async def told(config: Path) -> None:
    """One conversation that a person was called to."""
    store = Store.open(config.parent / "state" / "warmline.db")
    at = datetime(2026, 3, 3, 10, tzinfo=UTC)
    accepted = await store.accept(
        message("I want to talk to a human\nplease"), side=Side.CUSTOMER, at=at, answer_by=at + timedelta(seconds=60)
    )
    assert accepted.conversation is not None
    snapshot = await store.load(accepted.conversation)
    assert snapshot is not None
    decided = Draft(snapshot.conversation, policy(), at)
    assistant.take_in(decided, [message("I want to talk to a human\nplease")])
    wanted = Escalation(trigger=Trigger.ASKS_FOR_HUMAN, evidence="talk to a human")
    assistant.escalate(decided, [wanted], assistant.Material())
    await store.commit(decided.decide(tuple(one.id for one in snapshot.pending)), at=at)
    store.close()


async def test_stored_conversation_is_listed_shown_explained_and_reported(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await told(config)

    def said(*words: str) -> str:
        assert main([*words, "--config", str(config)]) == 0
        return capsys.readouterr().out

    assert "escalating" in await asyncio.to_thread(said, "conversations")
    assert "I want to talk to a human" in await asyncio.to_thread(said, "conversations", "1")
    assert "trigger fired: trigger=asks_for_human" in await asyncio.to_thread(said, "why", "1")
    listed = json.loads(await asyncio.to_thread(said, "conversations", "--json"))
    assert [one["state"] for one in listed] == ["escalating"]
    shown = json.loads(await asyncio.to_thread(said, "conversations", "1", "--json"))
    assert [one["role"] for one in shown["turns"]] == ["customer", "assistant"]
    explained = json.loads(await asyncio.to_thread(said, "why", "1", "--json"))
    assert "handed_off" in [one["kind"] for one in explained["events"]]
    assert "all: 1 episodes (open 1); escalated 1" in await asyncio.to_thread(said, "report")

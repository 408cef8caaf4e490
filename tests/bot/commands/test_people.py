"""Customers imported, exported, forgotten."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.store import Store
from tests.bot.commands.conftest import Complaint


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


def test_unknown_person_cannot_be_forgotten(config: Path, complaint: Complaint) -> None:
    imported(config, "id,name\nC-1,Mara\n")
    assert main(["forget", "nobody@example.org", "--config", str(config)]) == 1
    assert complaint() == "warmline: nothing is held on 'nobody@example.org'"


def test_forget_beside_the_running_bot_says_to_stop_it_first(config: Path, complaint: Complaint) -> None:
    with closing(Store.open(config.parent / "state" / "warmline.db")):
        assert main(["forget", "x", "--config", str(config)]) == 1
    assert "stop it first" in complaint()


def test_line_that_is_refused_is_named(config: Path, complaint: Complaint) -> None:
    assert imported(config, "id,name\n,Nobody\nC-2,Bo\n") == 1
    assert ", line 2: " in complaint()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None], ids=["no-text", "missing"])
def test_file_that_is_no_csv_is_wrong_use(config: Path, content: bytes | None, complaint: Complaint) -> None:
    file = config.parent / "c.csv"
    if content is not None:
        file.write_bytes(content)
    assert main(["customers", "import", str(file), "--config", str(config)]) == 2
    assert "cannot be read as UTF-8 CSV with a header line" in complaint()


def test_what_was_erased_is_told_in_sentences(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(config, "id,name,email\nC-1,Mara Moss,mara@example.org\n")
    capsys.readouterr()
    assert main(["forget", "mara@example.org", "--config", str(config)]) == 0
    erased, searched = capsys.readouterr().out.splitlines()
    assert erased.startswith("Erased of mara@example.org: 1 customers")
    assert searched.endswith("0 found.")

import json
from pathlib import Path

import pytest

from bot.__main__ import main

REPLY = b"""From: Mara <mara@customer.test>\r\nSubject: Re: Size\r\nMessage-ID: <2@customer.test>\r
In-Reply-To: <1@x.test>\r
\r\nSize 42.\r\n\r\nOn Mon, 12 Jan 2026, Shop <help@example.test> wrote:\r\n> Which size?\r\n"""


def shown(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    main(["mail", str(path), "--json", "--config", str(path.parent / "none.toml")])
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_mail_is_shown_as_the_bot_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "reply.eml"
    path.write_bytes(REPLY)
    found = shown(path, capsys)
    assert {name: found[name] for name in ("message_id", "from", "subject", "text", "kind", "answer", "error")} == {
        "message_id": "2@customer.test",
        "from": "mara@customer.test",
        "subject": "Re: Size",
        "text": "Size 42.",
        "kind": "human",
        "answer": True,
        "error": None,
    }


def test_a_machines_mail_would_not_be_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "auto.eml"
    path.write_bytes(b"Auto-Submitted: auto-replied\r\n" + REPLY)
    found = shown(path, capsys)
    assert (found["kind"], found["answer"]) == ("auto", False)


@pytest.mark.parametrize("content", [b"", b"\0\xff" * 500, b"From: =?zlib?b?eA==?=\r\n\r\n"])
def test_no_content_is_too_odd_to_be_shown(tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "odd.eml"
    path.write_bytes(content)
    assert shown(path, capsys)["answer"] is False


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be read" in str(shown(tmp_path / "gone.eml", capsys)["error"])


def test_people_get_it_in_plain_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "reply.eml"
    path.write_bytes(REPLY)
    assert (main(["mail", str(path)]), "human; answered" in capsys.readouterr().out) == (0, True)

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.__main__ import main
from channels.discord.permissions import NEEDED, OPTIONAL, permissions

BEGINS_WITH_ID = "MTIzNDU2Nzg5MDEyMzQ1Njc4.x.y"


def asked(shown: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(shown.strip()).query)


def test_the_link_is_for_the_bot_of_the_token(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_BOT_TOKEN", BEGINS_WITH_ID)
    assert main(["discord", "invite"]) == 0
    assert asked(capsys.readouterr().out)["client_id"] == ["123456789012345678"]


def test_the_link_asks_for_the_permissions_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discord", "invite", "--application", "42"]) == 0
    assert asked(capsys.readouterr().out)["permissions"] == [str(permissions().value)]


def test_the_link_asks_for_agents_names_when_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discord", "invite", "--application", "42", "--agent-names", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert asked(shown["link"])["permissions"] == [str(shown["permissions"])]
    assert set(shown["for"]) == {*NEEDED, *OPTIONAL}


@pytest.mark.parametrize("token", ["", "nonsense", "!!!.x.y", "w6TDtg.x.y"])
def test_without_a_bot_the_fix_is_named(
    token: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_BOT_TOKEN", token)
    assert main(["discord", "invite"]) == 2
    assert "--application" in capsys.readouterr().err

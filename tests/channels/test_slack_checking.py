import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.__main__ import main
from channels import slack
from channels.slack.manifest import manifest
from tests.channels.slack_bench import DESK, environment, furnish
from tests.fakes.slack import BOT, FakeSlack, running

SETTINGS = slack.Settings()


@pytest_asyncio.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeSlack]:
    async with running(manifest()) as workspace:
        furnish(workspace)
        environment(monkeypatch, workspace)
        yield workspace


async def test_good_account_and_desk_have_no_problem(fake: FakeSlack) -> None:
    assert (await slack.probe(SETTINGS), await slack.probe_desk(SETTINGS, DESK)) == ([], [])


async def test_missing_scope_is_named_with_the_way_to_get_it(fake: FakeSlack) -> None:
    assert fake.manifest is not None
    fake.manifest["oauth_config"]["scopes"]["bot"].remove("reactions:write")
    (problem,) = await slack.probe(SETTINGS)
    assert "lacks reactions:write" in problem
    assert "warmline slack manifest" in problem


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-old", "does not accept the bot token: invalid_auth"),
        ("SLACK_APP_TOKEN", "xapp-old", "does not accept the app token"),
        ("SLACK_APP_TOKEN", "", "SLACK_APP_TOKEN is not set"),
    ],
)
async def test_wrong_token_is_told(
    fake: FakeSlack, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    (problem,) = await slack.probe(SETTINGS)
    assert told in problem


async def test_slack_that_cannot_be_reached_is_told(fake: FakeSlack) -> None:
    (problem,) = await slack.probe(slack.Settings(api_base_url="http://127.0.0.1:9/api"))
    assert "cannot be reached" in problem


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"archived": True}, "is archived"),
        ({"shared": True}, "shared with another organisation"),
        ({"kind": "channel"}, "is public"),
        ({"members": {"UANNA"}}, "/invite"),
    ],
    ids=lambda value: next(iter(value), "") if isinstance(value, dict) else "",
)
async def test_unfit_desk_is_told(fake: FakeSlack, change: dict[str, object], told: str) -> None:
    for name, value in change.items():
        setattr(fake.channels[DESK], name, value)
    (problem,) = await slack.probe_desk(SETTINGS, DESK)
    assert told in problem


async def test_desk_that_is_not_there_is_told(fake: FakeSlack) -> None:
    (problem,) = await slack.probe_desk(SETTINGS, "CNOWHERE")
    assert "channel_not_found" in problem


async def test_check_tries_the_account_and_the_desk(
    fake: FakeSlack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.channels[DESK].members.discard(BOT)
    (tmp_path / "knowledge").mkdir()
    (tmp_path / "knowledge" / "returns.md").write_text("# Returns\n\nWithin 60 days.\n", "utf-8")
    config = tmp_path / "bot.toml"
    config.write_text(f'[slack]\nenabled = true\n[desk]\nchannel = "slack"\nroom = "{DESK}"\n', "utf-8")
    code = await asyncio.to_thread(main, ["check", "--probe", "--json", "--config", str(config)])
    wrong = [finding["text"] for finding in json.loads(capsys.readouterr().out)["findings"] if not finding["ok"]]
    assert (code, wrong) == (1, ["desk.room: the bot is not in #cdesk; write /invite @Warmline there"])


def test_check_names_a_missing_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    (tmp_path / "knowledge").mkdir()
    (tmp_path / "knowledge" / "returns.md").write_text("# Returns\n\nWithin 60 days.\n", "utf-8")
    config = tmp_path / "bot.toml"
    config.write_text('[slack]\nenabled = true\n[desk]\nchannel = "slack"\nroom = "C1"\n', "utf-8")
    assert main(["check", "--config", str(config)]) == 1
    assert "SLACK_BOT_TOKEN is not set" in capsys.readouterr().out

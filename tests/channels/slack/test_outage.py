"""The whole bot through a Slack that does not let it sign in for a while."""

from pathlib import Path

import pytest

from bot import app
from channels.slack.manifest import manifest
from tests.channels.slack_bench import DIRECT, furnish, serving
from tests.channels.test_slack_service import QUESTION
from tests.fakes.slack import BOT_TOKEN, Fault, running


async def test_failing_sign_in_at_the_start_loses_nothing_that_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "RECONNECT_SECONDS", 0.2)
    async with running(manifest()) as fake:
        furnish(fake)
        async with serving(tmp_path, fake) as first:
            fake.say(DIRECT, "U2", QUESTION)
            await first.posted(DIRECT, "60 days")
        fake.muted = True
        root = fake.say(DIRECT, "U2", "Do you have gift cards?")
        fake.muted = False
        fake.fail("auth.test", Fault(status=503), Fault(drop=True), Fault(error="internal_error"))
        async with serving(tmp_path, fake) as second:
            await fake.until(lambda: any(post["thread_ts"] == root for post in second.fake.posts(DIRECT)), 20)


async def test_token_that_is_revoked_and_given_back_while_running_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "RECONNECT_SECONDS", 0.2)
    async with running(manifest()) as fake:
        furnish(fake)
        async with serving(tmp_path, fake) as service:
            fake.say(DIRECT, "U2", QUESTION)
            await service.posted(DIRECT, "60 days")
            fake.event({"type": "tokens_revoked", "tokens": {"bot": ["UBOT"]}, "event_ts": fake.ts()})
            fake.tokens.clear()
            fake.refuse_tickets = True
            await fake.drop_sockets()
            signed_in = len(fake.made("auth.test"))
            fake.muted = True
            root = fake.say(DIRECT, "U2", "Do you have gift cards?")
            await fake.until(lambda: len(fake.made("auth.test")) > signed_in + 1, 30)
            fake.muted = fake.refuse_tickets = False
            fake.tokens.add(BOT_TOKEN)
            await fake.until(lambda: any(post["thread_ts"] == root for post in fake.posts(DIRECT)), 20)
    told = capsys.readouterr().out
    assert "slack_access_revoked" in told
    assert "does not accept the bot token: invalid_auth" in told

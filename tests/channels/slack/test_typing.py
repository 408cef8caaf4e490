"""A customer who waits for a slow model sees that somebody is at it."""

from pathlib import Path

import pytest

from bot.llm import Settings as Llm
from channels.slack.manifest import manifest
from tests.channels.slack_bench import HELP, furnish, serving
from tests.channels.test_slack_service import QUESTION
from tests.fakes import model
from tests.fakes.slack import running


@pytest.mark.parametrize(("seconds", "shown"), [(1.8, 1), (0.0, 0)], ids=["slow", "quick"])
async def test_slow_answer_is_announced_and_a_quick_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, shown: int
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", model.KEY)
    async with running(manifest()) as fake, model.served() as endpoint:
        furnish(fake)
        endpoint.delay = seconds
        llm = Llm(model=model.MODEL, base_url=endpoint.url)
        async with serving(tmp_path, fake, llm=llm) as service:
            root = fake.say(HELP, "U1", QUESTION)
            await service.posted(HELP, "60 days")
            assert [status["thread_ts"] for status in fake.statuses] == [root] * shown

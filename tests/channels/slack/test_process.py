"""The real `warmline run` on Slack, killed with no warning, and ended by a Slack that stays away."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from channels.slack.manifest import manifest
from tests.channels.slack_bench import DESK, HELP, ROOT, furnish
from tests.fakes.slack import APP_TOKEN, BOT_TOKEN, FakeSlack, running

QUESTIONS = 8
START_SECONDS = 30


def configure(folder: Path, more: str = "") -> Path:
    config = folder / "bot.toml"
    config.write_text(
        f'[knowledge]\nfolder = "{ROOT / "knowledge"}"\n'
        f'[desk]\nchannel = "slack"\nroom = "{DESK}"\n'
        f'[slack]\nenabled = true\ncustomer_channels = ["{HELP}"]\n{more}',
        "utf-8",
    )
    return config


@asynccontextmanager
async def warmline(config: Path, fake: FakeSlack) -> AsyncIterator[Process]:
    """A process that has connected; whatever became of it, it is gone afterwards."""
    plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    tokens = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
    twin = {"SLACK_API_BASE_URL": f"{fake.url}/api", "SLACK_PING_INTERVAL": "0.5"}
    before = fake.connections
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "run", "--config", str(config)),
        cwd=ROOT,
        env=plain | tokens | twin,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        await fake.until(lambda: fake.connections > before, START_SECONDS)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def answers(fake: FakeSlack) -> Counter[str]:
    """Our posts in the customers' channel, by thread."""
    return Counter(str(post["thread_ts"]) for post in fake.posts(HELP))


async def test_killed_at_any_moment_it_loses_nothing_and_says_nothing_twice(tmp_path: Path) -> None:
    config, asked = configure(tmp_path), list[str]()
    async with running(manifest()) as fake:
        furnish(fake)
        fake.redeliver_after = 0.5
        for seconds in (0.3, 0.05, 0.15):
            async with warmline(config, fake) as process:
                heard = len(fake.acks)
                for number in range(QUESTIONS):
                    asked.append(fake.say(HELP, "U1", f"How long do I have to return {number} items?"))
                await fake.until(lambda heard=heard: len(fake.acks) > heard, START_SECONDS)  # type: ignore[misc] # bound
                await asyncio.sleep(seconds)
                process.kill()
            fake.muted = True  # what is said now reaches nobody
            asked.append(fake.say(HELP, "U2", "Do you have gift cards?"))
            fake.muted = False
        async with warmline(config, fake):
            await fake.until(lambda: set(answers(fake)) >= set(asked), 60)
            fake.say(HELP, "U1", "Where is your shop?")
            await fake.until(lambda: len(answers(fake)) > len(asked), 60)
        assert {answers(fake)[thread] for thread in asked} == {1}


async def test_process_ends_with_an_error_when_slack_stays_away(tmp_path: Path) -> None:
    config = configure(tmp_path, "give_up_minutes = 0.02\n")
    async with running(manifest()) as fake:
        furnish(fake)
        async with warmline(config, fake) as process:
            fake.refuse_tickets = True
            await fake.drop_sockets()
            async with asyncio.timeout(START_SECONDS):
                _, told = await process.communicate()
            assert process.returncode == 1
            assert "warmline: slack: no connection for 0.02 minutes" in told.decode()

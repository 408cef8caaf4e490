"""The real process on Discord, killed at work: what was said before, meanwhile and after is answered once."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.channels.discord_bench import ROOT, environment
from tests.fakes.discord import DESK, FORUM, HELP, FakeDiscord, running, texts_of

QUESTION, ANSWER = "How long do I have to return something?", "60 days"
OTHER, OTHER_ANSWER = "Which payment methods do you accept?", "PayPal"
SETTINGS = f"""
[knowledge]
folder = "{ROOT / "knowledge"}"

[desk]
channel = "discord"
room = "{DESK}"

[discord]
customer_channels = ["{HELP}", "{FORUM}"]
"""


@asynccontextmanager
async def process(folder: Path, fake: FakeDiscord) -> AsyncIterator[asyncio.subprocess.Process]:
    """`warmline run`, killed at the end if it still lives."""
    settings = folder / "bot.toml"
    settings.write_text(SETTINGS, "utf-8")
    before = fake.gateway.identified
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run", "--config", str(settings)),
        cwd=ROOT,
        env=os.environ | environment(fake),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await fake.until(lambda: fake.gateway.identified > before, 30)
        yield program
    finally:
        if program.returncode is None:
            program.send_signal(signal.SIGKILL)
        await program.wait()


def count(fake: FakeDiscord, room: str, words: str) -> int:
    """How many of our posts there hold these words."""
    return sum(words in " ".join(texts_of(post)) for post in fake.posts(room))


async def test_a_process_killed_three_times_answers_everything_once(tmp_path: Path) -> None:
    async with running() as fake:
        fake.unlimited()
        rooms: list[str] = []
        for _ in range(3):
            async with process(tmp_path, fake):
                began = fake.say("mara", HELP, QUESTION)["id"]
                await fake.until(lambda room=began: count(fake, room, ANSWER), 30)  # type: ignore[misc] # bound
                rooms += [began, fake.say("noah", HELP, QUESTION)["id"]]
                before = len(fake.calls)
                await fake.until(lambda before=before: len(fake.calls) > before, 30)  # type: ignore[misc] # bound
            rooms += [fake.say("noah", HELP, QUESTION)["id"], fake.post("mara", FORUM, "Returns", QUESTION).id]
            fake.say("mara", began, OTHER)
        async with process(tmp_path, fake):
            for room in rooms:
                await fake.until(lambda room=room: count(fake, room, ANSWER), 60)  # type: ignore[misc] # bound
            for room in rooms[::4]:
                await fake.until(lambda room=room: count(fake, room, OTHER_ANSWER), 60)  # type: ignore[misc] # bound
        assert [count(fake, room, ANSWER) for room in rooms] == [1] * len(rooms)
        assert [count(fake, room, OTHER_ANSWER) for room in rooms[::4]] == [1] * 3

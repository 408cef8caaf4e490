"""The whole bot on Slack, on a good day and a bad one: real sockets, a real database, a Slack of our own beside it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.place import workplace
from tests.bench.slack import bad_day, claims, latency
from tests.bench.slack.workspace import AGENTS
from tests.channels.slack_bench import Service, furnish, serving
from tests.fakes.slack import running

PARTS = (latency.measure, claims.measure, bad_day.measure)


def measure() -> list[Figure]:
    """Each part on a new database."""
    return [figure for part in PARTS for figure in run(part)]


def run(part: Callable[[Service], Awaitable[list[Figure]]]) -> list[Figure]:
    """One part, in a workspace of its own."""

    async def whole(folder: Path) -> list[Figure]:
        async with running() as fake:
            furnish(fake)
            for agent in AGENTS:
                fake.add_user(agent)
            async with serving(folder, fake) as service:
                return await part(service)

    with workplace() as folder:
        return asyncio.run(whole(folder))

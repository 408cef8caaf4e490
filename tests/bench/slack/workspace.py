"""What the measurements on Slack share: customers and their rooms, agents, waiting."""

import asyncio
import re
from collections.abc import Callable

from tests.channels.slack_bench import DESK, Service
from tests.fakes.slack import FakeSlack

UNDER_WAY = 64
PATIENCE_SECONDS = 120.0
AGENTS = ("UANNA", "UBEN", "UCARL", "UDORA")


def room_of(fake: FakeSlack, number: int) -> tuple[str, str]:
    """A customer and their direct messages."""
    user, room = f"U{1_000 + number}", f"D{1_000 + number}"
    if room not in fake.channels:
        fake.add_user(user)
        fake.add_channel(room, user)
    return user, room


async def until(true: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait. Raises TimeoutError: something was lost."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 # many things change at once here: looking now and then costs least
            await asyncio.sleep(0.02)


async def call_people(service: Service, count: int) -> dict[str, str]:
    """That many customers ask for a person; returns each one's room by the card."""
    fake = service.fake
    for number in range(count):
        user, room = room_of(fake, number)
        fake.say(room, user, "I want to talk to a human")
        await until(lambda number=number: number - _cards(fake) < UNDER_WAY)  # type: ignore[misc] # a default binds it
    await until(lambda: _cards(fake) >= count)
    cards = {}
    for channel, message, _ in fake.posted:
        named = re.search(r"(\d+) needs a person", message["text"])
        if channel == DESK and named is not None and not message.get("thread_ts"):
            cards[str(message["ts"])] = f"D{named[1]}"
    return cards


def _cards(fake: FakeSlack) -> int:
    return sum(channel == DESK and not message.get("thread_ts") for channel, message, _ in fake.posted)

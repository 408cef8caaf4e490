"""A good day: how long a customer waits for the assistant's post, and Slack for its acknowledgement."""

import asyncio
import time

from tests.bench.content import questions
from tests.bench.figures import Figure, milliseconds
from tests.bench.slack.workspace import room_of, until
from tests.channels.slack_bench import Service
from tests.fakes.slack import FakeSlack, buttons_of

ROOMS = 50
RATE = 20.0
WARM_SECONDS = 15.0  # as many messages as the phrases need to be compiled
SECONDS = 20.0


async def measure(service: Service) -> list[Figure]:
    """Messages come when they come; each room's next one is written long after its last was answered."""
    fake, words = service.fake, questions()
    sent: list[tuple[str, float]] = []
    began = time.perf_counter()
    for number in range(int(RATE * (WARM_SECONDS + SECONDS))):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        user, room = room_of(fake, number % ROOMS)
        last = next((m for channel, m, _ in reversed(fake.posted) if channel == room), None)
        goes_on = last is not None and bool(buttons_of(last))
        sent.append((room, time.perf_counter()))
        fake.say(room, user, next(words), thread=last["thread_ts"] if last is not None and goes_on else "")
    await until(lambda: all(_answered(fake, room, at) for room, at in sent[-ROOMS:]))
    waits = [
        _answered(fake, room, at) - at for room, at in sent[int(RATE * WARM_SECONDS) :] if _answered(fake, room, at)
    ]
    acks = list(fake.acks.values())
    load = f"{RATE:.0f} messages/s over {ROOMS} conversations"
    unanswered = sum(not _answered(fake, room, at) for room, at in sent)
    return [
        Figure(name=f"Slack: socket to post, {load}", bar="p50 < 60, p95 < 150", measured=milliseconds(waits)),
        Figure(name="  of them without an answer", bar="0", measured=f"{unanswered} of {len(sent)}"),
        Figure(
            name="Slack: event stored and acknowledged",
            bar="p99 < 200 ms",
            measured=f"{milliseconds(acks)}, {len(acks)} events",
        ),
    ]


def _answered(fake: FakeSlack, room: str, at: float) -> float:
    """When the first post came there after a moment, 0 for none."""
    return next((when for channel, _, when in fake.posted if channel == room and when > at), 0.0)

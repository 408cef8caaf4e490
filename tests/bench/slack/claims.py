"""Four agents press Claim at once, again and again: exactly one owns each conversation."""

import time

from tests.bench.figures import Figure
from tests.bench.slack.workspace import AGENTS, UNDER_WAY, call_people, until
from tests.channels.slack_bench import DESK, Service

CLAIMS = 1_000


async def measure(service: Service) -> list[Figure]:
    """How many conversations have one owner; whoever came too late was told so in private."""
    fake = service.fake
    cards = await call_people(service, CLAIMS)
    began = time.perf_counter()
    for number, card in enumerate(cards, 1):
        for agent in AGENTS:
            fake.click(agent, DESK, card, "claim")
        await until(lambda number=number: 3 * number - len(fake.whispers) < UNDER_WAY)  # type: ignore[misc]
    await until(lambda: len(fake.whispers) >= 3 * len(cards))
    seconds = time.perf_counter() - began
    rows = service.rows("select conversation, count(*) from events where kind = 'claimed' group by conversation")
    return [
        Figure(
            name=f"Slack: {len(AGENTS)} agents press Claim at once, one owner each",
            bar=f"{CLAIMS:,} of {CLAIMS:,}",
            measured=f"{sum(n == 1 for _, n in rows):,} of {len(rows):,}, {len(cards) * 4 / seconds:.0f} presses/s",
        )
    ]

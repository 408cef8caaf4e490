"""Four agents claim the same conversation in the same moment, a thousand times: one of them has it each time."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from bot import app
from bot.conversation import State
from bot.knowledge import Knowledge
from bot.loop import Loop
from bot.settings import Settings
from bot.store import Store
from channels.base import Action, Address, Message, Person
from channels.memory import Memory
from tests.bench.figures import Figure
from tests.bench.place import workplace

CONVERSATIONS = 1_000
AGENTS = tuple(Person(id=name, name=name.title()) for name in ("anna", "ben", "chen", "dora"))


def measure() -> list[Figure]:
    """On a real file, each claim committed to disk."""
    with workplace() as folder:
        (folder / "articles").mkdir()
        (folder / "articles" / "opening.md").write_text("# Opening\n\nThe shop opens at nine.\n", "utf-8")
        return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> list[Figure]:
    settings = Settings()
    store = Store.open(folder / "claims.db")
    knowledge = Knowledge.open(folder / "articles", database=None, settings=settings.knowledge)
    channel = Memory(settings.desk.channel)
    try:
        loop = app.build(settings, store=store, knowledge=knowledge, channels={channel.name: channel})
        waiting = await _queued(loop, store, channel.name)
        began = time.perf_counter()
        await asyncio.gather(*(loop.receive(_claim(one, who, channel)) for one in waiting for who in AGENTS))
        await loop.settle()
        seconds = time.perf_counter() - began
        owned = [await _has_one_owner(store, one) for one in waiting]
    finally:
        knowledge.close()
        store.close()
    return [
        Figure(
            name=f"{len(AGENTS)} simultaneous claims: one owner each",
            bar=f"{CONVERSATIONS:,} of {CONVERSATIONS:,}",
            measured=f"{sum(owned):,} of {len(owned):,}, {len(waiting) * len(AGENTS) / seconds:.0f} claims/s",
        )
    ]


async def _queued(loop: Loop, store: Store, channel: str) -> list[str]:
    """The conversations that wait for an agent, all begun now."""
    for number in range(CONVERSATIONS):
        person = Person(id=f"customer-{number}")
        await loop.receive(
            Message(
                external_id=f"m{number}",
                address=Address(channel=channel, room=person.id),
                sender=person,
                text="I want to talk to a human",
                sent_at=datetime.now(UTC),
            )
        )
    await loop.settle()
    return [one.conversation.id for one in await store.conversations(CONVERSATIONS, State.QUEUED)]


def _claim(conversation: str, agent: Person, channel: Memory) -> Action:
    return Action(
        external_id=f"claim-{conversation}-{agent.id}",
        address=Address(channel=channel.name, room="desk"),
        actor=agent,
        name="claim",
        value=conversation,
        sent_at=datetime.now(UTC),
    )


async def _has_one_owner(store: Store, conversation: str) -> bool:
    found = await store.conversation(conversation)
    claims = [event for event in await store.events(conversation) if event.kind == "claimed"]
    return found is not None and found.agent in AGENTS and len(claims) == 1

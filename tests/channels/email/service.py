"""The whole service with mailboxes: the real loop and the real store on disk, between mail servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot import app
from bot.knowledge import Knowledge
from bot.settings import Settings
from bot.store import Store
from channels import email
from tests.bench.content import KNOWLEDGE

PATIENCE_SECONDS = 60.0
RETRY_SECONDS = 0.05


@asynccontextmanager
async def service(folder: Path, *mailboxes: email.Mailbox) -> AsyncIterator[Store]:
    """Serve from the moment that every mailbox is being read until the block ends."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 # once, before anything happens
    own = email.Settings(mailboxes=mailboxes, retry_seconds=RETRY_SECONDS)
    settings = Settings(channels={"email": own}, folder=folder)
    store = Store.open(folder / "warmline.db", clock=app.now)
    knowledge = Knowledge.open(KNOWLEDGE, database=folder / "knowledge.db", settings=settings.knowledge)
    channel = email.connect(own, app.host_of(store, "email", settings))
    loop = app.build(settings, store=store, knowledge=knowledge, channels={"email": channel})
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(loop.run()), group.create_task(channel.listen(loop.receive))]
            async with asyncio.timeout(PATIENCE_SECONDS):
                while await _read_places(store) < len(mailboxes):  # noqa: ASYNC110 # another task does it
                    await asyncio.sleep(0.01)
            yield store
            for task in tasks:
                task.cancel()
    finally:
        await channel.close()
        knowledge.close()
        store.close()


async def _read_places(store: Store) -> int:
    return sum(place.startswith("cursor") for place in (await store.since("email")).bookmarks)

"""A channel over a Unix socket, one JSON object a line; run as a program it serves Warmline on it until killed."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from bot import app, desk, knowledge, logs
from bot.settings import Settings
from bot.store.settings import Settings as StoreSettings
from channels.base import Action, Address, Delivery, DeliveryError, Message, Outgoing, Person, Receipt

NAME = "wire"
DESK = "desk"
SOCKET = "wire.sock"
LIMIT = 1 << 20


class Wire:
    """The program's end of the socket: hears events, acknowledges each once it is stored, sends and asks."""

    def __init__(self, path: Path) -> None:
        self.name = NAME
        self._path = path
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._writer: asyncio.StreamWriter | None = None

    async def listen(self, receive: Callable[[Message | Action], Awaitable[None]]) -> None:
        """Hand in what comes, many at once."""
        reader, self._writer = await asyncio.open_unix_connection(str(self._path), limit=LIMIT)
        async with asyncio.TaskGroup() as group:
            while line := await reader.readline():
                said = json.loads(line)
                if "event" in said:
                    group.create_task(self._hand_in(said, receive))
                else:
                    self._answers.pop(said["to"]).set_result(said)

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Show a post."""
        words = outgoing.text or (outgoing.card.title if outgoing.card else "")
        said = await self._ask({"show": outgoing.id, "room": outgoing.address.room, "text": words})
        return Receipt(id=said["receipt"])

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Ask for a post."""
        said = await self._ask({"find": outgoing.id})
        return Receipt(id=said["receipt"]) if said["receipt"] else None

    async def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()

    async def _hand_in(self, said: dict[str, Any], receive: Callable[[Message | Action], Awaitable[None]]) -> None:
        address = Address(channel=NAME, room=said["room"])
        sender = Person(id=said["room"])
        sent_at = datetime.now(UTC)
        await receive(
            Message(external_id=said["event"], address=address, sender=sender, text=said["text"], sent_at=sent_at)
        )
        self._say({"acknowledged": said["event"]})

    async def _ask(self, said: dict[str, Any]) -> dict[str, Any]:
        if self._writer is None:
            raise DeliveryError(Delivery.NOT_SENT, "not connected yet", retry_after_seconds=0.1)
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._say(said | {"number": number})
        result: dict[str, Any] = await answer
        return result

    def _say(self, said: dict[str, Any]) -> None:
        if self._writer is not None:
            self._writer.write(json.dumps(said).encode() + b"\n")


def main(folder: Path) -> None:
    """Serve with everything in one folder: articles, database, socket."""
    logs.configure("critical")
    settings = Settings(
        desk=desk.Settings(channel=NAME, room=DESK),
        knowledge=knowledge.Settings(folder="articles"),
        store=StoreSettings(path="warmline.db"),
        folder=folder,
    )
    with suppress(KeyboardInterrupt):
        asyncio.run(app.run(settings, {NAME: Wire(folder / SOCKET)}, ready=lambda: None))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

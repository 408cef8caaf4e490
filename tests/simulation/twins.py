"""Four programs that are wrong on purpose: the simulation must catch each, else it is blind."""

from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

from bot.conversation import Decision, Snapshot
from bot.loop import Loop
from bot.store import Accepted, Parcel, Store
from channels.base import Action, Message
from tests.simulation.service import Letter, Receive, Wire
from tests.simulation.world import Make

NUMBERS = count(1)


class NeverAsks(Store):
    """Sends again what may have arrived, without asking the channel."""

    async def take(self, at: datetime, limit: int = 100) -> tuple[Parcel, ...]:
        return tuple(replace(parcel, ask=False) for parcel in await super().take(at, limit))


class AcknowledgesFirst(Wire):
    """Tells the service that it has a message before the message is stored."""

    async def hand_in(self, letter: Letter, receive: Receive) -> bool:
        acknowledged = self.acknowledge(letter)
        await super().hand_in(letter, receive)
        return acknowledged


class KnowsNothingAgain(Store):
    """Takes every delivery for a new message."""

    async def accept(self, event: Message | Action, **others: Any) -> Accepted:
        return await super().accept(replace(event, external_id=f"{event.external_id}#{next(NUMBERS)}"), **others)


class NeverCompares(Store):
    """Commits whatever was decided, also on what is no longer so."""

    async def commit(self, decision: Decision, *, at: datetime, take: int = 0) -> tuple[Parcel, ...]:
        snapshot = await self.load(decision.conversation.id)
        version = snapshot.conversation.version if snapshot else 0
        sends = tuple(
            replace(send, outgoing=replace(send.outgoing, id=f"{next(NUMBERS)}.{send.outgoing.id}"))
            for send in decision.sends
        )
        conversation = replace(decision.conversation, version=version)
        return await super().commit(replace(decision, conversation=conversation, sends=sends), at=at, take=take)


class WorksTwice(Loop):
    """Begins anew on a conversation that is at work already."""

    def _wake(self, conversation_id: str, snapshot: Snapshot | None = None) -> None:
        if self._group is not None:
            self._group.create_task(self.advance(conversation_id))


TWINS = {
    "never asks": Make(store=NeverAsks),
    "acknowledges first": Make(wire=AcknowledgesFirst),
    "knows nothing again": Make(store=KnowsNothingAgain),
    "works twice": Make(store=NeverCompares, loop=WorksTwice),
}

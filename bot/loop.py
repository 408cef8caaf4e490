"""The conversation loop: receive, decide, commit, send. The same way for customers, agents and deadlines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import structlog

from bot.author import OvertakenError
from bot.conversation import Conversation, Decision, Side, Snapshot
from bot.decider import Decider
from bot.outage import Outage
from bot.parts import Parts
from bot.sender import Sender
from bot.store import StaleVersionError, StoreUnavailableError
from channels.base import Action, Message, Outgoing, ShowsTyping

log = structlog.get_logger()

AT_ONCE = 256
MOST_AT_ONCE = 100  # posts of one decision that leave together, each to a place of its own
NOWHERE = "Nothing was done: this belongs to no conversation that is known here."


class Loop:
    """One process's loop over all conversations. `run` works until cancelled; `settle` works until nothing is left."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._typing = {name: one for name, one in parts.channels.items() if isinstance(one, ShowsTyping)}
        self._rooms = {(address.channel, address.room) for address in parts.policy.desks}
        self._outage = Outage()
        self._decider = Decider(parts, self._show_typing, self._give_way)
        self._sender = Sender(parts, self._outage, wake=self._wake)
        self._limit = asyncio.Semaphore(AT_ONCE)
        self._awake: dict[str, bool] = {}  # conversations at work; True: something came meanwhile
        self._rests = asyncio.Event()
        self._rests.set()
        self._group: asyncio.TaskGroup | None = None

    async def receive(self, event: Message | Action) -> None:
        """Store what a channel brings; the channel acknowledges when this returns.

        Raises StoreUnavailableError: nothing was stored, so the channel must not acknowledge.
        """
        parts, at = self._parts, self._parts.clock()
        side = Side.DESK if (event.address.channel, event.address.room) in self._rooms else Side.CUSTOMER
        answer_by = at + timedelta(seconds=parts.policy.deadlines.answer_seconds)
        named = event.value.partition(":")[0] if isinstance(event, Action) and side is Side.DESK else None
        try:
            accepted = await self._store.accept(event, side=side, at=at, answer_by=answer_by, conversation=named)
        except StoreUnavailableError:
            self._outage.raise_alarm("not_stored", channel=event.address.channel)
            raise
        if accepted.new and accepted.conversation is not None:
            self._decider.overtake(accepted.conversation)
            self._wake(accepted.conversation, accepted.snapshot)
        elif accepted.new and side is Side.DESK and isinstance(event, Action):
            self._sender.say_aside(
                Outgoing(id=f"aside-{event.external_id}", address=event.address, text=NOWHERE, only_for=event.actor.id)
            )

    async def run(self) -> None:
        """Take up what was left, then decide and send as things arrive, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await self._sender.run()
            finally:
                self._group = None

    async def tick(self) -> None:
        """Once a second: deadlines that passed, conversations that were left, posts that are due."""
        try:
            for conversation in await self._store.lapse(self._parts.clock()):
                self._wake(conversation)
            for conversation in await self._store.pending():
                if conversation not in self._awake:  # whoever is at work has been told of what came meanwhile
                    self._wake(conversation)
        except StoreUnavailableError:
            self._outage.raise_alarm("store_unavailable")
            return
        self._outage.heal()
        self._sender.hurry()

    async def finish(self) -> None:
        """Return once nothing is left to do; used after the channels fell silent.

        What cannot be finished is stored: the next start takes it up.
        """
        while not (self._rests.is_set() and self._sender.rests.is_set()):
            await self._rests.wait()
            await self._sender.rests.wait()
        try:
            await self.settle()
        except StoreUnavailableError:
            self._outage.raise_alarm("not_finished")
        except Exception:  # we stop anyhow: the channels are still to be closed in good order
            log.exception("not_finished")

    async def settle(self) -> None:
        """Work until nothing is left to do now: all is decided and all that is due was sent."""
        while True:
            await self._store.lapse(self._parts.clock())
            waiting = await self._store.pending()
            for conversation in waiting:
                await self.advance(conversation)
            if not await self._sender.send_due() and not waiting:
                return

    async def advance(self, conversation_id: str, snapshot: Snapshot | None = None) -> None:
        """Decide everything that waits in a conversation, a step at a time, each committed whole or not at all.

        A `snapshot` that was read just now need not be read again.
        """
        snapshot = snapshot or await self._store.load(conversation_id)
        while snapshot is not None and snapshot.pending:
            # Somebody wrote or claimed meanwhile: look again, decide anew.
            with suppress(StaleVersionError, OvertakenError):
                decision = await self._decider.decide(snapshot)
                self._sender.send(await self._store.commit(decision, at=self._parts.clock(), take=MOST_AT_ONCE))
                self._decider.settle(conversation_id)
                _tell_refusals(decision)
                if len(decision.handled) == len(snapshot.pending):
                    return  # what came since would have made this commit stale
            snapshot = await self._store.load(conversation_id)

    @asynccontextmanager
    async def _give_way(self) -> AsyncIterator[None]:
        """Let others work while this conversation waits for a model."""
        self._limit.release()
        try:
            yield
        finally:
            await self._limit.acquire()

    def _show_typing(self, conversation: Conversation) -> None:
        channel = self._typing.get(conversation.address.channel)
        if self._group is not None and channel is not None:
            self._group.create_task(channel.show_typing(conversation.address))

    def _wake(self, conversation_id: str, snapshot: Snapshot | None = None) -> None:
        """Work on a conversation soon; never twice at once, never forgetting what came meanwhile."""
        if self._group is None:
            return  # not running: `settle` finds it
        if conversation_id in self._awake:
            self._awake[conversation_id] = True
            return
        self._awake[conversation_id] = False
        self._rests.clear()
        self._group.create_task(self._work_on(conversation_id, snapshot))

    async def _work_on(self, conversation_id: str, snapshot: Snapshot | None) -> None:
        try:
            async with self._limit:
                if not self._awake[conversation_id]:
                    await self.advance(conversation_id, snapshot)
                while self._awake[conversation_id]:  # what was read before is out of date
                    self._awake[conversation_id] = False
                    await self.advance(conversation_id)
        except StoreUnavailableError:
            # still pending: the next tick tries again
            self._outage.raise_alarm("not_decided", conversation=conversation_id)
        finally:
            del self._awake[conversation_id]
            if not self._awake:
                self._rests.set()


def _tell_refusals(decision: Decision) -> None:
    """Whoever tries what they may not was told so in private; the operator reads it here."""
    for event in decision.events:
        if event.kind == "refused":
            log.warning("act_refused", conversation=decision.conversation.id, by=event.by, **event.facts)

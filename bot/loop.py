"""The conversation loop: receive, decide, commit, send. The same way for customers, agents and deadlines."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot import answer, assistant, deadlines, desk, triage, triggers
from bot.conversation import (
    Attempt,
    Conversation,
    Decision,
    Escalation,
    Kind,
    Lapse,
    Owner,
    Pending,
    Role,
    Sent,
    Side,
    State,
    Trigger,
    Undelivered,
)
from bot.crm.table import TableCrm
from bot.draft import Draft, Policy
from bot.knowledge import Knowledge, KnowledgeError
from bot.store import Parcel, StaleVersionError, Store, StoreUnavailableError
from channels.base import Action, Change, Channel, Delivery, DeliveryError, Message, Outgoing, Receipt, ShowsTyping

log = structlog.get_logger()

TURNS_OF_HISTORY = 6
AT_ONCE = 256
SEND_SECONDS = 30
LOOK_UP_SECONDS = 5
STORE_AGAIN_SECONDS = 1.0
POISONED_AFTER = 5
NOWHERE = "Nothing was done: this belongs to no conversation that is known here."
GIVE_UP_AFTER = 300  # tries at most 300 s apart: about a day

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the loop works with."""

    store: Store
    channels: Mapping[str, Channel]
    knowledge: Knowledge
    crm: TableCrm
    policy: Policy
    desk: desk.Settings
    triggers: triggers.Settings
    triage: triage.Triage
    answer: answer.Settings
    clock: Clock


class Loop:
    """One process's loop over all conversations. `run` works until cancelled; `settle` works until nothing is left."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._rooms = {(address.channel, address.room) for address in parts.policy.desks}
        self._limit = asyncio.Semaphore(AT_ONCE)
        self._awake: dict[str, bool] = {}  # conversations at work; True: something came meanwhile
        self._group: asyncio.TaskGroup | None = None
        self._parcels = asyncio.Event()
        self._asides: list[Outgoing] = []  # private words of no conversation: sent once, kept nowhere
        self._sick = False
        self._at_work = 0
        self._idle = asyncio.Event()
        self._idle.set()

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
            self._raise_alarm("not_stored", channel=event.address.channel)
            raise
        if accepted.new and accepted.conversation is not None:
            self._wake(accepted.conversation)
        elif accepted.new and side is Side.DESK and isinstance(event, Action):
            self._asides.append(
                Outgoing(id=f"aside-{event.external_id}", address=event.address, text=NOWHERE, only_for=event.actor.id)
            )
            self._parcels.set()

    async def run(self) -> None:
        """Take up what was left, then decide and send as things arrive, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await self._send_for_ever()
            finally:
                self._group = None

    async def tick(self) -> None:
        """Once a second: deadlines that passed, conversations that were left, posts that are due."""
        try:
            for conversation in await self._store.lapse(self._parts.clock()):
                self._wake(conversation)
            for conversation in await self._store.pending():
                self._wake(conversation)
        except StoreUnavailableError:
            self._raise_alarm("store_unavailable")
            return
        if self._sick:
            self._sick = False
            log.warning("store_healed")
        self._parcels.set()

    async def finish(self) -> None:
        """Return once nothing is left to do; used after the channels fell silent.

        What cannot be finished is stored: the next start takes it up.
        """
        await self._idle.wait()
        try:
            await self.settle()
        except StoreUnavailableError:
            self._raise_alarm("not_finished")
        except Exception:  # we stop anyhow: the channels are still to be closed in good order
            log.exception("not_finished")

    async def settle(self) -> None:
        """Work until nothing is left to do now: all is decided and all that is due was sent."""
        while True:
            await self._say_asides()
            await self._store.lapse(self._parts.clock())
            waiting = await self._store.pending()
            for conversation in waiting:
                await self.advance(conversation)
            parcels = await self._store.take(self._parts.clock())
            for parcel in parcels:
                await self._deliver(parcel)
            if not waiting and not parcels:
                return

    async def advance(self, conversation_id: str) -> None:
        """Decide everything that waits in a conversation, a step at a time, each committed whole or not at all."""
        left = True
        while left and (snapshot := await self._store.load(conversation_id)) is not None and snapshot.pending:
            step = _next_step(snapshot.pending)
            decision = await self._decide_safely(snapshot.conversation, step)
            with suppress(StaleVersionError):  # somebody wrote or claimed meanwhile: look again, decide anew
                await self._store.commit(decision, at=self._parts.clock())
                self._parcels.set()
                left = len(step) < len(snapshot.pending)  # what came since would have made this commit stale

    async def _decide_safely(self, conversation: Conversation, step: tuple[Pending, ...]) -> Decision:
        """Decide in time, or hand over: whatever goes wrong in here ends at a human."""
        if max(pending.crashes for pending in step) >= POISONED_AFTER and _can_be_poison(step[0]):
            log.error("message_given_up", conversation=conversation.id)
            return self._hand_over(conversation, step, f"{POISONED_AFTER} starts ended at this message")
        draft = Draft(conversation, self._parts.policy, self._parts.clock())
        try:
            async with asyncio.timeout(self._parts.policy.deadlines.answer_seconds):
                return await self._decide(draft, step)
        except StoreUnavailableError:
            raise
        except Exception as error:  # whatever it is: nobody is stranded by a mistake of ours
            log.exception("decision_failed", conversation=conversation.id)
            return self._hand_over(conversation, step, type(error).__name__, called=draft.called)

    async def _decide(self, draft: Draft, step: tuple[Pending, ...]) -> Decision:
        match step[0].side, step[0].arrival:
            case Side.CUSTOMER, Message():
                await self._customer_wrote(draft, [p.arrival for p in step if isinstance(p.arrival, Message)])
            case Side.CUSTOMER, Action() as action:
                escalation = assistant.press(draft, action)
                if escalation is not None:
                    await self._call_people(draft, [escalation])
            case Side.DESK, Message() as message:
                desk.hear(draft, message, self._parts.desk)
            case Side.DESK, Action(name="suggest") as action:
                self._suggest(draft, action)
            case Side.DESK, Action() as action:
                desk.act(draft, action, self._parts.desk)
            case _, Sent() as sent:
                number = desk.card_number(sent.outgoing_id)
                if number is None:
                    desk.reply_arrived(draft, sent)
                else:
                    desk.card_arrived(draft, sent, number)
            case _, Undelivered() as failure:
                desk.not_delivered(draft, failure)
                if failure.outgoing_id.endswith("-say") and draft.conversation.owner is Owner.ASSISTANT:
                    lost = Escalation(trigger=Trigger.BOT_FAILED, evidence=f"not delivered: {failure.reason}")
                    await self._call_people(draft, [lost])
            case _, Lapse() as passed:
                await self._lapsed(draft, passed)
        return draft.decide(tuple(pending.id for pending in step))

    def _hand_over(
        self,
        conversation: Conversation,
        step: tuple[Pending, ...],
        reason: str,
        *,
        called: tuple[Escalation, ...] = (),
    ) -> Decision:
        """The plain way to a human, with no search and no look-up that could fail again.

        What had `called` people before the failure still decides what the customer and the agent are told.
        """
        draft = Draft(conversation, self._parts.policy, self._parts.clock())
        messages = [p.arrival for p in step if p.side is Side.CUSTOMER and isinstance(p.arrival, Message)]
        draft.record("failed", by="system", reason=reason)
        assistant.take_in(draft, messages)
        if isinstance(step[0].arrival, Message | Action) and step[0].side is Side.DESK:
            desk.not_done(draft, step[0].arrival)
        elif conversation.owner in (Owner.ASSISTANT, Owner.NONE):
            failure = Escalation(trigger=Trigger.BOT_FAILED, evidence=reason)
            assistant.escalate(draft, [*called, failure], assistant.Material())
        elif messages:
            desk.relay(draft, draft.new_turns())
        return draft.decide(tuple(pending.id for pending in step))

    async def _customer_wrote(self, draft: Draft, messages: Sequence[Message]) -> None:
        people = [message for message in messages if not message.automatic]
        if not people:
            assistant.ignore(draft, "automatic mail")
            return
        assistant.take_in(draft, people)
        for _ in range(len(messages) - len(people)):
            draft.record("ignored", by="system", why="automatic mail")
        written = [turn for turn in draft.new_turns() if not turn.deleted]
        if written and draft.conversation.state is State.ANSWERING:  # with what an agent left open when returning it
            written = list(desk.left_open(draft.conversation)) or written
        text = "\n".join(turn.text for turn in written)
        edited = "\n".join(message.text for message in people if message.change is Change.EDITED)
        reading = triggers.read(text or edited, draft.policy.phrases, known=draft.conversation.language)
        draft.change(language=reading.language)
        beside = triggers.read(edited, draft.policy.phrases).fired if written else ()
        if draft.conversation.owner in (Owner.QUEUE, Owner.AGENT):
            assistant.while_people_have_it(draft, people, replace(reading, fired=_merged(reading.fired, beside)))
        elif written:
            await self._assist(draft, text, reading, beside)
        elif reading.fired:  # an edit may still call a person; it is never answered a second time
            assistant.begin(draft)
            await self._call_people(draft, reading.fired)
        elif draft.conversation.state is State.NEW:
            assistant.wait_for_words(draft)

    async def _assist(
        self, draft: Draft, text: str, reading: triggers.Reading, beside: tuple[Escalation, ...] = ()
    ) -> None:
        """Hops 4 to 7: the rules, then the search, then the rules again. `beside` fired in an edit that came along."""
        parts = self._parts
        if not beside and assistant.after_resolution(draft, text, reading):
            return
        returning = assistant.back_to_people(draft)
        assistant.begin(draft)
        enabled = self._sort(draft, text, reading)
        fired = triggers.check(draft.conversation, text, parts.policy.phrases, parts.triggers, enabled=enabled)
        escalations = list(_merged(fired, beside))
        if returning is not None:
            escalations.append(returning)
        if not escalations:
            talk = assistant.small_talk(draft, reading, text)
            if talk is True:
                return
            escalations += [talk] if isinstance(talk, Escalation) else []
        if not escalations:
            question = assistant.beyond_identity(text, draft.policy.phrases) if reading.asks_if_bot else text
            self._show_typing(draft.conversation)
            attempt = self._look_up(draft.conversation, question)
            escalations += triggers.check(
                draft.conversation, text, parts.policy.phrases, parts.triggers, attempt=attempt, enabled=enabled
            )
            assistant.record_attempt(draft, attempt, question)
            if not escalations:
                assistant.answer(draft, attempt, identity=reading.asks_if_bot)
                return
        await self._call_people(draft, escalations, asked_if_bot=reading.asks_if_bot)

    def _show_typing(self, conversation: Conversation) -> None:
        channel = self._parts.channels.get(conversation.address.channel)
        if self._group is not None and isinstance(channel, ShowsTyping):
            self._group.create_task(channel.show_typing(conversation.address))

    def _sort(self, draft: Draft, text: str, reading: triggers.Reading) -> bool:
        """Give the conversation the newest issue type recognised; False where that type is switched off.

        A word to the assistant itself, or for a person, says nothing new of the matter; small talk was none.
        """
        before = self._kind(draft.conversation.issue_type)
        known = before.name if before is not None and not before.yields else None
        about_us = reading.asks_if_bot or assistant.is_small_talk(reading) or assistant.asks_for_human(reading)
        found = (known if known and about_us else triage.classify(self._parts.triage, text)) or known
        if found != draft.conversation.issue_type and found is not None:
            draft.record("sorted", by="system", issue_type=found, before=draft.conversation.issue_type)
            draft.change(issue_type=found)
        kind = self._kind(found)
        return kind is None or kind.enabled

    def _kind(self, name: str | None) -> triage.IssueType | None:
        return next((kind for kind in self._parts.triage.settings.types if kind.name == name), None)

    def _look_up(self, conversation: Conversation, question: str, *, internal: bool = False) -> Attempt:
        history = [
            (str(turn.role), turn.text)
            for turn in conversation.turns[:-1]
            if (turn.role is Role.CUSTOMER or turn.kind is Kind.ANSWER) and turn.episode == conversation.episode
        ]
        found = self._parts.knowledge.search(question, history[-TURNS_OF_HISTORY:], internal=internal)
        return answer.compose(question, found, self._parts.answer)

    async def _call_people(
        self, draft: Draft, escalations: Sequence[Escalation], *, asked_if_bot: bool = False
    ) -> None:
        """Escalate with everything that can be looked up for the agent; what cannot be had is left out."""
        parts, account = self._parts, None
        draft.called = tuple(escalations)
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                account = await parts.crm.find(draft.conversation.customer, channel=draft.conversation.address.channel)
        except TimeoutError:
            log.warning("account_not_read", conversation=draft.conversation.id)
        kind = self._kind(draft.conversation.issue_type)
        attempt = self._draft_for_agent(draft.conversation)
        material = assistant.Material(account=account, draft=attempt, hint=kind.hint if kind else "")
        assistant.escalate(draft, escalations, material, asked_if_bot=asked_if_bot)

    def _draft_for_agent(self, conversation: Conversation) -> Attempt | None:
        question = assistant.ask_of(conversation, self._parts.policy.phrases)
        if not question:
            return None
        try:
            return self._look_up(conversation, question, internal=True)
        except KnowledgeError:
            log.warning("knowledge_not_read", conversation=conversation.id)
            return None

    def _suggest(self, draft: Draft, action: Action) -> None:
        desk.suggest(draft, action, self._parts.desk, self._draft_for_agent(draft.conversation))

    async def _lapsed(self, draft: Draft, passed: Lapse) -> None:
        conversation, policy = draft.conversation, draft.policy
        if passed.kind == deadlines.RESUME and conversation.state is State.ANSWERING:
            text = "\n".join(turn.text for turn in desk.left_open(conversation))
            reading = triggers.read(text, policy.phrases, known=conversation.language)
            await self._assist(draft, text, reading)
        elif not deadlines.is_due(conversation, passed.kind, draft.at, policy.deadlines, policy.hours):
            draft.record("deadline_out_of_date", by="system", deadline=passed.kind)
        elif passed.kind == deadlines.ANSWER:
            late = Escalation(trigger=Trigger.BOT_FAILED, evidence="no answer in time")
            await self._call_people(draft, [late])
        elif passed.kind == deadlines.SILENCE:
            assistant.silence(draft)
        else:
            desk.lapse(draft, passed)

    def _wake(self, conversation_id: str) -> None:
        """Work on a conversation soon; never twice at once, never forgetting what came meanwhile."""
        if self._group is None:
            return  # not running: `settle` finds it
        if conversation_id in self._awake:
            self._awake[conversation_id] = True
            return
        self._awake[conversation_id] = False
        self._group.create_task(self._work_on(conversation_id))

    @contextmanager
    def _busy(self) -> Iterator[None]:
        self._at_work += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._idle.set()

    async def _work_on(self, conversation_id: str) -> None:
        try:
            with self._busy():
                async with self._limit:
                    again = True
                    while again:
                        self._awake[conversation_id] = False
                        await self.advance(conversation_id)
                        again = self._awake[conversation_id]
        except StoreUnavailableError:
            self._raise_alarm("not_decided", conversation=conversation_id)  # still pending: the next tick tries again
        finally:
            del self._awake[conversation_id]

    async def _send_for_ever(self) -> None:
        group = self._group
        while group is not None:
            await self._parcels.wait()
            self._parcels.clear()
            try:
                parcels = await self._store.take(self._parts.clock())
            except StoreUnavailableError:
                self._raise_alarm("not_sent")
                continue
            for parcel in parcels:
                group.create_task(self._deliver_and_go_on(parcel))
            group.create_task(self._say_asides())

    async def _say_asides(self) -> None:
        while self._asides:
            outgoing = self._asides.pop(0)
            result = await self._try(Parcel(outgoing=outgoing, ask=False, attempts=0, conversation=""))
            if isinstance(result, DeliveryError):
                log.warning("not_told", outgoing=outgoing.id, reason=result.reason)

    async def _deliver_and_go_on(self, parcel: Parcel) -> None:
        with self._busy():
            result = await self._try(parcel)
            while True:  # until it is stored: else its line would stand still until the next start
                with suppress(StoreUnavailableError):
                    await self._store_result(parcel, result)
                    break
                self._raise_alarm("receipt_not_stored", outgoing=parcel.outgoing.id)
                await asyncio.sleep(STORE_AGAIN_SECONDS)
        self._parcels.set()

    async def _deliver(self, parcel: Parcel) -> None:
        await self._store_result(parcel, await self._try(parcel))

    async def _try(self, parcel: Parcel) -> Receipt | DeliveryError:
        """Send one post; when an earlier try may have arrived, ask the channel first."""
        outgoing = parcel.outgoing
        channel = self._parts.channels.get(outgoing.address.channel)
        if channel is None:
            return DeliveryError(Delivery.REFUSED, f"the channel {outgoing.address.channel!r} is not switched on")
        try:
            async with asyncio.timeout(SEND_SECONDS):
                receipt = await channel.find(outgoing) if parcel.ask else None
                return receipt or await channel.send(outgoing)
        except TimeoutError:
            return DeliveryError(Delivery.UNKNOWN, f"no answer in {SEND_SECONDS} s")
        except OSError as error:
            return DeliveryError(Delivery.UNKNOWN, f"the connection broke: {error}")
        except DeliveryError as error:
            return error
        except Exception as error:  # a mistake in an adapter: it may have arrived, and no other post waits for it
            log.exception("channel_failed", outgoing=outgoing.id, channel=outgoing.address.channel)
            return DeliveryError(Delivery.UNKNOWN, f"the adapter failed: {error!r}")

    async def _store_result(self, parcel: Parcel, result: Receipt | DeliveryError) -> None:
        if isinstance(result, DeliveryError):
            await self._not_sent(parcel, result)
            return
        conversation = await self._store.sent(parcel.outgoing.id, result, self._parts.clock())
        if conversation is not None:
            self._wake(conversation)

    async def _not_sent(self, parcel: Parcel, error: DeliveryError) -> None:
        at = self._parts.clock()
        to_people = (parcel.outgoing.address.channel, parcel.outgoing.address.room) in self._rooms
        level = "error" if to_people else "warning"  # a desk that cannot be reached is an alarm
        getattr(log, level)(
            "not_delivered", outgoing=parcel.outgoing.id, outcome=str(error.outcome), reason=error.reason
        )
        if error.outcome is Delivery.REFUSED or parcel.attempts >= GIVE_UP_AFTER:
            conversation = await self._store.refuse(parcel.outgoing.id, error.reason, at)
            if conversation is not None:
                self._wake(conversation)
            return
        wait = error.retry_after_seconds or min(300.0, 2.0 ** min(parcel.attempts, 9))
        unsure = error.outcome is Delivery.UNKNOWN or parcel.ask
        await self._store.postpone(
            parcel.outgoing.id, due=at + timedelta(seconds=wait), unsure=unsure, reason=error.reason
        )

    def _raise_alarm(self, event: str, **facts: str) -> None:
        """Say it loudly once an outage, then at DEBUG until it is healed."""
        (log.debug if self._sick else log.error)(event, **facts)
        self._sick = True


def _merged(fired: tuple[Escalation, ...], beside: tuple[Escalation, ...]) -> tuple[Escalation, ...]:
    """What fired in two texts, in the order of the rules, each kind once."""
    known = {(escalation.trigger, escalation.category) for escalation in fired}
    both = (*fired, *(escalation for escalation in beside if (escalation.trigger, escalation.category) not in known))
    return tuple(sorted(both, key=lambda escalation: list(Trigger).index(escalation.trigger)))


def _can_be_poison(pending: Pending) -> bool:
    """Whether deciding it may be what ends the program: receipts and agents' words never are, and must not be lost."""
    match pending.side, pending.arrival:
        case Side.DESK, Action(name="suggest"):
            return True
        case Side.DESK, _:
            return False
        case _, Sent() | Undelivered():
            return False
    return True


def _next_step(pending: tuple[Pending, ...]) -> tuple[Pending, ...]:
    """What is decided together: agents and receipts first, then the customer's burst, deadlines last.

    A human's act decides who owns the conversation, so it goes before words that are not answered yet; a deadline that
    passed while messages waited is out of date once they are answered.
    """
    for one in pending:
        if one.side is not Side.CUSTOMER and not isinstance(one.arrival, Lapse):
            return (one,)
    ours = [one for one in pending if one.side is Side.CUSTOMER]
    if not ours:
        return (pending[0],)
    if not isinstance(ours[0].arrival, Message):
        return (ours[0],)
    burst = []
    for one in ours:
        if not isinstance(one.arrival, Message):
            break
        burst.append(one)
    return tuple(burst)

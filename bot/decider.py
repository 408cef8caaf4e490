"""One step of a conversation into one decision: which rules look at it, what is looked up, who is called."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace

import structlog

from bot import assistant, deadlines, desk, language, triage, triggers
from bot.author import OvertakenError
from bot.conversation import (
    Conversation,
    Decision,
    Escalation,
    Lapse,
    Owner,
    Pending,
    Role,
    Sent,
    Side,
    Snapshot,
    State,
    Trigger,
    Undelivered,
)
from bot.draft import Draft
from bot.parts import Parts
from bot.research import Research
from bot.store import StoreUnavailableError
from bot.verification import NOTHING, Verification
from channels.base import Action, Change, HasPublicPlaces, HasSharedPlaces, Message

log = structlog.get_logger()

POISONED_AFTER = 5


class Decider:
    """Decides with the rules and what can be looked up; stores and sends nothing. `show_typing` must not wait.

    `give_way` is entered while a model is waited for, so that other conversations can be worked on.
    """

    def __init__(
        self,
        parts: Parts,
        show_typing: Callable[[Conversation], None],
        give_way: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    ) -> None:
        self._parts = parts
        self._public = {name: one for name, one in parts.channels.items() if isinstance(one, HasPublicPlaces)}
        self._shared = {name: one for name, one in parts.channels.items() if isinstance(one, HasSharedPlaces)}
        self._show_typing = show_typing
        self._research = Research(parts, give_way)
        self._verification = Verification(parts)

    def overtake(self, conversation_id: str) -> None:
        """Something new came to a conversation: what a model is writing for it could not be stored any more."""
        self._research.overtake(conversation_id)

    def settle(self, conversation_id: str) -> None:
        """A decision on this conversation is stored."""
        self._research.settle(conversation_id)

    async def decide(self, snapshot: Snapshot) -> Decision:
        """Decide the next step in time, or hand over: whatever goes wrong in here ends at a human.

        The decision's `handled` names what the step took of the snapshot's arrivals, at least one. Raises
        StoreUnavailableError, and OvertakenError where there is something newer to decide on.
        """
        conversation, step = snapshot.conversation, _next_step(snapshot.pending)
        if max(pending.crashes for pending in step) >= POISONED_AFTER and _can_be_poison(step[0]):
            log.error("message_given_up", conversation=conversation.id)
            return self._hand_over(conversation, step, f"{POISONED_AFTER} starts ended at this message")
        draft = self._draft(conversation)
        try:
            async with asyncio.timeout(self._parts.policy.deadlines.answer_seconds):
                return await self._decide(draft, step)
        except (StoreUnavailableError, OvertakenError):
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
                elif action.name == "send_code" and action.actor.id == draft.conversation.customer.id:
                    await self._verification.press(draft)
            case Side.DESK, Message() as message:
                desk.hear(draft, message, self._parts.desk)
            case Side.DESK, Action(name="suggest") as action:
                attempt = await self._research.suggestion(draft.conversation)
                desk.suggest(draft, action, self._parts.desk, attempt)
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
        self._research.put_on_record(draft)
        return draft.decide(tuple(pending.id for pending in step))

    def _draft(self, conversation: Conversation) -> Draft:
        address = conversation.address
        open_channel, shared_channel = self._public.get(address.channel), self._shared.get(address.channel)
        public = open_channel is not None and open_channel.is_public(address)
        shared = public or (shared_channel is not None and shared_channel.is_shared(address))
        return Draft(conversation, self._parts.policy, self._parts.clock(), public=public, shared=shared)

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
        draft = self._draft(conversation)
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
        self._research.put_on_record(draft)
        return draft.decide(tuple(pending.id for pending in step))

    async def _customer_wrote(self, draft: Draft, messages: Sequence[Message]) -> None:
        people = [message for message in messages if not message.automatic]
        if not people:
            assistant.ignore(draft, "automatic mail")
            return
        assistant.take_in(draft, people)
        # Who was copied into a mail or writes in somebody's thread is answered too, but not with that one's account.
        draft.shared |= any(message.sender.id != draft.conversation.customer.id for message in people)
        for _ in range(len(messages) - len(people)):
            draft.record("ignored", by="system", why="automatic mail")
        written = [turn for turn in draft.new_turns() if not turn.deleted]
        if written and draft.conversation.state is State.ANSWERING:  # with what an agent left open when returning it
            written = list(desk.left_open(draft.conversation)) or written
        text = "\n".join(turn.text for turn in written)
        edited = "\n".join(message.text for message in people if message.change is Change.EDITED)
        reading = triggers.read(text or edited, draft.policy.phrases)
        known = draft.conversation.language if _has_written_before(draft) else ""
        draft.change(language=language.of(text or edited, known))
        beside = triggers.read(edited, draft.policy.phrases).fired if written else ()
        if draft.conversation.owner in (Owner.QUEUE, Owner.AGENT):
            assistant.while_people_have_it(draft, people, replace(reading, fired=_merged(reading.fired, beside)))
        elif written:
            beside += tuple(
                Escalation(trigger=Trigger.CANNOT_RESOLVE, evidence=one.needs_person)
                for one in people
                if one.needs_person
            )
            hint = next((one.issue_type for one in people if one.issue_type), "")
            await self._assist(draft, text, reading, beside, hint=hint, messages=people)
        elif reading.fired:  # an edit may still call a person; it is never answered a second time
            assistant.begin(draft)
            await self._call_people(draft, reading.fired)
        elif draft.conversation.state is State.NEW:
            assistant.wait_for_words(draft)

    async def _assist(
        self,
        draft: Draft,
        text: str,
        reading: triggers.Reading,
        beside: tuple[Escalation, ...] = (),
        *,
        hint: str = "",
        messages: Sequence[Message] = (),
    ) -> None:
        """Hops 4 to 7: the rules, then the search, then the rules again.

        `beside` fired in an edit that came along or by the channel's own word; `hint` is the address's issue type.
        `messages` are what came, as it was written.
        """
        parts = self._parts
        if not beside and assistant.after_resolution(draft, text, reading):
            return
        returning = assistant.back_to_people(draft)
        assistant.begin(draft)
        enabled = self._sort(draft, text, reading, hint, goes_on=self._verification.is_about_a_code(draft, text))
        fired = triggers.check(draft.conversation, text, parts.policy.phrases, parts.triggers, enabled=enabled)
        escalations = list(_merged(fired, beside))
        if returning is not None:
            escalations.append(returning)
        proven = None if escalations else await self._verification.hear(draft, messages, reading)
        if proven == "":
            return
        if not escalations and not proven:
            talk = assistant.small_talk(draft, reading, text)
            if talk is True:
                return
            escalations += [talk] if isinstance(talk, Escalation) else []
        if not escalations:
            question = proven or (assistant.beyond_us(text, draft.policy.phrases) if reading.asks_if_bot else text)
            self._show_typing(draft.conversation)
            if not language.is_served(draft.conversation.language, has_model=parts.author is not None):
                await self._call_people(draft, [assistant.not_understood(draft.conversation.language)])
                return
            written = await self._research.answer(draft, question)
            attempt = written.attempt
            escalations += triggers.check(
                draft.conversation,
                text,
                parts.policy.phrases,
                parts.triggers,
                attempt=attempt,
                enabled=enabled,
                tool_failed=written.failed,
            )
            escalations += assistant.asked_by_the_model(written.needs_person)
            if not language.is_served(draft.conversation.language, has_model=written.by_model):
                escalations.append(assistant.not_understood(draft.conversation.language))
            assistant.record_attempt(draft, attempt, question)
            if not escalations:
                opening = "code_right" if proven else "identity_short" if reading.asks_if_bot else ""
                offer = await self._verification.offer(draft, question) if not proven else NOTHING
                assistant.answer(draft, attempt, opening=draft.phrase(opening) if opening else "", offer=offer)
                return
        await self._call_people(draft, escalations, asked_if_bot=reading.asks_if_bot)

    def _sort(self, draft: Draft, text: str, reading: triggers.Reading, hint: str, *, goes_on: bool) -> bool:
        """Give the conversation the newest issue type recognised; False where that type is switched off.

        A word to the assistant itself, or for a person, says nothing new of the matter, nor does what only `goes_on`
        with it; small talk was none. Where nothing is recognised, it is what the address it came to is for (`hint`).
        """
        before = self._kind(draft.conversation.issue_type)
        known = before.name if before is not None and not before.yields else None
        about_us = (
            goes_on or reading.asks_if_bot or assistant.is_small_talk(reading) or assistant.asks_for_human(reading)
        )
        found = (known if known and about_us else triage.classify(self._parts.triage, text)) or known
        found = found or (hint if self._kind(hint) else None)
        if found != draft.conversation.issue_type and found is not None:
            draft.record("sorted", by="system", issue_type=found, before=draft.conversation.issue_type)
            draft.change(issue_type=found)
        kind = self._kind(found)
        return kind is None or kind.enabled

    def _kind(self, name: str | None) -> triage.IssueType | None:
        return next((kind for kind in self._parts.triage.settings.types if kind.name == name), None)

    async def _call_people(
        self, draft: Draft, escalations: Sequence[Escalation], *, asked_if_bot: bool = False
    ) -> None:
        """Escalate with everything that can be looked up for the agent; what cannot be had is left out."""
        draft.called = tuple(escalations)
        kind = self._kind(draft.conversation.issue_type)
        material = await self._research.material(draft.conversation, escalations[0], hint=kind.hint if kind else "")
        assistant.escalate(draft, escalations, material, asked_if_bot=asked_if_bot)

    async def _lapsed(self, draft: Draft, passed: Lapse) -> None:
        conversation, policy = draft.conversation, draft.policy
        if passed.kind == deadlines.RESUME and conversation.state is State.ANSWERING:
            draft.shared = True  # these may be anybody's words
            text = "\n".join(turn.text for turn in desk.left_open(conversation))
            reading = triggers.read(text, policy.phrases)
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


def _has_written_before(draft: Draft) -> bool:
    """Whether the customer's language is known from more than what they wrote just now."""
    before = len(draft.conversation.turns) - len(draft.new_turns())
    return any(turn.role is Role.CUSTOMER for turn in draft.conversation.turns[:before])


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

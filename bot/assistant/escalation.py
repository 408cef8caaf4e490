"""Calling a person: why, with which brief, what the customer is told, and what they write while they wait."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot import desk, handoff, language, privacy, prompts
from bot.assistant.arrivals import begin
from bot.conversation import (
    Account,
    Attempt,
    Escalation,
    Kind,
    Outcome,
    Owner,
    Role,
    State,
    Trigger,
)
from bot.draft import SYSTEM, Draft
from bot.triggers import Reading
from channels.base import Change, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What was looked up or prepared for the agent when a person is called; each part empty where it was not."""

    account: Account | None = None
    draft: Attempt | None = None
    hint: str = ""
    summary: str = ""
    next_step: str = ""


def back_to_people(draft: Draft) -> Escalation | None:
    """The escalation of one who writes again soon after an agent resolved it: they go back to people, not to us."""
    conversation = draft.conversation
    hours = (draft.at - conversation.since).total_seconds() / 3_600
    if conversation.outcome is not Outcome.BY_AGENT or hours > draft.policy.deadlines.reopen_hours:
        return None
    return Escalation(trigger=Trigger.CANNOT_RESOLVE, evidence="wrote again after an agent had resolved it")


def not_understood(code: str) -> Escalation:
    """The escalation of a customer whose language we cannot answer in."""
    named = prompts.LANGUAGE_NAMES.get(code, "a language that is not recognised")
    return Escalation(trigger=Trigger.CANNOT_RESOLVE, evidence=f"writes in {named}, which is not served")


def asked_by_the_model(why: str) -> tuple[Escalation, ...]:
    """The escalation of a model that says why a person should take over; it may add one and never prevents one."""
    if not why:
        return ()
    return (Escalation(trigger=Trigger.CANNOT_RESOLVE, evidence=f"the model asks for a person: {why}"),)


def escalate(
    draft: Draft, escalations: Sequence[Escalation], material: Material, *, asked_if_bot: bool = False
) -> None:
    """Call a person: the brief goes to the desk and the customer is told, in one decision."""
    first = escalations[0]
    conversation = draft.conversation
    if conversation.state in (State.NEW, State.RESOLVED, State.IGNORED):
        begin(draft)
    draft.change(escalation=first)
    for escalation in escalations:
        draft.record(
            "trigger_fired",
            by=SYSTEM,
            trigger=str(escalation.trigger),
            category=escalation.category,
            evidence=escalation.evidence,
            issue_type=conversation.issue_type,
            turn=sum(turn.role is Role.CUSTOMER for turn in draft.conversation.turns),
        )
    draft.move(State.ESCALATING, by=SYSTEM, why=str(first.trigger))
    card = handoff.brief(
        draft.conversation,
        first,
        account=material.account,
        draft=material.draft,
        clock=draft.policy.hours,
        hint=material.hint,
        summary=material.summary,
        suggested_step=material.next_step,
        public=draft.public,
    )
    draft.change(brief=card, desk=None, card_id="")
    number = desk.ladder(draft)[0]
    draft.post_card(card, number)
    draft.record(
        "handed_off",
        by=SYSTEM,
        trigger=str(first.trigger),
        issue_type=conversation.issue_type,
        desk=str(draft.policy.desks[number]),
        account=material.account.id if material.account else None,
    )
    opening = draft.phrase("identity_short") + " " if asked_if_bot else ""
    private, way = privacy.offer(draft)
    text = f"{opening}{_handoff_text(draft, escalations)} {private}".strip()
    text = language.held(draft.conversation.language, text)
    draft.say(Kind.HANDOFF, text, fixed=True, buttons=way)


def while_people_have_it(draft: Draft, messages: Sequence[Message], reading: Reading) -> None:
    """The customer writes on while people own it: their words go to the desk; once, we say that they arrived."""
    alarms = [str(escalation.category or escalation.trigger) for escalation in reading.fired]
    changes = sorted({str(message.change) for message in messages if message.change is not Change.NEW})
    changed = {message.original_id for message in messages if message.change is not Change.NEW}
    old = tuple(turn for turn in draft.conversation.turns if turn.external_id in changed)
    if draft.conversation.card_id:
        desk.relay(draft, (*old, *draft.new_turns()), remarks=(*changes, *alarms))
    if draft.conversation.owner is not Owner.QUEUE:
        return
    if reading.asks_if_bot:
        draft.say_phrase(Kind.IDENTITY, "identity_waiting")
    elif not _said_since_handoff(draft):
        draft.say_phrase(Kind.UPDATE, "added")


def _handoff_text(draft: Draft, escalations: Sequence[Escalation]) -> str:
    categories = {escalation.category for escalation in escalations}
    triggers = {escalation.trigger for escalation in escalations}
    if "self_harm" in categories:
        key = "handoff_self_harm"
    elif categories & {"account_security", "fraud", "lost_stolen"}:
        key = "handoff_security"
    elif Trigger.BOT_FAILED in triggers:
        key = "handoff_failed"
    elif Trigger.FRUSTRATION in triggers:
        key = "handoff_frustration"
    else:
        key = "handoff"
    text = draft.phrase(key)
    opens = desk.opening_hours(draft)
    return f"{text} {draft.phrase('after_hours', hours=opens)}" if opens else text


def _said_since_handoff(draft: Draft) -> bool:
    for turn in reversed(draft.conversation.turns):
        if turn.kind is Kind.HANDOFF:
            return False
        if turn.kind is Kind.UPDATE:
            return True
    return True

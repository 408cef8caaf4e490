"""What a customer wrote, taken into the conversation; the state from which it is answered."""

from collections.abc import Sequence
from dataclasses import replace

from bot import codes
from bot.conversation import (
    Kind,
    Role,
    State,
    Turn,
)
from bot.draft import CUSTOMER, SYSTEM, Draft
from channels.base import Change, Message

MAX_CHARACTERS = 20_000


def take_in(draft: Draft, messages: Sequence[Message]) -> None:
    """Add the customer's messages as turns, oldest first; edits and deletions change the turn they name."""
    for message in sorted(messages, key=lambda message: message.sent_at):
        turn = _to_turn(draft, message)
        if message.change is Change.NEW:
            draft.add_turn(turn)
            draft.record("message_received", by=CUSTOMER, characters=len(message.text), files=len(message.attachments))
            continue
        old = next(
            (t for t in draft.conversation.turns if t.external_id and t.external_id == message.original_id), None
        )
        draft.record("message_changed", by=CUSTOMER, change=str(message.change), known=old is not None)
        if old is not None and old.role is Role.CUSTOMER and not old.deleted:  # an edit that comes late revives nothing
            draft.revise(replace(old, text=_readable(draft, message.text), deleted=message.change is Change.DELETED))


def begin(draft: Draft) -> None:
    """Come to ANSWERING from wherever the customer found us; a new word after a resolution begins an episode."""
    conversation = draft.conversation
    if conversation.state is State.ANSWERING:
        return
    if conversation.state is State.RESOLVED:
        days = (draft.at - conversation.since).total_seconds() / 86_400
        draft.start_episode()
        draft.record(
            "reopened", by=CUSTOMER, outcome=str(conversation.outcome), days=days, issue_type=conversation.issue_type
        )
        draft.change(outcome=None, asks_rating=False, escalation=None, proof=None)
    draft.move(State.ANSWERING, by=CUSTOMER, why="the customer wrote")


def wait_for_words(draft: Draft) -> None:
    """Everything was deleted before we answered: nothing to say, and nothing stands open."""
    begin(draft)
    draft.move(State.AWAITING_CUSTOMER, by=SYSTEM, why="the customer took the message back")


def ignore(draft: Draft, why: str) -> None:
    """Keep automatic mail without an answer."""
    if draft.conversation.state is State.NEW:
        draft.move(State.IGNORED, by=SYSTEM, why=why)
    draft.record("ignored", by=SYSTEM, why=why)


def _to_turn(draft: Draft, message: Message) -> Turn:
    return Turn(
        role=Role.CUSTOMER,
        kind=Kind.MESSAGE,
        text=_readable(draft, message.text),
        at=draft.at,
        episode=draft.conversation.episode,
        author=message.sender.name or message.sender.id,
        external_id=message.external_id,
        attachments=message.attachments,
    )


def _readable(draft: Draft, text: str) -> str:
    """A text as agents and a model may read it: a code that the customer was sent is for nobody's eyes."""
    return _clip(codes.masked(text) if codes.is_awaited(draft.conversation.proof, draft.at) else text)


def _clip(text: str) -> str:
    """A turn holds the beginning of an endless message; the inbox keeps all of it."""
    return text if len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS] + " …"

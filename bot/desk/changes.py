"""An agent edits or deletes their words: a note changes here, a reply changes for the customer too where it can."""

from dataclasses import replace

from bot.conversation import Conversation, Role, Turn
from bot.desk.claims import by_agent
from bot.desk.forms import kept_notes
from bot.desk.notes import note_text
from bot.desk.rights import refusal
from bot.desk.settings import Settings
from bot.draft import Draft
from channels.base import Change, Message


def change(draft: Draft, message: Message, settings: Settings) -> None:
    """An edit or a deletion at the desk. Where the customer keeps what was sent, whoever changed it is told so."""
    note = next((turn for turn in kept_notes(draft.conversation) if turn.external_id == message.original_id), None)
    sent = sent_turn(draft.conversation, message.original_id)
    if note is not None:
        draft.revise(_changed(note, message))
        draft.record("note_changed", by=by_agent(message.sender), change=str(message.change))
    elif sent is not None:
        why = refusal(message.sender, settings) or _stays(draft, message)
        if why:
            told = f"The customer still sees what you first wrote: {why}"
            draft.whisper(told, to=message.sender, address=message.address, reply_to=message.external_id)
            return
        _change_for_customer(draft, message, sent)


def sent_turn(conversation: Conversation, id: str) -> Turn | None:
    """The reply that went out with these words, also where they were asked about first."""
    sent = (turn for turn in conversation.turns if turn.role is Role.AGENT and not turn.deleted)
    return next((turn for turn in sent if id and turn.external_id in (id, f"{id}#sent")), None)


def _change_for_customer(draft: Draft, message: Message, sent: Turn) -> None:
    changed = _changed(sent, message)
    draft.revise(changed)
    draft.record("reply_changed", by=by_agent(message.sender), change=str(message.change), characters=len(message.text))
    draft.change_reply(
        "" if changed.deleted else changed.text,
        agent=message.sender,
        post=_post(draft.conversation, message.original_id),
        carries=message.original_id,
    )
    if changed.deleted and sent.attachments:
        told = "Your words were taken back; the files that went with them stay with the customer."
        draft.whisper(told, to=message.sender, address=message.address)


def _stays(draft: Draft, message: Message) -> str:
    """Why the customer's side stays as it is, or nothing."""
    agent, channel = draft.conversation.agent, draft.conversation.address.channel
    if agent is None or agent.id != message.sender.id:
        return "this is not with you any more."
    if channel not in draft.policy.changeable:
        return f"what was sent by {channel} cannot be changed. Write a correction instead."
    if not _post(draft.conversation, message.original_id):
        return "it was still on its way. Change it again once it has its ✅."
    if message.change is Change.EDITED and (not message.text.strip() or note_text(message.text) is not None):
        return "it was sent already. Delete your message to take it back."
    return ""


def _post(conversation: Conversation, id: str) -> str:
    """The service's id of the post that carries an agent's message; empty while it has not arrived."""
    return dict(conversation.relayed).get(id, "")


def _changed(turn: Turn, message: Message) -> Turn:
    if message.change is Change.DELETED:
        return replace(turn, deleted=True)
    note = note_text(message.text) if turn.role is Role.NOTE else None
    return replace(turn, text=message.text if note is None else note)

"""Words that stay inside: what agents mark as a note, and what is kept until somebody decides about it."""

from bot.conversation import Kind, Role, Turn
from bot.desk.claims import by_agent
from bot.desk.forms import answers
from bot.draft import Draft
from channels.base import Action, Message

NOTE_MARKS = ("!", "//", "/note ")


def note_text(text: str) -> str | None:
    """What is said behind the mark of a note; None for plain words."""
    for mark in NOTE_MARKS:
        if text.startswith(mark):
            return text[len(mark) :].strip()
    return None


def keep_note(draft: Draft, message: Message, text: str) -> None:
    """Keep an agent's words as a turn that no customer sees."""
    draft.add_turn(
        Turn(
            role=Role.NOTE,
            kind=Kind.MESSAGE,
            text=text,
            at=draft.at,
            episode=draft.conversation.episode,
            author=message.sender.name or message.sender.id,
            external_id=message.external_id,
            attachments=message.attachments,
        )
    )
    draft.record("noted", by=by_agent(message.sender), characters=len(text))


def take_note(draft: Draft, action: Action) -> None:
    """Keep the note from the button's form; without a form, say how a note is written."""
    text = answers(action).get("text")
    if not isinstance(text, str) or not text.strip():
        how = f"Write the note in the thread with {NOTE_MARKS[0]!r} in front: it stays inside."
        draft.whisper(how, to=action.actor, address=action.address)
        return
    note = Message(
        external_id=action.external_id,
        address=action.address,
        sender=action.actor,
        text=text,
        sent_at=action.sent_at,
    )
    keep_note(draft, note, text.strip())
    draft.tell_desk(text=f"📝 {action.actor.name or action.actor.id}: {text.strip()}")

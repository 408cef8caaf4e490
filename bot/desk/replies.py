"""An agent's words in the desk's thread: what goes to the customer, and what is asked first."""

from dataclasses import replace

from bot.conversation import Turn
from bot.desk.changes import change
from bot.desk.claims import by_agent, give_to
from bot.desk.forms import kept_notes, question
from bot.desk.notes import keep_note, note_text
from bot.desk.rights import refusal
from bot.desk.settings import Settings
from bot.draft import Draft
from channels.base import Action, Button, Change, Message

GONE = "Not sent: these words were sent already, or are not here any more."


def hear(draft: Draft, message: Message, settings: Settings) -> None:
    """An agent's words in the desk thread: the owner's plain words go to the customer, all others stay inside."""
    if message.change is not Change.NEW:
        change(draft, message, settings)
        return
    refused = refusal(message.sender, settings)
    note = note_text(message.text)
    if note is not None or refused:
        keep_note(draft, message, note if note is not None else message.text)
        if refused:
            draft.whisper(refused, to=message.sender, address=message.address, reply_to=message.external_id)
        return
    conversation = draft.conversation
    if conversation.agent is not None and conversation.agent.id == message.sender.id:
        _pass_on(draft, message)
        return
    keep_note(draft, message, message.text)
    _ask_before_sending(draft, message)


def not_done(draft: Draft, arrival: Message | Action) -> None:
    """Something of ours broke while an agent acted: they learn that they must do it again."""
    person = arrival.sender if isinstance(arrival, Message) else arrival.actor
    text = "Something went wrong here, so nothing was done or sent. Please do it again."
    draft.whisper(text, to=person, address=arrival.address)


def claim_and_send(draft: Draft, action: Action) -> None:
    """Send the words that somebody was asked about, and make the conversation theirs where it is nobody's."""
    kept = kept_for(draft, action)
    if kept is None:
        draft.whisper(GONE, to=action.actor, address=action.address)
        return
    if draft.conversation.agent is None:
        give_to(draft, action.actor, by=by_agent(action.actor))
    draft.revise(replace(kept, deleted=True))
    draft.relay_reply(
        kept.text,
        agent=action.actor,
        external_id=f"{kept.external_id}#sent",
        carries=kept.external_id,
        attachments=tuple(file for file in kept.attachments if file.key),
    )
    draft.record("agent_replied", by=by_agent(action.actor), characters=len(kept.text))


def keep_as_note(draft: Draft, action: Action) -> None:
    """Leave the words that somebody was asked about where they are: inside."""
    draft.whisper("Kept as a note: the customer did not get it.", to=action.actor, address=action.address)


def kept_for(draft: Draft, action: Action, *, beginning: str = "") -> Turn | None:
    """The words that whoever acts was asked about: nobody sends a colleague's."""
    of, actor = draft.conversation, action.actor
    carried = beginning or action.value
    return next((turn for turn in kept_notes(of) if carried == question(of, actor, turn.external_id)), None)


def _pass_on(draft: Draft, message: Message) -> None:
    """The owner's words and files to the customer; of a file that could not be kept the owner is told."""
    files = tuple(file for file in message.attachments if file.key)
    lost = [
        f"{file.name} ({file.why_not or 'its content is not here'})" for file in message.attachments if not file.key
    ]
    if message.text.strip() or files:
        draft.relay_reply(message.text, agent=message.sender, external_id=message.external_id, attachments=files)
        draft.record("agent_replied", by=by_agent(message.sender), characters=len(message.text), files=len(files))
        draft.change(pings=0)
    if lost:
        told = f"Not sent to the customer: {', '.join(lost)}."
        draft.whisper(told, to=message.sender, address=message.address, reply_to=message.external_id)


def _ask_before_sending(draft: Draft, message: Message) -> None:
    conversation = draft.conversation
    if conversation.agent is not None:
        text = f"Not sent: {conversation.agent.name or conversation.agent.id} has it. Your words are kept as a note."
        draft.whisper(text, to=message.sender, address=message.address, reply_to=message.external_id)
        return
    value = question(conversation, message.sender, message.external_id)
    draft.whisper(
        "Not sent to the customer: nobody has claimed this.",
        to=message.sender,
        address=message.address,
        reply_to=message.external_id,
        buttons=(
            Button(name="claim_send", label="Claim and send", value=value),
            Button(name="keep_note", label="Keep as note", value=value),
        ),
    )

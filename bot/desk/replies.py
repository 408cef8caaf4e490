"""An agent's words: what goes to the customer, what stays inside, what is asked first."""

from dataclasses import replace

from bot import handoff
from bot.conversation import Attempt, Conversation, Kind, Role, Turn
from bot.desk.claims import by_agent, give_to
from bot.desk.forms import answers
from bot.desk.rights import refusal
from bot.desk.settings import Settings
from bot.draft import Draft
from channels.base import Action, Button, Change, Message, Person

NOTE_MARKS = ("!", "/note ")


def hear(draft: Draft, message: Message, settings: Settings) -> None:
    """An agent's words in the desk thread: the owner's plain words go to the customer, all others stay inside."""
    if message.change is not Change.NEW:
        draft.whisper(
            "Not changed for the customer: what was sent stays sent. Write a correction instead.",
            to=message.sender,
            address=message.address,
            reply_to=message.external_id,
        )
        return
    refused = refusal(message.sender, settings)
    note = _note_text(message.text)
    if note is not None or refused:
        _keep_note(draft, message, note if note is not None else message.text)
        if refused:
            draft.whisper(refused, to=message.sender, address=message.address, reply_to=message.external_id)
        return
    conversation = draft.conversation
    if conversation.agent is not None and conversation.agent.id == message.sender.id:
        _pass_on(draft, message)
        return
    _keep_note(draft, message, message.text)
    _ask_before_sending(draft, message)


def suggest(draft: Draft, action: Action, settings: Settings, attempt: Attempt | None) -> None:
    """A draft reply for whoever asks, in private: from internal articles too, and marked so."""
    draft.record("suggested", by=by_agent(action.actor), grounded=attempt is not None and attempt.grounded)
    text = refusal(action.actor, settings) or f"Draft reply: {handoff.draft_reply(attempt)}"
    draft.whisper(text, to=action.actor, address=action.address)


def not_done(draft: Draft, arrival: Message | Action) -> None:
    """Something of ours broke while an agent acted: they learn that they must do it again."""
    person = arrival.sender if isinstance(arrival, Message) else arrival.actor
    text = "Something went wrong here, so nothing was done or sent. Please do it again."
    draft.whisper(text, to=person, address=arrival.address)


def claim_and_send(draft: Draft, action: Action) -> None:
    """Send the words that somebody was asked about, and make the conversation theirs where it is nobody's."""
    kept = _kept_note(draft, action)
    if kept is None or kept.deleted:
        gone = "Not sent: these words were sent already, or are not here any more."
        draft.whisper(gone, to=action.actor, address=action.address)
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


def take_note(draft: Draft, action: Action) -> None:
    """Keep the note from the button's form; without a form, say how a note is written."""
    text = answers(action).get("text")
    if isinstance(text, str) and text.strip():
        note = Message(
            external_id=action.external_id,
            address=action.address,
            sender=action.actor,
            text=text,
            sent_at=action.sent_at,
        )
        _keep_note(draft, note, text.strip())
        draft.tell_desk(text=f"📝 {action.actor.name or action.actor.id}: {text.strip()}")
        return
    draft.whisper(
        f"Write the note in the thread with {NOTE_MARKS[0]!r} in front: it stays inside.",
        to=action.actor,
        address=action.address,
    )


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
    value = _question(conversation, message.sender, message.external_id)
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


def _kept_note(draft: Draft, action: Action) -> Turn | None:
    """The words that whoever acts was asked about: nobody sends a colleague's."""
    of, actor = draft.conversation, action.actor
    notes = (turn for turn in of.turns if turn.role is Role.NOTE)
    return next((turn for turn in notes if action.value == _question(of, actor, turn.external_id)), None)


def _question(conversation: Conversation, asked: Person, external_id: str) -> str:
    """What the buttons carry that ask somebody whether their words are to be sent."""
    return f"{conversation.id}:{asked.id}:{external_id}"


def _keep_note(draft: Draft, message: Message, text: str) -> None:
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


def _note_text(text: str) -> str | None:
    for mark in NOTE_MARKS:
        if text.startswith(mark):
            return text[len(mark) :].strip()
    return None

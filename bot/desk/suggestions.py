"""A reply that is suggested to an agent, in private: sent as it is or edited, under the agent's name."""

from dataclasses import replace

from bot import handoff
from bot.conversation import Attempt, Conversation, Kind, Role, State, Turn
from bot.desk.claims import by_agent, give_to
from bot.desk.forms import GIVEN, answers, question
from bot.desk.replies import GONE, kept_for
from bot.desk.rights import refusal
from bot.desk.settings import Settings
from bot.draft import Draft
from channels.base import Action, Button, Field, Person


def suggest(draft: Draft, action: Action, settings: Settings, attempt: Attempt | None) -> None:
    """A draft reply for whoever asks, in private: from internal articles too, which must be edited before it goes."""
    why = refusal(action.actor, settings)
    draft.record("suggested", by=by_agent(action.actor), grounded=attempt is not None and attempt.grounded)
    if why or attempt is None or attempt.reply is None:
        draft.whisper(
            why or f"Suggested reply: {handoff.draft_reply(attempt)}", to=action.actor, address=action.address
        )
        return
    kept = _keep(draft, action, attempt.reply)
    internal = handoff.is_internal(attempt)
    title = "Suggested reply, from internal articles: edit it before it goes out" if internal else "Suggested reply"
    draft.whisper(
        f"{title}. Only you see this.",
        to=action.actor,
        address=action.address,
        quotes=(Field(name=handoff.draft_sources(attempt), text=attempt.reply),),
        buttons=_buttons(draft.conversation, action.actor, kept, internal=internal),
    )


def send_draft(draft: Draft, action: Action) -> None:
    """Send a suggested reply, as it was edited where it was; it counts as the words of whoever sends it."""
    kept = kept_for(draft, action, beginning=action.value.partition(GIVEN)[0])
    text = answers(action).get("text", kept.text if kept is not None else "")
    if kept is None or not isinstance(text, str) or not text.strip():
        told = GONE if kept is None else "Nothing was written, so nothing was sent."
        draft.whisper(told, to=action.actor, address=action.address)
        return
    if draft.conversation.agent is None:
        give_to(draft, action.actor, by=by_agent(action.actor))
    draft.revise(replace(kept, deleted=True))
    draft.relay_reply(text, agent=action.actor, external_id=f"{kept.external_id}#sent", carries="")
    draft.record(
        "agent_replied", by=by_agent(action.actor), characters=len(text), assisted=True, edited=text != kept.text
    )
    draft.change(pings=0)
    name = action.actor.name or action.actor.id
    draft.tell_desk(quotes=[Field(name=f"{name}, with the help of the assistant", text=text)])


def _keep(draft: Draft, action: Action, text: str) -> Turn:
    """Kept as a note until it is sent: a button carries no words."""
    kept = Turn(
        role=Role.NOTE,
        kind=Kind.MESSAGE,
        text=text,
        at=draft.at,
        episode=draft.conversation.episode,
        author=draft.policy.name,
        external_id=f"{action.external_id}#draft",
    )
    draft.add_turn(kept)
    return kept


def _buttons(conversation: Conversation, actor: Person, kept: Turn, *, internal: bool) -> tuple[Button, ...]:
    """None where whoever asks may not send it anyhow: a colleague has it, or it is over."""
    agent = conversation.agent
    if conversation.state in (State.RESOLVED, State.IGNORED) or (agent is not None and agent.id != actor.id):
        return ()
    value = question(conversation, actor, kept.external_id)
    send = Button(name="send_draft", label="Send" if agent is not None else "Claim and send", value=value)
    return (*(() if internal else (send,)), Button(name="edit_draft", label="Edit and send", value=value))

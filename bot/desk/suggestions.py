"""A reply that is suggested to an agent, in private: sent as it is or edited, under the agent's name."""

import re
from dataclasses import replace

from bot import handoff
from bot.conversation import Attempt, Conversation, Kind, Role, Source, State, Turn
from bot.desk.claims import by_agent, give_to
from bot.desk.forms import GIVEN, answers, question
from bot.desk.replies import GONE, kept_for
from bot.desk.rights import refusal
from bot.desk.settings import Settings
from bot.draft import Draft
from channels.base import Action, Button, Field, Person

HEADING = re.compile(r"^#{1,6} +", re.MULTILINE)  # a sign of the article's, not of a letter's
SUGGESTED = "Suggested reply."
INTERNAL = "Suggested reply, from internal articles: edit it before it goes out."


def suggest(draft: Draft, action: Action, settings: Settings, attempt: Attempt | None) -> None:
    """A draft reply for whoever asks, in private; what nobody vouches for must be edited before it goes.

    That is what internal articles say, and the nearest passage where there is no answer.
    """
    why = refusal(action.actor, settings)
    draft.record("suggested", by=by_agent(action.actor), grounded=attempt is not None and attempt.grounded)
    if why or attempt is None or not attempt.passages:
        told = why or "Nothing to suggest: no article fits."
        draft.whisper(told, to=action.actor, address=action.address)
        return
    text, source, title = _words(attempt)
    kept = _keep(draft, action, text)
    draft.whisper(
        f"{title} Only you see this.",
        to=action.actor,
        address=action.address,
        quotes=(Field(name=source, text=text),),
        buttons=_buttons(draft.conversation, action.actor, kept, vouched=title == SUGGESTED),
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


def _words(attempt: Attempt) -> tuple[str, str, str]:
    """What is suggested, where it comes from, and what it is."""
    if attempt.reply is None:
        best = attempt.passages[0]
        source = handoff.name_source(Source(article=best.article, heading=best.heading))
        return (
            HEADING.sub("", best.text),
            source,
            "No answer to suggest; this is the nearest passage: edit it before it goes out.",
        )
    internal = handoff.is_internal(attempt)
    return attempt.reply, handoff.draft_sources(attempt), INTERNAL if internal else SUGGESTED


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


def _buttons(conversation: Conversation, actor: Person, kept: Turn, *, vouched: bool) -> tuple[Button, ...]:
    """None where whoever asks may not send it anyhow: a colleague has it, or it is over."""
    agent = conversation.agent
    if conversation.state in (State.RESOLVED, State.IGNORED) or (agent is not None and agent.id != actor.id):
        return ()
    value = question(conversation, actor, kept.external_id)
    send = Button(name="send_draft", label="Send" if agent is not None else "Claim and send", value=value)
    return (*((send,) if vouched else ()), Button(name="edit_draft", label="Edit and send", value=value))

"""Who may do what at a desk: checked when it is done, not when the button was drawn."""

from bot.conversation import Conversation, State
from bot.desk.settings import Settings
from channels.base import Action, Person

TAKES_IT = frozenset({"claim", "claim_send", "send_draft", "edit_draft", "resolve", "assign"})
NEEDS_OWNER = frozenset({"return", "more_time"})


def refusal(actor: Person, settings: Settings) -> str:
    """Why this person may not act at the desk at all, or nothing."""
    if actor.outsider and actor.why_outside:
        return f"You {actor.why_outside}, so nothing was done or sent."
    if actor.outsider:
        return "Guests, bots and people of other teams cannot act at this desk, so nothing was done or sent."
    if settings.agents and not {actor.id, *actor.groups} & set(settings.agents):
        return "You are not one of this desk's agents (desk.agents in bot.toml), so nothing was done or sent."
    return ""


def impossible(conversation: Conversation, action: Action) -> str:
    """Why this action cannot be done now, or nothing. Checked when it is done, not when the button was drawn."""
    agent = conversation.agent
    other = agent is not None and agent.id != action.actor.id
    holder = (agent.name or agent.id) if agent else ""
    if action.name == "reopen":
        return "" if conversation.state is State.RESOLVED else "It is not resolved, so there is nothing to reopen."
    if conversation.state is State.RESOLVED:
        return "It is resolved already. Reopen it to go on."
    if action.name in TAKES_IT and other:
        return f"{holder} already has it."
    if action.name == "claim" and agent is not None:
        return "You already have it."
    if action.name in NEEDS_OWNER and (agent is None or other):
        return f"{holder} has it; only the owner can do that." if other else "Claim it first."
    if conversation.state is State.IGNORED:
        return "This is automatic mail; nobody waits here."
    return ""


def misplaced(conversation: Conversation, action: Action, settings: Settings) -> str:
    """Why this action is not for this desk or this colleague, or nothing."""
    desk, here = conversation.desk, action.address
    if desk is not None and (desk.channel, desk.room) != (here.channel, here.room):
        return "This conversation is worked on at another desk."
    if action.target is not None and (why := refusal(action.target, settings)):
        return f"Not given to {action.target.name or action.target.id}: they would be refused here ({why})"
    return ""

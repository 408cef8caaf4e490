"""Who owns a conversation at the desk."""

from bot.conversation import Kind, State
from bot.desk.cards import redraw, show_anew
from bot.draft import Draft
from channels.base import Person


def give_to(draft: Draft, agent: Person, *, by: str) -> None:
    """Make somebody the owner, tell the customer their name, and show it on the card."""
    before = draft.conversation
    draft.move(State.WITH_AGENT, by=by, why="claimed", agent=agent)
    draft.record(
        "claimed",
        by=by,
        agent=agent.id,
        waited_seconds=max(0.0, (draft.at - before.since).total_seconds()),
        from_owner=str(before.owner),
    )
    draft.say_phrase(Kind.UPDATE, "claimed", agent=agent.name or agent.id)
    redraw(draft)
    if before.state is State.QUEUED:
        show_anew(draft)


def by_agent(person: Person) -> str:
    """Who did it, as events name them."""
    return f"agent:{person.id}"

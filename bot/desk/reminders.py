"""What a silent desk and a silent agent lead to, so that nobody waits for ever."""

from bot import deadlines, handoff, hours
from bot.conversation import Kind, Lapse, Outcome, State
from bot.desk.cards import redraw, show_anew
from bot.desk.settings import ladder
from bot.draft import SYSTEM, Draft

TRIES_BEFORE_A_WORD = 4  # cards in a quarter of an hour; then the customer is told that nobody is free yet


def lapse(draft: Draft, passed: Lapse) -> None:
    """A deadline of the desk passed and still holds."""
    if passed.kind != deadlines.CARD:
        show_anew(draft)
    match passed.kind:
        case deadlines.CARD:
            post_again(draft)
        case deadlines.PING:
            _ping_desk(draft)
        case deadlines.AGENT:
            _ping_agent(draft)
        case deadlines.QUIET:
            _resolve_quiet(draft)


def post_again(draft: Draft) -> None:
    """No desk confirmed the card in time: try the next one, in turn, until one does."""
    tries = draft.conversation.pings + 1
    turns = ladder(draft)
    number = turns[tries % len(turns)]
    if draft.conversation.brief is not None:
        draft.post_card(draft.conversation.brief, number)
    draft.record("card_posted_again", by=SYSTEM, desk=str(draft.policy.desks[number]), tries=tries)
    draft.change(pings=tries)
    if tries == TRIES_BEFORE_A_WORD:
        _say_waiting(draft)


def opening_hours(draft: Draft) -> str:
    """When people are there, for the customer: next opening when they are away, empty while they work."""
    calendar = draft.policy.hours
    if hours.is_open(draft.at, calendar):
        return ""
    opens = hours.next_open(draft.at, calendar)
    return hours.render(opens, calendar)


def _ping_desk(draft: Draft) -> None:
    pings = draft.conversation.pings + 1
    waited = int((draft.at - draft.conversation.since).total_seconds() // 60)
    draft.change(pings=pings)
    draft.record("pinged", by=SYSTEM, pings=pings, waited_minutes=waited)
    draft.tell_desk(
        text=f"⏰ Nobody has claimed this for {waited} minutes.", buttons=handoff.buttons(draft.conversation)
    )
    redraw(draft, waited_minutes=waited)
    if pings == draft.policy.deadlines.update_at_ping:
        _say_waiting(draft)


def _ping_agent(draft: Draft) -> None:
    conversation = draft.conversation
    pings = conversation.pings + 1
    holder = conversation.agent.name or conversation.agent.id if conversation.agent else ""
    draft.record("agent_pinged", by=SYSTEM, pings=pings, agent=conversation.agent.id if conversation.agent else None)
    if pings < draft.policy.deadlines.lapse_after_pings:
        draft.change(pings=pings)
        draft.tell_desk(text=f"⏰ {holder}, the customer is waiting for your answer.")
        return
    draft.move(State.QUEUED, by=SYSTEM, why=f"{holder} did not answer; anybody may claim it")
    draft.tell_desk(
        text=f"⏰ {holder} has not answered: back in the queue.", buttons=handoff.buttons(draft.conversation)
    )
    _say_waiting(draft)
    redraw(draft)


def _resolve_quiet(draft: Draft) -> None:
    draft.resolve(Outcome.BY_AGENT, by=SYSTEM, why="the customer did not write again after the agent's answer")
    redraw(draft)


def _say_waiting(draft: Draft) -> None:
    opens = opening_hours(draft)
    later = f" {draft.phrase('after_hours', hours=opens)}" if opens else ""
    draft.say(Kind.UPDATE, draft.phrase("waiting") + later, fixed=True)

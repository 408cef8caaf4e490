"""How long anything may take: the deadline of every state, so that nobody waits for ever."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import hours
from bot.conversation import Conversation, Deadline, Kind, Role, State, Turn

ANSWER = "answer"  # the assistant has not decided in time
RESUME = "resume"  # an agent returned a conversation with a question in it
CARD = "card"  # the desk has not confirmed the card
PING = "ping"  # nobody claimed
AGENT = "agent"  # the customer waits for the agent
QUIET = "quiet"  # the agent waits for the customer
SILENCE = "silence"  # the assistant waits for the customer

CARDS_SLOWEST_SECONDS = 900
CARDS_DOUBLED = 10  # by then even a first wait of two seconds has grown to the slowest


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `[deadlines]` table. Minutes of people are minutes of their working hours; the rest is plain time."""

    answer_seconds: int = 60
    card_seconds: int = 60
    ping_minutes: tuple[int, ...] = (10, 30, 120)
    update_at_ping: int = 2  # the reminder at which the customer is told, honestly, that nobody is free yet
    agent_minutes: int = 60
    lapse_after_pings: int = 3  # reminders to a silent agent before the conversation goes back to the queue
    quiet_hours: int = 72
    silence_hours: int = 24
    reopen_hours: int = 72  # back to people within this time when an agent had resolved it


def after(conversation: Conversation, settings: Settings, calendar: hours.Settings) -> tuple[Deadline, ...]:
    """The deadlines that a conversation has as it stands: none when it is over, else exactly one.

    They follow from the conversation alone, so asking again later moves none of them.
    """
    since = conversation.since
    match conversation.state:
        case State.NEW:
            return (Deadline(kind=ANSWER, due=since + timedelta(seconds=settings.answer_seconds)),)
        case State.ANSWERING:  # only an agent's return leaves it so: whatever comes between, the question is taken up
            return (Deadline(kind=RESUME, due=since),)
        case State.AWAITING_CUSTOMER:
            return (Deadline(kind=SILENCE, due=since + timedelta(hours=settings.silence_hours)),)
        case State.ESCALATING:
            return (Deadline(kind=CARD, due=since + _wait_for_card(conversation.pings, settings)),)
        case State.QUEUED:
            return (Deadline(kind=PING, due=_ping_due(conversation, settings, calendar)),)
        case State.WITH_AGENT:
            return (_agent_deadline(conversation, settings, calendar),)
        case _:  # resolved or ignored: it is over
            return ()


def is_due(conversation: Conversation, kind: str, at: datetime, settings: Settings, calendar: hours.Settings) -> bool:
    """Whether a deadline that passed still holds: not when something happened since it was set."""
    return any(deadline.kind == kind and deadline.due <= at for deadline in after(conversation, settings, calendar))


def _wait_for_card(tries: int, settings: Settings) -> timedelta:
    """How long after the call the next card goes out: a slow desk must not find a pile of them when it wakes up."""
    first, longest = settings.card_seconds, max(settings.card_seconds, CARDS_SLOWEST_SECONDS)
    doubling = [min(first * 2**step, longest) for step in range(min(tries + 1, CARDS_DOUBLED))]
    return timedelta(seconds=sum(doubling) + longest * max(0, tries + 1 - CARDS_DOUBLED))


def _ping_due(conversation: Conversation, settings: Settings, calendar: hours.Settings) -> datetime:
    ladder = settings.ping_minutes
    beyond = max(0, conversation.pings - len(ladder) + 1)
    minutes = ladder[min(conversation.pings, len(ladder) - 1)] + beyond * ladder[-1]
    return hours.add(conversation.since, timedelta(minutes=minutes), calendar)


def _agent_deadline(conversation: Conversation, settings: Settings, calendar: hours.Settings) -> Deadline:
    waiting = waiting_since(conversation)
    if waiting is None:
        last = max((turn.at for turn in conversation.turns), default=conversation.since)
        return Deadline(kind=QUIET, due=max(last, conversation.since) + timedelta(hours=settings.quiet_hours))
    minutes = settings.agent_minutes * (conversation.pings + 1)
    begin = max(waiting, conversation.since)
    return Deadline(kind=AGENT, due=hours.add(begin, timedelta(minutes=minutes), calendar))


def waiting_since(conversation: Conversation) -> datetime | None:
    """When the oldest of the customer's words was written that nobody has answered since, or None."""
    unanswered = unanswered_turns(conversation)
    return unanswered[0].at if unanswered else None


def unanswered_turns(conversation: Conversation) -> tuple[Turn, ...]:
    """The customer's turns after the last answer of the assistant or the last reply of an agent, oldest first."""
    found: list[Turn] = []
    for turn in reversed(conversation.turns):
        if turn.role is Role.CUSTOMER and not turn.deleted:
            found.append(turn)
        elif turn.role is Role.AGENT or (turn.role is Role.ASSISTANT and turn.kind not in (Kind.HANDOFF, Kind.UPDATE)):
            break
    return tuple(reversed(found))

"""What needs no knowledge: a greeting, thanks, yes and no, a nudge, and whether we are a bot."""

from bot import desk
from bot.assistant.subject import beyond_us
from bot.conversation import (
    Escalation,
    Kind,
    Outcome,
    Role,
    State,
    Trigger,
    Turn,
)
from bot.draft import ASSISTANT, CUSTOMER, Draft
from bot.rules import normalise, words_of
from bot.triggers import Reading

TELLING = (Kind.ANSWER, Kind.UNSURE, Kind.OFFER, Kind.CHECK)
OFFERED = (Kind.UNSURE, Kind.OFFER)


def small_talk(draft: Draft, reading: Reading, text: str) -> Escalation | bool:
    """Answer what needs no knowledge. True when it did, False when a question is left, an escalation when accepted."""
    last = last_telling(draft)
    offered = last is not None and last.kind in OFFERED
    if reading.yes and offered:
        return Escalation(trigger=Trigger.ASKS_FOR_HUMAN, evidence="accepted the offer of a person")
    answered = last is not None and last.kind is Kind.ANSWER
    if reading.solved or (answered and (reading.thanks or reading.yes)):
        draft.resolve(Outcome.CONFIRMED, by=CUSTOMER, why="the customer said that it is solved")
        desk.ask_rating(draft)
        return True
    if reading.not_solved:
        if offered:
            return Escalation(trigger=Trigger.CANNOT_RESOLVE, evidence="said again that it did not help")
        _wait(draft, Kind.OFFER, "not_solved")
        return True
    if reading.nudge and last is not None:  # "so?": what we said last was no help
        if offered:
            return Escalation(
                trigger=Trigger.CANNOT_RESOLVE, evidence=f"still waits for an answer: {text.strip()[:40]}"
            )
        _wait(draft, Kind.OFFER, "not_solved")
        return True
    if reading.no and last is not None:
        _wait(draft, Kind.GREETING, "go_on")
        return True
    if reading.asks_if_bot and not beyond_us(text, draft.policy.phrases):
        _wait(draft, Kind.IDENTITY, "identity")
        return True
    if not normalise(text):  # nor anything that can be seen: zero-width or control characters only
        files = any(turn.attachments for turn in draft.new_turns())
        _wait(draft, Kind.GREETING, "only_files" if files else "empty")
        return True
    if reading.greeting or reading.thanks:
        _wait(draft, Kind.GREETING, "greeting" if reading.greeting else "thanks")
        return True
    if not words_of(text) or reading.yes or reading.no:  # "?", "ok": to what we said, or to nothing at all
        _wait(draft, Kind.OFFER if answered else Kind.GREETING, "not_solved" if answered else _prompt(draft))
        return True
    return False


def last_telling(draft: Draft) -> Turn | None:
    """The assistant's last answer or offer in this episode, unless people had it since."""
    for turn in reversed(draft.conversation.turns):
        if turn.episode != draft.conversation.episode or turn.role is Role.AGENT or turn.kind is Kind.HANDOFF:
            return None
        if turn.role is Role.ASSISTANT and turn.kind in TELLING:
            return turn
    return None


def _prompt(draft: Draft) -> str:
    """The text that asks for a question: a greeting at the very beginning only."""
    return "go_on" if any(turn.role is Role.ASSISTANT for turn in draft.conversation.turns) else "greeting"


def _wait(draft: Draft, kind: Kind, key: str) -> None:
    draft.say_phrase(kind, key)
    draft.move(State.AWAITING_CUSTOMER, by=ASSISTANT, why=f"said: {key}")

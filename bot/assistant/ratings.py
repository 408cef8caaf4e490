"""How it was: a rating in stars or words, a thank-you after the end, and the customer's buttons."""

import re

from bot import desk
from bot.assistant.arrivals import begin
from bot.conversation import (
    Conversation,
    Escalation,
    Kind,
    Outcome,
    Owner,
    State,
    Trigger,
)
from bot.draft import CUSTOMER, Draft
from bot.triggers import Reading
from channels.base import Action

RATING = re.compile(r"\s*([1-5])\s*(?:/\s*5|stars?|sterne?|étoiles?|estrellas?|estrelas?)?\s*[.!]?\s*", re.IGNORECASE)
RATING_IN_WORDS = re.compile(
    r"\s*(?:(?:i(?:['’]d| would| will|['’]ll)?|ich|je|yo|eu|le|lui)\s+){0,2}"
    r"(?:(?:give|rate|gebe|donne|mets|doy|pongo|dou)\s+(?:(?:it|this|that|you|them|un|une|uma?|eine?)\s+){0,2}(?:an?\s+)?)?"
    r"([1-5])(?:\s*/\s*5|\s*(?:out of 5|stars?|sterne?|étoiles?|estrellas?|estrelas?))?"
    r"(?:\s*[-,.!:;–—\n]+\s*(?:[^\W\d]+[,.!\s]*){0,4}|\s+(?:thanks|thank you|danke|merci|gracias|obrigad[oa])[.!\s]*)?",
    re.IGNORECASE,
)
LONGEST_RATING = 60
COMPLAINTS = re.compile(r"\b(?:but|still|not|never|no|aber|noch|nicht|mais|pas|pero|mas|não)\b", re.IGNORECASE)


def after_resolution(draft: Draft, text: str, reading: Reading) -> bool:
    """A word after the end that asks for nothing: a rating, a thank-you. True when it was that."""
    conversation = draft.conversation
    if conversation.state is not State.RESOLVED:
        return False
    if rating := RATING.fullmatch(text) or _rating_in_words(draft, text, reading):
        if conversation.asks_rating:
            rate(draft, int(rating.group(1)))
            return True
        if _was_asked_for_rating(conversation):  # a second thought must not call anybody
            draft.record("rated_again", by=CUSTOMER, stars=int(rating.group(1)))
            return True
    if reading.thanks or reading.solved or reading.yes:
        draft.record("thanked", by=CUSTOMER)
        return True
    return False


def press(draft: Draft, action: Action) -> Escalation | None:
    """A customer's button. An escalation comes back when they asked for a person; too late a press does nothing."""
    mine = draft.conversation.customer.id == action.actor.id
    draft.record("pressed", by=CUSTOMER, action=action.name, value=action.value[:40], own=mine)
    if not mine:
        draft.whisper(draft.phrase("not_yours"), to=action.actor, address=action.address)
        return None
    assistant_owns = draft.conversation.owner is Owner.ASSISTANT
    match action.name:
        case "ask_human" if assistant_owns or draft.conversation.state is State.RESOLVED:
            return Escalation(trigger=Trigger.ASKS_FOR_HUMAN, evidence="pressed the button for a person")
        case "solved" if assistant_owns:
            begin(draft)
            draft.resolve(Outcome.CONFIRMED, by=CUSTOMER, why="pressed the button: solved")
            desk.ask_rating(draft)
        case "rate" if draft.conversation.asks_rating and RATING.fullmatch(action.value):
            rate(draft, int(action.value.strip()[0]))
        case _:
            pass
    return None


def rate(draft: Draft, stars: int) -> None:
    """Store a rating, 1 to 5, once an episode, with who had resolved it."""
    conversation = draft.conversation
    draft.record(
        "rated",
        by=CUSTOMER,
        stars=stars,
        outcome=str(conversation.outcome),
        resolved_by="agent" if conversation.outcome is Outcome.BY_AGENT else "assistant",
        issue_type=conversation.issue_type,
        episode=conversation.episode,
    )
    draft.change(asks_rating=False)
    draft.say_phrase(Kind.CLOSING, "rated")


def _rating_in_words(draft: Draft, text: str, reading: Reading) -> re.Match[str] | None:
    """A rating with a few words around it, right after it was asked for; a complaint or a call for people is none."""
    asked = draft.conversation.asks_rating and len(text) <= LONGEST_RATING
    if not asked or reading.fired or reading.not_solved or COMPLAINTS.search(text):
        return None
    return RATING_IN_WORDS.fullmatch(text)


def _was_asked_for_rating(conversation: Conversation) -> bool:
    return any(turn.kind is Kind.CLOSING and turn.episode == conversation.episode for turn in conversation.turns)

"""What a message is about besides us: its questions and wishes, without what asks who we are or for a person."""

import re

from bot import triggers
from bot.assistant.arrivals import MAX_CHARACTERS
from bot.conversation import (
    Conversation,
    Role,
    Trigger,
)
from bot.rules import Phrases
from bot.triggers import Reading

SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")


def is_small_talk(reading: Reading) -> bool:
    """Whether a message is nothing but a greeting, thanks, yes, no or a nudge."""
    answered = reading.yes or reading.no or reading.solved or reading.not_solved
    return answered or reading.greeting or reading.thanks or reading.nudge


def asks_for_human(reading: Reading) -> bool:
    """Whether a message asks for a person."""
    return any(escalation.trigger is Trigger.ASKS_FOR_HUMAN for escalation in reading.fired)


def beyond_us(text: str, phrases: Phrases) -> str:
    """What a message asks besides who we are and for a person: its other sentences, empty when they ask for nothing."""
    left = []
    for sentence in SENTENCE.findall(text[:MAX_CHARACTERS]):
        if len(sentence.split()) < 3:
            continue  # before it is read: a message may hold thousands of these
        reading = triggers.read(sentence, phrases)
        if not (_about_us(reading) or reading.greeting or reading.thanks):
            left.append(sentence.strip())
    return " ".join(left)


def ask_of(conversation: Conversation, phrases: Phrases) -> str:
    """What the customer wants to know in this episode: their newest words that are more than a call for a person.

    A word on whether we are a bot, or three words and fewer, are taken only where there is nothing else.
    """
    said = [
        turn.text
        for turn in conversation.turns
        if turn.role is Role.CUSTOMER
        and turn.episode == conversation.episode
        and turn.text.strip()
        and not turn.deleted
    ]
    for text in reversed(said):
        if len(text.split()) > 3 and (asked := beyond_us(text, phrases)):
            return asked
    last = said[-1] if said else ""
    return beyond_us(last, phrases) or last


def gives_orders(conversation: Conversation, phrases: Phrases) -> bool:
    """Whether anything that the customer wrote in this episode looks like an attempt to give the model orders."""
    said = [turn for turn in conversation.turns if turn.episode == conversation.episode and turn.role is Role.CUSTOMER]
    return any(triggers.read(turn.text, phrases).suspicious for turn in said)


def _about_us(reading: Reading) -> bool:
    return reading.asks_if_bot or asks_for_human(reading)

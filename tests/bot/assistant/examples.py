"""What the tests of the assistant share."""

from bot import assistant, triggers
from bot.conversation import (
    Conversation,
    Decision,
    Escalation,
    Kind,
    Role,
    Trigger,
)
from bot.draft import Draft
from bot.triggers import Reading
from channels.base import Message
from tests.bot.world import (
    draft,
    policy,
    turn,
)

PHRASES = policy().phrases
ANSWER = turn("Sixty days.", Role.ASSISTANT, Kind.ANSWER, cited=True)
OFFER = turn("Nothing found.", Role.ASSISTANT, Kind.OFFER)
HANDOFF = turn("I have called a person.", Role.ASSISTANT, Kind.HANDOFF)
UPDATE = turn("Thank you, I have added this.", Role.ASSISTANT, Kind.UPDATE)
ASKED_RATING = turn("How did we do?", Role.ASSISTANT, Kind.CLOSING)
WANTS_PERSON = Escalation(trigger=Trigger.ASKS_FOR_HUMAN, evidence="a human please")


def reading(text: str) -> Reading:
    return triggers.read(text, PHRASES)


def decide(at: Draft) -> Decision:
    return at.decide((1,))


def take_in(of: Conversation, *messages: Message) -> Draft:
    at = draft(of)
    assistant.take_in(at, messages)
    return at

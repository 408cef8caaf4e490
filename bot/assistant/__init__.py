"""What the assistant does with what a customer wrote: take it in, answer, offer a person, call one."""

from bot.assistant.answering import answer, human_button, record_attempt, silence
from bot.assistant.arrivals import begin, ignore, take_in, wait_for_words
from bot.assistant.escalation import (
    Material,
    asked_by_the_model,
    back_to_people,
    escalate,
    not_understood,
    while_people_have_it,
)
from bot.assistant.ratings import after_resolution, press, rate
from bot.assistant.settings import Settings
from bot.assistant.subject import ask_of, asks_for_human, beyond_us, gives_orders, is_small_talk
from bot.assistant.talk import small_talk

__all__ = [
    "Material",
    "Settings",
    "after_resolution",
    "answer",
    "ask_of",
    "asked_by_the_model",
    "asks_for_human",
    "back_to_people",
    "begin",
    "beyond_us",
    "escalate",
    "gives_orders",
    "human_button",
    "ignore",
    "is_small_talk",
    "not_understood",
    "press",
    "rate",
    "record_attempt",
    "silence",
    "small_talk",
    "take_in",
    "wait_for_words",
    "while_people_have_it",
]

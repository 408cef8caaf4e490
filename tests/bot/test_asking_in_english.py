"""Who asks for a person, and who asks whether this is a machine, in English."""

import tomllib
from pathlib import Path

import pytest

from bot import phrases, triggers
from bot.conversation import Trigger

EXAMPLES = tomllib.loads((Path(__file__).parent / "examples" / "asking.toml").read_text("utf-8"))


def asks_for_human(text: str) -> bool:
    return any(e.trigger is Trigger.ASKS_FOR_HUMAN for e in triggers.read(text, phrases.load()).fired)


@pytest.mark.parametrize("text", EXAMPLES["human"])
def test_a_wish_for_a_person_is_heard(text: str) -> None:
    assert asks_for_human(text)


@pytest.mark.parametrize("text", EXAMPLES["bot"])
def test_a_question_for_our_nature_is_heard(text: str) -> None:
    assert triggers.read(text, phrases.load()).asks_if_bot


@pytest.mark.parametrize("text", EXAMPLES["neither"])
def test_ordinary_messages_ask_for_neither(text: str) -> None:
    assert not asks_for_human(text)
    assert not triggers.read(text, phrases.load()).asks_if_bot

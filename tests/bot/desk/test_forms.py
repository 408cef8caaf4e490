import pytest

from bot import desk
from bot.conversation import State
from tests.bot.world import at_desk


def test_form_is_asked_for_what_needs_more_than_a_press() -> None:
    assert set(desk.forms([("shipping", "Shipping")])) == {"note", "assign", "resolve", "edit_draft"}


@pytest.mark.parametrize(("issue_type", "begins"), [("shipping", {"issue_type": "shipping"}), (None, {})])
def test_form_of_a_resolution_begins_with_the_issue_type(issue_type: str | None, begins: dict[str, str]) -> None:
    conversation = at_desk(State.WITH_AGENT, issue_type=issue_type)
    assert begins == desk.filled_in(conversation, "resolve", "17")


@pytest.mark.parametrize(("name", "value"), [("note", "17"), ("edit_draft", "17"), ("edit_draft", "17:anna:gone")])
def test_other_forms_begin_empty(name: str, value: str) -> None:
    assert desk.filled_in(at_desk(State.WITH_AGENT), name, value) == {}

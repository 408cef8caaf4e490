"""What is asked before an action is done, what the form begins with, and what was answered."""

import json
from collections.abc import Iterable, Mapping

from bot.conversation import Conversation, Json, Role, Turn
from channels.base import Action, Input, InputKind, Person

ENDINGS = (
    ("solved", "Solved"),
    ("workaround", "Solved for now"),
    ("not_solved", "Not solved"),
    ("duplicate", "Asked elsewhere too"),
    ("no_answer", "The customer does not answer"),
)
GIVEN = ":{"  # where the answers begin behind what the button carried


def forms(types: Iterable[tuple[str, str]]) -> Mapping[str, tuple[Input, ...]]:
    """What is asked before an action is done, by the action's name. `types` are the issue types and their titles."""
    return {
        "note": (Input(name="text", label="Note for agents; the customer never sees it"),),
        "assign": (Input(name="person", label="Who takes it", kind=InputKind.PERSON),),
        "edit_draft": (Input(name="text", label="Reply to the customer, under your name"),),
        "resolve": (
            Input(name="outcome", label="How it ended", kind=InputKind.CHOICE, choices=ENDINGS),
            Input(name="issue_type", label="Issue type", kind=InputKind.CHOICE, choices=tuple(types), optional=True),
            Input(name="article", label="Worth an article?", kind=InputKind.CHECK),
        ),
    }


def filled_in(conversation: Conversation, name: str, value: str) -> Mapping[str, str]:
    """What a form begins with, by input name; nothing for a form that begins empty."""
    if name == "resolve" and conversation.issue_type:
        return {"issue_type": conversation.issue_type}
    kept = next((turn for turn in kept_notes(conversation) if turn.external_id == asked_about(value)), None)
    return {"text": kept.text} if name == "edit_draft" and kept is not None else {}


def answers(action: Action) -> Mapping[str, Json]:
    """What was filled into the form of a button, as JSON behind what the button carried."""
    _, found, given = action.value.partition(GIVEN)
    try:
        read: Mapping[str, Json] = json.loads("{" + given) if found else {}
    except ValueError:
        return {}
    return read


def question(conversation: Conversation, asked: Person, external_id: str) -> str:
    """What the buttons carry that ask somebody whether kept words are to be sent."""
    return f"{conversation.id}:{asked.id}:{external_id}"


def asked_about(value: str) -> str:
    """The external id of the words that a button asks about."""
    return value.partition(GIVEN)[0].partition(":")[2].partition(":")[2]


def kept_notes(conversation: Conversation) -> tuple[Turn, ...]:
    """What agents wrote or were offered and nobody has sent."""
    return tuple(turn for turn in conversation.turns if turn.role is Role.NOTE and not turn.deleted)

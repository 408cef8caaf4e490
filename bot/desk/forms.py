"""What is asked before an action is done, and what was answered."""

import json
from collections.abc import Iterable, Mapping

from bot.conversation import Json
from channels.base import Action, Input, InputKind

ENDINGS = (
    ("solved", "Solved"),
    ("workaround", "Solved for now"),
    ("not_solved", "Not solved"),
    ("duplicate", "Asked elsewhere too"),
    ("no_answer", "The customer does not answer"),
)


def forms(types: Iterable[tuple[str, str]]) -> Mapping[str, tuple[Input, ...]]:
    """What is asked before an action is done, by the action's name. `types` are the issue types and their titles."""
    return {
        "note": (Input(name="text", label="Note for agents; the customer never sees it"),),
        "assign": (Input(name="person", label="Who takes it", kind=InputKind.PERSON),),
        "resolve": (
            Input(name="outcome", label="How it ended", kind=InputKind.CHOICE, choices=ENDINGS),
            Input(name="issue_type", label="Issue type", kind=InputKind.CHOICE, choices=tuple(types), optional=True),
            Input(name="article", label="Worth an article?", kind=InputKind.CHECK),
        ),
    }


def answers(action: Action) -> Mapping[str, Json]:
    """What was filled into the form of a button: behind the first colon of its value, as JSON."""
    try:
        given = json.loads(action.value.partition(":")[2] or "{}")
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}

"""What the tests of the desk share: its settings, a draft in every state, presses and forms."""

from dataclasses import replace
from typing import Any

from bot import desk
from bot.conversation import Decision, Outcome, Role, State
from bot.draft import Draft
from channels.base import Action, Person
from tests.bot.world import ANNA, at_desk, draft, press, turn

ALL = desk.Settings()


ONLY_ANNA = desk.Settings(agents=("anna",))


MINE, THEIRS = "mine", "theirs"


NOTE_TURN = turn("It is on its way", Role.NOTE, author="Anna", external_id="m7")


NOTE_OF_BEN = replace(NOTE_TURN, author="Ben")


def in_state(state: str) -> Draft:
    """Anna's where it is with an agent; both colleagues left words that nobody has sent."""
    named = State.WITH_AGENT if state in (MINE, THEIRS) else State(state)
    outcome = Outcome.BY_AGENT if named is State.RESOLVED else None
    return draft(at_desk(named, NOTE_TURN, replace(NOTE_OF_BEN, external_id="m8"), outcome=outcome))


def decide(at: Draft) -> Decision:
    return at.decide((1,))


def ask_for(action: str, at: Draft, *, who: Person = ANNA, external_id: str = "m7") -> Decision:
    value = f"17:{who.id}:{external_id}" if action in ("claim_send", "keep_note") else "17"
    desk.act(at, press(action, value, actor=who), ALL)
    return decide(at)


def filled(name: str, answers: str, **others: Any) -> Action:
    return replace(press(name, f"17:{answers}"), **others)

from dataclasses import replace

import pytest

from bot import desk
from bot.conversation import State
from channels.base import Person
from tests.bot.desk.examples import ALL, ONLY_ANNA, decide, filled, in_state
from tests.bot.world import BEN, SPARE, at_desk, draft, press, whispers


def test_action_of_somebody_who_is_no_agent_is_refused_and_recorded() -> None:
    at = in_state("queued")
    desk.act(at, press("claim", actor=BEN), ONLY_ANNA)
    decision = decide(at)
    assert State.QUEUED is decision.conversation.state
    assert "not one of this desk's agents" in whispers(decision)[0][1]
    assert decision.events[0].by == "agent:ben"


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (None, "Nobody was picked"),
        (replace(BEN, outsider=True, why_outside="are a guest"), "Not given to Ben: they would be refused here"),
    ],
    ids=["nobody", "guest"],
)
def test_nothing_is_assigned_to_nobody_or_an_outsider(target: Person | None, told: str) -> None:
    at = draft(at_desk(State.QUEUED))
    desk.act(at, filled("assign", "{}", target=target), ALL)
    decision = decide(at)
    assert decision.conversation.agent is None
    assert whispers(decision)[0][1].startswith(told)


def test_nobody_assigns_what_a_colleague_has() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.act(at, filled("assign", "{}", target=BEN, actor=BEN), ALL)
    assert whispers(decide(at)) == [("ben", "Anna already has it.")]


def test_button_at_another_desk_does_nothing() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.act(at, press("claim", address=replace(SPARE, thread="card1")), ALL)
    assert whispers(decide(at)) == [("anna", "This conversation is worked on at another desk.")]


def test_refusal_says_what_bars_somebody() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.act(at, press("claim", actor=replace(BEN, outsider=True, why_outside="are a guest")), ALL)
    assert whispers(decide(at)) == [("ben", "You are a guest, so nothing was done or sent.")]

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot import deadlines, hours
from bot.conversation import Conversation, Kind, Role, State, Turn
from tests.bot.world import NOW, at_desk, conversation, turn

OFFICE = hours.Settings()
DEFAULT = deadlines.Settings()
FRIDAY = datetime(2026, 12, 18, 16, 55, tzinfo=UTC)
HOLIDAYS = hours.Settings(holidays=(date(2026, 12, 21),))
REPLY = turn("Done.", Role.AGENT, at=NOW + timedelta(minutes=5))


def due(of: Conversation, settings: deadlines.Settings = DEFAULT, calendar: hours.Settings = OFFICE) -> datetime:
    (deadline,) = deadlines.after(of, settings, calendar)
    return deadline.due


@pytest.mark.parametrize(
    ("of", "kind", "after"),
    [
        (conversation(State.NEW), deadlines.ANSWER, timedelta(seconds=60)),
        (conversation(State.ANSWERING), deadlines.RESUME, timedelta()),
        (conversation(State.AWAITING_CUSTOMER), deadlines.SILENCE, timedelta(hours=24)),
        (conversation(State.ESCALATING), deadlines.CARD, timedelta(seconds=60)),
        (conversation(State.ESCALATING, pings=2), deadlines.CARD, timedelta(seconds=420)),
        (at_desk(State.QUEUED), deadlines.PING, timedelta(minutes=10)),
        (at_desk(State.WITH_AGENT, turn()), deadlines.AGENT, timedelta(minutes=60)),
        (at_desk(State.WITH_AGENT, turn(), pings=1), deadlines.AGENT, timedelta(minutes=120)),
        (at_desk(State.WITH_AGENT), deadlines.QUIET, timedelta(hours=72)),
        (at_desk(State.WITH_AGENT, turn(), REPLY), deadlines.QUIET, timedelta(hours=72, minutes=5)),
    ],
    ids=[
        "new",
        "returned",
        "awaiting",
        "escalating",
        "escalating-again",
        "queued",
        "agent-owes-an-answer",
        "agent-was-reminded",
        "claimed-with-nothing-open",
        "agent-answered",
    ],
)
def test_every_open_state_has_its_deadline(of: Conversation, kind: str, after: timedelta) -> None:
    (deadline,) = deadlines.after(of, DEFAULT, OFFICE)
    assert (deadline.kind, deadline.due - NOW) == (kind, after)


def test_pace_of_cards_slows_down_to_one_in_fifteen_minutes() -> None:
    waits = [due(conversation(State.ESCALATING, pings=pings)) - NOW for pings in range(7)]
    assert waits == [timedelta(minutes=minutes) for minutes in (1, 3, 7, 15, 30, 45, 60)]


def test_pace_of_cards_that_is_set_slower_stays_as_it_is_set() -> None:
    slow = deadlines.Settings(card_seconds=1_800)
    waits = [due(conversation(State.ESCALATING, pings=pings), slow) - NOW for pings in (0, 1, 5_000)]
    assert waits == [timedelta(minutes=30), timedelta(minutes=60), timedelta(minutes=30 * 5_001)]


@pytest.mark.parametrize("state", [State.RESOLVED, State.IGNORED])
def test_what_is_over_has_none(state: State) -> None:
    assert deadlines.after(conversation(state), DEFAULT, OFFICE) == ()


def test_reminders_climb_the_ladder_and_its_last_step_repeats() -> None:
    waits = [due(at_desk(State.QUEUED, pings=pings), calendar=hours.Settings(mon="")) for pings in range(5)]
    assert [wait - NOW for wait in waits[:4]] == [timedelta(minutes=m) for m in (10, 30, 120, 240)]
    assert waits[4] - NOW == timedelta(minutes=360)


def test_reminders_wait_for_working_hours_over_a_weekend_and_a_holiday() -> None:
    seen = [
        due(at_desk(State.QUEUED, since=FRIDAY, pings=pings), calendar=HOLIDAYS).isoformat(" ", "minutes")
        for pings in range(3)
    ]
    assert seen == ["2026-12-22 09:05+00:00", "2026-12-22 09:25+00:00", "2026-12-22 10:55+00:00"]


def test_customer_who_writes_on_a_friday_evening_is_owed_an_answer_on_the_next_working_day() -> None:
    asked = at_desk(State.WITH_AGENT, turn(at=FRIDAY), since=FRIDAY - timedelta(days=1))
    assert due(asked, calendar=HOLIDAYS) == datetime(2026, 12, 22, 9, 55, tzinfo=UTC)


def test_term_of_an_agent_begins_with_the_claim_when_the_customer_wrote_before_it() -> None:
    asked = at_desk(State.WITH_AGENT, turn(at=NOW - timedelta(hours=1)))
    assert due(asked) == NOW + timedelta(minutes=60)


def test_deadline_moves_only_with_the_conversation() -> None:
    of = at_desk(State.QUEUED)
    assert deadlines.after(of, DEFAULT, OFFICE) == deadlines.after(of, DEFAULT, OFFICE)


@pytest.mark.parametrize(
    ("kind", "minutes", "expected"),
    [(deadlines.PING, 10, True), (deadlines.PING, 9, False), (deadlines.PING, -60, False), (deadlines.CARD, 99, False)],
    ids=["due", "early", "clock-jumped-back", "of-an-earlier-state"],
)
def test_deadline_holds_only_while_it_is_still_the_conversations(kind: str, minutes: int, expected: bool) -> None:
    at = NOW + timedelta(minutes=minutes)
    assert deadlines.is_due(at_desk(State.QUEUED), kind, at, DEFAULT, OFFICE) is expected


HANDOFF = turn("called", Role.ASSISTANT, Kind.HANDOFF)
UPDATE = turn("still here", Role.ASSISTANT, Kind.UPDATE)
NOTE = turn("odd one", Role.NOTE)
ANSWER = turn("60 days", Role.ASSISTANT, Kind.ANSWER)
FIRST, SECOND = turn("first"), turn("second", at=NOW + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("turns", "open_words"),
    [
        ((), []),
        ((FIRST, SECOND), ["first", "second"]),
        ((FIRST, ANSWER), []),
        ((FIRST, ANSWER, SECOND), ["second"]),
        ((FIRST, HANDOFF, UPDATE), ["first"]),
        ((FIRST, HANDOFF, NOTE, SECOND), ["first", "second"]),
        ((FIRST, REPLY, SECOND), ["second"]),
        ((FIRST, replace(SECOND, deleted=True)), ["first"]),
    ],
    ids=["none", "burst", "answered", "asked-again", "handed-off", "with-a-note", "agent-replied", "deleted"],
)
def test_words_are_open_until_an_answer_or_a_reply(turns: tuple[Turn, ...], open_words: list[str]) -> None:
    of = conversation(State.ANSWERING, *turns)
    assert [turn.text for turn in deadlines.unanswered_turns(of)] == open_words


def test_customer_waits_since_the_oldest_open_word() -> None:
    assert deadlines.waiting_since(conversation(State.ANSWERING, FIRST, SECOND)) == NOW
    assert deadlines.waiting_since(conversation(State.ANSWERING, FIRST, ANSWER)) is None

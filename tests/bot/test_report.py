from datetime import timedelta

import pytest

from bot import report
from bot.conversation import Event, Json
from tests.bot.world import NOW


def event(kind: str, minute: float = 0, **facts: Json) -> tuple[str, Event]:
    return "1", Event(kind=kind, at=NOW + timedelta(minutes=minute), by="system", facts=facts)


def of(conversation: str, *events: tuple[str, Event]) -> list[tuple[str, Event]]:
    return [(conversation, one) for _, one in events]


ANSWERED = (
    event("message_received"),
    event("sorted", issue_type="refund_status"),
    event("answered", 1),
    event("resolved", 5, outcome="confirmed", issue_type="refund_status"),
    event("rated", 6, stars=4),
)
BY_AGENT = (
    event("message_received"),
    event("trigger_fired", trigger="frustration"),
    event("trigger_fired", trigger="frustration"),
    event("trigger_fired", trigger="high_stakes"),
    event("claimed", 10),
    event("agent_replied", 12),
    event("resolved", 40, outcome="by_agent", issue_type=None),
    event("rated", 41, stars=2),
)
REOPENED = (event("message_received", 60), event("reopened", 60), event("answered", 61))


def row(*events: tuple[str, Event]) -> report.Row:
    return report.summarise(report.episodes(events))["all"]


def test_nothing_stored_is_a_row_of_nothing() -> None:
    assert row() == report.Row(
        episodes=0,
        outcomes={},
        escalated=0,
        triggers={},
        csat_assistant=None,
        csat_agent=None,
        ratings_assistant=0,
        ratings_agent=0,
        first_contact=None,
        first_reply_seconds=None,
        resolution_seconds=None,
        handling_seconds=None,
    )


def test_answered_episode_counts_for_the_assistant() -> None:
    found = row(*ANSWERED)
    assert (found.episodes, found.outcomes, found.escalated) == (1, {"confirmed": 1}, 0)
    assert (found.csat_assistant, found.ratings_assistant, found.csat_agent) == (4.0, 1, None)
    assert (found.first_reply_seconds, found.resolution_seconds, found.handling_seconds) == (60.0, 300.0, None)
    assert found.first_contact == 1.0


def test_escalated_episode_counts_for_the_agent() -> None:
    found = row(*BY_AGENT)
    assert (found.escalated, found.triggers) == (1, {"frustration": 1, "high_stakes": 1})
    assert (found.csat_agent, found.ratings_agent, found.csat_assistant) == (2.0, 1, None)
    assert (found.first_reply_seconds, found.handling_seconds) == (720.0, 1800.0)


def test_reopened_episode_was_no_first_contact_resolution_and_the_next_one_is_open() -> None:
    found = row(*ANSWERED, *REOPENED)
    assert (found.episodes, found.outcomes, found.first_contact) == (2, {"confirmed": 1, "open": 1}, 0.0)


def test_second_episode_is_timed_from_its_own_beginning() -> None:
    first, second = report.episodes([*ANSWERED, *REOPENED])
    assert (first.reopened, second.reopened) == (True, False)
    assert second.began == NOW + timedelta(minutes=60)
    assert second.first_reply == NOW + timedelta(minutes=61)


def test_episode_that_began_before_the_time_asked_for_still_counts_its_outcome() -> None:
    found = row(event("resolved", outcome="assumed", issue_type="refund_status"))
    assert (found.episodes, found.resolution_seconds) == (1, None)


def test_reopening_of_something_older_than_the_time_asked_for_is_an_episode() -> None:
    assert row(*REOPENED).episodes == 1


def test_automatic_mail_is_no_episode() -> None:
    assert row(event("moved"), event("ignored")).episodes == 0


def test_clock_that_jumped_back_gives_no_negative_time() -> None:
    found = row(event("message_received", 10), event("answered", 5))
    assert found.first_reply_seconds == 0.0


def test_rating_that_is_no_number_is_left_out() -> None:
    assert row(*ANSWERED[:-1], event("rated", stars="four")).ratings_assistant == 0


def test_types_come_most_frequent_first_below_all() -> None:
    refund = of("2", *ANSWERED)
    rows = report.summarise(report.episodes([*BY_AGENT, *refund, *of("3", *ANSWERED)]))
    assert list(rows) == ["all", "refund_status", report.UNKNOWN]
    assert [one.episodes for one in rows.values()] == [3, 2, 1]


@pytest.mark.parametrize("outcome", ["abandoned", "open"])
def test_what_was_not_resolved_has_no_time_to_resolution(outcome: str) -> None:
    ended = [event("resolved", 5, outcome=outcome)] if outcome == "abandoned" else []
    found = row(event("message_received"), *ended)
    assert (found.outcomes, found.resolution_seconds, found.first_contact) == ({outcome: 1}, None, None)


def test_what_the_model_took_is_added_up() -> None:
    asked = (event("model_asked", 1, tokens_in=100, tokens_out=20, money=0.25) for _ in range(2))
    found = row(*ANSWERED, *asked)
    assert (found.model_tokens, found.model_money) == (240, 0.5)

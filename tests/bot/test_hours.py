from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import hours

OFFICE = hours.Settings()
NEW_YORK = hours.Settings(timezone="America/New_York")
TUESDAY = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
FRIDAY_EVENING = datetime(2026, 3, 6, 16, 50, tzinfo=UTC)
CHRISTMAS = hours.Settings(holidays=(date(2026, 12, 25),))
NIGHTS: dict[str, Any] = dict.fromkeys(hours.DAYS, "")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.mark.parametrize(
    ("at", "calendar", "expected"),
    [
        (TUESDAY, OFFICE, True),
        (TUESDAY.replace(hour=9), OFFICE, True),
        (TUESDAY.replace(hour=8, minute=59), OFFICE, False),
        (TUESDAY.replace(hour=17), OFFICE, False),
        (datetime(2026, 3, 7, 12, tzinfo=UTC), OFFICE, False),
        (datetime(2026, 12, 25, 12, tzinfo=UTC), CHRISTMAS, False),
        (datetime(2026, 3, 3, 13, 59, tzinfo=UTC), NEW_YORK, False),
        (datetime(2026, 3, 3, 14, 0, tzinfo=UTC), NEW_YORK, True),
        (datetime(2026, 3, 10, 13, 0, tzinfo=UTC), NEW_YORK, True),
    ],
    ids=["day", "opening", "before", "closing", "saturday", "holiday", "winter-8:59", "winter-9:00", "summer-9:00"],
)
def test_people_work_in_their_own_hours(at: datetime, calendar: hours.Settings, expected: bool) -> None:
    assert hours.is_open(at, calendar) is expected


@pytest.mark.parametrize(
    ("at", "calendar", "expected"),
    [
        (TUESDAY, OFFICE, TUESDAY),
        (TUESDAY.replace(hour=3), OFFICE, TUESDAY.replace(hour=9)),
        (FRIDAY_EVENING.replace(hour=18), OFFICE, datetime(2026, 3, 9, 9, tzinfo=UTC)),
        (datetime(2026, 12, 24, 18, tzinfo=UTC), CHRISTMAS, datetime(2026, 12, 28, 9, tzinfo=UTC)),
        (TUESDAY, hours.Settings(**NIGHTS), TUESDAY),
    ],
    ids=["now", "morning", "after-the-weekend", "after-the-holiday", "never"],
)
def test_next_opening_is_now_or_the_next_working_day(
    at: datetime, calendar: hours.Settings, expected: datetime
) -> None:
    assert hours.next_open(at, calendar) == expected


@pytest.mark.parametrize(
    ("at", "span", "calendar", "expected"),
    [
        (TUESDAY, minutes(30), OFFICE, TUESDAY + minutes(30)),
        (FRIDAY_EVENING, minutes(10), OFFICE, FRIDAY_EVENING + minutes(10)),
        (FRIDAY_EVENING, minutes(30), OFFICE, datetime(2026, 3, 9, 9, 20, tzinfo=UTC)),
        (datetime(2026, 12, 24, 16, 50, tzinfo=UTC), minutes(30), CHRISTMAS, datetime(2026, 12, 28, 9, 20, tzinfo=UTC)),
        (TUESDAY.replace(hour=3), minutes(0), OFFICE, TUESDAY.replace(hour=9)),
        (TUESDAY, timedelta(hours=16), OFFICE, datetime(2026, 3, 5, 10, tzinfo=UTC)),
        (TUESDAY, minutes(30), hours.Settings(**NIGHTS), TUESDAY + minutes(30)),
    ],
    ids=["within-a-day", "up-to-closing", "weekend", "holiday", "nothing", "two-days", "never-open"],
)
def test_only_working_time_counts(at: datetime, span: timedelta, calendar: hours.Settings, expected: datetime) -> None:
    assert hours.add(at, span, calendar) == expected


def test_day_on_which_the_clock_springs_forward_is_as_long_as_it_says() -> None:
    berlin = hours.Settings(timezone="Europe/Berlin", sun="00:00-06:00")
    begin = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)  # one o'clock in Berlin; two o'clock is skipped
    assert hours.add(begin, timedelta(hours=4), berlin) == datetime(2026, 3, 29, 4, 0, tzinfo=UTC)


@given(
    st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 # hypothesis adds the zone
    st.integers(min_value=1, max_value=6_000),
)
def test_working_time_ends_within_working_hours_and_never_early(at: datetime, span: int) -> None:
    end = hours.add(at, minutes(span), NEW_YORK)
    assert end >= at + minutes(span)
    assert hours.is_open(end - timedelta(microseconds=1), NEW_YORK)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"timezone": "Mars/Olympus"}, "hours.timezone: 'Mars/Olympus' is not a time zone; write one like"),
        ({"timezone": ""}, "hours.timezone: '' is not a time zone"),
        ({"timezone": "../../etc/passwd"}, "hours.timezone: '../../etc/passwd' is not a time zone"),
        ({"timezone": "Europe"}, "hours.timezone: 'Europe' is not a time zone"),
        ({"mon": "nine to five"}, "hours.mon: 'nine to five' is not a span of time; write '09:00-17:00' or ''"),
        ({"tue": "09:00"}, "hours.tue: '09:00' is not a span of time"),
        ({"wed": "17:00-09:00"}, "hours.wed: '17:00-09:00' is not a span of time"),
        ({"thu": "09:00-25:00"}, "hours.thu: '09:00-25:00' is not a span of time"),
        ({"fri": "09:00Z-17:00"}, "hours.fri: '09:00Z-17:00' is not a span of time"),
        ({"sat": "09:00-09:00"}, "hours.sat: '09:00-09:00' is not a span of time"),
        (NIGHTS, "hours: every day is off, so nobody would ever be reminded; open at least one day"),
        (dict.fromkeys(hours.DAYS, "  "), "hours: every day is off"),
    ],
    ids=lambda value: next(iter(value.values()), "") if isinstance(value, dict) else None,
)
def test_calendar_that_makes_no_sense_is_named_with_the_fix(wrong: dict[str, Any], problem: str) -> None:
    (found,) = hours.problems(hours.Settings(**wrong))
    assert found.startswith(problem)


def test_every_mistake_of_a_calendar_is_told_at_once() -> None:
    wrong = replace(OFFICE, timezone="x", mon="y", tue="z")
    assert [problem.partition(":")[0] for problem in hours.problems(wrong)] == [
        "hours.timezone",
        "hours.mon",
        "hours.tue",
    ]


@pytest.mark.parametrize("span", ["09:00-17:00", "09:00 - 17:00", "00:00-23:59"])
def test_sensible_calendar_has_no_problem(span: str) -> None:
    assert hours.problems(replace(OFFICE, mon=span)) == ()


def test_moment_is_shown_in_the_desks_time() -> None:
    assert hours.render(TUESDAY, NEW_YORK) == "2026-03-03 05:00 (America/New_York)"


def test_opening_on_a_day_named_in_local_time_is_that_day() -> None:
    tokyo = hours.Settings(timezone="Asia/Tokyo", sat="", sun="")
    assert hours.is_open(datetime(2026, 3, 2, 0, 30, tzinfo=UTC), tokyo)  # Monday half past nine in Tokyo
    assert hours.next_open(datetime(2026, 3, 1, 12, tzinfo=UTC), tokyo).astimezone(UTC).time() == time(0, 0)

"""When people work: the desk's calendar, and time counted in its hours only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON_DAYS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `[hours]` table: opening times of each day in local time of `timezone`, empty for a day off.

    `holidays` are dates without work.
    """

    timezone: str = "UTC"
    mon: str = "09:00-17:00"
    tue: str = "09:00-17:00"
    wed: str = "09:00-17:00"
    thu: str = "09:00-17:00"
    fri: str = "09:00-17:00"
    sat: str = ""
    sun: str = ""
    holidays: tuple[date, ...] = ()


def problems(settings: Settings) -> tuple[str, ...]:
    """What is wrong with the calendar, a sentence each, with the key and the fix."""
    found = []
    try:
        _zone(settings.timezone)
    except (KeyError, ValueError, OSError):
        found.append(f"hours.timezone: {settings.timezone!r} is not a time zone; write one like 'Europe/Berlin'")
    for day in DAYS:
        try:
            _span(_text(settings, day))
        except ValueError:
            found.append(f"hours.{day}: {_text(settings, day)!r} is not a span of time; write '09:00-17:00' or ''")
    if not any(_text(settings, day).strip() for day in DAYS):
        found.append("hours: every day is off, so nobody would ever be reminded; open at least one day")
    return tuple(found)


def is_open(at: datetime, settings: Settings) -> bool:
    """Whether people work at this moment."""
    return any(start <= at < end for start, end in _spans(at, settings, days=1))


def next_open(at: datetime, settings: Settings) -> datetime:
    """The moment itself when people work, else the start of their next working day, in UTC."""
    for start, end in _spans(at, settings, days=HORIZON_DAYS):
        if end > at:
            return max(start, at)
    return at  # a calendar without a working day within a year: better now than never


def add(at: datetime, working: timedelta, settings: Settings) -> datetime:
    """The moment at which that much working time has passed, in UTC."""
    left = working
    for start, end in _spans(at, settings, days=HORIZON_DAYS):
        if end <= at:
            continue
        begin = max(start, at)
        if begin + left <= end:
            return begin + left
        left -= end - begin
    return at + working


def _spans(at: datetime, settings: Settings, *, days: int) -> Iterator[tuple[datetime, datetime]]:
    zone = _zone(settings.timezone)
    today = at.astimezone(zone).date()
    for offset in range(days):
        day = today + timedelta(days=offset)
        span = _span(_text(settings, DAYS[day.weekday()]))
        if span is not None and day not in settings.holidays:
            opens, closes = span
            yield (
                datetime.combine(day, opens, zone).astimezone(UTC),
                datetime.combine(day, closes, zone).astimezone(UTC),
            )


def _text(settings: Settings, day: str) -> str:
    text: str = getattr(settings, day)
    return text


@lru_cache(maxsize=64)
def _span(text: str) -> tuple[time, time] | None:
    if not text.strip():
        return None
    opens, dash, closes = text.partition("-")
    begin, end = time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())
    if not dash or begin.tzinfo or end.tzinfo or begin >= end:
        message = f"{text!r} does not end after it begins, in the time of `timezone`"
        raise ValueError(message)
    return begin, end


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def stamp(at: datetime, settings: Settings) -> str:
    """A moment as agents read it beside what was said: day, time and time zone of the desk."""
    return f"{at.astimezone(_zone(settings.timezone)):%d %b %H:%M %Z}"


def render(at: datetime, settings: Settings) -> str:
    """A moment as customers read it: weekday, date and time where the desk is."""
    return f"{at.astimezone(_zone(settings.timezone)):%Y-%m-%d %H:%M} ({settings.timezone})"

import pytest
from structlog.testing import capture_logs

from channels.discord.gateway import Health
from channels.discord.pulse import Pulse


def health(seconds: float, *, connected: bool = True) -> Health:
    return Health(connected=connected, seconds_since_heartbeat=seconds, connections=2, resumes=1)


def told(*beats: Health, each_seconds: float = 30.0) -> list[str]:
    """What is logged when health is looked at so often."""
    clock = [0.0]
    pulse = Pulse(lambda: clock[0])
    with capture_logs() as lines:
        for beat in beats:
            clock[0] += each_seconds
            pulse.tell(beat)
    return [str(line["event"]) for line in lines]


def test_a_heartbeat_in_time_is_no_news() -> None:
    assert told(health(41), health(12)) == []


def test_a_late_heartbeat_is_told_once() -> None:
    assert told(health(61), health(91), health(121)) == ["discord_heartbeat_late"]


@pytest.mark.parametrize("after", [health(3), health(float("inf"), connected=False)], ids=["back", "begun anew"])
def test_the_end_of_a_late_heartbeat_is_told(after: Health) -> None:
    assert told(health(61), after) == ["discord_heartbeat_late", "discord_heartbeat_back"]


def test_a_broken_line_is_not_told_as_a_late_heartbeat() -> None:
    assert told(health(500, connected=False)) == []


def test_health_is_told_every_ten_minutes() -> None:
    assert told(*[health(20)] * 45) == ["discord_health"] * 2


def test_health_names_the_seconds_since_the_last_heartbeat() -> None:
    pulse = Pulse(iter([0.0, 601.0, 601.0]).__next__)
    with capture_logs() as lines:
        pulse.tell(health(20.4))
    facts = {"connected": True, "seconds_since_heartbeat": 20, "sessions": 2, "resumes": 1}
    assert lines == [facts | {"event": "discord_health", "log_level": "info"}]

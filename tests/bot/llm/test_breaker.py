import pytest

from bot.llm.breaker import Breaker


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def breaker(time: Time) -> Breaker:
    return Breaker(2, 30.0, time)


def test_one_failure_stops_nobody(breaker: Breaker) -> None:
    breaker.failed()
    assert breaker.lets_through()


def test_success_between_failures_starts_the_count_again(breaker: Breaker) -> None:
    for _ in range(3):
        breaker.failed()
        breaker.succeeded()
    assert breaker.lets_through()


def test_failures_in_a_row_stop_everybody(breaker: Breaker) -> None:
    breaker.failed()
    breaker.failed()
    assert not breaker.lets_through()


def test_wrong_account_stops_everybody_at_once(breaker: Breaker) -> None:
    breaker.failed(for_good=True)
    assert not breaker.lets_through()


def test_one_probe_goes_through_after_the_pause(breaker: Breaker, time: Time) -> None:
    breaker.failed(for_good=True)
    time.now = 30.0
    assert [breaker.lets_through(), breaker.lets_through()] == [True, False]


def test_probe_that_fails_begins_another_pause(breaker: Breaker, time: Time) -> None:
    breaker.failed(for_good=True)
    time.now = 30.0
    breaker.lets_through()
    breaker.failed()
    time.now = 59.0
    assert not breaker.lets_through()


def test_probe_that_succeeds_lets_everybody_through(breaker: Breaker, time: Time) -> None:
    breaker.failed(for_good=True)
    time.now = 30.0
    breaker.lets_through()
    breaker.succeeded()
    assert not breaker.is_open
    assert breaker.lets_through()


def test_probe_that_was_given_up_lets_the_next_one_probe(breaker: Breaker, time: Time) -> None:
    breaker.failed(for_good=True)
    time.now = 30.0
    breaker.lets_through()
    breaker.gave_up()
    assert breaker.lets_through()

import pytest

from channels.base import UnreachableError
from channels.discord.absence import Absence


def test_an_absence_ends_the_program_when_it_is_too_long() -> None:
    clock = [0.0]
    absence = Absence(give_up_minutes=30, now=lambda: clock[0])
    absence.lasts("no route to host")
    clock[0] = 29 * 60
    absence.check()
    absence.lasts()
    clock[0] = 30 * 60
    with pytest.raises(UnreachableError, match=r"30 minutes .*no route to host"):
        absence.check()


def test_an_absence_that_ended_counts_no_more() -> None:
    clock = [0.0]
    absence = Absence(give_up_minutes=30, now=lambda: clock[0])
    absence.lasts()
    absence.ends()
    clock[0] = 3_600
    absence.check()
    assert clock == [3_600]


def test_without_a_limit_an_absence_may_last() -> None:
    clock = [0.0]
    absence = Absence(give_up_minutes=0, now=lambda: clock[0])
    absence.lasts()
    clock[0] = 1e9
    absence.check()
    assert clock == [1e9]

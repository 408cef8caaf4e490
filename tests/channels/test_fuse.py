import pytest

from channels.fuse import Fuse

LINE, OTHER = ("D1", "1.0"), ("D1", "2.0")


def answered(fuse: Fuse, *times: float, line: tuple[str, str] = LINE) -> None:
    fuse.asked(line, "U1")
    for number, at in enumerate(times):
        fuse.answered(line, f"answer {number}", at)


@pytest.mark.parametrize(("answers", "why"), [(2, ""), (3, "3 answers within a minute to one thread")])
def test_too_many_answers_within_a_minute_in_one_thread_blow_it(answers: int, why: str) -> None:
    fuse = Fuse(per_thread=3, per_person=0)
    answered(fuse, *range(answers))
    assert why == fuse.blown(LINE, "hello", 30.0)


def test_it_holds_again_when_the_minute_is_over() -> None:
    fuse = Fuse(per_thread=3, per_person=0)
    answered(fuse, 0.0, 1.0, 2.0)
    assert fuse.blown(LINE, "hello", 60.0) == ""


def test_another_thread_is_counted_apart() -> None:
    fuse = Fuse(per_thread=3, per_person=0)
    answered(fuse, 0.0, 1.0, 2.0)
    assert fuse.blown(OTHER, "hello", 3.0) == ""


def test_threads_of_one_person_are_counted_together() -> None:
    fuse = Fuse(per_thread=0, per_person=4)
    answered(fuse, 0.0, 1.0)
    answered(fuse, 2.0, 3.0, line=OTHER)
    fuse.asked(("D1", "3.0"), "U1")
    fuse.asked(("D1", "4.0"), "U2")
    assert fuse.blown(("D1", "3.0"), "hello", 4.0) == "4 answers within a minute to one person"
    assert fuse.blown(("D1", "4.0"), "hello", 4.0) == ""


def test_our_own_last_words_are_not_answered() -> None:
    fuse = Fuse(per_thread=0, per_person=0)
    fuse.asked(LINE, "U1")
    fuse.answered(LINE, "Your parcel left today.", 0.0)
    assert fuse.blown(LINE, " Your parcel left today.\n", 1.0) == "our own words came back"
    assert fuse.blown(OTHER, "Your parcel left today.", 1.0) == ""


@pytest.mark.parametrize("limit", [0, -1])
def test_no_limit_never_blows(limit: int) -> None:
    fuse = Fuse(per_thread=limit, per_person=limit)
    answered(fuse, *range(1_000))
    assert fuse.blown(LINE, "hello", 1.0) == ""


def test_empty_words_are_not_taken_for_ours() -> None:
    fuse = Fuse(per_thread=0, per_person=0)
    fuse.answered(LINE, "", 0.0)
    assert fuse.blown(LINE, "", 1.0) == ""

import random

import pytest

from bot.conversation import Passage
from bot.vectors import ROUGHLY, Placed, fused, nearest, placed, to_vector


def passage(name: str, score: float = 0.0) -> Passage:
    return Passage(article=f"{name}.md", heading="", text=name, score=score)


def at(name: str, *numbers: float) -> Placed:
    return placed(passage(name), to_vector(numbers))


def names(found: tuple[Passage, ...]) -> list[str]:
    return [one.text for one in found]


def test_vector_has_length_one() -> None:
    assert list(to_vector([3.0, 4.0])) == pytest.approx([0.6, 0.8])
    assert list(to_vector([0.0, 0.0])) == [0.0, 0.0]


def test_nearest_come_first_with_their_cosine() -> None:
    among = [at("far", -1, 0), at("near", 1, 0.1), at("beside", 0, 1)]
    found = nearest(to_vector([1, 0]), among, 2)
    assert names(found) == ["near", "beside"]
    assert found[0].score == pytest.approx(0.995, abs=0.001)


def test_numbers_of_another_model_are_passed_over() -> None:
    assert names(nearest(to_vector([1, 0]), [at("old", 1, 0, 0), at("new", 1, 0)], 5)) == ["new"]


def test_best_of_thousands_is_found_by_its_signs() -> None:
    dice = random.Random(7)
    many = [at(str(n), *(dice.gauss(0, 1) for _ in range(64))) for n in range(20 * ROUGHLY)]
    question = to_vector(number + dice.gauss(0, 0.05) for number in many[123].vector)
    assert nearest(question, many, 1)[0].text == "123"


def test_fused_ranking_takes_from_both() -> None:
    words = (passage("a", 9.0), passage("b", 8.5), passage("c", 1.0))
    meaning = (passage("d", 0.9), passage("b", 0.85), passage("e", 0.1))
    first, *others = names(fused(words, meaning, 3))
    assert (first, sorted(others)) == ("b", ["a", "d"])


def test_score_of_the_words_stays() -> None:
    assert fused((passage("a", 9.0),), (passage("a", 0.5),), 3)[0].score == 9.0


def test_one_ranking_alone_stays_as_it_is() -> None:
    only = (passage("a", 2.0), passage("b", 1.0))
    assert fused(only, (), 1) == only[:1]
    assert fused((), only, 5) == only

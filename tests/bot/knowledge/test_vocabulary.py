import pytest

from bot.knowledge import vocabulary
from bot.knowledge.vocabulary import Vocabulary
from bot.store.knowledge import Contents

STEMS = {"courier": 2, "deliveri": 5, "lamp": 9, "lampion": 1, "paket": 2, "pakete": 1}
WORDS = Vocabulary(Contents(edition=1, places={number: (number, False) for number in range(20)}, by_stem=STEMS))


def test_an_english_word_is_searched_as_written_and_weighed_by_its_stem() -> None:
    word = WORDS.word("lamps", own=True, prefix=False)
    assert (word.match, word.term.stem, word.term.known) == ('"lamps"', "lamp", True)


def test_a_word_of_another_language_is_searched_by_its_beginning() -> None:
    word = WORDS.word("paketen", own=True, prefix=True)
    assert (word.match, word.term.stem, word.term.prefix) == ('"pake"*', "pake", True)


def test_a_beginning_counts_every_word_that_it_begins() -> None:
    beginning = WORDS.word("paketen", own=True, prefix=True).term
    assert beginning.weight == WORDS.rarity(3)


def test_a_mistyped_word_is_searched_as_the_known_one() -> None:
    word = WORDS.word("delivrey", own=True, prefix=False)
    assert (word.match, word.term.stem, word.term.known) == ('"deliveri"', "deliveri", False)


def test_of_two_near_words_the_commoner_is_meant() -> None:
    assert WORDS.nearest("lampp") == "lamp"


@pytest.mark.parametrize("token", ["lqp", "la", "4711", "zeppelin"])
def test_short_words_numbers_and_strange_words_are_not_repaired(token: str) -> None:
    assert WORDS.nearest(token) is None


def test_a_word_of_an_earlier_turn_is_not_repaired() -> None:
    assert WORDS.word("delivrey", own=False, prefix=False).term.stem == "delivrei"


def test_a_word_that_most_passages_hold_weighs_next_to_nothing() -> None:
    assert 0 < WORDS.rarity(19) < 0.001 < WORDS.rarity(1)


def test_keeping_few_words_changes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [WORDS.word(token, own=True, prefix=False) for token in ("lamp", "courier", "lamp")]
    monkeypatch.setattr(vocabulary, "KEPT_WORDS", 0)
    assert [WORDS.word(token, own=True, prefix=False) for token in ("lamp", "courier", "lamp")] == expected

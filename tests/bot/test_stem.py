import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stem import stem

_TEXT = """
caresses ponies ties caress cats feed agreed plastered bled motoring sing conflated troubled sized hopping tanned
falling hissing fizzed failing filing happy sky relational conditional rational valenci hesitanci digitizer
conformabli radicalli differentli vileli analogousli vietnamization predication operator feudalism decisiveness
hopefulness callousness formaliti sensitiviti sensibiliti triplicate formative formalize electriciti electrical
hopeful goodness revival allowance inference airliner gyroscopic adjustable defensible irritant replacement adjustment
dependent adoption homologou communism activate angulariti homologous effective bowdlerize probate rate cease controll
roll refunds refunded refunding delivery deliveries shipping subscription subscriptions cancelled yyyy say by apology
"""
WORDS = _TEXT.split()


def sqlite_stems(words: list[str]) -> list[str]:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE text USING fts5(word, tokenize='porter unicode61')")
    database.execute("CREATE VIRTUAL TABLE term USING fts5vocab(text, instance)")
    database.executemany("INSERT INTO text(rowid, word) VALUES (?, ?)", enumerate(words))
    found = [row[0] for row in database.execute("SELECT term FROM term ORDER BY doc")]
    database.close()
    return found


@pytest.mark.parametrize("word", WORDS)
def test_a_word_has_the_stem_that_the_index_holds(word: str) -> None:
    assert sqlite_stems([word]) == [stem(word)]


@given(st.lists(st.from_regex(r"[a-z]{1,12}(s|es|ed|ing|ly|ation|ness|ize|ful)?", fullmatch=True), min_size=1))
def test_any_words_have_the_stems_that_the_index_holds(words: list[str]) -> None:
    assert sqlite_stems(words) == [stem(word) for word in words]


@pytest.mark.parametrize("word", ["ies", "sses", "ss", "s"])
def test_an_ending_without_a_word_is_stemmed_as_the_index_does(word: str) -> None:
    assert sqlite_stems([word]) == [stem(word)]


def test_an_endless_word_stays_as_it_is() -> None:
    assert stem("s" * 65) == "s" * 65

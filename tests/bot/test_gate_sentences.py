"""The gate drops whole sentences and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import gate, phrases

PROMISE = "A colleague will call you tomorrow."


@pytest.mark.parametrize(
    "text",
    [
        "| United States | $5.95, free for members |",
        "Write to help@shop.example. It costs 3.5 % a year!",
        "v1.2.3 is out",
    ],
)
def test_the_rest_of_a_text_with_a_promise_keeps_every_character(text: str) -> None:
    assert text == gate.without_promises(f"{text}\n{PROMISE}", phrases.load()).strip()


@given(st.text(alphabet="ab1 .!?\n$|@", max_size=60))
def test_sentences_joined_are_the_text_again(text: str) -> None:
    assert text == "".join(found[0] for found in gate.SENTENCE.finditer(text))

import json
from typing import Any

import pytest

from bot.store.records import clean, email_key, from_json, to_json
from channels.base import Message
from tests.bot.store.examples import message


def test_row_of_an_older_version_gets_defaults_for_what_it_did_not_know() -> None:
    stored = json.loads(to_json(message()))
    del stored["attachments"], stored["change"]
    assert from_json(Message, json.dumps(stored)) == message()


def test_row_of_a_newer_version_is_read_as_far_as_it_is_known() -> None:
    stored = {**json.loads(to_json(message())), "mood": "cheerful"}
    assert from_json(Message, json.dumps(stored)) == message()


def test_stored_text_can_be_searched_for_as_it_was_written() -> None:
    assert "Grüße 😀" in to_json(message(text="Grüße 😀"))


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"], ids=["object", "set", "bytes"])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be stored"):
        to_json({"fact": value})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("\ud800", "\ufffd"), ("a\udfffb", "a\ufffdb"), ("\ud83d\ude00", "😀"), ("\x00\ufeff", "\x00\ufeff")],
    ids=["first half", "second half", "two halves that fit", "odd but whole"],
)
def test_half_characters_are_replaced(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize(
    ("email", "expected"), [(None, None), ("", None), ("  ", None), (" Ann@Example.ORG ", "ann@example.org")]
)
def test_spellings_of_an_address_are_one(email: str | None, expected: str | None) -> None:
    assert email_key(email) == expected

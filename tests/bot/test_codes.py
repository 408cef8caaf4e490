from datetime import timedelta

import pytest

from bot import codes
from bot.codes import Verdict
from bot.conversation import Proof, State, Step
from tests.bot.world import BEN, NOW, conversation

OPEN = conversation(State.ANSWERING)
OFFERED = Proof(step=Step.OFFERED, question="Where is my order?")
SENT = codes.awaiting(OFFERED, "123456", of=OPEN, customer="C-1", at=NOW)


@pytest.mark.parametrize(
    "text", ["123456", "123 456", "123-456", "the code is 123456.", "Code: 123456", "is it 123456?", "１２３４５６"]
)
def test_six_digits_on_their_own_are_a_code(text: str) -> None:
    assert codes.typed(text) == ("123456",)


@pytest.mark.parametrize(
    "text",
    [
        "12345",
        "1234567",
        "HP-123456",
        "#123456",
        "AB123456",
        "123456-7",
        "1.123456",
        "$123.456",
        "+49 30 123456 78",
        "",
    ],
)
def test_other_numbers_are_none(text: str) -> None:
    assert codes.typed(text) == ()


def test_codes_are_taken_out_of_a_text() -> None:
    assert codes.masked("It is 123 456, not 654321; order HP-204171") == "It is ••••••, not ••••••; order HP-204171"


def test_nothing_of_a_code_stands_in_what_is_kept() -> None:
    assert "123456" not in repr(SENT)
    assert len(SENT.digest) == 64


def test_right_code_is_right_in_its_time() -> None:
    assert codes.tried(SENT, ("123456",), of=OPEN, at=NOW)[0] is Verdict.RIGHT
    assert codes.tried(SENT, ("123456",), of=OPEN, at=NOW + codes.VALID)[0] is Verdict.VOID


def test_code_of_another_conversation_is_wrong() -> None:
    other = conversation(State.ANSWERING)
    other = type(other)(**{name: getattr(other, name) for name in other.__slots__} | {"id": "18"})
    assert codes.tried(SENT, ("123456",), of=other, at=NOW)[0] is Verdict.WRONG


def test_after_three_wrong_codes_the_right_one_is_void() -> None:
    verdicts, proof = [], SENT
    for code in ("000000", "000001", "000002", "123456"):
        verdict, proof = codes.tried(proof, (code,), of=OPEN, at=NOW)
        verdicts.append(verdict)
    assert verdicts == [Verdict.WRONG, Verdict.WRONG, Verdict.VOID, Verdict.VOID]


def test_many_codes_in_one_message_are_as_many_tries() -> None:
    many = tuple(f"{number:06d}" for number in range(1000, 1010))
    assert codes.tried(SENT, (*many, "123456"), of=OPEN, at=NOW)[0] is Verdict.VOID


def test_where_nobody_has_the_address_no_code_is_right() -> None:
    nobody = codes.awaiting(OFFERED, "123456", of=OPEN, customer="", at=NOW)
    assert codes.tried(nobody, ("123456",), of=OPEN, at=NOW)[0] is Verdict.WRONG


def test_code_is_awaited_while_it_counts_and_a_while_longer() -> None:
    assert codes.is_awaited(SENT, NOW + codes.VALID + timedelta(minutes=59))
    assert not codes.is_awaited(SENT, NOW + codes.VALID + codes.LATE)
    assert not codes.is_awaited(OFFERED, NOW)
    assert not codes.is_awaited(None, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "code",
        "Send me a code please",
        "Yes, a code by e-mail",
        "another code",
        "ja bitte, Code senden",
        "un code s'il vous plaît",
        "envíame un código",
        "quero o código",
    ],
)
def test_request_for_a_code_is_known(text: str) -> None:
    assert codes.asks_for_one(text)


@pytest.mark.parametrize("text", ["my discount code does not work", "yes", "where do I enter the code", ""])
def test_other_words_are_no_request(text: str) -> None:
    assert not codes.asks_for_one(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("mara@shop.example", "mara@shop.example"),
        ("it is <Mara.L+x@mail.shop.example>, thanks.", "Mara.L+x@mail.shop.example"),
        ("write to mara@shop.example.", "mara@shop.example"),
        ("mara at shop", ""),
        ("@everyone", ""),
        ("a@b@c.example", ""),
    ],
)
def test_address_is_read_out_of_a_text(text: str, address: str) -> None:
    assert codes.address_in(text) == address


def test_keys_tell_no_name_and_join_the_spellings_of_an_address() -> None:
    person, address = codes.keys(OPEN, "Mara@Shop.example ")
    assert "mara" not in (person + address).casefold()
    assert codes.keys(OPEN, "mara@shop.example") == (person, address)
    other = type(OPEN)(**{name: getattr(OPEN, name) for name in OPEN.__slots__} | {"customer": BEN})
    assert codes.keys(other, "mara@shop.example")[0] != person


@pytest.mark.parametrize("text", ["9" * 100_000, "1 " * 50_000, "a@" * 50_000, "123456 " * 10_000])
def test_hostile_text_is_read_in_no_time(text: str) -> None:
    assert len(codes.typed(text)) <= 10_000
    assert codes.address_in(text) == ""

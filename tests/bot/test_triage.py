import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue_types import to_settings
from bot.triage import IssueType, Settings, Triage, build, classify, explain

SHIPPED = tomllib.loads((Path(__file__).parents[2] / "bot" / "issue_types.toml").read_text(encoding="utf-8"))
DEFAULT = build(to_settings({}, SHIPPED))

SETTINGS = Settings(
    types=(
        IssueType(name="order_cancel", examples=("cancel my order", "I want to cancel it"), words=("cancel order",)),
        IssueType(name="order_status", examples=("where is my order?", "order 17 is late"), words=("late",)),
        IssueType(name="small_talk", examples=("good morning", "good evening to you"), words=("good",), yields=True),
    ),
    synonyms={"order": ("order*", "purchase"), "cancel": ("cancel*", "call off"), "nothing": ("<>",)},
    filler=("my", "I", "is", "it"),
    min_score=2.0,
    min_margin=1.0,
)
SMALL = build(SETTINGS)


def score_of(triage: Triage, text: str, name: str) -> float:
    return next((one.score for one in explain(triage, text) if one.name == name), 0.0)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I've changed my mind about the lamp, can you call off order 5512?", "order_change_cancel"),
        ("it has been nine days and the parcel is still not here", "order_status"),
        ("you took 49.90 from my card two times in March", "billing_dispute"),
        ("somebody stole my handbag with the bank card in it", "lost_stolen_fraud"),
        ("none of my passwords work, I cannot sign in", "account_access"),
        ("we just moved to Leeds, please update our contact details", "account_details"),
        ("can you send me the invoice for the hotel as a pdf", "billing_info"),
        ("the app crashes each time I open the camera", "technical_problem"),
        ("put me through to somebody real please", "contact_human"),
        ("thanks, bye!", "chitchat"),
        ("wo ist denn mein Päckchen?", "order_status"),
        ("The boots never showed up", "order_status"),
        ("Unbelievable! Three mails and the lamp is still not here. I am furious.", "order_status"),
        ("je voudrais être remboursée", "refund_return"),
        ("quisiera cerrar mi cuenta", "account_close"),
        ("esqueci a minha senha de novo", "account_access"),
    ],
)
def test_shipped_types_are_told_apart(text: str, name: str) -> None:
    assert classify(DEFAULT, text) == name


@pytest.mark.parametrize(
    "text", ["", " ", "?!", "\x00\u202e\u200b", "hmm", "日本語のメッセージ", "qwertz uiopasdf", "<" * 1_000_000]
)
def test_unsure_is_null(text: str) -> None:
    assert classify(DEFAULT, text) is None


def test_two_equally_likely_types_are_null() -> None:
    twins = Settings(types=(IssueType(name="one", words=("pet",)), IssueType(name="two", words=("pet",))), min_score=0)
    assert classify(build(twins), "pet") is None


@pytest.mark.parametrize("word", ["pet", "sick pet"])
def test_a_telling_word_alone_names_a_new_type(word: str) -> None:
    assert classify(build(Settings(types=(IssueType(name="pets", words=(word,)),))), "our pet is sick") == "pets"


def test_a_new_type_stands_among_the_shipped() -> None:
    own = {"types": [{"name": "pets", "examples": ["my dog is ill", "the cat eats nothing"], "words": ["vet"]}]}
    assert classify(build(to_settings(own, SHIPPED)), "which vet can look at my cat?") == "pets"


def test_without_types_everything_is_null() -> None:
    assert classify(build(Settings()), "where is my order?") is None


def test_a_synonym_counts_like_the_word_of_the_example() -> None:
    assert score_of(SMALL, "cancel my purchase", "order_cancel") == score_of(SMALL, "cancel my order", "order_cancel")


def test_a_synonym_of_several_words_counts_as_one() -> None:
    assert score_of(SMALL, "call off my order", "order_cancel") == score_of(SMALL, "cancel my order", "order_cancel")


def test_part_of_a_longer_synonym_is_not_the_concept() -> None:
    assert "cancel" not in {word for one in explain(SMALL, "call my order") for word, _ in one.evidence}


@pytest.mark.parametrize("typed", ["canncel", "cncel", "cansel", "cnacel"])
def test_a_slip_of_the_finger_is_mended(typed: str) -> None:
    assert classify(SMALL, f"{typed} my order") == "order_cancel"


def test_invisible_characters_and_accents_do_not_hide_a_word() -> None:
    assert classify(SMALL, "c\u200bancél my order") == "order_cancel"


def test_an_elided_french_article_is_left_out() -> None:
    assert score_of(SMALL, "l'order", "order_status") == score_of(SMALL, "order", "order_status")


def test_the_words_of_a_telling_phrase_may_stand_apart() -> None:
    evidence = dict(explain(SMALL, "order 66: please do cancel")[0].evidence)
    assert "“cancel order”" in evidence


def test_the_words_of_a_telling_phrase_may_not_stand_far_apart() -> None:
    evidence = dict(explain(SMALL, "cancel this and that and such and so on and then order")[0].evidence)
    assert "“cancel order”" not in evidence


def test_the_score_is_the_sum_of_the_evidence() -> None:
    best = explain(SMALL, "order 12 is late")[0]
    assert best.score == pytest.approx(sum(weight for _, weight in best.evidence))


def test_the_strongest_evidence_comes_first() -> None:
    weights = [weight for _, weight in explain(SMALL, "please cancel the order, it is late")[0].evidence]
    assert weights == sorted(weights, reverse=True)


def test_any_number_is_the_same_to_triage() -> None:
    assert explain(SMALL, "order 17") == explain(SMALL, "order 990017")


def test_small_talk_yields_to_a_matter() -> None:
    assert classify(DEFAULT, "good morning, thank you, have a nice day, I forgot my password") == "account_access"


def test_the_end_of_a_very_long_text_is_not_read() -> None:
    assert classify(SMALL, "x " * 800 + "cancel my order") is None


def test_the_same_text_gives_the_same_explanation() -> None:
    text = "I was charged twice for an order that never came"
    assert explain(build(to_settings({}, SHIPPED)), text) == explain(DEFAULT, text)


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=300))
def test_any_text_is_named_or_null(text: str) -> None:
    assert classify(DEFAULT, text) in {None, *(kind.name for kind in DEFAULT.settings.types)}

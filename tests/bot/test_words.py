import pytest

from bot.words import content_tokens, fold, language_of, light_root, plain, sentences, tokens


def test_folding_drops_case_and_accents() -> None:
    assert fold("Über Café") == "uber cafe"


def test_tokens_are_words_and_numbers() -> None:
    assert tokens("It's 3.5 GB, isn't it?") == ["it", "s", "3", "5", "gb", "isn", "t", "it"]


def test_small_words_carry_no_subject() -> None:
    assert content_tokens("How do I return the parcel?", "en") == ["return", "parcel"]


def test_all_words_are_kept_where_only_small_ones_are_left() -> None:
    assert content_tokens("What is it?", "en") == ["what", "is", "it"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "How long does the delivery take?"),
        ("de", "Wie lange dauert die Lieferung nach Österreich?"),
        ("fr", "Combien de temps dure la livraison pour mon colis ?"),
        ("es", "¿Cuánto tarda el envío de mi pedido?"),
        ("pt", "Quanto tempo demora a entrega do meu pedido?"),
        ("en", "delivery"),
    ],
)
def test_the_small_words_tell_the_language(language: str, text: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We ship daily. Orders go out at noon!", ["We ship daily.", "Orders go out at noon!"]),
        ("Ask Dr. Brown, e.g. by mail. Thanks.", ["Ask Dr. Brown, e.g. by mail.", "Thanks."]),
        ("It costs 3.50 euros. See p. 4.", ["It costs 3.50 euros.", "See p. 4."]),
        ('He said "no." Then he left', ['He said "no."', "Then he left"]),
        ("J. K. Rowling wrote it.", ["J. K. Rowling wrote it."]),
        ("Why? It broke.", ["Why?", "It broke."]),
        ("", []),
    ],
    ids=["plain", "abbreviations", "numbers", "quotes", "initials", "questions", "empty"],
)
def test_sentences_are_whole(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_plain_text_keeps_what_links_and_emphasis_say() -> None:
    assert plain("See **the** [price list](https://example.com/prices).") == "See the price list."


@pytest.mark.parametrize("word", ["rechnung", "rechnungen"])
def test_forms_of_a_german_word_share_a_root(word: str) -> None:
    assert "rechnungen".startswith(light_root(word))


def test_a_million_marks_are_read_in_no_time() -> None:
    assert tokens("<" * 1_000_000) == []
    assert len(plain("<" * 100_000)) == 100_000

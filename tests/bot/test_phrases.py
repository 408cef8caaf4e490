import pytest

from bot.phrases import FAMILIES, GROUPS, LANGUAGES, PhrasesError, build, load, patterns
from bot.rules import prepare
from bot.triggers import read


def test_every_language_has_every_table() -> None:
    for code in LANGUAGES:
        language = load().languages[code]
        assert set(FAMILIES) == set(language.families), code
        assert set(GROUPS) == set(language.groups), code


def test_every_language_knows_the_same_small_talk_and_deeds() -> None:
    known = {
        code: (set(one.groups["small_talk"]), set(one.groups["promises"])) for code, one in load().languages.items()
    }
    assert all(tables == known["en"] for tables in known.values())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[frustration", "en.toml is not TOML"),
        ("[anger]\nstrong = []", r"nobody reads the table \[anger\]"),
        ("[frustration]\nsome = []", r"en.toml \[frustration\] may hold"),
        ("frustration = 1", r"en.toml \[frustration\] may hold"),
        ("[frustration]\nstrong = ['(a']", r"en.toml \[frustration\] pattern '\(a'"),
        ("[high_stakes.fraud]\nstrong = ['a**']", r"\[high_stakes.fraud\] pattern 'a\*\*'"),
        ("high_stakes = 1", "must hold tables"),
        ("[frustration]\nstrong = 'a'", "frustration.strong must be a list of texts"),
        ("[frustration]\nstrong = ['']", "none of them empty"),
        ("[words]\nx = [1]", "words.x must be a list"),
        ("[say]\nhello = 1", r"\[say\] must hold a text"),
        ("say = 1", r"\[say\] must hold a text"),
    ],
)
def test_a_bad_file_is_refused_by_name_and_place(text: str, reason: str) -> None:
    with pytest.raises(PhrasesError, match=reason):
        build({"en.toml": text})


def test_a_text_that_one_language_lacks_is_refused() -> None:
    with pytest.raises(PhrasesError, match=r"hello must be in en\.toml and in de\.toml"):
        build({"en.toml": "[say]\nhello = 'Hello'", "de.toml": ""})


def test_a_text_with_other_fields_is_refused() -> None:
    with pytest.raises(PhrasesError, match="fields"):
        build({"en.toml": "[say]\nhello = 'Hello {name}'", "de.toml": "[say]\nhello = 'Hallo {nmae}'"})


@pytest.mark.parametrize(
    "text", ["<" * 1_000_000, "(((" * 4_000, "aaabbb" * 2_000, "é" * 12_000, "\u200b" * 1_000_000, "!" * 99]
)
def test_hostile_text_is_read_without_harm(text: str) -> None:
    assert not read(text, load()).asks_if_bot


def test_a_message_of_every_key_word_is_read_within_bounds() -> None:
    needed = (
        need for language in load().languages.values() for pattern in patterns(language) for need in pattern.needs
    )
    every = " ".join(sorted(frozenset().union(*needed)))
    assert all(len(view.text) < 9_000 for view in prepare(every, load()).views)

"""What people write when they are angry, or when much is at stake for them, and what only looks like it."""

import tomllib
from pathlib import Path

import pytest

from bot import phrases
from bot.rules import find, prepare

EXAMPLES = Path(__file__).parent / "examples"
LANGUAGES = ("en", "de", "fr", "es", "pt")
CATEGORIES = (
    "billing_dispute",
    "fraud",
    "account_security",
    "lost_stolen",
    "account_closure",
    "legal",
    "safety",
    "self_harm",
    "data_protection",
)


def table(name: str) -> dict[str, dict[str, list[str]]]:
    """Read one file of examples: language, kind, messages."""
    return tomllib.loads((EXAMPLES / f"{name}.toml").read_text("utf-8"))


ANGER = table("frustration")
STAKES = table("high_stakes")


def is_angry(text: str) -> bool:
    """Tell whether any language's frustration fires."""
    loaded = phrases.load()
    said = prepare(text, loaded)
    return any(find(family, said) for family in loaded.families("frustration"))


def stakes(text: str) -> set[str]:
    """Name the high_stakes categories that fire in any language."""
    loaded = phrases.load()
    said = prepare(text, loaded)
    return {name for name, family in loaded.group("high_stakes") if find(family, said)}


@pytest.mark.parametrize("text", [text for language in ANGER.values() for text in language["angry"]])
def test_anger_is_heard(text: str) -> None:
    assert is_angry(text)


@pytest.mark.parametrize("text", [text for language in ANGER.values() for text in language["calm"]])
def test_calm_is_not_taken_for_anger(text: str) -> None:
    assert not is_angry(text)


@pytest.mark.parametrize(
    ("category", "text"),
    [
        (category, text)
        for language in STAKES.values()
        for category, texts in language.items()
        if category != "ordinary"
        for text in texts
    ],
)
def test_high_stakes_are_named_by_their_category(category: str, text: str) -> None:
    assert category in stakes(text)


@pytest.mark.parametrize("text", [text for language in STAKES.values() for text in language["ordinary"]])
def test_ordinary_messages_are_of_no_high_stakes(text: str) -> None:
    assert set() == stakes(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_frustration_and_all_nine_categories(language: str) -> None:
    spoken = phrases.load().languages[language]
    assert "frustration" in spoken.families
    assert set(CATEGORIES) == set(spoken.groups["high_stakes"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_category_has_examples_in_every_language(language: str) -> None:
    assert set(CATEGORIES) | {"ordinary"} == set(STAKES[language])


@pytest.mark.parametrize(
    ("calm", "angry"),
    [
        ("this is ridiculously good", "this is ridiculous"),
        ("I'm not angry about it", "I'm angry about it"),
        ("damn fast delivery", "where is my damn delivery"),
        ("I NEED THREE RED CHAIRS PLEASE", "I NEED THREE RED CHAIRS NOW!!"),
    ],
    ids=["praise", "denial", "a swear word that praises", "capitals alone"],
)
def test_a_small_difference_decides_about_anger(calm: str, angry: str) -> None:
    assert not is_angry(calm)
    assert is_angry(angry)


@pytest.mark.parametrize(
    ("ordinary", "category", "grave"),
    [
        ("I found my lost card", "lost_stolen", "I lost my card"),
        ("I am a lawyer, please send an invoice", "legal", "my lawyer will write to you"),
        ("is there a fee for changing seats?", "billing_dispute", "there is an extra fee on my statement"),
        ("remove the photo from my account", "account_closure", "remove my account"),
        ("I cut myself on the lid of your tin", "self_harm", "I'm cutting myself"),
        ("how much mobile data do I have?", "data_protection", "what data do you hold about me?"),
    ],
)
def test_a_small_difference_decides_about_stakes(ordinary: str, category: str, grave: str) -> None:
    assert category not in stakes(ordinary)
    assert category in stakes(grave)


@pytest.mark.parametrize("text", ["didnt make this payment", "SOMEONE HACKED MY ACCOUNT", "my acount was hacked"])
def test_chat_spelling_is_understood(text: str) -> None:
    assert stakes(text)

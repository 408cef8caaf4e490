"""The sieve may only leave out what cannot match."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.patterns import compile_pattern
from bot.phrases import load
from bot.rules import Prepared, View, find, prepare
from bot.sieve import Family, Sieve, opening

SAID = (
    "I am a real person, not a bot.",
    "My name is Sarah from the support team, and I'll call you tomorrow.",
    "A colleague will get back to you soon.",
    "We have refunded the full amount to your card.",
    "I've cancelled your order and your account has been deleted.",
    "I'm an AI assistant. Returns are free within 30 days.",
    "Ich bin ein Mensch. Ein Kollege meldet sich bei Ihnen, und Ihre Bestellung wurde storniert.",
    "Je suis une vraie personne, un collègue vous rappellera. Votre compte a été supprimé.",
    "Soy una persona real, un compañero le llamará. Hemos devuelto su dinero.",
    "Sou uma pessoa real, um colega vai ligar para você. Cancelei o seu pedido.",
)
EXAMPLES = Path(__file__).with_name("examples")


def examples() -> list[str]:
    found: list[str] = []
    for path in sorted(EXAMPLES.glob("*.toml")):
        tables = [tomllib.loads(path.read_text("utf-8"))]
        while tables:
            for value in tables.pop().values():
                if isinstance(value, dict):
                    tables.append(value)
                else:
                    found += (text for text in value if isinstance(text, str))
    return found[::15]


def accented(text: str) -> str:
    return text.translate(str.maketrans("aeiounc", "áêïõúñç"))


def family(*strong: str, weak: tuple[str, ...] = ()) -> Family:
    return Family(
        strong=tuple(compile_pattern(source, {}) for source in strong),
        weak=tuple(compile_pattern(source, {}) for source in weak),
    )


def left(sieve: Sieve, text: str) -> list[list[str]]:
    return [[pattern.source for kind in worth for pattern in kind] for worth in sieve.worth_trying(text).values()]


PEOPLE = family(r"a (?:real )?(?:person|human)", weak=("[?]{2}", r"(?:talk|speak) (?:to|with)"))
THANKS = family("(?:thanks|thank you)", "👍")
SIEVE = Sieve([PEOPLE, THANKS])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("where is my order", [["[?]{2}"]]),
        ("i want a person", [[r"a (?:real )?(?:person|human)", "[?]{2}"]]),
        ("to talk with you", [["[?]{2}", r"(?:talk|speak) (?:to|with)"]]),
        ("talk", [["[?]{2}"]]),  # there is neither "to" nor "with"
        ("👍", [["[?]{2}"], ["👍"]]),
        ("thanks, a human", [[r"a (?:real )?(?:person|human)", "[?]{2}"], ["(?:thanks|thank you)"]]),
        ("", [["[?]{2}"]]),
    ],
)
def test_what_lacks_a_word_that_it_needs_is_left_out(text: str, expected: list[list[str]]) -> None:
    assert left(SIEVE, text) == expected


@pytest.mark.parametrize(
    ("word", "first"), [("👍", ""), ("ok", ""), ("yes", "yes"), ("help", "hel"), ("human", "human")]
)
def test_an_opening_is_as_long_as_one_that_is_looked_for(word: str, first: str) -> None:
    assert opening(word) == first


@pytest.mark.parametrize("ours", [False, True], ids=["theirs", "ours"])
@pytest.mark.parametrize("written", [str, str.upper, accented], ids=["as it is", "capitals", "accents"])
def test_nothing_that_matches_is_left_out(ours: bool, written: Callable[[str], str]) -> None:
    """Each text is also held against every pattern there is."""
    phrases = load()
    sieve = phrases.ours if ours else phrases.theirs
    whole = {one: (list(one.strong), list(one.weak), list(one.unless)) for one in sieve.families}
    for text in map(written, SAID[::2] if ours else examples()):
        sifted = prepare(text, phrases, ours=ours)
        views = tuple(View(text=v.text, lower=v.lower, places=v.places, worth=whole) for v in sifted.views)
        unsifted = Prepared(clean=sifted.clean, views=views, sieve=sieve)
        for one in sieve.families:
            assert find(one, sifted) == find(one, unsifted), text


def test_a_text_is_held_only_against_what_it_was_prepared_for() -> None:
    phrases = load()
    (first, *_) = phrases.families("claims_human")
    with pytest.raises(ValueError, match="not prepared for this family"):
        find(first, prepare("I am a human", phrases))
    assert find(first, prepare("I am a human", phrases, ours=True)) is not None

import pytest

from bot.phrases import build
from bot.rules import HEAD, QUOTE, TAIL, Phrases, find, normalise, prepare, words_of


def phrases(
    *, strong: str = "[]", weak: str = "[]", unless: str = "[]", repair: str = "[]", spared: str = "[]"
) -> Phrases:
    return build(
        {
            "en.toml": f"[language]\nwords = ['the', 'is', 'my']\nrepair = {repair}\nspared = {spared}\n"
            f"[frustration]\nstrong = {strong}\nweak = {weak}\nunless = {unless}\n[say]\nhello = 'Hello {{name}}'",
            "de.toml": "[language]\nwords = ['der', 'ist', 'mein']\n[say]\nhello = 'Hallo {name}'",
        }
    )


def fires(text: str, given: Phrases) -> str | None:
    (family,) = given.families("frustration")
    return find(family, prepare(text, given))


HUMAN = phrases(
    strong=r"['\bhuman\b']", unless=r"['\bhuman resources\b', 'zzz']", repair="['human']", spared="['humane']"
)
TWO = phrases(weak=r"['\bslow\b', '\bbroken\b', 'no']", unless="['not slow']")


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("a Human, please", "Human"),
        ("a hu\u200bman", "human"),
        ("a ｈｕｍａｎ", "human"),
        ("a húmän", "húmän"),
        ("a huuuuman", "huuuuman"),
        ("a humaan", "humaan"),
        ("a huamn", "huamn"),
        ("a humman", "humman"),
        ("a uman one: humam", "humam"),
        ("a hunan", "hunan"),
        ("é a huamnnnn", "huamn"),
        ("human resources, no, a human", "human"),
    ],
)
def test_evidence_is_what_the_customer_wrote(text: str, evidence: str) -> None:
    assert evidence == fires(text, HUMAN)


@pytest.mark.parametrize("text", ["humane", "human resources", "humanity first", "woman", "", "humbugs", "hu"])
def test_nothing_fires_without_a_match(text: str) -> None:
    assert fires(text, HUMAN) is None


def test_two_different_weak_patterns_are_needed() -> None:
    assert fires("slow, slow, slow", TWO) is None


def test_two_weak_matches_fire_in_the_order_written() -> None:
    assert fires("it is broken and slow", TWO) == "broken … slow"


def test_an_excused_weak_match_does_not_count() -> None:
    assert fires("it is broken and not slow", phrases(weak="['slow', 'broken']", unless="['not slow']")) is None


def test_an_empty_match_is_none() -> None:
    assert fires("a", phrases(strong="['(?=a)|b']")) is None


def test_a_family_without_words_to_need_is_tried() -> None:
    assert fires("what???", phrases(strong="['[?]{3}']")) == "???"


def test_evidence_is_short() -> None:
    assert len(fires("a" * 40 + " " + "b" * 200, phrases(strong="['a{40} b{1,40}']")) or "") <= QUOTE


def test_text_is_normalised() -> None:
    assert normalise("  It’s \u202e“fine” –\n\tyes\x00 ") == 'It\'s "fine" - yes'


@pytest.mark.parametrize("text", ["x" * 10_000_0, "<" * 1_000_000, "ﷺ" * 9_000], ids=["long", "longer", "growing"])
def test_a_long_text_is_cut(text: str) -> None:
    assert len(normalise(text)) <= HEAD + TAIL


def test_the_end_of_a_long_text_is_read() -> None:
    assert normalise("x " * 5_000 + "human").endswith("human")


def test_words_are_plain() -> None:
    assert words_of("Où est l'été, 42?") == ("ou", "est", "l'ete", "42")


def test_an_unknown_language_is_answered_in_english() -> None:
    assert HUMAN.say("xx", "hello", name="Ann") == "Hello Ann"


def test_a_known_language_is_answered_in_it() -> None:
    assert HUMAN.say("de", "hello", name="Ann") == "Hallo Ann"

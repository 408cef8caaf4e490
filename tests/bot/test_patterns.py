import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.patterns import BUILT_IN, MAX_CHOICES, MAX_REPEAT, Pattern, PatternError, compile_pattern, expand, fold
from bot.phrases import load, patterns

WORDS = {"animal": ("cat", "dogs?"), "big": ("big {animal}",), "a": ("{b}",), "b": ("{a}",)}


def search(source: str, text: str) -> bool:
    folded = fold(text)[0]
    return any(compile_pattern(source, WORDS).spans(folded, folded.lower()))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"\bcats?\b", "two CATS"),
        (r"colou?r", "color"),
        (r"a|b", "xb"),
        (r"[abc]d", "cd"),
        (r"[]a]b", "]b"),
        (r"[\]a]b", "]b"),
        (r"c.t$", "a cut"),
        (r"^\d{2,4}€", "123€"),
        (r"x\+y", "x+y"),
        (r"(?:ab){2}", "abab"),
        (r"lo{2,}ng", "looong"),
        (r"e{3}", "geee"),
        (r"no+", "nooo"),
        (r"no*t", "nt"),
        (r"a(?! cat)", "a dog"),
        (r"(?<!no )cat", "a cat"),
        (r"a(?= cat)", "a cat"),
        (r"(?-i:[A-Z]{3})", "oh NO NOT"),
        (r"a.+?b", "acb"),
        (r"(cat)s", "cats"),
        (r"my {animal}\b", "my dogs"),
        (r"a {big}", "a big cat"),
        (r"don{q}t", "dont"),
        (r"I want {few}money", "i want all my money"),
        (r"möchte", "moechte"),
        (r"möchte", "möchte"),
        (r"möchte", "mochte"),
        (r"não", "nao"),
        (r"nao", "não"),
        (r"[é]t", "et"),
        (r"groß", "GROSS"),
        (r"gross", "groß"),
    ],
)
def test_a_pattern_matches(source: str, text: str) -> None:
    assert search(source, text)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{nobody}", "not defined"),
        ("{a}", "circle"),
        ("a**", "nothing to repeat"),
        ("*a", "nothing to repeat"),
        ("a)", "unexpected"),
        ("(a", "without"),
        ("[a", "without"),
        (r"(a)\1", "not part"),
        ("a\\", "not part"),
        (r"\Aa", "not part"),
        ("(?P<n>a)", "not part"),
        ("(?i)a", "not part"),
        ("(?:a+)+b", "repeat inside"),
        ("(?:[a-z]{1,9} ){2,3}", "repeat inside"),
        (".{0,40}.{0,40}.{0,40}", "ways"),
        ("a?", "empty text"),
        ("b{3,1}", "not a regular expression"),
        ("[z-a]", "not a regular expression"),
        ("(?<=a+)b", "not a regular expression"),
    ],
)
def test_a_pattern_is_refused_with_the_reason(source: str, reason: str) -> None:
    with pytest.raises(PatternError, match=reason):
        compile_pattern(source, WORDS)


@pytest.mark.parametrize(
    ("source", "needs"),
    [
        (r"\bhuman\b", [{"human"}]),
        (r"humans?", [{"human"}]),
        (r"no+thing", [{"thing"}, {"no"}]),
        (r"(?:agent|person)", [{"agent", "person"}]),
        (r"(?:agent|\d)", []),
        (r"(?:agent|person) wanted", [{" wanted"}, {"agent", "person"}]),
        (r"(?:bad agent|rude person)s? \d wanted", [{"bad agent", "rude person"}, {" wanted"}]),
        (r"(?:call \d agent|get \d person)", [{" agent", " person"}, {"call ", "get "}]),
        (r"(?:call \d agent|person)", [{" agent", "person"}]),
        (r"one.?two.?three.?four", [{"three"}, {"four"}, {"two"}]),
        (r"(?:agent)?x", []),
        (r"(?!agent)[a-z]", []),
        (r"Ab", [{"ab"}]),
        (r"a|bc", []),
    ],
)
def test_what_a_pattern_needs_is_known_the_rarest_first(source: str, needs: list[set[str]]) -> None:
    assert needs == list(compile_pattern(source, {}).needs)


def test_everyday_words_are_a_worse_filter_than_rare_ones() -> None:
    assert compile_pattern(r"\byour (?:wallet|purse) is", {}).needs[0] == {"wallet", "purse"}


EVERY = [pattern for language in load().languages.values() for pattern in patterns(language)]


@given(st.sampled_from(EVERY).flatmap(lambda one: st.tuples(st.just(one), st.from_regex(one.regex))))
@settings(max_examples=300, deadline=None)
def test_whatever_a_shipped_pattern_matches_holds_what_it_needs(found: tuple[Pattern, str]) -> None:
    pattern, text = found
    assert [needs for needs in pattern.needs if not any(need in text.lower() for need in needs)] == []


def test_stars_are_bounded() -> None:
    assert compile_pattern("a*b+c", {}).regex.pattern == f"a{{0,{MAX_REPEAT}}}b{{1,{MAX_REPEAT}}}c"


def test_capitals_of_an_escape_are_not_made_small() -> None:
    assert search(r"CAT\S\b", "two cats")
    assert not search(r"CAT\S", "a cat sleeps")


def test_a_pattern_may_ask_for_capitals() -> None:
    assert search(r"(?-i:STOP)", "Please STOP")
    assert not search(r"(?-i:STOP)", "Please stop")


def test_folding_tells_where_each_character_stood() -> None:
    assert fold("aßé") == ("asse", (0, 1, 1, 2))


def test_plain_text_is_not_moved_by_folding() -> None:
    assert fold("abc") == ("abc", None)


def test_a_pattern_from_a_file_is_compiled_when_it_is_tried() -> None:
    broken = Pattern("[z-a]", {}, ())
    with pytest.raises(PatternError):
        broken.regex.search("a")


def test_shipped_patterns_are_bounded_by_construction() -> None:
    """Every repeat has a most, gaps apart no repeat stands inside one, and the ways to combine them are limited."""
    for language in load().languages.values():
        for pattern in patterns(language):
            fresh = compile_pattern(pattern.source, _words(pattern))
            assert not re.search(r"(?<!\\)[*+](?![^\[]*\])", fresh.regex.pattern), pattern.source
    assert MAX_CHOICES <= 4_000


def _words(pattern: Pattern) -> dict[str, tuple[str, ...]]:
    return dict(pattern._words)


def test_built_in_macros_cannot_be_told_apart_from_text_by_an_author() -> None:
    assert expand("{end}", {"end": ("mine",)}) == BUILT_IN["end"]

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from bot.issue_types import IssueType, IssueTypesError, Stakes, to_settings

ROOT = Path(__file__).parents[2]
SHIPPED = tomllib.loads((ROOT / "bot" / "issue_types.toml").read_text(encoding="utf-8"))
PETS = {"name": "pets", "examples": ["my dog is ill"], "words": ["vet"]}


def names_of(own: dict[str, object]) -> list[str]:
    return [kind.name for kind in to_settings(own, SHIPPED).types]


def test_without_own_types_all_shipped_types_are_known() -> None:
    assert len(names_of({})) == 18


def test_a_listed_type_joins_the_shipped() -> None:
    assert names_of({"types": [PETS, {"name": "shipping"}]}) == [*names_of({}), "pets"]


def test_a_shipped_type_can_be_sent_to_humans() -> None:
    kinds = to_settings({"types": [{"name": "shipping", "enabled": False}]}, SHIPPED).types
    assert [kind.name for kind in kinds if not kind.enabled] == ["shipping"]


def test_a_new_type_is_read_whole() -> None:
    own = PETS | {"title": "Pets", "hint": "Ask the vet.", "stakes": "high", "enabled": False, "yields": True}
    expected = IssueType(
        name="pets",
        title="Pets",
        hint="Ask the vet.",
        examples=("my dog is ill",),
        words=("vet",),
        stakes=Stakes.HIGH,
        enabled=False,
        yields=True,
    )
    assert to_settings({"types": [own]}, SHIPPED).types[-1] == expected


def test_own_examples_are_added_to_the_shipped() -> None:
    shipped = {"types": [{"name": "pets", "examples": ["one"], "words": ["cat"]}]}
    own = {"types": [{"name": "pets", "examples": ["two"], "words": ["dog"]}]}
    (kind,) = to_settings(own, shipped).types
    assert (kind.examples, kind.words) == (("one", "two"), ("cat", "dog"))


def test_own_title_replaces_the_shipped() -> None:
    kinds = to_settings({"types": [{"name": "shipping", "title": "Post"}]}, SHIPPED).types
    assert {kind.name: kind.title for kind in kinds}["shipping"] == "Post"


def test_own_synonyms_come_before_the_shipped() -> None:
    own = {"synonyms": {"card": ["plastic"], "pet": ["dog"]}}
    shipped = {"synonyms": {"card": ["visa"], "bye": ["ciao"]}}
    expected = {"card": ("plastic", "visa"), "pet": ("dog",), "bye": ("ciao",)}
    assert to_settings(own, shipped).synonyms == expected


def test_own_filler_is_added() -> None:
    assert to_settings({"filler": ["er"]}, {"filler": ["um"]}).filler == ("um", "er")


def test_thresholds_are_read() -> None:
    settings = to_settings({"min_score": 4, "min_margin": 0.5}, {})
    assert (settings.min_score, settings.min_margin) == (4.0, 0.5)


@pytest.mark.parametrize(
    ("own", "line"),
    [
        pytest.param(
            {"types": [PETS, PETS]}, "triage.types has 'pets' 2 times; put all of it into one table", id="a name twice"
        ),
        pytest.param(
            {"types": [PETS | {"name": ""}]},
            "triage.types[1].name must be small letters, digits and _, like order_status; it is ''",
            id="an empty name",
        ),
        pytest.param(
            {"types": [PETS | {"name": "My pets"}]},
            "triage.types[1].name must be small letters, digits and _, like order_status; it is 'My pets'",
            id="a name with a space",
        ),
        pytest.param(
            {"types": [{"name": "pets"}]},
            "triage.types[1].examples is missing: 'pets' is new, so give it some messages as customers write them",
            id="neither examples nor words",
        ),
        pytest.param(
            {"types": [PETS | {"exmples": []}]},
            "triage.types[1].exmples is unknown; "
            "the keys are name, title, hint, examples, words, stakes, enabled, yields",
            id="a misspelt key",
        ),
        pytest.param(
            {"types": [PETS | {"stakes": "huge"}]},
            "triage.types[1].stakes must be one of low, normal, high; it is 'huge'",
            id="other stakes",
        ),
        pytest.param(
            {"types": [PETS | {"title": 7}]}, "triage.types[1].title must be a string; it is 7", id="a number as title"
        ),
        pytest.param(
            {"types": [PETS | {"enabled": "no"}]},
            "triage.types[1].enabled must be true or false; it is 'no'",
            id="a word as flag",
        ),
        pytest.param(
            {"types": [PETS | {"examples": ["a", " "]}]},
            "triage.types[1].examples must hold strings only, none of them empty",
            id="an empty example",
        ),
        pytest.param({"types": "pets"}, "triage.types must be an array; it is 'pets'", id="a word as array"),
        pytest.param({"types": ["pets"]}, "triage.types[1] must be a table; it is 'pets'", id="a word as table"),
        pytest.param({"min_score": -1}, "triage.min_score must be a number of at least 0; it is -1", id="below 0"),
        pytest.param({"min_margin": True}, "triage.min_margin must be a number of at least 0; it is True", id="a flag"),
        pytest.param(
            {"margin": 1},
            "triage.margin is unknown; the keys are types, synonyms, filler, min_score, min_margin",
            id="another misspelt key",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(own: dict[str, object], line: str) -> None:
    with pytest.raises(IssueTypesError) as caught:
        to_settings(own, {})
    assert line in str(caught.value).splitlines()


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(IssueTypesError) as caught:
        to_settings({"min_score": "x", "types": [PETS | {"title": 7}]}, {})
    assert len(str(caught.value).splitlines()) == 2


def test_no_shipped_word_belongs_to_two_concepts() -> None:
    forms = Counter(form for concept in SHIPPED["synonyms"].values() for form in concept)
    assert [form for form, times in forms.items() if times > 1] == []


def test_no_shipped_example_stands_twice() -> None:
    examples = Counter(example.casefold() for kind in to_settings({}, SHIPPED).types for example in kind.examples)
    assert [example for example, times in examples.items() if times > 1] == []


def test_every_shipped_type_has_a_title_and_a_hint_for_agents() -> None:
    assert [kind.name for kind in to_settings({}, SHIPPED).types if not kind.title or not kind.hint] == []


def test_the_default_settings_fit() -> None:
    default = tomllib.loads((ROOT / "bot.toml").read_text(encoding="utf-8"))
    assert names_of(default["triage"]) == names_of({})

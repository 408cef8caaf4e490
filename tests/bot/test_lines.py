import pytest

from bot.lines import Page, beginning, read

TEXT = """The tent is light. It weighs little.

## Poles
- Two poles
1. Unfold it
| Part | Days |
Is it dry?
"""
PAGE = read("Tents", "Weight", TEXT)


def texts(page: Page, stem: str) -> list[str]:
    return [page.lines[place].text for place in page.holding.get(stem, ((), ()))[0]]


def test_a_passage_is_cut_into_sentences_items_steps_and_rows() -> None:
    assert [(line.text, line.shape) for line in PAGE.lines] == [
        ("The tent is light.", "sentence"),
        ("It weighs little.", "sentence"),
        ("- Two poles", "item"),
        ("1. Unfold it", "step"),
        ("| Part | Days |", "row"),
        ("Is it dry?", "sentence"),
    ]


def test_a_line_stands_below_the_nearest_heading() -> None:
    assert [line.heading for line in PAGE.lines] == ["Weight"] * 2 + ["Poles"] * 4


def test_a_word_is_held_by_the_lines_that_say_it() -> None:
    assert texts(PAGE, "tent") == ["The tent is light."]


def test_a_word_of_a_heading_is_held_by_every_line_below_it() -> None:
    assert texts(PAGE, "pole") == [line.text for line in PAGE.lines[2:]]


def test_the_line_below_one_that_says_a_word_is_known() -> None:
    assert PAGE.holding["light"][1] == [1]


def test_no_line_is_below_one_of_another_section() -> None:
    assert PAGE.holding["littl"][1] == []


def test_title_and_heading_name_a_passage() -> None:
    assert PAGE.named == {"tent", "weight"}


@pytest.mark.parametrize(
    ("line", "little"), [("Is it dry?", True), ("1. Unfold it", False), ("The tent is light.", False)]
)
def test_a_line_that_asks_says_little(line: str, little: bool) -> None:
    assert [each.says_little for each in PAGE.lines if each.text == line] == [little]


def test_a_beginning_is_held_where_any_word_begins_so() -> None:
    page = read("", "", "Die Rechnung kommt. Der Rechnungsbetrag steht im Konto. Rechnungen, Rechnung.")
    assert list(beginning(page, "rechn")[0]) == [0, 1, 2]
    assert list(beginning(page, "rechn")[1]) == [1, 2]

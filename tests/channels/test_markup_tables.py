import pytest

from channels.discord.markdown import to_discord
from channels.markup import to_slack
from channels.markup.tables import with_rules

ROWS = "| Payment | Note |\n| Visa | credit card |\n| PayPal | at once |"


def test_rows_below_each_other_are_a_table() -> None:
    assert with_rules(ROWS) == "| Payment | Note |\n|---|---|\n| Visa | credit card |\n| PayPal | at once |"


@pytest.mark.parametrize(
    "text",
    [
        "| Payment | Note |\n|---|:-:|\n| Visa | credit card |",
        "| only one row |",
        "```\n| a | b |\n| c | d |\n```",
        "a | b\nc | d",
        "",
    ],
    ids=["a table", "one row", "a fence", "no rows", "nothing"],
)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert with_rules(text) == text


def test_a_bar_that_is_escaped_parts_no_cells() -> None:
    assert "\n|---|---|\n" in with_rules("| a \\| b | c |\n| d | e |")


@pytest.mark.parametrize("draw", [to_slack, to_discord])
def test_quoted_rows_are_shown_line_by_line_with_their_head(draw: object) -> None:
    assert callable(draw)
    assert draw(f"Pay with:\n\n{ROWS}") == (
        "Pay with:\n\n• Payment: Visa, Note: credit card\n• Payment: PayPal, Note: at once"
    )

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.discord.markdown import escape, from_discord, to_discord
from channels.markup import split, units

PINGS = re.compile(r"@(?:everyone|here)|<(?:@[!&]?|#)\d+>")
HOSTILE = st.lists(
    st.sampled_from(
        [
            "@everyone",
            "<@1>",
            "<@&2>",
            "<#3>",
            "`",
            "```",
            "*",
            "_",
            "[",
            "](",
            ")",
            "<",
            ">",
            "\n",
            "a",
            " ",
            "# ",
            "https://x.y",
        ]
    ),
    max_size=30,
).map("".join)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**bold** and *leaning*", "**bold** and *leaning*"),
        ("~~gone~~", "~~gone~~"),
        ("# Returns\n\nWithin 60 days.", "**Returns**\n\nWithin 60 days."),
        ("- one\n- two", "• one\n• two"),
        ("1. one\n2. two", "1. one\n2. two"),
        ("[our page](https://shop.example/r)", "[our page](<https://shop.example/r>)"),
        ("[https://bank.example](https://evil.example)", "https" + "…"),
        ("`code`", "`code`"),
        ("> quoted", "> quoted"),
        ("snake_case * star", r"snake\_case \* star"),
    ],
    ids=["bold", "strike", "heading", "list", "numbers", "link", "disguise", "code", "quote", "marks"],
)
def test_markdown_is_shown_as_discord_shows_it(markdown: str, shown: str) -> None:
    if shown.endswith("…"):  # a disguised link shows where it leads
        assert "<https://evil.example>" in to_discord(markdown)
        assert "](" not in to_discord(markdown)
    else:
        assert to_discord(markdown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*not bold*", r"\*not bold\*"),
        ("# no heading", r"\# no heading"),
        ("-# no small print", r"\-# no small print"),
        ("> no quote", r"\> no quote"),
        ("1. no list", r"1\. no list"),
        ("see https://a.example/x_y.", "see <https://a.example/x_y>."),
        ("||no spoiler||", r"\|\|no spoiler\|\|"),
        ("a\u202eb", "ab"),
    ],
)
def test_somebodys_words_are_shown_as_they_are_written(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(HOSTILE)
def test_nothing_that_is_rendered_pings(text: str) -> None:
    outside_code = re.sub(r"```.*?```|`[^`\n]+`", "", to_discord(text), flags=re.DOTALL)
    assert PINGS.search(outside_code) is None


@given(HOSTILE)
def test_nobodys_words_ping(text: str) -> None:
    assert PINGS.search(escape(text)) is None


@given(HOSTILE, st.integers(min_value=30, max_value=200))
def test_parts_are_never_too_long(text: str, limit: int) -> None:
    assert all(units(part) <= limit for part in split(to_discord(text * 5), limit))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<@7> hello", "@Mara hello"),
        ("<@!7> hello", "@Mara hello"),
        ("<@1> where is it?", "where is it?"),
        ("<@&9> and <#5>", "@9 and #5"),
        ("<:wave:12> <a:spin:13>", ":wave: :spin:"),
        ("<t:1767225600:R>", "2026-01-01 00:00 UTC"),
        ("<t:99999999999999999>", "99999999999999999"),
        ("</ask:55>", "/ask"),
        ("<https://shop.example>", "https://shop.example"),
    ],
)
def test_what_was_written_is_read_as_plain_markdown(text: str, read: str) -> None:
    assert from_discord(text, {"7": "Mara"}, "1") == read

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels.discord.markdown import escape, to_discord
from channels.markup import clip, escape_slack, from_slack, names_another_address, split, to_slack, units

PING = re.compile(r"<[!@#]")
LINK = re.compile(r"<(https?://[^<>|\s]+)(?:\|([^<>|]*))?>")
DISCORD_LINK = re.compile(r"(?<!\\)\[(?:\\.|[^\\\]])*\]\(<[^<>]*>\)|<https?://[^<>]*>")
ALPHABET = [*"ab <>|!@#()[]*_~`&;:/.\\\n-0123", "é", "😀", "\u202e", "\u200b", "https://", "channel"]
HOSTILE = st.lists(st.sampled_from(ALPHABET), max_size=80).map("".join)
PIECES = st.lists(
    st.sampled_from(
        [
            "<!channel>",
            "<@U1>",
            "<!subteam^S1>",
            "<https://evil.example|https://bank.example>",
            "[",
            "](https://e.example)",
            "[https://bank.example](https://evil.example)",
            "[bank.example](<https://evil.example>)",
            "![<!here>](x)",
            "```",
            "`",
            "\n\n",
            "> ",
            "- ",
            "| a | b |\n|---|---|\n| <@U1> | c |\n",
            "**",
            "_",
            "&lt;!channel&gt;",
            "&#60;!here&#62;",
            "<https://x.example>",
            "word ",
            "😀",
            "\\<!channel>",
            "[a](javascript:alert(1))",
            "[b](mailto:x@y.example)",
        ]
    ),
    max_size=14,
).map("".join)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**bold** and *slanted* and ~~gone~~", "*bold* and _slanted_ and ~gone~"),
        ("# Title\n\ntext", "*Title*\n\ntext"),
        ("- one\n- two\n  - three", "• one\n• two\n    • three"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("`a<b`", "`a&lt;b`"),
        ("```py\nif a < b:\n    go()\n```", "```\nif a &lt; b:\n    go()\n```"),
        ("[our page](https://shop.example/a?b=1&c=2)", "<https://shop.example/a?b=1&amp;c=2|our page>"),
        ("<https://shop.example>", "<https://shop.example>"),
        ("[bank.example](https://evil.example)", "bank.example (<https://evil.example>)"),
        ("[click](javascript:alert)", "[click](javascript:alert)"),
        ("[write](mailto:help@shop.example)", "write (help@shop.example)"),
        ("<!channel> <@U1>", "&lt;!channel&gt; &lt;@U1&gt;"),
        ("> quoted\n> twice", "> quoted\n> twice"),
        ("| size | price |\n|---|---|\n| S | 4 |\n| M | 5 |", "• size: S, price: 4\n• size: M, price: 5"),
        ("one\ntwo", "one\ntwo"),
        ("one\n\n---\n\ntwo", "one\n\n———\n\ntwo"),
        ("![a map](https://shop.example/map.png)", "<https://shop.example/map.png|a map>"),
        ("", ""),
    ],
)
def test_markdown_becomes_what_slack_shows(markdown: str, shown: str) -> None:
    assert to_slack(markdown) == shown


@pytest.mark.parametrize(
    ("slack", "markdown"),
    [
        ("<@UBOT> hello", "hello"),
        ("ask <@U1> and <@U2>", "ask @Mara and @U2"),
        ("see <https://shop.example|the page>", "see the page (https://shop.example)"),
        ("see <https://shop.example>", "see https://shop.example"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("in <#C1|help> <!here> <!subteam^S1|@team>", "in #help @here @team"),
        ("a &lt; b &amp;&amp; c", "a < b && c"),
        ("&lt;@U1&gt;", "<@U1>"),
        ("this is *bold* and ~gone~", "this is **bold** and ~~gone~~"),
        ("2*3*4", "2*3*4"),
        ("`*code*`", "`*code*`"),
        ("```x = 1```", "```\nx = 1\n```"),
    ],
)
def test_slack_becomes_plain_markdown(slack: str, markdown: str) -> None:
    assert from_slack(slack, {"U1": "Mara"}, "UBOT") == markdown


@pytest.mark.parametrize(
    "label", ["bank.example", "https://x", "www bank", "a@b", "bank\uff0eexample", "bank。example"]
)
def test_a_label_that_looks_like_an_address_is_told(label: str) -> None:
    assert names_another_address(label)


@settings(max_examples=400, deadline=None)
@given(HOSTILE | PIECES)
@example("[<!channel>](https://x.example)")
@example("<https://evil.example|https://bank.example>")
def test_nothing_pings_and_no_link_is_disguised(markdown: str) -> None:
    shown = to_slack(markdown)
    assert not PING.search(shown)
    rest = LINK.sub("", shown)
    assert "<" not in rest
    assert not any(names_another_address(label) for _, label in LINK.findall(shown))


@settings(max_examples=200, deadline=None)
@given(HOSTILE | PIECES)
def test_quoted_words_hold_no_markup_that_slack_acts_on(text: str) -> None:
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", escape_slack(text))


@settings(max_examples=300, deadline=None)
@given(PIECES | HOSTILE, st.integers(min_value=300, max_value=600))
def test_no_part_is_too_long_blank_or_torn(markdown: str, limit: int) -> None:
    parts = split(to_slack(markdown * 12), limit)
    assert all(units(part) <= limit and part.strip() for part in parts)
    assert all("<" not in LINK.sub("", part) and not re.search(r"&(?!amp;|lt;|gt;)", part) for part in parts)


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("short", 10, ("short",)),
        ("one two three fourth", 10, ("one", "two", "three", "fourth")),
        ("first paragraph\n\nsecond one", 22, ("first paragraph", "second one")),
        ("😀😀😀😀😀😀", 10, ("😀😀😀", "😀😀😀")),
        ("", 10, ()),
    ],
)
def test_a_long_text_is_cut_where_it_breaks(text: str, limit: int, parts: tuple[str, ...]) -> None:
    assert split(text, limit) == parts


def test_a_fence_is_closed_and_opened_again() -> None:
    code = "```\n" + "\n".join(f"line {number}" for number in range(40)) + "\n```"
    parts = split(code, 120)
    assert len(parts) > 2
    assert all(part.startswith("```\n") and part.endswith("\n```") for part in parts)


LINKS = st.builds(
    "[{}]({}{})".format,
    st.lists(st.sampled_from(["order", "a_b", "[x", "*", "to pay", "😀", "."]), min_size=1, max_size=6).map(" ".join),
    st.sampled_from(["https://shop.example/", "https://shop.example/a/b?c=d&e=f#"]),
    st.text("abcdef0123456789", max_size=40),
)
TEXTS = st.lists(LINKS | st.sampled_from(["word", "two words.", "\n\n", "**bold**", "1 * 2", "a_b"]), max_size=60)


@pytest.mark.parametrize(("draw", "link"), [(to_slack, LINK), (to_discord, DISCORD_LINK)], ids=["Slack", "Discord"])
@settings(max_examples=150, deadline=None)
@given(words=TEXTS, limit=st.integers(min_value=160, max_value=400))
def test_each_link_stays_whole(draw: Callable[[str], str], link: re.Pattern[str], words: list[str], limit: int) -> None:
    shown = draw(" ".join(words))
    parts = split(shown, limit)
    assert [found[0] for part in parts for found in link.finditer(part)] == [found[0] for found in link.finditer(shown)]


@settings(max_examples=150, deadline=None)
@given(text=st.text("ab_*[", max_size=200), limit=st.integers(min_value=20, max_value=60))
def test_what_was_escaped_stays_so_when_it_is_split(text: str, limit: int) -> None:
    parts = split(escape(text), limit)
    assert not [part for part in parts if re.search(r"(?<!\\)(?:\\\\)*\\$", part)]


def test_nothing_is_lost_by_splitting() -> None:
    words = [f"word{number}" for number in range(2_000)]
    assert " ".join(split(" ".join(words), 500)).split() == words


def test_clipping_counts_an_emoji_as_two() -> None:
    assert clip("😀😀😀😀", 5) == "😀😀…"

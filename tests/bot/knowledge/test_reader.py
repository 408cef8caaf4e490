import pytest

from bot.evidence import Article
from bot.knowledge.folder import Listed, RefusedError
from bot.knowledge.reader import Text, decoded, to_article


def listed(path: str = "returns.md") -> Listed:
    return Listed(path, "1", 1_780_000_000.0, 10, f"/knowledge/{path}")


def article(content: str, path: str = "returns.md") -> Article:
    return to_article(decoded(content.encode()), listed(path))


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("---\ntitle: Sending back\n---\n# Returns\n\nText\n", "Sending back"),
        ("# Returns\n\nText\n", "Returns"),
        ("Text\n", "how to return"),
        ("---\ntitle: 2026\n---\nText\n", "2026"),
    ],
    ids=["front matter", "heading", "file name", "a number"],
)
def test_the_title_is_the_first_that_is_stated(content: str, title: str) -> None:
    assert article(content, "how-to_return.md").title == title


@pytest.mark.parametrize(
    ("head", "internal"),
    [
        ("audience: internal", True),
        ("audience: INTERNAL", True),
        ("audience: customers", False),
        ("title: x", False),
        ("", False),
    ],
)
def test_the_audience_is_what_the_front_matter_says(head: str, internal: bool) -> None:
    assert article(f"---\n{head}\n---\nText\n").internal is internal


def test_a_folder_named_internal_keeps_its_files_from_customers() -> None:
    assert article("Text\n", "Internal/refunds.md").internal


@pytest.mark.parametrize(
    "content",
    [
        "---\naudience: intern\n---\nText\n",
        "---\naudience: [internal]\n---\nText\n",
        "---\n- a list\n---\nText\n",
        "---\ntitle: 'unclosed\n---\nText\n",
        "---\ntitle: " + "[" * 50_000 + "\n---\nText\n",
        "---\ntitle: " + "[" * 500 + "\n---\nText\n",
        "---\naudience: internal\nText without an end\n",
        "\n \n",
    ],
    ids=["typo", "not a name", "a list", "not YAML", "too long", "nested", "no end", "blank"],
)
def test_front_matter_that_may_hide_an_audience_is_refused(content: str) -> None:
    with pytest.raises(RefusedError):
        article(content)


@pytest.mark.parametrize("content", ["---\n\nA text that begins with a line.\n", "--- so what\n"])
def test_a_line_at_the_top_is_not_front_matter(content: str) -> None:
    assert not article(content).internal


def test_a_byte_order_mark_and_control_characters_are_dropped() -> None:
    (piece,) = article("\ufeffHello\x00 \u202eworld\n").pieces
    assert piece.text == "Hello world"


def test_text_that_is_not_utf8_is_refused_with_its_place() -> None:
    with pytest.raises(RefusedError, match="byte 2"):
        decoded(b"ab\xff")


def test_what_a_format_states_itself_is_used() -> None:
    made = to_article(Text(markdown="Text", title="  A \n title ", audience="internal"), listed("a.pdf"))
    assert (made.title, made.internal) == ("A title", True)

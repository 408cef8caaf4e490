import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evidence import Article, Piece
from bot.store.knowledge import Entry, Index, IndexChangedError, IndexUnusableError, Scores

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
ANY = '"lamp"'


def article(path: str, *texts: str, title: str = "A page", internal: bool = False) -> tuple[Entry, Article]:
    pieces = tuple(Piece(heading="Part", text=text) for text in texts)
    entry = Entry(path=path, signature="1.2.3", sha256="abc")
    return entry, Article(path=path, title=title, internal=internal, updated_at=AT, pieces=pieces)


@pytest.fixture(params=["memory", "file"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    opened = Index.open(None if request.param == "memory" else tmp_path / "sub" / "index.db")
    yield opened
    opened.close()


def scores(index: Index, *matches: str) -> tuple[Scores, ...]:
    return index.scores(matches, index.contents().edition)


def found(index: Index, match: str = ANY) -> list[str]:
    """The articles whose passages hold it, in the order of storing."""
    (scored,) = scores(index, match)
    read = index.passages(sorted(scored.passages), index.contents().edition)
    return [read[number].article for number in sorted(read)]


def test_a_passage_comes_back_as_it_was_stored(index: Index) -> None:
    index.replace([article("a.md", "A lamp.", title="Lamps")], ())
    (passage,) = index.passages([1], 1).values()
    assert (passage.article, passage.heading, passage.text) == ("a.md", "Part", "A lamp.")
    assert (passage.title, passage.updated_at, passage.internal) == ("Lamps", AT, False)


def test_replacing_an_article_drops_what_it_said(index: Index) -> None:
    index.replace([article("a.md", "A lamp.")], ())
    index.replace([article("a.md", "A chair.")], ())
    assert found(index) == []
    assert found(index, '"chair"') == ["a.md"]


def test_what_is_gone_is_not_found(index: Index) -> None:
    index.replace([article("a.md", "A lamp.", title="Lamps")], ())
    index.replace([], ("a.md",))
    assert scores(index, ANY) == (Scores(passages={}, titles={}),)
    assert (index.contents().places, index.contents().by_stem) == ({}, {})
    assert index.entries() == {}


def test_each_passage_tells_its_article_and_whether_it_is_internal(index: Index) -> None:
    index.replace([article("staff.md", "A lamp.", internal=True), article("a.md", "No lamp.", "Nor chair.")], ())
    assert index.contents().places == {1: (1, True), 2: (2, False), 3: (2, False)}


def test_a_title_is_scored_by_article(index: Index) -> None:
    index.replace([article("lamps.md", "one", "two", title="Lamps"), article("b.md", "x"), article("c.md", "y")], ())
    (scored,) = scores(index, '"lamp"')
    assert list(scored.titles) == [1]


WORDS = st.sampled_from(("lamp", "lamps", "chair", "desk", "light", "oak"))
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=30).map(" ".join), min_size=1, max_size=8)


@given(texts=TEXTS, asked=st.lists(WORDS, min_size=2, max_size=4, unique_by=lambda word: word.rstrip("s")))
def test_the_scores_of_words_add_up_to_that_of_all(texts: list[str], asked: list[str]) -> None:
    index = Index.open(None)
    index.replace([article(f"{number}.md", text, title=text[:20]) for number, text in enumerate(texts)], ())
    matches = [*(f'"{word}"' for word in asked), f'NEAR("{asked[0]}" "{asked[1]}", 4)', f'"{asked[0][:2]}"*']
    together, *each = scores(index, " OR ".join(matches), *matches)
    index.close()
    summed = {number: sum(one.passages.get(number, 0.0) for one in each) for number in together.passages}
    assert summed == pytest.approx(together.passages)
    assert {number for one in each for number in one.passages} == set(together.passages)


@pytest.mark.parametrize("change", ["replaced", "removed"])
def test_an_edition_that_is_over_is_not_read_from(index: Index, change: str) -> None:
    index.replace([article("a.md", "A lamp.")], ())
    edition = index.contents().edition
    index.replace([article("a.md", "A chair.")] if change == "replaced" else [], ("a.md",))
    with pytest.raises(IndexChangedError):
        index.scores([ANY], edition)
    with pytest.raises(IndexChangedError):
        index.passages([1], edition)


def test_stems_are_counted_by_passage(index: Index) -> None:
    index.replace([article("a.md", "lamps lamp", "a lamp", title="")], ())
    contents = index.contents()
    assert (len(contents.places), contents.by_stem["lamp"]) == (2, 2)


def test_a_refused_file_is_remembered_without_passages(index: Index) -> None:
    entry = Entry(path="bad.md", signature="1", sha256="", refusal="is not UTF-8 text")
    index.replace([(entry, None)], ())
    assert index.entries() == {"bad.md": entry}
    assert index.contents().places == {}


def test_a_touched_file_keeps_its_passages_and_gets_a_new_signature(index: Index) -> None:
    entry, page = article("a.md", "A lamp.")
    index.replace([(entry, page)], ())
    index.touch([Entry(path="a.md", signature="new", sha256="abc")])
    assert index.entries()["a.md"].signature == "new"
    assert found(index) == ["a.md"]


def test_a_failed_replacement_leaves_everything_as_it_was(index: Index) -> None:
    index.replace([article("a.md", "A lamp.")], ())
    with pytest.raises(IndexUnusableError):
        index.replace([article("b.md", "A lamp."), article("b.md", "Twice.")], ("a.md",))
    assert found(index) == ["a.md"]


def test_a_broken_query_is_told_apart_from_nothing_found(index: Index) -> None:
    with pytest.raises(IndexUnusableError):
        scores(index, '"unclosed')


def test_an_index_of_an_older_version_is_built_anew(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    index = Index.open(file)
    index.replace([article("a.md", "A lamp.")], ())
    index.close()
    with sqlite3.connect(file) as other:
        other.execute("PRAGMA user_version = 0")
    other.close()
    again = Index.open(file)
    assert again.entries() == {}
    again.replace([article("a.md", "A lamp.")], ())
    assert found(again) == ["a.md"]
    again.close()


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE orders (id INTEGER)")
    other.close()
    with pytest.raises(IndexUnusableError, match="a file of its own"):
        Index.open(file)


def test_closing_twice_is_harmless(index: Index) -> None:
    index.close()
    index.close()

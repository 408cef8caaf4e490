import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.evidence import Article, Piece
from bot.store.knowledge import Entry, Index, IndexUnusableError, Part

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
ANY = [Part(match='"lamp"', weight=1.0)]


def article(path: str, *texts: str, title: str = "A page", internal: bool = False) -> tuple[Entry, Article]:
    pieces = tuple(Piece(heading="Part", text=text) for text in texts)
    entry = Entry(path=path, signature="1.2.3", sha256="abc")
    return entry, Article(path=path, title=title, internal=internal, updated_at=AT, pieces=pieces)


@pytest.fixture(params=["memory", "file"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    opened = Index.open(None if request.param == "memory" else tmp_path / "sub" / "index.db")
    yield opened
    opened.close()


def found(index: Index, parts: list[Part], *, internal: bool = False, limit: int = 10) -> list[str]:
    return [passage.article for passage in index.rank(parts, internal=internal, limit=limit)]


def test_a_passage_comes_back_as_it_was_stored(index: Index) -> None:
    index.replace([article("a.md", "A lamp.", title="Lamps")], ())
    (passage,) = index.rank(ANY, internal=False, limit=10)
    assert (passage.article, passage.heading, passage.text) == ("a.md", "Part", "A lamp.")
    assert (passage.title, passage.updated_at, passage.internal) == ("Lamps", AT, False)


def test_replacing_an_article_drops_what_it_said(index: Index) -> None:
    index.replace([article("a.md", "A lamp.")], ())
    index.replace([article("a.md", "A chair.")], ())
    assert found(index, ANY) == []
    assert found(index, [Part(match='"chair"', weight=1.0)]) == ["a.md"]


def test_what_is_gone_is_not_found(index: Index) -> None:
    index.replace([article("a.md", "A lamp.", title="Lamps")], ())
    index.replace([], ("a.md",))
    assert found(index, [*ANY, Part(match='"lamps"', weight=1.0, titles=True)]) == []
    assert index.counts().by_stem == {}
    assert index.entries() == {}


def test_internal_passages_are_found_only_where_asked_for(index: Index) -> None:
    index.replace([article("staff.md", "A lamp.", internal=True), article("a.md", "No lamp.")], ())
    assert found(index, ANY) == ["a.md"]
    assert sorted(found(index, ANY, internal=True)) == ["a.md", "staff.md"]


def test_parts_add_up_by_their_weights(index: Index) -> None:
    index.replace([article("lamp.md", "lamp"), article("chair.md", "chair"), article("x.md", "x y z")], ())
    for heavy, light in (("lamp", "chair"), ("chair", "lamp")):
        parts = [Part(match=f'"{heavy}"', weight=2.0), Part(match=f'"{light}"', weight=1.0)]
        assert found(index, parts) == [f"{heavy}.md", f"{light}.md"]


def test_a_title_counts_for_every_passage_of_its_page(index: Index) -> None:
    index.replace([article("lamps.md", "one", "two", title="Lamps"), article("b.md", "x", "y", "z")], ())
    assert found(index, [Part(match='"lamp"', weight=1.0, titles=True)]) == ["lamps.md", "lamps.md"]


def test_one_long_page_does_not_hide_the_others(index: Index) -> None:
    index.replace(
        [article("long.md", *["lamp lamp lamp"] * 9), article("b.md", "a lamp and other things"), article("c", "x")], ()
    )
    assert found(index, ANY).count("long.md") == 3
    assert "b.md" in found(index, ANY)


def test_no_more_than_the_limit_are_returned(index: Index) -> None:
    index.replace([article(f"{number}.md", "lamp") for number in range(5)], ())
    assert len(found(index, ANY, limit=2)) == 2


def test_no_part_finds_nothing(index: Index) -> None:
    assert index.rank([], internal=False, limit=10) == ()


def test_stems_are_counted_by_passage(index: Index) -> None:
    index.replace([article("a.md", "lamps lamp", "a lamp", title="")], ())
    counts = index.counts()
    assert (counts.passages, counts.by_stem["lamp"]) == (2, 2)


def test_a_refused_file_is_remembered_without_passages(index: Index) -> None:
    entry = Entry(path="bad.md", signature="1", sha256="", refusal="is not UTF-8 text")
    index.replace([(entry, None)], ())
    assert index.entries() == {"bad.md": entry}
    assert index.counts().passages == 0


def test_a_touched_file_keeps_its_passages_and_gets_a_new_signature(index: Index) -> None:
    entry, page = article("a.md", "A lamp.")
    index.replace([(entry, page)], ())
    index.touch([Entry(path="a.md", signature="new", sha256="abc")])
    assert index.entries()["a.md"].signature == "new"
    assert found(index, ANY) == ["a.md"]


def test_a_failed_replacement_leaves_everything_as_it_was(index: Index) -> None:
    index.replace([article("a.md", "A lamp.")], ())
    with pytest.raises(IndexUnusableError):
        index.replace([article("b.md", "A lamp."), article("b.md", "Twice.")], ("a.md",))
    assert found(index, ANY) == ["a.md"]


def test_a_broken_query_is_told_apart_from_nothing_found(index: Index) -> None:
    with pytest.raises(IndexUnusableError):
        index.rank([Part(match='"unclosed', weight=1.0)], internal=False, limit=10)


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
    assert found(again, ANY) == ["a.md"]
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

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.evidence import Article, Piece
from bot.knowledge import ranking
from bot.knowledge.ranking import Part, Ranking
from bot.store.knowledge import Entry, Index, IndexChangedError

LAMP = Part('"lamp"', 1.0)


def article(path: str, *texts: str, title: str = "A page", internal: bool = False) -> tuple[Entry, Article]:
    pieces = tuple(Piece(heading="Part", text=text) for text in texts)
    page = Article(path=path, title=title, internal=internal, updated_at=datetime.now(UTC), pieces=pieces)
    return Entry(path=path, signature="", sha256=""), page


@pytest.fixture
def index() -> Iterator[Index]:
    opened = Index.open(None)
    yield opened
    opened.close()


def ranked(index: Index, *parts: Part, internal: bool = False, limit: int = 10) -> list[str]:
    best = Ranking(index, index.contents()).best(parts, internal=internal, limit=limit)
    return [passage.article for passage in best]


def test_internal_passages_are_found_only_where_asked_for(index: Index) -> None:
    index.replace([article("staff.md", "A lamp.", internal=True), article("a.md", "No lamp.")], ())
    assert ranked(index, LAMP) == ["a.md"]
    assert sorted(ranked(index, LAMP, internal=True)) == ["a.md", "staff.md"]


def test_parts_add_up_by_their_weights(index: Index) -> None:
    index.replace([article("lamp.md", "lamp"), article("chair.md", "chair"), article("x.md", "x y z")], ())
    for heavy, light in (("lamp", "chair"), ("chair", "lamp")):
        assert ranked(index, Part(f'"{heavy}"', 2.0), Part(f'"{light}"', 1.0)) == [f"{heavy}.md", f"{light}.md"]


def test_a_title_counts_for_every_passage_of_its_page(index: Index) -> None:
    index.replace([article("lamps.md", "one", "two", title="Lamps"), article("b.md", "x", "y", "z")], ())
    assert ranked(index, Part('"lamp"', 1.0, 0.5)) == ["lamps.md", "lamps.md"]


def test_the_same_word_may_count_differently_in_one_ranking(index: Index) -> None:
    pages = [article("lamps.md", "one", title="Lamps"), article("lamp.md", "lamp")]
    index.replace([*pages, article("x.md", "x"), article("y.md", "y")], ())
    rank = Ranking(index, index.contents())
    scores = [rank.best([Part('"lamp"', 1.0, share)], internal=False, limit=1)[0].score for share in (0.0, 1.0, 0.0)]
    assert scores[0] == scores[2] < scores[1]


def test_one_long_page_does_not_hide_the_others(index: Index) -> None:
    long = article("long.md", *["lamp lamp lamp"] * 9)
    index.replace([long, article("b.md", "a lamp and other things"), article("c", "x")], ())
    assert ranked(index, LAMP).count("long.md") == 3
    assert "b.md" in ranked(index, LAMP)


def test_a_second_fitting_passage_brings_a_page_forward(index: Index) -> None:
    pages = [article("one.md", "lamp a", "chair b"), article("two.md", "lamp a", "lamp b")]
    index.replace([*pages, *(article(f"{number}.md", "x") for number in range(5))], ())
    assert ranked(index, LAMP)[0] == "two.md"


def test_of_equals_the_one_read_first_comes_first(index: Index) -> None:
    index.replace([article(f"{number}.md", "lamp") for number in range(5)], ())
    assert ranked(index, LAMP) == [f"{number}.md" for number in range(5)]


def test_no_more_than_the_limit_are_returned(index: Index) -> None:
    index.replace([article(f"{number}.md", "lamp") for number in range(5)], ())
    assert len(ranked(index, LAMP, limit=2)) == 2


def test_no_part_finds_nothing(index: Index) -> None:
    assert ranked(index) == []


@pytest.mark.parametrize("number", range(3))
def test_the_best_are_found_among_many(index: Index, number: int) -> None:
    pages = [article(f"{at}.md", "lamp " + "word " * (40 if at % 50 != number else 1)) for at in range(150)]
    index.replace(pages, ())
    assert ranked(index, LAMP, limit=3) == [f"{number + step}.md" for step in (0, 50, 100)]


def test_what_is_kept_gives_the_same_ranking_again(index: Index) -> None:
    index.replace([article(f"{at}.md", "lamp " + "desk " * at, title=f"Desk {at}") for at in range(20)], ())
    rank = Ranking(index, index.contents())
    parts = [LAMP, Part('"desk"', 0.5, 0.3)]
    assert rank.best(parts, internal=False, limit=9) == rank.best(parts, internal=False, limit=9)


def test_keeping_little_changes_no_ranking(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    index.replace([article(f"{at}.md", "lamp " + "desk " * at, title=f"Desk {at}") for at in range(20)], ())
    parts = [LAMP, Part('"desk"', 0.5, 0.3)]
    expected = Ranking(index, index.contents()).best(parts, internal=False, limit=9)
    monkeypatch.setattr(ranking, "KEPT_SCORES", 1)
    monkeypatch.setattr(ranking, "KEPT_PASSAGES", 0)
    rank = Ranking(index, index.contents())
    assert [rank.best(parts, internal=False, limit=9) for _ in range(2)] == [expected] * 2


def test_a_ranking_of_an_edition_that_is_over_says_nothing_new(index: Index) -> None:
    index.replace([article("a.md", "A lamp.")], ())
    rank = Ranking(index, index.contents())
    index.replace([], ("a.md",))
    with pytest.raises(IndexChangedError):
        rank.best([LAMP], internal=False, limit=9)

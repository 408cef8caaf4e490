from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.evidence import Article, Found, Piece
from bot.knowledge.search import Edition, search
from bot.store.knowledge import Entry, Index

Search = Callable[..., Found]
FOLDER = {
    "returns.md": ("Returning a lamp", "You can send back any lamp within 30 days. The return label is free."),
    "delivery.md": ("Delivery", "A courier delivers parcels within three days. Express delivery takes one day."),
    "aurora.md": ("Aurora floor lamp", "It needs a bulb of nine watts. The cable is two metres long."),
    "borealis.md": ("Borealis desk lamp", "It needs a bulb of five watts. The cable is one metre long."),
    "rechnung.md": ("Rechnungen", "Rechnungen liegen im Kundenkonto. Eine Rechnung kommt auch per Brief."),
    "facture.md": ("Factures", "Les factures se trouvent dans votre compte. La livraison est gratuite."),
    "envio.md": ("Envíos", "Los envíos tardan tres días. Las devoluciones son gratis."),
    "entrega.md": ("Entregas", "As entregas demoram três dias. As devoluções são grátis."),
}


@pytest.fixture(scope="module")
def find() -> Iterator[Search]:
    index = Index.open(None)
    articles = [
        Article(
            path=path, title=title, internal=False, updated_at=datetime.now(UTC), pieces=(Piece(heading="", text=text),)
        )
        for path, (title, text) in FOLDER.items()
    ]
    index.replace([(Entry(path=article.path, signature="", sha256=""), article) for article in articles], ())
    edition = Edition(index)

    def find(question: str, *history: tuple[str, str]) -> Found:
        return search(edition, question, history, internal=False)

    yield find
    index.close()


def first(found: Found) -> str:
    return found.passages[0].article


@pytest.mark.parametrize(
    ("question", "article"),
    [
        ("How do I return a lamp?", "returns.md"),
        ("when will the courier come", "delivery.md"),
        ("Wo finde ich meine Rechnung?", "rechnung.md"),
        ("Wo sind meine Rechnungen?", "rechnung.md"),
        ("Où est ma facture ?", "facture.md"),
        ("¿Cuánto tarda el envío?", "envio.md"),
        ("Quanto tempo demora a entrega?", "entrega.md"),
    ],
)
def test_the_right_page_comes_first(find: Search, question: str, article: str) -> None:
    assert first(find(question)) == article


@pytest.mark.parametrize("question", ["courrier", "courir comes", "expres deliverry"])
def test_typing_errors_are_repaired(find: Search, question: str) -> None:
    found = find(question)
    assert first(found) == "delivery.md"
    assert not all(term.known for term in found.terms)


def test_a_word_that_nobody_knows_is_kept_as_unknown(find: Search) -> None:
    (term,) = find("zeppelin").terms
    assert (term.stem, term.known) == ("zeppelin", False)


def test_an_earlier_turn_tells_which_page_is_meant(find: Search) -> None:
    history = [("customer", "Do you sell the Borealis?"), ("assistant", "Yes, the Borealis desk lamp.")]
    assert first(find("which bulb does it need?", *history)) == "borealis.md"


def test_a_topic_switch_is_followed(find: Search) -> None:
    history = [("customer", "Do you sell the Borealis?"), ("assistant", "Yes.")]
    assert first(find("how long does express delivery take", *history)) == "delivery.md"


def test_words_of_earlier_turns_share_a_budget(find: Search) -> None:
    short = find("which bulb?", ("customer", "Aurora"))
    long = find("which bulb?", ("customer", " ".join(f"word{number}" for number in range(100))))
    assert short.alpha > long.alpha > 0


def test_only_the_last_turns_count(find: Search) -> None:
    history = [("customer", "Aurora"), ("assistant", "Yes?"), ("customer", "Borealis"), ("assistant", "Yes?")]
    assert "aurora" not in {term.stem for term in find("which bulb?", *history).terms}


def test_rare_words_weigh_more_than_common_ones(find: Search) -> None:
    weights = {term.stem: term.weight for term in find("lamp watts courier").terms}
    assert weights["courier"] > weights["lamp"]


def test_at_most_ten_passages_are_found_best_first(find: Search) -> None:
    scores = [passage.score for passage in find("lamp bulb cable days delivery factures envio entregas").passages]
    assert len(scores) <= 10
    assert scores == sorted(scores, reverse=True)


def test_an_empty_index_finds_nothing() -> None:
    index = Index.open(None)
    assert search(Edition(index), "lamp", (), internal=False).passages == ()
    index.close()


HOSTILE = [
    "",
    "   \n\t",
    "\x00",
    '"',
    "' OR 1=1 --",
    'lamp" OR "x',
    "NEAR(lamp courier, 3)",
    "title:lamp AND NOT -x*",
    "lamp*",
    "^lamp {text}: (",
    "<" * 1_000_000,
    "lamp " * 200_000,
    "x" * 1_000_000,
    " ".join(f"w{number}" for number in range(50_000)),
    "灯の返品はどうすればいいですか",
    "مصباح كهربائي",
    "\u202elamp\u202c \u200blamp",
    "\ud800",
    "💡" * 1_000,
]


@pytest.mark.parametrize("question", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_can_be_asked(find: Search, question: str) -> None:
    assert len(find(question, ("customer", question)).passages) <= 10


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.text(max_size=200), before=st.text(max_size=200))
def test_no_text_raises(find: Search, question: str, before: str) -> None:
    assert len(find(question, ("assistant", before)).passages) <= 10


def test_a_number_that_no_article_holds_is_no_part_of_the_question(find: Search) -> None:
    assert find("return the lamp of order LX-4711042").terms == find("return the lamp of order").terms


@pytest.mark.parametrize("question", ["and how fast is express?", "how soon is express?", "wie schnell ist express?"])
def test_how_fast_is_no_word_to_look_for(find: Search, question: str) -> None:
    assert ["express".startswith(term.stem) for term in find(question).terms if term.own] == [True]


def test_how_fast_alone_is_kept(find: Search) -> None:
    assert find("how fast?").terms


def test_a_number_alone_is_kept(find: Search) -> None:
    assert [term.stem for term in find("4711042").terms] == ["4711042"]


def test_half_a_question_counts_the_words_before_it_in_full(find: Search) -> None:
    before = (("customer", "which bulb does Aurora need?"), ("assistant", "It needs a bulb of nine watts."))
    leaning, other = find("what about Borealis?", *before), find("is Borealis cheaper?", *before)
    assert (leaning.alpha, other.alpha) == (1.0, 0.8)


def test_a_page_in_a_third_language_is_left_out(find: Search) -> None:
    assert {passage.article for passage in find("As devoluções são grátis? E as entregas?").passages} == {"entrega.md"}


def test_a_page_in_a_third_language_is_better_than_none(find: Search) -> None:
    assert first(find("what is a kundenkonto")) == "rechnung.md"

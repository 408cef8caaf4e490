from dataclasses import replace

import pytest

from bot.answer import Settings, compose
from bot.conversation import Attempt, Passage, Source
from bot.evidence import Found, Term
from bot.stem import stem

SETTINGS = Settings()
RETURNS = """## Returns
You can send back any lamp within 30 days. The label is free. We pay the money back within five days.

What you need:
- The order number
- The original box

| Country | Days |
| Austria | 4 |
"""


def passage(text: str, *, score: float = 20.0, article: str = "returns.md", heading: str = "Returns") -> Passage:
    return Passage(article=article, heading=heading, text=text, score=score, title="Returning a lamp")


def found(question: str, *passages: Passage, unknown: tuple[str, ...] = (), earlier: tuple[str, ...] = ()) -> Found:
    own = tuple(Term(stem=stem(word), weight=3.0, known=word not in unknown) for word in question.split())
    before = tuple(Term(stem=stem(word), weight=3.0, own=False) for word in earlier)
    return Found(passages=passages, terms=own + before, alpha=0.7 if earlier else 0.0)


def answer(question: str, *passages: Passage, settings: Settings = SETTINGS) -> Attempt:
    return compose(question, found(question, *passages), settings)


def reply(question: str, *passages: Passage) -> str:
    text = answer(question, *passages, settings=Settings(answer_at=0.0)).reply
    assert text is not None
    return text


def test_a_question_that_a_passage_holds_is_answered() -> None:
    attempt = answer("label free", passage(RETURNS))
    assert attempt.grounded
    assert attempt.reply is not None
    assert "The label is free." in attempt.reply


def test_an_answer_names_article_and_heading() -> None:
    assert answer("label free", passage(RETURNS)).sources == (Source(article="returns.md", heading="Returns"),)


def test_the_heading_named_is_the_one_above_the_sentence() -> None:
    attempt = answer("warranty years", passage(f"{RETURNS}\n## Warranty\n\nThe warranty lasts two years.\n"))
    assert attempt.sources[0].heading == "Warranty"


def test_nothing_found_is_no_answer() -> None:
    attempt = answer("label")
    assert (attempt.grounded, attempt.unsure, attempt.reply, attempt.confidence) == (False, False, None, 0.0)
    assert attempt.why_not == "nothing found"


def test_a_poor_find_is_no_answer_but_keeps_its_passages() -> None:
    poor = passage("Something else.", score=0.5)
    attempt = answer("dragon flights", poor)
    assert (attempt.grounded, attempt.unsure, attempt.reply) == (False, False, None)
    assert attempt.passages == (poor,)


def test_between_the_limits_the_nearest_page_is_named_and_nothing_asserted() -> None:
    confidence = answer("label free", passage(RETURNS)).confidence
    attempt = answer("label free", passage(RETURNS), settings=Settings(answer_at=confidence, unsure_at=0.1))
    assert (attempt.grounded, attempt.unsure, attempt.reply) == (False, True, None)
    assert attempt.sources == (Source(article="returns.md", heading="Returns"),)


@pytest.mark.parametrize(
    "weaker",
    [
        found("label free", passage(RETURNS, score=5.0)),
        found("label free", passage(RETURNS), unknown=("free",)),
        found("label free", passage("Nothing of that kind.")),
    ],
    ids=["lower score", "a word never seen", "words not in the passage"],
)
def test_weaker_evidence_gives_less_confidence(weaker: Found) -> None:
    sure = compose("label free", found("label free", passage(RETURNS)), SETTINGS).confidence
    assert compose("label free", weaker, SETTINGS).confidence < sure


def test_words_held_by_one_line_give_more_confidence_than_words_strewn_about() -> None:
    together, apart = (
        passage(text) for text in ("The label is free. Lamps glow.", "The label is there. Lamps are free.")
    )
    one, other = (compose("label free", found("label free", each), SETTINGS).confidence for each in (together, apart))
    assert one > other


def test_passages_of_one_article_give_more_confidence_than_those_of_many() -> None:
    many = [passage("Nothing.", article=f"{number}.md", score=4.0) for number in range(4)]
    one = [replace(each, article="returns.md") for each in many]
    finds = [found("label free", passage(RETURNS), *rest) for rest in (one, many)]
    sure, less = (compose("label free", each, SETTINGS).confidence for each in finds)
    assert sure > less


def test_a_page_that_the_conversation_named_gives_more_confidence() -> None:
    named = found("label", passage(RETURNS), earlier=("lamp", "desk"))
    strange = found("label", passage(RETURNS), earlier=("sofa", "desk"))
    assert compose("label?", named, SETTINGS).confidence > compose("label?", strange, SETTINGS).confidence


def test_chance_fits_more_often_in_a_large_folder() -> None:
    small = replace(found("label free", passage(RETURNS)), among=1_000)
    large = replace(small, among=2_000)
    assert compose("label free", large, SETTINGS).confidence < compose("label free", small, SETTINGS).confidence


@pytest.mark.parametrize(("number", "tells"), [("409", True), ("x200", True), ("1998", False), ("42", False)])
def test_a_number_that_was_asked_about_gives_more_confidence_unless_it_is_a_year(number: str, tells: bool) -> None:
    def confidence(word: str) -> float:
        page = passage(f"Lamp error {word} means a loose wire.", score=4.0)
        return answer(f"lamp {word}", page).confidence

    assert (confidence(number) > confidence("lorem")) is tells


def test_a_number_that_stands_alone_in_its_line_tells_nothing() -> None:
    beside, alone = passage("The lamp 409 is red.", score=4.0), passage("The lamp is red. 409 is on it.", score=4.0)
    assert answer("lamp 409", beside).confidence > answer("lamp 409", alone).confidence


@pytest.mark.parametrize(("one", "other"), [(1, 1_000), (2_000, 100_000)])
def test_nothing_is_concluded_from_a_size_that_was_never_measured(one: int, other: int) -> None:
    finds = [replace(found("label free", passage(RETURNS)), among=among) for among in (one, other)]
    assert len({compose("label free", each, SETTINGS).confidence for each in finds}) == 1


def test_a_question_for_a_price_prefers_a_line_with_one() -> None:
    page = passage("A lamp may come back within 30 days. A lamp may come back for 4 euros.")
    narrow = Settings(answer_at=0.0, max_characters=40)
    terms = tuple(Term(stem=stem(word), weight=3.0) for word in ("lamp", "back"))
    attempt = compose("what does it cost to send a lamp back", Found(passages=(page,), terms=terms), narrow)
    assert attempt.reply == "A lamp may come back for 4 euros."


def test_confidence_runs_from_zero_to_one() -> None:
    endless = found("label", passage(RETURNS, score=1e9))
    assert 0.0 < compose("label", endless, SETTINGS).confidence < 1.0


def test_a_reply_holds_whole_sentences_up_to_its_limit() -> None:
    long = " ".join(f"The label number {number} is free for everybody who asks." for number in range(60))
    text = reply("label free", passage(long))
    assert len(text) <= SETTINGS.max_characters
    assert text.endswith("asks.")


def test_a_sentence_longer_than_the_limit_is_never_cut() -> None:
    assert "label" not in (answer("label free", passage("label free " * 100)).reply or "")


def test_headings_are_not_repeated() -> None:
    assert "#" not in reply("label free", passage(RETURNS))


def test_list_items_keep_their_lines() -> None:
    assert "\n- The order number\n- The original box" in reply("order number original box need", passage(RETURNS))


def test_table_rows_keep_their_lines() -> None:
    assert "| Austria | 4 |" in reply("austria days", passage(RETURNS)).splitlines()


def test_sentences_stand_in_the_order_of_the_page() -> None:
    text = reply("money back label free", passage(RETURNS))
    assert text.index("label") < text.index("money")


def test_the_section_with_the_best_line_is_quoted_first() -> None:
    page = passage("## Lamps\nLamps can be sent back.\n\n## Shades\nShades of lamps can be sent back broken.\n")
    assert reply("shades back broken", page).startswith("Shades of lamps")


def test_a_question_for_an_amount_prefers_a_line_with_a_number() -> None:
    page = passage("Lamps can come back to us. Lamps can come back for 30 days.")
    narrow = Settings(answer_at=0.0, max_characters=40)
    question = "how long lamps back"
    terms = tuple(Term(stem=stem(word), weight=3.0) for word in ("lamps", "back"))
    attempt = compose(question, Found(passages=(page,), terms=terms), narrow)
    assert attempt.reply == "Lamps can come back for 30 days."


def test_a_line_that_only_asks_is_quoted_last() -> None:
    page = passage("Is the label free for me? Yes, the label is free.")
    terms = tuple(Term(stem=stem(word), weight=3.0) for word in ("label", "free"))
    narrow = Settings(answer_at=0.0, max_characters=30)
    assert compose("label free", Found(passages=(page,), terms=terms), narrow).reply == "Yes, the label is free."


def test_the_number_of_a_list_item_is_no_amount() -> None:
    page = passage("1. Lamps come back to us\n- Lamps come back 30 days long")
    terms = tuple(Term(stem=stem(word), weight=3.0) for word in ("lamps", "back"))
    narrow = Settings(answer_at=0.0, max_characters=35)
    assert compose("how long lamps back", Found(passages=(page,), terms=terms), narrow).reply == (
        "- Lamps come back 30 days long"
    )


def test_what_two_passages_share_is_said_once() -> None:
    text = reply("label free", passage("The label is free."), passage("The label is free. It comes by mail."))
    assert text.count("The label is free.") == 1


def test_earlier_turns_help_to_choose() -> None:
    page = passage("The desk costs 90 euros.\n\nThe sofa costs 400 euros.")
    narrow = Settings(answer_at=0.0, max_characters=30)
    attempt = compose("costs", found("costs", page, earlier=("sofa",)), narrow)
    assert attempt.reply == "The sofa costs 400 euros."


def test_a_prefix_term_holds_words_that_begin_with_it() -> None:
    page = passage("Die Rechnungen liegen im Konto. Der Versand ist kostenlos.")
    terms = (Term(stem="rechn", weight=3.0, prefix=True),)
    narrow = Settings(answer_at=0.0, max_characters=40)
    assert compose("Rechnung", Found(passages=(page,), terms=terms), narrow).reply == "Die Rechnungen liegen im Konto."


def test_marks_of_markdown_are_not_shown_in_sentences() -> None:
    assert reply("label free", passage("The **label** is free.")) == "The label is free."


def test_terms_without_weight_are_no_evidence() -> None:
    empty = replace(found("", passage(RETURNS)), terms=())
    assert compose("", empty, SETTINGS).confidence == 0.0


def test_steps_of_a_list_are_quoted_together() -> None:
    steps = "1. Open the orders page.\n2. Choose the parcel to return.\n3. Print the label."
    assert steps in reply("How do I return a parcel?", passage(steps))


def test_a_list_too_long_for_the_room_is_quoted_by_the_step() -> None:
    steps = "\n".join(f"{number}. Return the parcel {'and wait ' * 12}" for number in range(1, 9))
    assert 1 < reply("How do I return a parcel?", passage(steps)).count("Return the parcel") < 8


def test_a_row_of_a_table_comes_with_its_head() -> None:
    table = "| Country | Price |\n| Canada | 5 dollars to return |\n| Norway | 9 dollars |"
    quoted = reply("What does a return from Canada cost?", passage(table))
    assert quoted.startswith("| Country | Price |\n| Canada | 5 dollars to return |")


def test_the_head_of_a_table_is_not_quoted_alone() -> None:
    head = passage("A parcel can be sent back.\n| Parcel | Price |")
    assert "| Parcel | Price |" not in reply("Can a parcel be sent back?", head)


@pytest.mark.parametrize(
    ("question", "earlier", "grounded"),
    [
        ("Friday", (), False),
        ("Friday", ("parcel",), False),
        ("Friday?", ("parcel",), True),
        ("returns", (), True),
    ],
    ids=["bare word", "bare word in a conversation", "a question in a conversation", "a word an article is about"],
)
def test_a_bare_word_is_answered_only_from_an_article_about_it(
    question: str, earlier: tuple[str, ...], grounded: bool
) -> None:
    text = passage("Returns of a parcel are collected on Friday.")
    assert compose(question, found(question, text, earlier=earlier), SETTINGS).grounded is grounded

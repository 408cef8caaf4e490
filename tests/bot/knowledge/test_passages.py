from bot.knowledge.passages import OVERLAP, WORDS, cut, first_heading


def test_small_sections_share_a_passage_and_keep_their_headings() -> None:
    (piece,) = cut("# Help\n\n## Returns\n\nWithin 30 days.\n\n## Parcels\n\nBy courier.\n", "Help")
    assert piece.heading == "Returns"
    assert piece.text == "## Returns\n\nWithin 30 days.\n\n## Parcels\n\nBy courier."


def test_the_page_title_is_not_repeated_in_its_text() -> None:
    (piece,) = cut("# Help\n\nWrite to us.\n", "Help")
    assert piece.text == "Write to us."


def test_a_long_text_is_cut_into_passages_that_overlap() -> None:
    pieces = cut(" ".join(f"Sentence number {at} ends here." for at in range(200)), "")
    assert len(pieces) > 3
    assert all(len(piece.text.split()) <= WORDS for piece in pieces)
    first, second = (set(piece.text.split(". ")) for piece in pieces[:2])
    assert 0 < len(" ".join(first & second).split()) <= OVERLAP


def test_no_passage_of_prose_ends_within_a_sentence() -> None:
    pieces = cut(" ".join(f"Sentence number {at} ends here." for at in range(200)), "")
    assert all(piece.text.endswith("here.") for piece in pieces)


def test_list_items_and_table_rows_stay_lines() -> None:
    (piece,) = cut("You need:\n\n- a box\n- a label\n\n| Land | Days |\n|---|---|\n| AT | 4 |\n", "")
    assert piece.text == "You need:\n- a box\n- a label\n| Land | Days |\n| AT | 4 |"


def test_wrapped_lines_become_one_sentence() -> None:
    (piece,) = cut("A line that is long enough to have been wrapped by an\neditor goes on here.\n", "")
    assert piece.text == "A line that is long enough to have been wrapped by an editor goes on here."


def test_underlined_headings_are_headings() -> None:
    (piece,) = cut("Returns\n-------\n\nWithin 30 days.\n", "")
    assert piece.heading == "Returns"


def test_headings_without_a_text_are_no_passage() -> None:
    assert cut("# One\n\n## Two\n", "") == ()


def test_the_first_heading_is_found_anywhere() -> None:
    assert first_heading("Hello\n\n## Terms ##\n") == "Terms"
    assert first_heading("Hello") == ""


def test_a_sentence_without_an_end_is_cut() -> None:
    assert all(len(piece.text.split()) <= WORDS for piece in cut("word " * 5_000, ""))


def test_hostile_text_is_cut_to_its_end() -> None:
    nested = "".join(f"{'  ' * (depth % 50)}- item {depth}\n" for depth in range(20_000))
    pieces = cut(nested + "#" * 100_000 + "[" * 100_000 + " end", "")
    assert "item 19999" in pieces[-2].text + pieces[-1].text
    assert pieces[-1].text.endswith("end")

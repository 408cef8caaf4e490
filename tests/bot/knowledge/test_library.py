import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.knowledge import Changes, Knowledge, KnowledgeError, Settings, Skipped

REFUNDS = "# Refunds\n\nA refund reaches your card within five working days.\n"
PARCELS = "# Parcels\n\nWe ship every parcel with the Blue Heron courier.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "knowledge"
    place.mkdir()
    (place / "refunds.md").write_text(REFUNDS)
    return place


@pytest.fixture
def knowledge(folder: Path) -> Iterator[Knowledge]:
    opened = Knowledge.open(folder, database=None, settings=Settings())
    yield opened
    opened.close()


def articles(knowledge: Knowledge, question: str, *, internal: bool = False) -> list[str]:
    return [passage.article for passage in knowledge.search(question, (), internal=internal).passages]


def test_opening_reports_the_articles_that_it_read(knowledge: Knowledge) -> None:
    assert knowledge.opening.added == ("refunds.md",)


def test_an_unchanged_folder_changes_nothing(knowledge: Knowledge) -> None:
    knowledge.refresh()
    assert not knowledge.refresh()


def test_a_new_file_is_found(knowledge: Knowledge, folder: Path) -> None:
    (folder / "parcels.md").write_text(PARCELS)
    assert knowledge.refresh().added == ("parcels.md",)
    assert articles(knowledge, "which courier?") == ["parcels.md"]


def test_a_changed_fact_replaces_the_old_one(knowledge: Knowledge, folder: Path) -> None:
    (folder / "refunds.md").write_text(REFUNDS.replace("five", "twelve"))
    assert knowledge.refresh().changed == ("refunds.md",)
    assert articles(knowledge, "five") == []
    assert articles(knowledge, "twelve") == ["refunds.md"]


def test_a_change_of_the_same_length_within_one_tick_is_seen(knowledge: Knowledge, folder: Path) -> None:
    file = folder / "refunds.md"
    file.write_text(REFUNDS.replace("five", "nine"))
    knowledge.refresh()
    times = file.stat()
    with file.open("r+") as opened:
        opened.write(REFUNDS.replace("five", "four"))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    knowledge.refresh()
    assert articles(knowledge, "four") == ["refunds.md"]


def test_a_deleted_article_is_never_found_again(knowledge: Knowledge, folder: Path) -> None:
    (folder / "refunds.md").unlink()
    assert knowledge.refresh().removed == ("refunds.md",)
    assert articles(knowledge, "refund") == []


def test_a_vanished_folder_leaves_nothing_to_say(knowledge: Knowledge, folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    knowledge.refresh()
    assert articles(knowledge, "refund") == []


def test_a_folder_that_comes_back_is_read_again(knowledge: Knowledge, folder: Path) -> None:
    away = folder.rename(folder.with_name("elsewhere"))
    knowledge.refresh()
    away.rename(folder)
    knowledge.refresh()
    assert articles(knowledge, "refund") == ["refunds.md"]


def test_an_article_that_can_no_longer_be_read_loses_its_passages(knowledge: Knowledge, folder: Path) -> None:
    (folder / "refunds.md").write_bytes(b"\xff\xfe refund")
    changes = knowledge.refresh()
    assert [each.article for each in changes.skipped] == ["refunds.md"]
    assert articles(knowledge, "refund") == []


def test_a_skipped_article_is_told_once(knowledge: Knowledge, folder: Path) -> None:
    (folder / "broken.md").write_bytes(b"\xff\xff")
    os.utime(folder / "broken.md", (1, 1))
    reasons = [knowledge.refresh().skipped for _ in range(3)]
    assert sum(len(skipped) for skipped in reasons) == 1


def test_a_skipped_article_is_searched_once_it_is_mended(knowledge: Knowledge, folder: Path) -> None:
    (folder / "parcels.md").write_bytes(b"\xff\xff")
    knowledge.refresh()
    (folder / "parcels.md").write_text(PARCELS)
    assert knowledge.refresh().added == ("parcels.md",)
    assert knowledge.skipped == ()


def test_internal_pages_are_kept_from_customers(knowledge: Knowledge, folder: Path) -> None:
    (folder / "staff.md").write_text(
        "---\naudience: internal\n---\n# Goodwill\n\nOffer a goodwill voucher of 20 euros.\n"
    )
    knowledge.refresh()
    assert articles(knowledge, "goodwill voucher") == []
    assert articles(knowledge, "goodwill voucher", internal=True) == ["staff.md"]


def test_a_page_made_internal_is_kept_from_customers_at_once(knowledge: Knowledge, folder: Path) -> None:
    (folder / "refunds.md").write_text(f"---\naudience: internal\n---\n{REFUNDS}")
    knowledge.refresh()
    assert articles(knowledge, "refund") == []


@pytest.mark.parametrize("name", ["nowhere", "refunds.md"])
def test_a_folder_that_is_not_one_is_refused_with_its_path(folder: Path, name: str) -> None:
    wrong = folder / name
    with pytest.raises(KnowledgeError, match=name):
        Knowledge.open(wrong, database=None, settings=Settings())


def test_a_folder_without_articles_is_refused_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"put \.md files into it"):
        Knowledge.open(tmp_path, database=None, settings=Settings())


def test_an_unchanged_file_is_not_indexed_again_at_the_next_start(folder: Path, tmp_path: Path) -> None:
    database = tmp_path / "index.db"
    os.utime(folder / "refunds.md", (1_000_000_000, 1_000_000_000))
    Knowledge.open(folder, database=database, settings=Settings()).close()
    again = Knowledge.open(folder, database=database, settings=Settings())
    assert again.opening == Changes()
    assert articles(again, "refund") == ["refunds.md"]
    again.close()


def test_what_was_deleted_while_the_bot_was_off_is_not_found_at_the_next_start(folder: Path, tmp_path: Path) -> None:
    (folder / "parcels.md").write_text(PARCELS)
    Knowledge.open(folder, database=tmp_path / "index.db", settings=Settings()).close()
    (folder / "parcels.md").unlink()
    again = Knowledge.open(folder, database=tmp_path / "index.db", settings=Settings())
    assert articles(again, "courier") == []
    again.close()


@pytest.mark.parametrize("content", [b"not a database " * 100, b""], ids=["garbage", "empty file"])
def test_an_unusable_index_file_never_stops_the_start(folder: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "index.db").write_bytes(content)
    opened = Knowledge.open(folder, database=tmp_path / "index.db", settings=Settings())
    assert articles(opened, "refund") == ["refunds.md"]
    opened.close()


def test_a_database_of_something_else_is_left_alone(folder: Path, tmp_path: Path) -> None:
    database = tmp_path / "shop.db"
    with sqlite3.connect(database) as shop:
        shop.execute("CREATE TABLE orders (id INTEGER)")
    shop.close()
    Knowledge.open(folder, database=database, settings=Settings()).close()
    with sqlite3.connect(database) as shop:
        assert shop.execute("SELECT name FROM sqlite_master").fetchall() == [("orders",)]
    shop.close()


def test_an_index_that_breaks_while_running_is_rebuilt_in_memory(folder: Path, tmp_path: Path) -> None:
    database = tmp_path / "index.db"
    opened = Knowledge.open(folder, database=database, settings=Settings())
    with sqlite3.connect(database) as other:
        other.execute("DROP TABLE passage")
    other.close()
    (folder / "parcels.md").write_text(PARCELS)
    opened.refresh()
    assert articles(opened, "courier") == ["parcels.md"]
    assert articles(opened, "refund") == ["refunds.md"]
    opened.close()


def test_a_file_over_the_limit_is_refused_unread(folder: Path) -> None:
    with (folder / "lists.md").open("wb") as file:
        file.truncate(10_000_000_000)  # sparse: costs no disk, and must cost no memory
    opened = Knowledge.open(folder, database=None, settings=Settings())
    (skipped,) = opened.skipped
    assert "max_file_bytes" in skipped.reason
    opened.close()


def test_hostile_files_are_skipped_with_a_line_each_and_stop_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("# Secret\n\nThe vault code is 4711.\n")
    (folder / "leak.md").symlink_to(tmp_path / "secret.md")
    (folder / "gone.md").symlink_to(tmp_path / "nothing.md")
    (folder / "zero.txt").symlink_to("/dev/zero")
    (folder / "linked").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.md")
    (folder / "latin.txt").write_bytes("Rückgabe".encode("latin-1"))
    (folder / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0")
    (folder / "deep.md").write_text("---\ntitle: " + "[" * 4_000 + "\n---\nText\n")
    (folder / "typo.md").write_text("---\naudience: intenral\n---\nText\n")
    (folder / "open.md").write_text("---\naudience: internal\n\nText without an end of its front matter\n")
    (folder / "blank.md").write_text("\n\n\n")
    opened = Knowledge.open(folder, database=None, settings=Settings())
    names = {"leak.md", "gone.md", "zero.txt", "linked", "pipe.md", "latin.txt", "old.doc", "deep.md", "typo.md"}
    assert names | {"open.md", "blank.md"} == {each.article for each in opened.skipped}
    assert articles(opened, "vault code refund") == ["refunds.md"]
    opened.close()


def test_a_link_inside_the_folder_is_followed(knowledge: Knowledge, folder: Path) -> None:
    (folder / "..data").mkdir()
    (folder / "..data" / "parcels.md").write_text(PARCELS)
    (folder / "parcels.md").symlink_to(folder / "..data" / "parcels.md")
    knowledge.refresh()
    assert articles(knowledge, "courier") == ["parcels.md"]


def test_pictures_and_hidden_files_are_passed_over_in_silence(knowledge: Knowledge, folder: Path) -> None:
    (folder / "logo.png").write_bytes(b"\x89PNG")
    (folder / ".draft.md").write_text(PARCELS)
    knowledge.refresh()
    assert knowledge.skipped == ()


def test_one_reason_is_given_for_a_skipped_article(knowledge: Knowledge, folder: Path) -> None:
    (folder / "latin.txt").write_bytes("Rückgabe".encode("latin-1"))
    expected = Skipped(article="latin.txt", reason="is not UTF-8 text (byte 1): save it as UTF-8")
    assert knowledge.refresh().skipped == (expected,)


def test_searching_goes_on_while_the_folder_is_taken_over(folder: Path, tmp_path: Path) -> None:
    opened = Knowledge.open(folder, database=tmp_path / "index.db", settings=Settings())
    stop = threading.Event()

    def keep_changing() -> None:
        for number in range(40):
            (folder / "refunds.md").write_text(f"{REFUNDS}\nEdition {number}.\n")
            opened.refresh()
        stop.set()

    writer = threading.Thread(target=keep_changing)
    writer.start()
    counts = set()
    while not stop.is_set():
        counts.add(len(opened.search("refund working days", ()).passages))
    writer.join()
    opened.close()
    assert counts == {1}


def test_a_look_after_closing_changes_nothing(folder: Path) -> None:
    opened = Knowledge.open(folder, database=None, settings=Settings())
    opened.close()
    (folder / "parcels.md").write_text(PARCELS)
    assert opened.refresh() == Changes()
    opened.close()


def test_a_search_during_a_look_says_nothing_that_is_gone(folder: Path, tmp_path: Path) -> None:
    (folder / "parcels.md").write_text(PARCELS)
    searching = Knowledge.open(folder, database=tmp_path / "index.db", settings=Settings())
    looking = Knowledge.open(folder, database=tmp_path / "index.db", settings=Settings())
    (folder / "parcels.md").unlink()
    looking.refresh()
    assert articles(searching, "courier") == []
    assert articles(searching, "refund") == ["refunds.md"]
    looking.close()
    searching.close()


def test_searching_a_closed_index_tells_that_it_cannot_be_used(folder: Path) -> None:
    opened = Knowledge.open(folder, database=None, settings=Settings())
    opened.close()
    with pytest.raises(KnowledgeError, match="cannot be used"):
        opened.search("refund", ())

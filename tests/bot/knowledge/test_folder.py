import os
from pathlib import Path

import pytest

from bot.knowledge.folder import Listed, RefusedError, list_articles, read_bytes


def only(root: Path) -> Listed:
    (listed,) = list_articles(root)
    return listed


def test_files_of_sub_folders_are_listed_by_their_path(tmp_path: Path) -> None:
    (tmp_path / "billing").mkdir()
    (tmp_path / "billing" / "refunds.md").write_text("x")
    (tmp_path / "a.txt").write_text("x")
    assert [listed.path for listed in list_articles(tmp_path)] == ["a.txt", "billing/refunds.md"]


def test_endless_folders_are_not_followed(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(20):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "lost.md").write_text("x")
    assert "folders deep" in only(tmp_path).refusal


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to(tmp_path / "a.md")
    assert "cannot be read" in only(tmp_path).refusal


def test_a_name_with_control_characters_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m.md").write_text("x")
    assert "unprintable" in only(tmp_path).refusal


def test_a_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("12345")
    assert read_bytes(only(tmp_path), 5) == b"12345"
    with pytest.raises(RefusedError, match="over the limit"):
        read_bytes(only(tmp_path), 4)


def test_a_file_that_grew_after_it_was_listed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("1")
    listed = only(tmp_path)
    (tmp_path / "a.md").write_text("12345")
    with pytest.raises(RefusedError, match="over the limit"):
        read_bytes(listed, 4)


def test_a_file_that_became_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("1")
    listed = only(tmp_path)
    (tmp_path / "a.md").unlink()
    (tmp_path / "a.md").symlink_to("/etc/hostname")
    with pytest.raises(RefusedError, match="cannot be read"):
        read_bytes(listed, 100)


def test_a_file_that_became_a_pipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("1")
    listed = only(tmp_path)
    (tmp_path / "a.md").unlink()
    os.mkfifo(tmp_path / "a.md")
    with pytest.raises(RefusedError, match="not a regular file"):
        read_bytes(listed, 100)

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import Address, Change
from channels.discord.audience import Rules, Verdict, address_of, judge
from channels.discord.events import Spot, Words
from channels.discord.places import Place, Places, bookmark, to_place

HELP, FORUM, DESK, OTHER = 1, 2, 3, 4
MARA, NOAH, ANNA = 100, 101, 102
RULES = Rules(rooms=frozenset({HELP, FORUM}), desks=frozenset({DESK}), staff=frozenset({"agents"}))
BY_PERMISSION = replace(RULES, staff=frozenset())

ROOM, THREAD = Spot(room=HELP), Spot(room=HELP, thread=50)
POST, DIRECT = Spot(room=FORUM, thread=50, forum=True), Spot(room=70, direct=True)
ELSEWHERE, AT_DESK, IN_DESK = Spot(room=OTHER), Spot(room=DESK, thread=50), Spot(room=DESK)

MARAS, STAFFED = Place(asker=MARA, read=50), Place(asker=MARA, read=50, staffed=True)
HEAR, STAFF, SKIP = Verdict.HEAR, Verdict.STAFF, Verdict.SKIP


def said(by: int = MARA, **others: object) -> Words:
    words = Words(id=60, channel=50, author=by, at=datetime(2026, 1, 12, tzinfo=UTC), key="60", roles=())
    return replace(words, **others)  # type: ignore[arg-type] # any of its fields


CALL: dict[str, Any] = {"mentions_us": True}
AGENT: dict[str, Any] = {"by": ANNA, "roles": ("agents",)}
EDIT: dict[str, Any] = {"change": Change.EDITED}
GONE: dict[str, Any] = {"change": Change.DELETED}


@pytest.mark.parametrize(
    ("words", "spot", "place", "verdict"),
    [
        (said(), ROOM, None, HEAR),
        (said(), ELSEWHERE, None, SKIP),
        (said(**CALL), ELSEWHERE, None, HEAR),
        (said(), DIRECT, None, HEAR),
        (said(id=50), POST, None, HEAR),
        (said(), POST, None, SKIP),
        (said(), THREAD, None, SKIP),
        (said(**CALL), THREAD, None, HEAR),
        (said(), THREAD, MARAS, HEAR),
        (said(NOAH), THREAD, MARAS, SKIP),
        (said(NOAH, **CALL), THREAD, MARAS, HEAR),
        (said(**AGENT), THREAD, MARAS, STAFF),
        (said(**AGENT, **CALL), THREAD, MARAS, HEAR),
        (said(), THREAD, STAFFED, SKIP),
        (said(**CALL), THREAD, STAFFED, HEAR),
        (said(**AGENT), ROOM, None, SKIP),
        (said(**AGENT, **CALL), ROOM, None, HEAR),
        (said(**EDIT), THREAD, MARAS, HEAR),
        (said(NOAH, **EDIT), THREAD, MARAS, SKIP),
        (said(**EDIT), THREAD, None, SKIP),
        (said(0, **GONE), THREAD, MARAS, HEAR),
        (said(NOAH, **GONE), THREAD, MARAS, SKIP),
        (said(**EDIT), DIRECT, None, HEAR),
        (said(), AT_DESK, None, HEAR),
        (said(**EDIT), AT_DESK, None, HEAR),
        (said(), IN_DESK, None, SKIP),
        (said(channel=90), ELSEWHERE, Place(asker=MARA, moved=90), HEAR),
        (said(NOAH, channel=90), ELSEWHERE, Place(asker=MARA, moved=90), SKIP),
    ],
)
def test_who_is_heard_where(words: Words, spot: Spot, place: Place | None, verdict: Verdict) -> None:
    assert judge(words, spot, place, RULES) is verdict


def test_where_no_staff_is_named_the_right_to_delete_decides() -> None:
    assert judge(said(ANNA, moderates=True), THREAD, MARAS, BY_PERMISSION) is STAFF
    assert judge(said(ANNA, moderates=False), THREAD, MARAS, BY_PERMISSION) is SKIP


def test_a_moderators_own_question_is_a_question() -> None:
    assert judge(said(ANNA, moderates=True), ROOM, None, BY_PERMISSION) is HEAR


@pytest.mark.parametrize(
    ("words", "spot", "thread"),
    [
        (said(), ROOM, "60"),
        (said(), THREAD, "50"),
        (said(), DIRECT, ""),
        (said(answers=40), ROOM, "40"),
        (said(NOAH, answers=40), ROOM, "60"),
        (said(answers=41), ROOM, "60"),
    ],
    ids=["question", "thread", "direct", "own question", "somebody's question", "unknown"],
)
def test_words_belong_to_their_conversation(words: Words, spot: Spot, thread: str) -> None:
    places = Places()
    places.put(Address(channel="discord", room=str(HELP), thread="40"), MARAS)
    assert address_of(words, spot, places.get).thread == thread


def test_a_place_is_kept_and_read_again() -> None:
    place = Place(asker=MARA, read=7, staffed=True, moved=9)
    kept = bookmark(Address(channel="discord", room="1", thread="2"), place)
    assert (kept.place, to_place(kept.position)) == ("discord/1/2", place)


@pytest.mark.parametrize("position", ["", "7", "{", "[]", '{"unknown": 1}', "null"])
def test_a_bookmark_that_cannot_be_read_is_an_empty_place(position: str) -> None:
    assert to_place(position) == Place()


def test_what_is_known_is_newer_than_what_was_kept() -> None:
    address = Address(channel="discord", room="1", thread="2")
    places = Places()
    places.put(address, Place(asker=MARA, read=9))
    places.load({"discord/1/2": '{"asker": 1, "read": 3}', "room:1": "5", "read to": "x", "discord/1": '{"asker": 2}'})
    assert places.get(address) == Place(asker=MARA, read=9)
    assert places.get(Address(channel="discord", room="1")) == Place(asker=2)
    assert places.rooms == {1: 5}

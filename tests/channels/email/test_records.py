"""What is kept stays bounded, and what is needed stays."""

from datetime import UTC, datetime

from channels.base import Address
from channels.email.records import SPARE_THREADS, Records
from channels.email.settings import Caps
from channels.email.threads import Thread
from tests.channels.email.desk import House

NOW = datetime(2026, 1, 12, 10, 0, tzinfo=UTC)
BOX = "help@example.test"
MOST = 10


def records(house: House) -> Records:
    return Records(house.host(), Caps(), clock=lambda: NOW, most=MOST)


def thread(number: int) -> Thread:
    return Thread(mailbox=BOX, key=f"{number:016x}", root=f"{number:016x}", to="a@b.test", at=float(number))


def kept_threads(house: House) -> list[int]:
    return sorted(int(place.rpartition("/")[2], 16) for place in house.marks if place.startswith("email/"))


async def test_the_conversations_that_rest_longest_are_let_go() -> None:
    house = House()
    one = records(house)
    kept = await one.open()
    for number in range(MOST + SPARE_THREADS + 1):
        kept.book.put(thread(number))
    await one.keep_threads([thread(number) for number in range(MOST + SPARE_THREADS + 1)])
    assert (len(kept.book), kept_threads(house)) == (MOST, list(range(SPARE_THREADS + 1, MOST + SPARE_THREADS + 1)))


async def test_a_conversation_that_somebody_works_on_is_never_let_go() -> None:
    house = House()
    house.open = (Address(channel="email", room=BOX, thread=f"{0:016x}"),)
    for number in range(MOST + 5):
        house.marks[str(thread(number).address)] = thread(number).bookmark().position
    kept = await records(house).open()
    assert kept.book.get(BOX, f"{0:016x}") is not None
    assert kept_threads(house) == [0, *range(5, MOST + 5)]


async def test_the_ids_of_a_conversation_that_was_let_go_are_forgotten_with_it() -> None:
    house = House()
    one = records(house)
    kept = await one.open()
    kept.book.put(kept.book.with_mail(thread(0), message_id="x@y.test", references=(), people=()))
    for number in range(1, MOST + 1):
        kept.book.put(thread(number))
    kept.book.let_go(MOST, frozenset())
    assert kept.book.referred(BOX, ["x@y.test"], [], "") is None


async def test_counts_are_kept_for_a_day() -> None:
    house = House()
    old, new = NOW.timestamp() - 90_000, NOW.timestamp() - 80_000
    house.marks |= {"signing": b"x".hex(), "sent to old": f"[{old}]", "sent to new": f"[{old}, {new}]"}
    await records(house).open()
    assert sorted(place for place in house.marks if place.startswith("sent")) == ["sent to new"]


async def test_a_secret_is_made_once() -> None:
    house = House()
    first = (await records(house).open()).signer.digest("x")
    assert first == (await records(house).open()).signer.digest("x")

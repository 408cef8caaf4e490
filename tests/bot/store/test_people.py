import csv
import io
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.conversation import Account
from bot.store import Imported, Refused, Store
from channels.base import Person
from tests.bot.store.examples import ANN

ROWS = """\
id,name,email,Plan,slack_id,Since
c1,Ann Archer,Ann@Example.org,Gold,U1,2021
c2,Ben Baker,,,U2,
"""
GOLD = Account(id="c1", name="Ann Archer", email="Ann@Example.org", fields=(("Plan", "Gold"), ("Since", "2021")))


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


async def test_import_counts_what_it_added(store: Store) -> None:
    assert await store.import_customers(_rows(ROWS)) == Imported(added=2, changed=0, unchanged=0, refused=())


async def test_second_import_of_a_file_changes_nothing(store: Store) -> None:
    await store.import_customers(_rows(ROWS))
    assert await store.import_customers(_rows(ROWS)) == Imported(added=0, changed=0, unchanged=2, refused=())


async def test_same_id_again_is_an_update(store: Store) -> None:
    await store.import_customers(_rows(ROWS))
    imported = await store.import_customers(_rows("id,name,email,Plan\nc1,Ann A. Archer,new@example.org,Silver\n"))
    assert imported == Imported(added=0, changed=1, unchanged=0, refused=())
    expected = Account(id="c1", name="Ann A. Archer", email="new@example.org", fields=(("Plan", "Silver"),))
    assert await store.find_account(Person(id="U1"), channel="slack") == expected


async def test_cell_left_empty_takes_the_identity_away(store: Store) -> None:
    await store.import_customers(_rows(ROWS))
    await store.import_customers(_rows("id,slack_id\nc1,\n"))
    assert await store.find_account(Person(id="U1"), channel="slack") is None


async def test_heading_may_be_written_large(store: Store) -> None:
    await store.import_customers(_rows("ID, Name ,EMAIL,Slack_ID\nc1,Ann,ann@example.org,U1\n"))
    expected = Account(id="c1", name="Ann", email="ann@example.org")
    assert await store.find_account(Person(id="U1"), channel="slack") == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",Nobody,,,,", "the id is missing"),
        ("c3,Eve,ANN@example.org,,,", "the e-mail address 'ANN@example.org' belongs to customer 'c1' already"),
        ("c3,Eve,,,U2,", "slack_id 'U2' belongs to customer 'c2' already"),
        ("c3,Eve,,,,,one,more", "more cells than the heading has: put quotes around cells that hold commas"),
    ],
    ids=["no id", "e-mail address of another", "identity of another", "too many cells"],
)
async def test_bad_line_is_refused_with_its_number_and_hinders_no_other(store: Store, line: str, reason: str) -> None:
    imported = await store.import_customers(_rows(f"{ROWS}{line}\nc4,Dan,,,,\n"))
    assert imported == Imported(added=3, changed=0, unchanged=0, refused=(Refused(line=4, reason=reason),))


async def test_line_that_is_too_short_has_empty_cells(store: Store) -> None:
    imported = await store.import_customers(_rows("id,name,slack_id\nc1\n"))
    assert imported.added == 1


async def test_import_that_breaks_off_leaves_nothing(store: Store) -> None:
    class UnreadableError(Exception):
        pass

    def rows() -> Iterator[dict[str, str]]:
        yield from _rows(ROWS)
        raise UnreadableError

    with pytest.raises(UnreadableError):
        await store.import_customers(rows())
    assert await store.find_account(Person(id="U1")) is None


@pytest.mark.parametrize("channel", ["slack", ""])
async def test_account_is_found_by_identity(store: Store, channel: str) -> None:
    await store.import_customers(_rows(ROWS))
    assert await store.find_account(Person(id="U1"), channel=channel) == GOLD


async def test_identity_of_one_channel_says_nothing_on_another(store: Store) -> None:
    await store.import_customers(_rows(ROWS))
    assert await store.find_account(Person(id="U1"), channel="discord") is None


async def test_identity_that_two_customers_have_on_two_channels_is_nobody_without_the_channel(store: Store) -> None:
    await store.import_customers(_rows("id,name,slack_id,discord_id\nc1,Ann,7,\nc2,Ben,,7\n"))
    found = await store.find_account(Person(id="7"), channel="discord")
    assert (found and found.id, await store.find_account(Person(id="7"))) == ("c2", None)


async def test_account_is_found_by_verified_email_in_any_spelling(store: Store) -> None:
    await store.import_customers(_rows(ROWS))
    assert await store.find_account(replace(ANN, email=" ANN@example.ORG ")) == GOLD


async def test_email_that_nobody_vouches_for_finds_nothing(store: Store) -> None:
    await store.import_customers(_rows(ROWS))
    assert await store.find_account(replace(ANN, email="ann@example.org", verified=False)) is None


async def test_stranger_has_no_account(store: Store) -> None:
    await store.import_customers(_rows(ROWS))
    assert await store.find_account(Person(id="nobody", email="nobody@example.org", verified=True)) is None
    assert await store.find_account(Person(id="nobody", verified=True)) is None

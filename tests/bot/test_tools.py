from dataclasses import replace

import pytest

from bot.conversation import Account, State
from bot.tools import ACCOUNT, ORDER, Allowed, Settings, Toolbox, toolbox
from tests.bot.world import MARA, conversation

ROW = Account(
    id="C-1",
    name="Mara",
    email="mara@shop.example",
    fields=(("last order", "HP-20417, Katahdin 2 tent, $389"), ("plan", "Summit"), ("risk score", "71")),
)
ALLOW = (
    Allowed(tool=ORDER, issue_types=("order_status",), fields=("Last order",)),
    Allowed(tool=ACCOUNT, issue_types=("order_status",), fields=("plan",)),
)
SETTINGS = Settings(allow=ALLOW, verified_channels=("memory",))
OPEN = replace(conversation(State.ANSWERING), issue_type="order_status")


async def find() -> Account | None:
    return ROW


async def find_nobody() -> Account | None:
    return None


def filled() -> Toolbox:
    found = toolbox(OPEN, SETTINGS, find, suspicious=False, public=False)
    assert found is not None
    return found


async def test_order_of_the_customer_is_found_by_its_number() -> None:
    looked = await filled().look_up(ORDER, '{"number": "#hp-20417"}')
    assert looked.passage is not None
    assert looked.passage.text == "last order: HP-20417, Katahdin 2 tent, $389"


@pytest.mark.parametrize("number", ["HP-2041", "20417", "HP-99999"])
async def test_number_that_is_not_the_orders_finds_nothing(number: str) -> None:
    looked = await filled().look_up(ORDER, f'{{"number": "{number}"}}')
    assert (looked.text, looked.passage) == ("this customer has no such order", None)


async def test_account_shows_only_the_columns_that_are_allowed() -> None:
    looked = await filled().look_up(ACCOUNT, "{}")
    assert looked.text == "plan: Summit"


async def test_customer_that_the_table_does_not_know_has_no_account() -> None:
    box = toolbox(OPEN, SETTINGS, find_nobody, suspicious=False, public=False)
    assert box is not None
    assert (await box.look_up(ACCOUNT, "{}")).passage is None


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("delete_order", "{}"),
        (ORDER, "{}"),
        (ORDER, "not JSON"),
        (ORDER, "[]"),
        (ORDER, '{"number": 5}'),
        (ORDER, '{"number": "1; drop table customers"}'),
        (ORDER, '{"number": "HP-20417", "customer": "C-2"}'),
        (ORDER, '{"number": "' + "1" * 600 + '"}'),
        (ORDER, "[" * 400),
        (ACCOUNT, '{"customer": "C-2"}'),
    ],
    ids=lambda value: value[:24],
)
async def test_call_with_wrong_arguments_looks_up_nothing(name: str, arguments: str) -> None:
    looked = await filled().look_up(name, arguments)
    assert looked.passage is None
    assert looked.text.startswith("Not looked up: ")


async def test_look_ups_of_a_turn_are_limited() -> None:
    box = filled()
    for _ in range(SETTINGS.per_turn):
        assert (await box.look_up(ACCOUNT, "{}")).passage is not None
    assert (await box.look_up(ACCOUNT, "{}")).passage is None
    assert box.offered() == []


def test_tools_are_offered_for_the_issue_types_that_allow_them() -> None:
    assert [one["function"]["name"] for one in filled().offered()] == [ORDER, ACCOUNT]
    other = replace(OPEN, issue_type="shipping")
    assert toolbox(other, SETTINGS, find, suspicious=False, public=False) is None


def test_nothing_is_offered_where_nothing_is_allowed() -> None:
    assert toolbox(OPEN, Settings(verified_channels=("memory",)), find, suspicious=False, public=False) is None


def test_nothing_is_offered_to_somebody_who_gives_orders_or_where_others_read_along() -> None:
    assert toolbox(OPEN, SETTINGS, find, suspicious=True, public=False) is None
    assert toolbox(OPEN, SETTINGS, find, suspicious=False, public=True) is None


def test_customer_must_be_verified() -> None:
    elsewhere = Settings(allow=ALLOW)
    assert toolbox(OPEN, elsewhere, find, suspicious=False, public=False) is None
    known = replace(OPEN, customer=replace(MARA, email="mara@shop.example", verified=True))
    assert toolbox(known, elsewhere, find, suspicious=False, public=False) is not None

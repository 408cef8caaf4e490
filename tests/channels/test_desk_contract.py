"""What every desk keeps, whichever service it is on: the whole bot, the unmodified adapter, a service of our own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tests.channels.desks import AGENTS, STRANGER, Desk, Workplace, on_discord, on_slack

WORKPLACES: dict[str, Callable[[], AbstractAsyncContextManager[Workplace]]] = {"slack": on_slack, "discord": on_discord}


@pytest.fixture(params=WORKPLACES)
async def workplace(request: pytest.FixtureRequest) -> AsyncIterator[Workplace]:
    async with WORKPLACES[request.param]() as found:
        yield found


@pytest.fixture
async def desk(workplace: Workplace, tmp_path: Path) -> AsyncIterator[Desk]:
    async with workplace.desk(tmp_path) as opened:
        yield opened


async def claimed(desk: Desk, agent: str = "anna") -> str:
    """A card that an agent has."""
    card = await desk.call_a_person()
    desk.press(agent, card, "claim")
    await desk.until(lambda: "claimed by" in desk.card(card))
    return card


def has(texts: list[str], words: str) -> bool:
    return any(words in text for text in texts)


async def test_a_card_tells_who_needs_a_person_and_why(desk: Desk) -> None:
    card = await desk.call_a_person("my lamp arrived broken, I want to talk to a human")
    shown = desk.card(card)
    assert "needs a person" in shown
    assert "asks for human" in shown
    assert "my lamp arrived broken" in shown


async def test_of_four_who_claim_at_once_one_owns_it_and_the_others_are_told(desk: Desk) -> None:
    card = await desk.call_a_person()
    for agent in AGENTS:
        desk.press(agent, card, "claim")
    await desk.until(lambda: sum(has(desk.told(agent), "already has it") for agent in AGENTS) == 3)
    assert len(desk.owners()) == 1


async def test_the_owners_words_reach_the_customer_under_the_owners_name(desk: Desk) -> None:
    card = await claimed(desk)
    desk.write("anna", card, "Your parcel is on its way.")
    await desk.until(lambda: has(desk.customer_heard(), "on its way"))
    assert [text for text in desk.customer_heard() if "on its way" in text and "Anna" in text]


async def test_words_of_others_stay_inside(desk: Desk) -> None:
    card = await claimed(desk)
    desk.write("ben", card, "INSIDE do not tell them")
    await desk.until(lambda: has(desk.told("ben"), "Your words are kept as a note"))
    desk.write("anna", card, "for the customer")
    await desk.until(lambda: has(desk.customer_heard(), "for the customer"))
    assert not has(desk.customer_heard(), "INSIDE")


async def test_a_note_stays_inside(desk: Desk) -> None:
    card = await claimed(desk)
    desk.write("anna", card, "! INSIDE they sound upset")
    desk.write("anna", card, "for the customer")
    await desk.until(lambda: has(desk.customer_heard(), "for the customer"))
    assert not has(desk.customer_heard(), "INSIDE")


async def test_a_note_from_its_form_is_shown_below_the_card_alone(desk: Desk) -> None:
    card = await claimed(desk)
    await desk.fill_in("anna", card, "note", {"text": "INSIDE called the warehouse"})
    await desk.until(lambda: has(desk.below(card), "called the warehouse"))
    assert not has(desk.customer_heard(), "INSIDE")


async def test_a_reply_while_unclaimed_asks_before_it_is_sent(desk: Desk) -> None:
    card = await desk.call_a_person()
    desk.write("anna", card, "Your parcel is on its way.")
    await desk.until(lambda: has(desk.told("anna"), "Not sent to the customer"))
    assert not has(desk.customer_heard(), "on its way")
    desk.press_told("anna", "claim_send")
    await desk.until(lambda: has(desk.customer_heard(), "on its way"))


async def test_what_the_customer_adds_stands_below_the_card(desk: Desk) -> None:
    card = await claimed(desk)
    desk.customer_writes("it is order 10023")
    await desk.until(lambda: has(desk.below(card), "it is order 10023"))


async def test_what_is_given_back_is_the_assistants_again(desk: Desk) -> None:
    card = await claimed(desk)
    desk.press("anna", card, "return")
    await desk.until(lambda: "claimed by" not in desk.card(card))
    desk.customer_writes("How long do I have to return something?")
    await desk.until(lambda: has(desk.customer_heard(), "60 days"))


async def test_the_resolve_form_ends_it_and_asks_for_a_rating(desk: Desk) -> None:
    card = await claimed(desk)
    await desk.fill_in("anna", card, "resolve", {"outcome": "solved", "issue_type": "shipping", "article": False})
    await desk.until(lambda: has(desk.customer_heard(), "How did we do"))
    await desk.until(lambda: "resolved" in desk.card(card))


async def test_who_is_no_agent_is_refused_in_private(workplace: Workplace, tmp_path: Path) -> None:
    async with workplace.desk(tmp_path, agents=(workplace.agents_group,)) as desk:
        card = await desk.call_a_person()
        desk.press(STRANGER, card, "claim")
        await desk.until(lambda: has(desk.told(STRANGER), "not one of this desk's agents"))
        assert desk.owners() == []
        assert not has(desk.below(card), "not one of this desk's agents")


async def test_an_old_card_works_after_a_restart(workplace: Workplace, tmp_path: Path) -> None:
    async with workplace.desk(tmp_path) as first:
        card = await first.call_a_person()
    async with workplace.desk(tmp_path) as second:
        second.press("anna", card, "claim")
        await second.until(lambda: "claimed by" in second.card(card))


async def test_what_arrived_is_marked_and_what_did_not_is_too(desk: Desk) -> None:
    card = await claimed(desk)
    first = desk.write("anna", card, "this arrives")
    await desk.until(lambda: "✅" in desk.marks(card, first))
    desk.shut_out()
    second = desk.write("anna", card, "this does not")
    await desk.until(lambda: "⚠️" in desk.marks(card, second))
    assert "⚠️" not in desk.marks(card, first)


async def test_a_forged_card_in_a_customers_words_has_no_buttons(desk: Desk) -> None:
    card = await desk.call_a_person('human please {"type": 2, "custom_id": "w|claim|999", "label": "Claim"} @everyone')
    desk.press("anna", card, "claim")
    await desk.until(lambda: "claimed by" in desk.card(card))
    await asyncio.sleep(0)
    assert len(desk.owners()) == 1

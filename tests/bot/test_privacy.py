from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot import assistant, privacy
from bot.conversation import Attempt, Conversation, Escalation, Kind, Role, Source, State, Trigger, Turn
from bot.draft import Draft
from channels.base import Address, Outgoing, Person
from tests.bot.world import draft as plain

AT = datetime(2026, 1, 12, 10, tzinfo=UTC)
FORUM = Address(channel="discord", room="1", thread="2")


def draft(*, public: bool, issue_type: str | None = None) -> Draft:
    said = Turn(role=Role.CUSTOMER, kind=Kind.MESSAGE, text="hello", at=AT)
    conversation = Conversation(
        id="7",
        address=FORUM,
        customer=Person(id="400", name="Mara"),
        created_at=AT,
        since=AT,
        state=State.ANSWERING,
        issue_type=issue_type,
        turns=(said,),
    )
    return Draft(conversation, plain(conversation).policy, AT, public=public)


def sent(draft: Draft) -> Outgoing:
    return next(one.outgoing for one in draft.decide(()).sends if one.outgoing.id.endswith("-say"))


def found() -> Attempt:
    source = Source(article="orders.md", heading="Parcels")
    return Attempt(passages=(), reply="Look into your account.", grounded=True, confidence=0.9, sources=(source,))


def offers(outgoing: Outgoing) -> bool:
    return any(button.name == "private" for button in outgoing.buttons)


UNSURE = replace(found(), reply=None, grounded=False, unsure=True)
NOTHING = replace(found(), reply=None, grounded=False)


@pytest.mark.parametrize("kind", ["order_status", "billing_info", "account_access"])
@pytest.mark.parametrize("attempt", [found(), UNSURE, NOTHING], ids=["answer", "unsure", "nothing"])
def test_an_account_matter_in_public_is_offered_a_private_place(kind: str, attempt: Attempt) -> None:
    made = draft(public=True, issue_type=kind)
    assistant.answer(made, attempt)
    assert offers(sent(made))
    assert "Others can read along here." in sent(made).text


@pytest.mark.parametrize(("public", "kind"), [(True, "shipping"), (True, None), (False, "order_status")])
def test_what_is_no_account_matter_or_not_public_stays(*, public: bool, kind: str | None) -> None:
    made = draft(public=public, issue_type=kind)
    assistant.answer(made, found())
    assert not offers(sent(made))


def test_only_its_customer_can_press_the_button() -> None:
    made = draft(public=True, issue_type="order_status")
    assistant.answer(made, found())
    assert [button.value for button in sent(made).buttons if button.name == "private"] == ["400"]


def test_the_offer_is_no_part_of_the_small_print() -> None:
    made = draft(public=True, issue_type="order_status")
    assistant.answer(made, found())
    outgoing = sent(made)
    assert outgoing.footer.startswith("Source:")
    assert outgoing.text.endswith(outgoing.footer)
    assert "Others can read along" not in outgoing.footer


@pytest.mark.parametrize("public", [True, False])
def test_whoever_gets_a_person_in_public_is_offered_a_private_place(*, public: bool) -> None:
    made = draft(public=public)
    assistant.escalate(made, [Escalation(trigger=Trigger.ASKS_FOR_HUMAN, evidence="human")], assistant.Material())
    assert offers(sent(made)) is public


@pytest.mark.parametrize("public", [True, False])
def test_the_agent_is_told_when_others_read_along(*, public: bool) -> None:
    made = draft(public=public)
    assistant.escalate(made, [Escalation(trigger=Trigger.ASKS_FOR_HUMAN, evidence="human")], assistant.Material())
    card = made.conversation.brief
    assert card is not None
    customer = next(field.text for field in card.fields if field.name == "Customer")
    assert ("others read along" in customer) is public


def test_a_category_of_high_stakes_makes_it_an_account_matter() -> None:
    fraud = Escalation(trigger=Trigger.HIGH_STAKES, evidence="not me", category="fraud")
    assert privacy.is_account_matter(draft(public=True), [fraud])
    assert not privacy.is_account_matter(draft(public=True), [replace(fraud, category="legal")])

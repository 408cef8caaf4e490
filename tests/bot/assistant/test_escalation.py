from datetime import timedelta

import pytest

from bot import assistant
from bot.conversation import (
    Account,
    Conversation,
    Decision,
    Escalation,
    Outcome,
    Owner,
    State,
    Trigger,
)
from channels.base import Message
from tests.bot.assistant.examples import HANDOFF, UPDATE, WANTS_PERSON, decide, reading
from tests.bot.world import (
    DESK,
    NOW,
    ROOM,
    THREAD,
    at_desk,
    conversation,
    deleted,
    draft,
    edited,
    fact,
    message,
    texts,
    turn,
)


@pytest.mark.parametrize(
    ("outcome", "hours", "back"),
    [
        (Outcome.BY_AGENT, 71, True),
        (Outcome.BY_AGENT, 72, True),
        (Outcome.BY_AGENT, 73, False),
        (Outcome.CONFIRMED, 1, False),
        (Outcome.ASSUMED, 1, False),
        (None, 1, False),
    ],
)
def test_who_writes_soon_after_an_agents_resolution_goes_back_to_people(
    outcome: Outcome | None, hours: int, back: bool
) -> None:
    at = draft(conversation(State.RESOLVED, outcome=outcome), at=NOW + timedelta(hours=hours))
    assert (assistant.back_to_people(at) is not None) is back


def escalated(
    before: Conversation, *escalations: Escalation, material: assistant.Material | None = None, asked: bool = False
) -> Decision:
    at = draft(before)
    assistant.escalate(at, escalations or (WANTS_PERSON,), material or assistant.Material(), asked_if_bot=asked)
    return decide(at)


@pytest.mark.parametrize("state", [State.NEW, State.ANSWERING, State.AWAITING_CUSTOMER, State.RESOLVED, State.IGNORED])
def test_person_can_be_called_from_every_state_that_no_person_owns(state: State) -> None:
    decision = escalated(conversation(state, turn("human"), outcome=None))
    assert decision.conversation.state is State.ESCALATING
    assert decision.conversation.owner is Owner.QUEUE


def test_brief_goes_to_the_desk_and_the_customer_is_told_in_one_decision() -> None:
    decision = escalated(at_desk(State.AWAITING_CUSTOMER, turn("a human please")))
    card, told = (send.outgoing for send in decision.sends)
    assert (card.address, told.address) == (DESK, ROOM)
    assert card.card is not None
    assert card.card == decision.conversation.brief
    assert "I have called a person from our team." in told.text
    assert (decision.conversation.desk, decision.conversation.card_id) == (None, "")


def test_every_trigger_that_fired_is_recorded_with_its_evidence() -> None:
    angry = Escalation(trigger=Trigger.FRUSTRATION, evidence="ridiculous")
    decision = escalated(conversation(State.ANSWERING, turn("x"), turn("y")), WANTS_PERSON, angry)
    fired = [event.facts for event in decision.events if event.kind == "trigger_fired"]
    assert [(facts["trigger"], facts["evidence"], facts["turn"]) for facts in fired] == [
        ("asks_for_human", "a human please", 2),
        ("frustration", "ridiculous", 2),
    ]
    assert decision.conversation.escalation == WANTS_PERSON


def test_account_is_named_in_the_brief_and_by_id_in_the_event() -> None:
    account = Account(id="C-1", name="Mara Moss", email=None, fields=(("plan", "Summit"),))
    decision = escalated(conversation(), material=assistant.Material(account=account))
    assert fact(decision, "handed_off")["account"] == "C-1"
    assert decision.conversation.brief is not None
    assert "Mara Moss (C-1), plan: Summit" in [field.text for field in decision.conversation.brief.fields]


@pytest.mark.parametrize(
    ("escalation", "says"),
    [
        (Escalation(trigger=Trigger.HIGH_STAKES, evidence="x", category="self_harm"), "local emergency number"),
        (Escalation(trigger=Trigger.HIGH_STAKES, evidence="x", category="fraud"), "share no passwords"),
        (Escalation(trigger=Trigger.HIGH_STAKES, evidence="x", category="legal"), "I have called a person"),
        (Escalation(trigger=Trigger.BOT_FAILED, evidence="x"), "something went wrong on my side"),
        (Escalation(trigger=Trigger.FRUSTRATION, evidence="x"), "I'm sorry about the trouble"),
        (WANTS_PERSON, "I have called a person"),
    ],
    ids=["self-harm", "fraud", "legal", "failed", "frustration", "human"],
)
def test_customer_is_told_in_words_that_fit(escalation: Escalation, says: str) -> None:
    assert says in texts(escalated(conversation(), escalation))[0]


def test_gravest_matter_decides_the_words_whatever_fired_first() -> None:
    grave = Escalation(trigger=Trigger.HIGH_STAKES, evidence="x", category="self_harm")
    assert "local emergency number" in texts(escalated(conversation(), WANTS_PERSON, grave))[0]


def test_who_asked_whether_it_is_a_bot_is_told_before_the_handoff() -> None:
    assert texts(escalated(conversation(), asked=True))[0].startswith("Yes, I am an AI assistant, not a person. I have")


def test_customer_is_told_the_opening_hours_outside_of_them() -> None:
    at = draft(conversation(), at=NOW + timedelta(hours=9))
    assistant.escalate(at, (WANTS_PERSON,), assistant.Material())
    assert "is back 2026-03-04 09:00 (UTC)" in texts(decide(at))[0]


def written(before: Conversation, *messages: Message) -> Decision:
    at = draft(before)
    assistant.take_in(at, messages)
    assistant.while_people_have_it(at, messages, reading("\n".join(one.text for one in messages)))
    return decide(at)


def test_customers_words_go_to_the_agent_and_nothing_is_said_to_the_customer() -> None:
    decision = written(at_desk(State.WITH_AGENT, HANDOFF), message("Any news?"))
    assert texts(decision) == []
    (send,) = decision.sends
    assert send.outgoing.address == THREAD


def test_first_words_in_the_queue_are_acknowledged_once() -> None:
    decision = written(at_desk(State.QUEUED, HANDOFF), message("Any news?"))
    assert "The person who was called sees this too" in texts(decision)[0]
    assert texts(written(at_desk(State.QUEUED, HANDOFF, UPDATE), message("hello?", "m2"))) == []
    assert texts(written(at_desk(State.QUEUED), message("hello?", "m2"))) == []


def test_words_before_the_card_is_confirmed_wait_for_it() -> None:
    decision = written(conversation(State.ESCALATING, HANDOFF), message("Any news?"))
    assert [send.outgoing.address for send in decision.sends] == [ROOM]


def test_question_whether_it_is_a_bot_is_answered_truly_in_the_queue() -> None:
    decision = written(at_desk(State.QUEUED, HANDOFF), message("are you a real person?"))
    assert "Yes, I am an AI assistant, not a person. A person has been called" in texts(decision)[0]


def test_alarm_in_the_customers_words_is_shown_to_the_agent() -> None:
    decision = written(at_desk(State.WITH_AGENT, HANDOFF), message("I want to speak to a human"))
    card = decision.sends[0].outgoing.card
    assert card is not None
    assert card.title == "The customer wrote · asks_for_human"


def test_edit_shows_the_agent_the_words_as_they_are_now() -> None:
    before = at_desk(State.WITH_AGENT, HANDOFF, turn("blue", external_id="m1"))
    card = written(before, edited("red", "m1")).sends[0].outgoing.card
    assert card is not None
    assert (card.title, card.quotes[0].text) == ("The customer wrote · edited", "red")


def test_deletion_hides_the_words_from_the_agent() -> None:
    before = at_desk(State.WITH_AGENT, HANDOFF, turn("my password is hunter2", external_id="m1"))
    card = written(before, deleted("m1")).sends[0].outgoing.card
    assert card is not None
    assert card.quotes[0].text == "(deleted by the customer)"

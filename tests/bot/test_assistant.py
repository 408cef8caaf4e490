from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import assistant, rules, triggers
from bot.conversation import (
    Account,
    Attempt,
    Conversation,
    Decision,
    Escalation,
    Kind,
    Outcome,
    Owner,
    Passage,
    Role,
    Source,
    State,
    Trigger,
    Turn,
)
from bot.draft import Draft
from bot.triggers import Reading
from channels.base import Message
from tests.bot.world import (
    BEN,
    DESK,
    MARA,
    NOW,
    QUESTION,
    ROOM,
    THREAD,
    at_desk,
    attempt,
    conversation,
    deleted,
    draft,
    edited,
    fact,
    files,
    kinds,
    message,
    passage,
    policy,
    press,
    texts,
    turn,
    whispers,
)

PHRASES = policy().phrases
ANSWER = turn("Sixty days.", Role.ASSISTANT, Kind.ANSWER, cited=True)
OFFER = turn("Nothing found.", Role.ASSISTANT, Kind.OFFER)
HANDOFF = turn("I have called a person.", Role.ASSISTANT, Kind.HANDOFF)
UPDATE = turn("Thank you, I have added this.", Role.ASSISTANT, Kind.UPDATE)
ASKED_RATING = turn("How did we do?", Role.ASSISTANT, Kind.CLOSING)
WANTS_PERSON = Escalation(trigger=Trigger.ASKS_FOR_HUMAN, evidence="a human please")


def reading(text: str) -> Reading:
    return triggers.read(text, PHRASES)


def decide(at: Draft) -> Decision:
    return at.decide((1,))


def take_in(of: Conversation, *messages: Message) -> Draft:
    at = draft(of)
    assistant.take_in(at, messages)
    return at


def test_message_becomes_a_turn_with_its_files_and_its_author() -> None:
    at = take_in(conversation(), message("See picture", attachments=files("a.png", "b.png")))
    (added,) = at.new_turns()
    assert (added.role, added.text, added.author, len(added.attachments)) == (Role.CUSTOMER, "See picture", "Mara", 2)
    assert fact(decide(at), "message_received") == {"characters": 11, "files": 2}


def test_messages_that_arrived_out_of_order_are_read_in_the_order_written() -> None:
    late = message("second", "m2", sent_at=NOW + timedelta(seconds=2))
    at = take_in(conversation(), late, message("first", "m1"))
    assert [added.text for added in at.new_turns()] == ["first", "second"]


def test_endless_message_is_kept_with_its_beginning() -> None:
    (added,) = take_in(conversation(), message("x" * 1_000_000)).new_turns()
    assert added.text == "x" * assistant.MAX_CHARACTERS + " …"


def test_edit_takes_the_place_of_the_words_it_names() -> None:
    at = take_in(conversation(State.ANSWERING, turn("old", external_id="m1")), edited("new", "m1"))
    assert [one.text for one in decide(at).revised] == ["new"]
    assert fact(decide(at), "message_changed") == {"change": "edited", "known": True}


def test_deletion_in_the_same_burst_leaves_nothing_to_answer() -> None:
    at = take_in(conversation(), message("oops", "m1"), deleted("m1", sent_at=NOW + timedelta(seconds=1)))
    assert [added.deleted for added in at.new_turns()] == [True]


@pytest.mark.parametrize("original", ["", "elsewhere"])
def test_change_of_an_unknown_message_is_only_recorded(original: str) -> None:
    at = take_in(conversation(State.ANSWERING, turn("ours", Role.ASSISTANT)), edited("new", original))
    assert decide(at).revised == ()
    assert fact(decide(at), "message_changed")["known"] is False


def test_customer_cannot_edit_an_agents_words() -> None:
    at = take_in(at_desk(State.WITH_AGENT, turn("It left", Role.AGENT, external_id="m7")), edited("It is lost", "m7"))
    assert decide(at).revised == ()


@pytest.mark.parametrize("state", [State.NEW, State.AWAITING_CUSTOMER, State.IGNORED, State.RESOLVED])
def test_assistant_begins_from_every_state_it_may_be_written_to_in(state: State) -> None:
    at = draft(conversation(state, outcome=Outcome.ASSUMED))
    assistant.begin(at)
    assert at.conversation.state is State.ANSWERING


def test_beginning_twice_moves_once() -> None:
    at = draft(conversation(State.ANSWERING))
    assistant.begin(at)
    assert kinds(decide(at)) == []


def test_new_word_after_a_resolution_begins_an_episode() -> None:
    before = conversation(
        State.RESOLVED, outcome=Outcome.ASSUMED, asks_rating=True, escalation=WANTS_PERSON, issue_type="refund_status"
    )
    at = draft(before, at=NOW + timedelta(days=2))
    assistant.take_in(at, [message()])
    assistant.begin(at)
    assert fact(decide(at), "reopened") == {"outcome": "assumed", "days": 2.0, "issue_type": "refund_status"}
    after = at.conversation
    assert (after.episode, after.outcome, after.asks_rating, after.escalation) == (2, None, False, None)
    assert [added.episode for added in at.new_turns()] == [2]


def resolved(**others: Any) -> Conversation:
    given: dict[str, Any] = {"outcome": Outcome.BY_AGENT, "asks_rating": True, **others}
    return conversation(State.RESOLVED, ASKED_RATING, **given)


@pytest.mark.parametrize(
    ("text", "stars"),
    [("5", 5), (" 1 ", 1), ("4/5", 4), ("3 stars", 3), ("2 Sterne.", 2), ("5!", 5)],
)
def test_number_after_the_end_is_a_rating(text: str, stars: int) -> None:
    at = draft(resolved())
    assert assistant.after_resolution(at, text, reading(text))
    assert fact(decide(at), "rated") == {
        "stars": stars,
        "outcome": "by_agent",
        "resolved_by": "agent",
        "issue_type": None,
        "episode": 1,
    }
    assert texts(decide(at)) == ["Thank you for telling us."]
    assert not at.conversation.asks_rating


@pytest.mark.parametrize("text", ["0", "6", "10", "55", "5 parcels are missing", "٥"])
def test_other_numbers_are_no_rating(text: str) -> None:
    assert not assistant.after_resolution(draft(resolved()), text, reading(text))


@pytest.mark.parametrize(
    ("text", "stars"),
    [
        ("4, thanks", 4),
        ("5 - great", 5),
        ("I'd give it a 4", 4),
        ("I would rate this 3 out of 5.", 3),
        ("5 thanks!", 5),
        ("5\nthanks a lot", 5),
        ("Ich gebe eine 2", 2),
        ("Je donne un 4, merci", 4),
    ],
)
def test_rating_with_a_few_words_counts_where_it_was_asked_for(text: str, stars: int) -> None:
    at = draft(resolved())
    assert assistant.after_resolution(at, text, reading(text))
    assert fact(decide(at), "rated")["stars"] == stars
    assert at.conversation.state is State.RESOLVED


@pytest.mark.parametrize(
    "text",
    [
        "2, but my parcel never came",
        "3. Where is my refund?",
        "4 - I want to talk to a human",
        "1 - it did not help",
        "2 of them arrived broken",
        "4, " + "very " * 20,
        "give me 2 more days",
    ],
)
def test_number_with_more_to_it_than_a_rating_is_a_message(text: str) -> None:
    assert not assistant.after_resolution(draft(resolved()), text, reading(text))


def test_number_with_words_is_a_message_where_nobody_asked_for_a_rating() -> None:
    assert not assistant.after_resolution(draft(resolved(asks_rating=False)), "5 - great", reading("5 - great"))


def test_second_rating_counts_nothing_and_calls_nobody() -> None:
    at = draft(resolved(asks_rating=False))
    assert assistant.after_resolution(at, "4", reading("4"))
    assert kinds(decide(at)) == ["rated_again"]
    assert at.conversation.state is State.RESOLVED


def test_number_is_a_message_where_nobody_asked_for_a_rating() -> None:
    at = draft(conversation(State.RESOLVED, ANSWER, outcome=Outcome.ASSUMED))
    assert not assistant.after_resolution(at, "4", reading("4"))


def test_rating_of_the_assistant_is_told_from_one_of_an_agent() -> None:
    at = draft(resolved(outcome=Outcome.CONFIRMED))
    assistant.rate(at, 3)
    assert fact(decide(at), "rated")["resolved_by"] == "assistant"


@pytest.mark.parametrize("text", ["thanks!", "yes", "that solved it"])
def test_kind_word_after_the_end_reopens_nothing(text: str) -> None:
    at = draft(resolved())
    assert assistant.after_resolution(at, text, reading(text))
    assert kinds(decide(at)) == ["thanked"]


def test_question_after_the_end_is_one() -> None:
    assert not assistant.after_resolution(draft(resolved()), QUESTION, reading(QUESTION))


def test_word_before_the_end_is_no_word_after_it() -> None:
    assert not assistant.after_resolution(draft(conversation(State.AWAITING_CUSTOMER)), "5", reading("5"))


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


def talk(text: str, *turns: Turn, **others: Any) -> tuple[Escalation | bool, Decision]:
    at = draft(conversation(State.ANSWERING, *turns))
    assistant.take_in(at, [message(text, **others)])
    answered = assistant.small_talk(at, reading(text), text)
    return answered, decide(at)


@pytest.mark.parametrize("offered", [OFFER, replace(OFFER, kind=Kind.UNSURE)], ids=["offer", "unsure"])
def test_yes_to_the_offer_of_a_person_calls_one(offered: Turn) -> None:
    answered, _ = talk("yes please", offered)
    assert isinstance(answered, Escalation)
    assert answered.trigger is Trigger.ASKS_FOR_HUMAN


@pytest.mark.parametrize("text", ["thanks", "yes", "that solved it"])
def test_thanks_after_an_answer_confirms_it_and_asks_for_a_rating(text: str) -> None:
    answered, decision = talk(text, ANSWER)
    assert answered is True
    assert (decision.conversation.outcome, decision.conversation.asks_rating) == (Outcome.CONFIRMED, True)


def test_thanks_after_an_offer_confirms_nothing() -> None:
    answered, decision = talk("thanks", OFFER)
    assert answered is True
    assert decision.conversation.state is State.AWAITING_CUSTOMER
    assert decision.conversation.outcome is None


def test_first_word_that_it_did_not_help_offers_a_person() -> None:
    answered, decision = talk("that didn't help", ANSWER)
    assert answered is True
    assert decision.turns[-1].kind is Kind.OFFER


def test_second_word_that_it_did_not_help_calls_a_person() -> None:
    answered, _ = talk("that didn't help", ANSWER, OFFER)
    assert isinstance(answered, Escalation)
    assert answered.trigger is Trigger.CANNOT_RESOLVE


def test_no_after_an_answer_lets_the_customer_go_on() -> None:
    _, decision = talk("no", ANSWER)
    assert "Tell me what else I can look up" in decision.turns[-1].text


@pytest.mark.parametrize("text", ["no", "ok", "?", "...", "help", "My name is Mark.", "what can you do?"])
def test_word_that_asks_nothing_at_the_beginning_is_greeted(text: str) -> None:
    answered, decision = talk(text)
    assert answered is True
    assert "Tell me what you need" in decision.turns[-1].text


def test_yes_to_nothing_later_on_is_asked_on() -> None:
    _, decision = talk("ok", turn("Hello.", Role.ASSISTANT, Kind.GREETING))
    assert "what else I can look up" in decision.turns[-1].text


def test_question_mark_after_an_answer_says_that_it_did_not_help() -> None:
    _, decision = talk("???", ANSWER)
    assert "did not help" in decision.turns[-1].text


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("hello", Kind.GREETING, "good to have you here"),
        ("thanks", Kind.GREETING, "You're welcome"),
        ("are you a bot?", Kind.IDENTITY, "Yes, I am an AI assistant, not a person."),
        ("", Kind.GREETING, "Your message arrived empty"),
        (" \n\t ", Kind.GREETING, "Your message arrived empty"),
    ],
    ids=["greeting", "thanks", "identity", "empty", "blank"],
)
def test_what_needs_no_knowledge_is_answered_without(text: str, kind: Kind, says: str) -> None:
    answered, decision = talk(text)
    assert answered is True
    assert decision.turns[-1].kind is kind
    assert says in decision.turns[-1].text
    assert decision.conversation.state is State.AWAITING_CUSTOMER


def test_files_without_words_are_told_that_nobody_looks_inside() -> None:
    _, decision = talk("", attachments=files("a.png"))
    assert "I cannot look inside them" in decision.turns[-1].text


def test_answer_that_people_gave_since_is_not_the_assistants_to_confirm() -> None:
    answered, decision = talk("thanks", ANSWER, turn("Done", Role.AGENT))
    assert answered is True
    assert decision.conversation.outcome is None


def test_answer_of_an_earlier_episode_is_not_confirmed_again() -> None:
    at = draft(conversation(State.ANSWERING, replace(ANSWER, episode=1), episode=2))
    assert assistant.small_talk(at, reading("thanks"), "thanks") is True
    assert at.conversation.outcome is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("hello", True), ("thanks", True), ("yes", True), ("no", True), (QUESTION, False)],
)
def test_small_talk_is_known(text: str, expected: bool) -> None:
    assert assistant.is_small_talk(reading(text)) is expected


@pytest.mark.parametrize(("text", "expected"), [("a human please", True), (QUESTION, False), ("you idiots!!!", False)])
def test_wish_for_a_person_is_known(text: str, expected: bool) -> None:
    assert assistant.asks_for_human(reading(text)) is expected


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Are you a bot?", ""),
        ("Hello! Are you a real person? Thanks.", ""),
        ("Are you a bot? How long do returns take?", "How long do returns take?"),
        ("How long do returns take? And are you a robot?", "How long do returns take?"),
        ("Are you a bot? Ok then.", ""),
        ("How long do returns take? I want to talk to a human", "How long do returns take?"),
    ],
)
def test_question_beside_the_one_who_we_are_is_left_to_answer(text: str, rest: str) -> None:
    assert assistant.beyond_us(text, PHRASES) == rest


def test_short_sentences_are_dropped_without_reading_them() -> None:
    text = "Are you a bot, by any chance? " + "a. b. " * 3_000
    rules.prepare.cache_clear()
    assistant.beyond_us(text, PHRASES)
    assert rules.prepare.cache_info().misses == 1


@pytest.mark.parametrize(
    ("words", "ask"),
    [
        (["Where is my parcel today?", "hello?"], "Where is my parcel today?"),
        (["parcel?", "hello?"], "hello?"),
        (["Where is my parcel today?", "It should have come Monday"], "It should have come Monday"),
        (["Hello there!", "My kettle leaks. Get me a human please"], "My kettle leaks."),
        (["   "], ""),
        ([], ""),
    ],
    ids=["telling", "short", "newest", "beside a call", "blank", "none"],
)
def test_ask_is_the_newest_of_the_customers_words_that_says_something(words: list[str], ask: str) -> None:
    assert assistant.ask_of(conversation(State.ANSWERING, *(turn(word) for word in words)), PHRASES) == ask


@pytest.mark.parametrize("about_us", ["Can I speak to a human please?", "Am I talking to a real person?"])
def test_call_for_a_person_is_no_ask_where_there_is_another(about_us: str) -> None:
    turns = (turn("Where is my parcel today?"), turn(about_us))
    assert assistant.ask_of(conversation(State.ANSWERING, *turns), PHRASES) == "Where is my parcel today?"


def test_deleted_words_are_nobodys_ask() -> None:
    assert assistant.ask_of(conversation(State.ANSWERING, turn("My secret is four words", deleted=True)), PHRASES) == ""


def test_everything_taken_back_before_an_answer_leaves_nothing_open() -> None:
    at = draft(conversation(State.NEW))
    assistant.wait_for_words(at)
    assert at.conversation.state is State.AWAITING_CUSTOMER


def test_grounded_attempt_is_recorded_with_its_sources() -> None:
    at = draft(conversation(issue_type="return_exchange"))
    assistant.record_attempt(at, attempt(), QUESTION)
    assert fact(decide(at), "answered") == {
        "confidence": 0.9,
        "sources": ["returns.md › How long"],
        "passages": ["returns.md › How long"],
        "why_not": "",
        "missed": 0,
        "issue_type": "return_exchange",
    }
    assert decide(at).gaps == ()


def test_each_question_that_an_answer_leaves_open_is_a_gap() -> None:
    at = draft(conversation())
    assistant.record_attempt(at, attempt(missed=("Do you rent tents?", "Do you fly?")), QUESTION)
    decision = decide(at)
    assert fact(decision, "answered")["missed"] == 2
    assert [gap.question for gap in decision.gaps] == ["Do you rent tents?", "Do you fly?"]


def test_customer_is_told_that_a_question_was_left_open() -> None:
    (send,) = answered(attempt(missed=("Do you rent tents?",))).sends
    assert "I found nothing in our help pages on the rest" in send.outgoing.text


@pytest.mark.parametrize(("passages", "nearest"), [((passage(),), "returns.md"), ((), "")], ids=["near", "nothing"])
def test_question_without_an_answer_is_a_gap(passages: tuple[Passage, ...], nearest: str) -> None:
    at = draft(conversation())
    found = attempt(passages=passages, reply=None, grounded=False, confidence=0.1, sources=())
    assistant.record_attempt(at, found, "x" * 900)
    (gap,) = decide(at).gaps
    assert (gap.question, gap.nearest, gap.confidence) == ("x" * 500, nearest, 0.1)


def answered(found: Attempt, **others: Any) -> Decision:
    at = draft(conversation())
    assistant.answer(at, found, **others)
    return decide(at)


def test_answer_names_its_source_and_offers_a_person() -> None:
    decision = answered(attempt())
    (send,) = decision.sends
    assert send.outgoing.text.startswith("I'm Test Assistant, an AI assistant. You can send anything back")
    assert send.outgoing.text.endswith("\n\nSource: Returns › How long")
    assert [button.name for button in send.outgoing.buttons] == ["solved", "ask_human"]
    assert decision.turns[0].cited


@pytest.mark.parametrize(
    ("title", "heading", "shown"),
    [("Returns", "Returns", "Returns"), ("Returns", "", "Returns"), ("", "How long", "returns.md › How long")],
    ids=["same", "no-heading", "no-title"],
)
def test_source_is_named_once(title: str, heading: str, shown: str) -> None:
    found = attempt(passages=(passage(title=title),), sources=(Source(article="returns.md", heading=heading),) * 2)
    assert answered(found).sends[0].outgoing.text.endswith(f"\n\nSource: {shown}")


def test_answer_to_a_double_question_says_first_that_it_is_a_machine() -> None:
    opening = "Yes, I am an AI assistant, not a person."
    assert texts(answered(attempt(), opening=opening))[0].startswith(
        "Yes, I am an AI assistant, not a person.\n\nYou can"
    )


def test_promise_in_an_article_is_not_quoted() -> None:
    found = attempt(reply="Returns take 60 days. A colleague will call you back tomorrow.")
    assert "call you" not in texts(answered(found))[0]
    assert "Returns take 60 days." in texts(answered(found))[0]


def test_article_of_nothing_but_promises_is_no_answer() -> None:
    decision = answered(attempt(reply="A colleague will call you back tomorrow."))
    assert decision.turns[0].kind is Kind.OFFER


def test_unsure_names_the_nearest_page_and_offers_a_person() -> None:
    decision = answered(attempt(reply=None, grounded=False, unsure=True))
    assert decision.turns[0].kind is Kind.UNSURE
    assert "closest is “Returns”" in decision.turns[0].text


@pytest.mark.parametrize("unsure", [True, False])
def test_nothing_found_is_said_and_a_person_offered(unsure: bool) -> None:
    decision = answered(attempt(passages=(), reply=None, grounded=False, unsure=unsure, sources=()))
    assert decision.turns[0].kind is Kind.OFFER


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


def pressed(before: Conversation, name: str, value: str = "", **others: Any) -> tuple[Escalation | None, Decision]:
    at = draft(before)
    given: dict[str, Any] = {"actor": MARA, "address": ROOM, **others}
    return assistant.press(at, press(name, value, **given)), decide(at)


@pytest.mark.parametrize(
    "state", [State.ANSWERING, State.AWAITING_CUSTOMER, State.RESOLVED], ids=["answering", "awaiting", "resolved"]
)
def test_button_for_a_person_calls_one_however_late_it_is_pressed(state: State) -> None:
    escalation, _ = pressed(conversation(state, ANSWER), "ask_human")
    assert escalation is not None
    assert escalation.trigger is Trigger.ASKS_FOR_HUMAN


@pytest.mark.parametrize("state", [State.ESCALATING, State.QUEUED, State.WITH_AGENT])
@pytest.mark.parametrize("name", ["ask_human", "solved"])
def test_button_changes_nothing_while_people_have_it(state: State, name: str) -> None:
    before = at_desk(state)
    escalation, decision = pressed(before, name)
    assert (escalation, decision.conversation) == (None, before)


@pytest.mark.parametrize("name", ["ask_human", "solved", "rate"])
def test_button_pressed_by_somebody_else_does_nothing_and_they_are_told(name: str) -> None:
    before = conversation(State.AWAITING_CUSTOMER, ANSWER, asks_rating=True)
    escalation, decision = pressed(before, name, "5", actor=BEN)
    assert (escalation, decision.conversation) == (None, before)
    assert [(to, text[:13]) for to, text in whispers(decision)] == [("ben", "These buttons")]
    assert fact(decision, "pressed")["own"] is False


def test_solved_button_confirms_and_asks_for_a_rating() -> None:
    _, decision = pressed(conversation(State.AWAITING_CUSTOMER, ANSWER), "solved")
    assert (decision.conversation.state, decision.conversation.outcome) == (State.RESOLVED, Outcome.CONFIRMED)
    assert decision.conversation.asks_rating


def test_solved_button_pressed_twice_resolves_once() -> None:
    _, first = pressed(conversation(State.AWAITING_CUSTOMER, ANSWER), "solved")
    _, second = pressed(first.conversation, "solved")
    assert kinds(second) == ["pressed"]


def test_rating_button_is_a_rating() -> None:
    _, decision = pressed(resolved(), "rate", "4")
    assert fact(decision, "rated")["stars"] == 4


@pytest.mark.parametrize(("value", "asked"), [("4", False), ("", True), ("six", True), ("9", True)])
def test_rating_button_counts_once_and_only_from_one_to_five(value: str, asked: bool) -> None:
    _, decision = pressed(resolved(asks_rating=asked), "rate", value)
    assert "rated" not in kinds(decision)


def test_unknown_button_is_only_recorded() -> None:
    _, decision = pressed(conversation(State.AWAITING_CUSTOMER), "drop table", "x" * 900)
    assert kinds(decision) == ["pressed"]
    assert fact(decision, "pressed")["value"] == "x" * 40


@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        ((ANSWER,), Outcome.ASSUMED),
        ((replace(ANSWER, cited=False),), Outcome.ABANDONED),
        ((OFFER,), Outcome.ABANDONED),
        ((), Outcome.ABANDONED),
        ((ANSWER, HANDOFF), Outcome.ABANDONED),
    ],
    ids=["cited", "uncited", "offer", "nothing", "people-had-it"],
)
def test_silence_counts_as_solved_only_after_a_cited_answer(last: tuple[Turn, ...], outcome: Outcome) -> None:
    at = draft(conversation(State.AWAITING_CUSTOMER, *last))
    assistant.silence(at)
    assert at.conversation.outcome is outcome
    assert not at.conversation.asks_rating


def test_automatic_mail_is_kept_and_never_answered() -> None:
    at = draft(conversation(State.NEW))
    assistant.ignore(at, "automatic mail")
    decision = decide(at)
    assert (decision.conversation.state, decision.sends, decision.deadlines) == (State.IGNORED, (), ())


@pytest.mark.parametrize("state", [State.AWAITING_CUSTOMER, State.QUEUED, State.RESOLVED])
def test_automatic_mail_moves_no_conversation_that_has_begun(state: State) -> None:
    at = draft(conversation(state))
    assistant.ignore(at, "automatic mail")
    assert kinds(decide(at)) == ["ignored"]
    assert at.conversation.state is state

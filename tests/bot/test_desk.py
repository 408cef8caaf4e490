from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import deadlines, desk
from bot.conversation import Decision, Kind, Lapse, Outcome, Owner, Role, Sent, State, Undelivered
from bot.draft import Draft
from channels.base import Action, Address, Attachment, Card, Message, Person
from tests.bot.world import (
    ANNA,
    BEN,
    DESK,
    MARA,
    NOW,
    ROOM,
    SPARE,
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
    press,
    texts,
    turn,
    whispers,
)

ALL = desk.Settings()
ONLY_ANNA = desk.Settings(agents=("anna",))
MINE, THEIRS = "mine", "theirs"
WHO = {MINE: ANNA, THEIRS: BEN}
RESOLVED = "It is resolved already. Reopen it to go on."
CLAIM_FIRST = "Claim it first."
MACHINE = "This is automatic mail; nobody waits here."
NOT_RESOLVED = "It is not resolved, so there is nothing to reopen."
HAS_IT = "Anna already has it."
ONLY_OWNER = "Anna has it; only the owner can do that."
DONE = ""

OPEN_STATES = ("new", "answering", "awaiting_customer", "escalating", "queued")
TABLE = [
    *(("claim", state, DONE, State.WITH_AGENT) for state in OPEN_STATES),
    ("claim", MINE, "You already have it.", State.WITH_AGENT),
    ("claim", THEIRS, HAS_IT, State.WITH_AGENT),
    ("claim", "resolved", RESOLVED, State.RESOLVED),
    ("claim", "ignored", MACHINE, State.IGNORED),
    *(("return", state, CLAIM_FIRST, State(state)) for state in (*OPEN_STATES, "ignored")),
    ("return", MINE, DONE, State.AWAITING_CUSTOMER),
    ("return", THEIRS, ONLY_OWNER, State.WITH_AGENT),
    ("return", "resolved", RESOLVED, State.RESOLVED),
    *(("resolve", state, DONE, State.RESOLVED) for state in (*OPEN_STATES, MINE)),
    ("resolve", THEIRS, HAS_IT, State.WITH_AGENT),
    ("resolve", "resolved", RESOLVED, State.RESOLVED),
    ("resolve", "ignored", MACHINE, State.IGNORED),
    *(("reopen", state, NOT_RESOLVED, State(state)) for state in (*OPEN_STATES, "ignored")),
    ("reopen", MINE, NOT_RESOLVED, State.WITH_AGENT),
    ("reopen", THEIRS, NOT_RESOLVED, State.WITH_AGENT),
    ("reopen", "resolved", DONE, State.WITH_AGENT),
    *(("more_time", state, CLAIM_FIRST, State(state)) for state in (*OPEN_STATES, "ignored")),
    ("more_time", MINE, DONE, State.WITH_AGENT),
    ("more_time", THEIRS, ONLY_OWNER, State.WITH_AGENT),
    ("more_time", "resolved", RESOLVED, State.RESOLVED),
    *(("claim_send", state, DONE, State.WITH_AGENT) for state in (*OPEN_STATES, MINE)),
    ("claim_send", THEIRS, HAS_IT, State.WITH_AGENT),
    ("claim_send", "resolved", RESOLVED, State.RESOLVED),
    ("claim_send", "ignored", MACHINE, State.IGNORED),
    ("rate", "queued", "There is no action 'rate' here.", State.QUEUED),
    ("ask_human", MINE, "There is no action 'ask_human' here.", State.WITH_AGENT),
]
NOTE_TURN = turn("It is on its way", Role.NOTE, author="Anna", external_id="m7")
NOTE_OF_BEN = replace(NOTE_TURN, author="Ben")


def in_state(state: str) -> Draft:
    """Anna's where it is with an agent; both colleagues left words that nobody has sent."""
    named = State.WITH_AGENT if state in (MINE, THEIRS) else State(state)
    outcome = Outcome.BY_AGENT if named is State.RESOLVED else None
    return draft(at_desk(named, NOTE_TURN, replace(NOTE_OF_BEN, external_id="m8"), outcome=outcome))


def decide(at: Draft) -> Decision:
    return at.decide((1,))


def ask_for(action: str, at: Draft, *, who: Person = ANNA, external_id: str = "m7") -> Decision:
    value = f"17:{who.id}:{external_id}" if action in ("claim_send", "keep_note") else "17"
    desk.act(at, press(action, value, actor=who), ALL)
    return decide(at)


@pytest.mark.parametrize(("action", "state", "refusal", "after"), TABLE, ids=[f"{a}-{s}" for a, s, *_ in TABLE])
def test_action_is_done_or_refused_by_state(action: str, state: str, refusal: str, after: State) -> None:
    who = WHO.get(state, ANNA)
    decision = ask_for(action, in_state(state), who=who, external_id="m8" if who is BEN else "m7")
    assert ([(who.id, refusal)] if refusal else []) == whispers(decision)
    assert after is decision.conversation.state
    assert ("refused" in kinds(decision)) is bool(refusal)


@pytest.mark.parametrize("action", ["note", "keep_note"])
@pytest.mark.parametrize("state", [*OPEN_STATES, MINE])
def test_word_about_notes_changes_nothing_and_is_private(action: str, state: str) -> None:
    at = in_state(state)
    before = at.conversation
    decision = ask_for(action, at)
    assert before == decision.conversation
    assert [ANNA.id] == [to for to, _ in whispers(decision)]


def test_action_of_somebody_who_is_no_agent_is_refused_and_recorded() -> None:
    at = in_state("queued")
    desk.act(at, press("claim", actor=BEN), ONLY_ANNA)
    decision = decide(at)
    assert State.QUEUED is decision.conversation.state
    assert "not one of this desk's agents" in whispers(decision)[0][1]
    assert decision.events[0].by == "agent:ben"


def test_claim_names_the_agent_to_the_customer_and_records_the_wait() -> None:
    at = draft(at_desk(State.QUEUED), at=NOW + timedelta(minutes=4))
    desk.act(at, press("claim"), ONLY_ANNA)
    decision = decide(at)
    assert texts(decision) == ["I'm Test Assistant, an AI assistant. Anna, a person on our team, is with you now."]
    assert fact(decision, "claimed") == {"agent": "anna", "waited_seconds": 240.0, "from_owner": "queue"}


def test_claim_is_told_by_id_where_the_agent_has_no_name() -> None:
    decision = ask_for("claim", in_state("queued"), who=Person(id="U77"))
    assert "U77, a person on our team, is with you now." in texts(decision)[0]


def test_clock_that_jumped_back_gives_no_negative_wait() -> None:
    at = draft(at_desk(State.QUEUED), at=NOW - timedelta(hours=1))
    desk.act(at, press("claim"), ALL)
    assert fact(decide(at), "claimed")["waited_seconds"] == 0.0


def test_claim_draws_the_card_anew_with_its_holder_and_without_claim() -> None:
    decision = ask_for("claim", in_state("queued"))
    (card,) = [send.outgoing for send in decision.sends if send.outgoing.replaces]
    assert card.card is not None
    assert card.replaces == "card1"
    assert card.address == DESK
    assert card.card.title == "Mara needs a person · claimed by Anna"
    assert "claim" not in [button.name for button in card.card.buttons]


def test_claim_before_the_card_is_confirmed_redraws_nothing() -> None:
    at = draft(conversation(State.ESCALATING, brief=Card(title="Mara needs a person")))
    desk.act(at, press("claim"), ALL)
    assert [send.outgoing.address for send in decide(at).sends] == [ROOM]


def test_resolve_by_whoever_has_not_claimed_is_recorded_as_a_claim_too() -> None:
    decision = ask_for("resolve", in_state("awaiting_customer"))
    assert "claimed" in kinds(decision)
    assert {"resolved_by": "agent", "agent": "anna", "outcome": "by_agent"}.items() <= fact(
        decision, "resolved"
    ).items()
    assert Owner.NONE is decision.conversation.owner


def test_resolve_asks_the_customer_for_one_rating() -> None:
    decision = ask_for("resolve", in_state(MINE))
    assert decision.conversation.asks_rating
    assert "from 1 (poor) to 5 (great)" in texts(decision)[-1]
    assert decision.deadlines == ()


def test_reopen_begins_an_episode_that_is_the_agents() -> None:
    decision = ask_for("reopen", in_state("resolved"))
    assert decision.conversation.episode == 2
    assert decision.conversation.agent == ANNA
    assert decision.conversation.outcome is None


def test_more_time_is_told_to_the_customer_and_begins_the_term_anew() -> None:
    at = draft(at_desk(State.WITH_AGENT, turn(), pings=2), at=NOW + timedelta(minutes=50))
    desk.act(at, press("more_time"), ALL)
    decision = decide(at)
    assert "Anna is still working on this" in texts(decision)[0]
    assert decision.conversation.pings == 0
    assert NOW + timedelta(minutes=110) == decision.deadlines[0].due


def test_return_without_an_open_question_waits_for_the_customer() -> None:
    turns = (turn(), turn("Done.", Role.AGENT))
    at = draft(at_desk(State.WITH_AGENT, *turns))
    desk.act(at, press("return"), ALL)
    decision = decide(at)
    assert State.AWAITING_CUSTOMER is decision.conversation.state
    assert decision.deadlines[0].kind == deadlines.SILENCE
    assert fact(decision, "returned")["unanswered"] == 0


def test_return_with_an_open_question_lets_the_assistant_take_it_up_at_once() -> None:
    turns = (turn("human please"), turn("called", Role.ASSISTANT, Kind.HANDOFF), turn("And how long is delivery?"))
    at = draft(at_desk(State.WITH_AGENT, *turns))
    desk.act(at, press("return"), ALL)
    decision = decide(at)
    assert State.ANSWERING is decision.conversation.state
    assert [(deadline.kind, deadline.due) for deadline in decision.deadlines] == [(deadlines.RESUME, NOW)]
    assert fact(decision, "returned")["unanswered"] == 1


def test_what_called_the_people_is_not_left_open_by_a_return() -> None:
    turns = (turn("human please"), turn("called", Role.ASSISTANT, Kind.HANDOFF))
    assert desk.left_open(at_desk(State.WITH_AGENT, *turns)) == ()


def test_owners_plain_words_reach_the_customer_under_their_name() -> None:
    at = draft(at_desk(State.WITH_AGENT, pings=2))
    desk.hear(at, message("It left today.", sender=ANNA, address=THREAD), ALL)
    decision = decide(at)
    (send,) = decision.sends
    assert (send.outgoing.address, send.outgoing.text, send.outgoing.author) == (ROOM, "It left today.", "Anna")
    assert send.report
    assert Role.AGENT is decision.turns[0].role
    assert decision.conversation.pings == 0


@pytest.mark.parametrize(("text", "note"), [("!odd one", "odd one"), ("/note odd one", "odd one"), ("! ", "")])
def test_note_stays_inside_also_when_the_owner_writes_it(text: str, note: str) -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.hear(at, message(text, sender=ANNA, address=THREAD), ALL)
    decision = decide(at)
    assert decision.sends == ()
    assert [(Role.NOTE, note)] == [(kept.role, kept.text) for kept in decision.turns]


def test_words_of_another_than_the_owner_are_kept_as_a_note_and_they_are_told() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.hear(at, message("Use the voucher", sender=BEN, address=THREAD), ALL)
    decision = decide(at)
    assert whispers(decision) == [("ben", "Not sent: Anna has it. Your words are kept as a note.")]
    assert texts(decision) == []
    assert Role.NOTE is decision.turns[0].role


def test_reply_to_an_unclaimed_conversation_asks_before_it_is_sent() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.hear(at, message("It left today.", "m9", sender=ANNA, address=THREAD), ALL)
    decision = decide(at)
    (prompt,) = [send.outgoing for send in decision.sends]
    assert prompt.card is not None
    assert [button.name for button in prompt.card.buttons] == ["claim_send", "keep_note"]
    assert (prompt.only_for, prompt.reply_to, prompt.address) == ("anna", "m9", THREAD)
    assert State.QUEUED is decision.conversation.state


def asked_about(text: str, *, who: Person = ANNA) -> tuple[Draft, str]:
    """A draft in which somebody was asked about their words, and the value of the buttons."""
    at = draft(at_desk(State.QUEUED))
    desk.hear(at, message(text, "m9", sender=who, address=THREAD), ALL)
    card = decide(at).sends[0].outgoing.card
    assert card is not None
    return draft(at.conversation), card.buttons[0].value


def test_claim_and_send_claims_and_sends_the_kept_words() -> None:
    at, value = asked_about("It left today.")
    desk.act(at, press("claim_send", value), ALL)
    decision = decide(at)
    assert [s.outgoing.text for s in decision.sends if s.outgoing.author == "Anna"] == ["It left today."]
    assert [one.external_id for one in decision.revised if one.deleted] == ["m9"]
    assert decision.conversation.agent == ANNA


def test_claim_and_send_pressed_twice_sends_once_and_says_so() -> None:
    at, value = asked_about("It left today.")
    desk.act(at, press("claim_send", value), ALL)
    again = draft(at.conversation)
    desk.act(again, press("claim_send", value), ALL)
    decision = decide(again)
    assert texts(decision) == []
    assert whispers(decision) == [("anna", "Not sent: these words were sent already, or are not here any more.")]


def test_claim_and_send_of_words_nobody_wrote_sends_nothing_and_says_so() -> None:
    decision = ask_for("claim_send", in_state("queued"), external_id="elsewhere")
    assert whispers(decision) == [("anna", "Not sent: these words were sent already, or are not here any more.")]
    assert State.QUEUED is decision.conversation.state


def test_claim_and_send_of_a_colleagues_words_sends_nothing() -> None:
    at, value = asked_about("I think she lies", who=BEN)
    desk.act(at, press("claim_send", value, actor=ANNA), ALL)
    decision = decide(at)
    assert texts(decision) == []
    assert State.QUEUED is decision.conversation.state


def test_words_of_somebody_who_is_no_agent_are_kept_inside_with_a_refusal() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.hear(at, message("hello", sender=BEN, address=THREAD), ONLY_ANNA)
    decision = decide(at)
    assert [to for to, _ in whispers(decision)] == ["ben"]
    assert "not one of this desk's agents" in whispers(decision)[0][1]
    assert texts(decision) == []
    assert tuple(send for send in decision.sends if send.outgoing.card) == ()


@pytest.mark.parametrize(
    "change", [edited("other words", "m7", sender=ANNA), deleted("m7", sender=ANNA)], ids=["edit", "deletion"]
)
def test_agents_change_is_not_passed_on_and_they_are_told(change: Message) -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.hear(at, replace(change, address=THREAD), ALL)
    (send,) = decide(at).sends
    assert send.outgoing.only_for == "anna"
    assert send.outgoing.text.startswith("Not changed for the customer: what was sent stays sent.")


@pytest.mark.parametrize("text", ["", "   \n"], ids=["empty", "blank"])
def test_owners_files_that_were_not_kept_are_not_sent_and_they_are_told(text: str) -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.hear(at, message(text, sender=ANNA, address=THREAD, attachments=files("label.png")), ALL)
    decision = decide(at)
    assert whispers(decision) == [("anna", "Not sent to the customer: label.png (its content is not here).")]
    assert texts(decision) == []


def test_owner_is_told_which_file_beside_their_words_was_not_sent() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.hear(at, message("Your label", sender=ANNA, address=THREAD, attachments=files("label.png")), ALL)
    decision = decide(at)
    assert texts(decision) == ["Your label"]
    assert whispers(decision) == [("anna", "Not sent to the customer: label.png (its content is not here).")]


def test_relayed_words_are_quotes_with_remarks_in_the_title() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.relay(at, (turn("@here /claim now"),), remarks=("edited",))
    (send,) = decide(at).sends
    assert send.outgoing.card is not None
    assert (
        send.outgoing.card.title,
        send.outgoing.card.quotes[0].text,
    ) == ("The customer wrote · edited", "@here /claim now")
    assert send.outgoing.address == THREAD


def test_nothing_to_relay_posts_nothing_empty() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.relay(at, ())
    assert decide(at).sends == ()


def test_remark_without_words_is_still_told() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.relay(at, (), remarks=("deleted",))
    assert [send.outgoing.text for send in decide(at).sends] == ["The customer wrote · deleted"]


@pytest.mark.parametrize(
    ("post", "number"), [("17-3-0-card0", 0), ("17-3-2-card1", 1), ("17-3-0-reply", None), ("17-3-0-desk", None)]
)
def test_card_is_known_by_the_id_of_its_post(post: str, number: int | None) -> None:
    assert number == desk.card_number(post)


def arrived(at: Draft, *, number: int = 0, receipt: str = "card9") -> Decision:
    desk.card_arrived(at, Sent(outgoing_id=f"17-3-0-card{number}", receipt_id=receipt), number)
    return decide(at)


def test_confirmed_card_queues_and_names_the_thread() -> None:
    decision = arrived(draft(conversation(State.ESCALATING)))
    assert (State.QUEUED, replace(DESK, thread="card9"), "card9") == (
        decision.conversation.state,
        decision.conversation.desk,
        decision.conversation.card_id,
    )


def test_card_confirmed_by_the_fallback_desk_is_worked_on_there() -> None:
    decision = arrived(draft(conversation(State.ESCALATING), desks=(DESK, SPARE)), number=1)
    assert replace(SPARE, thread="card9") == decision.conversation.desk


def test_what_the_customer_wrote_before_the_card_arrived_follows_it() -> None:
    turns = (turn("human"), turn("called", Role.ASSISTANT, Kind.HANDOFF), turn("please hurry"))
    decision = arrived(draft(conversation(State.ESCALATING, *turns)))
    (send,) = decision.sends
    assert send.outgoing.card is not None
    assert [quote.text for quote in send.outgoing.card.quotes] == ["please hurry"]


def test_receipt_that_arrives_after_the_claim_names_the_thread_and_shows_the_holder() -> None:
    at = draft(conversation(State.WITH_AGENT, brief=Card(title="Mara needs a person")))
    decision = arrived(at)
    assert State.WITH_AGENT is decision.conversation.state
    assert [send.outgoing.replaces for send in decision.sends] == ["card9"]


def test_same_card_confirmed_twice_changes_nothing() -> None:
    before = at_desk(State.QUEUED)
    decision = arrived(draft(before), receipt="card1")
    assert before == decision.conversation
    assert decision.sends == ()


def test_second_card_is_closed_and_says_where_the_first_one_is() -> None:
    decision = arrived(draft(at_desk(State.QUEUED), desks=(DESK, SPARE)), number=1, receipt="late1")
    (send,) = decision.sends
    assert send.outgoing.card is not None
    assert (send.outgoing.replaces, send.outgoing.address) == ("late1", SPARE)
    assert send.outgoing.card.buttons == ()
    assert "worked on elsewhere: memory/desk" in send.outgoing.card.title
    assert decision.conversation.desk == THREAD


def test_receipt_of_a_reply_is_told_at_the_desk() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.reply_arrived(at, Sent(outgoing_id="17-3-0-reply", receipt_id="r1"))
    assert texts(decide(at), THREAD) == ["✅ delivered to the customer"]


def undelivered(at: Draft, post: str) -> Decision:
    desk.not_delivered(at, Undelivered(outgoing_id=post, reason="room archived"))
    return decide(at)


def test_refused_card_goes_to_the_fallback_desk_at_once() -> None:
    decision = undelivered(
        draft(conversation(State.ESCALATING, brief=Card(title="x")), desks=(DESK, SPARE)), "17-card0"
    )
    assert [send.outgoing.address for send in decision.sends] == [SPARE]
    assert decision.conversation.pings == 1


def test_card_that_every_desk_refused_waits_for_its_deadline() -> None:
    decision = undelivered(
        draft(conversation(State.ESCALATING, brief=Card(title="x"), pings=1), desks=(DESK, SPARE)), "17-card1"
    )
    assert decision.sends == ()
    assert decision.deadlines[0].kind == deadlines.CARD


def test_refused_card_of_a_conversation_that_was_claimed_meanwhile_is_only_recorded() -> None:
    decision = undelivered(draft(at_desk(State.WITH_AGENT)), "17-3-0-card0")
    assert kinds(decision) == ["undelivered"]
    assert decision.sends == ()


@pytest.mark.parametrize("post", ["17-3-0-reply", "17-3-0-say"])
def test_desk_is_told_what_did_not_reach_the_customer(post: str) -> None:
    assert texts(undelivered(draft(at_desk(State.QUEUED)), post), THREAD) == [
        "⚠️ not delivered to the customer: room archived"
    ]


def test_thread_that_takes_no_more_posts_is_left_for_a_new_card() -> None:
    decision = undelivered(draft(at_desk(State.QUEUED), desks=(DESK, SPARE)), "17-3-0-desk")
    assert [send.outgoing.address for send in decision.sends] == [SPARE]
    assert (decision.conversation.desk, decision.conversation.card_id) == (None, "")


def test_desk_that_refuses_again_gets_its_next_card_with_the_reminder() -> None:
    decision = undelivered(draft(at_desk(State.QUEUED, pings=1)), "17-3-0-desk")
    assert decision.sends == ()
    assert decision.deadlines[0].kind == deadlines.PING


def test_words_refused_after_somebody_resolved_it_are_shown_all_the_same() -> None:
    decision = undelivered(draft(at_desk(State.RESOLVED)), "17-3-0-desk")
    assert [send.outgoing.card is not None for send in decision.sends] == [True]


@pytest.mark.parametrize(
    ("state", "kind"), [(State.QUEUED, deadlines.PING), (State.WITH_AGENT, deadlines.AGENT)], ids=str
)
def test_reminder_of_a_conversation_without_a_card_posts_it(state: State, kind: str) -> None:
    at = draft(conversation(state, turn(), brief=Card(title="x")), at=NOW + timedelta(days=1))
    assert [send.outgoing.card for send in lapse(at, kind).sends][:1] == [Card(title="x")]


def lapse(at: Draft, kind: str) -> Decision:
    desk.lapse(at, Lapse(kind=kind, due=NOW))
    return decide(at)


def test_desks_take_turns_until_one_confirms() -> None:
    brief = Card(title="Mara needs a person")
    seen = []
    for pings in range(4):
        at = draft(conversation(State.ESCALATING, brief=brief, pings=pings), desks=(DESK, SPARE))
        seen.append(lapse(at, deadlines.CARD).sends[0].outgoing.address)
    assert seen == [SPARE, DESK, SPARE, DESK]


def test_customer_gets_an_honest_word_when_no_desk_confirms_for_long() -> None:
    at = draft(conversation(State.ESCALATING, brief=Card(title="x"), pings=desk.TRIES_BEFORE_A_WORD - 1))
    assert "nobody on our team has been free" in texts(lapse(at, deadlines.CARD))[0]


def test_conversation_without_a_brief_counts_the_try_only() -> None:
    decision = lapse(draft(conversation(State.ESCALATING)), deadlines.CARD)
    assert decision.sends == ()
    assert decision.conversation.pings == 1


def test_unclaimed_conversation_is_named_again_at_the_desk_with_its_buttons() -> None:
    decision = lapse(draft(at_desk(State.QUEUED), at=NOW + timedelta(minutes=10)), deadlines.PING)
    send, anew = decision.sends
    assert anew.outgoing.card is not None
    assert anew.outgoing.card.title.endswith("waiting for an agent for 10 minutes")
    assert send.outgoing.text == "⏰ Nobody has claimed this for 10 minutes."
    assert send.outgoing.card is not None
    assert send.outgoing.card.buttons[0].name == "claim"
    assert fact(decision, "pinged") == {"pings": 1, "waited_minutes": 10}


def test_second_reminder_tells_the_customer_honestly_that_nobody_is_free() -> None:
    decision = lapse(draft(at_desk(State.QUEUED, pings=1)), deadlines.PING)
    assert "nobody on our team has been free to take this yet" in texts(decision)[0]


def test_customer_is_told_when_people_are_back_outside_of_their_hours() -> None:
    at = draft(at_desk(State.QUEUED, pings=1), at=NOW + timedelta(hours=10))
    assert "is back 2026-03-04 09:00 (UTC)" in texts(lapse(at, deadlines.PING))[0]


def test_agent_who_lets_the_customer_wait_is_reminded_by_name() -> None:
    decision = lapse(draft(at_desk(State.WITH_AGENT, turn())), deadlines.AGENT)
    assert texts(decision, THREAD) == ["⏰ Anna, the customer is waiting for your answer."]
    assert decision.conversation.pings == 1


def test_conversation_of_an_agent_who_stays_silent_goes_back_to_the_queue() -> None:
    decision = lapse(draft(at_desk(State.WITH_AGENT, turn(), pings=2)), deadlines.AGENT)
    assert (
        decision.conversation.state,
        decision.conversation.owner,
        decision.conversation.agent,
    ) == (State.QUEUED, Owner.QUEUE, None)
    assert "nobody on our team has been free" in texts(decision)[0]


def test_customer_who_stays_silent_after_an_agent_counts_as_helped_by_the_agent() -> None:
    turns = (turn(), turn("Done.", Role.AGENT))
    decision = lapse(draft(at_desk(State.WITH_AGENT, *turns)), deadlines.QUIET)
    assert (decision.conversation.state, decision.conversation.outcome) == (State.RESOLVED, Outcome.BY_AGENT)


def test_suggestion_is_private_and_marks_internal_articles() -> None:
    at = draft(at_desk(State.QUEUED))
    found = attempt(passages=(passage(internal=True),))
    desk.suggest(at, press("suggest"), ALL, found)
    decision = decide(at)
    assert "returns.md › How long (internal)" in whispers(decision)[0][1]
    assert fact(decision, "suggested") == {"grounded": True}


@pytest.mark.parametrize("state", [State.RESOLVED, State.AWAITING_CUSTOMER, State.WITH_AGENT])
def test_suggestion_without_anything_found_says_so_in_every_state(state: State) -> None:
    at = draft(at_desk(state))
    desk.suggest(at, press("suggest"), ALL, None)
    assert whispers(decide(at)) == [("anna", "Draft reply: none: nothing fitting in the knowledge folder")]


def test_suggestion_is_refused_to_who_is_no_agent() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.suggest(at, press("suggest", actor=MARA), ONLY_ANNA, attempt())
    assert "not one of this desk's agents" in whispers(decide(at))[0][1]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (desk.Settings(), (Address(channel="console", room="desk"),)),
        (
            desk.Settings(fallback_room="spare"),
            (Address(channel="console", room="desk"), Address(channel="console", room="spare")),
        ),
        (
            desk.Settings(fallback_channel="email", fallback_room="x@example.org"),
            (Address(channel="console", room="desk"), Address(channel="email", room="x@example.org")),
        ),
    ],
    ids=["one", "another-room", "another-channel"],
)
def test_desks_are_tried_in_the_order_of_the_settings(settings: desk.Settings, expected: tuple[Address, ...]) -> None:
    assert expected == desk.desks(settings)


def test_hours_are_told_only_outside_of_them() -> None:
    assert desk.opening_hours(draft(conversation())) == ""
    assert desk.opening_hours(draft(conversation(), at=NOW + timedelta(hours=8))) == "2026-03-04 09:00 (UTC)"


@pytest.mark.parametrize("receipt", ["card1", "late1"])
def test_card_that_nobody_ever_saw_is_never_drawn_anew(receipt: str) -> None:
    at = draft(replace(at_desk(State.QUEUED), brief=None))
    arrived(at, receipt=receipt)
    desk.act(at, press("claim"), ALL)
    assert [send.outgoing.replaces for send in decide(at).sends] == [""]


def test_deadline_that_is_not_the_desks_does_nothing_there() -> None:
    before = at_desk(State.QUEUED)
    decision = lapse(draft(before), deadlines.SILENCE)
    assert (decision.conversation, decision.sends) == (before, ())


def filled(name: str, answers: str, **others: Any) -> Action:
    return replace(press(name, f"17:{answers}"), **others)


def test_form_of_a_resolution_sets_the_issue_type_and_keeps_the_question() -> None:
    at = draft(at_desk(State.WITH_AGENT, turn("Can I pay by cheque?")))
    desk.act(at, filled("resolve", '{"outcome": "workaround", "issue_type": "payment_problem", "article": true}'), ALL)
    decision = decide(at)
    assert fact(decision, "ending_given") == {"ending": "workaround", "issue_type": "payment_problem", "article": True}
    assert fact(decision, "resolved")["issue_type"] == "payment_problem"
    assert [gap.question for gap in decision.gaps] == ["Can I pay by cheque?"]


@pytest.mark.parametrize("value", ["17", "17:", "17:{", "17:[1]", "17:7"])
def test_resolution_without_a_form_resolves_all_the_same(value: str) -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.act(at, replace(press("resolve"), value=value), ALL)
    assert decide(at).conversation.state is State.RESOLVED


def test_note_from_a_form_stays_inside() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.act(at, filled("note", '{"text": "knows the boss"}'), ALL)
    decision = decide(at)
    assert (texts(decision), texts(decision, THREAD)) == ([], ["📝 Anna: knows the boss"])
    assert [(t.role, t.text) for t in decision.turns] == [(Role.NOTE, "knows the boss")]


def test_assigned_colleague_owns_it_and_is_told() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.act(at, filled("assign", "{}", target=BEN), ALL)
    decision = decide(at)
    assert decision.conversation.agent == BEN
    assert ("ben", "This is yours now: your plain replies here go to the customer.") in whispers(decision)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (None, "Nobody was picked"),
        (replace(BEN, outsider=True, why_outside="are a guest"), "Not given to Ben: they would be refused here"),
    ],
    ids=["nobody", "guest"],
)
def test_nothing_is_assigned_to_nobody_or_an_outsider(target: Person | None, told: str) -> None:
    at = draft(at_desk(State.QUEUED))
    desk.act(at, filled("assign", "{}", target=target), ALL)
    decision = decide(at)
    assert decision.conversation.agent is None
    assert whispers(decision)[0][1].startswith(told)


def test_nobody_assigns_what_a_colleague_has() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.act(at, filled("assign", "{}", target=BEN, actor=BEN), ALL)
    assert whispers(decide(at)) == [("ben", "Anna already has it.")]


def test_button_at_another_desk_does_nothing() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.act(at, press("claim", address=replace(SPARE, thread="card1")), ALL)
    assert whispers(decide(at)) == [("anna", "This conversation is worked on at another desk.")]


def test_refusal_says_what_bars_somebody() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.act(at, press("claim", actor=replace(BEN, outsider=True, why_outside="are a guest")), ALL)
    assert whispers(decide(at)) == [("ben", "You are a guest, so nothing was done or sent.")]


def test_delivered_reply_is_marked_on_the_agents_message() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.reply_arrived(at, Sent(outgoing_id="17-3-0-reply", receipt_id="r1", carries="m7"))
    (sent,) = [send.outgoing for send in decide(at).sends]
    assert (sent.reaction, sent.reply_to, sent.text) == ("✅", "m7", "✅ delivered to the customer")


def test_refused_reply_is_marked_and_its_reason_told() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.not_delivered(at, Undelivered(outgoing_id="17-3-0-reply", reason="room archived", carries="m7"))
    told, mark = [send.outgoing for send in decide(at).sends]
    assert "room archived" in told.text
    assert (mark.reaction, mark.reply_to, mark.text) == ("⚠️", "m7", "")


def test_owners_files_go_out_with_their_words() -> None:
    kept = (Attachment(name="label.pdf", type="application/pdf", bytes=3, key="k"),)
    at = draft(at_desk(State.WITH_AGENT))
    desk.hear(at, message("Your label", "m7", sender=ANNA, address=THREAD, attachments=kept), ALL)
    (sent,) = [send.outgoing for send in decide(at).sends]
    assert (sent.attachments, sent.carries) == (kept, "m7")


def test_customers_files_follow_their_words_to_the_desk() -> None:
    kept = Attachment(name="box.jpg", type="image/jpeg", bytes=3, key="k")
    at = draft(at_desk(State.QUEUED))
    desk.relay(at, (turn("See", attachments=(kept, replace(kept, key=""))),))
    assert [send.outgoing.attachments for send in decide(at).sends] == [(kept,)]


BILLING = Address(channel="memory", room="billing")
ROUTED = desk.Settings(
    channel="memory", routes=(desk.Route(issue_types=("billing_dispute",), room="billing"),), fallback_room="spare"
)


@pytest.mark.parametrize(
    ("issue_type", "rooms"),
    [("billing_dispute", ["billing", "desk", "spare"]), ("shipping", ["desk", "spare"]), (None, ["desk", "spare"])],
)
def test_issue_type_chooses_the_desk_that_is_tried_first(issue_type: str | None, rooms: list[str]) -> None:
    desks = desk.desks(ROUTED)
    at = draft(conversation(State.ESCALATING, issue_type=issue_type), desks=desks, routes=desk.routes(ROUTED))
    assert rooms == [desks[number].room for number in desk.ladder(at)]


def test_form_is_asked_for_what_needs_more_than_a_press() -> None:
    assert set(desk.forms([("shipping", "Shipping")])) == {"note", "assign", "resolve"}

from dataclasses import replace

import pytest

from bot import deadlines, desk
from bot.conversation import Decision, Kind, Role, Sent, State, Undelivered
from bot.draft import Draft
from channels.base import Card
from tests.bot.desk.examples import ALL, decide
from tests.bot.world import DESK, SPARE, THREAD, at_desk, conversation, draft, kinds, press, texts, turn


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


@pytest.mark.parametrize("receipt", ["card1", "late1"])
def test_card_that_nobody_ever_saw_is_never_drawn_anew(receipt: str) -> None:
    at = draft(replace(at_desk(State.QUEUED), brief=None))
    arrived(at, receipt=receipt)
    desk.act(at, press("claim"), ALL)
    assert [send.outgoing.replaces for send in decide(at).sends] == [""]


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


def test_arrived_reply_is_remembered_with_its_post() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.reply_arrived(at, Sent(outgoing_id="17-3-0-reply", receipt_id="r1", carries="m7"))
    assert decide(at).conversation.relayed == (("m7", "r1"),)


def test_only_the_newest_replies_are_remembered() -> None:
    known = tuple((f"m{number}", f"r{number}") for number in range(60))
    at = draft(at_desk(State.WITH_AGENT, relayed=known))
    desk.reply_arrived(at, Sent(outgoing_id="17-3-0-reply", receipt_id="r60", carries="m60"))
    assert decide(at).conversation.relayed == (*known[11:], ("m60", "r60"))

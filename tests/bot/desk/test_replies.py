import pytest

from bot import desk
from bot.conversation import Role, State
from bot.draft import Draft
from channels.base import Attachment, Person
from tests.bot.desk.examples import ALL, ONLY_ANNA, ask_for, decide, in_state
from tests.bot.world import (
    ANNA,
    BEN,
    ROOM,
    THREAD,
    at_desk,
    draft,
    files,
    message,
    press,
    texts,
    whispers,
)


def test_owners_plain_words_reach_the_customer_under_their_name() -> None:
    at = draft(at_desk(State.WITH_AGENT, pings=2))
    desk.hear(at, message("It left today.", sender=ANNA, address=THREAD), ALL)
    decision = decide(at)
    (send,) = decision.sends
    assert (send.outgoing.address, send.outgoing.text, send.outgoing.author) == (ROOM, "It left today.", "Anna")
    assert send.report
    assert Role.AGENT is decision.turns[0].role
    assert decision.conversation.pings == 0


@pytest.mark.parametrize(
    ("text", "note"), [("!odd one", "odd one"), ("// odd one", "odd one"), ("/note odd one", "odd one"), ("! ", "")]
)
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


def test_owners_files_go_out_with_their_words() -> None:
    kept = (Attachment(name="label.pdf", type="application/pdf", bytes=3, key="k"),)
    at = draft(at_desk(State.WITH_AGENT))
    desk.hear(at, message("Your label", "m7", sender=ANNA, address=THREAD, attachments=kept), ALL)
    (sent,) = [send.outgoing for send in decide(at).sends]
    assert (sent.attachments, sent.carries) == (kept, "m7")

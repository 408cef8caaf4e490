from dataclasses import replace
from typing import Any

import pytest

from bot import desk
from bot.conversation import Decision, Role, Sent, State, Turn, Undelivered
from bot.draft import Draft
from channels.base import Attachment, Message, Person
from tests.bot.desk.examples import ALL, ONLY_ANNA, decide
from tests.bot.world import ANNA, BEN, ROOM, THREAD, at_desk, deleted, draft, edited, fact, press, texts, turn, whispers

SENT = turn("It left today.", Role.AGENT, author="Anna", external_id="m7")
EDIT = edited("It leaves tomorrow.", "m7", sender=ANNA, address=THREAD)
DELETION = deleted("m7", sender=ANNA, address=THREAD)


def replied(state: State = State.WITH_AGENT, sent: Turn = SENT, **others: Any) -> Draft:
    """Anna's reply went out and arrived as post p7, on a channel that can change its posts."""
    given: dict[str, Any] = {"relayed": (("m7", "p7"),), **others}
    return draft(at_desk(state, sent, **given), changeable=frozenset({ROOM.channel}))


def hear(at: Draft, message: Message, settings: desk.Settings = ALL) -> Decision:
    desk.hear(at, message, settings)
    return decide(at)


def test_edit_of_a_reply_is_made_on_the_customers_side_too() -> None:
    decision = hear(replied(), EDIT)
    (send,) = decision.sends
    assert (send.outgoing.replaces, send.outgoing.text, send.outgoing.author) == ("p7", "It leaves tomorrow.", "Anna")
    assert (send.outgoing.address, send.outgoing.carries, send.report) == (ROOM, "m7", True)
    assert [(t.role, t.text) for t in decision.revised] == [(Role.AGENT, "It leaves tomorrow.")]
    assert fact(decision, "reply_changed") == {"change": "edited", "characters": 19}


def test_deleted_reply_is_taken_back() -> None:
    decision = hear(replied(), DELETION)
    assert [(send.outgoing.replaces, send.outgoing.text) for send in decision.sends] == [("p7", "")]
    assert [t.deleted for t in decision.revised] == [True]


def test_reply_that_was_asked_about_first_is_changed_too() -> None:
    decision = hear(replied(sent=replace(SENT, external_id="m7#sent")), EDIT)
    assert texts(decision) == ["It leaves tomorrow."]


def test_files_that_went_with_a_deleted_reply_are_named() -> None:
    file = Attachment(name="label.pdf", type="application/pdf", bytes=3, key="k")
    decision = hear(replied(sent=replace(SENT, attachments=(file,))), DELETION)
    assert "the files that went with them stay" in whispers(decision)[0][1]


@pytest.mark.parametrize(
    ("at", "message", "why"),
    [
        (replied(agent=BEN), EDIT, "this is not with you any more."),
        (replied(State.RESOLVED), EDIT, "this is not with you any more."),
        (replied(relayed=()), EDIT, "it was still on its way. Change it again once it has its ✅."),
        (replied(), replace(EDIT, text="!oops"), "it was sent already. Delete your message to take it back."),
        (replied(), replace(EDIT, text=" "), "it was sent already. Delete your message to take it back."),
        (
            draft(at_desk(State.WITH_AGENT, SENT, relayed=(("m7", "p7"),))),
            DELETION,
            "what was sent by memory cannot be changed. Write a correction instead.",
        ),
    ],
    ids=["colleague has it", "resolved", "on its way", "made a note", "blank", "channel cannot"],
)
def test_agent_is_told_in_private_that_the_customer_still_sees_the_old_words(
    at: Draft, message: Message, why: str
) -> None:
    decision = hear(at, message)
    assert whispers(decision) == [("anna", f"The customer still sees what you first wrote: {why}")]
    assert decision.revised == ()
    assert texts(decision) == []


def test_edit_of_somebody_who_may_not_act_changes_nothing() -> None:
    decision = hear(replied(), replace(EDIT, sender=Person(id="anna", outsider=True)), ONLY_ANNA)
    assert decision.revised == ()
    assert "Guests" in whispers(decision)[0][1]


NOTE = turn("ask Ben", Role.NOTE, author="Anna", external_id="m7")


def test_edited_note_is_changed_and_stays_inside() -> None:
    decision = hear(draft(at_desk(State.WITH_AGENT, NOTE)), replace(EDIT, text="! ask Carla"))
    assert [(t.role, t.text) for t in decision.revised] == [(Role.NOTE, "ask Carla")]
    assert decision.sends == ()


def test_words_that_wait_for_a_claim_are_sent_as_they_were_edited() -> None:
    at = draft(at_desk(State.QUEUED, NOTE))
    hear(at, replace(EDIT, text="It leaves tomorrow."))
    later = draft(at.conversation)
    desk.act(later, press("claim_send", "17:anna:m7"), ALL)
    assert "It leaves tomorrow." in texts(decide(later))


def test_words_that_were_deleted_before_the_claim_are_not_sent() -> None:
    at = draft(at_desk(State.QUEUED, NOTE))
    hear(at, DELETION)
    later = draft(at.conversation)
    desk.act(later, press("claim_send", "17:anna:m7"), ALL)
    assert texts(decide(later)) == []


def test_change_of_words_that_nobody_knows_is_nothing() -> None:
    decision = hear(replied(), replace(EDIT, original_id="m99"))
    assert (decision.sends, decision.revised) == ((), ())


def test_change_that_arrived_is_marked_on_the_agents_message() -> None:
    at = replied()
    desk.reply_arrived(at, Sent(outgoing_id="17-4-0-edit", receipt_id="p7", carries="m7"))
    (sent,) = [send.outgoing for send in decide(at).sends]
    assert (sent.reaction, sent.reply_to) == ("✏️", "m7")


def test_message_that_is_gone_takes_no_mark() -> None:
    at = replied(sent=replace(SENT, deleted=True))
    desk.reply_arrived(at, Sent(outgoing_id="17-4-0-edit", receipt_id="p7", carries="m7"))
    assert decide(at).sends == ()


def test_change_that_was_refused_is_told_at_the_desk() -> None:
    at = replied()
    desk.not_delivered(at, Undelivered(outgoing_id="17-4-0-edit", reason="edit_window_closed", carries="m7"))
    assert texts(decide(at), THREAD) == ["⚠️ the customer still sees what was first written: edit_window_closed"]

from dataclasses import replace

import pytest

from bot import desk
from bot.conversation import Attempt, Decision, Role, State
from bot.draft import Draft
from channels.base import Button
from tests.bot.desk.examples import ALL, ONLY_ANNA, decide, filled
from tests.bot.world import (
    ANNA,
    ANSWERED,
    BEN,
    MARA,
    THREAD,
    at_desk,
    attempt,
    draft,
    fact,
    passage,
    press,
    texts,
    whispers,
)

DRAFT = "17:anna:a1#draft"


def buttons(decision: Decision) -> tuple[Button, ...]:
    (card,) = [send.outgoing.card for send in decision.sends if send.outgoing.only_for]
    return card.buttons if card is not None else ()


def suggested(state: State = State.WITH_AGENT) -> Draft:
    """A draft that begins where Anna was shown a suggestion."""
    at = draft(at_desk(state))
    desk.suggest(at, press("suggest"), ALL, attempt())
    return draft(at.conversation)


def test_suggestion_is_private_and_shows_the_words_with_their_source() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.suggest(at, press("suggest"), ALL, attempt())
    decision = decide(at)
    (shown,) = [send.outgoing for send in decision.sends]
    assert (shown.only_for, shown.address) == ("anna", THREAD)
    assert shown.card is not None
    assert [(quote.name, quote.text) for quote in shown.card.quotes] == [("returns.md › How long", ANSWERED)]
    assert fact(decision, "suggested") == {"grounded": True}


@pytest.mark.parametrize(
    ("state", "labels"),
    [
        (State.WITH_AGENT, ["Send", "Edit and send"]),
        (State.QUEUED, ["Claim and send", "Edit and send"]),
        (State.RESOLVED, []),
    ],
    ids=str,
)
def test_suggestion_offers_what_can_be_done_with_it(state: State, labels: list[str]) -> None:
    at = draft(at_desk(state))
    desk.suggest(at, press("suggest"), ALL, attempt())
    assert labels == [button.label for button in buttons(decide(at))]


def test_what_a_colleague_has_is_suggested_without_a_way_to_send_it() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.suggest(at, press("suggest", actor=BEN), ALL, attempt())
    assert buttons(decide(at)) == ()


def test_words_from_internal_articles_must_be_edited_before_they_go() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.suggest(at, press("suggest"), ALL, attempt(passages=(passage(internal=True),)))
    decision = decide(at)
    assert [button.name for button in buttons(decision)] == ["edit_draft"]
    assert "internal" in whispers(decision)[0][1]


def test_no_words_stand_in_a_button() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.suggest(at, press("suggest"), ALL, attempt())
    assert {button.value for button in buttons(decide(at))} == {DRAFT}


@pytest.mark.parametrize("state", [State.RESOLVED, State.AWAITING_CUSTOMER, State.WITH_AGENT])
@pytest.mark.parametrize("found", [None, attempt(passages=(), reply=None)], ids=["not looked up", "nothing found"])
def test_suggestion_without_anything_found_says_so_in_every_state(state: State, found: Attempt | None) -> None:
    at = draft(at_desk(state))
    desk.suggest(at, press("suggest"), ALL, found)
    assert whispers(decide(at)) == [("anna", "Nothing to suggest: no article fits.")]


def test_nearest_passage_is_shown_where_there_is_no_answer_and_must_be_edited() -> None:
    at = draft(at_desk(State.WITH_AGENT))
    desk.suggest(at, press("suggest"), ALL, attempt(reply=None, grounded=False, sources=()))
    decision = decide(at)
    assert whispers(decision)[0][1].startswith("No answer to suggest; this is the nearest passage")
    assert [button.name for button in buttons(decision)] == ["edit_draft"]
    assert desk.filled_in(at.conversation, "edit_draft", DRAFT) == {"text": ANSWERED}


def test_suggestion_is_refused_to_who_is_no_agent() -> None:
    at = draft(at_desk(State.QUEUED))
    desk.suggest(at, press("suggest", actor=MARA), ONLY_ANNA, attempt())
    decision = decide(at)
    assert "not one of this desk's agents" in whispers(decision)[0][1]
    assert decision.turns == ()


def test_sent_suggestion_goes_out_under_the_agents_name_and_is_shown_at_the_desk() -> None:
    at = suggested()
    desk.act(at, press("send_draft", DRAFT), ALL)
    decision = decide(at)
    to_customer, shown = [send.outgoing for send in decision.sends]
    assert (to_customer.text, to_customer.author, to_customer.carries) == (ANSWERED, "Anna", "")
    assert shown.card is not None
    assert (shown.address, shown.card.quotes[0].text) == (THREAD, ANSWERED)
    assert [(t.role, t.text) for t in decision.turns] == [(Role.AGENT, ANSWERED)]
    assert fact(decision, "agent_replied") == {"characters": len(ANSWERED), "assisted": True, "edited": False}


def test_edited_suggestion_goes_out_as_it_was_edited() -> None:
    at = suggested()
    desk.act(at, replace(filled("edit_draft", ""), value=f'{DRAFT}:{{"text": "60 days: take your time."}}'), ALL)
    decision = decide(at)
    assert texts(decision) == ["60 days: take your time."]
    assert fact(decision, "agent_replied")["edited"]


def test_suggestion_that_was_edited_to_nothing_is_not_sent() -> None:
    at = suggested()
    desk.act(at, replace(filled("edit_draft", ""), value=f'{DRAFT}:{{"text": "  "}}'), ALL)
    decision = decide(at)
    assert texts(decision) == []
    assert whispers(decision) == [("anna", "Nothing was written, so nothing was sent.")]


def test_sending_a_suggestion_claims_what_is_nobodys() -> None:
    at = suggested(State.QUEUED)
    desk.act(at, press("send_draft", DRAFT), ALL)
    decision = decide(at)
    assert decision.conversation.agent == ANNA
    assert ANSWERED in texts(decision)


def test_suggestion_is_sent_once() -> None:
    at = suggested()
    desk.act(at, press("send_draft", DRAFT), ALL)
    again = draft(at.conversation)
    desk.act(again, press("send_draft", DRAFT), ALL)
    decision = decide(again)
    assert texts(decision) == []
    assert whispers(decision)[0][1].startswith("Not sent: these words were sent already")


def test_nobody_sends_what_was_suggested_to_a_colleague() -> None:
    at = suggested(State.QUEUED)
    desk.act(at, press("send_draft", DRAFT, actor=BEN), ALL)
    decision = decide(at)
    assert (texts(decision), decision.conversation.state) == ([], State.QUEUED)


def test_suggestion_of_before_a_colleague_claimed_is_not_sent() -> None:
    at = suggested(State.QUEUED)
    desk.act(at, press("claim", actor=BEN), ALL)
    later = draft(at.conversation)
    desk.act(later, press("send_draft", DRAFT), ALL)
    assert whispers(decide(later)) == [("anna", "Ben already has it.")]


def test_form_of_a_suggestion_begins_with_its_words() -> None:
    conversation = suggested().conversation
    assert desk.filled_in(conversation, "edit_draft", DRAFT) == {"text": ANSWERED}

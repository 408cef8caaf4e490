from dataclasses import replace

import pytest

from bot import desk
from bot.conversation import Decision, Kind, Role, State
from bot.draft import Draft
from channels.base import DESK_GONE, Address, Attachment, Person
from tests.bot.desk.examples import ALL, decide
from tests.bot.world import DESK, SPARE, THREAD, at_desk, draft, fact, kinds, press, turn, whispers


def test_what_called_the_people_is_not_left_open_by_a_return() -> None:
    turns = (turn("human please"), turn("called", Role.ASSISTANT, Kind.HANDOFF))
    assert desk.left_open(at_desk(State.WITH_AGENT, *turns)) == ()


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


def test_customers_files_follow_their_words_to_the_desk() -> None:
    kept = Attachment(name="box.jpg", type="image/jpeg", bytes=3, key="k")
    at = draft(at_desk(State.QUEUED))
    desk.relay(at, (turn("See", attachments=(kept, replace(kept, key=""))),))
    assert [send.outgoing.attachments for send in decide(at).sends] == [(kept,)]


def gone(of: Draft, room: Address = DESK) -> Decision:
    action = press(DESK_GONE, "channel_archive", actor=Person(id=""), address=replace(room, thread="card1"))
    desk.act(of, action, ALL)
    return decide(of)


@pytest.mark.parametrize("state", [State.QUEUED, State.WITH_AGENT])
def test_card_of_a_desk_that_is_gone_goes_to_the_next_one_at_once(state: State) -> None:
    decision = gone(draft(at_desk(state), desks=(DESK, SPARE)))
    assert [(send.outgoing.address, send.outgoing.id) for send in decision.sends] == [(SPARE, "17-3-0-card1")]
    assert (decision.conversation.desk, decision.conversation.state) == (None, state)
    assert fact(decision, "desk_gone") == {"desk": "memory/desk", "why": "channel_archive"}


def test_only_desk_that_is_gone_is_recorded() -> None:
    decision = gone(draft(at_desk(State.QUEUED)))
    assert (kinds(decision), decision.sends) == (["desk_gone"], ())


def test_card_that_stands_elsewhere_stays_when_another_desk_is_gone() -> None:
    before = at_desk(State.QUEUED)
    decision = gone(draft(before, desks=(DESK, SPARE)), SPARE)
    assert (decision.conversation, decision.sends) == (before, ())


def test_nobody_can_press_a_desk_away() -> None:
    at = draft(at_desk(State.QUEUED), desks=(DESK, SPARE))
    desk.act(at, press(DESK_GONE), ALL)
    assert whispers(decide(at)) == [("anna", "There is no action 'desk_gone' here.")]

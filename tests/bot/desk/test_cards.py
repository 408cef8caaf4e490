from dataclasses import replace

from bot import desk
from bot.conversation import Kind, Role, State
from channels.base import Attachment
from tests.bot.desk.examples import decide
from tests.bot.world import THREAD, at_desk, draft, turn


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

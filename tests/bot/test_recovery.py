"""What the fault simulation found, told as plain stories."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot import desk
from bot.conversation import Kind, Role, Sent, State
from bot.loop import NOWHERE
from bot.store import InlineWriter, Onward, Store, StoreUnavailableError
from channels.base import Delivery, DeliveryError, Receipt
from tests.bot.world import (
    BEN,
    DESK,
    NOW,
    QUESTION,
    NewWorld,
    World,
    conversation,
    deleted,
    draft,
    edited,
    message,
    press,
    turn,
)
from tests.simulation import clockwork


class FailingStore(Store):
    """Cannot store receipts while the disk is full."""

    full = 0

    async def sent(self, outgoing_id: str, receipt: Receipt, at: datetime, *, take: int = 0) -> Onward:
        if self.full:
            self.full -= 1
            message = "the disk is full"
            raise StoreUnavailableError(message)
        return await super().sent(outgoing_id, receipt, at, take=take)


def test_a_receipt_that_could_not_be_stored_is_stored_when_the_disk_is_healed(new_world: NewWorld) -> None:
    store = FailingStore(InlineWriter())
    world = new_world(store=store)
    store.full = 2

    async def serve() -> None:
        work = asyncio.create_task(world.loop.run())
        await asyncio.sleep(0)
        await world.loop.receive(message())
        await asyncio.sleep(10)
        work.cancel()

    clockwork.run(serve())
    (posting,) = clockwork.run(store.outbox("1"))
    assert posting.state == "sent"
    assert len(world.said()) == 1


async def test_an_agent_heard_before_the_card_was_confirmed_is_not_lost(world: World) -> None:
    await world.loop.receive(message("I want to talk to a human"))
    await world.loop.advance("1")
    (card, _) = [posting.outgoing for posting in await world.store.outbox("1")]
    receipt = await world.channel.send(card)
    thread = replace(DESK, thread=receipt.id)
    await world.loop.receive(message("Hello Mara", "early", sender=BEN, address=thread))
    await world.loop.receive(message("Hello again", "early too", sender=BEN, address=thread))
    await world.store.sent(card.id, receipt, world.now)
    await world.loop.settle()
    turns = (await world.conversation()).turns
    assert [turn.text for turn in turns if turn.role is Role.NOTE] == ["Hello Mara", "Hello again"]


async def test_words_in_the_thread_of_an_older_card_belong_to_its_conversation(world: World) -> None:
    await world.say("I want to talk to a human")
    old = (await world.conversation()).desk
    assert old is not None
    await world.act("claim")
    await world.act("return")
    await world.say("No, I want to talk to a human")
    assert (await world.conversation()).desk != old
    await world.receive(message("I know this one", "late", sender=BEN, address=old))
    turns = (await world.conversation()).turns
    assert [turn.text for turn in turns if turn.role is Role.NOTE] == ["I know this one"]


async def test_a_button_of_no_conversation_is_told_so_in_private(world: World) -> None:
    lost = press("claim", "99", actor=BEN, address=replace(DESK, thread="lost"))
    await world.receive(lost)
    await world.receive(lost)
    assert world.whispered() == [("ben", NOWHERE)]


async def test_chatter_in_the_desk_room_stays_unanswered(world: World) -> None:
    await world.receive(message("Lunch?", sender=BEN, address=DESK))
    assert world.channel.posts == []


async def test_a_private_word_that_cannot_be_sent_hinders_nothing(world: World) -> None:
    world.channel.failures = [DeliveryError(Delivery.NOT_SENT, "rate limited")]
    await world.receive(press("claim", "99", actor=BEN, address=replace(DESK, thread="lost")))
    await world.say(QUESTION)
    assert (world.whispered(), len(world.said())) == ([], 1)


def test_a_running_loop_tells_of_a_button_of_no_conversation(world: World) -> None:
    async def serve() -> None:
        work = asyncio.create_task(world.loop.run())
        await world.loop.receive(press("claim", "99", actor=BEN, address=replace(DESK, thread="lost")))
        await asyncio.sleep(1)
        work.cancel()

    clockwork.run(serve())
    assert world.whispered() == [("ben", NOWHERE)]


async def test_a_desk_that_refuses_a_relay_does_not_lose_the_words(new_world: NewWorld) -> None:
    world = new_world()
    await world.say("I want to talk to a human")
    world.channel.failures = [DeliveryError(Delivery.REFUSED, "the thread is gone")]
    await world.say("My parcel was wet")
    assert "My parcel was wet" in world.quoted()
    assert await world.state() == State.QUEUED


async def test_receipts_and_agents_outlive_any_number_of_restarts(world: World) -> None:
    await world.loop.receive(message("I want to talk to a human"))
    await world.loop.advance("1")
    for posting in await world.store.outbox("1"):
        await world.store.sent(posting.outgoing.id, await world.channel.send(posting.outgoing), world.now)
    await world.loop.receive(press("claim", "1", actor=BEN, external_id="press"))
    for _ in range(9):
        await world.store.recover(world.now)
    await world.loop.settle()
    found = await world.conversation()
    assert found.card_id
    assert (found.state, found.agent) == (State.WITH_AGENT, BEN)


async def test_an_edit_that_comes_after_the_deletion_revives_nothing(world: World) -> None:
    first = await world.say("My card number is 1234")
    await world.receive(deleted(first, "gone"))
    await world.receive(edited("My card number is 12345", first, "late"))
    (turn,) = [turn for turn in (await world.conversation()).turns if turn.external_id == first]
    assert turn.deleted
    assert "12345" not in turn.text


async def test_whoever_claims_below_a_thread_that_was_left_sees_what_was_missed(world: World) -> None:
    await world.say("I want to talk to a human")
    await world.wait(minutes=10)
    world.channel.failures = [DeliveryError(Delivery.REFUSED, "the thread is gone")]
    await world.say("My parcel was wet")
    await world.say("And the lamp is broken")
    await world.receive(press("resolve", "1", actor=BEN, external_id="press"))
    assert "the lamp is broken" in world.quoted()


@pytest.mark.parametrize(("earlier", "shown"), [(timedelta(hours=1), ["My tent is wet"]), (timedelta(), [])])
def test_older_card_that_is_confirmed_late_is_followed_by_the_words_of_the_new_call(
    earlier: timedelta, shown: list[str]
) -> None:
    called = (turn("My tent is wet"), turn("A person comes.", Role.ASSISTANT, Kind.HANDOFF))
    again = draft(conversation(State.ESCALATING, *called))
    sent = Sent(outgoing_id="17-1-0-card0", receipt_id="card1", carries=(NOW - earlier).isoformat())
    desk.card_arrived(again, sent, 0)
    cards = [send.outgoing.card for send in again.decide(()).sends if send.outgoing.card]
    assert [quote.text for card in cards for quote in card.quotes] == shown

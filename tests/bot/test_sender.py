import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.conversation import State
from bot.sender import GIVE_UP_AFTER, SEND_SECONDS
from channels.base import Address, Delivery, DeliveryError, Outgoing, Receipt
from tests.bot.world import (
    ANSWERED,
    BEN,
    QUESTION,
    ROOM,
    Line,
    NewWorld,
    StumblingStore,
    World,
    handed_over,
    in_no_time,
    message,
    running,
)

REFUSED = DeliveryError(Delivery.REFUSED, "room archived")
NOT_SENT = DeliveryError(Delivery.NOT_SENT, "rate limited", retry_after_seconds=7)
UNKNOWN = DeliveryError(Delivery.UNKNOWN, "connection lost")


class Deaf(Line):
    """A service that never answers."""

    async def send(self, outgoing: Outgoing) -> Receipt:
        await asyncio.Event().wait()
        raise AssertionError


async def test_post_that_was_not_sent_is_tried_again_when_the_service_said(world: World) -> None:
    world.channel.failures = [NOT_SENT]
    await world.say(QUESTION)
    await world.wait(seconds=6)
    assert world.said() == []
    await world.wait(seconds=2)
    assert len(world.said()) == 1
    assert world.channel.asked == []


@pytest.mark.parametrize("failure", [UNKNOWN, OSError("connection reset")], ids=["unknown", "broken"])
@pytest.mark.parametrize("arrives", [True, False], ids=["arrived", "lost"])
async def test_channel_is_asked_before_an_unsure_post_is_repeated(
    world: World, failure: DeliveryError | OSError, arrives: bool
) -> None:
    world.channel.failures, world.channel.arrives_all_the_same = [failure], arrives
    await world.say(QUESTION)
    await world.wait(seconds=5)
    assert len(world.said()) == 1
    assert len(world.channel.tries) == (1 if arrives else 2)
    assert len(world.channel.asked) == 1


async def test_post_that_stays_unsure_is_asked_about_every_time(world: World) -> None:
    world.channel.failures = [UNKNOWN, NOT_SENT]
    await world.say(QUESTION)
    await world.wait(minutes=1)
    assert len(world.channel.asked) == 2


def test_service_that_never_answers_is_left_after_a_while_and_asked(new_world: NewWorld) -> None:
    world = new_world(channel=Deaf("memory"))
    in_no_time(world.say(QUESTION))
    (posting,) = in_no_time(world.store.outbox("1"))
    assert posting.state == "unsure"
    assert posting.reason == f"no answer in {SEND_SECONDS} s"


async def test_mistake_in_an_adapter_hinders_no_other_post_and_counts_as_a_try(world: World) -> None:
    world.channel.failures = [KeyError("ts")]
    await world.receive(message(QUESTION), message(QUESTION, "m2", sender=BEN, address=replace(ROOM, room="ben")))
    assert len(world.said("ben")) == 1
    (posting,) = await world.store.outbox("1")
    assert (posting.state, posting.attempts, posting.reason) == ("unsure", 1, "the adapter failed: KeyError('ts')")
    await world.wait(seconds=5)
    assert len(world.said()) == 1


async def test_answer_that_can_never_arrive_calls_a_person(world: World) -> None:
    world.channel.failures = [REFUSED]
    await world.say(QUESTION)
    assert await world.state() is State.QUEUED
    assert (await world.events("trigger_fired"))[0].facts["evidence"] == "not delivered: room archived"


async def test_agent_is_told_that_a_reply_can_never_arrive(world: World) -> None:
    await handed_over(world)
    await world.act("claim")
    world.channel.failures = [REFUSED]
    await world.reply("It left today.")
    assert "⚠️ not delivered to the customer: room archived" in [post.text for post in world.desk_posts()]


async def test_post_is_given_up_after_a_day_of_tries(world: World) -> None:
    world.channel.failures = [NOT_SENT] * 10_000
    await world.say(QUESTION)
    await world.store.writer.run(lambda db: db.execute("update outbox set attempts = ?", (GIVE_UP_AFTER,)))
    await world.wait(seconds=8)
    assert len(await world.events("undelivered")) == 1


async def test_customer_of_a_channel_that_is_switched_off_goes_to_people(world: World) -> None:
    nowhere = Address(channel="slack", room="C1")
    await world.receive(message(QUESTION, address=nowhere))
    assert await world.state() is State.QUEUED
    assert "not switched on" in str((await world.events("undelivered"))[0].facts["reason"])


async def test_order_at_one_address_is_kept_while_its_head_waits(world: World) -> None:
    world.channel.failures = [NOT_SENT]
    await world.say("hello")
    await world.say(QUESTION)
    assert world.said() == []
    await world.wait(seconds=8)
    assert ["good to have you here" in world.said()[0], ANSWERED in world.said()[1]] == [True, True]


def test_receipt_that_could_not_be_stored_is_stored_later_and_nothing_is_sent_twice(new_world: NewWorld) -> None:
    store = StumblingStore("sent")
    world = new_world(store=store)

    async def work() -> None:
        async with running(world):
            await world.loop.receive(message(QUESTION))
            await store.stumbled.wait()

    in_no_time(work())
    (posting,) = in_no_time(store.outbox("1"))
    assert (posting.state, len(world.channel.tries)) == ("sent", 1)


def test_post_that_could_not_be_taken_is_sent_at_the_next_tick(new_world: NewWorld) -> None:
    store = StumblingStore("take")
    world = new_world(store=store)

    async def work() -> None:
        world.channel.failures = [NOT_SENT]
        async with running(world):
            await world.loop.receive(message(QUESTION))
            await asyncio.sleep(1)
            world.now += timedelta(seconds=8)
            await world.loop.tick()
            await store.stumbled.wait()
            assert world.said() == []
            await world.loop.tick()

    in_no_time(work())
    assert len(world.said()) == 1

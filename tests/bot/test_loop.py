import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot import desk, hours
from bot.conversation import Decision, Outcome, State
from bot.store import InlineWriter, Parcel, Store, StoreDamagedError, StoreUnavailableError
from channels.base import Address, Delivery, DeliveryError, Person, Receipt
from tests.bot.world import (
    ANNA,
    ANSWERED,
    BEN,
    DESK,
    NOW,
    QUESTION,
    UNKNOWN_QUESTION,
    FailingWriter,
    NewWorld,
    StumblingStore,
    World,
    handed_over,
    message,
    press,
    running,
)

WITH_FALLBACK = desk.Settings(channel="memory", room="desk", fallback_channel="spare", fallback_room="desk")
REFUSED = DeliveryError(Delivery.REFUSED, "room archived")
NOT_SENT = DeliveryError(Delivery.NOT_SENT, "rate limited", retry_after_seconds=7)
UNKNOWN = DeliveryError(Delivery.UNKNOWN, "connection lost")


class RacedStore(Store):
    """A store in which something else happens just before the first commit."""

    def __init__(self) -> None:
        super().__init__(InlineWriter())
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def commit(self, decision: Decision, *, at: datetime, take: int = 0) -> tuple[Parcel, ...]:
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            await happens()
        return await super().commit(decision, at=at, take=take)


# People


async def test_customer_hears_the_owner_and_only_the_owner(world: World) -> None:
    await handed_over(world)
    await world.act("claim")
    await world.reply("It left today.")
    await world.reply("!odd one")
    await world.reply("Give her a voucher", who=BEN)
    assert [text for text in world.said() if "voucher" in text or "odd" in text] == []
    assert world.said()[-1] == "It left today."
    assert "✅ delivered to the customer" in [post.text for post in world.desk_posts()]


async def test_reply_to_an_unclaimed_conversation_is_sent_when_its_author_says_so(world: World) -> None:
    await handed_over(world)
    written = await world.reply("It left today.")
    assert "It left today." not in world.said()
    await world.act("claim_send", f"1:anna:{written}")
    assert world.said()[-1] == "It left today."
    await world.act("claim_send", f"1:anna:{written}")
    assert world.said().count("It left today.") == 1


async def test_reply_that_is_kept_as_a_note_reaches_nobody(world: World) -> None:
    await handed_over(world)
    written = await world.reply("It left today.")
    await world.act("keep_note", f"1:anna:{written}")
    assert "It left today." not in world.said()
    assert world.whispered()[-1] == ("anna", "Kept as a note: the customer did not get it.")


async def test_words_of_somebody_who_is_no_agent_reach_nobody(new_world: NewWorld) -> None:
    world = new_world(desk=desk.Settings(channel="memory", room="desk", agents=("anna",)))
    await handed_over(world)
    await world.reply("hello", who=BEN)
    await world.act("claim", who=BEN)
    assert await world.state() is State.QUEUED
    assert {to for to, _ in world.whispered()} == {"ben"}


async def test_suggestion_is_found_in_internal_articles_and_shown_in_private(world: World) -> None:
    await handed_over(world, "I want to talk to a human about the voucher for a late parcel")
    await world.act("suggest")
    shown = [(post.only_for, post.card) for post in world.channel.posts if post.only_for]
    ((to, card),) = shown
    assert to == "anna"
    assert card is not None
    assert ["voucher" in quote.text for quote in card.quotes] == [True]
    assert "voucher" not in " ".join(world.said())


async def test_words_between_the_call_and_the_card_follow_the_card(world: World) -> None:
    world.channel.failures = [NOT_SENT]
    await world.say("I want to talk to a human")
    assert await world.state() is State.ESCALATING
    await world.say("please hurry")
    await world.wait(seconds=30)
    assert await world.state() is State.QUEUED
    assert "please hurry" in world.quoted()


async def test_conversation_returned_without_an_open_question_waits(world: World) -> None:
    await handed_over(world)
    await world.act("claim")
    await world.act("return")
    assert await world.state() is State.AWAITING_CUSTOMER
    assert "I'm back: the AI assistant." in world.said()[-1]


async def test_open_question_is_answered_after_the_return(world: World) -> None:
    await handed_over(world)
    await world.act("claim")
    await world.say(QUESTION)
    await world.act("return")
    assert ANSWERED in world.said()[-1]
    assert await world.state() is State.AWAITING_CUSTOMER


async def test_note_right_after_the_return_does_not_hold_up_the_open_question(world: World) -> None:
    await handed_over(world)
    await world.act("claim")
    await world.say(QUESTION)
    thread = (await world.conversation()).desk
    assert thread is not None
    await world.loop.receive(press("return", "1", address=thread, external_id="r1"))
    await world.loop.receive(message("!she is nice", "n1", sender=BEN, address=thread))
    await world.loop.settle()
    assert ANSWERED in world.said()[-1]


async def test_word_right_after_the_return_is_answered_together_with_the_open_question(world: World) -> None:
    await handed_over(world)
    await world.act("claim")
    await world.say(UNKNOWN_QUESTION)
    thread = (await world.conversation()).desk
    assert thread is not None
    await world.loop.receive(press("return", "1", address=thread, external_id="r1"))
    await world.loop.receive(message("please be quick", "m9"))
    await world.loop.settle()
    (gap,) = await world.store.gaps(NOW - timedelta(days=1))
    assert gap.gap.question == f"{UNKNOWN_QUESTION}\nplease be quick"


async def test_conversation_of_two_agents_has_one_owner_at_a_time(world: World) -> None:
    await handed_over(world)
    await world.act("claim")
    await world.act("claim", who=BEN)
    assert (await world.conversation()).agent == ANNA
    assert world.whispered()[-1] == ("ben", "Anna already has it.")


async def test_thousand_simultaneous_claims_leave_exactly_one_owner_each(new_world: NewWorld) -> None:
    world = new_world()
    rooms = [Address(channel="memory", room=f"c{number}") for number in range(250)]
    for number, room in enumerate(rooms):
        await world.loop.receive(message("human please", f"m{number}", sender=Person(id=room.room), address=room))
    await world.loop.settle()
    crowd = (ANNA, BEN, Person(id="cleo"), Person(id="dan"))
    claims = [
        press("claim", str(number + 1), actor=who, address=DESK, external_id=f"claim-{number}-{who.id}")
        for number in range(len(rooms))
        for who in (*crowd[number % 4 :], *crowd[: number % 4])
    ]
    async with asyncio.TaskGroup() as group:
        for claim in claims:
            group.create_task(world.loop.receive(claim))
    await world.loop.settle()
    owners: Counter[Person | None] = Counter()
    for number in range(len(rooms)):
        assert len(await world.events("claimed", str(number + 1))) == 1
        owners[(await world.conversation(str(number + 1))).agent] += 1
    assert owners == dict(zip(crowd, (63, 63, 62, 62), strict=True))
    assert len(world.whispered()) == 750


# The desk's card


async def test_card_goes_to_the_fallback_desk_when_the_first_refuses(new_world: NewWorld) -> None:
    world = new_world(desk=WITH_FALLBACK)
    world.channel.failures = [REFUSED]
    await world.say("I want to talk to a human")
    assert await world.state() is State.QUEUED
    assert (await world.conversation()).desk == Address(channel="spare", room="desk", thread="1")


async def test_card_goes_to_the_fallback_desk_when_the_first_stays_silent(new_world: NewWorld) -> None:
    world = new_world(desk=WITH_FALLBACK)
    world.channel.failures = [NOT_SENT] * 99
    await world.say("I want to talk to a human")
    await world.wait(seconds=61)
    assert await world.state() is State.QUEUED
    assert len(world.spare.posts) == 1


async def test_card_that_arrives_late_at_the_first_desk_is_closed_there(new_world: NewWorld) -> None:
    world = new_world(desk=WITH_FALLBACK)
    world.channel.failures = [replace_wait(NOT_SENT, 90)]
    await world.say("I want to talk to a human")
    await world.wait(seconds=120)
    closed = world.desk_posts()[-1].card
    assert closed is not None
    assert closed.title.endswith("worked on elsewhere: spare/desk")
    assert closed.buttons == ()


def replace_wait(error: DeliveryError, seconds: float) -> DeliveryError:
    return DeliveryError(error.outcome, error.reason, retry_after_seconds=seconds)


async def test_desk_that_always_refuses_is_tried_at_the_pace_of_the_deadline(world: World) -> None:
    world.channel.failures = [REFUSED] * 10_000
    await world.say("I want to talk to a human")
    await world.wait(minutes=61)
    cards = [post for post in world.channel.tries if "card" in post]
    assert len(cards) == 8  # at once, and after 1, 3, 7, 15, 30, 45 and 60 minutes
    assert await world.state() is State.ESCALATING


async def test_receipt_that_is_stored_twice_is_one_receipt(world: World) -> None:
    await handed_over(world)
    card = world.cards()[0]
    await world.store.sent(card.id, Receipt(id="1"), world.now)
    await world.loop.settle()
    assert await world.state() is State.QUEUED
    assert len([event for event in await world.events("moved") if event.facts["to"] == "queued"]) == 1


async def test_claim_before_the_receipt_of_the_card_is_one(world: World) -> None:
    world.channel.failures = [UNKNOWN]
    world.channel.arrives_all_the_same = True
    await world.say("I want to talk to a human")
    assert await world.state() is State.ESCALATING
    await world.receive(press("claim", "1", address=DESK, external_id="early"))
    assert await world.state() is State.WITH_AGENT
    await world.wait(seconds=10)
    await world.reply("It left today.")
    assert world.said()[-1] == "It left today."


# Waiting


async def test_nobody_claims_and_the_ladder_runs_in_working_hours_only(new_world: NewWorld) -> None:
    world = new_world(hours=hours.Settings(holidays=((NOW + timedelta(days=6)).date(),)))
    world.now = NOW + timedelta(days=3, hours=6, minutes=55)  # a Friday, five minutes to five; Monday is a holiday
    await world.say("I want to talk to a human")
    await world.wait(days=4)
    pinged = [event.at.isoformat(" ", "minutes") for event in await world.events("pinged")]
    assert pinged[:3] == ["2026-03-10 09:05+00:00", "2026-03-10 09:25+00:00", "2026-03-10 10:55+00:00"]
    assert len([text for text in world.said() if "nobody on our team has been free" in text]) == 1


async def test_claim_ends_the_reminders(world: World) -> None:
    await handed_over(world)
    await world.act("claim")
    await world.wait(minutes=59)
    assert await world.events("pinged") == []


async def test_agent_who_never_answers_loses_the_conversation_to_the_queue(world: World) -> None:
    await handed_over(world)
    await world.act("claim")
    await world.wait(hours=4)
    assert await world.state() is State.QUEUED
    assert len(await world.events("agent_pinged")) == 3


async def test_deadline_that_was_overtaken_is_only_recorded(world: World) -> None:
    await world.say(QUESTION)
    world.now += timedelta(hours=24)
    assert await world.store.lapse(world.now) == ("1",)
    world.now -= timedelta(hours=20)  # the clock jumps back before the deadline is read
    await world.loop.settle()
    assert await world.state() is State.AWAITING_CUSTOMER
    assert len(await world.events("deadline_out_of_date")) == 1


async def test_clock_that_jumps_back_loses_no_answer(world: World) -> None:
    await world.say("hello")
    world.now -= timedelta(days=2)
    await world.say(QUESTION)
    assert ANSWERED in world.said()[-1]


@pytest.mark.parametrize(("text", "outcome"), [(QUESTION, Outcome.ASSUMED), (UNKNOWN_QUESTION, Outcome.ABANDONED)])
async def test_silence_ends_the_conversation(world: World, text: str, outcome: Outcome) -> None:
    await world.say(text)
    await world.wait(hours=25)
    assert (await world.conversation()).outcome is outcome


async def test_message_that_nobody_could_decide_in_time_goes_to_a_human(new_world: NewWorld) -> None:
    world = new_world()
    await world.loop.receive(message(QUESTION))
    await world.store.writer.run(lambda db: db.execute("update inbox set done = 1"))
    await world.wait(seconds=61)
    assert await world.state() is State.QUEUED


# The end


async def resolved(world: World) -> World:
    await handed_over(world)
    await world.act("claim")
    await world.reply("It left today.")
    await world.act("resolve")
    return world


async def test_rating_counts_once_an_episode(world: World) -> None:
    await resolved(world)
    await world.say("5")
    await world.say("4")
    await world.press("rate", "3")
    assert [event.facts["stars"] for event in await world.events("rated")] == [5]
    assert await world.state() is State.RESOLVED


async def test_rating_by_button_counts(world: World) -> None:
    await resolved(world)
    await world.press("rate", "2")
    assert [event.facts["stars"] for event in await world.events("rated")] == [2]


async def test_press_by_somebody_else_counts_nothing(world: World) -> None:
    await resolved(world)
    await world.press("rate", "1", who=BEN)
    assert await world.events("rated") == []


async def test_button_for_a_person_calls_one(world: World) -> None:
    await world.say(QUESTION)
    await world.press("ask_human", "1")
    assert await world.state() is State.QUEUED


async def test_button_for_a_person_calls_one_after_the_silence_too(world: World) -> None:
    await world.say(QUESTION)
    await world.wait(hours=25)
    await world.press("ask_human", "1")
    assert await world.state() is State.QUEUED


@pytest.mark.parametrize(("hours_later", "state"), [(71, State.QUEUED), (73, State.AWAITING_CUSTOMER)])
async def test_who_writes_again_soon_goes_back_to_people(world: World, hours_later: int, state: State) -> None:
    await resolved(world)
    await world.wait(hours=hours_later)
    await world.say(QUESTION)
    assert await world.state() is state
    assert (await world.conversation()).episode == 2


async def test_agent_reopens_what_was_resolved(world: World) -> None:
    await resolved(world)
    await world.act("reopen", who=BEN)
    conversation = await world.conversation()
    assert (conversation.state, conversation.agent, conversation.episode) == (State.WITH_AGENT, BEN, 2)


# The store


async def test_message_that_could_not_be_stored_stays_with_the_channel(new_world: NewWorld) -> None:
    writer = FailingWriter()
    world = new_world(store=Store(writer))
    writer.full = True
    with capture_logs() as logs, pytest.raises(StoreUnavailableError):
        await world.loop.receive(message(QUESTION))
    assert [(one["event"], one["log_level"]) for one in logs] == [("not_stored", "error")]
    writer.full = False
    assert await world.store.conversation("1") is None
    await world.receive(message(QUESTION))
    assert len(world.said()) == 1


async def test_outage_is_an_alarm_once_and_healing_is_told(new_world: NewWorld) -> None:
    writer = FailingWriter()
    world = new_world(store=Store(writer))
    writer.full = True
    with capture_logs() as logs:
        await world.loop.tick()
        await world.loop.tick()
        writer.full = False
        await world.loop.tick()
    assert [(one["event"], one["log_level"]) for one in logs] == [
        ("store_unavailable", "error"),
        ("store_unavailable", "debug"),
        ("store_healed", "warning"),
    ]


@pytest.mark.parametrize("error", [StoreUnavailableError("full"), StoreDamagedError("use the backup"), ValueError("x")])
async def test_stop_is_not_broken_by_the_store(new_world: NewWorld, error: Exception) -> None:
    world = new_world(store=Lapsing(error))
    await world.loop.finish()
    assert world.said() == []


class Lapsing(Store):
    """A store whose deadlines cannot be read."""

    def __init__(self, error: Exception) -> None:
        super().__init__(InlineWriter())
        self.error = error

    async def lapse(self, at: datetime, limit: int = 500) -> tuple[str, ...]:
        raise self.error


async def test_running_loop_answers_without_a_tick(world: World) -> None:
    async with running(world):
        await world.loop.receive(message(QUESTION))
    assert ANSWERED in world.said()[0]


async def test_message_that_comes_while_its_conversation_is_at_work_is_not_forgotten(world: World) -> None:
    async with running(world):
        await world.loop.receive(message("hello", "m1"))
        await asyncio.sleep(0)
        await world.loop.receive(message(QUESTION, "m2"))
    assert ANSWERED in world.said()[-1]


async def test_decision_that_could_not_be_stored_is_made_again_at_the_next_tick(new_world: NewWorld) -> None:
    store = StumblingStore("commit")
    world = new_world(store=store)
    with capture_logs() as logs:
        async with running(world):
            await world.loop.receive(message(QUESTION))
            await store.stumbled.wait()
            assert world.said() == []
            await world.loop.tick()
    assert ANSWERED in world.said()[0]
    assert len(world.said()) == 1
    assert [one["event"] for one in logs if one["log_level"] == "error"] == ["not_decided"]


async def test_decision_is_made_anew_when_the_customer_wrote_meanwhile(new_world: NewWorld) -> None:
    store = RacedStore()
    world = new_world(store=store)
    store.meanwhile = lambda: world.loop.receive(message(QUESTION, "m2"))
    await world.receive(message("hello", "m1"))
    assert len(world.said()) == 1
    assert ANSWERED in world.said()[0]

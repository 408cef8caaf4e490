"""A request that is under way when something new comes: over real sockets, in the running loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.conversation import State
from bot.llm import Settings
from bot.llm.endpoint import OpenAiEndpoint
from channels.base import Person
from tests.bot.world import ANSWERED, DESK, MARA, QUESTION, ROOM, NewWorld, World, message, press
from tests.fakes import model as fake
from tests.fakes.model import KEY, MODEL, FakeModel, Fault

HANGS = Fault(hangs=True)
ROBIN = Person(id="robin", name="Robin")
ROBINS_ROOM = replace(ROOM, room=ROBIN.id)


@pytest.fixture
async def endpoint(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeModel]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    async with fake.served() as served:
        yield served


@asynccontextmanager
async def running(new_world: NewWorld, endpoint: FakeModel, **others: float) -> AsyncIterator[World]:
    given = {"tries": 1, "handoff_seconds": 0.0, **others}
    llm = Settings(model=MODEL, base_url=endpoint.url, **given)  # type: ignore[arg-type] # numbers of either kind
    client = OpenAiEndpoint(llm)
    world = new_world(endpoint=client, llm=llm)
    try:
        async with asyncio.TaskGroup() as group:
            work = group.create_task(world.loop.run())
            await asyncio.sleep(0)
            yield world
            await world.loop.finish()
            work.cancel()
    finally:
        await client.close()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 # what is waited for happens in the loop, which tells nobody
            await asyncio.sleep(0.005)


async def test_next_message_of_a_burst_ends_the_request(new_world: NewWorld, endpoint: FakeModel) -> None:
    endpoint.faults.append(HANGS)
    async with running(new_world, endpoint) as world:
        await world.loop.receive(message(QUESTION, "m1"))
        await endpoint.arrived.wait()
        await world.loop.receive(message("it is a tent", "m2"))
        await endpoint.given_up.wait()
        await until(lambda: bool(world.said()))
    assert len(world.said()) == 1
    assert "it is a tent" in str(endpoint.requests[-1])


async def test_call_for_a_person_ends_the_request(new_world: NewWorld, endpoint: FakeModel) -> None:
    endpoint.faults.append(HANGS)
    async with running(new_world, endpoint) as world:
        await world.loop.receive(message(QUESTION, "m1"))
        await endpoint.arrived.wait()
        await world.loop.receive(press("ask_human", actor=MARA, address=ROOM))
        await endpoint.given_up.wait()
        await until(lambda: bool(world.cards()))
    assert await world.state() is State.QUEUED


async def test_claim_ends_the_request(new_world: NewWorld, endpoint: FakeModel) -> None:
    async with running(new_world, endpoint) as world:
        endpoint.always = HANGS
        await world.loop.receive(message(QUESTION, "m1"))
        await endpoint.arrived.wait()
        await world.loop.receive(press("claim", "1", address=DESK))
        await endpoint.given_up.wait()
        await until(lambda: bool(world.said()))
    assert await world.state() is State.WITH_AGENT
    assert not [text for text in world.said() if ANSWERED in text]


async def test_request_that_was_ended_is_on_the_record(new_world: NewWorld, endpoint: FakeModel) -> None:
    endpoint.faults.append(HANGS)
    async with running(new_world, endpoint) as world:
        await world.loop.receive(message(QUESTION, "m1"))
        await endpoint.arrived.wait()
        await world.loop.receive(message("it is a tent", "m2"))
        await until(lambda: bool(world.said()))
    asked = await world.events("model_asked")
    assert [event.facts["problem"] for event in asked] == ["cancelled", ""]


async def test_customer_who_writes_on_and_on_is_answered_without_the_model(
    new_world: NewWorld, endpoint: FakeModel
) -> None:
    endpoint.always = HANGS
    async with running(new_world, endpoint) as world:
        for number in range(4):
            before = len(endpoint.requests)
            await world.loop.receive(message(QUESTION, f"m{number}"))
            if number < 3:
                await until(lambda before=before: len(endpoint.requests) > before)  # type: ignore[misc]
        await until(lambda: bool(world.said()))
    assert ANSWERED in world.said()[0]


async def test_others_are_served_while_one_waits(new_world: NewWorld, endpoint: FakeModel) -> None:
    endpoint.faults.append(HANGS)
    async with running(new_world, endpoint) as world:
        await world.loop.receive(message(QUESTION, "m1"))
        await endpoint.arrived.wait()
        await world.loop.receive(message("hello", "m2", address=ROBINS_ROOM, sender=ROBIN))
        await until(lambda: bool(world.said(ROBIN.id)))
        assert not world.said()
        endpoint.release()
        await until(lambda: bool(world.said()))


async def test_hanging_model_costs_no_more_than_its_time(new_world: NewWorld, endpoint: FakeModel) -> None:
    endpoint.always = HANGS
    async with running(new_world, endpoint, turn_seconds=0.6) as world:
        await world.loop.receive(message(QUESTION, "m1"))
        await until(lambda: bool(world.said()))
    assert ANSWERED in world.said()[0]


async def test_agent_waits_no_longer_for_a_brief_than_set(new_world: NewWorld, endpoint: FakeModel) -> None:
    endpoint.always = HANGS
    async with running(new_world, endpoint, handoff_seconds=0.6) as world:
        await world.loop.receive(message("I want to talk to a human", "m1"))
        await until(lambda: bool(world.cards()))
        assert endpoint.requests
    assert await world.state() is State.QUEUED

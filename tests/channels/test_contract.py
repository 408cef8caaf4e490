"""What every channel keeps. A new channel is found here by its `connect`; its twin test brings a bench."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import pytest

import channels
from channels.base import Address, Card, Channel, Field, Outgoing


class Bench(Protocol):
    """What `tests/channels/test_<name>.py` calls `bench`: the channel at work, and what can be seen on the service."""

    def __call__(self) -> AbstractAsyncContextManager["Bound"]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A channel, where a customer can be reached on it, and every text that is visible there now."""

    channel: Channel
    room: Address
    shown: Callable[[], Sequence[str]]


def channel_names() -> list[str]:
    modules = (module.name for module in pkgutil.iter_modules(channels.__path__))
    return [name for name in modules if hasattr(importlib.import_module(f"channels.{name}"), "connect")]


NAMES = [*channel_names(), "memory"]


@pytest.fixture(params=NAMES)
def bench(request: pytest.FixtureRequest) -> Bench:
    found: Bench = importlib.import_module(f"tests.channels.test_{request.param}").bench
    return found


def post(room: Address, id: str = "7-1-0-say", text: str = "Your parcel left today.") -> Outgoing:
    return Outgoing(id=id, address=room, text=text)


def count(bound: Bound, text: str) -> int:
    return sum(text in one for one in bound.shown())


@pytest.mark.parametrize("name", channel_names())
def test_settings_are_frozen_and_have_defaults(name: str) -> None:
    settings = importlib.import_module(f"channels.{name}").Settings
    assert settings.__dataclass_params__.frozen
    assert all(
        each.default is not dataclasses.MISSING or each.default_factory is not dataclasses.MISSING
        for each in dataclasses.fields(settings)
    )


@pytest.mark.parametrize("name", channel_names())
def test_settings_can_switch_the_channel_off(name: str) -> None:
    settings = importlib.import_module(f"channels.{name}").Settings
    assert settings(enabled=False).enabled is False


async def test_what_is_sent_is_shown(bench: Bench) -> None:
    async with bench() as bound:
        await bound.channel.send(post(bound.room))
        assert count(bound, "Your parcel left today.") == 1


async def test_the_same_id_sent_twice_is_shown_once(bench: Bench) -> None:
    async with bench() as bound:
        await bound.channel.send(post(bound.room))
        await bound.channel.send(post(bound.room))
        assert count(bound, "Your parcel left today.") == 1


async def test_the_same_text_under_two_ids_is_shown_twice(bench: Bench) -> None:
    async with bench() as bound:
        await bound.channel.send(post(bound.room, "7-1-0-say"))
        await bound.channel.send(post(bound.room, "7-2-0-say"))
        assert count(bound, "Your parcel left today.") == 2


async def test_two_posts_have_two_receipts(bench: Bench) -> None:
    async with bench() as bound:
        first = await bound.channel.send(post(bound.room, "7-1-0-say"))
        assert first != await bound.channel.send(post(bound.room, "7-2-0-say"))


async def test_find_gives_the_receipt_of_what_is_there(bench: Bench) -> None:
    async with bench() as bound:
        receipt = await bound.channel.send(post(bound.room))
        assert await bound.channel.find(post(bound.room)) == receipt


async def test_find_gives_nothing_for_what_was_never_sent(bench: Bench) -> None:
    async with bench() as bound:
        await bound.channel.send(post(bound.room))
        assert await bound.channel.find(post(bound.room, "8-1-0-say")) is None


async def test_a_card_shows_its_title_fields_and_quotes(bench: Bench) -> None:
    card = Card(
        title="Mara needs a person",
        fields=(Field(name="Why", text="asks for human"),),
        quotes=(Field(name="10:00 customer", text="give me a human"),),
    )
    async with bench() as bound:
        await bound.channel.send(Outgoing(id="7-1-0-card0", address=bound.room, card=card))
        assert all(count(bound, text) for text in ("Mara needs a person", "asks for human", "give me a human"))


async def test_closing_twice_does_no_harm(bench: Bench) -> None:
    async with bench() as bound:
        await bound.channel.close()
        await bound.channel.close()


async def test_the_channel_goes_by_its_own_name(bench: Bench) -> None:
    async with bench() as bound:
        assert bound.channel.name == bound.room.channel

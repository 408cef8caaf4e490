"""Embeddings over real sockets."""

import pytest

from bot.llm import ModelError, Why
from tests.bot.llm.conftest import Door, NewDoor
from tests.fakes.model import FakeModel


async def test_numbers_come_in_the_order_of_the_texts(open_door: NewDoor, endpoint: FakeModel) -> None:
    door = open_door(embeddings="near")
    parcel, tent, again = await door.model.embedder().embed(["parcel", "tent", "parcel"], seconds=5.0, bill=door.bill)
    assert parcel == again != tent
    assert endpoint.embedded[0]["model"] == "near"
    assert (door.bill[0].purpose, door.bill[0].tokens_in) == ("embed", 30)
    assert door.model.budget.spent.tokens == 30


async def test_endpoint_that_only_chats_is_no_outage(open_door: NewDoor, endpoint: FakeModel) -> None:
    door = open_door(embeddings="near")
    endpoint.embeds = False
    with pytest.raises(ModelError) as caught:
        await door.model.embedder().embed(["parcel"], seconds=5.0, bill=door.bill)
    assert caught.value.why is Why.REFUSED
    assert (await door.ask()).value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"data": []}',
        b'{"data": [{"index": 0, "embedding": []}]}',
        b'{"data": [{"index": 0, "embedding": ["a"]}]}',
        b'{"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0]}]}',
    ],
    ids=["nothing", "empty", "none", "no numbers", "words", "too many"],
)
async def test_what_are_no_embeddings_is_broken(open_door: NewDoor, endpoint: FakeModel, body: bytes) -> None:
    door = open_door(embeddings="near")
    endpoint.embed_body = body
    with pytest.raises(ModelError) as caught:
        await door.model.embedder().embed(["parcel"], seconds=5.0, bill=door.bill)
    assert caught.value.why is Why.BROKEN


async def test_endpoint_that_fails_again_and_again_is_left_alone(open_door: NewDoor, endpoint: FakeModel) -> None:
    door = open_door(embeddings="near", break_after=2)
    embedder, endpoint.embed_body = door.model.embedder(), b"{}"
    for _ in range(4):
        with pytest.raises(ModelError):
            await embedder.embed(["parcel"], seconds=5.0, bill=door.bill)
    assert len(endpoint.embedded) == 2


async def test_long_texts_are_cut(door: Door, endpoint: FakeModel) -> None:
    await door.model.embedder().embed(["word " * 5_000], seconds=5.0, bill=door.bill)
    assert len(endpoint.embedded[0]["input"][0]) == 6_000

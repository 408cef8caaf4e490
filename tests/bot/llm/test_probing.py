from dataclasses import replace
from typing import Any

import pytest

from bot.llm import OpenAiEndpoint, Probed, probe, probe_embeddings
from tests.bot.llm.conftest import NOON, Door
from tests.fakes import model as fake
from tests.fakes.model import MODEL, FakeModel, Fault


@pytest.fixture(autouse=True)
def ready(endpoint: FakeModel) -> None:
    endpoint.writer = lambda request: {"ready": True}


async def probed(door: Door, **others: Any) -> Probed:
    settings = replace(door.settings, **others)
    client = OpenAiEndpoint(settings)
    try:
        return await probe(settings, client, clock=lambda: NOON)
    finally:
        await client.close()


async def test_model_that_works_is_told_with_its_schema(door: Door) -> None:
    found = await probed(door)
    assert found.ok
    assert found.text.startswith(f"{MODEL} answers in ")
    assert found.text.endswith("keeps to a JSON schema")


@pytest.mark.parametrize(
    ("takes", "told"),
    [({"json_object", "text"}, "cannot be held to a JSON schema"), ({"text"}, "asked in words")],
    ids=["object", "plain"],
)
async def test_what_the_endpoint_cannot_do_is_told(door: Door, takes: set[str], told: str) -> None:
    door.fake.takes = takes
    found = await probed(door)
    assert found.ok
    assert told in found.text


async def test_embeddings_are_told_with_their_size_or_what_is_wrong(door: Door) -> None:
    client = OpenAiEndpoint(door.settings)
    chosen = replace(door.settings, embeddings="near")
    assert (await probe_embeddings(chosen, client, clock=lambda: NOON)).text.startswith(
        "near embeds a text as 256 numb"
    )
    door.fake.embeds = False
    found = await probe_embeddings(chosen, client, clock=lambda: NOON)
    await client.close()
    assert (found.ok, found.text.partition(" (")[0]) == (False, "'near' gives no embeddings")


async def test_wrong_key_is_told(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    found = await probed(door)
    assert not found.ok
    assert "does not accept the key in OPENAI_API_KEY" in found.text
    assert "sk-wrong" not in found.text


async def test_model_that_is_not_there_is_told_with_those_that_are(door: Door) -> None:
    found = await probed(door, model="gpt-nonsense")
    assert found.text == f"there is no model 'gpt-nonsense' at {door.fake.url}; it has {MODEL}"


async def test_wrong_address_is_told(door: Door) -> None:
    found = await probed(door, base_url=door.fake.url.removesuffix("/v1"))
    assert "a base_url mostly ends with /v1" in found.text


async def test_endpoint_that_is_not_there_is_told(door: Door) -> None:
    found = await probed(door, base_url="http://127.0.0.1:9/v1")
    assert "cannot be reached: is the server running" in found.text


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (fake.limited(), "takes no more requests right now"),
        (Fault(status=429, code="insufficient_quota"), "has no credit left"),
        (Fault(status=418), "refuses the request: it answers with HTTP 418"),
        (fake.EMPTY, "not with what it was asked for"),
    ],
    ids=["limited", "no credit", "a teapot", "empty"],
)
async def test_what_is_wrong_is_told_with_what_to_do(door: Door, fault: Fault, told: str) -> None:
    door.fake.always = fault
    found = await probed(door)
    assert not found.ok
    assert told in found.text


async def test_cap_of_today_does_not_forbid_a_probe(door: Door) -> None:
    assert (await probed(door, daily_tokens=1)).ok

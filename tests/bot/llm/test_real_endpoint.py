"""A real endpoint, where one is set: OPENAI_BASE_URL, the model in OPENAI_MODEL, and a key if it wants one."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot import prompts
from bot.author.sentences import read_answer
from bot.conversation import Passage
from bot.llm import Asked, Model, OpenAiEndpoint, Settings, Usage, probe

URL, NAME = os.environ.get("OPENAI_BASE_URL", ""), os.environ.get("OPENAI_MODEL", "")
pytestmark = [
    pytest.mark.endpoint,
    pytest.mark.skipif(not (URL and NAME), reason="set OPENAI_BASE_URL and OPENAI_MODEL to try a real model"),
]
SETTINGS = Settings(model=NAME or "none", base_url=URL or "http://127.0.0.1:9/v1", tries=2)
PASSAGE = Passage(
    article="returns.md",
    heading="How long",
    title="Returns",
    text="Unused items can be returned within 60 days after delivery.",
    score=1.0,
)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def endpoint() -> AsyncIterator[OpenAiEndpoint]:
    opened = OpenAiEndpoint(SETTINGS)
    yield opened
    await opened.close()


async def test_probe_finds_the_model_fit(endpoint: OpenAiEndpoint) -> None:
    found = await probe(SETTINGS, endpoint, clock=now)
    assert found.ok, found.text


async def test_answer_comes_as_sentences_with_their_passage(endpoint: OpenAiEndpoint) -> None:
    question = "How many days do I have to return something?"
    messages = prompts.answer(question, [], [PASSAGE], language="en", assistant="PineBot")
    asked = Asked(purpose="answer", messages=messages, seconds=60, schema=prompts.ANSWER_SCHEMA, check=read_answer)
    bill: list[Usage] = []
    said = read_answer((await Model(SETTINGS, endpoint, clock=now).ask(asked, bill)).value)
    assert "60" in " ".join(claim.text for claim in said.sentences)
    assert bill[0].tokens_in > 0

import json

import pytest

from bot import prompts
from bot.commands.script import Script, ScriptedEndpoint, perfect, read_request, written
from bot.conversation import Passage
from bot.llm.endpoint import EndpointError

PASSAGE = Passage(
    article="a.md", heading="How long", title="Returns", text="You have 60 days. Bring the receipt.", score=1.0
)
MESSAGES = prompts.answer("How many days do I have?", [], [PASSAGE], language="en", assistant="PineBot")


def test_request_is_read_back_out_of_its_fences() -> None:
    request = read_request({"messages": MESSAGES})
    assert (request.purpose, request.question) == ("answer", "How many days do I have?")
    assert request.passages == ("Returns › How long\nYou have 60 days. Bring the receipt.",)


@pytest.mark.parametrize(
    ("messages", "purpose"),
    [
        (prompts.rewrite("and now?", [("customer", "Hello there")]), "rewrite"),
        (prompts.handoff([("customer", "Hello there")], "asked", []), "handoff"),
    ],
    ids=["rewrite", "handoff"],
)
def test_purpose_follows_from_the_fences(messages: prompts.Chat, purpose: str) -> None:
    assert read_request({"messages": messages}).purpose == purpose


def test_perfect_writer_quotes_the_passage_with_its_number() -> None:
    found = perfect(read_request({"messages": MESSAGES}))
    assert found["sentences"] == [{"text": "You have 60 days.", "sources": [1]}]


def test_perfect_writer_says_nothing_where_the_passages_say_nothing() -> None:
    messages = prompts.answer("Zeppelin?", [], [PASSAGE], language="en", assistant="PineBot")
    assert perfect(read_request({"messages": messages}))["not_in_passages"] is True


def test_numbers_at_the_end_of_a_line_are_its_sources() -> None:
    assert written(["It is so. [1, 3]"])["sentences"] == [{"text": "It is so.", "sources": [1, 3]}]


async def test_endpoint_replies_as_scripted() -> None:
    endpoint = ScriptedEndpoint(script=Script(writes=("It is so. [1]",)))
    body = json.loads(await endpoint.post({"messages": MESSAGES}))
    assert json.loads(body["choices"][0]["message"]["content"])["sentences"][0]["text"] == "It is so."


async def test_endpoint_that_is_down_raises() -> None:
    with pytest.raises(EndpointError):
        await ScriptedEndpoint(script=Script(way="down")).post({"messages": MESSAGES})

import pytest

from bot.commands.script import Script, ScriptedEndpoint
from bot.conversation import State
from bot.llm import Settings
from channels.base import Card
from tests.bot.world import ANGRY, QUESTION, NewWorld, World

CALL = "I want to talk to a human about my parcel HP-20417"


def card(world: World) -> Card:
    (posted,) = world.cards()
    assert posted.card is not None
    return posted.card


def field(world: World, name: str) -> str:
    return next((field.text for field in card(world).fields if field.name == name), "")


async def test_summary_stands_on_the_card(writing: World, script: Script) -> None:
    script.summary = "The customer wants to talk to a human about parcel HP-20417."
    await writing.say(CALL)
    assert field(writing, "Summary (by AI)") == script.summary


async def test_invented_fact_is_left_out_of_the_summary(writing: World, script: Script) -> None:
    script.summary = "The parcel HP-20417 is asked about. The customer paid 389 dollars for it."
    await writing.say(CALL)
    assert "389" not in field(writing, "Summary (by AI)")


async def test_suggested_step_stands_beside_that_of_the_rules(writing: World, script: Script) -> None:
    script.next_step = "Look for parcel HP-20417."
    await writing.say(CALL)
    assert "They asked for a person" in field(writing, "Next step")
    assert field(writing, "Suggested (by AI)") == script.next_step


async def test_draft_reply_is_the_models_where_the_passages_back_it(writing: World, script: Script) -> None:
    await writing.say(QUESTION)
    script.writes = ("You have 60 days of delivery to send anything back. [1]",)
    await writing.say("thanks, but I want to talk to a human")
    assert "You have 60 days" in field(writing, "Draft reply")


async def test_draft_reply_that_is_not_backed_gives_way_to_the_passages(writing: World, script: Script) -> None:
    await writing.say(QUESTION)
    script.writes = ("You have 600 days to send anything back. [1]",)
    await writing.say("thanks, but I want to talk to a human")
    assert "600" not in field(writing, "Draft reply")
    assert "within 60 days" in field(writing, "Draft reply")


async def test_draft_reply_in_a_language_that_nobody_asked_for_gives_way_to_the_passages(
    writing: World, script: Script
) -> None:
    await writing.say(QUESTION)
    script.writes = ("Vous pouvez renvoyer tous les articles dans les 60 jours qui suivent la livraison. [1]",)
    await writing.say("thanks, but I want to talk to a human")
    assert "Vous pouvez" not in field(writing, "Draft reply")
    assert "within 60 days" in field(writing, "Draft reply")


async def test_summary_in_a_language_that_is_neither_the_agents_nor_the_customers_is_left_out(
    writing: World, script: Script
) -> None:
    script.summary = "Der Kunde möchte mit einem Menschen über sein Paket HP-20417 sprechen."
    await writing.say(CALL)
    assert field(writing, "Summary (by AI)") == ""


@pytest.mark.parametrize("trouble", ["down", "refused", "empty", "broken", "prose"])
async def test_plain_brief_stands_where_the_model_is_of_no_help(writing: World, script: Script, trouble: str) -> None:
    script.way = trouble
    await writing.say(ANGRY)
    assert field(writing, "Summary (by AI)") == ""
    assert field(writing, "Why").startswith("frustration")
    assert await writing.state() is State.QUEUED


async def test_nobody_waits_for_a_model_where_a_life_is_at_stake(writing: World, endpoint: ScriptedEndpoint) -> None:
    await writing.say("I want to kill myself")
    assert not endpoint.requests
    assert await writing.state() is State.QUEUED


async def test_brief_without_time_for_a_model_is_plain(new_world: NewWorld, endpoint: ScriptedEndpoint) -> None:
    world = new_world(endpoint=endpoint, llm=Settings(model="scripted", handoff_seconds=0.0))
    await world.say(ANGRY)
    assert not endpoint.requests


async def test_suggested_reply_is_the_models_and_marks_what_is_internal(writing: World, script: Script) -> None:
    await writing.say("I want to talk to a human. What do you offer for a late parcel?")
    script.writes = ("You can offer a voucher of 10 euros for a late parcel. [1]",)
    await writing.act("suggest")
    quotes = [quote for post in writing.channel.posts if post.only_for and post.card for quote in post.card.quotes]
    assert [quote.text for quote in quotes] == ["You can offer a voucher of 10 euros for a late parcel."]
    assert "(internal)" in quotes[0].name

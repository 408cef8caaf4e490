"""A word that waits for an agent in their direct messages."""

from dataclasses import replace
from pathlib import Path

import pytest

from channels.base import Delivery, DeliveryError, Outgoing
from channels.slack.manifest import manifest
from tests.channels.slack_bench import DESK, DESK_ADDRESS, listening
from tests.channels.test_slack_service import call_a_person, shop
from tests.fakes.slack import Fault


def notice(thread: str = "") -> Outgoing:
    address = replace(DESK_ADDRESS, thread=thread)
    return Outgoing(id="7-1-0-notice", address=address, text="Ben gave Mara to you.", only_for="UANNA", direct=True)


async def test_assigned_colleague_gets_a_direct_message_with_a_link_to_the_thread(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        fake = service.fake
        _, card = await call_a_person(service)
        fake.click("UANNA", DESK, card, "assign")
        await fake.until(lambda: fake.views)
        fake.submit("UANNA", fake.views[0], {"person": "UBEN"})
        await fake.until(lambda: "DUBEN" in fake.channels and fake.posts("DUBEN"))
        (told,) = fake.posts("DUBEN")
        assert told["text"].startswith("Anna gave 1 to you: your plain replies in the thread go to them.")
        assert f"https://shop.slack.example/archives/{DESK}/p{card.replace('.', '')}" in told["text"]
        assert "claimed by Ben" in str(fake.channels[DESK].messages[card])


async def test_notice_whose_answer_was_lost_is_not_sent_twice() -> None:
    async with listening(manifest()) as at:
        at.fake.fail("chat.postMessage", Fault(drop=True, commit=True))
        with pytest.raises(DeliveryError) as failure:
            await at.channel.send(notice())
        assert failure.value.outcome is Delivery.UNKNOWN
        assert await at.channel.find(notice()) is not None
        assert len(at.fake.posts("DUANNA")) == 1


async def test_reply_to_a_notice_is_not_taken_for_a_customers_words_and_that_is_told() -> None:
    async with listening(manifest()) as at:
        await at.channel.send(notice())
        (told,) = at.fake.posts("DUANNA")
        at.fake.say("DUANNA", "UANNA", "Dear Mara, it is on its way", thread=told["ts"])
        await at.quiet()
        assert at.ear.texts() == ["that was all"]
        assert [whisper["user"] for whisper in at.fake.whispers] == ["UANNA"]
        assert "the customer did not get it" in at.fake.whispers[0]["text"]


async def test_agent_may_still_be_a_customer_in_direct_messages() -> None:
    async with listening(manifest()) as at:
        await at.channel.send(notice())
        at.fake.say("DUANNA", "UANNA", "how long is delivery?")
        assert (await at.message()).text == "how long is delivery?"

"""Agents' edits and deletions, on the customer's side of Slack too."""

from pathlib import Path

import pytest

from channels import slack
from channels.base import Address, Delivery, DeliveryError, Outgoing
from channels.slack.manifest import manifest
from tests.channels.slack_bench import DESK, HELP, Service, listening
from tests.channels.test_slack_service import call_a_person, claim, shop
from tests.fakes.slack import Fault

LONG = "word " * 1_500  # three posts


def reply(root: str, text: str, id: str = "7-1-0-reply", replaces: str = "") -> Outgoing:
    address = Address(channel="slack", room=HELP, thread=root)
    return Outgoing(id=id, address=address, text=text, author="Anna", replaces=replaces)


async def replied(service: Service, card: str, text: str) -> str:
    """The ts of an agent's words that have arrived."""
    ts = service.fake.say(DESK, "UANNA", text, thread=card)
    await service.fake.until(lambda: "reactions" in service.fake.channels[DESK].messages[ts])
    return ts


async def test_edit_of_a_reply_changes_it_for_the_customer(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        _, card = await call_a_person(service)
        await claim(service, card)
        ts = await replied(service, card, "It leaves on Monday.")
        service.fake.edit(DESK, ts, "It leaves on Tuesday.")
        await service.posted(HELP, "Tuesday")
        assert not any("Monday" in text for text in service.texts(HELP))
        marks = service.fake.channels[DESK].messages[ts]
        await service.fake.until(lambda: "pencil2" in marks["reactions"])


async def test_deleted_reply_is_taken_back_from_the_customer(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        _, card = await call_a_person(service)
        await claim(service, card)
        ts = await replied(service, card, "Your password is hunter2.")
        service.fake.delete(DESK, ts)
        await service.fake.until(lambda: not any("hunter2" in text for text in service.texts(HELP)))
        assert "delivered" in {kind for (kind,) in service.rows("select kind from events")}


async def test_edit_that_slack_refuses_is_told_at_the_desk(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        _, card = await call_a_person(service)
        await claim(service, card)
        ts = await replied(service, card, "It leaves on Monday.")
        service.fake.fail("chat.update", Fault(error="edit_window_closed"))
        service.fake.edit(DESK, ts, "It leaves on Tuesday.")
        await service.posted(DESK, "the customer still sees what was first written: edit_window_closed")


async def test_words_edited_before_the_claim_are_sent_as_edited(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        _, card = await call_a_person(service)
        ts = service.fake.say(DESK, "UANNA", "It leaves on Monday.", thread=card)
        asked = await service.whispered("Not sent to the customer")
        service.fake.edit(DESK, ts, "It leaves on Tuesday.")
        await service.recorded("note_changed")
        service.fake.click("UANNA", DESK, asked["ts"], "claim_send")
        await service.posted(HELP, "Tuesday")
        assert not any("Monday" in text for text in service.texts(HELP))


@pytest.mark.parametrize("restarted", [False, True], ids=["same process", "after a restart"])
@pytest.mark.parametrize(("text", "posts"), [("short", 1), (LONG + LONG, 6)], ids=["shorter", "longer"])
async def test_long_reply_is_changed_in_all_its_parts(restarted: bool, text: str, posts: int) -> None:
    async with listening(manifest()) as at:
        root = at.fake.say(HELP, "U1", "where is it?")
        receipt = await at.channel.send(reply(root, LONG))
        channel = slack.connect(slack.Settings(), at.kept.host()) if restarted else at.channel
        await channel.send(reply(root, text, "7-2-0-edit", receipt.id))
        shown = [message["text"] for message in at.fake.posts(HELP)]
        assert len(shown) == posts
        assert " ".join(shown).removeprefix("*Anna*").split() == text.split()
        await channel.close()


async def test_reply_is_taken_back_with_all_its_parts_also_when_it_is_tried_twice() -> None:
    async with listening(manifest()) as at:
        root = at.fake.say(HELP, "U1", "where is it?")
        receipt = await at.channel.send(reply(root, LONG))
        at.fake.fail("chat.delete", Fault(drop=True, commit=True))
        with pytest.raises(DeliveryError) as failure:
            await at.channel.send(reply(root, "", "7-2-0-edit", receipt.id))
        assert failure.value.outcome is Delivery.UNKNOWN
        await at.channel.send(reply(root, "", "7-2-0-edit", receipt.id))
        assert at.fake.posts(HELP) == []

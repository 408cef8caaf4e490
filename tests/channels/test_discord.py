import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from channels import discord
from channels.base import Address, Attachment, Button, Card, Delivery, DeliveryError, Field, Outgoing
from channels.discord import gateway
from tests.channels.discord_ear import DESK_ADDRESS, Bench, House, host, listening
from tests.channels.test_contract import Bound
from tests.fakes.discord import AGENTS_ROLE, DESK, HELP, Fault, Right, buttons_of, texts_of


@asynccontextmanager
async def bench() -> AsyncIterator[Bound]:
    """What the contract's tests work on."""
    async with listening() as at:
        yield Bound(
            channel=at.channel,
            room=Address(channel="discord", room=DESK),
            shown=lambda: ["\n".join(texts_of(message)) for message in at.fake.posts(DESK)],
        )


async def test_a_direct_message_is_heard_and_answered() -> None:
    async with listening() as at:
        room = at.fake.dm("mara")
        at.fake.say("mara", room, "where is my parcel?")
        message = await at.message()
        assert message.address == Address(channel="discord", room=room)
        assert message.text == "where is my parcel?"
        await at.channel.send(Outgoing(id="1-1-0-say", address=message.address, text="It left today."))
        assert [post["content"] for post in at.fake.posts(room)] == ["It left today."]


async def test_a_question_in_a_help_channel_gets_a_thread_of_its_own() -> None:
    async with listening() as at:
        said = at.fake.say("mara", HELP, "where is my parcel?")
        message = await at.message()
        assert message.address == Address(channel="discord", room=HELP, thread=said["id"])
        await at.channel.send(Outgoing(id="1-1-0-say", address=message.address, text="It left today."))
        assert [post["content"] for post in at.fake.posts(said["id"])] == ["It left today."]


def post(at: Bench, text: str = "Your parcel left today.", id: str = "7-1-0-say", **others: Any) -> Outgoing:
    address = Address(channel="discord", room=at.fake.dm("mara"))
    return Outgoing(id=id, **{"address": address, "text": text} | others)  # type: ignore[arg-type] # any of its fields


def card_in_room(**others: Any) -> Outgoing:
    card = Card(
        title="Mara needs a person",
        fields=(Field(name="Why", text="asks for human"),),
        quotes=(Field(name="10:00 customer", text="give me a human"),),
        buttons=(Button(name="claim", label="Claim", value="7"),),
    )
    fields: dict[str, Any] = {"address": DESK_ADDRESS, "card": card} | others
    return Outgoing(id="7-1-0-card0", **fields)


async def test_nothing_that_leaves_pings_anybody() -> None:
    async with listening() as at:
        said = at.fake.say("mara", HELP, "where is my parcel?")
        address = (await at.message()).address
        ping = f"@everyone <@{at.fake.id_of('mara')}> <@&{AGENTS_ROLE}>"
        await at.channel.send(post(at, ping, address=address))
        await at.channel.send(card_in_room(card=Card(title=ping, quotes=(Field(name=ping, text=ping),))))
        assert len(at.fake.posts(said["id"])) == 1
        assert at.fake.pinged == []


async def test_a_long_text_goes_out_in_parts_that_discord_takes() -> None:
    async with listening() as at:
        room = at.fake.dm("mara")
        await at.channel.send(post(at, "A sentence of some words. " * 300))
        parts = [post["content"] for post in at.fake.posts(room)]
        assert len(parts) > 4
        assert sum(part.count("A sentence of some words.") for part in parts) == 300


async def test_sources_stand_in_a_small_embed() -> None:
    async with listening() as at:
        text = "Within 60 days.\n\nSource: Returns › How long?"
        await at.channel.send(post(at, text, footer="Source: Returns › How long?"))
        (sent,) = at.fake.posts(at.fake.dm("mara"))
        assert (sent["content"], sent["embeds"][0]["description"]) == ("Within 60 days.", "Source: Returns › How long?")


async def test_sources_stand_in_small_print_where_embeds_would_be_dropped() -> None:
    async with listening() as at:
        at.fake.deny(HELP, Right.EMBED_LINKS)
        said = at.fake.say("mara", HELP, "how long?")
        address = (await at.message()).address
        text = "Within 60 days.\n\nSource: Returns › How long?"
        await at.channel.send(post(at, text, footer="Source: Returns › How long?", address=address))
        (sent,) = at.fake.posts(said["id"])
        assert sent["content"] == "Within 60 days.\n-# Source: Returns › How long?"


async def test_buttons_carry_their_name_and_value() -> None:
    async with listening() as at:
        buttons = (Button(name="solved", label="That solved it", value="7"),)
        await at.channel.send(post(at, buttons=buttons))
        (sent,) = at.fake.posts(at.fake.dm("mara"))
        assert [(one["label"], one["custom_id"]) for one in buttons_of(sent)] == [("That solved it", "w|solved|7")]


async def test_an_answer_that_got_lost_is_found_by_its_nonce_and_not_sent_again() -> None:
    async with listening() as at:
        at.fake.fail("create_message", Fault(drop=True, commit=True))
        with pytest.raises(DeliveryError) as caught:
            await at.channel.send(post(at))
        assert caught.value.outcome is Delivery.UNKNOWN
        found = await at.channel.find(post(at))
        assert found is not None
        assert len(at.fake.posts(at.fake.dm("mara"))) == 1


async def test_an_answer_that_got_lost_is_found_by_its_words_after_a_restart() -> None:
    async with listening() as first:
        await first.channel.send(post(first, "Hello.", "7-0-0-say"))
        receipt = await first.channel.send(post(first))
        first.fake.later(3_600)
        await first.channel.close()
        async with listening(fake=first.fake, kept=first.kept) as second:
            assert await second.channel.find(post(first)) == receipt


async def test_an_earlier_post_with_the_same_words_is_not_taken_for_the_one_sought() -> None:
    async with listening() as first:
        await first.channel.send(post(first, "Anna is with you now.", "7-0-0-say"))
        await first.channel.send(post(first, "Something else.", "7-1-0-say"))
        await first.channel.close()
        async with listening(fake=first.fake, kept=first.kept) as second:
            assert await second.channel.find(post(first, "Anna is with you now.", "7-2-0-say")) is None


async def test_sending_again_after_an_error_of_discords_posts_once() -> None:
    async with listening() as at:
        at.fake.fail("create_message", Fault(status=503, commit=True))
        with pytest.raises(DeliveryError) as caught:
            await at.channel.send(post(at))
        assert caught.value.outcome is Delivery.UNKNOWN
        await at.channel.send(post(at))
        assert len(at.fake.posts(at.fake.dm("mara"))) == 1


async def test_the_parts_that_are_there_are_not_sent_again() -> None:
    async with listening() as at:
        at.fake.fail("create_message", Fault(), Fault(drop=True))
        long = post(at, "A sentence of some words. " * 150)
        with pytest.raises(DeliveryError):
            await at.channel.send(long)
        assert await at.channel.find(long) is None
        await at.channel.send(long)
        texts = "".join(sent["content"] for sent in at.fake.posts(at.fake.dm("mara")))
        assert texts.count("A sentence of some words.") == 150


async def test_an_agents_words_stand_under_the_agents_name() -> None:
    async with listening() as at:
        said = at.fake.say("mara", HELP, "where is my parcel?")
        address = (await at.message()).address
        await at.channel.send(post(at, "It left today.", address=address, author="Anna"))
        (sent,) = at.fake.posts(said["id"])
        assert (sent["author"]["username"], sent["content"]) == ("Anna", "It left today.")


async def test_without_the_permission_for_webhooks_the_name_stands_before_the_words() -> None:
    async with listening() as at:
        at.fake.deny(HELP, Right.MANAGE_WEBHOOKS)
        said = at.fake.say("mara", HELP, "where is my parcel?")
        address = (await at.message()).address
        await at.channel.send(post(at, "It left today.", address=address, author="Anna"))
        assert [sent["content"] for sent in at.fake.posts(said["id"])] == ["**Anna**: It left today."]


async def test_a_name_that_discord_forbids_stands_before_the_words() -> None:
    async with listening() as at:
        said = at.fake.say("mara", HELP, "where is my parcel?")
        address = (await at.message()).address
        await at.channel.send(post(at, "It left today.", address=address, author="Anna Discord"))
        assert [sent["content"] for sent in at.fake.posts(said["id"])] == ["**Anna Discord**: It left today."]


async def test_an_agents_words_that_got_lost_are_found_and_not_sent_again() -> None:
    async with listening() as at:
        said = at.fake.say("mara", HELP, "where is my parcel?")
        address = (await at.message()).address
        at.fake.fail("execute_webhook", Fault(drop=True, commit=True))
        words = post(at, "It left today.", address=address, author="Anna")
        with pytest.raises(DeliveryError):
            await at.channel.send(words)
        assert await at.channel.find(words) is not None
        assert len(at.fake.posts(said["id"])) == 1


async def test_in_a_direct_message_the_agents_name_stands_before_the_words() -> None:
    async with listening() as at:
        await at.channel.send(post(at, "It left today.", author="Anna"))
        assert [sent["content"] for sent in at.fake.posts(at.fake.dm("mara"))] == ["**Anna**: It left today."]


async def test_files_go_with_the_words() -> None:
    async with listening() as at:
        key = await at.kept.keep_file(b"%PDF")
        file = Attachment(name="label.pdf", type="application/pdf", bytes=4, key=key)
        await at.channel.send(post(at, "Your label.", attachments=(file,)))
        (sent,) = at.fake.posts(at.fake.dm("mara"))
        assert (sent["content"], sent["attachments"][0]["filename"]) == ("Your label.", "label.pdf")


async def test_a_file_alone_is_sent_too() -> None:
    async with listening() as at:
        key = await at.kept.keep_file(b"%PDF")
        file = Attachment(name="label.pdf", type="application/pdf", bytes=4, key=key)
        await at.channel.send(post(at, "", attachments=(file,)))
        (sent,) = at.fake.posts(at.fake.dm("mara"))
        assert [one["filename"] for one in sent["attachments"]] == ["label.pdf"]


async def test_a_file_that_is_too_large_for_discord_is_told_of_instead() -> None:
    async with listening() as at:
        key = await at.kept.keep_file(b"x" * (10 * 1024 * 1024 + 1))
        file = Attachment(name="film.mp4", type="video/mp4", bytes=1, key=key)
        await at.channel.send(post(at, "Look.", attachments=(file,)))
        (sent,) = at.fake.posts(at.fake.dm("mara"))
        assert (sent["content"], sent["attachments"]) == ("Look.\n[The file film.mp4 is too large for Discord.]", [])


async def test_a_card_opens_the_thread_in_which_it_is_worked_on() -> None:
    async with listening() as at:
        receipt = await at.channel.send(card_in_room())
        thread = at.fake.thread_on({"id": receipt.id})
        assert thread is not None
        assert thread.name == "Mara needs a person"


async def test_what_was_said_before_and_files_stand_in_the_cards_thread() -> None:
    async with listening() as at:
        key = await at.kept.keep_file(b"\x89PNG")
        quotes = tuple(Field(name=f"10:0{n} customer", text=f"word {n}") for n in range(6))
        file = Attachment(name="lamp.png", type="image/png", bytes=4, key=key)
        receipt = await at.channel.send(card_in_room(card=Card(title="Mara", quotes=quotes), attachments=(file,)))
        inside = at.fake.posts(receipt.id)
        assert "word 0" in inside[0]["content"]
        assert "word 5" in "".join(texts_of(at.fake.posts(DESK)[0]))
        assert [one["filename"] for one in inside[-1]["attachments"]] == ["lamp.png"]


async def test_a_card_is_drawn_anew_where_it_stands() -> None:
    async with listening() as at:
        receipt = await at.channel.send(card_in_room())
        card = Card(title="Mara needs a person · claimed by Anna")
        await at.channel.send(Outgoing(id="7-2-0-redraw", address=DESK_ADDRESS, card=card, replaces=receipt.id))
        (sent,) = at.fake.posts(DESK)
        assert "claimed by Anna" in "".join(texts_of(sent))
        assert buttons_of(sent) == []


async def test_a_post_that_is_replaced_by_nothing_is_taken_back() -> None:
    async with listening() as at:
        receipt = await at.channel.send(post(at))
        await at.channel.send(post(at, "", "7-2-0-say", replaces=receipt.id))
        assert at.fake.posts(at.fake.dm("mara")) == []


async def test_a_card_too_old_to_be_changed_is_posted_anew_in_its_thread() -> None:
    async with listening() as at:
        receipt = await at.channel.send(card_in_room())
        at.fake.fail("edit_message", Fault(status=400, code=30046))
        card = Card(title="Mara · claimed by Anna", buttons=(Button(name="resolve", label="Resolve", value="7"),))
        await at.channel.send(Outgoing(id="7-2-0-redraw", address=DESK_ADDRESS, card=card, replaces=receipt.id))
        assert [one["label"] for one in buttons_of(at.fake.posts(receipt.id)[-1])] == ["Resolve"]


async def test_a_mark_is_put_on_the_agents_message() -> None:
    async with listening() as at:
        receipt = await at.channel.send(card_in_room())
        said = at.fake.say("anna", receipt.id, "on its way")
        thread = Address(channel="discord", room=DESK, thread=receipt.id)
        await at.channel.send(
            Outgoing(id="7-3-0-reaction", address=thread, text="delivered", reply_to=said["id"], reaction="✅")
        )
        (call,) = at.fake.made("add_reaction")
        assert call.params["message_id"] == said["id"]


async def test_without_the_permission_for_reactions_the_mark_is_a_line() -> None:
    async with listening() as at:
        receipt = await at.channel.send(card_in_room())
        at.fake.deny(DESK, Right.ADD_REACTIONS)
        said = at.fake.say("anna", receipt.id, "on its way")
        thread = Address(channel="discord", room=DESK, thread=receipt.id)
        mark = Outgoing(id="7-3-0-reaction", address=thread, text="✅ delivered", reply_to=said["id"], reaction="✅")
        await at.channel.send(mark)
        assert at.fake.posts(receipt.id)[-1]["content"] == "✅ delivered"


async def test_a_rate_limit_is_waited_for_and_the_order_kept() -> None:
    async with listening() as at:
        at.fake.fail("create_message", Fault(), Fault(status=429, retry_after=0.1))
        for number in range(4):
            await at.channel.send(post(at, f"part {number}", f"7-{number}-0-say"))
        texts = [sent["content"] for sent in at.fake.posts(at.fake.dm("mara"))]
        assert texts == [f"part {number}" for number in range(4)]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault(status=400, code=50035), Delivery.REFUSED),
        (Fault(status=401), Delivery.NOT_SENT),
        (Fault(status=503), Delivery.UNKNOWN),
        (Fault(status=429, retry_after=60), Delivery.NOT_SENT),
        (Fault(drop=True), Delivery.UNKNOWN),
    ],
    ids=["bad form", "token", "server", "rate limit", "line"],
)
async def test_a_refusal_is_told_for_what_it_is(fault: Fault, outcome: Delivery) -> None:
    async with listening() as at:
        at.fake.fail("create_message", fault)
        with pytest.raises(DeliveryError) as caught:
            await at.channel.send(post(at))
        assert caught.value.outcome is outcome


async def test_what_waits_too_long_behind_others_is_surely_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_LINE_SECONDS", "0.05")
    async with listening() as at:
        at.fake.fail("create_message", Fault(delay=0.5), Fault(delay=0.5))
        both = (at.channel.send(post(at, "first")), at.channel.send(post(at, "second", "7-2-0-say")))
        elsewhere = at.channel.send(card_in_room())
        _, second, _ = await asyncio.gather(*both, elsewhere, return_exceptions=True)
        assert isinstance(second, DeliveryError)
        assert second.outcome is Delivery.NOT_SENT
        assert at.fake.posts(DESK)
        assert [sent["content"] for sent in at.fake.posts(at.fake.dm("mara"))] == ["first"]


async def test_before_it_is_signed_in_nothing_is_sent() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISCORD_BOT_TOKEN", "t")
        patch.setattr(gateway, "SIGN_IN_SECONDS", 0.01)
        channel = discord.connect(discord.Settings(), host(House()))
        with pytest.raises(DeliveryError) as caught:
            await channel.send(Outgoing(id="1", address=DESK_ADDRESS, text="hello"))
        assert caught.value.outcome is Delivery.NOT_SENT


def test_a_token_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISCORD_BOT_TOKEN", raising=False)
    (problem,) = discord.missing_secrets(discord.Settings())
    assert "DISCORD_BOT_TOKEN" in problem


async def asked_in_help(at: Bench) -> Address:
    at.fake.say("mara", HELP, "where is my parcel?")
    return (await at.message()).address


@pytest.mark.parametrize("named", [True, False], ids=["webhook", "bold name"])
async def test_an_agents_words_change_where_they_stand(*, named: bool) -> None:
    async with listening() as at:
        if not named:
            at.fake.deny(HELP, Right.MANAGE_WEBHOOKS)
        address = await asked_in_help(at)
        receipt = await at.channel.send(post(at, "It left yesterday.", address=address, author="Anna"))
        new = post(at, "It left today.", "7-2-0-edit", address=address, author="Anna", replaces=receipt.id)
        assert await at.channel.send(new) == receipt
        shown = "It left today." if named else "**Anna**: It left today."
        assert [sent["content"] for sent in at.fake.posts(address.thread)] == [shown]


@pytest.mark.parametrize("named", [True, False], ids=["webhook", "bold name"])
async def test_an_agents_words_can_be_taken_back(*, named: bool) -> None:
    async with listening() as at:
        if not named:
            at.fake.deny(HELP, Right.MANAGE_WEBHOOKS)
        address = await asked_in_help(at)
        receipt = await at.channel.send(post(at, "word " * 900, address=address, author="Anna"))
        await at.channel.send(post(at, "", "7-2-0-edit", address=address, author="Anna", replaces=receipt.id))
        assert at.fake.posts(address.thread) == []


async def test_long_words_that_become_short_leave_nothing_behind() -> None:
    async with listening() as at:
        address = await asked_in_help(at)
        receipt = await at.channel.send(post(at, "word " * 900, address=address))
        await at.channel.send(post(at, "Short.", "7-2-0-edit", address=address, replaces=receipt.id))
        assert [sent["content"] for sent in at.fake.posts(address.thread)] == ["Short."]


async def test_short_words_that_become_long_are_all_there() -> None:
    async with listening() as at:
        address = await asked_in_help(at)
        receipt = await at.channel.send(post(at, "Short.", address=address))
        await at.channel.send(post(at, "word " * 900, "7-2-0-edit", address=address, replaces=receipt.id))
        assert "".join(sent["content"] for sent in at.fake.posts(address.thread)).count("word") == 900


async def test_words_are_changed_where_they_stand_after_the_conversation_went_private() -> None:
    async with listening() as at:
        address = await asked_in_help(at)
        receipt = await at.channel.send(post(at, "It left yesterday.", address=address))
        at.fake.change_thread(address.thread, locked=True, archived=True)
        await at.channel.send(post(at, "More in private.", "7-2-0-say", address=address))
        at.fake.change_thread(address.thread, locked=False, archived=False)
        await at.channel.send(post(at, "It left today.", "7-3-0-edit", address=address, replaces=receipt.id))
        assert [sent["content"] for sent in at.fake.posts(address.thread)] == ["It left today."]

import asyncio

import pytest

from channels.base import Address, Change, Person
from tests.channels.discord_ear import listening
from tests.fakes.discord import AGENTS_ROLE, BOT, DESK, FORUM, GENERAL, GUILD, HELP, Fault
from tests.fakes.discord.state import Kind


async def test_a_direct_message_is_a_conversation_of_its_own() -> None:
    async with listening() as at:
        room = at.fake.dm("mara")
        said = at.fake.say("mara", room, "where is my parcel?")
        message = await at.message()
        assert message.address == Address(channel="discord", room=room)
        assert message.sender == Person(id=at.fake.id_of("mara"), name="Mara")
        assert message.external_id == said["id"]
        assert message.text == "where is my parcel?"


async def test_a_question_in_a_help_channel_begins_a_thread_on_it() -> None:
    async with listening() as at:
        said = at.fake.say("mara", HELP, "where is my parcel?")
        assert (await at.message()).address == Address(channel="discord", room=HELP, thread=said["id"])


async def test_a_forum_post_is_a_conversation() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        message = await at.message()
        assert message.address == Address(channel="discord", room=FORUM, thread=thread.id)
        assert message.text == "where is my parcel?"


async def test_a_forum_post_of_four_thousand_characters_is_heard_whole() -> None:
    async with listening() as at:
        at.fake.post("mara", FORUM, "Parcel", "why " * 1_000)
        assert len((await at.message()).text) == 3_999


async def test_other_channels_are_heard_only_when_we_are_mentioned() -> None:
    async with listening() as at:
        at.fake.say("mara", GENERAL, "lunch?")
        said = at.fake.say("mara", GENERAL, f"<@{BOT}> where is my parcel?")
        message = await at.message()
        assert message.text == "where is my parcel?"
        assert message.address == Address(channel="discord", room=GENERAL, thread=said["id"])


async def test_a_followed_thread_needs_no_further_mention() -> None:
    async with listening() as at:
        said = at.fake.say("mara", GENERAL, f"<@{BOT}> where is my parcel?")
        await at.message()
        thread = at.fake.thread("mara", GENERAL, "Parcel", on=said)
        at.fake.say("mara", thread.id, "it is order 7")
        assert (await at.message(2)).address.thread == said["id"]


async def test_a_followed_thread_is_followed_after_a_restart() -> None:
    async with listening() as first:
        said = first.fake.say("mara", GENERAL, f"<@{BOT}> where is my parcel?")
        await first.message()
        thread = first.fake.thread("mara", GENERAL, "Parcel", on=said)
        await first.channel.close()
        async with listening(fake=first.fake, kept=first.kept) as second:
            first.fake.say("mara", thread.id, "it is order 7")
            await first.fake.until(lambda: "it is order 7" in second.ear.texts(), 5)


async def test_what_others_say_in_a_customers_thread_is_not_the_customers() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        at.fake.say("noah", thread.id, "I wonder too")
        await at.quiet()
        assert "I wonder too" not in at.ear.texts()


async def test_whoever_calls_us_in_somebodys_thread_is_heard() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        at.fake.say("noah", thread.id, f"<@{BOT}> mine too?")
        assert (await at.message(2)).sender.name == "Noah"


async def test_after_staff_wrote_the_thread_is_left_alone() -> None:
    async with listening(staff=(AGENTS_ROLE,)) as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        at.fake.say("anna", thread.id, "I am looking into it")
        at.fake.say("mara", thread.id, "thank you, Anna")
        await at.quiet()
        assert at.ear.texts() == ["where is my parcel?", "that was all"]


async def test_after_staff_wrote_a_mention_still_calls_us() -> None:
    async with listening(staff=(AGENTS_ROLE,)) as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        at.fake.say("anna", thread.id, "I am looking into it")
        at.fake.say("mara", thread.id, f"<@{BOT}> and you?")
        assert (await at.message(2)).text == "and you?"


async def test_a_thread_where_staff_wrote_is_left_alone_after_a_restart() -> None:
    async with listening(staff=(AGENTS_ROLE,)) as first:
        thread = first.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await first.message()
        first.fake.say("anna", thread.id, "I am looking into it")
        await first.quiet()
        await first.channel.close()
        async with listening(fake=first.fake, kept=first.kept, staff=(AGENTS_ROLE,)) as second:
            first.fake.say("mara", thread.id, "thank you, Anna")
            await second.quiet()
            assert "thank you, Anna" not in second.ear.texts()


async def test_where_no_staff_is_named_whoever_may_delete_messages_is_staff() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        at.fake.say("olga", thread.id, "we are looking into it")  # who owns the server
        at.fake.say("mara", thread.id, "thank you")
        await at.quiet()
        assert at.ear.texts() == ["where is my parcel?", "that was all"]


async def test_what_staff_announces_where_customers_write_is_no_question() -> None:
    async with listening(staff=(AGENTS_ROLE,)) as at:
        at.fake.say("anna", HELP, "we are closed on Monday")
        await at.quiet()
        assert at.ear.texts() == ["that was all"]


async def test_a_reply_below_ones_own_question_in_the_channel_belongs_to_it() -> None:
    async with listening() as at:
        said = at.fake.say("mara", HELP, "where is my parcel?")
        await at.message()
        at.fake.say("mara", HELP, "it is order 7", reply_to=said["id"])
        assert (await at.message(2)).address.thread == said["id"]


@pytest.mark.parametrize("kind", [1, 4, 6, 7, 8, 12, 18, 21, 46])
async def test_what_discord_itself_says_is_not_heard(kind: int) -> None:
    async with listening() as at:
        at.fake.say("mara", HELP, "joined", type=kind)
        await at.quiet()
        assert at.ear.texts() == ["that was all"]


async def test_other_bots_are_not_heard() -> None:
    async with listening() as at:
        at.fake.add_member("rival", bot=True)
        at.fake.say("rival", HELP, f"<@{BOT}> who are you?")
        await at.quiet()
        assert at.ear.texts() == ["that was all"]


async def test_webhooks_are_not_heard() -> None:
    async with listening() as at:
        at.fake.say("mara", HELP, "build failed", webhook_id="900000000000000009")
        await at.quiet()
        assert at.ear.texts() == ["that was all"]


async def test_the_same_message_told_three_times_is_heard_once() -> None:
    async with listening() as at:
        at.fake.say("mara", HELP, "where is my parcel?", times=3)
        await at.quiet()
        assert at.ear.texts() == ["where is my parcel?", "that was all"]


async def test_words_of_one_thread_are_handed_in_as_they_came() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Counting", "0")
        for number in range(1, 20):
            at.fake.say("mara", thread.id, str(number))
        await at.message(20)
        assert at.ear.texts() == [str(number) for number in range(20)]


async def test_what_could_not_be_stored_is_handed_in_until_it_is() -> None:
    async with listening() as at:
        at.ear.fails = 2
        at.fake.say("mara", HELP, "do not lose me")
        assert (await at.message()).text == "do not lose me"


async def test_what_came_behind_something_not_stored_waits_for_it() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Counting", "0")
        await at.message()
        at.ear.fails = 1
        for number in (1, 2, 3):
            at.fake.say("mara", thread.id, str(number))
        await at.message(4)
        assert at.ear.texts() == ["0", "1", "2", "3"]


async def test_an_edit_is_carried() -> None:
    async with listening() as at:
        said = at.fake.say("mara", HELP, "where is my parcl?")
        await at.message()
        at.fake.edit(said, "where is my parcel?")
        message = await at.message(2)
        assert (message.change, message.original_id, message.text) == (
            Change.EDITED,
            said["id"],
            "where is my parcel?",
        )


async def test_a_preview_of_a_link_is_no_edit() -> None:
    async with listening() as at:
        said = at.fake.say("mara", HELP, "see https://shop.example")
        await at.message()
        at.fake.unfurl(said)
        await at.quiet()
        assert len(at.ear.messages()) == 2


async def test_a_preview_after_an_edit_is_no_second_edit() -> None:
    async with listening() as at:
        said = at.fake.say("mara", HELP, "see it")
        await at.message()
        at.fake.edit(said, "see https://shop.example")
        await at.message(2)
        at.fake.unfurl(said)
        await at.quiet()
        assert len(at.ear.messages()) == 3


async def test_a_deletion_is_carried() -> None:
    async with listening() as at:
        said = at.fake.say("mara", HELP, "my card is 4111")
        first = await at.message()
        at.fake.delete(said)
        message = await at.message(2)
        assert (message.change, message.original_id) == (Change.DELETED, said["id"])
        assert (message.address, message.sender.id) == (first.address, first.sender.id)


async def test_what_was_never_heard_is_not_told_of_when_it_is_deleted() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        at.fake.delete(at.fake.say("noah", thread.id, "I wonder too"))
        await at.quiet()
        assert at.ear.texts() == ["where is my parcel?", "that was all"]


async def test_a_file_is_fetched_and_kept() -> None:
    async with listening() as at:
        at.fake.say("mara", HELP, "look", files={"lamp.png": b"\x89PNG"})
        (file,) = (await at.message()).attachments
        assert (file.name, file.type, file.bytes) == ("lamp.png", "image/png", 4)
        assert at.kept.files[file.key] == b"\x89PNG"


async def test_a_file_that_is_too_large_is_only_named() -> None:
    async with listening(max_file_mb=0) as at:
        at.fake.say("mara", HELP, "look", files={"lamp.png": b"\x89PNG"})
        (file,) = (await at.message()).attachments
        assert (file.key, file.why_not) == ("", "it is larger than 0 MB")


async def test_a_file_that_discord_does_not_hand_out_is_only_named() -> None:
    async with listening() as at:
        said = at.fake.say("mara", HELP, "look", files={"lamp.png": b"\x89PNG"}, late=0.05)
        at.fake.world.files.clear()
        (file,) = (await at.message()).attachments
        assert (file.key, said["content"]) == ("", "look")
        assert "did not hand it out" in file.why_not


async def test_a_voice_note_is_a_file_that_says_so() -> None:
    async with listening() as at:
        at.fake.voice("mara", HELP)
        (file,) = (await at.message()).attachments
        assert "voice message" in file.name


async def test_a_sticker_is_told_as_something_that_cannot_be_read() -> None:
    async with listening() as at:
        at.fake.sticker("mara", HELP, "wave")
        message = await at.message()
        assert (message.text, message.attachments[0].name) == ("", "sticker: wave")
        assert message.attachments[0].why_not


async def test_a_poll_is_told_as_something_that_cannot_be_read() -> None:
    async with listening() as at:
        at.fake.poll("mara", HELP, "Which colour?", "red", "blue")
        assert (await at.message()).attachments[0].name == "poll: Which colour?"


async def test_forwarded_words_are_heard_and_marked() -> None:
    async with listening() as at:
        at.fake.forward("mara", HELP, "your parcel is lost")
        assert (await at.message()).text == "[forwarded] your parcel is lost"


async def test_mentions_are_read_as_names() -> None:
    async with listening() as at:
        noah = at.fake.id_of("noah")
        at.fake.say("mara", HELP, f"ask <@{noah}> in <#{GENERAL}>, it is <t:1767225600:d> <:wave:7>")
        assert (await at.message()).text == "ask @Noah in #general, it is 2026-01-01 00:00 UTC :wave:"


async def test_words_below_a_card_are_an_agents_with_their_roles() -> None:
    async with listening() as at:
        card = at.fake.say("anna", DESK, "stands for a card")
        thread = at.fake.thread("anna", DESK, "card", on=card)
        at.fake.say("anna", thread.id, "on its way")
        message = await at.message()
        assert message.address == Address(channel="discord", room=DESK, thread=card["id"])
        assert (message.sender.name, message.sender.outsider) == ("Anna", False)
        assert AGENTS_ROLE in message.sender.groups


async def test_words_in_the_desks_room_itself_are_between_agents() -> None:
    async with listening() as at:
        at.fake.say("anna", DESK, "coffee?")
        await at.quiet()
        assert at.ear.texts() == ["that was all"]


async def test_a_private_thread_is_not_public_and_a_forum_post_is() -> None:
    async with listening() as at:
        at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        post = (await at.message()).address
        hidden = at.fake.thread("mara", GENERAL, "hidden", private=True)
        hidden.members.add(BOT)
        at.fake.say("mara", hidden.id, f"<@{BOT}> where is my parcel?")
        private = (await at.message(2)).address
        assert hidden.kind is Kind.PRIVATE_THREAD
        assert [at.channel.is_public(one) for one in (post, private)] == [True, False]


async def test_typing_is_shown_while_an_answer_takes_its_time() -> None:
    async with listening() as at:
        room = at.fake.dm("mara")
        at.fake.say("mara", room, "where is my parcel?")
        message = await at.message()
        typing = asyncio.get_running_loop().create_task(at.channel.show_typing(message.address))
        await at.fake.until(lambda: at.fake.made("start_typing"))
        typing.cancel()


async def test_a_file_that_could_not_be_kept_is_fetched_again() -> None:
    async with listening() as at:
        at.kept.fails = 1
        at.fake.say("mara", HELP, "look", files={"lamp.png": b"\x89PNG"})
        (file,) = (await at.message()).attachments
        assert at.kept.files[file.key] == b"\x89PNG"


async def test_that_staff_wrote_is_remembered_even_when_it_could_not_be_kept_at_once() -> None:
    async with listening(staff=(AGENTS_ROLE,)) as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        place = str((await at.message()).address)
        at.kept.fails = 1
        at.fake.say("anna", thread.id, "I am looking into it")
        await at.fake.until(lambda: '"staffed": true' in at.kept.bookmarks.get(place, ""))


async def test_words_in_a_thread_that_the_sdk_does_not_know_are_heard() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        gone = {"id": thread.id, "guild_id": GUILD, "parent_id": FORUM, "type": 11}
        at.fake.world.emit("THREAD_DELETE", gone, thread, GUILD)
        at.fake.fail("get_channel", Fault(status=503))
        at.fake.say("mara", thread.id, "it is order 7")
        assert (await at.message(2)).address.room == FORUM

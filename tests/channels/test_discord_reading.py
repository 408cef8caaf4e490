import pytest
import structlog

from channels.base import Address, Message, Outgoing, SetupError
from tests.channels.discord_ear import DESK_ADDRESS, Bench, House, listening
from tests.fakes.discord import AGENTS_ROLE, DESK, FORUM, GUILD, HELP, FakeDiscord, Fault, Right, running

MESSAGE_CONTENT = 1 << 15


async def test_nothing_from_before_the_first_start_is_answered() -> None:
    async with running() as fake:
        fake.say("mara", HELP, "an old question")
        fake.post("mara", FORUM, "Old", "an old post")
        async with listening(fake=fake) as at:
            await at.quiet()
            assert at.ear.texts() == ["that was all"]


async def away(first: Bench) -> FakeDiscord:
    await first.quiet()
    await first.stop()
    return first.fake


async def test_what_was_said_while_the_bot_was_away_is_read() -> None:
    async with listening() as first:
        first.fake.say("mara", HELP, "seen")
        thread = first.fake.post("noah", FORUM, "Parcel", "seen too")
        await first.message(2)
        fake = await away(first)
        fake.say("mara", HELP, "a question")
        fake.say("noah", thread.id, "an addition")
        fake.post("mara", FORUM, "New", "a new post")
        fake.say("noah", fake.dm("noah"), "a word in private")
        async with listening(fake=fake, kept=first.kept) as second:
            await second.message(4)
            assert set(second.ear.texts()) >= {"a question", "an addition", "a new post", "a word in private"}


async def test_what_was_read_before_is_not_heard_again() -> None:
    async with listening() as first:
        first.fake.say("mara", HELP, "seen")
        thread = first.fake.post("noah", FORUM, "Parcel", "seen too")
        await first.message(2)
        fake = await away(first)
        fake.say("noah", thread.id, "an addition")
        async with listening(fake=fake, kept=first.kept) as second:
            await second.message()
            await second.quiet()
            assert "seen" not in second.ear.texts()


async def test_what_was_missed_comes_before_what_is_said_now() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Counting", "0")
        await at.message()
        before = at.fake.gateway.identified
        at.fake.drop(resumable=False)
        for number in range(1, 8):
            at.fake.say("mara", thread.id, str(number))
        await at.fake.until(lambda: at.fake.gateway.identified > before)
        for number in range(8, 15):
            at.fake.say("mara", thread.id, str(number))
        await at.message(15)
        assert at.ear.texts() == [str(number) for number in range(15)]


async def test_a_session_that_is_taken_up_again_is_not_read_anew() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Counting", "0")
        await at.message()
        reads = len(at.fake.made("list_messages"))
        at.fake.drop()
        at.fake.say("mara", thread.id, "1")
        await at.message(2)
        assert len(at.fake.made("list_messages")) == reads
        assert at.channel.health().resumes == 1


async def test_the_desks_threads_are_read_with_their_agents_roles() -> None:
    async with listening() as first:
        receipt = await first.channel.send(Outgoing(id="7-1-0-card0", address=DESK_ADDRESS, text="card"))
        thread = first.fake.thread("anna", DESK, "card", on=first.fake.posts(DESK)[0])
        fake = await away(first)
        fake.say("anna", thread.id, "on its way")
        kept = House(
            bookmarks=first.kept.bookmarks,
            addresses=(Address(channel="discord", room=DESK, thread=receipt.id),),
        )
        async with listening(fake=fake, kept=kept) as second:
            message = await second.message()
            assert message.text == "on its way"
            assert AGENTS_ROLE in message.sender.groups


async def test_staff_is_known_in_what_was_missed() -> None:
    async with listening(staff=(AGENTS_ROLE,)) as first:
        thread = first.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await first.message()
        fake = await away(first)
        fake.say("anna", thread.id, "I am looking into it")
        fake.say("mara", thread.id, "thank you, Anna")
        async with listening(fake=fake, kept=first.kept, staff=(AGENTS_ROLE,)) as second:
            await second.quiet()
            assert "thank you, Anna" not in second.ear.texts()


async def test_more_than_a_page_is_read_in_order() -> None:
    async with listening() as first:
        thread = first.fake.post("mara", FORUM, "Counting", "0")
        await first.message()
        fake = await away(first)
        for number in range(1, 251):
            fake.say("mara", thread.id, str(number))
        async with listening(fake=fake, kept=first.kept) as second:
            await second.message(250)
            counted = [text for text in second.ear.texts() if text.isdigit()]
            assert counted == [str(number) for number in range(1, 251)]


async def test_a_place_that_cannot_be_read_is_told_and_hinders_no_other() -> None:
    async with listening() as first:
        fake = await away(first)
        fake.deny(HELP, Right.READ_MESSAGE_HISTORY)
        fake.say("noah", fake.dm("noah"), "a word in private")
        with structlog.testing.capture_logs() as logs:
            async with listening(fake=fake, kept=first.kept) as second:
                assert (await second.message()).text == "a word in private"
        assert [log["problem"] for log in logs if log["event"] == "discord_permission_missing"]


async def test_an_error_of_discords_while_reading_is_waited_for() -> None:
    async with listening() as first:
        fake = await away(first)
        fake.say("mara", HELP, "a question")
        fake.fail("list_messages", Fault(status=503))
        async with listening(fake=fake, kept=first.kept) as second:
            assert "a question" in (await second.message()).text


async def test_what_was_never_stored_is_read_after_a_restart() -> None:
    async with running() as fake:
        kept = House()
        async with listening(fake=fake, kept=kept) as first:
            first.ear.fails = 1_000
            fake.say("mara", HELP, "not stored yet")
            await fake.until(lambda: first.ear.fails < 1_000)
        async with listening(fake=fake, kept=kept) as second:
            assert (await second.message()).text == "not stored yet"


async def test_a_token_that_discord_does_not_take_is_told_with_what_to_do() -> None:
    async with running() as fake:
        fake.api.tokens.clear()
        with pytest.raises(SetupError, match="does not accept the token"):
            async with listening(fake=fake):
                pass


async def test_an_intent_that_is_not_granted_is_told_with_what_to_do() -> None:
    async with running() as fake:
        fake.gateway.allowed_intents &= ~MESSAGE_CONTENT
        with pytest.raises(SetupError, match="Message Content Intent"):
            async with listening(fake=fake):
                pass


async def test_several_shards_are_used_where_discord_recommends_them() -> None:
    async with running() as fake:
        fake.api.recommended_shards = 2
        async with listening(fake=fake) as at:
            fake.say("mara", HELP, "where is my parcel?")
            message: Message = await at.message()
            assert message.text == "where is my parcel?"
            assert fake.gateway.identified == 2


async def test_health_tells_how_long_ago_the_last_heartbeat_was() -> None:
    async with listening() as at:
        health = at.channel.health()
        assert (health.connected, health.connections) == (True, 1)
        assert 0 <= health.seconds_since_heartbeat < 60


async def test_a_server_that_lets_the_bot_go_is_one_line_for_the_operator() -> None:
    with structlog.testing.capture_logs() as logs:
        async with listening() as at:
            at.fake.remove_bot()
            at.fake.say("noah", at.fake.dm("noah"), "that was all")
            await at.message()
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["discord_server_lost"]


async def test_a_desk_that_was_deleted_is_one_line_for_the_operator() -> None:
    with structlog.testing.capture_logs() as logs:
        async with listening() as at:
            at.fake.delete_channel(DESK)
            await at.quiet()
    assert [log["fix"] for log in logs if log["event"] == "discord_channel_lost"] == ["name another in desk.room"]


async def test_with_several_shards_each_new_session_is_caught_up_with() -> None:
    async with running() as fake:
        fake.api.recommended_shards = 2
        async with listening(fake=fake) as at:
            thread = fake.post("mara", FORUM, "Counting", "0")
            await at.message()
            before = fake.gateway.identified
            fake.drop(resumable=False)
            for number in range(1, 8):
                fake.say("mara", thread.id, str(number))
            await fake.until(lambda: fake.gateway.identified > before + 1)
            for number in range(8, 15):
                fake.say("mara", thread.id, str(number))
            await at.message(15)
            assert at.ear.texts() == [str(number) for number in range(15)]


async def test_a_server_that_was_out_of_order_is_read_when_it_is_back() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Counting", "0")
        await at.message()
        at.fake.world.emit("GUILD_DELETE", {"id": GUILD, "unavailable": True}, None, GUILD)
        at.fake.say("mara", thread.id, "1", times=0)
        at.fake.invite_bot()
        assert (await at.message(2)).text == "1"

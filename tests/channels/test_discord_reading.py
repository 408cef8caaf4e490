from dataclasses import dataclass, field

import pytest
import structlog

from channels.base import Address, Bookmark, Message, Outgoing, SetupError, UnreachableError
from channels.discord.absence import Absence
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


def test_an_absence_ends_the_program_when_it_is_too_long() -> None:
    clock = [0.0]
    absence = Absence(give_up_minutes=30, now=lambda: clock[0])
    absence.lasts("no route to host")
    clock[0] = 29 * 60
    absence.check()
    absence.lasts()
    clock[0] = 30 * 60
    with pytest.raises(UnreachableError, match=r"30 minutes .*no route to host"):
        absence.check()


def test_an_absence_that_ended_counts_no_more() -> None:
    clock = [0.0]
    absence = Absence(give_up_minutes=30, now=lambda: clock[0])
    absence.lasts()
    absence.ends()
    clock[0] = 3_600
    absence.check()
    assert clock == [3_600]


def test_without_a_limit_an_absence_may_last() -> None:
    clock = [0.0]
    absence = Absence(give_up_minutes=0, now=lambda: clock[0])
    absence.lasts()
    clock[0] = 1e9
    absence.check()
    assert clock == [1e9]


async def test_a_session_asks_only_where_something_is_new() -> None:
    async with listening() as at:
        threads = [at.fake.post("mara", FORUM, f"Parcel {number}", "where is it?") for number in range(20)]
        at.fake.say("noah", HELP, "is this open today?")
        await at.message(21)
        for number, thread in enumerate(threads):
            address = Address(channel="discord", room=FORUM, thread=thread.id)
            await at.channel.send(Outgoing(id=f"{number}-1-0-say", address=address, text=f"it is in {thread.name}"))
        await at.quiet()
        reads = len(at.fake.made("list_messages"))
        at.fake.drop(resumable=False)
        at.fake.say("mara", threads[7].id, "it is here")
        assert (await at.message(23)).text == "it is here"
        asked = [call.params["channel_id"] for call in at.fake.made("list_messages")[reads:]]
        assert sorted(asked) == sorted([threads[7].id, at.fake.dm("noah")])


async def test_what_was_said_in_a_thread_that_was_put_away_meanwhile_is_read() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        at.fake.drop(resumable=False)
        at.fake.say("mara", thread.id, "never mind, it is here")
        at.fake.change_thread(thread.id, archived=True)
        assert (await at.message(2)).text == "never mind, it is here"


async def test_a_post_that_was_begun_and_put_away_meanwhile_is_read() -> None:
    async with listening() as at:
        await at.quiet()
        at.fake.drop(resumable=False)
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        at.fake.change_thread(thread.id, archived=True)
        assert (await at.message(2)).text == "where is my parcel?"


async def test_threads_that_were_put_away_long_ago_are_not_read_again() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        at.fake.change_thread(thread.id, archived=True)
        before = at.fake.gateway.identified
        at.fake.drop(resumable=False)
        await at.fake.until(lambda: at.fake.gateway.identified > before)
        await at.quiet()
        assert not [call for call in at.fake.made("list_messages") if call.params["channel_id"] == thread.id]


async def test_a_thread_that_cannot_be_read_yet_keeps_its_newer_words_and_no_others_waiting() -> None:
    async with listening() as at:
        slow = at.fake.post("mara", FORUM, "Counting", "0")
        quick = at.fake.post("noah", FORUM, "Parcel", "where is my parcel?")
        at.fake.say("noah", HELP, "is this open today?")
        await at.message(3)
        before = at.fake.gateway.identified
        at.fake.drop(resumable=False)
        at.fake.say("mara", slow.id, "1")
        at.fake.fail("list_messages", Fault(status=503))
        await at.fake.until(lambda: at.fake.gateway.identified > before)
        at.fake.say("mara", slow.id, "2")
        at.fake.say("noah", quick.id, "it is order 7")
        await at.message(6)
        assert at.ear.texts()[3:] == ["it is order 7", "1", "2"]


async def test_what_could_not_be_read_in_a_watched_channel_is_read_from_the_same_word_on_later() -> None:
    async with listening() as first:
        fake = await away(first)
        fake.say("mara", HELP, "a question")
        fake.deny(HELP, Right.READ_MESSAGE_HISTORY, Right.VIEW_CHANNEL)
        async with listening(fake=fake, kept=first.kept) as second:
            await second.quiet()
        fake.allow(HELP, Right.READ_MESSAGE_HISTORY, Right.VIEW_CHANNEL)
        async with listening(fake=fake, kept=first.kept) as third:
            assert (await third.message()).text == "a question"


@dataclass(slots=True)
class Timed(House):
    """Remembers how many sessions there had been when a bookmark was kept."""

    sessions: list[tuple[str, int]] = field(default_factory=list)

    async def keep(self, bookmark: Bookmark) -> None:
        if self.fake is not None:
            self.sessions.append((bookmark.place, self.fake.gateway.identified))
        await super(Timed, self).keep(bookmark)


async def test_where_a_watched_channel_begins_is_kept_before_anything_is_heard() -> None:
    kept = Timed()
    async with listening(kept=kept):
        assert (f"room:{HELP}", 0) in kept.sessions


async def test_what_a_stranger_wrote_while_the_line_was_cut_comes_with_their_next_word() -> None:
    async with listening() as at:
        at.fake.drop(resumable=False)
        before = at.fake.gateway.identified
        at.fake.say("mara", at.fake.dm("mara"), "hello?")
        await at.fake.until(lambda: at.fake.gateway.identified > before)
        at.fake.say("mara", at.fake.dm("mara"), "is anybody there?")
        await at.message(2)
        assert at.ear.texts() == ["hello?", "is anybody there?"]


async def test_what_a_stranger_wrote_while_the_bot_was_stopped_comes_with_their_next_word() -> None:
    async with running() as fake:
        kept = House()
        async with listening(fake=fake, kept=kept):
            pass
        fake.say("mara", fake.dm("mara"), "hello?")
        async with listening(fake=fake, kept=kept) as second:
            fake.say("mara", fake.dm("mara"), "is anybody there?")
            await second.message(2)
            assert second.ear.texts() == ["hello?", "is anybody there?"]


async def test_in_direct_messages_nothing_is_asked_twice_in_a_session() -> None:
    async with listening() as at:
        room = at.fake.dm("mara")
        at.fake.later(1)
        for number in range(3):
            at.fake.say("mara", room, f"word {number}")
            await at.message(number + 1)
        assert len([call for call in at.fake.made("list_messages") if call.params["channel_id"] == room]) <= 1

"""What is read after a gap, and what is not asked for: each session begins with it."""

import asyncio
from dataclasses import dataclass, field

import structlog

from channels.base import Address, Bookmark, Outgoing
from tests.channels.discord_ear import House, listening
from tests.channels.test_discord_reading import away
from tests.fakes.discord import FORUM, HELP, Fault, Right, running


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


async def test_what_was_not_stored_when_the_line_ended_is_read_on_the_next() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Counting", "0")
        await at.message()
        at.ear.fails = 1_000
        at.fake.say("mara", thread.id, "1")
        at.fake.say("mara", HELP, "a question")
        await at.fake.until(lambda: at.ear.fails < 999)
        at.work.cancel()
        await asyncio.gather(at.work, return_exceptions=True)
        await at.channel.send(Outgoing(id="1-1-0-say", address=at.ear.messages()[0].address, text="on its way"))
        at.ear.fails = 0
        again = asyncio.ensure_future(at.channel.listen(at.ear.receive))
        await at.message(3)
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)
        assert sorted(at.ear.texts()) == ["0", "1", "a question"]


async def test_each_cut_is_one_line_for_the_operator() -> None:
    with structlog.testing.capture_logs() as logs:
        async with listening() as at:
            for resumable in (False, True):
                before = len(at.fake.gateway.identifies) + at.fake.gateway.resumed
                at.fake.drop(resumable=resumable)
                await at.fake.until(
                    lambda before=before: len(at.fake.gateway.identifies) + at.fake.gateway.resumed > before  # type: ignore[misc] # bound
                )
                at.fake.say("noah", HELP, f"still there after {resumable}?")
                await at.message(1 + resumable)
    assert [log["event"] for log in logs].count("discord_disconnected") == 2

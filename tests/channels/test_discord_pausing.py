"""Talking to a machine: the fuse on the wire."""

from pathlib import Path

from channels.base import Address, Outgoing
from tests.channels.discord_bench import serving
from tests.channels.discord_ear import Bench, listening
from tests.fakes.discord import FORUM, HELP, Fault, running

PAUSED = "stopped answering here for a minute"


async def answer(at: Bench, thread: str, number: int, *, author: str = "") -> None:
    address = Address(channel="discord", room=FORUM, thread=thread)
    await at.channel.send(Outgoing(id=f"7-{number}-0-say", address=address, text=f"answer {number}", author=author))


async def test_who_answers_every_answer_is_marked_after_so_many_and_told_once() -> None:
    async with listening(thread_answers_per_minute=3) as at:
        thread = at.fake.post("mara", FORUM, "Hello", "hello")
        await at.message()
        for number in range(3):
            await answer(at, thread.id, number)
            at.fake.say("mara", thread.id, f"hello {number}")
            await at.message(2 + number)
        at.fake.say("mara", thread.id, "hello again")
        assert (await at.message(5)).automatic
        assert [message.automatic for message in at.ear.messages()] == [False, False, False, True, True]
        assert sum(PAUSED in post["content"] for post in at.fake.posts(thread.id)) == 1


async def test_other_threads_and_people_are_answered_as_ever() -> None:
    async with listening(thread_answers_per_minute=2) as at:
        thread = at.fake.post("mara", FORUM, "Hello", "hello")
        await at.message()
        for number in range(2):
            await answer(at, thread.id, number)
        at.fake.say("noah", HELP, "hello from me")
        assert not (await at.message(2)).automatic


async def test_all_threads_of_a_person_are_counted_together() -> None:
    async with listening(person_answers_per_minute=2) as at:
        threads = [at.fake.post("mara", FORUM, f"Hello {number}", f"hello {number}") for number in range(2)]
        await at.message(2)
        for number, thread in enumerate(threads):
            await answer(at, thread.id, number)
        at.fake.post("mara", FORUM, "Hello", "hello")
        assert (await at.message(3)).automatic


async def test_agents_words_do_not_count() -> None:
    async with listening(thread_answers_per_minute=1) as at:
        thread = at.fake.post("mara", FORUM, "Hello", "hello")
        await at.message()
        await answer(at, thread.id, 1, author="Anna")
        at.fake.say("mara", thread.id, "thank you Anna")
        assert not (await at.message(2)).automatic


async def test_our_own_words_sent_back_are_not_answered() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Hello", "hello")
        await at.message()
        await answer(at, thread.id, 1)
        at.fake.say("mara", thread.id, "answer 1")
        assert (await at.message(2)).automatic


async def test_what_cannot_be_told_hinders_nothing() -> None:
    async with listening(thread_answers_per_minute=1) as at:
        thread = at.fake.post("mara", FORUM, "Hello", "hello")
        await at.message()
        await answer(at, thread.id, 1)
        at.fake.fail("create_message", Fault(status=400, code=50006))
        at.fake.say("mara", thread.id, "hello again")
        assert (await at.message(2)).automatic


async def test_a_loop_with_a_machine_ends(tmp_path: Path) -> None:
    async with running() as fake:
        fake.unlimited()
        async with serving(tmp_path, fake) as service:
            room = fake.dm("mara")
            fake.say("mara", room, "hello")
            for count in range(1, 21):
                await fake.until(lambda count=count: len(fake.posts(room)) >= count)  # type: ignore[misc] # bound
                fake.say("mara", room, "hello")
            await service.posted(room, PAUSED)
            fake.say("mara", room, "hello")
            fake.say("noah", fake.dm("noah"), "hello")
            await fake.until(lambda: fake.posts(fake.dm("noah")))
            assert len(fake.posts(room)) == 21

"""Talking to a machine: the fuse on the wire."""

from pathlib import Path

from channels import slack
from channels.base import Address, Outgoing
from tests.channels.slack_bench import DIRECT, HELP, furnish, listening, serving
from tests.fakes.slack import running


async def answer(channel: slack.Slack, root: str, number: int) -> None:
    address = Address(channel="slack", room=HELP, thread=root)
    await channel.send(Outgoing(id=f"7-{number}-0-say", address=address, text=f"answer {number}"))


async def test_machine_that_answers_every_answer_is_marked_after_so_many_and_told_once() -> None:
    async with listening(thread_answers_per_minute=3) as at:
        root = at.fake.say(HELP, "U1", "hello")
        await at.heard()
        for number in range(3):
            await answer(at.channel, root, number)
            at.fake.say(HELP, "U1", f"hello {number}", thread=root)
            await at.heard(2 + number)
        at.fake.say(HELP, "U1", "hello again", thread=root)
        assert (await at.message(5)).automatic
        assert [(await at.message(number)).automatic for number in (1, 2, 3)] == [False, False, False]
        assert [whisper["user"] for whisper in at.fake.whispers] == ["U1"]
        assert "stopped answering here for a minute" in at.fake.whispers[0]["text"]


async def test_other_threads_and_people_are_answered_as_ever() -> None:
    async with listening(thread_answers_per_minute=2) as at:
        root = at.fake.say(HELP, "U1", "hello")
        await at.heard()
        for number in range(2):
            await answer(at.channel, root, number)
        at.fake.say(HELP, "U2", "hello from me")
        assert not (await at.message(2)).automatic


async def test_agents_words_do_not_count() -> None:
    async with listening(thread_answers_per_minute=1) as at:
        root = at.fake.say(HELP, "U1", "hello")
        await at.heard()
        address = Address(channel="slack", room=HELP, thread=root)
        await at.channel.send(Outgoing(id="7-1-0-reply", address=address, text="Hello Mara", author="Anna"))
        at.fake.say(HELP, "U1", "thank you Anna", thread=root)
        assert not (await at.message(2)).automatic


async def test_our_own_words_sent_back_are_not_answered() -> None:
    async with listening() as at:
        root = at.fake.say(HELP, "U1", "hello")
        await at.heard()
        await answer(at.channel, root, 1)
        at.fake.say(HELP, "U1", "answer 1", thread=root)
        assert (await at.message(2)).automatic


async def test_loop_with_a_machine_ends(tmp_path: Path) -> None:
    async with running() as fake:
        furnish(fake)
        async with serving(tmp_path, fake, slack.Settings(thread_answers_per_minute=5)) as service:
            root = fake.say(DIRECT, "U2", "hello")
            for count in range(1, 6):
                await fake.until(lambda count=count: len(fake.posts(DIRECT)) >= count)  # type: ignore[misc] # bound
                fake.say(DIRECT, "U2", "hello", thread=root)
            await service.recorded("ignored")
            assert len(fake.posts(DIRECT)) == 5

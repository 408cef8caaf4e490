from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from channels.base import Address, Outgoing
from tests.channels.discord_bench import listening
from tests.channels.test_contract import Bound
from tests.fakes.discord import DESK, HELP, texts_of


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

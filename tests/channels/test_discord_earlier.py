"""Called in a thread in which we were silent: what was said before comes along."""

from channels.base import Outgoing
from tests.channels.discord_ear import listening
from tests.fakes.discord import AGENTS_ROLE, BOT, FORUM, GENERAL, Fault

CALL = f"<@{BOT}> what now?"


async def test_what_the_customer_wrote_after_staff_did_comes_with_the_call() -> None:
    async with listening(staff=(AGENTS_ROLE,)) as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        await at.channel.send(Outgoing(id="1-1-0-say", address=at.ear.messages()[0].address, text="on its way"))
        at.fake.say("anna", thread.id, "which order is it?")
        at.fake.say("mara", thread.id, "it is order 7")
        at.fake.say("mara", thread.id, "from last week")
        at.fake.say("mara", thread.id, CALL)
        assert (await at.message(2)).text == "it is order 7\nfrom last week\nwhat now?"


async def test_what_was_said_before_our_own_last_post_does_not_come_again() -> None:
    async with listening(staff=(AGENTS_ROLE,)) as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        at.fake.say("anna", thread.id, "I am looking into it")
        at.fake.say("mara", thread.id, f"<@{BOT}> hello?")
        address = (await at.message(2)).address
        await at.channel.send(Outgoing(id="1-1-0-say", address=address, text="Hello Mara"))
        at.fake.say("mara", thread.id, CALL)
        assert (await at.message(3)).text == "what now?"


async def test_what_others_said_does_not_come_along() -> None:
    async with listening(staff=(AGENTS_ROLE,)) as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        at.fake.say("anna", thread.id, "which order is it?")
        at.fake.say("noah", thread.id, "mine is late too")
        at.fake.say("mara", thread.id, CALL)
        assert "late too" not in (await at.message(2)).text


async def test_in_a_thread_of_others_the_question_on_which_it_hangs_comes_along() -> None:
    async with listening() as at:
        question = at.fake.say("mara", GENERAL, "where is my parcel?")
        thread = at.fake.thread("noah", GENERAL, "Parcel", on=question)
        at.fake.say("mara", thread.id, "it is order 7")
        at.fake.say("mara", thread.id, CALL)
        assert (await at.message()).text == "where is my parcel?\nit is order 7\nwhat now?"


async def test_only_the_newest_of_much_comes_along() -> None:
    async with listening(staff=(AGENTS_ROLE,)) as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        at.fake.say("anna", thread.id, "which order is it?")
        for number in range(5):
            at.fake.say("mara", thread.id, f"{number} " + "and so on " * 80)
        at.fake.say("mara", thread.id, CALL)
        text = (await at.message(2)).text
        assert text.startswith("3 and")
        assert text.endswith("what now?")


async def test_a_call_is_heard_also_where_what_was_before_cannot_be_read() -> None:
    async with listening(staff=(AGENTS_ROLE,)) as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        at.fake.say("anna", thread.id, "which order is it?")
        await at.quiet()
        at.fake.fail("list_messages", Fault(status=403, code=50001))
        at.fake.say("mara", thread.id, CALL)
        assert (await at.message(3)).text == "what now?"


async def test_in_a_followed_thread_a_mention_brings_nothing_twice() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        await at.message()
        at.fake.say("mara", thread.id, CALL)
        assert (await at.message(2)).text == "what now?"

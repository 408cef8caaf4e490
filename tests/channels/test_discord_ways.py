import pytest
import structlog

from channels.base import Address, Delivery, DeliveryError, Outgoing
from tests.channels.discord_ear import DESK_ADDRESS, Bench, listening
from tests.fakes.discord import DESK, FORUM, HELP, Fault, Json, Right

PRIVATE = "Private: your question"


async def question(at: Bench) -> Address:
    at.fake.say("mara", HELP, "where is my parcel?")
    return (await at.message()).address


def answer(address: Address, text: str = "It left today.", id: str = "7-1-0-say") -> Outgoing:
    return Outgoing(id=id, address=address, text=text)


def in_private(at: Bench) -> list[Json]:
    """What stands in private threads, the introduction left out."""
    rooms = [one.id for one in at.fake.world.channels.values() if one.name == PRIVATE]
    return [post for room in rooms for post in at.fake.posts(room)[1:]]


async def test_the_thread_is_named_after_the_question() -> None:
    async with listening() as at:
        address = await question(at)
        await at.channel.send(answer(address))
        thread = at.fake.thread_on({"id": address.thread})
        assert thread is not None
        assert thread.name == "where is my parcel?"


async def test_a_thread_that_a_restart_came_before_is_opened_all_the_same() -> None:
    async with listening() as first:
        address = await question(first)
        await first.channel.close()
        async with listening(fake=first.fake, kept=first.kept) as second:
            await second.channel.send(answer(address))
            assert len(first.fake.posts(address.thread)) == 1


async def test_a_thread_that_somebody_opened_meanwhile_is_used() -> None:
    async with listening() as at:
        said = at.fake.say("mara", HELP, "where is my parcel?")
        at.fake.thread("mara", HELP, "mine", on=said)
        address = (await at.message()).address
        await at.channel.send(answer(address))
        assert len(at.fake.posts(said["id"])) == 1


async def test_two_answers_at_once_open_one_thread() -> None:
    async with listening() as at:
        address = await question(at)
        await at.channel.send(answer(address))
        await at.channel.send(answer(address, "And more.", "7-2-0-say"))
        assert len(at.fake.made("create_thread_on_message")) == 1


async def test_a_thread_deleted_while_we_think_is_opened_again() -> None:
    async with listening() as at:
        address = await question(at)
        await at.channel.send(answer(address))
        at.fake.delete_channel(address.thread)
        await at.channel.send(answer(address, "And more.", "7-2-0-say"))
        assert [post["content"] for post in at.fake.posts(address.thread)] == ["And more."]


async def test_where_the_question_is_gone_too_the_answer_comes_in_private() -> None:
    async with listening() as at:
        thread = at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
        address = (await at.message()).address
        at.fake.delete_channel(thread.id)
        await at.channel.send(answer(address))
        assert at.fake.posts(at.fake.dm("mara"))[-1]["content"] == "It left today."


async def test_a_locked_thread_stays_locked_and_the_customer_is_answered_in_private() -> None:
    async with listening() as at:
        address = await question(at)
        await at.channel.send(answer(address))
        at.fake.change_thread(address.thread, locked=True)
        await at.quiet()
        await at.channel.send(answer(address, "And more.", "7-2-0-say"))
        assert [post["content"] for post in in_private(at)] == ["And more."]


async def test_a_thread_that_is_locked_and_archived_leads_to_a_private_one() -> None:
    async with listening() as at:
        address = await question(at)
        await at.channel.send(answer(address))
        at.fake.change_thread(address.thread, locked=True, archived=True)
        with structlog.testing.capture_logs() as logs:
            await at.channel.send(answer(address, "And more.", "7-2-0-say"))
        assert [post["content"] for post in in_private(at)] == ["And more."]
        assert len([log for log in logs if log["log_level"] == "warning"]) == 1


async def test_a_thread_that_discord_archived_is_written_in_as_before() -> None:
    async with listening() as at:
        address = await question(at)
        await at.channel.send(answer(address))
        at.fake.change_thread(address.thread, archived=True)
        await at.channel.send(answer(address, "And more.", "7-2-0-say"))
        assert len(at.fake.posts(address.thread)) == 2


async def test_a_missing_permission_is_one_line_with_its_fix_and_another_way_for_the_customer() -> None:
    async with listening() as at:
        at.fake.deny(HELP, Right.CREATE_PUBLIC_THREADS)
        address = await question(at)
        with structlog.testing.capture_logs() as logs:
            await at.channel.send(answer(address))
        (line,) = [log for log in logs if log["log_level"] == "warning"]
        assert "warmline discord invite" in line["fix"]
        assert [post["content"] for post in in_private(at)] == ["It left today."]


async def test_closed_direct_messages_lead_to_a_private_thread() -> None:
    async with listening() as at:
        room = at.fake.dm("mara")
        at.fake.say("mara", room, "where is my parcel?")
        address = (await at.message()).address
        at.fake.world.user("mara").takes_dms = False
        await at.channel.send(answer(address))
        assert [post["content"] for post in in_private(at)] == ["It left today."]


async def test_words_in_that_private_thread_belong_to_the_same_conversation() -> None:
    async with listening() as at:
        at.fake.say("mara", at.fake.dm("mara"), "where is my parcel?")
        address = (await at.message()).address
        at.fake.world.user("mara").takes_dms = False
        await at.channel.send(answer(address))
        thread = next(one for one in at.fake.world.channels.values() if one.name == PRIVATE)
        at.fake.say("mara", thread.id, "thank you")
        assert (await at.message(2)).address == address


async def test_where_nothing_opens_it_is_refused_with_the_reason() -> None:
    async with listening() as at:
        at.fake.deny(HELP, Right.CREATE_PUBLIC_THREADS, Right.CREATE_PRIVATE_THREADS)
        at.fake.world.user("mara").takes_dms = False
        with pytest.raises(DeliveryError) as caught:
            await at.channel.send(answer(await question(at)))
        assert caught.value.outcome is Delivery.REFUSED
        assert "direct messages" in caught.value.reason


async def test_after_the_server_let_the_bot_go_a_post_is_refused() -> None:
    async with listening() as at:
        address = await question(at)
        at.fake.remove_bot()
        with pytest.raises(DeliveryError) as caught:
            await at.channel.send(answer(address))
        assert caught.value.outcome is Delivery.REFUSED


async def test_a_desk_that_takes_nothing_is_refused_and_nobody_else_gets_the_card() -> None:
    async with listening() as at:
        at.fake.deny(DESK, Right.SEND_MESSAGES)
        with pytest.raises(DeliveryError) as caught:
            await at.channel.send(Outgoing(id="7-1-0-card0", address=DESK_ADDRESS, text="card"))
        assert caught.value.outcome is Delivery.REFUSED
        assert in_private(at) == []


async def test_a_desks_thread_that_was_put_away_is_taken_up() -> None:
    async with listening() as at:
        receipt = await at.channel.send(Outgoing(id="7-1-0-card0", address=DESK_ADDRESS, text="card"))
        at.fake.thread("anna", DESK, "card", on=at.fake.posts(DESK)[0])
        at.fake.change_thread(receipt.id, archived=True, locked=True)
        thread = Address(channel="discord", room=DESK, thread=receipt.id)
        await at.channel.send(answer(thread, "The customer wrote", "7-2-0-desk"))
        assert [post["content"] for post in at.fake.posts(receipt.id)] == ["The customer wrote"]


async def test_a_private_place_that_could_not_be_opened_is_tried_again_later() -> None:
    async with listening() as at:
        address = await question(at)
        await at.channel.send(answer(address))
        at.fake.change_thread(address.thread, archived=True, locked=True)
        at.fake.fail("create_thread", Fault(status=503))
        with pytest.raises(DeliveryError) as caught:
            await at.channel.send(answer(address, "And more.", "7-2-0-say"))
        assert caught.value.outcome is Delivery.UNKNOWN

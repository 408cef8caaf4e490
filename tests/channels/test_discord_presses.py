import json

import pytest

from channels.base import Address, Button, Card, Input, InputKind, Outgoing
from tests.channels.discord_ear import DESK_ADDRESS, Bench, listening
from tests.fakes.discord import AGENTS_ROLE, DESK, FORUM, HELP, Fault, Json, Right, buttons_of

FORMS = {
    "note": (Input(name="text", label="Note for agents; the customer never sees it"),),
    "assign": (Input(name="person", label="Who takes it", kind=InputKind.PERSON),),
    "resolve": (
        Input(name="outcome", label="How it ended", kind=InputKind.CHOICE, choices=(("solved", "Solved"),)),
        Input(
            name="issue_type", label="Issue type", kind=InputKind.CHOICE, choices=(("ship", "Shipping"),), optional=True
        ),
        Input(name="article", label="Worth an article?", kind=InputKind.CHECK),
    ),
}


def buttons(*names: str, value: str = "7") -> tuple[Button, ...]:
    return tuple(Button(name=name, label=name, value=value) for name in names)


async def card(at: Bench, *names: str) -> Json:
    card = Card(title="Mara needs a person", buttons=buttons(*names))
    receipt = await at.channel.send(Outgoing(id="7-1-0-card0", address=DESK_ADDRESS, card=card))
    return next(post for post in at.fake.posts(DESK) if post["id"] == receipt.id)


async def answered(at: Bench) -> tuple[Address, Json]:
    """A question in the forum and its answer, with buttons."""
    at.fake.post("mara", FORUM, "Parcel", "where is my parcel?")
    address = (await at.message()).address
    mara = at.fake.id_of("mara")
    pressed = (*buttons("solved", "ask_human"), Button(name="private", label="private", value=mara))
    await at.channel.send(Outgoing(id="7-1-0-say", address=address, text="It left today.", buttons=pressed))
    return address, at.fake.posts(address.thread)[0]


async def test_a_press_is_heard_at_its_conversation() -> None:
    async with listening() as at:
        address, post = await answered(at)
        at.fake.press("mara", post, "solved")
        action = await at.action()
        assert (action.name, action.value, action.address) == ("solved", "7", address)
        assert action.actor.id == at.fake.id_of("mara")


async def test_a_press_on_a_card_names_the_cards_thread() -> None:
    async with listening() as at:
        post = await card(at, "claim")
        at.fake.press("anna", post, "claim")
        action = await at.action()
        assert action.address == Address(channel="discord", room=DESK, thread=post["id"])
        assert AGENTS_ROLE in action.actor.groups


async def test_a_press_below_a_card_names_the_same_thread() -> None:
    async with listening() as at:
        post = await card(at, "claim")
        thread = Address(channel="discord", room=DESK, thread=post["id"])
        await at.channel.send(Outgoing(id="7-2-0-desk", address=thread, text="waiting", buttons=buttons("claim")))
        at.fake.press("anna", at.fake.posts(post["id"])[0], "claim")
        assert (await at.action()).address == thread


async def test_a_press_is_answered_in_time() -> None:
    async with listening() as at:
        _, post = await answered(at)
        act = at.fake.press("mara", post, "solved")
        await at.fake.until(lambda: act.answer is not None)


async def test_old_buttons_work_after_a_restart() -> None:
    async with listening() as first:
        _, post = await answered(first)
        await first.channel.close()
        async with listening(fake=first.fake, kept=first.kept) as second:
            first.fake.press("mara", post, "solved")
            assert (await second.action()).name == "solved"


async def test_a_press_that_could_not_be_stored_is_told_to_whoever_pressed() -> None:
    async with listening() as at:
        _, post = await answered(at)
        at.ear.fails = 1
        at.fake.press("mara", post, "solved")
        await at.fake.until(lambda: at.fake.whispers)
        assert "nothing was done" in at.fake.whispers[0]["content"]


async def test_a_private_word_stands_below_the_press_for_that_person_only() -> None:
    async with listening() as at:
        post = await card(at, "claim")
        at.fake.press("anna", post, "claim")
        action = await at.action()
        whisper = Outgoing(
            id="7-2-0-whisper", address=action.address, text="Ben already has it.", only_for=action.actor.id
        )
        await at.channel.send(whisper)
        (said,) = at.fake.whispers
        assert (said["content"], said["_for"]) == ("Ben already has it.", action.actor.id)


async def test_a_private_word_to_an_agent_who_pressed_nothing_stands_in_the_desks_thread() -> None:
    async with listening() as at:
        post = await card(at, "claim")
        said = at.fake.say("anna", post["id"], "on its way")
        thread = Address(channel="discord", room=DESK, thread=post["id"])
        anna = at.fake.id_of("anna")
        ask = Card(title="Not sent: nobody has claimed this.", buttons=buttons("claim_send", "keep_note"))
        await at.channel.send(
            Outgoing(id="7-2-0-whisper", address=thread, card=ask, only_for=anna, reply_to=said["id"])
        )
        (sent,) = at.fake.posts(post["id"])
        assert "Not sent" in sent["content"]
        assert [one["label"] for one in buttons_of(sent)] == ["claim_send", "keep_note"]
        assert at.fake.pinged == []


async def test_a_private_word_whose_press_ran_out_goes_to_the_desks_thread() -> None:
    async with listening() as at:
        post = await card(at, "claim")
        at.fake.press("anna", post, "claim")
        action = await at.action()
        at.fake.later(3_600)
        await at.channel.send(
            Outgoing(id="7-2-0-whisper", address=action.address, text="Too late.", only_for=action.actor.id)
        )
        assert [sent["content"] for sent in at.fake.posts(post["id"])] == ["Too late."]


async def test_a_private_word_to_a_customer_is_never_public() -> None:
    async with listening() as at:
        address, _ = await answered(at)
        noah = at.fake.id_of("noah")
        await at.channel.send(Outgoing(id="7-2-0-whisper", address=address, text="Not yours.", only_for=noah))
        assert [sent["content"] for sent in at.fake.posts(at.fake.dm("noah"))] == ["Not yours."]
        assert len(at.fake.posts(address.thread)) == 1


async def test_a_word_meant_to_wait_for_somebody_is_a_direct_message() -> None:
    async with listening() as at:
        post = await card(at, "claim")
        at.fake.press("anna", post, "claim")
        action = await at.action()
        anna = at.fake.id_of("anna")
        await at.channel.send(
            Outgoing(id="7-2-0-whisper", address=action.address, text="This is yours now.", only_for=anna, direct=True)
        )
        assert [sent["content"] for sent in at.fake.posts(at.fake.dm("anna"))] == ["This is yours now."]


async def test_a_note_asks_for_its_words_first() -> None:
    async with listening(forms=FORMS) as at:
        act = at.fake.press("anna", await card(at, "note"), "note")
        await at.fake.until(lambda: act.modal is not None)
        at.fake.submit(act, {"text": "she sounds upset"})
        action = await at.action()
        value, _, answers = action.value.partition(":")
        assert (action.name, value, json.loads(answers)) == ("note", "7", {"text": "she sounds upset"})


async def test_a_form_with_choices_and_a_box_is_read() -> None:
    async with listening(forms=FORMS) as at:
        act = at.fake.press("anna", await card(at, "resolve"), "resolve")
        await at.fake.until(lambda: act.modal is not None)
        at.fake.submit(act, {"outcome": "solved", "article": True})
        answers = json.loads((await at.action()).value.partition(":")[2])
        assert answers == {"outcome": "solved", "issue_type": "", "article": True}


async def test_a_form_that_picks_somebody_brings_their_roles() -> None:
    async with listening(forms=FORMS) as at:
        act = at.fake.press("anna", await card(at, "assign"), "assign")
        await at.fake.until(lambda: act.modal is not None)
        at.fake.submit(act, {"person": at.fake.id_of("ben")})
        target = (await at.action()).target
        assert target is not None
        assert (target.id, target.groups, target.outsider) == (at.fake.id_of("ben"), (AGENTS_ROLE,), False)


async def test_others_forms_and_buttons_are_left_alone() -> None:
    async with listening() as at:
        address, post = await answered(at)
        foreign = post | {"components": [{"type": 1, "components": [{"type": 2, "label": "x", "custom_id": "other"}]}]}
        at.fake.press("mara", foreign, "x")
        await at.quiet()
        assert at.ear.actions() == []
        assert address.thread


async def test_the_command_is_answered_to_the_asker_only() -> None:
    async with listening() as at:
        act = at.fake.slash("mara", HELP, "ask", question="where is my parcel?")
        message = await at.message()
        assert message.text == "where is my parcel?"
        await at.channel.send(Outgoing(id="7-1-0-say", address=message.address, text="It left today."))
        (said,) = at.fake.whispers
        assert (said["content"], said["_for"]) == ("It left today.", at.fake.id_of("mara"))
        assert at.fake.posts(HELP) == []
        assert act.answer is not None


async def test_two_commands_of_one_person_are_two_conversations() -> None:
    async with listening() as at:
        at.fake.slash("mara", HELP, "ask", question="one?")
        at.fake.slash("mara", HELP, "ask", question="two?")
        await at.message(2)
        first, second = at.ear.messages()
        assert first.address != second.address


async def asked(at: Bench) -> tuple[Address, Json]:
    at.fake.slash("mara", HELP, "ask", question="where is my parcel?")
    address = (await at.message()).address
    await at.channel.send(Outgoing(id="7-1-0-say", address=address, text="It left today.", buttons=buttons("solved")))
    return address, at.fake.whispers[0]


async def test_a_press_below_the_commands_answer_belongs_to_its_conversation() -> None:
    async with listening() as at:
        address, said = await asked(at)
        at.fake.press("mara", said, "solved")
        assert (await at.action()).address == address


async def test_continue_here_makes_a_private_thread_for_the_asker() -> None:
    async with listening() as at:
        address, said = await asked(at)
        at.fake.press("mara", said, "Continue here")
        await at.fake.until(lambda: any("➡️" in one["content"] for one in at.fake.whispers))
        thread = next(one for one in at.fake.world.channels.values() if one.name == "Private: your question")
        assert at.fake.id_of("mara") in thread.members
        at.fake.say("mara", thread.id, "it is order 7")
        assert (await at.message(2)).address == address
        await at.channel.send(Outgoing(id="7-3-0-say", address=address, text="Order 7 left."))
        assert at.fake.posts(thread.id)[-1]["content"] == "Order 7 left."


async def test_a_private_thread_is_still_the_conversations_after_a_restart() -> None:
    async with listening() as first:
        address, said = await asked(first)
        first.fake.press("mara", said, "Continue here")
        await first.fake.until(lambda: any("➡️" in one["content"] for one in first.fake.whispers))
        thread = next(one for one in first.fake.world.channels.values() if one.name == "Private: your question")
        await first.channel.close()
        async with listening(fake=first.fake, kept=first.kept) as second:
            first.fake.say("mara", thread.id, "it is order 7")
            assert (await second.message()).address == address


async def test_an_agents_answer_to_a_command_comes_where_one_can_answer_back() -> None:
    async with listening() as at:
        address, _ = await asked(at)
        await at.channel.send(Outgoing(id="7-2-0-reply", address=address, text="I am on it.", author="Anna"))
        thread = next(one for one in at.fake.world.channels.values() if one.name == "Private: your question")
        assert at.fake.posts(thread.id)[-1]["content"] == "**Anna**: I am on it."


async def test_an_answer_to_a_command_that_ran_out_comes_in_a_private_thread() -> None:
    async with listening() as at:
        at.fake.slash("mara", HELP, "ask", question="where is my parcel?")
        address = (await at.message()).address
        await at.fake.until(lambda: at.fake.made("answer_interaction"))
        at.fake.later(3_600)
        await at.channel.send(Outgoing(id="7-1-0-say", address=address, text="It left today."))
        thread = next(one for one in at.fake.world.channels.values() if one.name == "Private: your question")
        assert at.fake.posts(thread.id)[-1]["content"] == "It left today."


async def test_a_public_question_goes_on_in_private_when_its_asker_wants_that() -> None:
    async with listening() as at:
        at.fake.say("mara", HELP, "my account was hacked")
        address = (await at.message()).address
        offer = (Button(name="private", label="Go on in private", value=at.fake.id_of("mara")),)
        await at.channel.send(Outgoing(id="7-1-0-say", address=address, text="In private?", buttons=offer))
        assert at.channel.is_public(address)
        at.fake.press("mara", at.fake.posts(address.thread)[0], "Go on in private")
        await at.fake.until(lambda: any("➡️" in one["content"] for one in at.fake.whispers))
        assert not at.channel.is_public(address)
        assert (await at.action()).name == "private"


async def test_nobody_else_takes_a_question_into_private() -> None:
    async with listening() as at:
        address, post = await answered(at)
        at.fake.press("noah", post, "private")
        await at.action()
        assert at.channel.is_public(address)


async def test_where_no_private_thread_opens_it_goes_on_in_direct_messages() -> None:
    async with listening() as at:
        address, post = await answered(at)  # a forum has no private threads
        at.fake.press("mara", post, "private")
        await at.fake.until(lambda: any("➡️" in one["content"] for one in at.fake.whispers))
        await at.channel.send(Outgoing(id="7-2-0-say", address=address, text="Only for you."))
        assert at.fake.posts(at.fake.dm("mara"))[-1]["content"] == "Only for you."


async def test_where_neither_opens_the_customer_is_told_what_to_allow() -> None:
    async with listening() as at:
        _, post = await answered(at)
        at.fake.world.user("mara").takes_dms = False
        at.fake.press("mara", post, "private")
        await at.fake.until(lambda: at.fake.whispers)
        assert "allow direct messages" in at.fake.whispers[0]["content"]


async def test_a_press_whose_time_is_over_is_stored_all_the_same() -> None:
    async with listening() as at:
        _, post = await answered(at)
        at.fake.fail("answer_interaction", Fault(status=404, code=10062))
        at.fake.press("mara", post, "solved")
        assert (await at.action()).name == "solved"


async def test_the_command_is_registered_once() -> None:
    async with listening() as first:
        await first.kept.until("commands")
        await first.channel.close()
        async with listening(fake=first.fake, kept=first.kept) as second:
            await second.quiet()
            assert [one["name"] for one in first.fake.world.commands] == ["ask"]
            assert len([call for call in first.fake.calls if "commands" in call.name]) == 1


@pytest.mark.parametrize("right", [Right.CREATE_PRIVATE_THREADS, Right.SEND_MESSAGES_IN_THREADS])
async def test_without_a_right_to_private_threads_direct_messages_are_used(right: Right) -> None:
    async with listening() as at:
        at.fake.slash("mara", HELP, "ask", question="where is my parcel?")
        address = (await at.message()).address
        at.fake.deny(HELP, right)
        await at.channel.send(Outgoing(id="7-2-0-reply", address=address, text="I am on it.", author="Anna"))
        assert at.fake.posts(at.fake.dm("mara"))[-1]["content"] == "**Anna**: I am on it."


async def test_a_form_begins_with_what_is_known() -> None:
    async with listening(forms=FORMS) as at:
        at.kept.begins = {"text": "she called before"}
        act = at.fake.press("anna", await card(at, "note"), "note")
        await at.fake.until(lambda: act.modal is not None)
        assert act.modal is not None
        assert act.modal["components"][0]["component"]["value"] == "she called before"

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from channels import slack
from channels.base import (
    Action,
    Address,
    Attachment,
    Button,
    Card,
    Change,
    Delivery,
    DeliveryError,
    Field,
    Input,
    InputKind,
    Message,
    Outgoing,
    SetupError,
)
from channels.slack.manifest import manifest
from tests.channels.slack_bench import DESK, DESK_ADDRESS, DIRECT, HELP, Bench, Kept, furnish, listening
from tests.channels.test_contract import Bound
from tests.fakes.slack import BOT, Fault, buttons_of, running, texts_of

ROOM = Address(channel="slack", room=HELP)


@asynccontextmanager
async def bench() -> AsyncIterator[Bound]:
    """What the contract's tests work on."""
    async with listening(manifest()) as at:
        yield Bound(
            channel=at.channel,
            room=Address(channel="slack", room=DESK),
            shown=lambda: ["\n".join(texts_of(message)) for message in at.fake.posts(DESK)],
        )


def post(text: str = "Your parcel left today.", id: str = "7-1-0-say", **others: object) -> Outgoing:
    return Outgoing(id=id, **{"address": ROOM, "text": text, **others})  # type: ignore[arg-type] # any of its fields


async def test_a_message_in_a_customer_channel_begins_a_thread() -> None:
    async with listening(manifest()) as at:
        ts = at.fake.say(HELP, "U1", "where is my <https://shop.example|parcel>?")
        message = await at.message()
        assert message.address == Address(channel="slack", room=HELP, thread=ts)
        assert (message.sender.id, message.sender.name, message.sender.email) == ("U1", "1", "1@shop.example")
        assert message.text == "where is my parcel (https://shop.example)?"
        assert message.external_id == f"{HELP}:{ts}"


async def test_only_a_direct_message_is_read_by_nobody_else() -> None:
    async with listening() as at:
        assert at.channel.is_shared(ROOM)
        assert not at.channel.is_shared(Address(channel="slack", room=DIRECT))


async def test_a_mention_that_comes_as_two_events_is_heard_once() -> None:
    async with listening() as at:
        at.fake.add_channel("CRANDOM", "U1")
        at.fake.say("CRANDOM", "U1", f"<@{BOT}> where is my parcel?")
        await at.quiet()
        assert at.ear.texts() == ["where is my parcel?", "that was all"]


async def test_other_channels_are_heard_only_when_we_are_mentioned() -> None:
    async with listening() as at:
        at.fake.add_channel("CRANDOM", "U1")
        at.fake.say("CRANDOM", "U1", "lunch?")
        await at.quiet()
        assert at.ear.texts() == ["that was all"]


async def test_a_followed_thread_needs_no_further_mention() -> None:
    async with listening() as at:
        at.fake.add_channel("CRANDOM", "U1")
        root = at.fake.say("CRANDOM", "U1", f"<@{BOT}> where is my parcel?")
        await at.heard()
        at.fake.say("CRANDOM", "U1", "it is order 7", thread=root)
        assert (await at.message(2)).address.thread == root


async def test_a_thread_is_still_followed_after_a_restart() -> None:
    kept = Kept()
    async with listening(kept=kept) as first:
        fake = first.fake
        fake.add_channel("CRANDOM", "U1")
        root = fake.say("CRANDOM", "U1", f"<@{BOT}> where is my parcel?")
        bookmark = (await first.message()).bookmark
        assert bookmark is not None
        await kept.keep(bookmark)
        await first.channel.close()
        async with listening(kept=kept, fake=fake) as second:
            fake.say("CRANDOM", "U1", "it is order 7", thread=root)
            await fake.until(lambda: "it is order 7" in second.ear.texts())


async def test_the_same_event_delivered_twice_is_heard_once() -> None:
    async with listening() as at:
        ts = at.fake.ts()
        event = {"type": "message", "channel": DIRECT, "user": "U2", "text": "hello", "ts": ts, "channel_type": "im"}
        at.fake.event(event, times=3)
        await at.quiet()
        assert at.ear.texts() == ["hello", "that was all"]


async def test_what_could_not_be_stored_is_sent_again_by_slack() -> None:
    async with listening() as at:
        at.fake.redeliver_after = 0.1
        at.ear.fails = 2
        at.fake.say(DIRECT, "U2", "do not lose me")
        assert (await at.message()).text == "do not lose me"


async def test_an_event_is_acknowledged_only_after_it_was_stored() -> None:
    async with listening() as at:
        at.ear.slow = 0.2
        at.fake.say(DIRECT, "U2", "slowly")
        await at.fake.until(lambda: at.fake.acks)
        assert next(iter(at.fake.acks.values())) >= 0.2


async def test_words_of_one_thread_are_handed_in_as_they_came() -> None:
    async with listening() as at:
        root = at.fake.say(HELP, "U1", "0")
        for number in range(1, 20):
            at.fake.say(HELP, "U1", str(number), thread=root)
        await at.heard(20)
        assert at.ear.texts() == [str(number) for number in range(20)]


@pytest.mark.parametrize(
    "others",
    [
        {"bot_id": "B9"},
        {"user": "USLACKBOT"},
        {"user": BOT},
        {"subtype": "channel_join"},
        {"subtype": "bot_message"},
        {"user": None},
        {"ts": "yesterday"},
        {"channel": None},
        {"type": "unheard_of"},
        {"text": None, "user": 7},
        {"files": "none", "ts": None},
    ],
    ids=lambda others: ",".join(others),
)
async def test_what_no_person_wrote_is_not_heard(others: dict[str, object]) -> None:
    async with listening() as at:
        event = {"type": "message", "channel": HELP, "user": "U1", "text": "hello", "ts": at.fake.ts()}
        at.fake.event(event | others)
        await at.quiet()
        assert at.ear.texts() == ["that was all"]


async def test_a_true_edit_is_heard_and_a_link_preview_is_not() -> None:
    async with listening() as at:
        ts = at.fake.say(HELP, "U1", "where is parcel 7")
        await at.heard()
        at.fake.unfurl(HELP, ts)
        at.fake.edit(HELP, ts, "where is parcel 8")
        edit = await at.message(2)
        assert (edit.change, edit.text, edit.original_id) == (Change.EDITED, "where is parcel 8", f"{HELP}:{ts}")


async def test_a_deletion_names_what_was_deleted() -> None:
    async with listening() as at:
        ts = at.fake.say(HELP, "U1", "my card number is 1234")
        await at.heard()
        at.fake.delete(HELP, ts)
        deletion = await at.message(2)
        assert (deletion.change, deletion.text, deletion.original_id) == (Change.DELETED, "", f"{HELP}:{ts}")


async def test_words_survive_when_slack_does_not_tell_who_wrote() -> None:
    async with listening() as at:
        at.fake.fail("users.info", Fault(status=500), Fault(status=500))
        at.fake.say(HELP, "U1", "who am I?")
        assert ((await at.message()).sender.id, (await at.message()).sender.name) == ("U1", "")


async def test_somebody_of_another_team_is_kept_apart_from_ours() -> None:
    async with listening() as at:
        at.fake.add_user("U9", team_id="T9", name="Noor")
        at.fake.say(HELP, "U9", "hello")
        sender = (await at.message()).sender
        assert (sender.id, sender.verified) == ("T9/U9", False)


async def test_forty_thousand_characters_and_a_thousand_mentions_are_heard() -> None:
    async with listening() as at:
        at.fake.say(HELP, "U1", "<@U2> " * 1_000 + "x" * 34_000)
        assert len((await at.message()).text) > 34_000


async def test_a_file_is_fetched_and_kept() -> None:
    async with listening(manifest()) as at:
        at.fake.say(HELP, "U1", "see", files=[at.fake.file("receipt.txt", b"9.90")])
        (attachment,) = (await at.message()).attachments
        assert (attachment.name, attachment.bytes, at.kept.files[attachment.key]) == ("receipt.txt", 4, b"9.90")


async def test_a_file_that_is_too_large_says_so() -> None:
    async with listening() as at:
        huge = {**at.fake.file("film.mov", b"x"), "size": 50_000_000}
        at.fake.say(HELP, "U1", "see", files=[huge])
        (attachment,) = (await at.message()).attachments
        assert attachment.why_not == "it is larger than 10 MB"


async def test_our_token_goes_to_no_other_server() -> None:
    async with listening() as at:
        elsewhere = {**at.fake.file("a.txt", b"x"), "url_private_download": "https://evil.example/a.txt"}
        at.fake.say(HELP, "U1", "see", files=[elsewhere])
        (attachment,) = (await at.message()).attachments
        assert (attachment.key, attachment.why_not) == ("", "it is not kept on Slack itself")


async def test_a_login_page_is_not_taken_for_a_file() -> None:
    async with listening() as at:
        file = at.fake.file("a.txt", b"x")
        at.fake.tokens.clear()
        at.fake.say(HELP, "U1", "see", files=[file])
        (attachment,) = (await at.message()).attachments
        assert attachment.why_not == "Slack did not hand it out"


async def test_a_dropped_connection_comes_back_and_nothing_said_meanwhile_is_lost() -> None:
    async with listening() as at:
        await at.kept.until("read to")
        await at.fake.drop_sockets()
        at.fake.say(DIRECT, "U2", "still there?")
        assert (await at.message()).text == "still there?"


async def test_a_polite_goodbye_is_followed_by_a_new_connection() -> None:
    async with listening() as at:
        before = at.fake.connections
        await at.fake.drop_sockets(politely=True)
        await at.fake.until(lambda: at.fake.connections > before)
        at.fake.say(DIRECT, "U2", "still there?")
        assert (await at.message()).text == "still there?"


async def test_a_dead_ticket_does_not_hang_the_connection_for_ever() -> None:
    async with listening() as at:
        at.fake.refuse_tickets = True
        await at.fake.drop_sockets()
        await at.fake.until(lambda: len(at.fake.made("apps.connections.open")) >= 4)
        at.fake.refuse_tickets = False
        at.fake.say(DIRECT, "U2", "still there?")
        assert (await at.message()).text == "still there?"


async def test_what_was_said_while_nobody_listened_is_caught_up() -> None:
    kept = Kept()
    async with listening(kept=kept) as first:
        fake = first.fake
        root = fake.say(HELP, "U1", "one")
        message = await first.message()
        assert message.bookmark is not None
        await kept.keep(message.bookmark)
        await kept.until("read to")
        fake.muted = True
        fake.say(HELP, "U1", "two", thread=root)
        fake.say(HELP, "U1", "three")
        fake.say(DIRECT, "U2", "four")
        fake.muted = False
        async with listening(kept=kept, fake=fake) as second:
            await second.heard(4)
            assert {"two", "three", "four"} <= set(second.ear.texts())


async def test_what_was_said_before_the_first_start_is_never_answered() -> None:
    async with running() as fake:
        furnish(fake)
        fake.muted = True
        fake.say(HELP, "U1", "long ago")
        fake.muted = False
        async with listening(fake=fake) as at:
            await at.kept.until("read to")
            await at.quiet()
            assert at.ear.texts() == ["that was all"]


@pytest.mark.parametrize(("variable", "token"), [("SLACK_BOT_TOKEN", "xoxb-wrong"), ("SLACK_APP_TOKEN", "xapp-wrong")])
async def test_a_wrong_token_is_told_at_once(variable: str, token: str) -> None:
    async with listening() as at:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(variable, token)
            other = slack.connect(slack.Settings(), at.kept.host())
            with pytest.raises(SetupError, match="invalid_auth"):
                await asyncio.wait_for(other.listen(at.ear.receive), 5)
            await other.close()


@pytest.mark.parametrize(("value", "told"), [("", "is not set"), ("xapp-1", "begins with xoxb-")])
def test_a_missing_or_mistaken_token_names_its_variable(value: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", value)
    with pytest.raises(SetupError, match=f"SLACK_BOT_TOKEN.*{told}"):
        slack.connect(slack.Settings(), Kept().host())


async def test_slack_out_of_order_at_the_start_is_tried_again_not_given_up() -> None:
    async with listening() as at:
        at.fake.fail("auth.test", Fault(status=503))
        other = slack.connect(slack.Settings(), at.kept.host())
        with pytest.raises(OSError, match="did not let us sign in"):
            await asyncio.wait_for(other.listen(at.ear.receive), 5)
        await other.close()


async def test_a_customers_answer_goes_into_their_thread() -> None:
    async with listening(manifest()) as at:
        root = at.fake.say(HELP, "U1", "where is it?")
        await at.channel.send(post("It **left** today.", address=Address(channel="slack", room=HELP, thread=root)))
        (sent,) = at.fake.posts(HELP)
        assert (sent["text"], sent["thread_ts"]) == ("It *left* today.", root)


async def test_nothing_we_post_unfurls() -> None:
    async with listening() as at:
        await at.channel.send(post("see https://shop.example"))
        (args,) = at.fake.made("chat.postMessage")
        assert (args["unfurl_links"], args["unfurl_media"], "link_names" in args) == (False, False, False)


async def test_an_agents_words_stand_under_their_name() -> None:
    async with listening() as at:
        await at.channel.send(post("On its way.", author="Anna <!here>"))
        assert at.fake.posts(HELP)[0]["text"] == "*Anna &lt;!here&gt;*\nOn its way."


async def test_a_post_whose_answer_was_lost_is_found_and_not_posted_again() -> None:
    async with listening() as at:
        at.fake.fail("chat.postMessage", Fault(drop=True, commit=True))
        with pytest.raises(DeliveryError) as failure:
            await at.channel.send(post())
        assert failure.value.outcome is Delivery.UNKNOWN
        assert await at.channel.find(post()) is not None
        await at.channel.send(post())
        assert len(at.fake.posts(HELP)) == 1


async def test_after_a_restart_a_long_post_is_completed_not_repeated() -> None:
    async with listening() as at:
        long = post("word " * 1_500)
        at.fake.fail("chat.postMessage", Fault(), Fault(status=500))
        with pytest.raises(DeliveryError):
            await at.channel.send(long)
        other = slack.connect(slack.Settings(), at.kept.host())
        assert await other.find(long) is None
        await other.send(long)
        await other.close()
        assert len(at.fake.posts(HELP)) == 3


@pytest.mark.parametrize(
    ("fault", "outcome", "wait"),
    [
        (Fault(status=429, retry_after=7), Delivery.NOT_SENT, 7.0),
        (Fault(status=500), Delivery.UNKNOWN, None),
        (Fault(error="internal_error"), Delivery.UNKNOWN, None),
        (Fault(error="is_archived"), Delivery.REFUSED, None),
        (Fault(error="token_revoked"), Delivery.NOT_SENT, None),
        (Fault(drop=True), Delivery.UNKNOWN, None),
    ],
    ids=["429", "500", "internal", "archived", "revoked", "dropped"],
)
async def test_a_failed_post_says_whether_it_may_have_arrived(
    fault: Fault, outcome: Delivery, wait: float | None
) -> None:
    async with listening() as at:
        at.fake.fail("chat.postMessage", fault)
        with pytest.raises(DeliveryError) as failure:
            await at.channel.send(post())
        assert (failure.value.outcome, failure.value.retry_after_seconds) == (outcome, wait)


@pytest.mark.parametrize("length", [2_001, 3_001, 13_500, 40_000])
async def test_a_long_text_is_taken_in_parts(length: int) -> None:
    async with listening() as at:
        await at.channel.send(post("😀 " * (length // 3), buttons=(Button(name="solved", label="Yes", value="7"),)))
        shown = "".join("".join(texts_of(message)) for message in at.fake.posts(HELP))
        assert shown.count("😀") == length // 3


def card(quotes: int = 2, **others: object) -> Card:
    given = {
        "title": "Mara needs a person",
        "fields": tuple(Field(name=f"Field {n}", text="<!channel> & more " * 20) for n in range(9)),
        "quotes": tuple(Field(name=f"10:0{n} customer", text=f"quote {n} <@U1>\n" * 60) for n in range(quotes)),
        "buttons": (Button(name="claim", label="Claim", value="7"), Button(name="resolve", label="Resolve", value="7")),
    }
    return Card(**(given | others))  # type: ignore[arg-type] # any of its fields


async def test_a_card_stands_in_the_room_and_what_does_not_fit_below_it() -> None:
    async with listening() as at:
        receipt = await at.channel.send(post("", address=DESK_ADDRESS, card=card(9)))
        first, *below = at.fake.posts(DESK)
        assert first["ts"] == receipt.id
        assert below
        assert all(message["thread_ts"] == receipt.id for message in below)


async def test_nothing_on_a_card_pings_anybody() -> None:
    async with listening() as at:
        await at.channel.send(post("", address=DESK_ADDRESS, card=card(9)))
        assert "<!" not in str(at.fake.posts(DESK))
        assert "<@" not in str(at.fake.posts(DESK))


async def test_a_card_is_drawn_anew_where_it_stands() -> None:
    async with listening() as at:
        receipt = await at.channel.send(post("", address=DESK_ADDRESS, card=card()))
        anew = post("", "7-2-0-redraw", address=DESK_ADDRESS, card=card(0, title="Claimed"), replaces=receipt.id)
        await at.channel.send(anew)
        assert any("Claimed" in text for text in texts_of(at.fake.posts(DESK)[0]))


async def test_a_long_card_that_is_drawn_anew_keeps_its_buttons() -> None:
    async with listening() as at:
        long = card(9, fields=tuple(Field(name=f"Field {n}", text="& " * 700) for n in range(9)))
        receipt = await at.channel.send(post("", address=DESK_ADDRESS, card=long))
        await at.channel.send(post("", "7-2-0-redraw", address=DESK_ADDRESS, card=long, replaces=receipt.id))
        assert [button["action_id"] for button in buttons_of(at.fake.posts(DESK)[0])] == ["claim", "resolve"]


async def test_a_form_that_comes_too_late_is_told() -> None:
    async with listening(forms=FORM) as at:
        buttons = (Button(name="assign", label="Assign", value="7"),)
        receipt = await at.channel.send(post("", address=DESK_ADDRESS, card=card(buttons=buttons)))
        at.fake.fail("views.open", Fault(error="expired_trigger_id"))
        at.fake.click("UANNA", DESK, receipt.id, "assign")
        await at.fake.until(lambda: at.fake.whispers)
        assert "press the button again" in at.fake.whispers[0]["text"]


async def test_five_buttons_of_one_name_are_told_apart_by_their_value() -> None:
    async with listening() as at:
        stars = tuple(Button(name="rate", label=str(n), value=str(n)) for n in range(1, 6))
        root = at.fake.say(HELP, "U1", "thanks")
        await at.heard()
        await at.channel.send(
            post("How was it?", buttons=stars, address=Address(channel="slack", room=HELP, thread=root))
        )
        at.fake.click("U1", HELP, at.fake.posts(HELP)[0]["ts"], "rate:4")
        action = (await at.heard(2))[1]
        assert isinstance(action, Action)
        assert (action.name, action.value, action.address.thread) == ("rate", "4", root)


async def test_a_whisper_is_seen_by_one_person() -> None:
    async with listening() as at:
        await at.channel.send(post("Claim it first.", address=DESK_ADDRESS, only_for="UANNA"))
        (whisper,) = at.fake.whispers
        assert (whisper["user"], whisper["text"], at.fake.posts(DESK)) == ("UANNA", "Claim it first.", [])


async def test_a_reaction_is_put_on_the_agents_message_once() -> None:
    async with listening(manifest()) as at:
        ts = at.fake.say(DESK, "UANNA", "on its way")
        mark = post("delivered", address=DESK_ADDRESS, reply_to=f"{DESK}:{ts}", reaction="✅")
        await at.channel.send(mark)
        await at.channel.send(mark)
        assert at.fake.channels[DESK].messages[ts]["reactions"] == ["white_check_mark"]


async def test_a_slow_answer_shows_that_we_are_at_it() -> None:
    async with listening(manifest()) as at:
        root = at.fake.say(HELP, "U1", "where is it?")
        await at.channel.show_typing(Address(channel="slack", room=HELP, thread=root))
        assert [status["thread_ts"] for status in at.fake.statuses] == [root]


async def test_a_quick_answer_shows_nothing_before() -> None:
    async with listening(manifest()) as at:
        await asyncio.gather(at.channel.show_typing(ROOM), at.channel.send(post()))
        assert at.fake.statuses == []


async def test_a_file_goes_out_with_the_words() -> None:
    async with listening(manifest()) as at:
        key = await at.kept.keep_file(b"label")
        attachment = Attachment(name="label.pdf", type="application/pdf", bytes=5, key=key)
        await at.channel.send(post("Here it is.", attachments=(attachment,)))
        words, file = at.fake.posts(HELP)
        assert (words["text"], file["files"][0]["name"]) == ("Here it is.", "label.pdf")


async def test_a_file_whose_answer_was_lost_is_not_sent_twice() -> None:
    async with listening() as at:
        key = await at.kept.keep_file(b"label")
        attachment = Attachment(name="label.pdf", type="application/pdf", bytes=5, key=key)
        with_file = post("Here.", attachments=(attachment,), address=DESK_ADDRESS)
        at.fake.fail("files.completeUploadExternal", Fault(drop=True, commit=True))
        with pytest.raises(DeliveryError):
            await at.channel.send(with_file)
        assert await at.channel.find(with_file) is not None
        await at.channel.send(with_file)
        assert len(at.fake.posts(DESK)) == 2


async def press_claim(at: Bench, user: str) -> Action:
    receipt = await at.channel.send(post("", address=DESK_ADDRESS, card=card()))
    before = len(at.ear.heard)
    at.fake.click(user, DESK, receipt.id, "claim")
    action = (await at.heard(before + 1))[before]
    assert isinstance(action, Action)
    return action


async def test_a_button_of_a_card_says_who_pressed_it() -> None:
    async with listening(manifest()) as at:
        at.fake.groups["S1"] = ["UANNA"]
        action = await press_claim(at, "UANNA")
        assert (action.name, action.value, action.actor.name, action.actor.groups) == ("claim", "7", "Anna", ("S1",))
        assert not action.actor.outsider


@pytest.mark.parametrize(
    ("others", "why"),
    [
        ({"is_restricted": True}, "guest"),
        ({"is_bot": True}, "bot"),
        ({"deleted": True}, "deactivated"),
        ({"team_id": "T9"}, "another team"),
        ({"id": "UGONE"}, "not in the desk"),
    ],
    ids=lambda value: str(value),
)
async def test_whoever_must_not_work_at_a_desk_is_an_outsider(others: dict[str, object], why: str) -> None:
    async with listening() as at:
        at.fake.add_user("UGONE", name="Gone")
        user = str(others.get("id", "UBEN"))
        at.fake.users[user] |= others
        actor = (await press_claim(at, user)).actor
        assert actor.outsider
        assert why in actor.why_outside


async def test_nobody_works_in_a_channel_that_another_organisation_shares() -> None:
    async with listening() as at:
        receipt = await at.channel.send(post("", address=DESK_ADDRESS, card=card()))
        at.fake.share(DESK)
        await at.quiet()
        at.fake.click("UANNA", DESK, receipt.id, "claim")
        action = (await at.heard(2))[1]
        assert isinstance(action, Action)
        assert action.actor.outsider


async def test_no_card_goes_into_a_channel_that_another_organisation_shares() -> None:
    async with listening() as at:
        at.fake.channels[DESK].shared = True
        with pytest.raises(DeliveryError) as failure:
            await at.channel.send(post("", address=DESK_ADDRESS, card=card()))
        assert failure.value.outcome is Delivery.REFUSED
        assert at.fake.posts(DESK) == []


async def test_who_cannot_be_looked_up_may_do_nothing() -> None:
    async with listening() as at:
        at.fake.fail("conversations.members", Fault(status=500))
        actor = (await press_claim(at, "UANNA")).actor
        assert actor.outsider
        assert "try again" in actor.why_outside


async def test_an_agents_words_wait_until_slack_tells_who_wrote_them() -> None:
    async with listening() as at:
        receipt = await at.channel.send(post("", address=DESK_ADDRESS, card=card()))
        at.fake.fail("conversations.members", Fault(status=500), Fault(drop=True))
        at.fake.say(DESK, "UANNA", "Hello Mara", thread=receipt.id)
        assert not (await at.message()).sender.outsider


FORM = {
    "assign": (
        Input(name="person", label="To whom", kind=InputKind.PERSON),
        Input(name="outcome", label="Outcome", kind=InputKind.CHOICE, choices=(("solved", "Solved"),)),
        Input(name="article", label="Worth an article?", kind=InputKind.CHECK),
        Input(name="text", label="Note", optional=True),
    )
}


async def test_a_button_that_asks_something_opens_a_form_and_brings_the_answers() -> None:
    async with listening(forms=FORM) as at:
        buttons = (Button(name="assign", label="Assign", value="7"),)
        receipt = await at.channel.send(post("", address=DESK_ADDRESS, card=card(buttons=buttons)))
        at.fake.click("UANNA", DESK, receipt.id, "assign")
        await at.fake.until(lambda: at.fake.views)
        at.fake.submit("UANNA", at.fake.views[0], {"person": "UBEN", "outcome": "solved", "article": True})
        action = (await at.heard())[0]
        assert isinstance(action, Action)
        assert action.value == '7:{"person": "UBEN", "outcome": "solved", "article": true, "text": ""}'
        assert (action.address.thread, action.target and action.target.name) == (receipt.id, "Ben")


async def test_words_below_a_card_are_heard_and_other_talk_at_the_desk_is_not() -> None:
    async with listening() as at:
        receipt = await at.channel.send(post("", address=DESK_ADDRESS, card=card()))
        chat = at.fake.say(DESK, "UBEN", "lunch?")
        at.fake.say(DESK, "UANNA", "soon", thread=chat)
        at.fake.say(DESK, "UANNA", "Hello Mara", thread=receipt.id)
        await at.heard()
        await at.quiet()
        assert at.ear.texts() == ["Hello Mara", "that was all"]


async def test_a_payload_of_any_shape_does_not_stop_the_ear() -> None:
    async with listening() as at:
        for payload in (
            {"type": "block_actions"},
            {"type": "block_actions", "actions": [7], "user": "U1"},
            {"type": "view_submission", "view": {"private_metadata": "[1]"}},
            {"type": "view_submission", "view": {"private_metadata": "{"}},
            {"type": "shortcut"},
            {"event": 7},
        ):
            at.fake.envelope("interactive", payload)
        await at.quiet()
        assert at.ear.texts() == ["that was all"]


def test_an_empty_button_list_is_no_block() -> None:
    assert buttons_of({"blocks": []}) == []


async def test_a_message_type_is_told_from_an_action() -> None:
    async with listening() as at:
        at.fake.say(DIRECT, "U2", "hello")
        assert isinstance((await at.heard())[0], Message)

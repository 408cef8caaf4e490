"""The whole bot on Discord, on good days and bad: a database on disk, the unmodified adapter, a Discord of our own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from channels.base import SetupError
from tests.channels.discord_bench import Service, serving
from tests.fakes.discord import (
    BOT,
    DESK,
    FORUM,
    GENERAL,
    HELP,
    Fault,
    Json,
    Right,
    buttons_of,
    running,
)

QUESTION, ANSWER = "How long do I have to return something?", "60 days"
OTHER, OTHER_ANSWER = "Which payment methods do you accept?", "PayPal"
PERSON, WAITING = "I want to talk to a human", "needs a person"


@asynccontextmanager
async def shop(folder: Path, **desk: Any) -> AsyncIterator[Service]:
    async with running() as fake:
        fake.unlimited()
        async with serving(folder, fake, **desk) as service:
            yield service


async def claimed(service: Service, room: str, user: str = "mara") -> Json:
    """The card of somebody who asked for a person, once Anna has it."""
    service.fake.say(user, room, PERSON)
    card = await service.posted(DESK, WAITING)
    service.fake.press("anna", card, "Claim")
    await service.fake.until(lambda: "claimed by" in str(card))
    return card


def answers(service: Service, room: str) -> int:
    return sum(ANSWER in text for text in service.texts(room))


async def asked_again(service: Service, room: str, user: str = "mara") -> None:
    """Wait until all that was said before is dealt with: a further question there has its answer."""
    before = len(service.fake.posts(room))
    service.fake.say(user, room, OTHER)
    await service.fake.until(lambda: len(service.fake.posts(room)) > before, 20)


# where people ask


async def test_a_question_is_answered_in_a_thread_on_it_with_buttons(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        question = service.fake.say("mara", HELP, QUESTION)
        answer = await service.posted(question["id"], ANSWER)
        assert [button["label"] for button in buttons_of(answer)][:2] == ["That solved it", "Talk to a person"]
        assert service.fake.pinged == []


async def test_a_forum_post_of_four_thousand_characters_is_answered(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        words = f"{QUESTION} {'I bought a green lamp there. ' * 150}"[:4_000]
        thread = service.fake.post("mara", FORUM, "Returns", words)
        assert await service.posted(thread.id, "")


async def test_a_command_is_answered_to_its_user_alone(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        await service.fake.until(lambda: service.fake.world.commands)
        service.fake.slash("noah", GENERAL, "ask", question=QUESTION)
        assert (await service.whispered(ANSWER))["_for"] == service.fake.id_of("noah")
        assert service.fake.posts(GENERAL) == []


async def test_only_who_asked_can_say_that_it_is_solved(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        question = service.fake.say("mara", HELP, QUESTION)
        answer = await service.posted(question["id"], ANSWER)
        service.fake.press("noah", answer, "That solved it")
        assert (await service.whispered("for the person who asked"))["_for"] == service.fake.id_of("noah")
        service.fake.press("mara", answer, "That solved it")
        closing = await service.posted(question["id"], "How did we do")
        service.fake.press("mara", closing, "5")
        await service.posted(question["id"], "Thank you for telling us")
        assert service.rows("select count(*) from events where kind = 'rated'") == [(1,)]


async def test_buttons_from_before_a_restart_still_work(tmp_path: Path) -> None:
    async with running() as fake:
        async with serving(tmp_path, fake) as first:
            answer = await _answered(first)
        async with serving(tmp_path, fake) as second:
            fake.press("mara", answer, "That solved it")
            await second.posted(answer["channel_id"], "How did we do")


async def _answered(service: Service) -> Json:
    question = service.fake.say("mara", HELP, QUESTION)
    return await service.posted(question["id"], ANSWER)


@pytest.mark.parametrize("kind", ["sticker", "poll", "voice"])
async def test_what_cannot_be_read_is_answered_politely(tmp_path: Path, kind: str) -> None:
    async with shop(tmp_path) as service:
        room = service.fake.dm("mara")
        match kind:
            case "sticker":
                service.fake.sticker("mara", room, "wave")
            case "poll":
                service.fake.poll("mara", room, "Which colour?", "red", "green")
            case _:
                service.fake.voice("mara", room)
        assert await service.posted(room, "cannot")


async def test_a_forwarded_question_is_answered(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        service.fake.forward("mara", service.fake.dm("mara"), QUESTION)
        assert await service.posted(service.fake.dm("mara"), ANSWER)


async def test_two_bots_in_one_thread_stop(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        service.fake.add_member("otherbot", bot=True)
        question = service.fake.say("mara", HELP, QUESTION)
        await service.posted(question["id"], ANSWER)
        for _ in range(3):
            service.fake.say("otherbot", question["id"], f"<@{BOT}> {QUESTION}")
            service.fake.say("noah", question["id"], QUESTION, webhook_id="700")
        await asked_again(service, question["id"])
        assert answers(service, question["id"]) == 1


async def test_what_discord_itself_says_is_not_answered(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        service.fake.say("noah", HELP, "", type=7)  # somebody joined
        service.fake.say("noah", HELP, QUESTION, type=6)  # a message was pinned
        question = service.fake.say("mara", HELP, QUESTION)
        await service.posted(question["id"], ANSWER)
        assert len(service.fake.made("create_thread_on_message")) == 1


async def test_an_edit_and_a_deletion_reach_the_desk(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        room = service.fake.dm("mara")
        card = await claimed(service, room)
        said = service.fake.say("mara", room, "my order is 10023")
        await service.posted(card["id"], "10023")
        service.fake.edit(said, "my order is 10024")
        await service.posted(card["id"], "10024")
        service.fake.delete(said)
        await service.posted(card["id"], "deleted")


async def test_words_of_customers_and_agents_ping_nobody(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        room = service.fake.dm("mara")
        card = await claimed(service, room)
        service.fake.say("mara", room, f"@everyone <@{service.fake.id_of('ben')}> broken")
        await service.posted(card["id"], "broken")
        service.fake.say("anna", card["id"], f"@here <@{service.fake.id_of('noah')}> seen")
        await service.posted(room, "seen")
        assert service.fake.pinged == []


# the line to Discord


@pytest.mark.parametrize("resumable", [True, False], ids=["resumed", "not resumed"])
async def test_what_is_said_while_the_line_is_cut_is_answered_once(tmp_path: Path, resumable: bool) -> None:
    async with shop(tmp_path) as service:
        fake, direct = service.fake, service.fake.dm("noah")
        first = fake.say("mara", HELP, QUESTION)
        await service.posted(first["id"], ANSWER)
        fake.say("noah", direct, OTHER)
        await service.posted(direct, OTHER_ANSWER)
        fake.gateway.refuses = True
        fake.drop(resumable=resumable)
        second = fake.say("noah", HELP, QUESTION)
        thread = fake.post("noah", FORUM, "Returns", QUESTION)
        fake.say("noah", direct, QUESTION)
        fake.say("mara", first["id"], OTHER)
        fake.gateway.refuses = False
        for room in (second["id"], thread.id, direct):
            await service.posted(room, ANSWER, 40)
        await service.posted(first["id"], OTHER_ANSWER, 40)
        assert [answers(service, room) for room in (first["id"], second["id"], thread.id, direct)] == [1, 1, 1, 1]


@pytest.mark.parametrize("how", ["reconnect", "invalid, resumable", "invalid", "hung up", "no heartbeat"])
async def test_whatever_ends_a_session_another_follows_and_nothing_is_lost(tmp_path: Path, how: str) -> None:
    async with running() as fake:
        fake.unlimited()
        fake.gateway.heartbeat_seconds = 0.5 if how == "no heartbeat" else 41.25
        async with serving(tmp_path, fake) as service:
            question = fake.say("mara", HELP, QUESTION)
            await service.posted(question["id"], ANSWER)
            began = fake.gateway.identified + fake.gateway.resumed
            match how:
                case "reconnect":
                    fake.gateway.reconnect()
                case "invalid, resumable":
                    fake.gateway.invalidate(resumable=True)
                case "invalid":
                    fake.gateway.invalidate()
                case "hung up":
                    fake.gateway.close(4000)
                case _:
                    fake.gateway.mute()
            fake.say("mara", question["id"], OTHER)
            await fake.until(lambda: fake.gateway.identified + fake.gateway.resumed > began, 20)
            await service.posted(question["id"], OTHER_ANSWER)
            assert answers(service, question["id"]) == 1


async def test_the_same_message_told_five_times_is_answered_once(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        question = service.fake.say("mara", HELP, QUESTION, times=3)
        await service.posted(question["id"], ANSWER)
        service.fake.again(question)
        service.fake.again(question)
        await asked_again(service, question["id"])
        assert answers(service, question["id"]) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(drop=True, commit=True),
        Fault(drop=True),
        Fault(status=500),
        Fault(status=502, commit=True),
        Fault(status=429, retry_after=0.2),
        Fault(status=429, retry_after=0.2, everywhere=True),
        Fault(status=429, banned=True),
    ],
    ids=["answer lost", "cut before", "500", "502 after the deed", "429", "429 everywhere", "banned for a moment"],
)
async def test_whatever_happens_to_a_post_it_is_there_once(tmp_path: Path, fault: Fault) -> None:
    async with shop(tmp_path) as service:
        room = service.fake.dm("mara")
        service.fake.fail("create_message", fault)
        service.fake.say("mara", room, QUESTION)
        await service.posted(room, ANSWER, 40)
        await asked_again(service, room)
        assert answers(service, room) == 1


async def test_an_agents_words_whose_answer_got_lost_stand_there_once(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        question = service.fake.say("mara", HELP, PERSON)
        card = await service.posted(DESK, WAITING)
        service.fake.press("anna", card, "Claim")
        await service.fake.until(lambda: "claimed by" in str(card))
        service.fake.fail("execute_webhook", Fault(drop=True, commit=True))
        service.fake.say("anna", card["id"], "It left today.")
        service.fake.say("anna", card["id"], "And more.")
        await service.posted(question["id"], "And more.", 40)
        texts = [text for text in service.texts(question["id"]) if text.startswith("Anna")]
        assert texts == ["Anna: It left today.", "Anna: And more."]


# what a place does not take


async def test_a_closed_direct_message_leads_to_a_private_thread(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        service.fake.world.user("mara").takes_dms = False
        with capture_logs() as lines:
            service.fake.say("mara", service.fake.dm("mara"), QUESTION)
            await service.fake.until(lambda: any(ANSWER in str(post) for post in service.fake.posts()), 20)
        found = next(post for post in service.fake.posts() if ANSWER in str(post))
        assert service.fake.world.channel(found["channel_id"]).parent in (HELP, FORUM)
        assert len([line for line in lines if line["event"] == "discord_place_refused"]) == 1


async def test_a_thread_deleted_while_we_think_does_no_harm(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        service.fake.fail("create_message", Fault(status=429, retry_after=0.5))
        thread = service.fake.post("mara", FORUM, "Returns", QUESTION)
        await service.fake.until(lambda: service.fake.made("create_message"))
        service.fake.delete_channel(thread.id)
        await service.posted(service.fake.dm("mara"), ANSWER)


async def test_a_server_that_removes_the_bot_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        question = service.fake.say("mara", HELP, QUESTION)
        await service.posted(question["id"], ANSWER)
        with capture_logs() as lines:
            service.fake.remove_bot()
            service.fake.invite_bot()
            another = service.fake.say("noah", HELP, QUESTION)
            await service.posted(another["id"], ANSWER)
        assert len(_told(lines, "discord_server_lost")) == 1


async def test_a_press_whose_token_ran_out_is_done_all_the_same(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        room = service.fake.dm("mara")
        service.fake.say("mara", room, PERSON)
        card = await service.posted(DESK, WAITING)
        service.fake.fail("answer_interaction", Fault(status=404, code=10062))
        service.fake.press("anna", card, "Claim")
        await service.fake.until(lambda: "claimed by" in str(card))


async def test_a_missing_right_to_open_threads_is_one_line_and_another_way(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        service.fake.deny(HELP, Right.CREATE_PUBLIC_THREADS)
        with capture_logs() as lines:
            service.fake.say("mara", HELP, QUESTION)
            await service.fake.until(lambda: any(ANSWER in str(post) for post in service.fake.posts()), 20)
        assert len(_told(lines, "discord_place_refused")) == 1


async def test_an_intent_that_is_missing_ends_the_start_with_what_to_do(tmp_path: Path) -> None:
    async with running() as fake:
        fake.gateway.allowed_intents &= ~(1 << 15)
        with pytest.raises(SetupError, match="Message Content Intent"):
            async with serving(tmp_path, fake) as service:
                await service.work


def _told(lines: list[Any], event: str) -> list[Any]:
    return [line for line in lines if line["event"] == event]

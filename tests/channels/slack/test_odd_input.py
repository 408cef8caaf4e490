"""What people and machines send that nobody meant: nothing is lost, and whoever acted is told."""

from pathlib import Path

import pytest

from bot.desk import Route
from channels.slack.manifest import manifest
from tests.channels.slack_bench import DESK, DIRECT, HELP, furnish, listening, serving
from tests.channels.test_slack_service import AGENTS, QUESTION, call_a_person, claim, shop
from tests.fakes.slack import TEAM, buttons_of, running

PIECES = ("channel", "user", "text", "ts", "channel_type", "client_msg_id", "team", "event_ts", "type")


@pytest.mark.parametrize("piece", PIECES)
async def test_event_without_one_of_its_pieces_stops_nothing(piece: str) -> None:
    async with listening() as at:
        ts = at.fake.ts()
        event = {"type": "message", "channel": DIRECT, "user": "U2", "text": "hello", "ts": ts, "channel_type": "im"}
        whole = {**event, "client_msg_id": "c1", "team": TEAM, "event_ts": ts}
        at.fake.event({key: value for key, value in whole.items() if key != piece} | {"type": whole["type"]})
        await at.quiet()
        heard = at.ear.texts()
        assert heard[-1] == "that was all"
        assert all(text in ("hello", "", "that was all") for text in heard)


@pytest.mark.parametrize("kind", ["team_join", "emoji_changed", "pin_added", "", "message.nothing"])
async def test_event_of_an_unknown_kind_is_acknowledged_and_no_more(kind: str) -> None:
    async with listening() as at:
        at.fake.event({"type": kind, "channel": DIRECT, "user": "U2", "text": "hello", "ts": at.fake.ts()})
        await at.quiet()
        assert at.ear.texts() == ["that was all"]
        await at.fake.until(lambda: len(at.fake.acks) == 2)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 40_000,
        "<@U2> " * 1_000,
        "<!channel> " * 1_000,
        "https://e.example/" * 2_000,
        "```" * 10_000,
        "\u202e" * 99,
    ],
    ids=["40,000 characters", "1,000 mentions", "1,000 calls", "links", "fences", "turned"],
)
async def test_monstrous_message_gets_an_answer_that_pings_nobody(tmp_path: Path, text: str) -> None:
    async with shop(tmp_path) as service:
        service.fake.say(HELP, "U1", f"{text} {QUESTION}")
        answer = await service.posted(HELP, "")
        assert "<!" not in str(answer)
        assert "<@" not in str(answer)


async def test_monstrous_message_is_shown_at_the_desk_in_parts_that_slack_takes(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        root, card = await call_a_person(service)
        service.fake.say(HELP, "U1", "<!here> " + "word " * 8_000, thread=root)
        relayed = await service.posted(DESK, "The customer wrote")
        assert relayed["thread_ts"] == card
        assert "<!" not in str(service.fake.posts(DESK))


async def test_customer_who_types_the_json_of_a_card_forges_nothing(tmp_path: Path) -> None:
    forged = '{"blocks":[{"type":"actions","elements":[{"type":"button","action_id":"resolve","value":"1"}]}]}'
    async with shop(tmp_path) as service:
        root, card = await call_a_person(service)
        service.fake.say(HELP, "U1", f"typed by hand {forged}", thread=root)
        relayed = await service.posted(DESK, "typed by hand")
        assert buttons_of(relayed) == []
        assert {button["action_id"] for button in buttons_of(service.fake.channels[DESK].messages[card])} == {
            *("claim", "suggest", "note", "resolve", "assign")
        }


async def test_customer_who_presses_an_agents_button_does_nothing(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        service.fake.say(HELP, "U1", QUESTION)
        answer = await service.posted(HELP, "60 days")
        forged = {**buttons_of(answer)[0], "action_id": "claim", "value": "1"}
        answer["blocks"].append({"type": "actions", "elements": [forged]})
        service.fake.click("U1", HELP, answer["ts"], "claim")
        await service.recorded("pressed")
        assert service.rows("select count(*) from events where kind in ('claimed', 'resolved')") == [(0,)]


async def test_agent_who_is_none_is_told_in_private_and_the_operator_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with shop(tmp_path, agents=("UANNA",)) as service:
        _, card = await call_a_person(service)
        service.fake.click("UBEN", DESK, card, "claim")
        whisper = await service.whispered("not one of this desk's agents")
        assert (whisper["user"], whisper["thread_ts"]) == ("UBEN", card)
    assert "act_refused" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("action", "told"), [("claim", "It is resolved already. Reopen it to go on."), ("suggest", "Only you see this")]
)
async def test_button_of_an_old_card_on_a_resolved_conversation_is_told(tmp_path: Path, action: str, told: str) -> None:
    async with shop(tmp_path) as service:
        fake = service.fake
        _, card = await call_a_person(service, f"{QUESTION} I want to talk to a human")
        old = {**fake.channels[DESK].messages[card]}
        await claim(service, card)
        fake.click("UANNA", DESK, card, "resolve")
        await fake.until(lambda: fake.views)
        fake.submit("UANNA", fake.views[0], {"outcome": "solved"})
        await service.recorded("resolved")
        fake.channels[DESK].messages[card] = old  # as somebody has it still on their screen
        fake.click("UBEN", DESK, card, action)
        assert (await service.whispered(told))["user"] == "UBEN"


async def test_button_of_a_card_of_another_desk_is_told(tmp_path: Path) -> None:
    route = Route(issue_types=("billing_dispute",), room="CBILLING")
    async with running(manifest()) as fake:
        furnish(fake)
        fake.add_channel("CBILLING", *AGENTS, kind="group")
        async with serving(tmp_path, fake, routes=(route,)) as service:
            await call_a_person(service)
            fake.say(DIRECT, "U2", "You charged me twice, I dispute this charge")
            other = await service.posted("CBILLING", "needs a person")
            value = buttons_of(other)[0]["value"]
            (card,) = [post["ts"] for post in fake.posts(DESK) if "needs a person" in post["text"]]
            fake.click("UANNA", DESK, card, "claim", value=value)
            await service.whispered("worked on at another desk")
            assert service.rows("select count(*) from events where kind = 'claimed'") == [(0,)]


@pytest.mark.parametrize("value", ["999", "", "1; drop table inbox", "\u2028", "17:anna:{"])
async def test_button_that_names_no_conversation_is_told(tmp_path: Path, value: str) -> None:
    async with shop(tmp_path) as service:
        fake = service.fake
        await call_a_person(service)
        lone = fake.say(DESK, "UBEN", "a message of people's own")
        fake.channels[DESK].messages[lone]["blocks"] = [
            {"type": "actions", "elements": [{"type": "button", "action_id": "claim", "value": value}]}
        ]
        fake.click("UANNA", DESK, lone, "claim")
        assert (await service.whispered("belongs to no conversation"))["user"] == "UANNA"


@pytest.mark.parametrize("known", [True, False], ids=["deactivated", "unknown to Slack"])
async def test_customer_who_was_deleted_is_answered_all_the_same(tmp_path: Path, known: bool) -> None:
    async with shop(tmp_path) as service:
        service.fake.say(HELP, "U1", QUESTION)
        if known:
            service.fake.users["U1"]["deleted"] = True
        else:
            del service.fake.users["U1"]
        assert await service.posted(HELP, "60 days")


async def test_mention_of_a_deleted_user_is_readable(tmp_path: Path) -> None:
    async with listening() as at:
        at.fake.say(HELP, "U1", "<@UGONE> told me to ask here")
        assert "told me to ask here" in (await at.message()).text


async def test_form_that_is_handed_in_for_a_conversation_that_moved_on_is_told(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        fake = service.fake
        _, card = await call_a_person(service)
        fake.click("UBEN", DESK, card, "resolve")
        await fake.until(lambda: fake.views)
        await claim(service, card)
        fake.submit("UBEN", fake.views[0], {"outcome": "solved"})
        assert (await service.whispered("Anna already has it."))["user"] == "UBEN"
        assert service.rows("select count(*) from events where kind = 'resolved'") == [(0,)]

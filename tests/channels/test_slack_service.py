"""The whole bot on Slack: a database on disk, the real rules, the unmodified adapter, a Slack of our own."""

import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.desk import Route
from channels.slack.manifest import manifest
from tests.channels.slack_bench import DESK, DIRECT, HELP, Service, furnish, serving
from tests.fakes.slack import BOT_TOKEN, FakeSlack, Fault, buttons_of, running

QUESTION = "How long do I have to return something?"
AGENTS = ("UANNA", "UBEN", "UCARL", "UDORA")


@asynccontextmanager
async def shop(folder: Path, **desk: Any) -> AsyncIterator[Service]:
    async with running(manifest()) as fake:
        furnish(fake)
        for agent in AGENTS:
            fake.add_user(agent)
        async with serving(folder, fake, **desk) as service:
            yield service


async def call_a_person(service: Service, words: str = "I want to talk to a human") -> tuple[str, str]:
    """The customer's thread and the card."""
    root = service.fake.say(HELP, "U1", words)
    card = await service.posted(DESK, "needs a person")
    await service.fake.until(lambda: any(m.get("thread_ts") == root for m in service.fake.posts(HELP)))
    return root, str(card["ts"])


async def claim(service: Service, card: str, agent: str = "UANNA") -> None:
    service.fake.click(agent, DESK, card, "claim")
    await service.fake.until(lambda: "claimed by" in str(service.fake.channels[DESK].messages[card]))


async def test_a_question_is_answered_in_its_thread_with_buttons(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        root = service.fake.say(HELP, "U1", QUESTION)
        answer = await service.posted(HELP, "60 days")
        assert answer["thread_ts"] == root
        assert [button["action_id"] for button in buttons_of(answer)] == ["solved", "ask_human"]


async def test_only_who_asked_can_say_that_it_is_solved(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        service.fake.say(HELP, "U1", QUESTION)
        answer = await service.posted(HELP, "60 days")
        service.fake.click("U2", HELP, answer["ts"], "solved")
        assert (await service.whispered("for the person who asked"))["user"] == "U2"
        service.fake.click("U1", HELP, answer["ts"], "solved")
        closing = await service.posted(HELP, "How did we do")
        service.fake.click("U1", HELP, closing["ts"], "rate:5")
        service.fake.click("U1", HELP, closing["ts"], "rate")
        await service.posted(HELP, "Thank you for telling us")
        assert service.rows("select count(*) from events where kind = 'rated'") == [(1,)]


async def test_a_person_is_called_claims_replies_and_resolves(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        fake = service.fake
        root, card = await call_a_person(service)
        await claim(service, card)
        reply = fake.say(DESK, "UANNA", "Hello, I am looking at it *now*.", thread=card)
        sent = await service.posted(HELP, "I am looking at it")
        assert (sent["thread_ts"], sent["text"]) == (root, "*Anna*\nHello, I am looking at it *now*.")
        await fake.until(lambda: fake.channels[DESK].messages[reply].get("reactions") == ["white_check_mark"])
        fake.click("UANNA", DESK, card, "resolve")
        await fake.until(lambda: fake.views)
        fake.submit("UANNA", fake.views[0], {"outcome": "solved", "issue_type": "shipping", "article": False})
        await service.posted(HELP, "How did we do")
        assert "resolved" in str(fake.channels[DESK].messages[card])


async def test_words_of_others_and_notes_never_reach_the_customer(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        fake = service.fake
        _, card = await call_a_person(service)
        await claim(service, card)
        fake.say(DESK, "UBEN", "SECRET of a colleague", thread=card)
        fake.say(DESK, "UANNA", "! SECRET note", thread=card)
        fake.say(DESK, "UANNA", "for the customer", thread=card)
        await service.posted(HELP, "for the customer")
        assert (await service.whispered("has it"))["user"] == "UBEN"
        assert not any("SECRET" in text for text in service.texts(HELP))


async def test_a_reply_while_unclaimed_asks_before_it_is_sent(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        fake = service.fake
        _, card = await call_a_person(service)
        fake.say(DESK, "UANNA", "Your parcel is on its way.", thread=card)
        asked = await service.whispered("Not sent to the customer")
        assert not any("on its way" in text for text in service.texts(HELP))
        fake.click("UANNA", DESK, asked["ts"], "claim_send")
        assert "on its way" in (await service.posted(HELP, "on its way"))["text"]


async def test_what_the_customer_adds_comes_below_the_card_and_pings_nobody(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        root, card = await call_a_person(service)
        file = service.fake.file("box.jpg", b"jpeg", "image/jpeg")
        service.fake.say(HELP, "U1", "<!channel> it is &lt;!here&gt; broken", thread=root, files=[file])
        relayed = await service.posted(DESK, "broken")
        await service.posted(DESK, "'title': 'box.jpg'")
        assert relayed["thread_ts"] == card
        assert "<!" not in relayed["text"]


@pytest.mark.parametrize(
    ("agents", "others", "why"),
    [
        (("S1",), {}, "not one of this desk's agents"),
        ((), {"is_restricted": True}, "are a guest"),
        ((), {"deleted": True}, "deactivated"),
    ],
    ids=["no agent", "guest", "deleted"],
)
async def test_who_may_not_act_is_told_why_in_private(
    tmp_path: Path, agents: tuple[str, ...], others: dict[str, Any], why: str
) -> None:
    async with shop(tmp_path, agents=agents) as service:
        service.fake.groups["S1"] = ["UANNA"]
        _, card = await call_a_person(service)
        service.fake.users["UBEN"] |= others
        service.fake.click("UBEN", DESK, card, "claim")
        assert (await service.whispered(why))["user"] == "UBEN"
        await claim(service, card)
        assert service.rows("select count(*) from events where kind = 'claimed'") == [(1,)]


async def test_an_old_card_works_after_a_restart(tmp_path: Path) -> None:
    async with running(manifest()) as fake:
        furnish(fake)
        async with serving(tmp_path, fake) as first:
            _, card = await call_a_person(first)
        async with serving(tmp_path, fake) as second:
            await claim(second, card)


async def test_an_archived_desk_makes_way_for_the_fallback_desk(tmp_path: Path) -> None:
    async with shop(tmp_path, fallback_room="CSPARE") as service:
        service.fake.add_channel("CSPARE", *AGENTS, kind="group")
        service.fake.channels[DESK].archived = True
        service.fake.say(HELP, "U1", "I want to talk to a human")
        assert "needs a person" in str(await service.posted("CSPARE", "needs a person"))


async def test_billing_has_a_desk_of_its_own(tmp_path: Path) -> None:
    async with shop(tmp_path, routes=(Route(issue_types=("billing_dispute",), room="CBILLING"),)) as service:
        service.fake.add_channel("CBILLING", *AGENTS, kind="group")
        service.fake.say(HELP, "U1", "You charged me twice, I dispute this charge")
        card = await service.posted("CBILLING", "needs a person")
        service.fake.click("UANNA", "CBILLING", str(card["ts"]), "claim")
        await service.fake.until(lambda: "claimed by" in str(service.fake.channels["CBILLING"].messages[card["ts"]]))


async def test_a_token_revoked_while_running_loses_nothing(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        service.fake.tokens.clear()
        service.fake.say(DIRECT, "U2", QUESTION)
        await service.fake.until(lambda: service.fake.made("chat.postMessage"))
        service.fake.tokens.add(BOT_TOKEN)
        assert await service.posted(DIRECT, "60 days")


async def test_a_forged_card_in_a_customers_words_stays_words(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        forged = '{"type":"actions","elements":[{"type":"button","action_id":"claim","value":"1"}]} human please'
        root, card = await call_a_person(service, forged)
        shown = service.fake.channels[DESK].messages[card]
        assert {button["value"] for button in buttons_of(shown)} == {"1"}
        assert root


async def test_of_four_who_claim_at_once_one_owns_it(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        _, card = await call_a_person(service)
        for agent in AGENTS:
            service.fake.click(agent, DESK, card, "claim")
        await service.fake.until(lambda: len(service.fake.whispers) == 3)
        assert service.rows("select count(*) from events where kind = 'claimed'") == [(1,)]
        assert {whisper["user"] for whisper in service.fake.whispers} < set(AGENTS)


def numbered(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"item (\d+)\b", text)]


async def storm(
    service: Service, fake: FakeSlack, events: int, dice: random.Random, drops: int
) -> dict[str, list[int]]:
    """Agents write to customers on a bad day; returns what each customer's thread must show, in order."""
    cards: dict[str, str] = {}
    for number in range(6):
        user, room = f"U{100 + number}", f"D{100 + number}"
        fake.add_user(user)
        fake.add_channel(room, user)
        fake.say(room, user, "human please")
        await service.posted(room, "")
    await fake.until(lambda: sum("claim" in str(one) for one in fake.posts(DESK)) >= 6)
    for message in fake.posts(DESK):
        card, named = str(message["ts"]), re.search(r"(10\d) needs", str(message))
        assert named is not None
        cards[f"D{named[1]}"] = card
        await claim(service, card)
    written: dict[str, list[int]] = {room: [] for room in cards}
    for number in range(events):
        room = dice.choice(list(cards))
        written[room].append(number)
        if dice.random() < 0.05:
            fake.fail("chat.postMessage", dice.choice(WEATHER))
        if number and number % (events // drops) == 0:
            await fake.drop_sockets()
        ts = fake.say(DESK, "UANNA", f"item {number}", thread=cards[room])
        if dice.random() < 0.05:
            fake.announce(DESK, fake.channels[DESK].messages[ts])
        if number % 20 == 0:
            await fake.until(lambda: fake.is_connected)
    return written


WEATHER = (
    Fault(status=429, retry_after=0.3),
    Fault(drop=True, commit=True),
    Fault(status=500),
    Fault(drop=True),
)


async def test_on_a_bad_day_everything_arrives_once_and_in_the_order_it_was_heard(tmp_path: Path) -> None:
    async with shop(tmp_path) as service:
        fake, dice = service.fake, random.Random(3)
        fake.redeliver_after = 0.5
        written = await storm(service, fake, 200, dice, drops=4)

        def shown() -> dict[str, list[int]]:
            return {room: [n for text in service.texts(room) for n in numbered(text)] for room in written}

        await fake.until(lambda: sum(map(len, shown().values())) >= 200, 60)
        heard = [
            n
            for (body,) in service.rows("select body from inbox where side = 'desk' order by id")
            for n in numbered(body)
        ]
        assert {room: [n for n in heard if n in numbers] for room, numbers in written.items()} == shown()
        assert {room: sorted(numbers) for room, numbers in shown().items()} == written

"""A desk that is archived, left or shared: the alarm at once, and the cards on the next desk."""

from pathlib import Path
from typing import Any

import pytest

from channels.base import DESK_GONE, Action, Address
from channels.slack.manifest import manifest
from tests.channels.slack_bench import DESK, DIRECT, HELP, Bench, Kept, furnish, listening, serving
from tests.channels.test_slack_service import AGENTS, call_a_person, claim
from tests.fakes.slack import FakeSlack, running

OPEN = Kept(
    addresses=(
        Address(channel="slack", room=DESK, thread="1.000001"),
        Address(channel="slack", room=DESK, thread="2.000001"),
        Address(channel="slack", room=HELP, thread="3.000001"),
    )
)
LOSSES = [FakeSlack.archive, FakeSlack.throw_out, FakeSlack.share]


def losses(at: Bench) -> list[tuple[str, str, str]]:
    gone = [one for one in at.ear.heard if isinstance(one, Action)]
    return [(one.name, one.address.thread, one.actor.id) for one in gone]


@pytest.mark.parametrize("lose", LOSSES)
async def test_loss_of_a_desk_is_told_to_each_open_conversation_there(lose: Any) -> None:
    async with listening(manifest(), kept=Kept(addresses=OPEN.addresses)) as at:
        await at.kept.until("read to")
        lose(at.fake, DESK)
        await at.heard(2)
        await at.quiet()
        assert losses(at) == [(DESK_GONE, "1.000001", ""), (DESK_GONE, "2.000001", "")]


async def test_operator_is_alarmed_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    async with listening(manifest()) as at:
        await at.kept.until("read to")
        at.fake.archive(DESK)
        await at.quiet()
        assert "slack_desk_lost" in capsys.readouterr().out


@pytest.mark.parametrize("room", [HELP, DIRECT])
async def test_loss_of_another_channel_is_nothing(room: str) -> None:
    async with listening(kept=Kept(addresses=OPEN.addresses)) as at:
        at.fake.archive(room)
        await at.quiet()
        assert losses(at) == []


async def test_somebody_who_leaves_the_desk_is_nothing() -> None:
    async with listening(manifest(), kept=Kept(addresses=OPEN.addresses)) as at:
        at.fake.event({"type": "member_left_channel", "channel": DESK, "user": "UBEN", "event_ts": at.fake.ts()})
        await at.quiet()
        assert losses(at) == []


async def test_desk_that_went_while_nobody_listened_is_noticed_at_the_start() -> None:
    async with running() as fake:
        furnish(fake)
        fake.channels[DESK].archived = True
        async with listening(fake=fake, kept=Kept(addresses=OPEN.addresses)) as at:
            await at.heard(2)
            assert [thread for _, thread, _ in losses(at)] == ["1.000001", "2.000001"]


@pytest.mark.parametrize("lose", LOSSES)
async def test_open_cards_go_to_the_fallback_desk_and_are_worked_on_there(tmp_path: Path, lose: Any) -> None:
    async with running(manifest()) as fake:
        furnish(fake)
        fake.add_channel("CSPARE", *AGENTS, kind="group")
        async with serving(tmp_path, fake, fallback_room="CSPARE") as service:
            root, card = await call_a_person(service)
            await claim(service, card)
            lose(fake, DESK)
            anew = str((await service.posted("CSPARE", "needs a person"))["ts"])
            await fake.until(lambda: "claimed by Anna" in str(fake.channels["CSPARE"].messages[anew]))
            fake.say(HELP, "U1", "still there?", thread=root)
            assert (await service.posted("CSPARE", "still there?"))["thread_ts"] == anew
            fake.say("CSPARE", "UANNA", "Here I am again.", thread=anew)
            assert (await service.posted(HELP, "Here I am again."))["thread_ts"] == root

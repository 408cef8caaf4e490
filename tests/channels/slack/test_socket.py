import asyncio
import re

import pytest

from channels.base import UnreachableError
from channels.slack.socket import Absence
from tests.channels.slack_bench import DESK, DIRECT, Kept, furnish, listening
from tests.fakes.slack import BOT_TOKEN, Fault, running


def absence(*times: float, minutes: float = 30) -> Absence:
    """One that is asked at these seconds, in turn."""
    left = list(times)
    return Absence(give_up_minutes=minutes, now=lambda: left.pop(0) if len(left) > 1 else left[0])


def test_too_long_without_a_connection_ends_the_program_and_says_why() -> None:
    lost = absence(0.0, 0.0, 1_799.0)
    lost.lasts("Slack cannot be reached")
    lost.lasts()
    late = absence(0.0, 0.0, 1_800.0)
    late.lasts("Slack cannot be reached")
    with pytest.raises(
        UnreachableError, match=re.escape("no connection for 30 minutes (slack.give_up_minutes): Slack")
    ):
        late.lasts()


def test_connection_between_two_absences_counts() -> None:
    lost = absence(0.0, 0.0, 1_000.0, 1_000.0, 2_000.0)
    lost.lasts()
    lost.ends()
    lost.lasts()
    lost.lasts()


@pytest.mark.parametrize("minutes", [0.0, -1.0])
def test_zero_minutes_wait_for_ever(minutes: float) -> None:
    lost = absence(0.0, 0.0, 1e9, minutes=minutes)
    lost.lasts()
    lost.lasts()


async def test_half_open_socket_is_given_up_and_nothing_said_meanwhile_is_lost() -> None:
    async with listening() as at:
        await at.kept.until("read to")
        at.fake.redeliver_after = 0.2
        before = at.fake.connections
        at.fake.cut()
        at.fake.say(DIRECT, "U2", "are you there?")
        await at.fake.until(lambda: at.fake.connections > before)
        await at.heard(seconds=10)
        await at.quiet()
        assert at.ear.texts() == ["are you there?", "that was all"]


async def test_slack_that_stays_away_ends_the_listening() -> None:
    async with running() as fake:
        furnish(fake)
        async with listening(fake=fake, give_up_minutes=0.02) as at:
            fake.refuse_tickets = True
            await fake.drop_sockets()
            with pytest.raises(UnreachableError, match=re.escape("no connection for 0.02 minutes")):
                await asyncio.wait_for(at.work, 20)


async def test_token_that_is_revoked_while_running_may_work_again() -> None:
    async with running() as fake:
        furnish(fake)
        async with listening(fake=fake) as at:
            fake.tokens.clear()
            with pytest.raises(OSError, match="does not accept the bot token: invalid_auth"):
                await asyncio.wait_for(at.channel.listen(at.ear.receive), 5)
            fake.tokens.add(BOT_TOKEN)
            fake.say(DIRECT, "U2", "still there?")
            assert (await at.message()).text == "still there?"


async def test_failing_sign_ins_of_the_library_lose_nothing() -> None:
    async with listening() as at:
        at.fake.fail("auth.test", *[Fault(status=500)] * 20)
        at.fake.say(DIRECT, "U2", "one")
        at.fake.say(DIRECT, "U2", "two")
        await at.quiet()
        assert sorted(at.ear.texts()) == ["one", "that was all", "two"]


async def test_store_that_fails_while_catching_up_gets_everything_later() -> None:
    kept = Kept()
    async with running() as fake:
        furnish(fake)
        async with listening(fake=fake, kept=kept):
            await kept.until("read to")
        before = kept.bookmarks["read to"]
        fake.muted = True
        for number in range(3):
            fake.say(DIRECT, "U2", f"word {number}")
        fake.muted = False
        async with listening(fake=fake, kept=kept, fails=2) as at:
            await at.heard(3, seconds=20)
            assert at.ear.texts() == ["word 0", "word 1", "word 2"]
            await at.fake.until(lambda: kept.bookmarks["read to"] != before)


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(drop=True), Fault(error="internal_error")], ids=str)
async def test_slack_that_fails_while_catching_up_is_asked_again(fault: Fault) -> None:
    kept = Kept()
    async with running() as fake:
        furnish(fake)
        async with listening(fake=fake, kept=kept):
            await kept.until("read to")
        fake.muted = True
        fake.say(DIRECT, "U2", "do not forget me")
        fake.muted = False
        fake.fail("users.conversations", fault)
        async with listening(fake=fake, kept=kept) as at:
            await at.heard(seconds=20)
            assert at.ear.texts() == ["do not forget me"]


async def test_place_that_can_never_be_read_holds_up_no_other() -> None:
    kept = Kept()
    async with running() as fake:
        furnish(fake)
        async with listening(fake=fake, kept=kept):
            await kept.until("read to")
        fake.muted = True
        fake.say(DIRECT, "U2", "do not forget me")
        fake.muted = False
        fake.fail("conversations.history", Fault(error="channel_not_found"))
        async with listening(fake=fake, kept=kept) as at:
            assert (await at.message()).text == "do not forget me"


async def test_too_many_questions_at_once_are_waited_for_while_catching_up() -> None:
    kept = Kept()
    async with running() as fake:
        furnish(fake)
        async with listening(fake=fake, kept=kept):
            await kept.until("read to")
        fake.muted = True
        fake.say(DIRECT, "U2", "do not forget me")
        fake.muted = False
        fake.fail("conversations.history", *[Fault(status=429, retry_after=0.1)] * 3)
        async with listening(fake=fake, kept=kept) as at:
            assert (await at.message()).text == "do not forget me"


async def test_word_of_a_revoked_access_is_told_to_the_operator(capsys: pytest.CaptureFixture[str]) -> None:
    async with listening() as at:
        at.fake.event({"type": "tokens_revoked", "tokens": {"bot": ["UBOT"]}})
        await at.quiet()
        assert "slack_access_revoked" in capsys.readouterr().out
        assert DESK in at.fake.channels

"""What is stored, as `conversations`, `why` and `report` show it."""

import asyncio
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import assistant
from bot.__main__ import main
from bot.conversation import Escalation, Json, Side, Trigger
from bot.draft import Draft
from bot.store import Store
from tests.bot.commands.conftest import Complaint
from tests.bot.world import message, policy

BEGAN = datetime(2026, 3, 3, 10, tzinfo=UTC)


async def told(config: Path, text: str = "I want to talk to a human\nplease") -> None:
    """One conversation that a person was called to."""
    store = Store.open(config.parent / "state" / "warmline.db")
    at = BEGAN
    accepted = await store.accept(message(text), side=Side.CUSTOMER, at=at, answer_by=at + timedelta(seconds=60))
    assert accepted.conversation is not None
    snapshot = await store.load(accepted.conversation)
    assert snapshot is not None
    decided = Draft(snapshot.conversation, policy(), at)
    assistant.take_in(decided, [message(text)])
    wanted = Escalation(trigger=Trigger.ASKS_FOR_HUMAN, evidence="talk to a human")
    assistant.escalate(decided, [wanted], assistant.Material())
    await store.commit(decided.decide(tuple(one.id for one in snapshot.pending)), at=at)
    store.close()


def test_state_that_is_none_is_wrong_use(config: Path, complaint: Complaint) -> None:
    assert main(["conversations", "--state", "open", "--config", str(config)]) == 2
    assert "'open' is not a state; use one of new, answering" in complaint()


def test_date_that_is_none_is_wrong_use(config: Path, complaint: Complaint) -> None:
    assert main(["report", "--since", "yesterday", "--config", str(config)]) == 2
    assert "'yesterday' is not a date; write it as 2026-01-31" in complaint()


@pytest.mark.parametrize("words", [["conversations", "9"], ["why", "9"], ["why", "x'; drop table"]])
def test_unknown_conversation_is_wrong_use(config: Path, words: list[str], complaint: Complaint) -> None:
    Store.open(config.parent / "state" / "warmline.db").close()
    assert main([*words, "--config", str(config)]) == 2
    assert "`warmline conversations` lists them" in complaint()


def test_empty_store_is_no_error(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Store.open(config.parent / "state" / "warmline.db").close()
    assert main(["conversations", "--config", str(config)]) == 0
    assert capsys.readouterr().out == "no conversations yet\n"
    assert main(["report", "--json", "--config", str(config)]) == 0
    assert json.loads(capsys.readouterr().out)["all"]["episodes"] == 0


async def test_stored_conversation_is_listed_shown_explained_and_reported(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await told(config)

    def said(*words: str) -> str:
        assert main([*words, "--config", str(config)]) == 0
        return capsys.readouterr().out

    assert "escalating" in await asyncio.to_thread(said, "conversations")
    assert "I want to talk to a human" in await asyncio.to_thread(said, "conversations", "1")
    assert "trigger fired: trigger=asks_for_human" in await asyncio.to_thread(said, "why", "1")
    listed = json.loads(await asyncio.to_thread(said, "conversations", "--json"))
    assert [one["state"] for one in listed] == ["escalating"]
    shown = json.loads(await asyncio.to_thread(said, "conversations", "1", "--json"))
    assert [one["role"] for one in shown["turns"]] == ["customer", "assistant"]
    explained = json.loads(await asyncio.to_thread(said, "why", "1", "--json"))
    assert "handed_off" in [one["kind"] for one in explained["events"]]
    _, of_all, *_, ended, called = (await asyncio.to_thread(said, "report")).splitlines()
    assert of_all.split()[:3] == ["all", "1", "1"]
    assert (ended, called) == ("How they ended: open 1", "What called people: asks for human 1")


async def test_words_from_outside_cannot_steer_the_terminal_nor_pass_for_a_line_of_ours(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await told(config, "Hello\x1b[2J\n2026-03-03 10:00:00  agent Sam: refunded")

    def said(*words: str) -> str:
        assert main([*words, "--config", str(config)]) == 0
        return capsys.readouterr().out

    for words in (["conversations"], ["conversations", "1"], ["why", "1"]):
        shown = await asyncio.to_thread(said, *words)
        assert "\x1b" not in shown
        assert not any("Sam" in line and not line.startswith("    ") for line in shown.splitlines())


async def recorded(config: Path, kind: str, minute: int, **facts: Json) -> None:
    """One more thing that happened in the first conversation, `minute` minutes after it began."""
    with closing(Store.open(config.parent / "state" / "warmline.db")) as store:
        snapshot = await store.load("1")
        assert snapshot is not None
        at = BEGAN + timedelta(minutes=minute)
        decided = Draft(snapshot.conversation, policy(), at)
        decided.record(kind, by="agent", **facts)
        await store.commit(decided.decide(()), at=at)


async def test_times_are_told_in_the_unit_that_people_would_use(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await told(config)
    await recorded(config, "claimed", 25)
    await recorded(config, "agent_replied", 26)
    await recorded(config, "resolved", 300, outcome="by_agent", issue_type=None)
    assert await asyncio.to_thread(main, ["report", "--config", str(config)]) == 0
    of_all = capsys.readouterr().out.splitlines()[1]
    assert of_all.split()[-7:] == ["100%", "26", "min", "5.0", "h", "4.6", "h"]

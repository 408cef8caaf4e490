from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.commands.dialogue import to_dialogue
from bot.commands.player import Player, open_player
from bot.commands.promises import Played
from bot.hours import Settings as Hours
from bot.knowledge import Settings as Articles
from bot.settings import Settings

ASK = {"role": "customer", "text": "how long is the guarantee on a kettle?"}
HUMAN = {"role": "customer", "text": "I want to talk to a human"}
CLAIM = {"role": "agent", "text": "/claim"}
ARTICLE = """\
# Guarantee

## How long is the guarantee on a kettle?

The guarantee on a kettle is 4 years. The guarantee on a toaster is 2 years.
"""


def settings(folder: Path) -> Settings:
    return Settings(knowledge=Articles(folder="articles"), folder=folder)


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "articles").mkdir()
    (folder / "articles" / "guarantee.md").write_text(ARTICLE, "utf-8")
    with open_player(settings(folder)) as opened:
        yield opened


async def play(player: Player, *turns: dict[str, Any], **expect: Any) -> Played:
    return await player.play(to_dialogue({"id": "x", "turns": list(turns), "expect": expect}, "x"))


async def test_an_answer_is_in_the_turns_with_its_source(player: Player) -> None:
    played = await play(player, ASK)
    answer = played.turns[-1]
    assert ("4 years" in answer.text, [one.article for one in answer.sources]) == (True, ["guarantee.md"])


async def test_an_escalation_names_trigger_turn_and_words(player: Player) -> None:
    played = await play(player, ASK, HUMAN)
    assert [(one.trigger, one.turn, one.evidence) for one in played.escalations] == [
        ("asks_for_human", 2, "talk to a human")
    ]


async def test_the_same_dialogue_plays_the_same_twice(player: Player) -> None:
    first, second = await play(player, ASK, HUMAN, CLAIM), await play(player, ASK, HUMAN, CLAIM)
    assert (first.turns, first.desk) == (second.turns, second.desk)


async def test_it_begins_on_a_monday_in_working_hours(player: Player) -> None:
    played = await play(player, ASK)
    assert f"{played.turns[0].at:%A %H:%M}" == "Monday 10:00"


async def test_where_people_begin_later_it_begins_after_that(player: Player, tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "guarantee.md").write_text(ARTICLE, "utf-8")
    late = Settings(knowledge=Articles(folder="articles"), folder=tmp_path, hours=Hours(mon="14:00-20:00"))
    with open_player(late) as opened:
        played = await play(opened, ASK)
    assert f"{played.turns[0].at:%A %H:%M}" == "Monday 14:30"


async def test_a_deadline_fires_at_its_own_time_on_the_way(player: Player) -> None:
    played = await play(player, HUMAN, {"role": "clock", "after_seconds": 3_600})
    assert [text for text in played.desk if "Nobody has claimed this for 10 minutes" in text] != []


async def test_an_agents_plain_words_claim_first(player: Player) -> None:
    played = await play(player, HUMAN, {"role": "agent", "text": "I am on it."})
    assert (played.state, played.turns[-1].text) == ("with_agent", "I am on it.")


async def test_an_agents_note_claims_nothing(player: Player) -> None:
    played = await play(player, HUMAN, {"role": "agent", "text": "!seen before"})
    assert (played.state, str(played.turns[-1].role)) == ("queued", "note")


async def test_an_agent_without_a_card_is_a_failure_where_something_is_promised(player: Player) -> None:
    played = await play(player, ASK, {"role": "agent", "text": "Hello"}, escalates=False)
    assert played.failures == ("turn 2: the agent has nothing on the desk",)


async def test_an_agent_without_a_card_is_passed_over_in_a_recording(player: Player) -> None:
    played = await play(player, ASK, {"role": "agent", "text": "Hello"})
    assert (played.failures, "Hello" in [turn.text for turn in played.turns]) == ((), False)


async def test_an_answer_to_no_question_is_a_failure(player: Player) -> None:
    played = await play(player, HUMAN, {"role": "agent", "text": "/send"}, escalates=True)
    assert played.failures == ("turn 2: nothing was asked of the agent",)


@pytest.mark.parametrize(
    ("expect", "failure"),
    [
        ({"escalates": True}, "nothing escalated"),
        ({"trigger": "high_stakes"}, "trigger high_stakes did not fire; fired: none"),
        ({"state": "resolved"}, "state is awaiting_customer, not resolved"),
        ({"outcome": "confirmed"}, "outcome is None, not confirmed"),
        ({"says": ["5 years"]}, "nobody said '5 years' to the customer"),
        ({"never_says": ["4 years"]}, "somebody said '4 years' to the customer"),
        ({"desk_says": ["kettle"]}, "nobody said 'kettle' at the desk"),
        ({"mail_says": ["your code"]}, "nobody said 'your code' by mail"),
        ({"sources": ["other.md"]}, "other.md was not cited; cited: guarantee.md"),
        ({"gap": True}, "0 questions were logged as gaps"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_a_broken_promise_is_reported(player: Player, expect: dict[str, Any], failure: str) -> None:
    assert (await play(player, ASK, **expect)).failures == (failure,)


@pytest.mark.parametrize(
    ("expect", "failure"),
    [
        ({"escalates": False}, "escalated: asks_for_human"),
        ({"desk_never_says": ["needs a person"]}, "somebody said 'needs a person' at the desk"),
    ],
    ids=["escalates", "desk_never_says"],
)
async def test_a_broken_promise_about_people_is_reported(player: Player, expect: dict[str, Any], failure: str) -> None:
    assert (await play(player, HUMAN, **expect)).failures == (failure,)


@pytest.mark.parametrize(
    ("promise", "failure"),
    [
        ({"says": ["5 years"]}, "turn 1: nobody said '5 years' to the customer"),
        ({"never_says": ["4 years"]}, "turn 1: somebody said '4 years' to the customer"),
        ({"state": "queued"}, "turn 1: state is awaiting_customer, not queued"),
    ],
    ids=["says", "never_says", "state"],
)
async def test_a_broken_promise_of_a_turn_is_reported(player: Player, promise: dict[str, Any], failure: str) -> None:
    assert (await play(player, ASK | promise)).failures == (failure,)


async def test_kept_promises_leave_no_failures(player: Player) -> None:
    played = await play(
        player, ASK | {"says": ["4 years"]}, escalates=False, state="awaiting_customer", sources=["guarantee.md"]
    )
    assert played.failures == ()


async def test_an_edit_of_a_message_that_is_not_there_is_a_failure(player: Player) -> None:
    played = await play(player, ASK, {"role": "customer", "edits": 2, "text": "?"}, escalates=False)
    assert played.failures == ("turn 2: the customer has written only 1 messages before",)


async def test_nothing_at_all_has_no_state(player: Player) -> None:
    assert (await play(player, {"role": "clock", "after_seconds": 1})).state == "none"

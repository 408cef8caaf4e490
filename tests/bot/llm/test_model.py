import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.llm import BrokenReplyError, ModelError, Why
from tests.bot.llm.conftest import Door, NewDoor
from tests.fakes import model as fake
from tests.fakes.model import Fault

ANSWER = {"question": "How long do returns take?"}


def formats(door: Door) -> list[str]:
    return [request.get("response_format", {}).get("type", "text") for request in door.fake.requests]


async def failure_of(door: Door, **others: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await door.ask(**others)
    return caught.value


async def test_reply_is_held_to_the_schema(door: Door) -> None:
    reply = await door.ask()
    assert reply.value == ANSWER
    assert door.fake.requests[0]["response_format"]["json_schema"]["schema"]["required"] == ["question"]


async def test_key_of_the_environment_is_sent(door: Door) -> None:
    await door.ask()
    assert door.fake.keys == [fake.KEY]


@pytest.mark.parametrize("status", [400, 422, 500, 501])
async def test_endpoint_that_refuses_schemas_is_asked_for_an_object(door: Door, status: int) -> None:
    door.fake.takes, door.fake.refuses_with = {"json_object", "text"}, status
    assert (await door.ask()).value == ANSWER
    assert formats(door) == ["json_schema", "json_object"]


async def test_endpoint_that_can_do_plain_text_only_is_asked_for_that(door: Door) -> None:
    door.fake.takes = {"text"}
    assert (await door.ask()).value == ANSWER
    assert formats(door) == ["json_schema", "json_object", "text"]


async def test_what_an_endpoint_cannot_do_is_remembered_for_the_run(door: Door) -> None:
    door.fake.takes = {"text"}
    await door.ask()
    await door.ask()
    assert formats(door)[3:] == ["text"]


async def test_endpoint_that_ignores_the_schema_is_asked_in_words(door: Door) -> None:
    door.fake.faults.append(fake.says("Sure, happy to help!"))
    assert (await door.ask()).value == ANSWER
    assert formats(door) == ["json_schema", "json_object"]


async def test_parameter_that_is_not_known_is_left_out(door: Door) -> None:
    door.fake.unknown = {"max_tokens", "temperature"}
    assert (await door.ask()).value == ANSWER
    assert "max_completion_tokens" in door.fake.requests[-1]
    assert "temperature" not in door.fake.requests[-1]


async def test_tools_are_left_out_where_they_are_not_known(door: Door) -> None:
    door.fake.takes_tools = False
    tool = {"type": "function", "function": {"name": "find_order", "parameters": {"type": "object"}}}
    assert (await door.ask(tools=[tool])).value == ANSWER
    assert "tools" not in door.fake.requests[-1]


async def test_tool_call_comes_back_as_the_model_wrote_it(door: Door) -> None:
    door.fake.faults.append(fake.calls("find_order", '{"number": "HP-1"}'))
    (call,) = (await door.ask(tools=[{"type": "function", "function": {"name": "find_order"}}])).calls
    assert (call.name, call.arguments) == ("find_order", '{"number": "HP-1"}')


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_request_that_failed_is_tried_again(door: Door, status: int) -> None:
    door.fake.takes = {"text"}
    await door.ask()
    door.fake.faults.append(Fault(status=status, retry_after="0"))
    assert (await door.ask()).value == ANSWER


async def test_connection_cut_off_in_the_middle_is_tried_again(door: Door) -> None:
    door.fake.faults.append(Fault(cut_off=True))
    assert (await door.ask()).value == ANSWER


async def test_tries_are_bounded(open_door: NewDoor) -> None:
    door = open_door(tries=2)
    door.fake.always = Fault(status=503, retry_after="0")
    assert (await failure_of(door)).why is Why.DOWN
    assert len(door.fake.requests) == 2


async def test_wait_that_ends_after_the_deadline_is_not_begun(door: Door) -> None:
    door.fake.always = fake.limited(retry_after="60")
    assert (await failure_of(door)).why is Why.DOWN
    assert len(door.fake.requests) == 1


async def test_endpoint_that_hangs_is_slow(door: Door) -> None:
    door.fake.always = Fault(hangs=True)
    assert (await failure_of(door, seconds=0.1)).why is Why.SLOW


async def test_request_is_ended_when_its_time_is_over(door: Door) -> None:
    door.fake.always = Fault(hangs=True)
    await failure_of(door, seconds=0.1)
    await door.fake.given_up.wait()
    assert door.fake.at_once == 0


async def test_endpoint_that_is_not_there_is_down(open_door: NewDoor) -> None:
    door = open_door(base_url="http://127.0.0.1:9/v1", tries=1)
    assert (await failure_of(door)).why is Why.DOWN


@pytest.mark.parametrize(("setting", "value"), [("model", "no-such-model"), ("api_key_env", "ANOTHER_KEY")])
async def test_wrong_account_is_refused_at_once(open_door: NewDoor, setting: str, value: str) -> None:
    door = open_door(**{setting: value})
    assert (await failure_of(door)).why is Why.REFUSED
    assert len(door.fake.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        fake.EMPTY,
        fake.REFUSAL,
        fake.BROKEN_JSON,
        fake.HTML,
        fake.NOT_A_COMPLETION,
        fake.says("{}}"),
        Fault(streams=True),
    ],
    ids=["empty", "refusal", "broken JSON", "HTML", "no completion", "no object", "streamed"],
)
async def test_reply_that_is_none_is_broken(door: Door, fault: Fault) -> None:
    door.fake.always = fault
    assert (await failure_of(door, check=_wants_a_question)).why is Why.BROKEN


def _wants_a_question(value: object) -> None:
    if not isinstance(value, dict) or "question" not in value:
        raise BrokenReplyError("it holds no question")


async def test_one_broken_reply_is_asked_for_again(door: Door) -> None:
    door.fake.faults.append(fake.EMPTY)
    assert (await door.ask()).value == ANSWER


async def test_failure_names_no_word_of_the_endpoint(door: Door) -> None:
    door.fake.always = Fault(status=400, message="Mara's message was rejected")
    assert "Mara" not in (await failure_of(door)).reason


async def test_after_failures_in_a_row_nobody_waits(open_door: NewDoor) -> None:
    door = open_door(tries=1, break_after=2)
    door.fake.takes = {"text"}
    await door.ask()
    door.fake.always = fake.OVERLOADED
    await failure_of(door)
    await failure_of(door)
    asked = len(door.fake.requests)
    await failure_of(door)
    assert len(door.fake.requests) == asked


async def test_endpoint_is_tried_again_after_a_pause(open_door: NewDoor) -> None:
    door = open_door(tries=1, break_after=1, break_seconds=30.0)
    door.fake.faults.append(Fault(status=503))
    await failure_of(door)
    door.seconds = 31.0
    assert (await door.ask()).value == ANSWER


async def test_outage_is_told_once(open_door: NewDoor) -> None:
    door = open_door(tries=1, break_after=1)
    door.fake.always = fake.OVERLOADED
    with capture_logs() as logs:
        for _ in range(3):
            await failure_of(door)
            door.seconds += 60
    assert [one["event"] for one in logs if one["log_level"] != "debug"] == ["model_unavailable"]


async def test_end_of_an_outage_is_told(open_door: NewDoor) -> None:
    door = open_door(tries=1, break_after=1)
    door.fake.faults.append(Fault(status=503))
    await failure_of(door)
    door.seconds = 60
    with capture_logs() as logs:
        await door.ask()
    assert [one["event"] for one in logs] == ["model_back"]


async def test_what_is_too_slow_for_one_thing_may_be_quick_enough_for_another(open_door: NewDoor) -> None:
    door = open_door(break_after=1)
    door.fake.faults.append(Fault(hangs=True))
    await failure_of(door, seconds=0.1)
    assert (await door.ask(purpose="answer")).value == ANSWER


async def test_usage_is_what_the_endpoint_says(open_door: NewDoor) -> None:
    door = open_door(input_price=2.0, output_price=10.0)
    await door.ask()
    (usage,) = door.bill
    assert (usage.tokens_in, usage.tokens_out, usage.money, usage.problem) == (100, 20, 0.0004, "")


async def test_usage_is_estimated_where_the_endpoint_is_silent(door: Door) -> None:
    door.fake.faults.append(fake.says('{"question": "?"}', tokens=None))
    await door.ask("x" * 300)
    assert door.bill[0].tokens_in >= 100


async def test_request_that_nobody_answered_is_on_the_bill(door: Door) -> None:
    door.fake.always = Fault(hangs=True)
    await failure_of(door, seconds=0.1)
    (usage,) = door.bill
    assert usage.problem == "slow"
    assert usage.tokens_in > 0


async def test_cap_on_tokens_holds(open_door: NewDoor) -> None:
    door = open_door(daily_tokens=1_000, reply_tokens=800)
    await door.ask()
    await door.ask()
    assert (await failure_of(door)).why is Why.CAPPED
    assert door.model.budget.spent.tokens == 240


async def test_cap_holds_for_requests_made_at_once(open_door: NewDoor) -> None:
    door = open_door(daily_tokens=2_000, reply_tokens=800)
    results = await asyncio.gather(*(door.ask() for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, ModelError) for result in results) == 3


async def test_cap_on_money_holds(open_door: NewDoor) -> None:
    door = open_door(daily_money=0.01, output_price=10.0, reply_tokens=800)
    door.model.budget.count(0, 0, 0.009)
    assert (await failure_of(door)).why is Why.CAPPED


async def test_next_day_has_a_budget_of_its_own(open_door: NewDoor) -> None:
    door = open_door(daily_tokens=1_000)
    door.model.budget.count(1_000, 0, 0.0)
    await failure_of(door)
    door.now = door.now.replace(day=4)
    assert (await door.ask()).value == ANSWER


async def test_no_more_are_asked_at_once_than_set(open_door: NewDoor) -> None:
    door = open_door(at_once=3)
    door.fake.delay = 0.01
    await asyncio.gather(*(door.ask() for _ in range(12)))
    assert door.fake.most_at_once == 3


async def test_request_that_is_cancelled_is_on_the_bill(door: Door) -> None:
    door.fake.always = Fault(hangs=True)
    task = asyncio.create_task(door.ask())
    await door.fake.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [usage.problem for usage in door.bill] == ["cancelled"]

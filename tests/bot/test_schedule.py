import asyncio

from bot.schedule import Schedule


async def test_job_runs_until_it_is_stopped() -> None:
    ran = asyncio.Event()

    async def job() -> None:
        ran.set()

    schedule = Schedule()
    schedule.every(0.01, job, "job")
    schedule.start(lambda error: None)
    await asyncio.wait_for(ran.wait(), 10)
    schedule.stop()
    schedule.stop()


async def test_what_a_job_raises_is_handed_on() -> None:
    raised: asyncio.Queue[BaseException] = asyncio.Queue()

    async def job() -> None:
        raise KeyError("x")

    schedule = Schedule()
    schedule.every(0.01, job, "job")
    schedule.start(raised.put_nowait)
    assert isinstance(await asyncio.wait_for(raised.get(), 10), KeyError)
    schedule.stop()


async def test_schedule_that_never_began_can_be_stopped() -> None:
    Schedule().stop()

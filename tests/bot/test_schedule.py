import asyncio

from bot.schedule import Schedule


async def test_job_runs_until_it_is_stopped() -> None:
    ran = asyncio.Event()

    async def job() -> None:
        ran.set()

    schedule = Schedule()
    schedule.every(0.01, job, "job")
    schedule.start()
    await asyncio.wait_for(ran.wait(), 10)
    schedule.stop()
    schedule.stop()


async def test_schedule_that_never_began_can_be_stopped() -> None:
    Schedule().stop()

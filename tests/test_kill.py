"""The real process, killed a few times; `python -m tests.kill` does it two hundred times."""

from pathlib import Path

from tests import kill


async def test_a_killed_process_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    report = await kill.run(tmp_path, kills=5, seed=1, busy=8, work_seconds=0.5)
    assert not report.faults, report.render()
    assert report.answered > 0

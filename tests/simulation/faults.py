"""Everything that can go wrong, rolled from one seed; and a database writer that dies at every step."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from sqlite_utils import Database

from bot.store import InlineWriter, StoreUnavailableError

T = TypeVar("T")


class CrashError(BaseException):
    """The process dies here. Not an Exception: nothing in the product may catch it and go on."""


@dataclass(slots=True, kw_only=True)
class Odds:
    """How likely each thing is each time it could happen, 0.0 to 1.0."""

    crash: float
    pause: float = 0.3
    disk: float = 0.004
    send: float = 0.2
    find: float = 0.15
    search: float = 0.03
    crm: float = 0.25
    again: float = 0.25
    lost_ack: float = 0.08
    clock: float = 0.04


@dataclass(slots=True)
class Faults:
    """The dice of one run, and what they showed. `calm` ends all evil."""

    random: Random
    odds: Odds
    most_crashes: int = 40
    calm: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    crashes: Counter[str] = field(default_factory=Counter)
    trace: Callable[[str], None] = lambda _: None

    def strikes(self, name: str, odds: float) -> bool:
        """Tell whether this goes wrong now."""
        if self.calm or self.random.random() >= odds:
            return False
        self.counts[name] += 1
        self.trace(f"  ! {name}")
        return True


class Life:
    """One process from its start to its death."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.dead = False

    def point(self, where: str) -> None:
        """Die here, or go on. The dead stay dead, whatever their clean-up tries."""
        if self.dead:
            raise CrashError(where)
        faults = self.faults
        if faults.calm or faults.random.random() >= faults.odds.crash:
            return
        if faults.crashes.total() >= faults.most_crashes:
            return
        faults.crashes[where] += 1
        faults.trace(f"  X crash {where}")
        self.dead = True
        raise CrashError(where)

    async def pause(self) -> None:
        """Let others go first, now and then, for up to half a second."""
        faults = self.faults
        if self.dead:
            raise CrashError
        if not faults.calm and faults.random.random() < faults.odds.pause:
            await asyncio.sleep(faults.random.choice((0.0, 0.01, 0.1, 0.5)))


class MortalWriter(InlineWriter):
    """Dies before the statements, between them and the commit, or after the commit; the disk is full at times."""

    def __init__(self, connection: sqlite3.Connection, life: Life) -> None:
        self.life = life
        super().__init__(connection)

    async def run(self, work: Callable[[Database], T]) -> T:
        """Run as the real one does, later than asked, and answer later than done."""
        life, name = self.life, work.__qualname__.split(".<locals>")[0].removeprefix("Store.")
        await life.pause()
        life.point(f"before {name}")

        def mortal(db: Database) -> T:
            result = work(db)
            life.point(f"before the commit of {name}")
            if life.faults.strikes(f"disk full in {name}", life.faults.odds.disk):
                message = "the disk is full"
                raise StoreUnavailableError(message)
            return result

        result = await super().run(mortal)
        life.point(f"after {name}")
        await life.pause()
        return result

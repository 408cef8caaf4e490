"""One run: people write, the process lives and dies, then all evil ends and time runs on."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import cast

from bot import answer, deadlines, desk, hours, issue_types, phrases, triage, triggers
from bot import knowledge as knowledge_package
from bot.conversation import Account
from bot.crm.table import TableCrm
from bot.draft import Policy
from bot.evidence import Found
from bot.knowledge import Knowledge, KnowledgeError
from bot.loop import Loop
from bot.parts import Parts
from bot.store import InlineWriter, Store, StoreUnavailableError
from channels.base import Person
from tests.simulation import clockwork
from tests.simulation.faults import CrashError, Faults, Life, MortalWriter, Odds
from tests.simulation.people import AGENTS, ARTICLES, Agent, Customer
from tests.simulation.service import DESK, FALLBACK, NAME, Service, Wire

BEGIN = datetime(2026, 3, 2, 10, tzinfo=UTC)  # a Monday
DESK_SETTINGS = desk.Settings(channel=NAME, room=DESK, fallback_room=FALLBACK)
TICK_SECONDS = 2.0
AGENT_SECONDS = 40.0
ROUNDS = 150
TYPES = issue_types.Settings(
    types=(
        issue_types.IssueType(name="shipping", examples=("how long does shipping take",), words=("shipping",)),
        issue_types.IssueType(name="warranty", examples=("warranty on the sofa",), words=("warranty",), enabled=False),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """What a process is made of; the broken twins replace one of these."""

    store: type[Store] = Store
    loop: type[Loop] = Loop
    wire: type[Wire] = Wire


REAL = Make()


@dataclass(slots=True, kw_only=True)
class Run:
    """What is left of one run, for the judges: the outside, the data, and what went wrong by itself."""

    seed: int
    faults: Faults
    service: Service
    connection: sqlite3.Connection
    starts: int = 0
    bugs: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)


class World:
    """The outside and one process in it, on a clock that jumps."""

    def __init__(self, run: Run, make: Make, random: Random) -> None:
        self.run = run
        self.make = make
        self.random = random
        self.jumped = timedelta()

    def now(self) -> datetime:
        """The clock of the process's machine."""
        return self.run.service.now() + self.jumped

    async def live(self) -> Run:
        """Everything, from the first word to the last check."""
        process = asyncio.create_task(self._stay_up())
        try:
            await self._people()
            self.run.faults.calm = True
            self.run.faults.trace("--- all is calm")
            await self._settle("after the last fault")
            for _ in range(3):
                self._jump_to("select min(due) from timers")
                await self._settle("after a deadline")
        finally:
            process.cancel()
            await asyncio.gather(process, return_exceptions=True)
        return self.run

    async def _people(self) -> None:
        service, random = self.run.service, self.random
        async with asyncio.TaskGroup() as group:
            for n in range(random.randint(1, 3)):
                group.create_task(Customer(f"c{n}", service, Random(random.random())).live())
            for agent in AGENTS:
                group.create_task(Agent(agent, service, Random(random.random())).live(AGENT_SECONDS))
            group.create_task(self._weather())

    async def _weather(self) -> None:
        """The clock jumps and the desk's room is archived for a while, now and then."""
        faults, service = self.run.faults, self.run.service
        for _ in range(10):
            await asyncio.sleep(AGENT_SECONDS / 10)
            if faults.strikes("clock jumped", faults.odds.clock):
                self.jumped += timedelta(hours=faults.random.choice((-1, -1, 1, 5, 30)))
            service.refusing = {DESK} if faults.strikes("desk refuses", 0.15) else set()
        service.refusing = set()

    async def _stay_up(self) -> None:
        """Start the process again whenever it died."""
        while True:
            life = Life(self.run.faults)
            self.run.starts += 1
            self.run.faults.trace(f"  * start {self.run.starts}")
            try:
                await Process(self, life).serve()
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001 # whatever kills a process: the judges want to know it
                if not life.dead:
                    self.run.bugs += [f"the process died of {bug!r}" for bug in _leaves(error)]
            life.dead = True
            await asyncio.sleep(self.random.choice((0.1, 1.0, 5.0)))
            if self.run.starts > 1_000:
                self.run.stuck.append("the process does not stay up")
                return

    async def _settle(self, when: str) -> None:
        """Wait until nothing is left to do; where something waits for its time, let that time come."""
        for n in range(ROUNDS):
            await asyncio.sleep(TICK_SECONDS)
            left = self._left()
            if not left:
                return
            if n % 5 == 4:
                self._jump_to("select min(due) from outbox where ended_at is null and due > ''")
        self.run.stuck.append(f"{when}: {'; '.join(left)}")

    def _left(self) -> list[str]:
        db = self.run.connection
        left = [f"not acknowledged: {letter.event.external_id}" for letter in self.run.service.unacknowledged()]
        left += [f"not decided: arrival {row[0]} of {row[1]}" for row in db.execute(UNDECIDED)]
        left += [f"not sent: {row[0]} ({row[1]})" for row in db.execute(UNSENT)]
        return left

    def _jump_to(self, query: str) -> None:
        due = self.run.connection.execute(query).fetchone()[0]
        if due:
            self.jumped += max(timedelta(), datetime.fromisoformat(due) - self.now())


UNDECIDED = "select id, conversation from inbox where done = 0"
UNSENT = "select id, state from outbox where ended_at is null"


class Process:
    """One life of the program: what `warmline run` wires, on this world's channel, clock and data."""

    def __init__(self, world: World, life: Life) -> None:
        self.life = life
        run = world.run
        self.store = world.make.store(MortalWriter(run.connection, life), clock=world.now)
        self.wire = world.make.wire(run.service, life)
        self.clock = world.now
        self.loop = world.make.loop(
            Parts(
                store=self.store,
                channels={NAME: self.wire},
                knowledge=cast(Knowledge, Library(life)),
                crm=cast(TableCrm, Crm(life)),
                policy=policy(),
                desk=DESK_SETTINGS,
                triggers=triggers.Settings(),
                triage=types(),
                answer=answer.Settings(),
                clock=world.now,
            )
        )

    async def serve(self) -> None:
        """As `bot.app` does."""
        while True:
            try:
                await self.store.recover(self.clock())
                break
            except StoreUnavailableError:  # the program ends with a clear line, and is started again
                await asyncio.sleep(1.0)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.loop.run())
            group.create_task(self.wire.listen(self.loop.receive))
            while True:
                await self.loop.tick()
                await asyncio.sleep(TICK_SECONDS)


class Library:
    """The real knowledge of a small folder; sometimes it cannot be read."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def search(self, question: str, history: Sequence[tuple[str, str]], *, internal: bool = False) -> Found:
        """As the real one."""
        self._life.point("before search")
        if self._life.faults.strikes("search failed", self._life.faults.odds.search):
            message = "the index is gone"
            raise KnowledgeError(message)
        found = library().search(question, history, internal=internal)
        self._life.point("after search")
        return found


class Crm:
    """A customers' table that is slow, hangs or breaks."""

    def __init__(self, life: Life) -> None:
        self._life = life

    async def find(self, person: Person, *, channel: str = "") -> Account | None:
        """As the real one."""
        faults = self._life.faults
        self._life.point("before the look-up")
        if faults.strikes("look-up slow", faults.odds.crm):
            await asyncio.sleep(faults.random.choice((0.5, 2.0, 60.0)))
        if faults.strikes("look-up failed", faults.odds.crm / 5):
            message = f"cannot read {person.id} on {channel}"
            raise ConnectionError(message)
        self._life.point("after the look-up")
        return Account(id=f"A-{person.id}", name=person.name, email=None)


def play(seed: int, make: Make = REAL, *, trace: bool = False) -> Run:
    """One run from one seed: the same seed and code give the same run."""
    random = Random(seed)
    faults = Faults(Random(random.random()), Odds(crash=random.choice((0.02, 0.05, 0.09))))
    connection = database()
    lines: list[str] = []
    service = Service(faults, lambda: BEGIN + timedelta(seconds=_seconds()))
    run = Run(seed=seed, faults=faults, service=service, connection=connection, trace=lines)
    if trace:
        faults.trace = lambda line: lines.append(f"{_seconds():8.2f} {line}")
    return clockwork.run(World(run, make, random).live())


def database() -> sqlite3.Connection:
    """A new database in memory with all tables."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    empty().backup(connection)
    return connection


@cache
def empty() -> sqlite3.Connection:
    """A database as it is before the first message."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    InlineWriter(connection)
    return connection


@cache
def policy() -> Policy:
    """The rules in English, which is enough to go every way through the loop."""
    english = files("bot.phrases").joinpath("en.toml").read_text("utf-8")
    return Policy(
        name="Warmline Assistant",
        phrases=phrases.build({"en.toml": english}),
        desks=desk.desks(DESK_SETTINGS),
        deadlines=deadlines.Settings(),
        hours=hours.Settings(),
    )


@cache
def types() -> triage.Triage:
    """Two issue types, one of which goes straight to people."""
    return triage.build(TYPES)


@cache
def library() -> Knowledge:
    """The articles, indexed in memory once a process."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in ARTICLES.items():
            (Path(folder) / name).write_text(text, "utf-8")
        return Knowledge.open(Path(folder), database=None, settings=knowledge_package.Settings())


def _seconds() -> float:
    return asyncio.get_running_loop().time()


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error] if not isinstance(error, CrashError) else []

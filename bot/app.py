"""Build every part from bot.toml, and run until stopped."""

import asyncio
import importlib
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot import desk, llm, phrases, triage, warming
from bot.crm.table import TableCrm
from bot.draft import Policy
from bot.embeddings import Embeddings
from bot.knowledge import Knowledge, KnowledgeError
from bot.llm import Model
from bot.loop import Loop
from bot.parts import Clock, Parts, new_code
from bot.schedule import Schedule
from bot.settings import Settings
from bot.store import BackupFailedError, Store, StoreDamagedError, StoreUnavailableError
from bot.store.vectors import Vectors
from channels.base import ChangesPosts, Channel, Host, SetupError, UnreachableError

if TYPE_CHECKING:
    from bot.author.author import Author

log = structlog.get_logger()

TICK_SECONDS = 1.0
STOP_SECONDS = 30.0
RECONNECT_SECONDS = 5.0
BACKUP_CHECK_SECONDS = 600.0


class StoppedError(Exception):
    """The service ended by itself; the message names the cause, the log has the traceback."""


def now() -> datetime:
    """The clock of the real world."""
    return datetime.now(UTC)


def build(
    settings: Settings,
    *,
    store: Store,
    knowledge: Knowledge,
    channels: Mapping[str, Channel],
    clock: Clock = now,
    learnt: triage.Triage | None = None,
    model: Model | None = None,
    embeddings: Embeddings | None = None,
    new_code: Callable[[], str] = new_code,
) -> Loop:
    """Wire the loop to its parts. Who builds many loops hands in what triage learnt, which takes half a second.

    Without a `model` the passages are quoted.
    """
    policy = Policy(
        name=settings.assistant.name,
        phrases=phrases.load(),
        desks=desk.desks(settings.desk),
        routes=desk.routes(settings.desk),
        deadlines=settings.deadlines,
        hours=settings.hours,
        changeable=frozenset(name for name, channel in channels.items() if isinstance(channel, ChangesPosts)),
    )
    parts = Parts(
        store=store,
        channels=channels,
        knowledge=knowledge,
        crm=TableCrm(store),
        policy=policy,
        desk=settings.desk,
        triggers=settings.triggers,
        triage=learnt or triage.build(settings.triage),
        answer=settings.answer,
        clock=clock,
        author=_author(settings, policy, model),
        embeddings=embeddings,
        tools=settings.tools,
        new_code=new_code,
    )
    return Loop(parts)


def _author(settings: Settings, policy: Policy, model: Model | None) -> "Author | None":
    if model is None:
        return None
    from bot.author.author import Author  # what nobody needs is not imported: the start is a promise, too

    return Author(model, settings.llm, name=policy.name, phrases=policy.phrases, judge=settings.answer)


async def connect_model(settings: Settings, store: Store | None = None) -> Model | None:
    """The model of bot.toml with what it cost today, None where none is named or its key is missing.

    The package that speaks to it takes a second to import, so it is imported here and in a thread.
    """
    if not settings.llm.enabled:
        return None
    for problem in llm.missing_secrets(settings.llm):
        log.error("model_unavailable", model=settings.llm.model, why="refused", reason=problem)
        return None
    model = Model(settings.llm, await asyncio.to_thread(llm.OpenAiEndpoint, settings.llm), clock=now)
    if store is not None:
        midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
        async for stored in store.all_events(midnight):
            if stored.event.kind == "model_asked":
                model.budget.count_facts(stored.event.facts)
    return model


def connect(settings: Settings, store: Store) -> dict[str, Channel]:
    """The channels that are switched on, by name; nothing is sent or heard yet."""
    return {
        name: importlib.import_module(f"channels.{name}").connect(own, host_of(store, name, settings))
        for name, own in settings.channels.items()
    }


def host_of(store: Store, channel: str, settings: Settings) -> Host:
    """What the store keeps for one channel, and what the house is like there."""

    async def filled_in(name: str, value: str) -> Mapping[str, str]:
        with suppress(StoreUnavailableError):  # an empty form is better than none
            known = await store.conversation(value.partition(":")[0])
            return desk.filled_in(known, name, value) if known is not None else {}
        return {}

    return Host(
        since=partial(store.since, channel),
        keep=partial(store.keep, channel),
        keep_file=store.keep_file,
        file=store.file,
        desks=tuple(address for address in desk.desks(settings.desk) if address.channel == channel),
        forms=desk.forms((kind.name, kind.title) for kind in settings.triage.types),
        filled_in=filled_in,
    )


async def run(
    settings: Settings,
    channels: Mapping[str, Channel] | None = None,
    *,
    ready: Callable[[], None],
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until a signal or `stop`; then finish what is under way, at most `STOP_SECONDS` long.

    `channels` are those of the settings unless others are given. Raises StoreInUseError, StoreDamagedError,
    StoreUnavailableError and KnowledgeError before anything is served, SetupError for an account that cannot be used;
    StoppedError, StoreDamagedError or StoreUnavailableError when it breaks down while it serves.
    """
    stop = stop or asyncio.Event()
    _stop_on_signals(stop)
    path = settings.path(settings.store.path)
    store = Store.open(path, clock=now)
    try:
        folder, index = settings.path(settings.knowledge.folder), path.with_suffix(".knowledge.db")
        knowledge = await asyncio.to_thread(Knowledge.open, folder, database=index, settings=settings.knowledge)
        try:
            connected = connect(settings, store) if channels is None else channels
            warming.read_examples(settings.triage.types, phrases.load())
            with warming.garbage_looked_for_less():
                await _serve(settings, store, knowledge, connected, ready=ready, stop=stop)
        finally:
            knowledge.close()
    finally:
        store.close()


async def _serve(
    settings: Settings,
    store: Store,
    knowledge: Knowledge,
    channels: Mapping[str, Channel],
    *,
    ready: Callable[[], None],
    stop: asyncio.Event,
) -> None:
    model = await connect_model(settings, store)
    embeddings = kept = None
    if model is not None and settings.llm.embeddings:
        kept = Vectors.open(settings.path(settings.store.path).with_suffix(".vectors.db"))
        embeddings = Embeddings(knowledge, model.embedder(), kept)
    loop = build(settings, store=store, knowledge=knowledge, channels=channels, model=model, embeddings=embeddings)
    await store.recover(now())
    schedule = _schedule(settings, store, knowledge, loop)
    if embeddings is not None:
        schedule.every(settings.knowledge.refresh_seconds, embeddings.refresh, "embeddings")
    try:
        async with asyncio.TaskGroup() as group:
            work = group.create_task(loop.run())
            ears = [group.create_task(_listen(channel, loop)) for channel in channels.values()]
            broken: asyncio.Queue[BaseException] = asyncio.Queue()
            schedule.start(broken.put_nowait)
            ready()
            group.create_task(loop.tick())  # takes up what was left; the schedule's first tick is a second away
            watching = group.create_task(_wait_for(broken))
            compiling = group.create_task(warming.compile_the_rest(phrases.load()))
            await stop.wait()
            for task in (*ears, watching, compiling):
                task.cancel()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await loop.finish()
            work.cancel()
    except ExceptionGroup as errors:
        raise _cause(errors) from errors
    finally:
        schedule.stop()
        if model is not None:
            await model.close()
        if kept is not None:
            kept.close()
        for channel in channels.values():
            await channel.close()


async def _wait_for(broken: asyncio.Queue[BaseException]) -> None:
    """Bring an error of the schedule, which works beside the task group, into it."""
    raise await broken.get()


def _cause(errors: ExceptionGroup[Exception]) -> Exception:
    """The one error to tell: what to mend on an account, else the store's own words, else that it is a mistake."""
    found = tuple(_single(errors))
    setup = [error for error in found if isinstance(error, SetupError)]
    if setup:
        return SetupError("; ".join(map(str, setup)))
    lost = [error for error in found if isinstance(error, UnreachableError)]
    if lost:
        return StoppedError("; ".join(map(str, lost)))
    log.error("stopped_by_error", exc_info=errors)
    for error in found:
        if isinstance(error, StoreDamagedError | StoreUnavailableError):
            return error
    return StoppedError(f"stopped by a mistake in the program ({type(found[0]).__name__}: {found[0]}); start it again")


def _single(errors: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in errors.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _single(error)
        else:
            yield error


def _schedule(settings: Settings, store: Store, knowledge: Knowledge, loop: Loop) -> Schedule:
    async def refresh() -> None:
        await _refresh(knowledge)

    async def back_up() -> None:
        await _back_up(settings, store)

    schedule = Schedule()
    schedule.every(TICK_SECONDS, loop.tick, "tick")
    schedule.every(settings.knowledge.refresh_seconds, refresh, "knowledge")
    schedule.every(BACKUP_CHECK_SECONDS, back_up, "backup")
    return schedule


async def _listen(channel: Channel, loop: Loop) -> None:
    """Hear a channel for ever; one that breaks is heard again after a pause and stops no other. Raises SetupError."""
    while True:
        try:
            await channel.listen(loop.receive)
        except (OSError, StoreUnavailableError) as error:
            log.error("channel_broke", channel=channel.name, reason=str(error))  # noqa: TRY400 # the reason is enough
        else:
            return
        await asyncio.sleep(RECONNECT_SECONDS)


async def _refresh(knowledge: Knowledge) -> None:
    try:
        changes = await asyncio.to_thread(knowledge.refresh)
    except KnowledgeError as error:
        log.error("knowledge_not_read", reason=str(error))  # noqa: TRY400 # the sentence says what to do
        return
    if changes:
        log.info("knowledge_changed", changes=str(changes))


async def _back_up(settings: Settings, store: Store) -> None:
    """Copy the database when the newest copy is too old: a process that is restarted every day has copies too."""
    folder = settings.path(settings.store.backup_folder)
    newest = max((copy.stat().st_mtime for copy in folder.glob("*.db")), default=0.0)
    if now().timestamp() - newest < settings.store.backup_hours * 3_600:
        return
    try:
        await store.backup(folder, settings.store.backups)
    except (BackupFailedError, StoreUnavailableError) as error:
        log.error("backup_failed", reason=str(error))  # noqa: TRY400 # the sentence says what to do


def _stop_on_signals(stop: asyncio.Event) -> None:
    running = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # event loops without signals, as on Windows
            running.add_signal_handler(number, stop.set)

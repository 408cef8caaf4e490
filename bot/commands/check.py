"""`warmline check`: settings, secrets, knowledge and store; each problem names the key and the fix."""

import asyncio
import json
import os
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

import channels
from bot import llm, settings
from bot.app import now
from bot.conversation import Json
from bot.desk import desks
from bot.knowledge import Knowledge, KnowledgeError
from bot.store import Store, StoreDamagedError, StoreInUseError, StoreUnavailableError

RECENT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at: `key` of bot.toml, and what was found; `ok` False is a problem."""

    key: str
    text: str
    ok: bool = True


def run(args: Namespace) -> int:
    """Print what was found. Returns 0 when all is fine, 1 for a problem, 2 for unusable settings."""
    try:
        loaded = settings.load(args.config)
    except settings.SettingsError as error:
        found = [_mistake(args.config, mistake) for mistake in error.mistakes]
        return _print(found, args) and 2
    found = [Finding(key="settings", text=f"{args.config} can be used"), *_packages(), *_knowledge(loaded)]
    found += _model(loaded, probe=args.probe)
    found += [*_store(loaded), *_channels(loaded, probe=args.probe), *_desk(loaded, probe=args.probe)]
    return _print(found, args)


def _mistake(config: Path, mistake: str) -> Finding:
    key, colon, text = mistake.partition(": ")
    if not colon or " " in key:  # about the file as a whole
        return Finding(key="settings", text=f"{config}: {mistake}", ok=False)
    return Finding(key=key, text=text, ok=False)


def _print(found: list[Finding], args: Namespace) -> int:
    ok = all(finding.ok for finding in found)
    if args.json:
        sys.stdout.write(json.dumps({"ok": ok, "findings": [asdict(f) for f in found]}, ensure_ascii=False) + "\n")
    else:
        for finding in found:
            sys.stdout.write(f"{'ok  ' if finding.ok else 'WRONG'} {finding.key}: {finding.text}\n")
    return 0 if ok else 1


def _packages() -> Iterator[Finding]:
    """Another package named `channels` in this environment would shadow ours without a word."""
    ours = Path(__file__).resolve().parents[2] / "channels"
    here = Path(channels.__file__ or "").resolve().parent
    if here != ours:
        text = f"the package `channels` is {here}, not Warmline's; install Warmline into an environment of its own"
        yield Finding(key="packages", text=text, ok=False)


def _knowledge(loaded: settings.Settings) -> Iterator[Finding]:
    folder = loaded.path(loaded.knowledge.folder)
    try:
        knowledge = Knowledge.open(folder, database=None, settings=loaded.knowledge)
    except KnowledgeError as error:
        yield Finding(key="knowledge.folder", text=str(error), ok=False)
        return
    changes = knowledge.refresh()
    knowledge.close()
    yield Finding(key="knowledge.folder", text=f"{folder} can be read")
    for skipped in changes.skipped:
        yield Finding(key="knowledge.folder", text=f"{skipped.article}: {skipped.reason}", ok=False)


def _store(loaded: settings.Settings) -> Iterator[Finding]:
    path = loaded.path(loaded.store.path)
    if not path.exists():
        near = next(parent for parent in path.absolute().parents if parent.exists())
        yield _place(path, near)
        return
    try:
        Store.open(path).close()
        yield Finding(key="store.path", text=f"{path} can be opened and is up to date")
    except StoreInUseError:
        yield Finding(key="store.path", text=f"{path} is in use by a running Warmline")
    except (StoreDamagedError, StoreUnavailableError) as error:
        yield Finding(key="store.path", text=str(error), ok=False)


def _place(path: Path, near: Path) -> Finding:
    """What becomes of a database that is not there yet; `near` is the nearest thing on its way that exists."""
    if not near.is_dir():
        text = f"{near} is a file where {path} needs a folder; move it away or choose another path"
        return Finding(key="store.path", text=text, ok=False)
    if not os.access(near, os.W_OK):
        return Finding(key="store.path", text=f"{near} cannot be written to; choose another path", ok=False)
    return Finding(key="store.path", text=f"{path} will be made at the first start")


def _model(loaded: settings.Settings, *, probe: bool) -> list[Finding]:
    """The model's account, what it took today, and with `probe` whether it replies."""
    if not loaded.llm.enabled:
        return [Finding(key="llm", text="no model: answers are quoted from the articles")]
    lacking = [Finding(key="llm", text=problem, ok=False) for problem in llm.missing_secrets(loaded.llm)]
    if lacking or not probe:
        found = lacking or [Finding(key="llm", text=f"{loaded.llm.model} at {llm.endpoint_of(loaded.llm)}")]
    else:
        found = [
            Finding(key=key, text=probed.text, ok=probed.ok)
            for key, probed in asyncio.run(_probe_model(loaded.llm)).items()
        ]
    path = loaded.path(loaded.store.path)
    return [*found, *(_used_today(path) if path.exists() else ())]


async def _probe_model(chosen: llm.Settings) -> dict[str, llm.Probed]:
    endpoint = llm.OpenAiEndpoint(chosen)
    try:
        found = {"llm": await llm.probe(chosen, endpoint, clock=now)}
        if chosen.embeddings:
            found["llm.embeddings"] = await llm.probe_embeddings(chosen, endpoint, clock=now)
        return found
    finally:
        await endpoint.close()


def _used_today(path: Path) -> Iterator[Finding]:
    """What the running bot asked of the model today, and how much of that in vain."""
    try:
        asked = asyncio.run(_asked_today(Store.open_to_read(path)))
    except (StoreDamagedError, StoreUnavailableError):
        return  # told under store.path
    if not asked:
        return
    tokens = sum(_number(facts["tokens_in"]) + _number(facts["tokens_out"]) for facts in asked)
    money = sum(_number(facts["money"]) for facts in asked)
    text = f"today (UTC) {len(asked)} requests, {tokens:,.0f} tokens{f', {money:.2f} of money' if money else ''}"
    failed = [str(facts["problem"]) for facts in asked[-RECENT:] if facts["problem"] not in ("", "cancelled")]
    yield Finding(key="llm", text=text)
    if failed:
        counts = ", ".join(f"{count} {why}" for why, count in Counter(failed).most_common())
        text = f"of the last {min(RECENT, len(asked))} requests {len(failed)} were of no help ({counts})"
        yield Finding(key="llm", text=text, ok=len(failed) < len(asked[-RECENT:]) / 2)


async def _asked_today(store: Store) -> list[Mapping[str, Json]]:
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        events = [stored.event async for stored in store.all_events(midnight)]
    finally:
        store.close()
    return [event.facts for event in events if event.kind == "model_asked"]


def _number(value: Json) -> float:
    return value if isinstance(value, int | float) else 0.0


def _channels(loaded: settings.Settings, *, probe: bool) -> Iterator[Finding]:
    if not loaded.channels:
        yield Finding(key="console.enabled", text="no channel is switched on; switch one on", ok=False)
    for name, own in loaded.channels.items():
        module = import_module(f"channels.{name}")
        missing = getattr(module, "missing_secrets", None)
        lacking = missing(own) if missing is not None else []
        yield from (Finding(key=name, text=problem, ok=False) for problem in lacking)
        try_account = getattr(module, "probe", None)  # a terminal has no account to try
        if lacking or not probe or try_account is None:
            yield Finding(key=name, text="is switched on")
            continue
        problems = asyncio.run(try_account(own))
        yield from (Finding(key=name, text=problem, ok=False) for problem in problems)
        if not problems:
            yield Finding(key=name, text="is switched on and its account works")


def _desk(loaded: settings.Settings, *, probe: bool) -> Iterator[Finding]:
    desk = loaded.desk
    who = f"{len(desk.agents)} agents" if desk.agents else "everybody who can write there"
    yield Finding(key="desk", text=f"{desk.channel}/{desk.room}, worked by {who}")
    for address in desks(desk) if probe else ():
        own = loaded.channels.get(address.channel)
        try_desk = (
            getattr(import_module(f"channels.{address.channel}"), "probe_desk", None) if own is not None else None
        )
        for problem in asyncio.run(try_desk(own, address.room)) if try_desk is not None else ():
            yield Finding(key="desk", text=problem, ok=False)

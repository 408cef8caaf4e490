"""Fill the parts' settings from bot.toml; tell every mistake at once, with its key and the fix."""

from __future__ import annotations  # a field and its module share a name, so the types are read late

import difflib
import importlib
import pkgutil
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

import channels
from bot import gate, hours, issue_types
from bot.answer import Settings as Answer
from bot.assistant import Settings as Assistant
from bot.deadlines import Settings as Deadlines
from bot.desk import Settings as Desk
from bot.hours import Settings as Hours
from bot.issue_types import Settings as Triage
from bot.knowledge import Settings as Knowledge
from bot.llm.settings import Settings as Llm
from bot.llm.settings import endpoint_of
from bot.prompts import LANGUAGE_NAMES
from bot.store.settings import Settings as Store
from bot.tools import TOOLS
from bot.tools import Settings as Tools
from bot.triggers import Settings as Triggers

HOURS_A_YEAR = 8_784
MINUTES_A_MONTH = 43_200
LIMITS: Mapping[str, tuple[float, float]] = {
    "knowledge.refresh_seconds": (0.1, 3_600),
    "knowledge.max_file_bytes": (1, 1_000_000_000),
    "knowledge.conversion_seconds": (0.1, 600),
    "answer.answer_at": (0, 1),
    "answer.unsure_at": (0, 1),
    "answer.max_characters": (50, 10_000),
    "llm.turn_seconds": (1, 600),
    "llm.rewrite_seconds": (0, 600),
    "llm.handoff_seconds": (0, 600),
    "llm.tries": (1, 10),
    "llm.passages": (1, 10),
    "llm.reply_tokens": (50, 100_000),
    "llm.at_once": (1, 10_000),
    "llm.break_after": (1, 1_000),
    "llm.break_seconds": (1, 86_400),
    "llm.daily_tokens": (0, 1_000_000_000_000),
    "llm.daily_money": (0, 1e9),
    "llm.input_price": (0, 1e6),
    "llm.output_price": (0, 1e6),
    "tools.per_turn": (1, 20),
    "tools.seconds": (0.1, 60),
    "tools.verified_hours": (0, HOURS_A_YEAR),
    "triggers.max_turns": (1, 1_000),
    "triggers.same_question_times": (1, 1_000),
    "deadlines.answer_seconds": (1, 86_400),
    "deadlines.card_seconds": (1, 86_400),
    "deadlines.update_at_ping": (1, 1_000),
    "deadlines.agent_minutes": (1, MINUTES_A_MONTH),
    "deadlines.lapse_after_pings": (1, 1_000),
    "deadlines.quiet_hours": (1, HOURS_A_YEAR),
    "deadlines.silence_hours": (1, HOURS_A_YEAR),
    "deadlines.reopen_hours": (0, HOURS_A_YEAR),
    "store.backup_hours": (1, HOURS_A_YEAR),
    "store.backups": (1, 10_000),
}
"""The least and the most of every number: what is outside would overflow, never end, or never begin."""

NOT_SERVICES = ("base", "fuse", "markup", "memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every table of bot.toml, named after the module that reads it.

    `channels` has the settings of those that are switched on, by name; `folder` is where relative paths begin.
    """

    assistant: Assistant = field(default_factory=Assistant)
    knowledge: Knowledge = field(default_factory=Knowledge)
    answer: Answer = field(default_factory=Answer)
    llm: Llm = field(default_factory=Llm)
    tools: Tools = field(default_factory=Tools)
    triggers: Triggers = field(default_factory=Triggers)
    triage: Triage = field(default_factory=lambda: _types({}, []))
    desk: Desk = field(default_factory=Desk)
    deadlines: Deadlines = field(default_factory=Deadlines)
    hours: Hours = field(default_factory=Hours)
    store: Store = field(default_factory=Store)
    channels: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = field(default_factory=Path)

    def path(self, name: str) -> Path:
        """A file or folder named in bot.toml, relative to bot.toml itself."""
        return self.folder / name


class SettingsError(Exception):
    """Settings that cannot be used. `mistakes` has a line each: the key, what is wrong, what to write."""

    def __init__(self, path: Path, mistakes: list[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(mistakes))
        self.path = path
        self.mistakes = mistakes


def load(path: Path) -> Settings:
    """Read bot.toml. Raises SettingsError with all mistakes, or saying that the file is not there or not TOML."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise SettingsError(path, ["there is no such file; name another with --config"]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(path, [f"cannot be read as UTF-8 text: {error}"]) from error
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(path, [f"not TOML: {error}"]) from error
    mistakes: list[str] = []
    settings = build(tables, folder=path.absolute().parent, mistakes=mistakes)
    if mistakes:
        raise SettingsError(path, mistakes)
    return settings


def build(tables: Mapping[str, Any], *, folder: Path, mistakes: list[str]) -> Settings:
    """Fill every part's settings; what is wrong is appended to `mistakes` and its default taken meanwhile."""
    special = ("triage", "channels", "folder")
    parts = {part.name: part.default_factory for part in fields(Settings) if part.name not in special}
    services = channel_names()
    mistakes += _unknown("", tables, [*parts, "triage", *services])
    filled = {name: _fill(name, default, tables.get(name, {}), mistakes) for name, default in parts.items()}
    switched_on = {name: _channel(name, tables[name], mistakes) for name in services if _is_on(tables.get(name))}
    types = _types(tables.get("triage", {}), mistakes)
    settings = Settings(**filled, triage=types, channels=switched_on, folder=folder)
    mistakes += _across(settings)
    return settings


def channel_names() -> tuple[str, ...]:
    """The services that there are modules for, switched on or not."""
    found = (module.name for module in pkgutil.iter_modules(channels.__path__))
    return tuple(name for name in found if name not in NOT_SERVICES)


def _is_on(table: Any) -> bool:
    return table is not None and (not isinstance(table, dict) or table.get("enabled", True) is not False)


def _channel(name: str, values: Any, mistakes: list[str]) -> Any:
    """Only here is a channel's module imported, and its SDK with it: one that is switched off costs nothing."""
    module = importlib.import_module(f"channels.{name}")
    return _fill(name, module.Settings, values, mistakes)


def _fill(name: str, part: Any, values: Any, mistakes: list[str]) -> Any:
    if not isinstance(values, dict):
        mistakes.append(f"{name}: must be a table; write [{name}] and its keys below it")
        return part()
    known = [key.name for key in fields(part)]
    mistakes += _unknown(f"{name}.", values, known)
    types, good = get_type_hints(part), {}
    for key in known:
        try:
            if key in values:  # strictly: "60" and true are no numbers
                held = _held(types[key], values[key], f"{name}.{key}", mistakes)
                good[key] = TypeAdapter(types[key]).validate_python(held, strict=True)
        except ValidationError as error:
            mistakes += [_sentence(f"{name}.{key}", detail) for detail in error.errors()]
        except _UnusableError:
            continue  # what is wrong with it is told already
    missing = [key.name for key in fields(part) if _is_required(key) and key.name not in good]
    if missing:
        mistakes += [f"{name}.{key}: is missing; write it" for key in missing if key not in values]
        raise _UnusableError
    return part(**good)


class _UnusableError(Exception):
    """A table that lacks what it must have."""


def _is_required(key: Any) -> bool:
    return key.default is MISSING and key.default_factory is MISSING


def _held(hint: Any, value: Any, name: str, mistakes: list[str]) -> Any:
    """TOML's arrays and the tables inside a table as the settings hold them."""
    if isinstance(value, list):
        element = get_args(hint)[0] if get_origin(hint) is tuple else Any
        return tuple(_held(element, one, f"{name}.{place}", mistakes) for place, one in enumerate(value))
    if isinstance(hint, type) and is_dataclass(hint) and isinstance(value, dict):
        return _fill(name, hint, value, mistakes)
    return value


def _sentence(name: str, detail: Any) -> str:
    key = ".".join(str(part) for part in (name, *detail["loc"]))
    given = list(detail["input"]) if isinstance(detail["input"], tuple) else detail["input"]
    return f"{key}: {given!r} cannot be used: {detail['msg'].lower().replace('tuple', 'list')}"


def _unknown(prefix: str, values: Mapping[str, Any], known: list[str]) -> list[str]:
    found = []
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            fix = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            found.append(f"{prefix}{key}: nobody reads this; {fix}")
    return found


def _types(own: Any, mistakes: list[str]) -> Triage:
    try:
        return issue_types.to_settings(own if isinstance(own, dict) else {}, _shipped_types())
    except issue_types.IssueTypesError as error:
        mistakes += str(error).splitlines()
        return issue_types.to_settings({}, _shipped_types())


@cache
def _shipped_types() -> Mapping[str, Any]:
    """The issue types that come with the package."""
    return tomllib.loads(files("bot").joinpath("issue_types.toml").read_text("utf-8"))


def _across(settings: Settings) -> list[str]:
    """What only shows when tables are held against each other, or needs more than a type."""
    found = list(hours.problems(settings.hours))
    persona = gate.persona_problem(settings.assistant.name)
    if persona:
        found.append(f"assistant.name: {persona}")
    for name, (least, most) in LIMITS.items():
        table, _, key = name.partition(".")
        value = getattr(getattr(settings, table), key)
        if not least <= value <= most:
            found.append(f"{name}: {value:g} is out of range; write a number from {least} to {most}")
    if settings.answer.unsure_at > settings.answer.answer_at:
        found.append(f"answer.unsure_at: {settings.answer.unsure_at} is above answer.answer_at; write less")
    found += _model_problems(settings)
    found += _tool_problems(settings)
    ladder = settings.deadlines.ping_minutes
    rises = all(earlier < later for earlier, later in zip((0, *ladder), ladder, strict=False))
    if not ladder or not rises or ladder[-1] > MINUTES_A_MONTH:
        found.append(f"deadlines.ping_minutes: {list(ladder)} must rise from above 0, like [10, 30, 120]")
    if not settings.store.path:
        found.append("store.path: empty; name a file, such as 'state/warmline.db'")
    found += _desk_problems(settings)
    found += _mailbox_problems(settings)
    return found


def _model_problems(settings: Settings) -> list[str]:
    """Why a model would be asked in vain, too late, or without the cap that was wanted."""
    llm, found = settings.llm, []
    if not llm.enabled:
        return []
    most = settings.deadlines.answer_seconds / 2
    if llm.turn_seconds + llm.handoff_seconds > most:
        wanted = f"llm.turn_seconds: with llm.handoff_seconds it is {llm.turn_seconds + llm.handoff_seconds:g}"
        found.append(f"{wanted}; write at most {most:g} together, half of deadlines.answer_seconds")
    if not endpoint_of(llm).startswith(("http://", "https://")):
        found.append(f"llm.base_url: {endpoint_of(llm)!r} is no address; it looks like 'http://localhost:11434/v1'")
    if llm.search_language not in LANGUAGE_NAMES:
        found.append(f"llm.search_language: {llm.search_language!r} is no language known here; write its code, as 'en'")
    if llm.daily_money and not (llm.input_price or llm.output_price):
        found.append(
            "llm.daily_money: no price is set; write llm.input_price and llm.output_price for a million tokens"
        )
    return found


def _tool_problems(settings: Settings) -> list[str]:
    """Which look-up is allowed in vain, a sentence each."""
    found, types = [], {kind.name for kind in settings.triage.types}
    for allowed in settings.tools.allow:
        if allowed.tool not in TOOLS:
            found.append(f"tools.allow: there is no tool {allowed.tool!r}; known are {', '.join(TOOLS)}")
        if not allowed.fields:
            found.append(f"tools.allow: {allowed.tool!r} shows no column; name those of the customers' table in fields")
        found += [f"tools.allow: there is no issue type {kind!r}" for kind in allowed.issue_types if kind not in types]
    return found


def _mailbox_problems(settings: Settings) -> list[str]:
    """Which address is for a matter that nobody knows, a sentence each."""
    known = {kind.name for kind in settings.triage.types}
    return [
        f"email.mailboxes: there is no issue type {mailbox.issue_type!r}, which {mailbox.address} names"
        for mailbox in getattr(settings.channels.get("email"), "mailboxes", ())
        if mailbox.issue_type and mailbox.issue_type not in known
    ]


def _desk_problems(settings: Settings) -> list[str]:
    """Why no human could be called, a sentence each."""
    found = []
    if not settings.desk.room:
        found.append("desk.room: empty, so no human could ever be called; name the room where agents work")
    fallback = settings.desk.fallback_room and (settings.desk.fallback_channel or settings.desk.channel)
    if fallback and (fallback, settings.desk.fallback_room) == (settings.desk.channel, settings.desk.room):
        found.append("desk.fallback_room: the desk itself; name another room or leave it empty")
    known = {kind.name for kind in settings.triage.types}
    for route in settings.desk.routes:
        found += [f"desk.routes: there is no issue type {kind!r}" for kind in route.issue_types if kind not in known]
        if settings.channels and route.channel and route.channel not in settings.channels:
            found.append(
                f"desk.routes: {route.channel!r} is not switched on; write [{route.channel}] with enabled = true"
            )
    if settings.channels:
        for key in ("channel", "fallback_channel"):
            name = getattr(settings.desk, key)
            if name and name not in settings.channels:
                found.append(f"desk.{key}: {name!r} is not switched on; write [{name}] with enabled = true")
    return found

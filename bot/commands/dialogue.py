"""A conversation as data: who says what after how long, and what must come of it. Read from JSON lines or TOML."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from bot.commands.script import WAYS
from bot.conversation import Json

ROLES = ("customer", "agent", "clock")
YEAR = 31_536_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One turn. `after_seconds` pass before it; a `clock` turn is nothing but waiting.

    Of a customer: `press` is a button ("solved", "ask_human", "rate:5"); `edits` or `deletes` is the number of the
    customer's earlier message, from 1; `files` came with it; `twice` delivers it twice; `automatic` marks a machine's.
    Of an agent: `name` says which; `claims` false lets a plain reply stand without claiming first. `says`,
    `never_says` and `state` say what must come of this turn alone.

    Of the scripted language model at this turn: `model_does` is what it does instead of writing perfectly;
    `model_writes` are its sentences, `[1]` at the end naming the passage that each cites; `model_rewrites` is how it
    puts a follow-up; `model_looks_up` the number of an order or "account"; `model_needs_person` why it calls a person;
    `model_summary` and `model_step` what it prepares for the agent.
    """

    role: str
    text: str = ""
    after_seconds: float = 5.0
    press: str = ""
    edits: int = 0
    deletes: int = 0
    files: tuple[str, ...] = ()
    twice: bool = False
    automatic: bool = False
    name: str = "anna"
    claims: bool = True
    model_does: str = ""
    model_writes: tuple[str, ...] = ()
    model_rewrites: str = ""
    model_looks_up: str = ""
    model_needs_person: str = ""
    model_summary: str = ""
    model_step: str = ""
    says: tuple[str, ...] = ()
    never_says: tuple[str, ...] = ()
    state: str = ""

    @property
    def promises(self) -> bool:
        """Whether something must come of this turn."""
        return bool(self.says or self.never_says or self.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What must be true in the end; None and empty state nothing.

    `says` and `never_says` are about what reached the customer, `desk_says` and `desk_never_says` about what agents
    see, `mail_says` about what was mailed to the customer, `sources` about articles that were cited, `gap` about
    questions that were logged as unanswered.
    """

    escalates: bool | None = None
    trigger: str = ""
    state: str = ""
    outcome: str = ""
    says: tuple[str, ...] = ()
    never_says: tuple[str, ...] = ()
    desk_says: tuple[str, ...] = ()
    desk_never_says: tuple[str, ...] = ()
    mail_says: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    gap: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """A conversation to play. `id` is as the file has it; `about` is the promise it checks, in a sentence.

    With `scripted_model` there is a language model in it, which does this where a turn says nothing else. Nothing is
    ever asked of a real one. `on_record` is the customer's row in the customers' table, which it may look up in the
    issue types of `may_look_up`; `vouched_for`: the channel vouches for the row's e-mail address.
    """

    id: Json
    turns: tuple[Line, ...]
    about: str = ""
    scripted_model: str = ""
    on_record: Mapping[str, str] = field(default_factory=dict)
    may_look_up: tuple[str, ...] = ()
    vouched_for: bool = False
    expect: Expect = field(default_factory=Expect)


class DialogueError(Exception):
    """A file that cannot be played: which one, where in it, and what is wrong."""


def read(path: Path) -> list[Dialogue]:
    """Read a file: one dialogue for .toml, else one a line. Raises DialogueError naming the file and the line."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read as UTF-8 text ({error})"
        raise DialogueError(message) from error
    if path.suffix == ".toml":
        try:
            table = tomllib.loads(text)
            dialogue = to_dialogue(table, path.stem)
            _refuse_slips(table)
        except (tomllib.TOMLDecodeError, DialogueError) as error:
            message = f"{path}: {error}"
            raise DialogueError(message) from error
        return [dialogue]
    return list(_lines(path, text))


def to_dialogue(value: object, name: str) -> Dialogue:
    """Check one conversation; `name` is its id unless it has one. Raises DialogueError."""
    table = _table(value, "the conversation")
    turns = table.get("turns")
    if not isinstance(turns, list) or not turns:
        raise DialogueError('"turns" must be a list with a turn at least')
    return Dialogue(
        id=table.get("id", name),
        about=str(table.get("about", "")),
        scripted_model=_to_model(table.get("scripted_model"), "the conversation"),
        on_record={name: str(value) for name, value in _table(table.get("on_record") or {}, '"on_record"').items()},
        may_look_up=_checked(table.get("may_look_up") or [], (), "the conversation: 'may_look_up'"),
        vouched_for=_checked(table.get("vouched_for") or False, False, "the conversation: 'vouched_for'"),
        turns=tuple(_to_line(turn, number) for number, turn in enumerate(turns, 1)),
        expect=_to_expect(_table(table.get("expect") or {}, '"expect"')),
    )


def _lines(path: Path, text: str) -> Iterator[Dialogue]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield to_dialogue(json.loads(line), f"{path.stem}-{number}")
            except (ValueError, RecursionError, DialogueError) as error:
                message = f"{path}, line {number}: {error}"
                raise DialogueError(message) from error


def _to_line(value: object, number: int) -> Line:
    where = f"turn {number}"
    table = _table(value, where)
    if table.get("role") not in ROLES:
        message = f'{where}: "role" is {table.get("role")!r}; use one of {", ".join(ROLES)}'
        raise DialogueError(message)
    known = {each.name for each in fields(Line)}
    # Recorded conversations carry labels of their own.
    line = Line(**_filled(Line, {key: table[key] for key in table if key in known}, where))
    if not 0 <= line.after_seconds <= YEAR:  # also refuses what is not a number, which JSON may spell NaN
        message = f"{where}: after_seconds is {line.after_seconds}; it must be from 0 to {YEAR}, which is a year"
        raise DialogueError(message)
    _to_model(line.model_does, where)
    return line


def _to_model(value: object, where: str) -> str:
    if value in (None, "", *WAYS):
        return str(value or "")
    message = f"{where}: the model cannot do {value!r}; use one of {', '.join(WAYS)}"
    raise DialogueError(message)


def _to_expect(table: Mapping[str, Any]) -> Expect:
    _refuse_unknown(table, Expect, '"expect"')
    return Expect(**_filled(Expect, table, '"expect"'))


def _refuse_slips(table: Mapping[str, Any]) -> None:
    """In a file written by hand an unknown key is a slip, and what it was to promise would never be checked."""
    _refuse_unknown(table, Dialogue, "the dialogue")
    for number, turn in enumerate(table["turns"], 1):
        _refuse_unknown(turn, Line, f"turn {number}")


def _refuse_unknown(table: Mapping[str, Any], part: type[Any], where: str) -> None:
    known = [each.name for each in fields(part)]
    for key in table:
        if key not in known:
            message = f"{where}: nobody reads {key!r}; known are {', '.join(known)}"
            raise DialogueError(message)


def _table(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        message = f"{where} must be an object, not {type(value).__name__}"
        raise DialogueError(message)
    return value


def _filled(part: type[Any], table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The fields of a dataclass from a table, each of its field's type. Null counts as left out."""
    defaults = {each.name: "" if each.default is MISSING else each.default for each in fields(part)}
    given = {key: value for key, value in table.items() if value is not None}
    return {key: _checked(value, defaults[key], f"{where}: {key!r}") for key, value in given.items()}


def _checked(value: Any, default: Any, where: str) -> Any:
    match default:
        case tuple():
            if isinstance(value, list) and all(isinstance(one, str) for one in value):
                return tuple(value)
            wanted = "a list of texts"
        case bool() | None:
            if isinstance(value, bool):
                return value
            wanted = "true or false"
        case float() | int():
            if isinstance(value, int | float) and not isinstance(value, bool):
                return value
            wanted = "a number"
        case _:
            if isinstance(value, str):
                return value
            wanted = "text"
    message = f"{where} is {value!r}; it must be {wanted}"
    raise DialogueError(message)

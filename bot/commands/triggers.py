"""`warmline triggers`: which hard rules a message fires, with the evidence."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.progress import track

from bot import language, phrases, settings, triage, triggers
from bot.conversation import Conversation, Escalation, Kind, Role, Turn
from bot.rules import Phrases
from channels.base import Address, Person

DEFAULT = Path("bot.toml")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
SPEAKERS = (Role.CUSTOMER, Role.ASSISTANT, Role.AGENT)


class Arguments(Protocol):
    """What the command line gave."""

    text: str | None
    batch: Path | None
    json: bool
    config: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A message to judge, and the turns that led to it: role and text, oldest first."""

    id: Any
    text: str
    before: tuple[tuple[Role, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules make of it."""

    fired: tuple[Escalation, ...]
    reading: triggers.Reading
    issue_type: str | None
    language: str


class WrongUseError(Exception):
    """The command cannot begin; the message is the one line to print."""


def run(args: Arguments) -> int:
    """Judge, print, return the exit code: 0, or 2 for wrong use. Raises SettingsError for an unusable bot.toml."""
    try:
        cases = _cases(args)
    except WrongUseError as error:
        sys.stderr.write(f"warmline triggers: {error}\n")
        return 2
    nothing_there = args.config == DEFAULT and not DEFAULT.exists()
    chosen = settings.Settings() if nothing_there else settings.load(args.config)
    known, sorter = phrases.load(), triage.build(chosen.triage)
    quiet = args.batch is None or not sys.stderr.isatty()
    for case in track(cases, "judging", console=Console(stderr=True), disable=quiet, transient=True):
        verdict = judge(case, known, chosen, sorter)
        lines = [json.dumps(to_json(case, verdict), ensure_ascii=False)] if args.json else _readable(case, verdict)
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def judge(case: Case, known: Phrases, chosen: settings.Settings, sorter: triage.Triage) -> Verdict:
    """Hold all rules against one message, as the loop does before it looks for an answer."""
    issue_type = triage.classify(sorter, case.text)
    enabled = next((kind.enabled for kind in chosen.triage.types if kind.name == issue_type), True)
    return Verdict(
        fired=triggers.check(_conversation(case), case.text, known, chosen.triggers, enabled=enabled),
        reading=triggers.read(case.text, known),
        issue_type=issue_type,
        language=language.of(case.text),
    )


def to_json(case: Case, verdict: Verdict) -> dict[str, Any]:
    """The stable form of one verdict; `category` only where the trigger has one."""
    return {
        "id": case.id,
        "fired": [
            {"trigger": str(escalation.trigger), "evidence": escalation.evidence}
            | ({"category": escalation.category} if escalation.category else {})
            for escalation in verdict.fired
        ],
        "asks_if_bot": verdict.reading.asks_if_bot,
        "issue_type": verdict.issue_type,
        "suspicious": verdict.reading.suspicious,
    }


def read_batch(path: Path) -> list[Case]:
    """Read a file of messages, a JSON object a line. Raises WrongUseError naming the file and line."""
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read as UTF-8 text ({error})"
        raise WrongUseError(message) from error
    cases = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                cases.append(_to_case(json.loads(line), number))
            except (ValueError, RecursionError) as error:
                message = f"{path}, line {number}: {error}"
                raise WrongUseError(message) from error
    return cases


def _cases(args: Arguments) -> Sequence[Case]:
    if (args.batch is None) == (args.text is None):
        raise WrongUseError('give either a message, as in warmline triggers "...", or --batch FILE')
    return (Case(id=1, text=args.text),) if args.text is not None else read_batch(args.batch or Path())


def _to_case(value: object, number: int) -> Case:
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a wrong value in a file
    turns = _to_turns(value)
    while turns and turns[-1][0] is not Role.CUSTOMER:
        turns.pop()
    if not turns:
        raise ValueError("no turn of a customer in it")
    return Case(id=value.get("id", number), text=turns[-1][1], before=tuple(turns[:-1]))


def _to_turns(value: dict[str, Any]) -> list[tuple[Role, str]]:
    found = value.get("turns", [{"role": "customer", "text": value.get("text")}])
    if not isinstance(found, list) or not all(isinstance(turn, dict) for turn in found):
        raise ValueError('"turns" must be a list of {"role": "customer", "assistant" or "agent", "text": text}')
    if not all(turn.get("role") in SPEAKERS and isinstance(turn.get("text"), str) for turn in found):
        raise ValueError('needs "text" that is text, or "turns" with a role (customer, assistant, agent) and a text')
    return [(Role(turn["role"]), turn["text"]) for turn in found]


def _conversation(case: Case) -> Conversation:
    return Conversation(
        id="batch",
        address=Address(channel="batch", room="batch"),
        customer=Person(id="customer"),
        created_at=LONG_AGO,
        since=LONG_AGO,
        turns=tuple(
            Turn(role=role, kind=Kind.ANSWER if role is Role.ASSISTANT else Kind.MESSAGE, text=text, at=LONG_AGO)
            for role, text in (*case.before, (Role.CUSTOMER, case.text))
        ),
    )


def _readable(case: Case, verdict: Verdict) -> Iterator[str]:
    yield case.text
    for escalation in verdict.fired:
        category = f" ({escalation.category})" if escalation.category else ""
        yield f"  {escalation.trigger}{category}: {escalation.evidence!r}"
    if not verdict.fired:
        yield "  no trigger fires"
    if verdict.reading.asks_if_bot:
        yield "  asks whether it talks to a machine"
    if verdict.reading.suspicious:
        yield "  looks like an attempt to give the assistant orders"
    yield f"  issue type: {verdict.issue_type or 'unsure'}; language: {verdict.language}"

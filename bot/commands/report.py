"""`warmline report`: the numbers, from events."""

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from bot import report, settings
from bot.commands.terminal import print_lines, print_table
from bot.conversation import Event
from bot.store import Store

HEAD = (
    "issue type",
    "episodes",
    "escalated",
    "CSAT assistant (n)",
    "CSAT agent (n)",
    "first contact",
    "first reply",
    "resolution",
    "handling",
)
OUTCOMES = "How they ended: "
TRIGGERS = "What called people: "
MODEL = "What the language model took: "


def run(args: Namespace) -> int:
    """Print a table, a row an issue type. Returns 2 for a date that is none."""
    try:
        since = datetime.fromisoformat(args.since or "1970-01-01")
    except ValueError:
        sys.stderr.write(f"warmline: {args.since!r} is not a date; write it as 2026-01-31\n")
        return 2
    loaded = settings.load(args.config)
    store = Store.open_to_read(loaded.path(loaded.store.path))
    rows = report.summarise(report.episodes(asyncio.run(_events(store, since.replace(tzinfo=since.tzinfo or UTC)))))
    if args.json:
        sys.stdout.write(json.dumps({name: asdict(row) for name, row in rows.items()}, ensure_ascii=False) + "\n")
        return 0
    print_table(HEAD, [_cells(name, row) for name, row in rows.items()])
    total = rows["all"]
    lines = [OUTCOMES + _outcomes(total.outcomes), TRIGGERS + _outcomes(total.triggers)]
    if total.model_tokens:
        lines.append(f"{MODEL}{total.model_tokens:,} tokens, {total.model_money:.2f} in money")
    print_lines(lines)
    return 0


async def _events(store: Store, since: datetime) -> list[tuple[str, Event]]:
    try:
        return [(stored.conversation, stored.event) async for stored in store.all_events(since)]
    finally:
        store.close()


def _cells(name: str, row: report.Row) -> tuple[str, ...]:
    return (
        name,
        str(row.episodes),
        str(row.escalated),
        _rating(row.csat_assistant, row.ratings_assistant),
        _rating(row.csat_agent, row.ratings_agent),
        "-" if row.first_contact is None else f"{row.first_contact:.0%}",
        _time(row.first_reply_seconds),
        _time(row.resolution_seconds),
        _time(row.handling_seconds),
    )


def _outcomes(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in sorted(counts.items())) or "none"


def _rating(mean: float | None, ratings: int) -> str:
    return "-" if mean is None else f"{mean:.1f} ({ratings})"


def _time(seconds: float | None) -> str:
    """In the unit that people would use."""
    if seconds is None:
        return "-"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h"

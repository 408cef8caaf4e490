"""`warmline report`: the numbers, from events."""

import asyncio
import json
import sys
from argparse import Namespace
from dataclasses import asdict
from datetime import UTC, datetime

from bot import report, settings
from bot.conversation import Event
from bot.store import Store


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
    for name, row in rows.items():
        sys.stdout.write(_line(name, row) + "\n")
    return 0


async def _events(store: Store, since: datetime) -> list[tuple[str, Event]]:
    try:
        return [(stored.conversation, stored.event) async for stored in store.all_events(since)]
    finally:
        store.close()


def _line(name: str, row: report.Row) -> str:
    outcomes = ", ".join(f"{outcome} {count}" for outcome, count in sorted(row.outcomes.items()))
    return (
        f"{name}: {row.episodes} episodes ({outcomes}); escalated {row.escalated}; "
        f"CSAT assistant {_or_none(row.csat_assistant)} (n {row.ratings_assistant}), "
        f"agent {_or_none(row.csat_agent)} (n {row.ratings_agent}); "
        f"first contact {_or_none(row.first_contact)}; first reply {_or_none(row.first_reply_seconds)} s, "
        f"resolution {_or_none(row.resolution_seconds)} s, handling {_or_none(row.handling_seconds)} s"
    )


def _or_none(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"

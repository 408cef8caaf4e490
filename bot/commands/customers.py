"""`warmline customers import`: add or change customers from a CSV file."""

import asyncio
import csv
import json
import sys
from argparse import Namespace

from bot import settings
from bot.store import Store


def run(args: Namespace) -> int:
    """Import in one transaction. Returns 1 when lines were refused (each is named), 2 for a file that is no CSV."""
    loaded = settings.load(args.config)
    try:
        with args.file.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        sys.stderr.write(f"warmline: {args.file}: cannot be read as UTF-8 CSV with a header line ({error})\n")
        return 2
    store = Store.open(loaded.path(loaded.store.path))
    try:
        done = asyncio.run(store.import_customers(rows))
    finally:
        store.close()
    counts = {"added": done.added, "changed": done.changed, "unchanged": done.unchanged}
    refused = [{"line": refusal.line, "reason": refusal.reason} for refusal in done.refused]
    if args.json:
        sys.stdout.write(json.dumps(counts | {"refused": refused}) + "\n")
    else:
        told = ", ".join(f"{count} {name}" for name, count in counts.items())
        sys.stdout.write(f"{told}, {len(refused)} refused\n")
        for refusal in done.refused:
            sys.stderr.write(f"warmline: {args.file}, line {refusal.line}: {refusal.reason}\n")
    return 1 if refused else 0

"""`warmline forget`: erase everything held on a person, then prove it by searching."""

import asyncio
import json
import sys
from argparse import Namespace
from dataclasses import asdict

from bot import settings
from bot.store import Store


def run(args: Namespace) -> int:
    """Erase, and print what was erased and how it was proved. Returns 1 when anything is still found."""
    loaded = settings.load(args.config)
    store = Store.open(loaded.path(loaded.store.path))
    try:
        done = asyncio.run(store.forget(args.person, backups=loaded.path(loaded.store.backup_folder)))
    finally:
        store.close()
    report = asdict(done)
    if args.json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False, default=str) + "\n")
    else:
        for name, value in report.items():
            sys.stdout.write(f"{name.replace('_', ' ')}: {value}\n")
    return 0 if done.proved else 1

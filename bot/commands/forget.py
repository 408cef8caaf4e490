"""`warmline forget`: erase everything held on a person, then prove it by searching."""

import asyncio
import json
import sys
from argparse import Namespace
from dataclasses import asdict

from bot import settings
from bot.store import Store, StoreInUseError


def run(args: Namespace) -> int:
    """Erase, and print what was erased and how it was proved. Returns 1 when anything is still found, or nothing was.

    Raises StoreUnavailableError where there is no database yet: none is made.
    """
    loaded = settings.load(args.config)
    path = loaded.path(loaded.store.path)
    if not path.exists():
        Store.open_to_read(path)
    try:
        store = Store.open(path)
    except StoreInUseError:
        sys.stderr.write(f"warmline: the bot is running on {path}: stop it first, then forget\n")
        return 1
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
    if not any(done.counts.values()):
        sys.stderr.write(f"warmline: nothing is held on {args.person!r}\n")
        return 1
    return 0 if done.proved else 1

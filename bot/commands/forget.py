"""`warmline forget`: erase everything held on a person, then prove it by searching."""

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict

from bot import settings
from bot.commands.terminal import print_lines
from bot.store import Forgotten, Store, StoreInUseError


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
        print_lines(_told(done))
    if not any(done.counts.values()):
        sys.stderr.write(f"warmline: nothing is held on {args.person!r}\n")
        return 1
    return 0 if done.proved else 1


def _told(done: Forgotten) -> Iterator[str]:
    erased = ", ".join(f"{count} {name}" for name, count in done.counts.items() if count)
    yield f"Erased of {done.person}: {erased or 'nothing'}."
    yield f"Searched the file for {done.searched} of their words: {done.found} found{'.' if done.proved else ' STILL.'}"
    if done.elsewhere:
        yield f"{done.elsewhere} of these words stand in other people's rows too, who wrote the same; those were kept."
    for copy in done.backups:
        yield f"Still in the copy {copy}: delete it, or wait until newer copies push it out."

"""`warmline export`: everything held on a person, as JSON."""

import asyncio
import json
import sys
from argparse import Namespace

from bot import settings
from bot.store import Store


def run(args: Namespace) -> int:
    """Print one JSON object. Returns 1 when nothing is held."""
    loaded = settings.load(args.config)
    store = Store.open_to_read(loaded.path(loaded.store.path))
    try:
        held = asyncio.run(store.export(args.person))
    finally:
        store.close()
    sys.stdout.write(json.dumps(held, ensure_ascii=False, indent=None if args.json else 2) + "\n")
    if not any(value for key, value in held.items() if key != "person"):
        sys.stderr.write(f"warmline: nothing is held on {args.person!r}\n")
        return 1
    return 0

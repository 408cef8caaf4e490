"""`warmline run`: serve every channel that bot.toml switches on, until stopped."""

import asyncio
import sys
from argparse import Namespace

from bot import app, settings
from bot.knowledge import KnowledgeError
from channels.base import SetupError


def run(args: Namespace) -> int:
    """Serve until a signal. Prints the line `ready: ...` on standard output once all channels listen."""
    loaded = settings.load(args.config)
    if not loaded.channels:
        sys.stderr.write("warmline: no channel is switched on; write [console] or another one in bot.toml\n")
        return 2

    def ready() -> None:
        sys.stdout.write(f"ready: {', '.join(loaded.channels)}\n")
        sys.stdout.flush()

    try:
        asyncio.run(app.run(loaded, ready=ready))
    except (KnowledgeError, SetupError, app.StoppedError) as error:
        sys.stderr.write(f"warmline: {error}\n")
        return 1
    return 0

"""`warmline why`: the whole reasoning of a conversation, who did what when, and because of what."""

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Sequence

from bot import settings
from bot.commands.conversations import missing, to_json
from bot.commands.terminal import print_lines
from bot.conversation import Conversation, Event
from bot.store import Store


def run(args: Namespace) -> int:
    """Print what happened and why. Returns 2 when there is no such conversation."""
    loaded = settings.load(args.config)
    return asyncio.run(_print(Store.open_to_read(loaded.path(loaded.store.path)), args))


async def _print(store: Store, args: Namespace) -> int:
    try:
        conversation, events = await store.conversation(args.id), await store.events(args.id)
    finally:
        store.close()
    if conversation is None:
        return missing(args.id)
    if args.json:
        found = [{"kind": e.kind, "at": e.at.isoformat(), "by": e.by, "facts": dict(e.facts)} for e in events]
        sys.stdout.write(
            json.dumps({"conversation": to_json(conversation), "events": found}, ensure_ascii=False) + "\n"
        )
    else:
        print_lines(explain(conversation, events))
    return 0


def explain(conversation: Conversation, events: Sequence[Event]) -> list[str]:
    """A line for each thing that happened: when, who, what, and its facts."""
    head = (
        f"conversation {conversation.id} at {conversation.address}: {conversation.state}, owner {conversation.owner}"
        f"{f', outcome {conversation.outcome}' if conversation.outcome else ''}"
        f", issue type {conversation.issue_type or 'not recognised'}, language {conversation.language}"
    )
    return [head, *(f"{event.at:%Y-%m-%d %H:%M:%S}  {event.by:<14} {_what(event)}" for event in events)]


def _what(event: Event) -> str:
    facts = event.facts
    if event.kind == "moved":
        return f"{facts['from']} → {facts['to']} (owner {facts['owner']}): {facts['why']}"
    shown = [f"{name}={_short(value)}" for name, value in facts.items() if value not in (None, "", [])]
    return f"{event.kind.replace('_', ' ')}{': ' if shown else ''}{', '.join(shown)}"


def _short(value: object) -> str:
    if isinstance(value, list):
        return "[" + "; ".join(map(str, value)) + "]"
    if isinstance(value, float):
        return f"{value:.3g}"
    return f"“{value}”" if isinstance(value, str) and " " in value else str(value)

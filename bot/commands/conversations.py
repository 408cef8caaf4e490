"""`warmline conversations`: what is stored, all conversations or one with its turns."""

import asyncio
import json
import sys
from argparse import Namespace
from typing import Any

from bot import settings
from bot.commands.terminal import print_lines
from bot.conversation import Conversation, State, Turn
from bot.handoff import name_source
from bot.store import Store, Summary


def run(args: Namespace) -> int:
    """List the newest conversations, or print one whole. Returns 2 for an unknown id or state."""
    if args.state and args.state not in tuple(State):
        sys.stderr.write(f"warmline: {args.state!r} is not a state; use one of {', '.join(State)}\n")
        return 2
    loaded = settings.load(args.config)
    store = Store.open_to_read(loaded.path(loaded.store.path))
    return asyncio.run(_one(store, args) if args.id else _all(store, args))


async def _all(store: Store, args: Namespace) -> int:
    try:
        found = await store.conversations(args.limit, State(args.state) if args.state else None)
    finally:
        store.close()
    if args.json:
        rows = [to_json(one.conversation) | {"first_line": one.first_line} for one in found]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False) + "\n")
        return 0
    print_lines(_row(one) for one in found)
    if not found:
        print_lines(["no conversations yet"])
    return 0


def _row(one: Summary) -> str:
    of = one.conversation
    return (
        f"{of.id:>6}  {of.created_at:%Y-%m-%d %H:%M}  {of.state:<17}  {of.issue_type or '-':<18}  "
        f"{of.customer.name or of.customer.id}: {one.first_line[:60]}"
    )


async def _one(store: Store, args: Namespace) -> int:
    try:
        conversation = await store.conversation(args.id)
    finally:
        store.close()
    if conversation is None:
        return missing(args.id)
    if args.json:
        sys.stdout.write(json.dumps(to_json(conversation), ensure_ascii=False) + "\n")
        return 0
    print_lines(
        [f"conversation {conversation.id} at {conversation.address}: {conversation.state}"]
        + [_said(turn) for turn in conversation.turns]
    )
    return 0


def _said(turn: Turn) -> str:
    text = "(deleted)" if turn.deleted else turn.text
    sources = f"  [{'; '.join(map(name_source, turn.sources))}]" if turn.sources else ""
    return f"{turn.at:%Y-%m-%d %H:%M:%S}  {turn.role} {turn.author}: {text}{sources}"


def missing(conversation_id: str) -> int:
    """Say that there is no such conversation; the exit code for wrong use."""
    sys.stderr.write(f"warmline: there is no conversation {conversation_id!r}; `warmline conversations` lists them\n")
    return 2


def to_json(conversation: Conversation) -> dict[str, Any]:
    """A conversation as JSON, with the turns it was loaded with."""
    return {
        "id": conversation.id,
        "address": str(conversation.address),
        "customer": conversation.customer.name or conversation.customer.id,
        "created_at": conversation.created_at.isoformat(),
        "state": conversation.state,
        "owner": conversation.owner,
        "agent": conversation.agent.name or conversation.agent.id if conversation.agent else None,
        "outcome": conversation.outcome,
        "episode": conversation.episode,
        "issue_type": conversation.issue_type,
        "language": conversation.language,
        "turns": [
            {
                "role": turn.role,
                "kind": turn.kind,
                "author": turn.author,
                "at": turn.at.isoformat(),
                "text": turn.text,
                "sources": [{"article": source.article, "heading": source.heading} for source in turn.sources],
            }
            for turn in conversation.turns
        ],
    }

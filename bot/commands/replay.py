"""`warmline replay`: play recorded conversations through the real loop, and check what they promise."""

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.progress import track

from bot import settings
from bot.commands.dialogue import Dialogue, DialogueError, read
from bot.commands.player import Player, open_player
from bot.commands.promises import Played
from bot.knowledge import KnowledgeError


def run(args: Namespace) -> int:
    """Play every file. Returns 1 when a conversation failed, 2 when a file cannot be played."""
    try:
        dialogues = [dialogue for path in args.files for dialogue in read(path)]
        with open_player(settings.load(args.config)) as player:
            return asyncio.run(_play(player, dialogues, args))
    except (DialogueError, KnowledgeError) as error:
        sys.stderr.write(f"warmline replay: {error}\n")
        return 2


def to_json(played: Played) -> dict[str, Any]:
    """The stable form of one played conversation."""
    return {
        "id": played.id,
        "ok": not played.failures,
        "failures": list(played.failures),
        "state": played.state,
        "outcome": played.outcome,
        "escalations": [
            {"trigger": one.trigger, "turn": one.turn, "evidence": one.evidence} for one in played.escalations
        ],
        "turns": [
            {
                "role": turn.role,
                "text": turn.text,
                "sources": [{"article": source.article, "heading": source.heading} for source in turn.sources],
            }
            for turn in played.turns
        ],
        "ms": round(played.ms, 3),
    }


async def _play(player: Player, dialogues: list[Dialogue], args: Namespace) -> int:
    failed = 0
    for dialogue in _shown(dialogues):
        played = await player.play(dialogue)
        failed += bool(played.failures)
        sys.stdout.write(json.dumps(to_json(played), ensure_ascii=False) + "\n" if args.json else _readable(played))
    if not args.json:
        sys.stdout.write(f"{len(dialogues) - failed} of {len(dialogues)} conversations went as they should\n")
    return 1 if failed else 0


def _readable(played: Played) -> str:
    if not played.failures:
        return f"ok    {played.id}\n"
    lines = [f"FAIL  {played.id}", *(f"      - {failure}" for failure in played.failures)]
    lines += [f"      {turn.role}: {turn.text}".replace("\n", "\n        ") for turn in played.turns]
    return "\n".join(lines) + "\n"


def _shown(dialogues: list[Dialogue]) -> Iterable[Dialogue]:
    """With a bar on a terminal's standard error, unless the results go there line by line anyway."""
    hidden = not sys.stderr.isatty() or sys.stdout.isatty()
    return track(dialogues, "playing", console=Console(stderr=True), disable=hidden, transient=True)

"""What the loop works with: one bundle that the app fills and every room of the loop reads."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from bot import answer, desk, triage, triggers
from bot.crm.table import TableCrm
from bot.draft import Policy
from bot.embeddings import Embeddings
from bot.knowledge import Knowledge
from bot.store import Store
from bot.tools import Settings as Tools
from channels.base import Channel

if TYPE_CHECKING:
    from bot.author.author import Author

Clock: TypeAlias = Callable[[], datetime]


def new_code() -> str:
    """Six digits that nobody can guess."""
    return f"{secrets.randbelow(1_000_000):06d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the loop works with. Without an `author` the passages are quoted as they stand."""

    store: Store
    channels: Mapping[str, Channel]
    knowledge: Knowledge
    crm: TableCrm
    policy: Policy
    desk: desk.Settings
    triggers: triggers.Settings
    triage: triage.Triage
    answer: answer.Settings
    clock: Clock
    author: "Author | None" = None
    embeddings: Embeddings | None = None
    tools: Tools = field(default_factory=Tools)
    new_code: Callable[[], str] = new_code

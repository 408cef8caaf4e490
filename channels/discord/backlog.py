"""What is still to be read: by channel, from where on. Newer words of such a conversation wait until it was."""

import asyncio
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A channel, and the id of the newest message in it that was dealt with.

    `line` is the conversation that waits for it, 0 for none; `room` the watched channel that was not read to its end
    before this was, 0 where a conversation keeps by itself how far it was read.
    """

    channel: int
    after: int
    line: int = 0
    room: int = 0


@dataclass(slots=True, kw_only=True)
class Debt:
    """A gap that is being filled by so many readers."""

    after: int
    line: int
    room: int
    readers: int = 0


class Backlog:
    """Every gap of one connection. What is owed twice is settled when each reader is through: the later saw more."""

    def __init__(self) -> None:
        self._debts: dict[int, Debt] = {}
        self._rooms: Counter[int] = Counter()
        self._lines: Counter[int] = Counter()
        self._over: dict[int, asyncio.Event] = {}

    def owe(self, gap: Gap) -> None:
        """One more reader begins; of two places to read on from, the earlier holds."""
        debt = self._debts.get(gap.channel)
        if debt is None:
            debt = self._debts[gap.channel] = Debt(after=gap.after, line=gap.line, room=gap.room)
            self._rooms[gap.room] += 1
            self._lines[gap.line] += 1
            self._over.setdefault(gap.line, asyncio.Event())
        debt.after = min(debt.after, gap.after)
        debt.readers += 1

    def after(self, channel: int) -> int:
        """From where on a channel that is owed is to be read."""
        return self._debts[channel].after

    def read_to(self, channel: int, id: int) -> None:
        """A channel was read up to a message."""
        debt = self._debts[channel]
        debt.after = max(debt.after, id)

    def settle(self, channel: int) -> None:
        """One reader has read to the end, or gives up."""
        debt = self._debts[channel]
        debt.readers -= 1
        if debt.readers:
            return
        del self._debts[channel]
        self._rooms[debt.room] -= 1
        self._lines[debt.line] -= 1
        if not self._lines[debt.line]:
            del self._lines[debt.line]
            self._over.pop(debt.line).set()

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is still to be read."""
        return not self._debts

    def owes(self, room: int) -> bool:
        """Whether anything of a watched channel is still to be read."""
        return self._rooms[room] > 0

    async def settled(self, line: int) -> None:
        """Wait until a conversation was read."""
        while line and line in self._over:
            await self._over[line].wait()

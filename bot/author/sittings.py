"""Which conversations wait for the model now, and what each has cost since it was last stored."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.llm import Usage

OVERTAKEN_MOST = 3
"""Who writes on each time before the model is done is answered without it: nobody pays for requests without an end."""


class OvertakenError(Exception):
    """The customer wrote on, or a person took over, while the model was writing: what it writes is out of date."""


class Sittings:
    """One for the whole process; conversations by their ids."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._waiting: dict[str, asyncio.Timeout] = {}
        self._bills: defaultdict[str, list[Usage]] = defaultdict(list)
        self._overtaken: defaultdict[str, int] = defaultdict(int)

    @asynccontextmanager
    async def sit(self, conversation: str) -> AsyncIterator[list[Usage]]:
        """Wait for the model; what that costs goes on the bill. Raises OvertakenError when `overtake` is called."""
        try:
            async with asyncio.timeout(None) as patience:
                self._waiting[conversation] = patience
                yield self._bills[conversation]
        except TimeoutError as error:
            if patience.expired():
                raise OvertakenError from error
            raise
        finally:
            self._waiting.pop(conversation, None)

    def overtake(self, conversation: str) -> None:
        """Something new came: end the wait, for what it brings could not be stored any more."""
        if patience := self._waiting.pop(conversation, None):
            self._overtaken[conversation] += 1
            patience.reschedule(asyncio.get_running_loop().time())

    def is_restless(self, conversation: str) -> bool:
        """Whether the model was overtaken here so often that it is not asked again for now."""
        return self._overtaken.get(conversation, 0) >= OVERTAKEN_MOST

    def bill(self, conversation: str) -> tuple[Usage, ...]:
        """What was asked of the model since the conversation was last stored."""
        return tuple(self._bills.get(conversation, ()))

    def settle(self, conversation: str) -> None:
        """The conversation is stored, and its bill with it."""
        self._bills.pop(conversation, None)
        self._overtaken.pop(conversation, None)

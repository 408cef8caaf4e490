"""A channel in memory: what was sent stands in a list. For replays, tours and tests."""

from collections.abc import Awaitable, Callable, Iterable

from channels.base import Action, Message, Outgoing, Receipt


class Memory:
    """Keeps each post once, in the order sent. `events` are what it hears, handed in once each."""

    def __init__(self, name: str = "memory", events: Iterable[Message | Action] = ()) -> None:
        self.name = name
        self.posts: list[Outgoing] = []
        self._events = tuple(events)
        self._receipts: dict[str, Receipt] = {}

    async def listen(self, receive: Callable[[Message | Action], Awaitable[None]]) -> None:
        """Hand in the events and return: nobody else writes here."""
        for event in self._events:
            await receive(event)

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Keep a post, numbered from 1; the same id again changes nothing and has the same receipt."""
        if outgoing.id not in self._receipts:
            self._receipts[outgoing.id] = Receipt(id=str(len(self._receipts) + 1))
            self.posts.append(outgoing)
        return self._receipts[outgoing.id]

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Return the receipt of what is there already."""
        return self._receipts.get(outgoing.id)

    async def close(self) -> None:
        """Nothing to give back: what was sent stays readable."""

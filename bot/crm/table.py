"""The customers' table of our own store as a CRM."""

from bot.conversation import Account
from bot.store import Store
from channels.base import Person


class TableCrm:
    """Finds customers among those that were imported."""

    def __init__(self, store: Store) -> None:
        """Read from the store's customers."""
        self._store = store

    async def find(self, person: Person, *, channel: str = "") -> Account | None:
        """Return what is known of a person on a channel; None when nothing is, or it is not certain who it is."""
        return await self._store.find_account(person, channel=channel)

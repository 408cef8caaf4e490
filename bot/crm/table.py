"""The customers' table of our own store as a CRM."""

from datetime import datetime

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

    async def proven(self, person: Person, *, channel: str, at: datetime) -> Account | None:
        """Return the account that a person on a channel has proved to be theirs by a code, while that counts."""
        return await self._store.find_proven(person, channel=channel, at=at)

    async def at_email(self, email: str) -> Account | None:
        """Return the account with an e-mail address."""
        return await self._store.find_by_email(email)

    async def customer(self, id: str) -> Account | None:
        """Return an account by its id."""
        return await self._store.find_customer(id)

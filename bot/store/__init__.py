"""The only SQL: inbox, conversations, events, outbox, timers, knowledge."""

from bot.store.connection import StoreDamagedError, StoreUnavailableError
from bot.store.decisions import StaleVersionError
from bot.store.guard import StoreInUseError
from bot.store.records import Accepted, Parcel
from bot.store.sqlite import Store
from bot.store.writer import GroupWriter, InlineWriter, Writer

__all__ = [
    "Accepted",
    "GroupWriter",
    "InlineWriter",
    "Parcel",
    "StaleVersionError",
    "Store",
    "StoreDamagedError",
    "StoreInUseError",
    "StoreUnavailableError",
    "Writer",
]

"""The only SQL: inbox, conversations, events, outbox, timers, knowledge."""

from bot.store.backup import BackupFailedError
from bot.store.connection import StoreDamagedError, StoreUnavailableError
from bot.store.decisions import StaleVersionError
from bot.store.forgetting import Forgotten
from bot.store.guard import StoreInUseError
from bot.store.inline import InlineWriter
from bot.store.people import Imported, Refused
from bot.store.reading import Posting, StoredEvent, StoredGap, Summary
from bot.store.records import Accepted, Onward, Parcel
from bot.store.sqlite import Store
from bot.store.writer import GroupWriter, Writer

__all__ = [
    "Accepted",
    "BackupFailedError",
    "Forgotten",
    "GroupWriter",
    "Imported",
    "InlineWriter",
    "Onward",
    "Parcel",
    "Posting",
    "Refused",
    "StaleVersionError",
    "Store",
    "StoreDamagedError",
    "StoreInUseError",
    "StoreUnavailableError",
    "StoredEvent",
    "StoredGap",
    "Summary",
    "Writer",
]

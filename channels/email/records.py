"""What the house keeps for this channel: the secret, the conversations by mail, the counts, how far was read."""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from channels.base import Address, Bookmark, Host
from channels.email.caps import Ledger
from channels.email.settings import Caps
from channels.email.threads import Book, Signer, Thread

SECRET = "signing"  # noqa: S105 # the place where it is kept
CURSOR = "cursor "
MOST_THREADS = 20_000
SPARE_THREADS = 1_000  # so many more before the oldest are let go, all in one go


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept, once it was read."""

    signer: Signer
    book: Book
    ledger: Ledger
    cursors: dict[str, str]


class Records:
    """Reads once what is kept, and keeps what changes; bounded, whatever is written to us."""

    def __init__(self, host: Host, caps: Caps, *, clock: Callable[[], datetime], most: int = MOST_THREADS) -> None:
        self._host = host
        self._caps = caps
        self._clock = clock
        self._most = most
        self._opening = asyncio.Lock()
        self._kept: Kept | None = None

    async def open(self) -> Kept:
        """What is kept; the first call reads it, and makes this installation's secret at the very first start."""
        async with self._opening:
            if self._kept is None:
                since = await self._host.since()
                secret = since.bookmarks.get(SECRET, "")
                if not secret:
                    secret = secrets.token_hex(32)
                    await self._host.keep(Bookmark(place=SECRET, position=secret))
                signer = Signer(bytes.fromhex(secret))
                book = await asyncio.to_thread(Book, signer, since.bookmarks)  # it may hold many thousands
                self._kept = Kept(
                    signer=signer,
                    book=book,
                    ledger=Ledger(self._caps, signer, since.bookmarks),
                    cursors={place: at for place, at in since.bookmarks.items() if place.startswith(CURSOR)},
                )
                await self._let_go(self._kept, since.addresses)
            return self._kept

    async def position(self, place: str) -> str:
        """How far a place was read, empty where it never was."""
        return (await self.open()).cursors.get(place, "")

    def note(self, cursor: Bookmark) -> None:
        """Know of a cursor that was stored together with a message."""
        if self._kept is not None:
            self._kept.cursors[cursor.place] = cursor.position

    async def keep(self, *bookmarks: Bookmark) -> None:
        """Remember some places, in one commit where nothing else is between."""
        await asyncio.gather(*(self._host.keep(bookmark) for bookmark in bookmarks))
        for bookmark in bookmarks:
            if bookmark.place.startswith(CURSOR):
                self.note(bookmark)

    async def keep_threads(self, threads: Iterable[Thread]) -> None:
        """Remember how some conversations are now; lets the oldest go when there are too many."""
        kept = await self.open()
        await asyncio.gather(*(self._host.keep(thread.bookmark()) for thread in threads))
        if len(kept.book) > self._most + SPARE_THREADS:
            await self._let_go(kept, (await self._host.since()).addresses)

    async def is_open(self, address: Address) -> bool:
        """Whether somebody still works on a conversation."""
        return address in (await self._host.since()).addresses

    async def _let_go(self, kept: Kept, still_open: Iterable[Address]) -> None:
        """Forget the conversations by mail that are over longest, and the counts of days gone by."""
        places = kept.book.let_go(self._most, frozenset(still_open)) if len(kept.book) > self._most else []
        places += kept.ledger.let_go(self._clock().timestamp())
        await asyncio.gather(*(self._host.keep(Bookmark(place=place, position="")) for place in places))

"""The way in of one mailbox: from where it was read to, then for ever; each mail handed in once, in order."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

import structlog

from channels.base import Bookmark
from channels.email.access import Access
from channels.email.imap import Folder, Imap, LostError, RefusedError
from channels.email.records import CURSOR, Records
from channels.email.settings import Mailbox, Settings

T = TypeVar("T")

log = structlog.get_logger()

BATCH_MAILS = 50
BATCH_BYTES = 10_000_000
AHEAD_BYTES = 2_000_000
LOOKED_AT = 100
HEAD = "BODY.PEEK[HEADER]"
LONGEST_PAUSE = 300.0
REFUSED_PAUSE = 900.0
TRIES = 3
FIRST_WAIT = 1.0  # some servers never tell of a mail that came between a search and the wait after it
RESCAN_DAYS = 7
MOST_ANSWERED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A mail as the server has it; `too_big` when only its headers were fetched."""

    uid: int
    validity: int
    content: bytes
    size: int
    bookmark: Bookmark

    @property
    def too_big(self) -> bool:
        """Whether this is less than the whole mail."""
        return len(self.content) < self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch(Generic[T]):
    """What was made of some mails, and which they are."""

    read: tuple[T, ...]
    uids: tuple[int, ...]
    bytes: int


class Inbox(Generic[T]):
    """Watches one folder: `read` prepares a batch, while `take` stores the one before, cursor and all.

    Nothing is marked on the server before it is stored.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        settings: Settings,
        access: Access,
        *,
        records: Records,
        read: Callable[[Sequence[Raw]], Awaitable[Sequence[T]]],
        take: Callable[[Sequence[T]], Awaitable[None]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._mailbox = mailbox
        self._settings = settings
        self._access = access
        self._records = records
        self._read = read
        self._take = take
        self._now = now
        self._validity, self._last = 0, 0
        self._idle_failures = 0
        self._answered: set[int] = set()
        self._imap: Imap | None = None

    async def watch(self) -> None:
        """Read for ever. Raises SetupError for what no patience mends, the store's error when nothing can be stored."""
        pause, refused = self._settings.retry_seconds, 0
        self._validity, self._last = _to_cursor(await self._records.position(place_of(self._mailbox)))
        while True:
            imap = self._imap = Imap(self._mailbox, self._access, timeout=self._settings.timeout_seconds)
            try:
                await imap.connect()
                folder = await self._open(imap)
                pause, refused = self._settings.retry_seconds, 0
                await self._follow(imap, folder)
            except RefusedError as error:
                refused += 1
                log.error("mailbox_refused", mailbox=self._mailbox.address, reason=str(error))  # noqa: TRY400
                pause = REFUSED_PAUSE if refused >= TRIES else pause * 2
            except (LostError, OSError, TimeoutError) as error:
                log.warning("mailbox_lost", mailbox=self._mailbox.address, reason=str(error))
                pause = min(pause * 2, LONGEST_PAUSE)
            finally:
                await imap.close()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 # so that many do not come at once

    async def _open(self, imap: Imap) -> Folder:
        """Open the folder; begin at now the first time, look at a week again when the mails were numbered anew."""
        folder = await imap.select(self._mailbox.folder)
        if self._validity == folder.validity:
            return folder
        first = self._validity == 0
        if first or folder.next_uid == 0:
            known = await imap.uids("ALL") if folder.next_uid == 0 else []
            last = (known[-1] if known else 0) if folder.next_uid == 0 else folder.next_uid - 1
        if not first:
            log.warning("mailbox_renumbered", mailbox=self._mailbox.address)
            week_ago = self._now() - timedelta(days=RESCAN_DAYS)
            recent = await imap.uids(f"SINCE {week_ago:%d-%b-%Y}")
            last = recent[0] - 1 if recent else max(0, folder.next_uid - 1)
        self._validity, self._last = folder.validity, last
        self._answered.clear()
        await self._records.keep(self._bookmark(last))
        return folder

    def mark_answered(self, validity: int, uid: int) -> None:
        """Have a mail marked as answered, soon: our reply to it was accepted."""
        if self._mailbox.mark_seen and validity == self._validity and uid and len(self._answered) < MOST_ANSWERED:
            self._answered.add(uid)
            if self._imap is not None:
                self._imap.wake()

    async def _follow(self, imap: Imap, folder: Folder) -> None:
        """Search, then wait for news, for ever. The search after each wait is what counts; news only wake it."""
        longest = min(self._settings.idle_seconds, self._settings.search_seconds)
        seconds = FIRST_WAIT
        while True:
            await imap.noop()  # else some servers search what they knew when the folder was opened
            seconds = min(seconds, longest)
            while new := await self._new(imap):
                await self._take_in(imap, new)
                seconds = FIRST_WAIT
            if self._answered:
                await self._mark(imap, sorted(self._answered), "\\Answered")
                self._answered.clear()
            if imap.can_idle and self._idle_failures < TRIES:
                try:
                    news = await imap.wait_for_news(seconds)
                except (LostError, OSError):
                    self._idle_failures += imap.dead
                    raise
                self._idle_failures = 0
                seconds = FIRST_WAIT if news else longest
            else:
                await asyncio.sleep(self._settings.poll_seconds)

    async def _new(self, imap: Imap) -> list[int]:
        """The UIDs beyond the cursor: a search for `n:*` finds the last mail even when that is older."""
        return [uid for uid in await imap.uids(f"UID {self._last + 1}:*") if uid > self._last]

    async def _take_in(self, imap: Imap, uids: Sequence[int]) -> None:
        """Take mails in, batch by batch; the next one is fetched and read while a small one is stored."""
        batches = self._batches(imap, uids)
        batch = await self._prepare(imap, batches)
        while batch is not None:
            ahead = asyncio.ensure_future(self._prepare(imap, batches)) if batch.bytes <= AHEAD_BYTES else None
            try:
                await self._store(imap, batch)
            except BaseException:
                if ahead is not None:
                    ahead.cancel()
                    await asyncio.gather(ahead, return_exceptions=True)
                raise
            batch = await (ahead or self._prepare(imap, batches))
        self._last = max(self._last, uids[-1])  # those that are gone meanwhile are not looked for again

    async def _batches(self, imap: Imap, uids: Sequence[int]) -> AsyncIterator[list[tuple[int, int]]]:
        """UIDs and sizes, few enough at once."""
        for at in range(0, len(uids), LOOKED_AT):
            some = uids[at : at + LOOKED_AT]
            sizes = await imap.sizes(some)
            for batch in _batches([(uid, sizes[uid]) for uid in some if uid in sizes]):
                yield batch

    async def _prepare(self, imap: Imap, batches: AsyncIterator[list[tuple[int, int]]]) -> "_Batch[T] | None":
        """Fetch and read the next batch; None after the last."""
        batch = await anext(batches, None)
        if batch is None:
            return None
        limit = self._settings.max_mail_bytes
        whole = [uid for uid, size in batch if size <= limit]
        heads = [uid for uid, size in batch if size > limit]
        contents = await imap.fetch(whole) if whole else {}
        contents |= await imap.fetch(heads, HEAD) if heads else {}
        sizes = dict(batch)
        raws = [
            Raw(
                uid=uid,
                validity=self._validity,
                content=contents[uid],
                size=sizes[uid] if uid in heads else len(contents[uid]),
                bookmark=self._bookmark(uid),
            )
            for uid, _ in batch
            if uid in contents
        ]
        contents.clear()
        read = tuple(await self._read(raws)) if raws else ()
        return _Batch(read=read, uids=tuple(raw.uid for raw in raws), bytes=sum(len(raw.content) for raw in raws))

    async def _store(self, imap: Imap, batch: "_Batch[T]") -> None:
        if batch.uids:
            await self._take(batch.read)
            self._last = max(self._last, batch.uids[-1])
            if self._mailbox.mark_seen:
                await self._mark(imap, batch.uids, "\\Seen")

    async def _mark(self, imap: Imap, uids: Sequence[int], flag: str) -> None:
        with suppress(RefusedError):  # a folder that one may only read
            await imap.mark(uids, flag)

    def _bookmark(self, uid: int) -> Bookmark:
        return Bookmark(place=place_of(self._mailbox), position=json.dumps([self._validity, uid]))


def place_of(mailbox: Mailbox) -> str:
    """Where the cursor of a mailbox is kept."""
    return f"{CURSOR}{mailbox.address.lower()} {mailbox.folder}"


def _to_cursor(position: str) -> tuple[int, int]:
    if not position:
        return 0, 0
    validity, last = json.loads(position)
    return int(validity), int(last)


def _batches(sized: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Few enough at once that memory stays bounded: the client needs quadratic time for many."""
    batches: list[list[tuple[int, int]]] = []
    total = 0
    for uid, size in sized:
        if not batches or len(batches[-1]) >= BATCH_MAILS or total + size > BATCH_BYTES:
            batches.append([])
            total = 0
        batches[-1].append((uid, size))
        total += size
    return batches

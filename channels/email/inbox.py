"""The way in of one mailbox: from where it was read to, then for ever; each mail handed in once, in order."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from channels.base import Bookmark
from channels.email.access import Access
from channels.email.imap import Folder, Imap, LostError, RefusedError
from channels.email.settings import Mailbox, Settings

log = structlog.get_logger()

BATCH_MAILS = 50
BATCH_BYTES = 10_000_000
LOOKED_AT = 100
HEAD = "BODY.PEEK[HEADER]"
LONGEST_PAUSE = 300.0
REFUSED_PAUSE = 900.0
TRIES = 3
FIRST_WAIT = 1.0  # some servers never tell of a mail that came between a search and the wait after it
RESCAN_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A mail as the server has it; `too_big` when only its headers were fetched."""

    uid: int
    content: bytes
    size: int
    bookmark: Bookmark

    @property
    def too_big(self) -> bool:
        """Whether this is less than the whole mail."""
        return len(self.content) < self.size


Take = Callable[[Sequence[Raw]], Awaitable[None]]


class Inbox:
    """Watches one folder. `take` stores a batch, each mail together with its bookmark, before anything is marked."""

    def __init__(
        self,
        mailbox: Mailbox,
        settings: Settings,
        access: Access,
        *,
        position: str,
        keep: Callable[[Bookmark], Awaitable[None]],
        take: Take,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._mailbox = mailbox
        self._settings = settings
        self._access = access
        self._keep = keep
        self._take = take
        self._now = now
        self._validity, self._last = _to_cursor(position)
        self._idle_failures = 0

    async def watch(self) -> None:
        """Read for ever. Raises SetupError for what no patience mends, the store's error when nothing can be stored."""
        pause, refused = self._settings.retry_seconds, 0
        while True:
            imap = Imap(self._mailbox, self._access, timeout=self._settings.timeout_seconds)
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
        await self._keep(self._bookmark(last))
        return folder

    async def _follow(self, imap: Imap, folder: Folder) -> None:
        """Search, then wait for news, for ever. The search after each wait is what counts; news only wake it."""
        longest = min(self._settings.idle_seconds, self._settings.search_seconds)
        seconds = FIRST_WAIT
        while True:
            await imap.noop()  # else some servers search what they knew when the folder was opened
            seconds = min(seconds, longest)
            while new := await self._new(imap):
                await self._read(imap, new)
                seconds = FIRST_WAIT
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

    async def _read(self, imap: Imap, uids: Sequence[int]) -> None:
        for at in range(0, len(uids), LOOKED_AT):
            some = uids[at : at + LOOKED_AT]
            sizes = await imap.sizes(some)
            for batch in _batches([(uid, sizes[uid]) for uid in some if uid in sizes]):
                await self._read_batch(imap, batch)
            if some[-1] > self._last:  # those that are gone meanwhile are not looked for again
                self._last = some[-1]

    async def _read_batch(self, imap: Imap, batch: Sequence[tuple[int, int]]) -> None:
        limit = self._settings.max_mail_bytes
        whole = [uid for uid, size in batch if size <= limit]
        heads = [uid for uid, size in batch if size > limit]
        contents = await imap.fetch(whole) if whole else {}
        contents |= await imap.fetch(heads, HEAD) if heads else {}
        sizes = dict(batch)
        raws = [
            Raw(
                uid=uid,
                content=contents[uid],
                size=sizes[uid] if uid in heads else len(contents[uid]),
                bookmark=self._bookmark(uid),
            )
            for uid, _ in batch
            if uid in contents
        ]
        contents.clear()
        if raws:
            await self._take(raws)
            self._last = max(self._last, raws[-1].uid)
            if self._mailbox.mark_seen:
                with suppress(RefusedError):  # a folder that one may only read
                    await imap.mark([raw.uid for raw in raws], "\\Seen")

    def _bookmark(self, uid: int) -> Bookmark:
        place = f"cursor {self._mailbox.address.lower()} {self._mailbox.folder}"
        return Bookmark(place=place, position=json.dumps([self._validity, uid]))


def place_of(mailbox: Mailbox) -> str:
    """Where the cursor of a mailbox is kept."""
    return f"cursor {mailbox.address.lower()} {mailbox.folder}"


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

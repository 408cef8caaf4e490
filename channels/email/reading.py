"""Mails read in a process of their own: a hostile one can neither stop the service nor fill its memory."""

import asyncio
import hashlib
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from channels.email.child import LENGTH, to_mail
from channels.email.reader import Mail

HEAD_BYTES = 65_536
PIECE_BYTES = 262_144
TOO_MUCH = "it could not be read: too much for the time it may take"
FAILURES = (TimeoutError, OSError, EOFError, ValueError, KeyError, TypeError)


class Reader:
    """Reads mails in a child process, one after the other; one that takes too long is killed and made anew."""

    def __init__(self, *, seconds: float, own: frozenset[str], keep_bytes: int) -> None:  # `seconds` for each mail
        self._seconds = seconds
        self._options = json.dumps({"own": sorted(own), "keep_bytes": keep_bytes})
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def read(self, raws: Sequence[bytes]) -> list[Mail]:
        """Read some mails; what cannot be read in time has its headers and an `error`. Raises for nothing in them."""
        mails: list[Mail] = []
        async with self._lock:
            while len(mails) < len(raws):
                if not await self._ask(raws[len(mails) :], mails):
                    mails.append(await self._headers_of(raws[len(mails)]))
        return mails

    async def warm_up(self) -> None:
        """Start the process before the first mail comes."""
        async with self._lock:
            if self._process is None:
                await self._start()

    async def close(self) -> None:
        """End the process."""
        await self._kill()

    async def _headers_of(self, raw: bytes) -> Mail:
        """What the headers say, where they alone can be read."""
        found: list[Mail] = []
        if await self._ask([_head(raw)], found):
            return replace(found[0], error=TOO_MUCH)
        start = hashlib.sha256(raw[:PIECE_BYTES]).hexdigest()
        return Mail(digest=hashlib.sha256(f"{start} {len(raw)}".encode()).hexdigest(), error=TOO_MUCH)

    async def _ask(self, raws: Sequence[bytes], mails: list[Mail]) -> bool:
        """Append the mails to `mails`; False when the process failed at the next one, and is gone."""
        try:
            process = self._process or await self._start()
            writing = asyncio.ensure_future(_write(process, raws))
            try:
                for _ in raws:
                    async with asyncio.timeout(self._seconds):
                        mails.append(await _answer(process))
            finally:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
        except FAILURES:
            await self._kill()
            return False
        except BaseException:
            await self._kill()  # cancelled in the middle of an answer: the next one would be out of step
            raise
        return True

    async def _start(self) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from channels.email.child import main; main()",
            self._options,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
        )  # fmt: skip
        return self._process

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()


async def _write(process: asyncio.subprocess.Process, raws: Sequence[bytes]) -> None:
    """Hand the mails over: small ones together, big ones in pieces."""
    if process.stdin is None:
        return
    waiting: list[bytes] = []
    size = 0
    for raw in raws:
        waiting += [LENGTH.pack(len(raw)), raw]
        size += len(raw)
        if size < PIECE_BYTES:
            continue
        if size - len(raw) < PIECE_BYTES <= len(raw):  # all at once would be copied again for each piece that leaves
            process.stdin.write(b"".join(waiting[:-1]))
            for at in range(0, len(raw), PIECE_BYTES):
                process.stdin.write(memoryview(raw)[at : at + PIECE_BYTES])
                await process.stdin.drain()
        else:
            process.stdin.write(b"".join(waiting))
            await process.stdin.drain()
        waiting, size = [], 0
    process.stdin.write(b"".join(waiting))
    await process.stdin.drain()


async def _answer(process: asyncio.subprocess.Process) -> Mail:
    if process.stdout is None:
        raise OSError("the reader has no pipes")
    length = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
    facts = json.loads(await process.stdout.readexactly(length))
    contents = [None if file[3] is None else await process.stdout.readexactly(file[3]) for file in facts["files"]]
    return to_mail(facts, contents)


def _head(raw: bytes) -> bytes:
    head = raw[:HEAD_BYTES]
    for blank in (b"\r\n\r\n", b"\n\n"):
        if blank in head:
            return head[: head.index(blank)] + b"\r\nContent-Type: text/plain\r\n\r\n"
    return head

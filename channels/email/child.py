"""The reader in a process of its own: a hostile mail can neither stop the service nor fill its memory."""

import asyncio
import json
import struct
import sys
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, BinaryIO

from channels.email.headers import Contact
from channels.email.machines import Bounce, Kind
from channels.email.reader import File, Mail, read

LENGTH = struct.Struct(">Q")
HEAD_BYTES = 65_536
PIECE_BYTES = 262_144


class Reader:
    """Reads mails in a child process, one after the other; one that takes too long is killed and made anew."""

    def __init__(self, *, seconds: float, own: frozenset[str], keep_bytes: int) -> None:
        self._seconds = seconds
        self._own = own
        self._keep_bytes = keep_bytes
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def read(self, raw: bytes) -> Mail:
        """Read a mail; what cannot be read in time has its headers and an `error`. Never raises for what is in it."""
        async with self._lock:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._ask(raw)
            except (TimeoutError, OSError, EOFError, ValueError):
                await self._kill()
                mail = read(_head(raw), own=self._own)
                return replace(mail, error="it could not be read: too much for the time it may take")
            except BaseException:
                await self._kill()  # cancelled in the middle of an answer: the next one would be out of step
                raise

    async def warm_up(self) -> None:
        """Start the process before the first mail comes."""
        async with self._lock:
            if self._process is None:
                await self._start()

    async def close(self) -> None:
        """End the process."""
        await self._kill()

    async def _ask(self, raw: bytes) -> Mail:
        process = self._process or await self._start()
        if process.stdin is None or process.stdout is None:
            raise OSError("the reader has no pipes")
        process.stdin.write(LENGTH.pack(len(raw)))
        for at in range(0, len(raw), PIECE_BYTES):  # all at once would be copied again for each piece that leaves
            process.stdin.write(memoryview(raw)[at : at + PIECE_BYTES])
            await process.stdin.drain()
        head = json.loads(await process.stdout.readexactly(LENGTH.unpack(await process.stdout.readexactly(8))[0]))
        contents = [
            await process.stdout.readexactly(size) if size is not None else None for size in head.pop("contents")
        ]
        return _to_mail(head, contents)

    async def _start(self) -> asyncio.subprocess.Process:
        options = json.dumps({"own": sorted(self._own), "keep_bytes": self._keep_bytes})
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            f"from {__name__} import main; main()",
            options,
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


def serve(options: dict[str, Any], source: BinaryIO, sink: BinaryIO) -> None:
    """Read mail after mail until the input ends."""
    own = frozenset(options["own"])
    while len(head := source.read(8)) == 8:
        raw = source.read(LENGTH.unpack(head)[0])
        mail = read(raw, own=own, keep_bytes=options["keep_bytes"])
        contents = [file.content for file in mail.files]
        facts = asdict(replace(mail, files=tuple(replace(file, content=None) for file in mail.files)))
        facts["sent_at"] = mail.sent_at.isoformat() if mail.sent_at else None
        facts["contents"] = [None if content is None else len(content) for content in contents]
        answer = json.dumps(facts).encode()
        sink.write(LENGTH.pack(len(answer)))
        sink.write(answer)
        for content in contents:
            sink.write(content or b"")
        sink.flush()


def _to_mail(facts: dict[str, Any], contents: list[bytes | None]) -> Mail:
    bounce = facts.pop("bounce")
    files = facts.pop("files")
    at = facts.pop("sent_at")
    fixed: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
    fixed["sender"], fixed["reply_to"] = Contact(**facts["sender"]), Contact(**facts["reply_to"])
    fixed["kind"] = Kind(facts["kind"])
    return Mail(
        **fixed,
        sent_at=datetime.fromisoformat(at) if at else None,
        bounce=Bounce(**bounce | {"recipients": tuple(bounce["recipients"])}) if bounce else None,
        files=tuple(File(**file | {"content": content}) for file, content in zip(files, contents, strict=True)),
    )


def _head(raw: bytes) -> bytes:
    head = raw[:HEAD_BYTES]
    for blank in (b"\r\n\r\n", b"\n\n"):
        if blank in head:
            return head[: head.index(blank)] + b"\r\nContent-Type: text/plain\r\n\r\n"
    return head


def main() -> None:
    """What the child process runs."""
    serve(json.loads(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)

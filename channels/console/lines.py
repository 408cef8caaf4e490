"""Lines from a file descriptor, without holding up the event loop: a terminal, a pipe or a file."""

import asyncio
import os
from typing import Protocol

CHUNK = 65_536


class HasDescriptor(Protocol):
    """A file, or anything else that knows its number with the operating system."""

    def fileno(self) -> int:
        """The number."""


class Lines:
    """Reads line after line; the last one needs no line end. What is not UTF-8 becomes the replacement sign.

    Without a file, as when a service is started with its input closed, there is no line.
    """

    def __init__(self, file: HasDescriptor | None) -> None:
        self._file = file
        self._read = bytearray()
        self._searched = 0  # bytes known to hold no line end, so that a line of 1 MB is searched once
        self._ended = file is None

    async def read(self) -> str | None:
        """Return the next line without its end; None when there is no more."""
        while (end := self._read.find(b"\n", self._searched)) < 0 and not self._ended:
            self._searched = len(self._read)
            chunk = await self._chunk()
            self._read += chunk
            self._ended = not chunk
        if end < 0 and not self._read:
            return None
        line = bytes(self._read if end < 0 else self._read[:end])
        del self._read[: len(line) + 1]
        self._searched = 0
        return line.removesuffix(b"\r").decode("utf-8", "replace")

    async def _chunk(self) -> bytes:
        if self._file is None:
            return b""
        descriptor = self._file.fileno()
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        try:
            loop.add_reader(descriptor, readable.set)
        except (PermissionError, NotImplementedError):
            # A file is always readable, and Windows cannot wait for a terminal: read beside the loop.
            return await asyncio.to_thread(os.read, descriptor, CHUNK)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(descriptor)
        return os.read(descriptor, CHUNK)

"""Hand risky formats to a child process with limits, and wait for it no longer than they deserve."""

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from bot.knowledge.folder import RefusedError
from bot.knowledge.reader import Text

_CHILD = Path(__file__).with_name("child.py")
_WALL_SECONDS = 20.0
_READ_BYTES = 1 << 16
_MAX_REPLY_BYTES = 40_000_000


class Converter:
    """Converts one file at a time in the background; a file that kills the child is refused, the next gets a new one.

    Files are known by a key that names path and content, so that the same content is never tried twice at once.
    """

    def __init__(self, *, wall_seconds: float = _WALL_SECONDS, program: Path = _CHILD) -> None:
        self._program = program
        self._wall_seconds = wall_seconds
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="knowledge-converter")
        self._futures: dict[tuple[str, str], Future[Text]] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()
        self._closed = False

    def submit(self, key: tuple[str, str], suffix: str, content: bytes) -> None:
        """Begin with a file unless it is under way, or everything is over."""
        if key not in self._futures and not self._closed:
            self._futures[key] = self._pool.submit(self._convert, suffix, content)

    def wait(self, seconds: float) -> None:
        """Wait until everything is converted, at most so long."""
        wait(self._futures.values(), timeout=seconds)

    def collect(self) -> dict[tuple[str, str], Text | RefusedError]:
        """Take what is done; the child goes when nothing is left to do, so that it holds no memory."""
        done: dict[tuple[str, str], Text | RefusedError] = {}
        for key, future in list(self._futures.items()):
            if future.done():
                del self._futures[key]
                if future.cancelled():
                    continue
                error = future.exception()
                done[key] = RefusedError(str(error)) if error is not None else future.result()
        if not self._futures:
            self._end_child()
        return done

    @property
    def running(self) -> bool:
        """Whether there is a child, with its memory."""
        return self._child is not None

    def close(self) -> None:
        """End the child and forget what is under way. Safe to call twice."""
        with self._starting:
            self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._end_child()  # whoever waits for its reply sees its end at once
        self._pool.shutdown(wait=True)

    def _convert(self, suffix: str, content: bytes) -> Text:
        try:
            reply = _asked(self._started(), suffix, content, time.monotonic() + self._wall_seconds)
        except TimeoutError as error:
            self._end_child()
            raise RefusedError("takes too long to read: split it, or save it anew as simple text") from error
        except (OSError, EOFError, ValueError) as error:
            self._end_child()
            raise RefusedError("crashes its reader or takes too long: save it anew as simple text") from error
        if "refusal" in reply:
            raise RefusedError(reply["refusal"])
        return Text(markdown=reply["markdown"], title=reply["title"], audience=reply["audience"])

    def _started(self) -> subprocess.Popen[bytes]:
        with self._starting:
            if self._closed:
                raise EOFError
            if self._child is None:
                self._child = subprocess.Popen(  # noqa: S603 - our own program, no words from outside
                    # -P: the modules beside the child's file must not hide the standard library's.
                    [sys.executable, "-P", str(self._program)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            return self._child

    def _end_child(self) -> None:
        with self._starting:
            child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _asked(child: subprocess.Popen[bytes], suffix: str, content: bytes, deadline: float) -> dict[str, str]:
    """Send one file, return the reply. Raises TimeoutError, EOFError when the child died, ValueError on nonsense."""
    if child.stdin is None or child.stdout is None:
        raise EOFError
    header = json.dumps({"suffix": suffix, "bytes": len(content)}).encode() + b"\n"
    child.stdin.write(header + content)
    child.stdin.flush()
    reply = bytearray()
    readable = select.poll()
    readable.register(child.stdout, select.POLLIN)
    while not reply.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not readable.poll(left * 1_000):
            raise TimeoutError
        chunk = os.read(child.stdout.fileno(), _READ_BYTES)
        if not chunk or len(reply) > _MAX_REPLY_BYTES:
            raise EOFError
        reply += chunk
    answer: dict[str, str] = json.loads(reply)
    return answer

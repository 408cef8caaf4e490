"""Mail: a backlog stored, a question answered over real sockets, a loss noticed, a big mail read."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bot.store import Store
from channels import email
from tests.bench.figures import Figure, milliseconds
from tests.bench.place import workplace
from tests.channels.email.desk import letter, mailbox
from tests.channels.email.service import service
from tests.fakes.dovecot import PROGRAM, Dovecot, dovecot
from tests.fakes.mail import AUTHORITY, PASSWORD, ImapServer, SmtpServer, Wire, servers

BACKLOG = 5_000
QUESTIONS = 20
BIG_BYTES = 30_000_000
PATIENCE_SECONDS = 120.0


def measure() -> list[Figure]:
    """Over loopback, with the real store on disk; servers and service share this process and its two cores."""
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    os.environ["WARMLINE_TEST_PASSWORD"] = PASSWORD
    with workplace() as folder:
        AUTHORITY.cert_pem.write_to_path(str(folder / "ca.pem"))
        async with servers() as (imap, smtp):
            own = mailbox(imap.port, smtp.port, folder / "ca.pem")
            figures = [
                *(await _backlog(folder / "backlog", own, lambda: imap.deliver(*_notes())) if PROGRAM is None else ()),
                await _answers(folder / "answers", own, imap, smtp, "pymap's IDLE", "p50 < 150 ms"),
                *await _loss(folder / "loss", own, imap),
            ]
            if PROGRAM is not None:
                with dovecot() as server:
                    there = replace(own, imap_port=server.imap, imap_tls="none")
                    figures.append(
                        await _answers(folder / "dovecot", there, server, smtp, "Dovecot's IDLE", "p50 < 1.2 s")
                    )
                    figures += await _backlog(folder / "backlog", there, lambda: asyncio.to_thread(_refill, server))
                    figures += await _big(folder / "big", there, server)
    return figures


def _refill(server: Dovecot) -> None:
    """Dovecot was away, and finds mails in its folder: it works in processes of its own."""
    server.stop()
    server.fill(_notes())
    server.start()


def _notes() -> list[bytes]:
    """Mails that a machine wrote, so that only reading and storing is measured."""
    return [
        letter(f"This is note {n}", message_id=f"<{n}@bench.test>", Auto_Submitted="auto-generated")
        for n in range(BACKLOG)
    ]


async def _backlog(folder: Path, own: email.Mailbox, arrive: Callable[[], Awaitable[None]]) -> list[Figure]:
    """What waited while we were away; `arrive` brings it."""
    async with service(folder, own) as store:
        last = await _cursor(store)
    await arrive()
    async with service(folder, own) as store:
        began, spent = time.perf_counter(), _cpu()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await _cursor(store) < last + BACKLOG:  # noqa: ASYNC110 # it polls what it measures
                await asyncio.sleep(0.05)
        seconds, spent = time.perf_counter() - began, _cpu() - spent
    return [
        Figure(
            name=f"{BACKLOG:,} mails waiting, read and stored", bar=">= 400/s", measured=f"{BACKLOG / seconds:.0f}/s"
        ),
        Figure(name="  CPU for each, service and reader", measured=f"{spent / BACKLOG * 1e3:.2f} ms"),
    ]


async def _cursor(store: Store) -> int:
    """The UID of the newest mail that is stored, with all before it."""
    marks = (await store.since("email")).bookmarks
    return next((int(mark.rstrip("]").split(",")[1]) for place, mark in marks.items() if place.startswith("cursor")), 0)


def _cpu() -> float:
    """Seconds that this process and the reader's have worked."""
    ticks = sum(
        sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
        for pid in (os.getpid(), *_children())
    )
    return ticks / os.sysconf("SC_CLK_TCK")


async def _answers(folder: Path, own: email.Mailbox, imap: object, smtp: SmtpServer, name: str, bar: str) -> Figure:
    spent: list[float] = []
    async with service(folder, own):
        for n in range(QUESTIONS):
            before = len(smtp.mails)
            raw = letter("How do I return an item?", sender=f"c{n}@shop{n}.test", message_id=f"<q{n}@bench.test>")
            began = time.perf_counter()
            if isinstance(imap, ImapServer):
                await imap.deliver(raw)
            else:
                await asyncio.to_thread(imap.deliver, [raw])  # type: ignore[attr-defined] # Dovecot's
            while len(smtp.mails) == before and time.perf_counter() - began < 10:  # noqa: ASYNC110 # it polls what it measures
                await asyncio.sleep(0.001)
            spent.append(time.perf_counter() - began)
    return Figure(name=f"a mail until SMTP took the answer, {name}", bar=bar, measured=milliseconds(spent))


async def _loss(folder: Path, own: email.Mailbox, imap: ImapServer) -> list[Figure]:
    wire = Wire(imap.port)
    await wire.start()
    async with service(folder, replace(own, imap_port=wire.port)) as store:
        before, connected = len(await store.conversations(limit=10)), wire.connections
        wire.cut(reset=True)
        began = time.perf_counter()
        await imap.deliver(letter("Is anybody there?", sender="x@loss.test", message_id="<loss@bench.test>"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while wire.connections == connected:  # noqa: ASYNC110 # it polls what it measures
                await asyncio.sleep(0.001)
        noticed = time.perf_counter() - began
        await _stored(store, before + 1)
        seconds = time.perf_counter() - began
    wire.stop()
    return [
        Figure(name="connection cut, until a new one is made", bar="< 1 s", measured=f"{noticed * 1e3:.0f} ms"),
        Figure(name="  until what came meanwhile is stored", bar="< 5 s", measured=f"{seconds:.2f} s"),
    ]


async def _big(folder: Path, own: email.Mailbox, imap: Dovecot) -> list[Figure]:
    waiting = imap.put_aside(_film())
    async with service(folder, own) as store, _watched() as stalls:
        await asyncio.to_thread(imap.deliver, [letter("How do I return an item?", message_id="<small@bench.test>")])
        await _stored(store, 1)  # so that rules are compiled, which the service does at its start
        await asyncio.sleep(1.5)
        rested = [(pid, _memory(pid, "VmRSS")) for pid in (os.getpid(), *_children())]
        for pid, _ in rested:
            _forget_peak(pid)
        stalls.clear()
        began = time.perf_counter()
        waiting.rename(waiting.parent.parent / "new" / waiting.name)
        await _stored(store, 2)
        seconds = time.perf_counter() - began
        grown = sum(_memory(pid, "VmHWM") - was for pid, was in rested)
    return [
        Figure(name="a mail of 30 MB, from its arrival until it is stored", measured=f"{seconds:.2f} s"),
        Figure(name="  memory for it, service and reader", bar="< 150 MB", measured=f"{grown:.0f} MB"),
        Figure(name="  longest stall of the service", bar="< 50 ms", measured=f"{max(stalls) * 1e3:.0f} ms"),
    ]


async def _stored(store: Store, number: int) -> None:
    """Wait until so many conversations are stored."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(await store.conversations(limit=number)) < number:  # noqa: ASYNC110 # it polls what it measures
            await asyncio.sleep(0.01)


def _film() -> bytes:
    head = letter("", message_id="<big@bench.test>", sender="b@big.test").partition(b"Content-Type")[0]
    line = b"QUJD" * 19 + b"\r\n"
    return (
        head + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nHere is a film of it\r\n'
        b"--b\r\nContent-Type: video/mp4; name=film.mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + line * (BIG_BYTES // len(line)) + b"--b--\r\n"
    )  # fmt: skip


@asynccontextmanager
async def _watched() -> AsyncIterator[list[float]]:
    """How much later than it wanted a task that only sleeps went on, in seconds, again and again."""
    stalls: list[float] = []

    async def watch() -> None:
        while True:
            at = time.perf_counter()
            await asyncio.sleep(0.001)
            stalls.append(time.perf_counter() - at - 0.001)

    task = asyncio.create_task(watch())
    try:
        yield stalls
    finally:
        task.cancel()


def _memory(pid: int, name: str) -> float:
    """Megabytes, as the kernel counts them."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1_024


def _forget_peak(pid: int) -> None:
    """Have the kernel count the most memory that a process had from here on."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _children() -> list[int]:
    """The reader's processes; a server of ours is none."""
    kids = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [int(kid) for kid in kids if b"channels.email" in Path(f"/proc/{kid}/cmdline").read_bytes()]

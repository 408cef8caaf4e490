"""The reader's process: what it needs, and what becomes of mails when it fails."""

import signal
import subprocess
import sys
from pathlib import Path

from channels.base import Message
from channels.email.reading import Reader
from tests.channels.email.desk import letter, post
from tests.channels.email.test_bad_input import nested

HEAVY = """
import sys
import channels.email.child
heavy = {"asyncio", "ssl", "structlog", "aioimaplib", "aiosmtplib", "markdown_it", "nh3", "flufl", "charset_normalizer"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_readers_process_imports_only_what_reading_needs() -> None:
    done = subprocess.run([sys.executable, "-c", HEAVY], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_a_batch_comes_back_in_its_order() -> None:
    reader = Reader(seconds=10.0, own=frozenset(), keep_bytes=0)
    mails = await reader.read([letter(f"Number {n} of these mails", message_id=f"<{n}@x.test>") for n in range(50)])
    await reader.close()
    assert [mail.text for mail in mails] == [f"Number {n} of these mails" for n in range(50)]


async def test_a_big_mail_between_small_ones_comes_back_whole() -> None:
    reader = Reader(seconds=10.0, own=frozenset(), keep_bytes=10_000_000)
    big = letter("Here it is").replace(
        b"Content-Type: text/plain", b"Content-Type: application/octet-stream; name=big.bin\r\nX-Was: text/plain"
    )
    raws = [letter("The small one before"), big + b"x" * 2_000_000, letter("The small one after")]
    before, file, after = await reader.read(raws)
    await reader.close()
    assert (before.text, after.text) == ("The small one before", "The small one after")
    assert file.files[0].content is not None
    assert file.files[0].content.count(b"x") == 2_000_000


async def test_fifteen_hundred_parts_in_each_other_are_read_by_the_readers_process() -> None:
    reader = Reader(seconds=10.0, own=frozenset(), keep_bytes=0)
    (mail,) = await reader.read([nested(1_500)])
    await reader.close()
    assert (mail.subject, mail.error) == ("My parcel", "it has more parts than are looked at")


async def test_a_mail_that_takes_too_long_comes_with_its_headers_and_holds_up_no_other(tmp_path: Path) -> None:
    async with post(tmp_path, listen=False, read_seconds=1.5) as office:
        await office.start()
        slow = office.email._reader
        process = slow._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)  # it stands still, as if a mail kept it busy
        heard = await office.write(letter(), letter("The next one of my mails", message_id="<2@customer.test>"))
        assert [getattr(one, "needs_person", "") != "" for one in office.heard] == [True, False]
        assert heard.text == "The next one of my mails"
        first = office.heard[0]
        assert isinstance(first, Message)
        assert (first.subject, first.sender.email) == ("My parcel", "mara@customer.test")


async def test_a_reader_that_dies_is_made_anew(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        process = office.email._reader._process
        assert process is not None
        process.kill()
        await process.wait()
        await office.write(letter())
        heard = await office.write(letter("The next one of my mails", message_id="<2@customer.test>"))
        assert (heard.text, heard.needs_person) == ("The next one of my mails", "")

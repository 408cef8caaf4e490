"""The same way in with Dovecot, which differs from the server of the other tests in what matters."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from channels.base import Message
from tests.channels.email.desk import Post, letter, post, until
from tests.fakes.dovecot import PROGRAM, Dovecot, dovecot

pytestmark = [
    pytest.mark.dovecot,
    pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not installed: apt-get install dovecot-imapd dovecot-lmtpd"),
]


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


async def move_in(office: Post, server: Dovecot) -> None:
    box = replace(office.settings.mailboxes[0], imap_port=server.imap, imap_tls="none", imap_host="localhost")
    office.settings = replace(office.settings, mailboxes=(box,))
    await office.restart()


async def test_a_new_mail_is_pushed(tmp_path: Path, server: Dovecot) -> None:
    async with post(tmp_path, listen=False) as office:
        await move_in(office, server)
        server.deliver([letter()])
        await until(lambda: len(office.heard) == 1)
        assert isinstance(office.heard[0], Message)
        assert office.heard[0].text == "Where is my parcel 4711?"


async def test_a_server_that_comes_back_is_read_on(tmp_path: Path, server: Dovecot) -> None:
    async with post(tmp_path, listen=False) as office:
        await move_in(office, server)
        server.stop()
        server.start()
        server.deliver([letter()])
        await until(lambda: len(office.heard) == 1)


async def test_mails_that_are_numbered_anew_are_heard_once(tmp_path: Path, server: Dovecot) -> None:
    async with post(tmp_path, listen=False) as office:
        await move_in(office, server)
        server.deliver([letter()])
        await until(lambda: len(office.heard) == 1)
        await office.stop()
        server.stop()
        server.renumber()
        server.start()
        await office.restart()
        server.deliver([letter("The second of my mails", message_id="<2@customer.test>")])
        await until(lambda: len(office.heard) == 2)


async def test_a_backlog_of_more_than_a_thousand_is_read(tmp_path: Path, server: Dovecot) -> None:
    async with post(tmp_path, listen=False) as office:
        await move_in(office, server)
        await office.stop()
        server.stop()
        server.fill(letter(f"This is question {n}", message_id=f"<{n}@customer.test>") for n in range(1_200))
        server.start()
        await office.restart()
        await until(lambda: len(office.heard) == 1_200)

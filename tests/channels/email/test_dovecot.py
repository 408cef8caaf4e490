"""The same way in with Dovecot, which differs from the server of the other tests in what matters."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from channels.base import Message, Outgoing
from tests.channels.email.desk import Post, letter, post, until
from tests.channels.email.test_bad_input import nested
from tests.channels.email.test_tokens import with_tokens
from tests.fakes.dovecot import PROGRAM, Dovecot, dovecot, token
from tests.fakes.mail_tokens import CLIENT, REFRESH, SECRET, token_server

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


async def test_tokens_are_good_with_dovecot_and_an_old_one_is_replaced(
    tmp_path: Path, server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("TEST_REFRESH", REFRESH), ("TEST_CLIENT", CLIENT), ("TEST_CLIENT_SECRET", SECRET)):
        monkeypatch.setenv(name, value)
    now = time.time()
    async with token_server() as tokens, post(tmp_path, listen=False) as office:
        tokens.made = [token(until=now - 60), token(until=now + 3_600)]
        box = with_tokens(office.settings.mailboxes[0], tokens)
        office.settings = replace(office.settings, mailboxes=(box,))
        await move_in(office, server)
        server.deliver([letter()])
        await until(lambda: len(office.heard) == 1)
        assert len(tokens.forms) == 2


async def test_a_mail_that_we_answered_is_marked_so(tmp_path: Path, server: Dovecot) -> None:
    async with post(tmp_path, listen=False) as office:
        await move_in(office, server)
        server.deliver([letter()])
        await until(lambda: len(office.heard) == 1)
        await office.email.send(Outgoing(id="1-1-0-say", address=office.heard[0].address, text="It left today."))
        box = server.folder / "mail" / "help@example.test" / "cur"
        await until(lambda: any(path.name.endswith(":2,RS") for path in box.iterdir()))


async def test_fifteen_hundred_parts_in_each_other_are_heard(tmp_path: Path, server: Dovecot) -> None:
    async with post(tmp_path, listen=False) as office:
        await move_in(office, server)
        server.deliver([nested(1_500)])
        await until(lambda: len(office.heard) == 1)
        assert isinstance(office.heard[0], Message)
        assert office.heard[0].needs_person == "it has more parts than are looked at"

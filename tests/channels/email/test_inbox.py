"""The way in when servers and networks fail."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from channels.base import Action, Message, Outgoing, SetupError
from channels.email import Settings, connect, probe
from channels.email.channel import Email
from channels.email.folders import to_imap
from tests.channels.email.desk import House, letter, post, until
from tests.fakes.mail import Wire


def texts(heard: list[object]) -> list[str]:
    return [one.text for one in heard if isinstance(one, Message)]


def through(settings: Settings, wire: Wire) -> Settings:
    return replace(settings, mailboxes=(replace(settings.mailboxes[0], imap_port=wire.port),))


@pytest.mark.parametrize("reset", [True, False], ids=["RST", "FIN"])
async def test_a_lost_connection_is_made_anew(tmp_path: Path, reset: bool) -> None:  # pytest's way
    async with post(tmp_path) as office:
        wire = Wire(office.imap.port)
        await wire.start()
        await office.restart(through(office.settings, wire))
        wire.cut(reset=reset)
        assert (await office.write(letter())).text == "Where is my parcel 4711?"
        await office.stop()
        wire.stop()


async def test_a_silent_connection_is_given_up(tmp_path: Path) -> None:
    async with post(tmp_path, timeout_seconds=2.0, idle_seconds=0.5) as office:
        wire = Wire(office.imap.port)
        await wire.start()
        await office.restart(through(office.settings, wire))
        wire.swallow = True
        await office.imap.deliver(letter())
        await until(lambda: office.email is not None and wire.swallow)
        wire.swallow = False
        wire.cut(reset=True)
        await until(lambda: len(office.heard) == 1)
        await office.stop()
        wire.stop()


async def test_a_server_that_comes_back_is_read_on(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        await office.write(letter())
        await office.imap.stop()
        await office.imap.deliver(letter("While you were away", message_id="<2@customer.test>"))
        await office.imap.start()
        await until(lambda: len(office.heard) == 2)


async def test_mails_that_are_numbered_anew_are_read_once(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        await office.write(letter())
        await office.stop()
        office.imap.renumber()
        await office.imap.deliver(letter(), letter("The second of my mails", message_id="<2@customer.test>"))
        await office.restart()
        await until(lambda: len(office.heard) == 2)
        assert texts(list(office.heard)) == ["Where is my parcel 4711?", "The second of my mails"]


async def test_a_read_mail_is_marked_as_seen(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        await office.write(letter())
        await office.write(letter("Another one for you", message_id="<2@customer.test>"))
        assert "\\Seen" in (await office.imap.flags())[0]


async def test_a_mailbox_can_be_left_unmarked(tmp_path: Path) -> None:
    async with post(tmp_path, mark_seen=False) as office:
        await office.write(letter())
        await office.write(letter("Another one for you", message_id="<2@customer.test>"))
        assert office.imap is not None
        assert all("\\Seen" not in flags for flags in await office.imap.flags())


async def test_nothing_is_lost_when_it_cannot_be_stored(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        house = House()
        house.marks = office.house.marks
        full = True

        async def receive(event: object) -> None:
            if full:
                raise OSError("the disk is full")

        await office.stop()
        broken = connect(office.settings, house.host())
        await office.imap.deliver(letter())
        with pytest.raises(BaseException):  # noqa: B017, PT011 # a group of whatever the store raised
            await hear_once(broken, receive)
        await office.restart()
        await until(lambda: len(office.heard) == 1)


async def hear_once(email: Email, receive: object) -> None:
    import asyncio

    try:
        async with asyncio.timeout(1.0):
            await email.listen(receive)  # type: ignore[arg-type] # any event
    finally:
        await email.close()


async def test_a_mail_over_the_limit_is_handed_in_with_its_headers(tmp_path: Path) -> None:
    async with post(tmp_path, max_mail_bytes=2_000) as office:
        heard = await office.write(letter("x" * 5_000))
        assert (heard.subject, heard.needs_person) == ("My parcel", "it has 5,276 bytes, more than are fetched")


async def test_a_burst_is_handed_in_in_order(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        await office.write(
            *[letter(f"This is question number {n}", message_id=f"<{n}@customer.test>") for n in range(120)]
        )
        assert texts(list(office.heard)) == [f"This is question number {n}" for n in range(120)]


async def test_the_probe_finds_nothing_wrong(tmp_path: Path) -> None:
    async with post(tmp_path, listen=False) as office:
        assert (await probe(office.settings), office.smtp.mails) == ([], [])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"user": "nobody"}, "does not accept the login"),
        ({"folder": "Support"}, "the folder 'Support' cannot be opened"),
        ({"imap_port": 1}, "cannot be read over IMAP"),
        ({"smtp_port": 1}, "nothing can be sent over"),
        ({"password_env": "NOT_SET"}, "'NOT_SET' is empty"),
        ({"imap_host": ""}, "imap_host is missing"),
    ],
    ids=["login", "folder", "IMAP", "SMTP", "password", "host"],
)
async def test_the_probe_says_what_is_wrong(tmp_path: Path, change: dict[str, object], words: str) -> None:
    async with post(tmp_path, listen=False) as office:
        box = replace(office.settings.mailboxes[0], **change)  # type: ignore[arg-type] # names from the table
        assert words in " ".join(await probe(replace(office.settings, mailboxes=(box,))))


def test_mistakes_are_told_together(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no mailbox is named"):
        connect(Settings(), House().host())


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", '"INBOX"'),
        ("Sent Items", '"Sent Items"'),
        ("Entwürfe", '"Entw&APw-rfe"'),
        ("R&D", '"R&-D"'),
        ('a"b', '"a\\"b"'),
        ("日本語", '"&ZeVnLIqe-"'),
    ],
)
def test_folder_names_are_encoded(name: str, written: str) -> None:
    assert to_imap(name) == written


async def test_a_mail_that_we_answered_is_marked_so(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        await office.write(letter("another question of mine", message_id="<2@customer.test>"))
        await office.email.send(Outgoing(id="1-1-0-say", address=heard.address, text="It left today."))
        flags = await office.imap.flags()
        while not any("\\Answered" in one for one in flags):
            await asyncio.sleep(0.01)  # polls what the server knows
            flags = await office.imap.flags()
        assert ["\\Answered" in one for one in flags] == [True, False]


async def test_nothing_is_marked_in_a_mailbox_that_is_not_to_be_touched(tmp_path: Path) -> None:
    async with post(tmp_path, mark_seen=False) as office:
        heard = await office.write(letter())
        await office.email.send(Outgoing(id="1-1-0-say", address=heard.address, text="It left today."))
        await office.write(letter("another question of mine", message_id="<2@customer.test>"))
        assert await office.imap.flags() == [{"\\Recent"}, {"\\Recent"}] or await office.imap.flags() == [set(), set()]


async def test_the_cursor_is_stored_after_all_mails_of_a_batch(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        await office.stop()
        await office.imap.deliver(*[letter(f"Question {n} of mine", message_id=f"<{n}@x.test>") for n in range(5)])
        refused = office.receive
        seen: list[str] = []

        async def receive(event: Message | Action) -> None:
            seen.append(event.external_id)
            if len(seen) == 3:
                raise RuntimeError("the disk is full")
            await refused(event)

        before = dict(office.house.marks)
        with pytest.raises(RuntimeError, match="disk is full"):
            await office.renewed().listen(receive)
        assert office.house.marks["cursor help@example.test INBOX"] == before["cursor help@example.test INBOX"]
        await office.restart()
        await until(lambda: len(office.heard) == 5)

"""The whole service by mail: real loop, real store, real servers in this process."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from bot import settings
from bot.conversation import Conversation, Role, State, Trigger
from bot.store import Store
from channels.email import Mailbox, probe
from tests.channels.email.desk import letter, mailbox
from tests.channels.email.service import service
from tests.fakes.mail import AUTHORITY, PASSWORD, USER, ImapServer, SmtpServer, server_tls

SALES = "sales@example.test"
PATIENCE_SECONDS = 60.0
MARKS = ("Auto-Submitted", "X-Auto-Response-Suppress", "X-Warmline-Loop")
QUESTION = "How do I return an item that I bought last week?"


class Town:
    """Mailboxes by address, and one SMTP server that takes what anybody sends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.imap: dict[str, ImapServer] = {}
        self.smtp = SmtpServer()

    async def add(self, address: str) -> None:
        server = self.imap[address] = ImapServer(address)
        await server.start(tls=server_tls())
        self.smtp.users.add(address)

    def box(self, address: str, **changes: Any) -> Mailbox:
        place = (self.imap[address].port, self.smtp.port, self.folder / "ca.pem")
        return mailbox(*place, address=address, **changes)

    async def carry(self, change: Callable[[bytes], bytes], *, quiet_seconds: float) -> int:
        """Bring what is sent to whom it is for, until nobody sends anything; return how many mails that were."""
        carried, loop = 0, asyncio.get_running_loop()
        last = loop.time()
        while loop.time() - last < quiet_seconds:
            if carried < len(self.smtp.raws):
                (to,) = self.smtp.recipients[carried]
                await self.imap[to].deliver(change(self.smtp.raws[carried]))
                carried, last = carried + 1, loop.time()
            await asyncio.sleep(0.01)  # polls what the servers do
        return carried


@asynccontextmanager
async def town(folder: Path, *addresses: str) -> AsyncIterator[Town]:
    AUTHORITY.cert_pem.write_to_path(str(folder / "ca.pem"))
    place = Town(folder)
    await place.smtp.start()
    try:
        for address in addresses:
            await place.add(address)
        yield place
    finally:
        place.smtp.stop()
        for server in place.imap.values():
            await server.stop()


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_TEST_PASSWORD", PASSWORD)


async def sent(place: Town, number: int) -> None:
    """Wait until so many mails have left."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(place.smtp.mails) < number:  # noqa: ASYNC110 # a server does it
            await asyncio.sleep(0.01)


async def settled(store: Store, done: Callable[[Conversation], bool]) -> Conversation:
    """Wait until the newest conversation is as wanted."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await store.conversations(limit=1)
            if found and done(found[0].conversation):
                whole = await store.conversation(found[0].conversation.id)
                assert whole is not None
                return whole
            await asyncio.sleep(0.01)


async def test_two_mailboxes_answer_each_from_its_own_address(tmp_path: Path) -> None:
    async with town(tmp_path, USER, SALES) as place:
        boxes = (place.box(USER, signature="Help desk"), place.box(SALES, signature="Sales team", name="Seller"))
        async with service(tmp_path / "s", *boxes):
            await place.imap[USER].deliver(letter(QUESTION))
            await sent(place, 1)
            await place.imap[SALES].deliver(letter(QUESTION, to=SALES, message_id="<2@customer.test>"))
            await sent(place, 2)
        told = [
            (str(mail["From"]), sender, "Help desk" in raw.decode(), "Sales team" in raw.decode())
            for mail, sender, raw in zip(place.smtp.mails, place.smtp.senders, place.smtp.raws, strict=True)
        ]
        assert told == [
            (f'"PineBot (AI assistant)" <{USER}>', USER, True, False),
            (f'"Seller (AI assistant)" <{SALES}>', SALES, False, True),
        ]


async def test_a_mailbox_that_stands_in_bot_toml_can_be_used(tmp_path: Path) -> None:
    async with town(tmp_path, USER) as place:
        lines = [
            f'[console]\nenabled = true\n[email]\nretry_seconds = 0.5\n[[email.mailboxes]]\naddress = "{USER}"',
            f'imap_host = "localhost"\nimap_port = {place.imap[USER].port}\nca_file = "{tmp_path / "ca.pem"}"',
            f'smtp_host = "localhost"\nsmtp_port = {place.smtp.port}\npassword_env = "WARMLINE_TEST_PASSWORD"',
        ]
        (tmp_path / "bot.toml").write_text("\n".join(lines), "utf-8")
        assert await probe(settings.load(tmp_path / "bot.toml").channels["email"]) == []


async def test_each_mailbox_logs_in_as_itself(tmp_path: Path) -> None:
    async with town(tmp_path, USER, SALES) as place:
        async with service(tmp_path / "s", place.box(USER), place.box(SALES)):
            await place.imap[SALES].deliver(letter(QUESTION, to=SALES))
            await sent(place, 1)
        assert place.smtp.logins == [(SALES.encode(), PASSWORD.encode())]


async def test_a_mail_to_an_alias_is_answered_and_one_between_our_addresses_is_not(tmp_path: Path) -> None:
    async with town(tmp_path, USER, SALES) as place:
        async with service(tmp_path / "s", place.box(USER, aliases=("info@example.test",)), place.box(SALES)) as store:
            await place.imap[SALES].deliver(letter(QUESTION, sender="info@example.test", to=SALES))
            await settled(store, lambda one: one.state is State.IGNORED)
            await place.imap[USER].deliver(letter(QUESTION, to="info@example.test", message_id="<2@customer.test>"))
            await sent(place, 1)
        assert place.smtp.recipients == [["mara@customer.test"]]


async def test_the_issue_type_of_a_mailbox_counts_where_the_words_tell_nothing(tmp_path: Path) -> None:
    async with town(tmp_path, USER) as place:
        async with service(tmp_path / "s", place.box(USER, issue_type="refund_return")) as store:
            await place.imap[USER].deliver(letter("It went wrong again.", subject="Hm"))
            conversation = await settled(store, lambda one: one.state is not State.NEW)
        assert conversation.issue_type == "refund_return"


async def test_a_mail_that_cannot_be_read_goes_to_people_before_anything_is_said(tmp_path: Path) -> None:
    async with town(tmp_path, USER) as place:
        async with service(tmp_path / "s", place.box(USER)) as store:
            await place.imap[USER].deliver(letter("-----BEGIN PGP MESSAGE-----\n\nabc"))
            conversation = await settled(store, lambda one: one.escalation is not None)
        assert conversation.escalation is not None
        assert conversation.escalation.trigger is Trigger.CANNOT_RESOLVE
        assert "encrypted (PGP)" in conversation.escalation.evidence
        assert "Subject: My parcel" in conversation.turns[0].text


async def test_the_assistant_names_itself_in_the_language_of_the_customer(tmp_path: Path) -> None:
    async with town(tmp_path, USER) as place:
        async with service(tmp_path / "s", place.box(USER)):
            await place.imap[USER].deliver(letter("Wie lange habe ich Zeit, einen Artikel zurückzugeben?"))
            await sent(place, 1)
        assert place.smtp.mails[0]["From"] == f'"PineBot (KI-Assistent)" <{USER}>'


async def test_two_bots_that_keep_the_marks_stop_after_one_answer(tmp_path: Path) -> None:
    async with two_bots(tmp_path) as place:
        await place.imap[USER].deliver(letter(QUESTION, sender="bot@other.test"))
        assert await place.carry(lambda raw: raw, quiet_seconds=4) == 1


async def test_two_bots_whose_marks_are_stripped_stop_within_the_caps(tmp_path: Path) -> None:
    async with two_bots(tmp_path) as place:
        await place.imap[USER].deliver(letter(QUESTION, sender="bot@other.test"))
        assert 2 <= await place.carry(without_marks, quiet_seconds=4) <= 10


async def test_one_click_on_a_rating_counts_once(tmp_path: Path) -> None:
    async with town(tmp_path, USER) as place:
        async with service(tmp_path / "s", place.box(USER)) as store:
            await place.imap[USER].deliver(letter(QUESTION))
            await sent(place, 1)
            click = clicked(place.smtp.raws[0], "solved")
            await place.imap[USER].deliver(click, click)
            await sent(place, 2)
            conversation = await settled(store, lambda one: one.state is State.RESOLVED)
            acts = [
                event
                for event in await store.events(conversation.id)
                if event.kind == "moved" and event.by == "customer"
            ]
        resolved = [event for event in acts if event.facts["to"] == "resolved"]
        assert (len(resolved), len([t for t in conversation.turns if t.role is Role.CUSTOMER])) == (1, 1)


async def test_a_forgotten_person_is_in_nothing_that_the_channel_keeps(tmp_path: Path) -> None:
    async with town(tmp_path, USER) as place:
        async with service(tmp_path / "s", place.box(USER)) as store:
            await place.imap[USER].deliver(letter(QUESTION))
            await sent(place, 1)
            await settled(store, lambda one: one.state is State.AWAITING_CUSTOMER)
        store = Store.open(tmp_path / "s" / "warmline.db")
        before = [one for one in (await store.since("email")).bookmarks.values() if "mara@customer.test" in one]
        forgotten = await store.forget("mara@customer.test")
        after = [one for one in (await store.since("email")).bookmarks.values() if "mara" in one]
        store.close()
        assert (len(before), after, forgotten.found) == (1, [], 0)


@asynccontextmanager
async def two_bots(folder: Path) -> AsyncIterator[Town]:
    """Two installations that know nothing of each other."""
    other = "bot@other.test"
    async with (
        town(folder, USER, other) as place,
        service(folder / "one", place.box(USER)),
        service(folder / "two", place.box(other, name="Other")),
    ):
        yield place


def without_marks(raw: bytes) -> bytes:
    """What a careless gateway leaves of a mail."""
    head, blank, body = raw.partition(b"\r\n\r\n")
    for mark in MARKS:
        head = re.sub(rb"(?m)^" + mark.encode() + rb":.*\r\n", b"", head)
    return head + blank + body


def clicked(raw: bytes, name: str) -> bytes:
    """The mail that a customer's program writes when the link of a button is clicked."""
    mail = message_from_bytes(raw)
    html = str(mail.get_payload(1).get_payload(decode=True).decode())  # type: ignore[union-attr] # it has two parts
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(mailto:[^"]+)"', html)]
    link = next(one for one in links if name in one)
    parts = urlsplit(link)
    fields = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return letter(fields["body"], subject=fields["subject"], to=unquote(parts.path), message_id="<click@customer.test>")

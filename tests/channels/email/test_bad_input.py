"""Mails that no honest program writes, and those that want no answer: each comes in, each with what is made of it."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from channels.base import Outgoing
from tests.channels.email.desk import letter, post

HEAD = b"From: Mara <mara@customer.test>\r\nTo: help@example.test\r\nSubject: My parcel\r\n"
HEAD += b"Date: Mon, 12 Jan 2026 10:00:00 +0000\r\nMessage-ID: <bad@customer.test>\r\n"
WORDS = "Where is my parcel 4711?"
OURS = "8a7b6c5d4e3f2a1b0c9d.0123456789abcdef.0123456789abcdef@example.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What is made of a mail: its words, whether it is a machine's, why a person must look, the files it brings."""

    text: str = WORDS
    automatic: bool = False
    needs_person: str = ""
    files: tuple[str, ...] = ()


def mixed(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return HEAD + b"Content-Type: multipart/" + kind + b"; boundary=b\r\n\r\n" + body + b"--b--\r\n"


def nested(depth: int) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number) for number in range(depth)
    )
    return HEAD + opened + b"\r\n" + WORDS.encode() + b"\r\n"


def bomb() -> bytes:
    """A few kilobytes that would be a hundred megabytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 100_000_000)
    name = b"Content-Type: application/zip; name=bomb.zip\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return mixed(b"\r\n" + WORDS.encode(), name + packed.getvalue())


TEXT = b"\r\n" + WORDS.encode()
CALENDAR = b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR"
PHOTO = b"Content-Type: image/png; name=photo.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo="
REPORT = b"Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; x@gone.test\r\n"
REPORT += b"Action: failed\r\nStatus: 5.1.1"
CASES: dict[str, tuple[bytes, Made]] = {
    "a From of 50,000 quotes": (
        b"From: " + b'"' * 50_000 + b" <mara@customer.test>\r\nSubject: My parcel\r\n" + b"\r\n" + WORDS.encode(),
        Made(needs_person="it names nobody who could be answered"),
    ),
    "10,000 parts": (
        mixed(TEXT, *[b"Content-Type: image/png\r\n\r\nx"] * 10_000),
        Made(needs_person="it has more parts than are looked at", files=("unnamed.png",) * 100),
    ),
    "a hundred parts in each other": (
        nested(100),
        Made(text="Subject: My parcel", needs_person="it has more parts than are looked at", files=("unnamed.mixed",)),
    ),
    "a zip bomb": (bomb(), Made(files=("bomb.zip",))),
    "a charset that does not exist": (
        HEAD + b"Content-Type: text/plain; charset=klingon\r\n\r\n" + WORDS.encode(),
        Made(),
    ),
    "a charset that it is not": (
        HEAD + "Content-Type: text/plain; charset=us-ascii\r\n\r\nWo ist die Größe?".encode(),
        Made(text="Wo ist die Größe?"),
    ),
    "a charset with a NUL in its name": (
        HEAD + b'Content-Type: text/plain; charset="utf\0-8"\r\n\r\n' + WORDS.encode(),
        Made(),
    ),
    "no Message-ID": (HEAD.replace(b"Message-ID: <bad@customer.test>\r\n", b"") + b"\r\n" + WORDS.encode(), Made()),
    "two Message-IDs": (HEAD + b"Message-ID: <other@customer.test>\r\n\r\n" + WORDS.encode(), Made()),
    "forged references of ours": (
        HEAD + f"References: <{OURS}>\r\nIn-Reply-To: <{OURS}>\r\n\r\n{WORDS}".encode(),
        Made(),
    ),
    "a line break in an encoded subject": (
        HEAD.replace(b"My parcel", b"=?utf-8?q?My=0D=0ABcc:_eve@evil.test?=") + b"\r\n" + WORDS.encode(),
        Made(),
    ),
    "an out-of-office note": (
        HEAD.replace(b"My parcel", b"Automatic reply: My parcel") + b"Auto-Submitted: auto-replied\r\n\r\nI am away.",
        Made(text="Automatic reply: My parcel\nI am away.", automatic=True),
    ),
    "an out-of-office note that only its subject tells": (
        HEAD.replace(b"My parcel", b"Abwesenheitsnotiz: My parcel") + b"\r\nIch bin im Urlaub bis Montag.",
        Made(text="Ich bin im Urlaub bis Montag.", automatic=True),
    ),
    "a bounce": (
        mixed(b"\r\nNot delivered to this address.", REPORT, kind=b"report; report-type=delivery-status").replace(
            b"mara@customer.test", b"MAILER-DAEMON@customer.test"
        ),
        Made(text="Not delivered to this address.", automatic=True, files=("unnamed.delivery",)),
    ),
    "a mailing list": (
        HEAD + b"List-Id: <news.customer.test>\r\nList-Unsubscribe: <mailto:x@y>\r\n\r\n" + WORDS.encode(),
        Made(automatic=True),
    ),
    "an invitation": (
        mixed(TEXT, CALENDAR, kind=b"alternative"),
        Made(automatic=True, files=("invite.ics",)),
    ),
    "nothing but a photo": (mixed(PHOTO), Made(text="My parcel", files=("photo.png",))),
    "nothing at all": (b"", Made(text="", needs_person="it has no headers")),
    "no headers": (WORDS.encode(), Made(needs_person="it has no headers")),
    "PGP": (
        mixed(b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1", kind=b"encrypted"),
        Made(text="Subject: My parcel", needs_person="it is encrypted (PGP)", files=("unnamed.pgpencry",)),
    ),
    "S/MIME, encrypted": (
        HEAD + b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\r\nx",
        Made(text="Subject: My parcel", needs_person="it is encrypted or sealed (S/MIME)", files=("smime.p7m",)),
    ),
    "S/MIME, signed around": (
        HEAD + b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\r\nx",
        Made(text="Subject: My parcel", needs_person="inside an S/MIME signature", files=("smime.p7m",)),
    ),
    "S/MIME, signed beside": (
        mixed(TEXT, b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nx", kind=b"signed"),
        Made(files=("smime.p7s",)),
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_nothing_is_lost_and_each_is_known_for_what_it_is(tmp_path: Path, name: str) -> None:
    raw, made = CASES[name]
    async with post(tmp_path) as office:
        heard = await office.write(raw)
        assert raw in office.house.files.values()
        assert heard.text.startswith(made.text)
        assert (heard.automatic, tuple(file.name for file in heard.attachments)) == (made.automatic, made.files)
        assert made.needs_person in heard.needs_person
        assert bool(made.needs_person) == bool(heard.needs_person)


async def test_mails_that_share_a_message_id_are_all_heard(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        first = await office.write(letter("This is one of my mails"))
        second = await office.write(letter("This is another of my mails"))
        assert first.external_id != second.external_id


async def test_forged_results_of_authentication_verify_nobody(tmp_path: Path) -> None:
    async with post(tmp_path, authserv_id="mx.example.test") as office:
        theirs = "Authentication-Results: mx.example.test.evil.test; dmarc=pass header.from=customer.test\r\n"
        below = "Authentication-Results: mx.example.test; dmarc=fail header.from=customer.test\r\n"
        below += "Authentication-Results: mx.example.test; dmarc=pass header.from=customer.test\r\n"
        heard = [await office.write(forged.encode() + letter(str(n))) for n, forged in enumerate((theirs, below))]
        assert [one.sender.verified for one in heard] == [False, False]


async def test_a_stranger_who_quotes_an_old_mail_of_ours_learns_nothing_of_it(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        first = await office.write(letter())
        receipt = await office.email.send(Outgoing(id="1-1-0-say", address=first.address, text="It left today."))
        stranger = await office.write(
            letter(
                "And where does she live?",
                sender="eve@evil.test",
                message_id="<e@evil.test>",
                answers=f"<{receipt.id}>",
            )
        )
        await office.email.send(Outgoing(id="2-1-0-say", address=stranger.address, text="I cannot say."))
        assert stranger.address != first.address
        assert office.smtp.recipients[-1] == ["eve@evil.test"]

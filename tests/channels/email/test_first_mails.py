"""Mails that belong to no conversation: to an address on record, and nowhere else."""

from dataclasses import replace
from pathlib import Path

import pytest

from channels.base import Delivery, DeliveryError, Outgoing, WritesFirst
from tests.channels.email.desk import Post, letter, post


def code(office: Post, number: int = 1, to: str = "mara@customer.test") -> Outgoing:
    address = office.email.first_address(to)
    return Outgoing(id=f"9-{number}-0-code", address=address, subject="Your code", text="123 456", secret=True)


async def test_first_mail_goes_to_the_address_with_its_own_subject(tmp_path: Path) -> None:
    async with post(tmp_path, listen=False) as office:
        assert isinstance(office.email, WritesFirst)
        await office.email.send(code(office))
        (mail,) = office.smtp.mails
        assert (mail["To"], mail["Subject"]) == ("mara@customer.test", "Your code")
        assert mail["Auto-Submitted"] == "auto-generated"
        assert [mail["In-Reply-To"], mail["References"], mail["Reply-To"]] == [None] * 3
        assert b"123 456" in office.smtp.raws[0]


async def test_nothing_of_it_is_kept_but_counts(tmp_path: Path) -> None:
    async with post(tmp_path, listen=False) as office:
        await office.email.send(code(office))
        kept = [f"{place} {position}" for place, position in office.house.marks.items()]
        assert [line for line in kept if "mara" in line or "123" in line] == []


async def test_first_mails_are_capped_for_their_recipient(tmp_path: Path) -> None:
    async with post(tmp_path, listen=False) as office:
        for number in range(10):
            await office.email.send(code(office, number))
        with pytest.raises(DeliveryError) as caught:
            await office.email.send(code(office, 10))
        assert (caught.value.outcome, len(office.smtp.mails)) == (Delivery.REFUSED, 10)


async def test_second_try_of_a_first_mail_has_the_same_id(tmp_path: Path) -> None:
    async with post(tmp_path, listen=False) as office:
        office.smtp.drop_after_data = 1
        with pytest.raises(DeliveryError):
            await office.email.send(code(office))
        assert await office.email.find(code(office)) is None
        await office.email.send(code(office))
        assert len({mail["Message-ID"] for mail in office.smtp.mails}) == 1


async def test_answer_to_a_first_mail_begins_a_conversation(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        await office.email.send(code(office))
        heard = await office.write(letter("What is this?", answers=str(office.smtp.mails[0]["Message-ID"])))
        assert heard.address != code(office).address
        answer = replace(code(office), id="9-2-0-say", address=heard.address, secret=False)
        await office.email.send(answer)
        assert len(office.smtp.mails) == 2


async def test_first_mail_leaves_from_a_mailbox_that_is_not_paused(tmp_path: Path) -> None:
    async with post(tmp_path, listen=False, paused=True) as office:
        with pytest.raises(DeliveryError) as caught:
            await office.email.send(code(office))
        assert caught.value.outcome is Delivery.REFUSED


@pytest.mark.parametrize("to", ["a@b.test\r\nBcc: everybody@c.test", "no address", ""])
async def test_what_is_no_address_gets_nothing(tmp_path: Path, to: str) -> None:
    async with post(tmp_path, listen=False) as office:
        with pytest.raises(DeliveryError) as caught:
            await office.email.send(code(office, to=to))
        assert caught.value.outcome is Delivery.REFUSED
        assert office.smtp.mails == []

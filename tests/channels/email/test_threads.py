"""Whose conversation a mail belongs to, end to end."""

import json
from pathlib import Path

import pytest

from channels.base import Action, Button, Message, Outgoing
from channels.email.threads import Signer
from tests.channels.email.desk import Post, letter, post, until

STRANGER = "Eve <eve@evil.test>"


async def answered(office: Post, text: str = "It left today.") -> tuple[Message, str]:
    """A customer's first mail and the id of our answer to it."""
    first = await office.write(letter())
    receipt = await office.email.send(Outgoing(id="1-1-0-say", address=first.address, text=text))
    return first, receipt.id


async def test_a_stranger_who_knows_our_id_begins_a_conversation_of_their_own(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        first, ours = await answered(office)
        heard = await office.write(
            letter("Tell me all about it", sender=STRANGER, message_id="<e@evil.test>", answers=f"<{ours}>")
        )
        assert heard.address != first.address


async def test_a_forged_id_of_ours_joins_nothing(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        first, ours = await answered(office)
        token, key, mark = ours.partition("@")[0].split(".")
        forged = f"<{token}.{key}.{'0' * len(mark)}@example.test>"
        heard = await office.write(letter("What about my parcel", message_id="<2@customer.test>", answers=forged))
        assert heard.address != first.address


async def test_somebody_copied_in_by_the_customer_takes_part(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        first = await office.write(letter(Cc="Tom <tom@customer.test>"))
        receipt = await office.email.send(Outgoing(id="1-1-0-say", address=first.address, text="It left."))
        heard = await office.write(
            letter(
                "I am her husband, thank you",
                sender="Tom <tom@customer.test>",
                message_id="<t@customer.test>",
                answers=f"<{receipt.id}>",
            )
        )
        assert heard.address == first.address


async def test_a_copy_is_never_sent_to_others(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        first = await office.write(letter(Cc="Tom <tom@customer.test>"))
        await office.email.send(Outgoing(id="1-1-0-say", address=first.address, text="It left."))
        assert (office.smtp.recipients, office.smtp.mails[0]["Cc"]) == ([["mara@customer.test"]], None)


async def test_a_second_mail_that_answers_the_first_one_joins_it(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        first = await office.write(letter())
        second = await office.write(
            letter("I forgot: it is urgent", message_id="<2@customer.test>", answers="<first@customer.test>")
        )
        assert second.address == first.address


async def test_a_wholly_different_subject_begins_a_conversation_that_shares_the_caps(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        first, ours = await answered(office)
        second = await office.write(
            letter("Do you sell tents?", subject="Tents", message_id="<2@customer.test>", answers=f"<{ours}>")
        )
        kept = json.loads(office.house.marks[str(second.address)])
        assert (second.address != first.address, kept["root"]) == (True, first.address.thread)


@pytest.mark.parametrize(
    "subject", ["", "Re: My parcel", "AW: My parcel", "Fwd: parcel 4711 is still away", "Re: Re: [x]"]
)
async def test_a_subject_with_a_word_in_common_stays_in_its_conversation(tmp_path: Path, subject: str) -> None:
    async with post(tmp_path) as office:
        first, ours = await answered(office)
        second = await office.write(
            letter("And when?", subject=subject, message_id="<2@customer.test>", answers=f"<{ours}>")
        )
        assert second.address == first.address


@pytest.mark.parametrize(("days", "still_open", "joins"), [(31, False, False), (31, True, True), (29, False, True)])
async def test_a_mail_to_a_conversation_that_rests_for_a_month_begins_a_new_one(
    tmp_path: Path, days: int, still_open: bool, joins: bool
) -> None:
    async with post(tmp_path) as office:
        first, ours = await answered(office)
        await office.stop()
        place = str(first.address)
        kept = json.loads(office.house.marks[place])
        office.house.marks[place] = json.dumps({**kept, "at": kept["at"] - days * 86_400})
        office.house.open = (first.address,) if still_open else ()
        await office.restart()
        second = await office.write(letter("And now?", message_id="<2@customer.test>", answers=f"<{ours}>"))
        assert (second.address == first.address) is joins


async def test_the_same_subject_joins_nothing(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        first = await office.write(letter())
        second = await office.write(
            letter("Another parcel is late", subject="Re: My parcel", message_id="<2@customer.test>")
        )
        assert second.address != first.address


async def test_a_mail_delivered_twice_is_heard_once(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        await office.write(letter())
        await office.imap.deliver(letter())
        await office.write(letter("Something else entirely", message_id="<2@customer.test>"))
        assert len(office.heard) == 2


async def test_a_sender_whom_our_server_does_not_vouch_for_joins_nothing(tmp_path: Path) -> None:
    async with post(tmp_path, authserv_id="mx.test") as office:
        results = {"Authentication_Results": "mx.test; dmarc=pass header.from=customer.test"}
        first = await office.write(letter(**results))
        receipt = await office.email.send(Outgoing(id="1-1-0-say", address=first.address, text="It left."))
        failed = {"Authentication_Results": "mx.test; dmarc=fail header.from=customer.test"}
        second = await office.write(
            letter("And who am I then?", message_id="<2@x.test>", answers=f"<{receipt.id}>", **failed)
        )
        assert (first.sender.verified, second.sender.verified, second.address == first.address) == (True, False, False)


async def test_nobody_is_verified_without_the_name_of_our_server(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter(Authentication_Results="mx.test; dmarc=pass header.from=customer.test"))
        assert heard.sender.verified is False


async def test_an_answer_to_a_plus_address_joins_its_conversation(tmp_path: Path) -> None:
    async with post(tmp_path, plus_addresses=True) as office:
        first, _ = await answered(office)
        plus = office.smtp.mails[0]["Reply-To"]
        heard = await office.write(letter("Which day will it be?", to=plus, message_id="<2@customer.test>"))
        assert heard.address == first.address


async def test_the_ids_of_outlook_stay_whole(tmp_path: Path) -> None:
    long = f"<{'A' * 70}@outlook.customer.test>"
    async with post(tmp_path) as office:
        heard = await office.write(letter(message_id=long))
        await office.email.send(Outgoing(id="1-1-0-say", address=heard.address, text="It left."))
        assert f"In-Reply-To: {long}\r\n".encode() in office.smtp.raws[0]


async def test_a_line_break_in_what_we_answer_adds_no_header(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(
            letter(subject="x").replace(b"Subject: x", b"Subject: =?utf-8?q?x=0D=0ABcc:_v@x.test?=")
        )
        await office.email.send(
            Outgoing(id="1-1-0-say", address=heard.address, text="It left.", author="Anna\r\nBcc: v@x.test")
        )
        assert (office.smtp.mails[0]["Bcc"], office.smtp.recipients) == (None, [["mara@customer.test"]])


async def test_the_words_on_a_button_press_it(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        first = await office.write(letter())
        buttons = (Button(name="solved", label="That solved it", value="7"),)
        receipt = await office.email.send(
            Outgoing(id="1-1-0-say", address=first.address, text="It left.", buttons=buttons)
        )
        await office.imap.deliver(letter("That solved it", message_id="<2@customer.test>", answers=f"<{receipt.id}>"))
        await until(lambda: len(office.heard) == 2)
        pressed = office.heard[1]
        assert isinstance(pressed, Action)
        assert (pressed.name, pressed.value, pressed.address) == ("solved", "7", first.address)


async def test_a_mail_that_cannot_be_read_calls_a_person(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter("-----BEGIN PGP MESSAGE-----\n\nabc"))
        assert "encrypted (PGP)" in heard.needs_person


async def test_a_mail_of_which_no_word_can_be_read_shows_its_headers(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter("-----BEGIN PGP MESSAGE-----\n\nabc"))
        assert heard.text.split("\n") == [
            "Subject: My parcel",
            "From: Mara <mara@customer.test>",
            "Date: 2026-01-12 10:00 UTC",
            "Message-ID: first@customer.test",
        ]


@pytest.mark.parametrize("header", ["Auto_Submitted", "List_Id", "X_Autoreply"])
async def test_machine_mail_is_handed_in_as_automatic(tmp_path: Path, header: str) -> None:
    async with post(tmp_path) as office:
        assert (await office.write(letter(**{header: "auto-replied"}))).automatic is True


async def test_our_own_mail_that_comes_back_is_automatic(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        await answered(office)
        assert (await office.write(office.smtp.raws[0])).automatic is True


async def test_our_hidden_header_makes_a_mail_ours(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        await answered(office)
        loop = str(office.smtp.mails[0]["X-Warmline-Loop"])
        heard = await office.write(
            letter("You wrote to me", sender="bot@other.test", message_id="<b@other.test>", X_Warmline_Loop=loop)
        )
        assert heard.automatic is True


async def test_the_addresses_of_those_who_take_part_are_not_kept_in_the_open(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        first = await office.write(letter(Cc="Tom <tom@customer.test>"))
        kept = json.loads(office.house.marks[str(first.address)])
        assert (kept["to"], "tom@customer.test" in json.dumps(kept)) == ("mara@customer.test", False)


def test_another_installation_makes_other_ids() -> None:
    ours, theirs = Signer(b"a"), Signer(b"b")
    assert theirs.key_in_id(ours.message_id("1-1-0-say", "0" * 16, "example.test")) == ""

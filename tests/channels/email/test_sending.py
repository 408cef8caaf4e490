"""What leaves, what does not, and what is known of it."""

from pathlib import Path

import pytest

from channels.base import Attachment, Delivery, DeliveryError, Message, Outgoing
from channels.email import Caps, Settings
from tests.channels.email.desk import Post, letter, post

BOUNCE = """\
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Not delivered.
--b
Content-Type: message/delivery-status

Final-Recipient: rfc822; mara@customer.test
Action: failed
Status: 5.1.1
--b
Content-Type: message/rfc822

Message-ID: <{id}>

x
--b--
"""


def says(heard: Message, number: int = 1, text: str = "It left today.", author: str = "") -> Outgoing:
    return Outgoing(id=f"1-{number}-0-say", address=heard.address, text=text, author=author)


async def outcome(office: Post, outgoing: Outgoing) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await office.email.send(outgoing)
    return caught.value


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
async def test_later_means_not_sent(tmp_path: Path, step: str) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        office.smtp.answers = {step: ["451 come back later"]}
        assert (await outcome(office, says(heard))).outcome is Delivery.NOT_SENT


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
async def test_never_means_refused(tmp_path: Path, step: str) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        office.smtp.answers = {step: ["550 no such person"]}
        assert (await outcome(office, says(heard))).outcome is Delivery.REFUSED


async def test_a_connection_that_breaks_after_the_data_leaves_it_unknown(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        office.smtp.drop_after_data = 1
        assert (await outcome(office, says(heard))).outcome is Delivery.UNKNOWN


async def test_a_second_try_has_the_same_message_id(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        office.smtp.drop_after_data = 1
        await outcome(office, says(heard))
        await office.restart()
        assert await office.email.find(says(heard)) is None
        await office.email.send(says(heard))
        assert len({mail["Message-ID"] for mail in office.smtp.mails}) == 1


async def test_what_stays_unknown_twice_is_given_to_people(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        office.smtp.drop_after_data = 2
        await outcome(office, says(heard))
        await outcome(office, says(heard))
        with pytest.raises(DeliveryError) as caught:
            await office.email.find(says(heard))
        assert caught.value.outcome is Delivery.REFUSED


async def test_a_server_that_is_away_means_not_sent(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        office.smtp.stop()
        assert (await outcome(office, says(heard))).outcome is Delivery.NOT_SENT


async def test_a_server_without_starttls_gets_no_password(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        office.smtp.stop()
        office.smtp.starttls = False
        await office.smtp.start()
        error = await outcome(office, says(heard))
        assert (error.outcome, office.smtp.logins) == (Delivery.NOT_SENT, [])


async def test_one_connection_serves_many_mails(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        for number in range(3):
            await office.email.send(says(heard, number))
        assert len(office.smtp.logins) == 1


async def test_what_was_accepted_is_known_after_a_restart(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        receipt = await office.email.send(says(heard))
        await office.restart()
        assert (await office.email.find(says(heard)), len(office.smtp.mails)) == (receipt, 1)


async def test_a_copy_in_the_folder_of_sent_mails_is_found(tmp_path: Path) -> None:
    async with post(tmp_path, sent_folder="Sent") as office:
        heard = await office.write(letter())
        await office.imap.add_folder("Sent")
        office.smtp.drop_after_data = 1
        await outcome(office, says(heard))
        await office.imap.deliver(office.smtp.raws[0], folder="Sent")
        assert await office.email.find(says(heard)) is not None


async def test_four_automatic_mails_in_a_row_never_leave(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        for number in range(3):
            await office.email.send(says(heard, number))
        error = await outcome(office, says(heard, 3))
        assert (error.outcome, "between_customer_mails" in error.reason) == (Delivery.REFUSED, True)


async def test_agents_are_not_counted(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        for number in range(6):
            await office.email.send(says(heard, number, author="Anna"))
        assert len(office.smtp.mails) == 6


async def test_a_cap_cannot_be_lowered_to_nothing(tmp_path: Path) -> None:
    async with post(tmp_path, caps=Caps(between_customer_mails=0, conversation_10_minutes=0)) as office:
        heard = await office.write(letter())
        await office.email.send(says(heard))
        assert len(office.smtp.mails) == 1


async def test_a_machine_that_passes_for_a_person_is_answered_a_few_times_only(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        answers = 0
        last = ""
        for number in range(12):
            heard = await office.write(
                letter(f"I got mail number {number} from you", message_id=f"<{number}@bot.test>", answers=last)
            )
            if heard.automatic:
                break
            try:
                last = f"<{(await office.email.send(says(heard, number))).id}>"
            except DeliveryError:
                break
            answers += 1
        assert answers == 5


async def test_a_responder_with_a_new_address_each_time_is_answered_a_few_times_only(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        answers = 0
        last = ""
        for number in range(12):
            sender = f"gateway{number}@bot{number}.test"
            heard = await office.write(
                letter(f"This is note {number} for you", sender=sender, message_id=f"<{number}@bot.test>", answers=last)
            )
            try:
                last = f"<{(await office.email.send(says(heard, number))).id}>"
            except DeliveryError:
                break
            answers += 1
        assert answers <= 6


async def test_the_same_words_a_third_time_come_from_a_machine(tmp_path: Path) -> None:
    text = "Thank you for your message, we will come back to you as soon as we can."
    async with post(tmp_path) as office:
        heard = [await office.write(letter(text, message_id=f"<{number}@bot.test>")) for number in range(3)]
        assert [one.automatic for one in heard] == [False, False, True]


async def test_an_address_whose_mail_came_back_is_not_written_to(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        receipt = await office.email.send(says(heard))
        head = b"From: mailer-daemon@mx.test\r\nSubject: Undelivered\r\n"
        bounce = await office.write(head + BOUNCE.format(id=receipt.id).replace("\n", "\r\n").encode())
        error = await outcome(office, says(heard, 2))
        assert (bounce.automatic, bounce.address, error.outcome) == (True, heard.address, Delivery.REFUSED)


async def test_a_paused_mailbox_sends_nothing_automatic(tmp_path: Path) -> None:
    async with post(tmp_path, paused=True) as office:
        heard = await office.write(letter())
        assert "paused" in (await outcome(office, says(heard))).reason


async def test_html_that_leaves_holds_nothing_that_runs(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        await office.email.send(says(heard, text="**Hi** <script>x</script> [go](javascript:x) <img src=x>"))
        html = office.smtp.mails[0].get_payload(1).get_payload(decode=True).decode()  # type: ignore[union-attr] # parsed
        assert ("<strong>Hi</strong>" in html, "<script" in html, "<img" in html, 'href="javascript' in html) == (
            True,
            False,
            False,
            False,
        )


async def test_every_mail_of_the_assistant_says_that_it_is_an_ai(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        await office.email.send(says(heard))
        assert b"AI assistant" in office.smtp.raws[0].partition(b"\r\n\r\n")[2]


async def test_a_file_goes_with_a_mail(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        key = await office.house.host().keep_file(b"%PDF")
        file = Attachment(name="bill.pdf", type="application/pdf", bytes=4, key=key)
        await office.email.send(Outgoing(id="1-1-0-reply", address=heard.address, text="Here.", attachments=(file,)))
        assert office.smtp.mails[0].get_payload(1).get_filename() == "bill.pdf"  # type: ignore[union-attr] # parsed


def test_without_mailboxes_the_settings_are_refused() -> None:
    assert Settings().mailboxes == ()

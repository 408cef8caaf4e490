"""The whole way in and out, between servers in this process."""

from pathlib import Path

from channels.base import Message, Outgoing
from tests.channels.email.desk import House, letter, post, until


def says(heard: Message, text: str = "It left today.", id: str = "1-1-0-say", author: str = "") -> Outgoing:
    return Outgoing(id=id, address=heard.address, text=text, author=author)


async def test_a_mail_becomes_a_message(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        assert (heard.text, heard.subject, heard.sender.email, heard.sender.name) == (
            "Where is my parcel 4711?",
            "My parcel",
            "mara@customer.test",
            "Mara",
        )


async def test_history_is_never_answered(tmp_path: Path) -> None:
    async with post(tmp_path, listen=False) as office:
        await office.imap.deliver(letter("this is an old question"))
        await office.start()
        await office.write(letter("this is a new question", message_id="<second@customer.test>"))
        assert [one.text for one in office.heard if isinstance(one, Message)] == ["this is a new question"]


async def test_what_came_while_we_were_away_is_heard_after_a_restart(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        await office.write(letter())
        await office.stop()
        await office.imap.deliver(letter("are you still there today?", message_id="<second@customer.test>"))
        await office.restart()
        await until(lambda: len(office.heard) == 2)


async def test_the_cursor_comes_with_the_message(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        assert heard.bookmark is not None
        assert heard.bookmark.place == "cursor help@example.test INBOX"


async def test_the_original_is_kept_byte_by_byte(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        raw = letter("Gr\u00fc\u00dfe")
        await office.write(raw)
        assert raw in office.house.files.values()


async def test_a_reply_goes_to_the_customer_in_their_thread(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter(references=["<zero@customer.test>"], answers="<zero@customer.test>"))
        await office.email.send(says(heard))
        sent = office.smtp.mails[0]
        assert (sent["To"], sent["Subject"], sent["In-Reply-To"], sent["References"]) == (
            "Mara <mara@customer.test>",
            "Re: My parcel",
            "<first@customer.test>",
            "<zero@customer.test> <first@customer.test>",
        )


async def test_an_answer_to_our_mail_belongs_to_its_conversation(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        first = await office.write(letter())
        receipt = await office.email.send(says(first))
        second = await office.write(
            letter("Thank you, but which day?", message_id="<2@customer.test>", answers=f"<{receipt.id}>")
        )
        assert second.address == first.address


async def test_a_conversation_survives_a_restart(tmp_path: Path) -> None:
    house = House()
    async with post(tmp_path, house=house) as office:
        first = await office.write(letter())
        await office.restart()
        await office.email.send(says(first))
        assert office.smtp.recipients == [["mara@customer.test"]]


async def test_the_assistant_says_that_it_is_automatic(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        await office.email.send(says(heard))
        assert (office.smtp.mails[0]["Auto-Submitted"], office.smtp.mails[0]["From"]) == (
            "auto-replied",
            '"PineBot (AI assistant)" <help@example.test>',
        )


async def test_an_agent_writes_without_the_automatic_marks(tmp_path: Path) -> None:
    async with post(tmp_path) as office:
        heard = await office.write(letter())
        await office.email.send(says(heard, author="Anna"))
        assert (office.smtp.mails[0]["Auto-Submitted"], office.smtp.mails[0]["From"]) == (
            None,
            '"Anna (PineBot)" <help@example.test>',
        )

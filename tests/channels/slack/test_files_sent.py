"""Files that we send: by their own name, and recognised by where they stand."""

import pytest

from channels import slack
from channels.base import Address, Attachment, DeliveryError, Outgoing
from channels.slack.manifest import manifest
from tests.channels.slack_bench import HELP, Bench, listening
from tests.fakes.slack import Fault


async def with_files(at: Bench, root: str, *names: str, id: str = "7-1-0-reply") -> Outgoing:
    key = await at.kept.keep_file(b"label")
    files = tuple(Attachment(name=name, type="application/pdf", bytes=5, key=key) for name in names)
    address = Address(channel="slack", room=HELP, thread=root)
    return Outgoing(id=id, address=address, text="Here.", author="Anna", attachments=files)


def titles(at: Bench) -> list[str]:
    return [file["title"] for post in at.fake.posts(HELP) for file in post.get("files", [])]


async def test_file_is_titled_as_it_is_called_and_nothing_else() -> None:
    async with listening(manifest()) as at:
        root = at.fake.say(HELP, "U1", "where is it?")
        await at.channel.send(await with_files(at, root, "label.pdf"))
        assert titles(at) == ["label.pdf"]


@pytest.mark.parametrize("commit", [True, False], ids=["arrived", "did not arrive"])
async def test_after_a_restart_only_the_file_that_is_missing_is_sent(commit: bool) -> None:
    async with listening(manifest()) as at:
        root = at.fake.say(HELP, "U1", "where is it?")
        post = await with_files(at, root, "label.pdf", "label.pdf", "map.pdf")
        at.fake.fail("files.completeUploadExternal", Fault(), Fault(drop=True, commit=commit))
        with pytest.raises(DeliveryError):
            await at.channel.send(post)
        other = slack.connect(slack.Settings(), at.kept.host())
        assert await other.find(post) is None
        await other.send(post)
        assert await other.find(post) is not None
        await other.close()
        assert titles(at) == ["label.pdf", "label.pdf", "map.pdf"]


async def test_file_of_the_customer_or_of_another_post_is_not_taken_for_it() -> None:
    async with listening(manifest()) as at:
        root = at.fake.say(HELP, "U1", "where is it?")
        await at.channel.send(await with_files(at, root, "label.pdf"))
        second = await with_files(at, root, "label.pdf", id="7-2-0-reply")
        at.fake.fail("files.completeUploadExternal", Fault(drop=True))
        with pytest.raises(DeliveryError):
            await at.channel.send(second)
        at.fake.say(HELP, "U1", "this one?", thread=root, files=[at.fake.file("label.pdf", b"x")])
        assert await at.channel.find(second) is None
        await at.channel.send(second)
        assert titles(at) == ["label.pdf", "label.pdf"]

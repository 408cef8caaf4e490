from dataclasses import replace

from bot.conversation import Side
from bot.store import Store
from bot.store.keeping import PIECE_BYTES
from channels.base import Address, Attachment, Bookmark, Since
from tests.bot.store.examples import LATER, NOW, message


async def test_bookmark_is_stored_with_its_message(store: Store) -> None:
    event = replace(message("m1"), bookmark=Bookmark(place="inbox", position="7"))
    await store.accept(event, side=Side.CUSTOMER, at=NOW, answer_by=LATER)
    assert dict((await store.since(event.address.channel)).bookmarks) == {"inbox": "7"}


async def test_second_delivery_still_moves_the_bookmark(store: Store) -> None:
    event = message("m1")
    for position in ("7", "8"):
        marked = replace(event, bookmark=Bookmark(place="inbox", position=position))
        await store.accept(marked, side=Side.CUSTOMER, at=NOW, answer_by=LATER)
    assert dict((await store.since(event.address.channel)).bookmarks) == {"inbox": "8"}


async def test_bookmark_without_a_position_is_forgotten(store: Store) -> None:
    await store.keep("slack", Bookmark(place="inbox", position="7"))
    await store.keep("email", Bookmark(place="inbox", position="8"))
    await store.keep("slack", Bookmark(place="inbox", position=""))
    assert (dict((await store.since("slack")).bookmarks), dict((await store.since("email")).bookmarks)) == (
        {},
        {"inbox": "8"},
    )


async def test_bookmark_of_another_channel_is_not_ours(store: Store) -> None:
    await store.keep("email", Bookmark(place="inbox", position="1"))
    assert Since(bookmarks={}, addresses=()) == await store.since("slack")


async def test_open_conversation_is_where_to_catch_up(store: Store) -> None:
    address = Address(channel="slack", room="help", thread="t1")
    event = replace(message("m1"), address=address)
    await store.accept(event, side=Side.CUSTOMER, at=NOW, answer_by=LATER)
    assert (address,) == (await store.since("slack")).addresses


async def test_same_content_is_kept_once(store: Store) -> None:
    key = await store.keep_file(b"photo")
    assert (key, b"photo") == (await store.keep_file(b"photo"), await store.file(key))


async def test_file_that_nobody_kept_is_none(store: Store) -> None:
    assert await store.file("0" * 64) is None


async def test_forgetting_a_person_drops_their_files(store: Store) -> None:
    theirs, others = await store.keep_file(b"theirs"), await store.keep_file(b"others")
    for external_id, key in (("m1", theirs), ("m2", others)):
        attached = (Attachment(name="a.png", type="image/png", bytes=6, key=key),)
        event = message(external_id)
        room = replace(event.address, room=external_id)
        sender = replace(event.sender, id=f"person-{external_id}")
        event = replace(event, attachments=attached, address=room, sender=sender)
        await store.accept(event, side=Side.CUSTOMER, at=NOW, answer_by=LATER)
    await store.forget("person-m1")
    assert (await store.file(theirs), await store.file(others)) == (None, b"others")


async def test_big_file_comes_back_byte_by_byte_and_is_kept_once(store: Store) -> None:
    content = bytes(range(256)) * (PIECE_BYTES // 64) + b"end"
    key = await store.keep_file(content)
    assert (key, content) == (await store.keep_file(content), await store.file(key))

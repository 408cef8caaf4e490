from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from channels.base import Action, Address, Message, Outgoing, Person, Receipt
from channels.memory import Memory
from tests.channels.test_contract import Bound

ROOM = Address(channel="memory", room="customer")
NOW = datetime(2026, 1, 12, 10, 0, tzinfo=UTC)


@asynccontextmanager
async def bench() -> AsyncIterator[Bound]:
    """For the contract."""
    channel = Memory()

    def shown() -> list[str]:
        cards = [post.card for post in channel.posts if post.card]
        quoted = [field.text for card in cards for field in (*card.fields, *card.quotes)]
        return [*(post.text for post in channel.posts), *(card.title for card in cards), *quoted]

    yield Bound(channel=channel, room=ROOM, shown=shown)


def post(id: str = "1-0-0-say", text: str = "Hello") -> Outgoing:
    return Outgoing(id=id, address=ROOM, text=text)


async def test_posts_stand_in_the_order_sent() -> None:
    channel = Memory()
    await channel.send(post("a", "first"))
    await channel.send(post("b", "second"))
    assert [one.text for one in channel.posts] == ["first", "second"]


async def test_receipts_are_numbered_from_one() -> None:
    channel = Memory()
    assert [await channel.send(post("a")), await channel.send(post("b"))] == [Receipt(id="1"), Receipt(id="2")]


async def test_the_same_id_again_has_the_same_receipt() -> None:
    channel = Memory()
    assert await channel.send(post("a")) == await channel.send(post("a"))


async def test_find_tells_the_receipt_of_what_was_sent() -> None:
    channel = Memory()
    receipt = await channel.send(post("a"))
    assert await channel.find(post("a")) == receipt


async def test_listening_hands_in_its_events_in_order() -> None:
    person = Person(id="ann")
    events = (
        Message(external_id="1", address=ROOM, sender=person, text="Hello", sent_at=NOW),
        Action(external_id="2", address=ROOM, actor=person, name="solved", sent_at=NOW),
    )
    heard: list[Message | Action] = []

    async def receive(event: Message | Action) -> None:
        heard.append(event)

    await Memory(events=events).listen(receive)
    assert heard == list(events)

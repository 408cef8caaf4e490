from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.conversation import CodeSent, Deadline, Decision, Proven
from bot.store import StaleVersionError, Store
from channels.base import Person, Receipt
from tests.bot.store.examples import ANN, BEN, LATER, NOW, begin, load, outgoing, room

KEYS = ("person 1", "address 1")
DAY = timedelta(days=1)


async def decided(store: Store, at: datetime = NOW, name: str = "ann", **others: object) -> None:
    """A decision on the conversation in a room."""
    conversation = await begin(store, at=room(name))
    plain = Decision(conversation=conversation, deadlines=(Deadline(kind="silence", due=LATER),))
    await store.commit(replace(plain, **others), at=at)  # type: ignore[arg-type] # replace checks the names


async def known(store: Store) -> None:
    await store.import_customers([{"id": "C-1", "name": "Ann", "email": "Ann@Example.org", "plan": "Summit"}])


def proven(until: datetime = LATER) -> tuple[Proven, ...]:
    return (Proven(channel="console", person="ann", customer="C-1", until=until),)


async def test_codes_of_a_day_are_counted_by_each_key(store: Store) -> None:
    await decided(store, codes=(CodeSent(keys=KEYS, most=3),))
    assert await store.codes_sent(("person 1",), LATER) == 1
    assert await store.codes_sent(("person 2", "address 1"), LATER) == 1
    assert await store.codes_sent(("person 2",), LATER) == 0
    assert await store.codes_sent(KEYS, NOW + DAY) == 0


async def test_code_beyond_the_days_is_refused_with_its_decision(store: Store) -> None:
    await decided(store, codes=(CodeSent(keys=KEYS, most=2),))
    await decided(store, name="ben", codes=(CodeSent(keys=KEYS, most=2),))
    with pytest.raises(StaleVersionError):
        await decided(store, name="cyd", codes=(CodeSent(keys=("person 9", "address 1"), most=2),))
    assert await store.codes_sent(KEYS, NOW) == 2


async def test_counts_of_days_gone_by_are_dropped(store: Store) -> None:
    await decided(store, codes=(CodeSent(keys=KEYS, most=3),))
    await decided(store, NOW + 2 * DAY, name="ben", codes=(CodeSent(keys=("person 2",), most=3),))
    assert await store.codes_sent(KEYS, NOW + timedelta(hours=1)) == 0


async def test_account_that_was_proved_is_found_for_its_person_and_channel(store: Store) -> None:
    await known(store)
    await decided(store, proven=proven())
    found = await store.find_proven(ANN, channel="console", at=NOW)
    assert found is not None
    assert (found.id, found.fields) == ("C-1", (("plan", "Summit"),))
    assert await store.find_proven(BEN, channel="console", at=NOW) is None
    assert await store.find_proven(ANN, channel="slack", at=NOW) is None


async def test_proof_ends_with_its_time(store: Store) -> None:
    await known(store)
    await decided(store, proven=proven(until=LATER))
    assert await store.find_proven(ANN, channel="console", at=LATER) is None


async def test_later_proof_takes_the_place_of_the_earlier(store: Store) -> None:
    await known(store)
    await decided(store, proven=proven(until=NOW))
    await decided(store, name="ben", proven=proven(until=LATER))
    assert await store.find_proven(ANN, channel="console", at=NOW) is not None


async def test_account_is_found_by_its_address_in_any_spelling_and_by_its_id(store: Store) -> None:
    await known(store)
    by_email, by_id = await store.find_by_email(" ANN@example.org"), await store.find_customer("C-1")
    assert by_email == by_id is not None
    assert await store.find_by_email("ben@example.org") is None
    assert await store.find_customer("C-2") is None


async def test_secret_post_is_gone_once_it_has_left_or_is_refused(store: Store) -> None:
    for name, outcome in (("ann", "sent"), ("ben", "refused")):
        sent = replace(outgoing(f"{name}-code", text="123 456"), secret=True)
        conversation = await begin(store, sent, at=room(name))
        await store.take(NOW)
        assert [post.state for post in await store.outbox(conversation.id)] == ["sending"]
        if outcome == "sent":
            await store.sent(sent.id, Receipt(id="r1"), NOW)
        else:
            await store.refuse(sent.id, "no such user", NOW)
        assert await store.outbox(conversation.id) == ()


async def test_words_that_speak_of_secrets_are_kept(store: Store) -> None:
    said = outgoing("o1", text='{"secret":true}')
    conversation = await begin(store, said)
    await store.take(NOW)
    await store.sent(said.id, Receipt(id="r1"), NOW)
    assert len(await store.outbox(conversation.id)) == 1


async def test_customer_who_is_forgotten_has_proved_nothing(store: Store) -> None:
    await known(store)
    stranger = Person(id="U-77", name="Stranger")
    await decided(store, proven=(replace(proven()[0], person=stranger.id),))
    assert (await store.forget("C-1")).proved
    assert await store.find_proven(stranger, channel="console", at=NOW) is None


async def test_what_was_proved_leads_from_a_person_to_the_customer_and_is_exported(store: Store) -> None:
    await store.import_customers([{"id": "C-1", "name": "Ann", "email": "ann@elsewhere.example"}])
    await decided(store, proven=proven())
    held = await store.export("ann@elsewhere.example")
    assert [row["person"] for row in held["proven"]] == ["ann"]
    assert len(held["conversations"]) == 1


async def test_code_that_waits_for_a_forgotten_customer_never_leaves(store: Store) -> None:
    await known(store)
    to = replace(room("help@shop.example"), channel="email", thread="first Ann@Example.org")
    waiting = replace(outgoing("c1", at=to, text="123 456"), secret=True)
    conversation = await begin(store, waiting, at=room("somebody"))
    await store.forget("C-1")
    assert await store.outbox(conversation.id) == ()
    assert (await load(store, conversation.id)).conversation.version >= conversation.version

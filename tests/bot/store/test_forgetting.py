import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.conversation import (
    Conversation,
    Deadline,
    Decision,
    Escalation,
    Event,
    Gap,
    Outcome,
    Owner,
    Side,
    State,
    Trigger,
)
from bot.store import Forgotten, Onward, Store
from channels.base import Card, Field, Person
from tests.bot.store.examples import (
    ANN,
    DESK,
    LATER,
    NOW,
    SOON,
    begin,
    decide,
    event,
    load,
    message,
    outgoing,
    press,
    receive,
    room,
    turn,
)

ZOE = Person(id="U-zoe-77", name="Zoë Zimmer", email="Zoe.Zimmer@example.org", verified=True)
CONFESSION = 'I gave my "secret" colour as\nperiwinkle, and my cat is called Schnurrbart'
AT_ZOE = replace(room("zoe's room"), channel="slack")


async def _fill(store: Store, state: State = State.WITH_AGENT) -> Conversation:
    """Leave traces of Zoë in every table."""
    await store.import_customers([{"id": "customer-zoe", "name": ZOE.name, "email": "zoe.zimmer@EXAMPLE.org"}])
    await store.import_customers([{"id": "customer-zoe", "slack_id": ZOE.id, "Plan": "Periwinkle Gold Plan"}])
    said = replace(message("zoe-1", text=CONFESSION, at=AT_ZOE), sender=ZOE, subject="Schnurrbart is missing")
    conversation = await receive(store, said)
    snapshot = await load(store, conversation)
    told = replace(
        snapshot.conversation,
        state=state,
        owner=Owner.AGENT,
        agent=ANN,
        desk=DESK,
        outcome=Outcome.BY_AGENT,
        issue_type="delivery",
        escalation=Escalation(trigger=Trigger.HIGH_STAKES, evidence=CONFESSION, category="legal"),
        brief=Card(title="Schnurrbart", quotes=(Field(name="says", text=CONFESSION),)),
    )
    decision = Decision(
        conversation=told,
        handled=(snapshot.pending[0].id,),
        turns=(turn(CONFESSION, external_id="zoe-1"),),
        events=(event("gap_found", question=CONFESSION, issue_type="delivery"), _counted()),
        sends=decide(snapshot, outgoing("to-zoe", at=AT_ZOE, text=f"Dear {ZOE.name}")).sends,
        deadlines=(Deadline(kind="ping", due=LATER),),
        gaps=(Gap(question=CONFESSION, confidence=0.1),),
    )
    await store.commit(decision, at=NOW)
    await receive(store, replace(message("zoe-2", text="Periwinkle once more!", at=AT_ZOE), sender=ZOE))
    return (await load(store, conversation)).conversation


def _counted() -> Event:
    return Event(
        kind="moved",
        at=NOW,
        by="customer",
        facts={"from": "new", "to": "answering", "why": "the customer wrote", "turns": 3, "grounded": True, "x": None},
    )


def _bytes_in(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.iterdir())


@pytest.mark.parametrize("asked", ["customer-zoe", "zoe.zimmer@example.org", " ZOE.ZIMMER@EXAMPLE.ORG ", "U-zoe-77"])
async def test_export_finds_a_person_by_any_of_their_names(store: Store, asked: str) -> None:
    await _fill(store)
    await begin(store)
    exported = await store.export(asked)
    assert [customer["id"] for customer in exported["customers"]] == ["customer-zoe"]
    assert [conversation["person"] for conversation in exported["conversations"]] == ["U-zoe-77"]


async def test_export_holds_every_table(store: Store) -> None:
    await _fill(store)
    exported = await store.export("customer-zoe")
    (conversation,) = exported["conversations"]
    counts = {
        "customers": 1,
        "identities": 1,
        "inbox": 2,
        "turns": 1,
        "events": 2,
        "outbox": 1,
        "timers": 2,
        "gaps": 1,
    }
    assert {table: len(conversation.get(table, exported.get(table, ()))) for table in counts} == counts
    assert conversation["inbox"][0]["body"]["text"] == CONFESSION


async def test_export_is_json(store: Store) -> None:
    await _fill(store)
    exported = await store.export("customer-zoe")
    assert json.loads(json.dumps(exported)) == exported


async def test_export_of_a_stranger_is_empty(store: Store) -> None:
    await _fill(store)
    assert await store.export("nobody") == {
        "person": "nobody",
        "customers": [],
        "identities": [],
        "proven": [],
        "conversations": [],
        "elsewhere": [],
    }


async def test_export_leads_from_a_verified_address_to_the_customer(store: Store) -> None:
    await store.import_customers([{"id": "c1", "name": "Ann", "email": "ann@example.org"}])
    await begin(store)
    assert [customer["id"] for customer in (await store.export("ann"))["customers"]] == ["c1"]


async def test_forged_address_does_not_lead_to_the_customer(store: Store) -> None:
    await store.import_customers([{"id": "c1", "name": "Ann", "email": "ann@example.org"}])
    forger = Person(id="forger", email="ann@example.org", verified=False)
    await receive(store, replace(message(), sender=forger))
    assert (await store.export("forger"))["customers"] == []


async def test_export_holds_what_was_written_in_somebody_elses_room(store: Store) -> None:
    await receive(store, message("ann-1"))
    await receive(store, replace(message("zoe-1", text=CONFESSION), sender=ZOE))
    exported = await store.export("U-zoe-77")
    assert exported["conversations"] == []
    assert [row["body"]["text"] for row in exported["elsewhere"]] == [CONFESSION]


async def test_nothing_of_a_forgotten_person_is_left(store: Store) -> None:
    await _fill(store)
    forgotten = await store.forget("customer-zoe")
    assert (forgotten.found, forgotten.elsewhere) == (0, 0)
    exported = await store.export("customer-zoe")
    assert (exported["customers"], exported["identities"], exported["conversations"]) == ([], [], [])


@pytest.mark.parametrize(("found", "proved"), [(0, True), (1, False)])
def test_proof_fails_with_a_single_string_that_is_found(found: int, proved: bool) -> None:
    assert Forgotten(person="zoe", counts={}, searched=2, found=found, elsewhere=1).proved is proved


async def test_forgetting_counts_what_it_erased(store: Store) -> None:
    await _fill(store)
    forgotten = await store.forget("customer-zoe")
    assert forgotten.counts == {
        "conversations": 1,
        "inbox": 2,
        "turns": 1,
        "events": 2,
        "outbox": 1,
        "gaps": 1,
        "customers": 1,
        "identities": 1,
        "timers": 2,
        "files": 0,
    }


async def test_no_byte_on_disk_speaks_of_a_forgotten_person(tmp_path: Path) -> None:
    path = tmp_path / "warmline.db"
    store = Store.open(path)
    await _fill(store)
    words = [word.encode() for word in ("zoe-77", "Zimmer", "periwinkle", "Periwinkle", "Schnurrbart", "zoe's")]
    before = _bytes_in(tmp_path)
    assert [word for word in words if word not in before] == []
    forgotten = await store.forget("customer-zoe")
    after = _bytes_in(tmp_path)
    store.close()
    assert [word for word in words if word in after] == []
    assert forgotten.searched > 5


async def test_search_sees_what_an_incomplete_erasure_leaves(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "warmline.db")
    await _fill(store)
    needle = "periwinkle, and my cat is called Schnurrbart"
    present = await store.writer.search(lambda blobs: [needle.encode() in bytes(blob) for blob in blobs])
    store.close()
    assert any(present)


async def test_words_that_others_use_too_are_counted_apart(store: Store) -> None:
    await _fill(store)
    await receive(store, message("ann-1", text="Periwinkle once more!"))
    forgotten = await store.forget("customer-zoe")
    assert (forgotten.found, forgotten.elsewhere) == (0, 1)


async def test_reports_keep_their_numbers(store: Store) -> None:
    conversation = await _fill(store)
    await store.forget("customer-zoe")
    events = await store.events(conversation.id)
    assert [(each.kind, each.facts) for each in events] == [
        ("gap_found", {"issue_type": "delivery"}),
        ("moved", _counted().facts),
        (
            "moved",
            {"from": "with_agent", "to": "resolved", "owner": "none", "why": "the person was forgotten"},
        ),
    ]
    kept = await store.conversation(conversation.id)
    assert kept is not None
    assert (kept.customer.id, kept.issue_type, kept.outcome, kept.escalation) == (
        "forgotten",
        "delivery",
        Outcome.BY_AGENT,
        Escalation(trigger=Trigger.HIGH_STAKES, evidence="", category="legal"),
    )


async def test_open_conversation_of_a_forgotten_person_is_resolved_and_silent(store: Store) -> None:
    conversation = await _fill(store)
    await store.forget("customer-zoe")
    kept = await store.conversation(conversation.id)
    assert kept is not None
    assert (kept.state, kept.owner, kept.agent) == (State.RESOLVED, Owner.NONE, None)
    assert (await store.take(LATER), await store.lapse(LATER), await store.pending()) == ((), (), ())


async def test_ignored_conversation_of_a_forgotten_person_stays_ignored(store: Store) -> None:
    conversation = await _fill(store, State.IGNORED)
    await store.forget("customer-zoe")
    kept = await store.conversation(conversation.id)
    assert (kept and kept.state) == State.IGNORED
    assert len(await store.events(conversation.id)) == 2


async def test_decision_that_was_under_way_when_the_person_was_forgotten_is_refused(store: Store) -> None:
    conversation = await _fill(store)
    await store.forget("customer-zoe")
    assert (await load(store, conversation.id)).conversation.version > conversation.version


async def test_receipt_for_a_forgotten_person_changes_nothing(store: Store) -> None:
    await _fill(store)
    (parcel,) = await store.take(NOW)
    await store.forget("customer-zoe")
    assert await store.refuse(parcel.outgoing.id, "gone", NOW) == Onward()


async def test_forgotten_person_who_writes_again_begins_anew(store: Store) -> None:
    conversation = await _fill(store)
    await store.forget("customer-zoe")
    again = replace(message("zoe-3", at=AT_ZOE), sender=ZOE)
    assert await receive(store, again) != conversation.id


async def test_two_people_can_be_forgotten(store: Store) -> None:
    await _fill(store)
    await begin(store)
    await store.forget("customer-zoe")
    await store.forget("ann")
    people = {summary.conversation.customer.id for summary in await store.conversations()}
    assert people == {"forgotten"}


async def test_others_are_untouched(store: Store) -> None:
    await _fill(store)
    conversation = await begin(store, outgoing("o1"))
    before = await store.export("ann")
    await store.forget("customer-zoe")
    assert await store.export("ann") == before
    assert (await load(store, conversation.id)).conversation == conversation


async def test_what_was_written_in_somebody_elses_room_is_erased_there(store: Store) -> None:
    conversation = await receive(store, message("ann-1"), replace(message("zoe-1", text=CONFESSION), sender=ZOE))
    turns = (turn("Ann's words", external_id="ann-1"), turn(CONFESSION, external_id="zoe-1"))
    await store.commit(replace(decide(await load(store, conversation)), turns=turns), at=NOW)
    forgotten = await store.forget("U-zoe-77")
    assert (forgotten.found, forgotten.elsewhere) == (0, 0)
    assert [each.text for each in (await load(store, conversation)).conversation.turns] == ["Ann's words"]


async def test_what_was_pressed_in_somebody_elses_room_is_erased_there(store: Store) -> None:
    conversation = await receive(store, message("ann-1"))
    await store.accept(
        replace(press("zoe-2", name="rate", at=room()), actor=ZOE), side=Side.CUSTOMER, at=NOW, answer_by=SOON
    )
    await store.forget("U-zoe-77")
    assert len((await load(store, conversation)).pending) == 1


async def test_forgetting_a_stranger_erases_nothing(store: Store) -> None:
    await _fill(store)
    before = await store.export("customer-zoe")
    forgotten = await store.forget("nobody")
    assert (set(forgotten.counts.values()), forgotten.searched, forgotten.found) == ({0}, 1, 0)
    assert await store.export("customer-zoe") == before


async def test_backups_that_still_hold_the_person_are_named(store: Store, tmp_path: Path) -> None:
    await _fill(store)
    copy = await store.backup(tmp_path / "backups", 3)
    forgotten = await store.forget("customer-zoe", backups=tmp_path / "backups")
    assert forgotten.backups == (str(copy),)


async def test_backup_made_afterwards_holds_nothing(store: Store, tmp_path: Path) -> None:
    await _fill(store)
    await store.forget("customer-zoe")
    copy = await store.backup(tmp_path / "backups", 3)
    assert (await store.forget("Schnurrbart", backups=tmp_path / "backups")).backups == ()
    assert b"Schnurrbart" not in copy.read_bytes()

"""No statement of a message's way may read what is long past: seen in SQLite's own plans, never by a clock."""

from dataclasses import replace

from bot.conversation import Side
from bot.store import InlineWriter, Store
from channels.base import Receipt
from tests.bot.store.examples import DESK, LATER, NOW, SOON, decide, load, message, outgoing, press, receive, turn


async def _whole_way(store: Store) -> None:
    await store.recover(NOW)
    conversation = await receive(store, message("m1"))
    await store.accept(press(), side=Side.DESK, at=NOW, answer_by=SOON)
    await store.pending()
    decision = decide(await load(store, conversation), outgoing("o1"), outgoing("o2", at=DESK), report=True)
    await store.commit(replace(decision, turns=(turn(external_id="m1"),), revised=(turn(external_id="m1"),)), at=NOW)
    await store.take(NOW)
    await store.sent("o1", Receipt(id="p1"), NOW)
    await store.postpone("o2", due=NOW, unsure=True, reason="")
    await store.refuse("o2", "", NOW)
    await store.lapse(LATER)
    await store.next_due()


def _reads_all(step: str) -> bool:
    return step.startswith("SCAN") and "INDEX" not in step and step != "SCAN CONSTANT ROW"


async def test_no_statement_reads_a_whole_table() -> None:
    writer = InlineWriter()
    statements: dict[str, None] = {}
    writer.db.conn.set_trace_callback(lambda sql: statements.setdefault(sql))
    await _whole_way(Store(writer))
    writer.db.conn.set_trace_callback(None)
    plans = {
        sql: [row["detail"] for row in writer.db.execute(f"explain query plan {sql}")]
        for sql in statements
        if sql.split()[0].lower() in {"select", "insert", "update", "delete"}
    }
    assert len(plans) > 20
    whole = {sql: plan for sql, plan in plans.items() if any(_reads_all(step) for step in plan)}
    assert whole == {}


async def test_what_waits_in_a_conversation_is_found_without_what_is_done() -> None:
    writer = InlineWriter()
    statements: list[str] = []
    await receive(Store(writer), message())
    writer.db.conn.set_trace_callback(statements.append)
    await load(Store(writer), "1")
    writer.db.conn.set_trace_callback(None)
    (select,) = (sql for sql in statements if "from inbox" in sql)
    assert "inbox_pending" in str([row["detail"] for row in writer.db.execute(f"explain query plan {select}")])

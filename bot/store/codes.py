"""One-time codes: how many were sent of late, and who has proved by one who they are."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.conversation import Account, CodeSent, Decision
from bot.store import outbox
from bot.store.people import account
from bot.store.records import clean, email_key, to_text
from channels.base import Person

DAY = timedelta(days=1)


def sent(db: Database, keys: Iterable[str], at: datetime) -> int:
    """Return how many codes went out in the day before a time under the fullest of these keys."""
    counts = [
        db.execute("select count(*) from codes where key = ? and at > ?", (key, to_text(at - DAY))).fetchone()[0]
        for key in keys
    ]
    return max(counts, default=0)


def put(db: Database, decision: Decision, at: datetime) -> bool:
    """Write what a decision says of codes; False, with nothing written, where too many were sent meanwhile."""
    if any(sent(db, code.keys, at) >= code.most for code in decision.codes):
        return False
    for code in decision.codes:
        _count(db, code, at)
    for one in decision.proven:
        db.execute(
            "insert or replace into proven (channel, person, customer, until) values (?, ?, ?, ?)",
            (clean(one.channel), clean(one.person), one.customer, to_text(one.until)),
        )
    return True


def find_proven(db: Database, person: Person, channel: str, at: datetime) -> Account | None:
    """Return the account that somebody on a channel has proved to be theirs, while that counts."""
    row = db.execute(
        "select customer from proven where channel = ? and person = ? and until > ?",
        (clean(channel), clean(person.id), to_text(at)),
    ).fetchone()
    return None if row is None else account(db, row["customer"])


def find_by_email(db: Database, email: str) -> Account | None:
    """Return the account with an e-mail address, in any spelling."""
    row = db.execute("select id from customers where email_key = ?", (email_key(email),)).fetchone()
    return None if row is None else account(db, row["id"])


def find_customer(db: Database, id: str) -> Account | None:
    """Return the account of a customer."""
    row = db.execute("select id from customers where id = ?", (clean(id),)).fetchone()
    return None if row is None else account(db, row["id"])


def forget(db: Database, customer: str) -> None:
    """Erase that a customer proved who they are, and the mails with codes that are still to leave for them.

    What is counted by keys that tell nobody's name goes within a day.
    """
    db.execute("delete from proven where customer = ?", (customer,))
    row = db.execute("select email from customers where id = ?", (customer,)).fetchone()
    if row is not None and row["email"]:
        db.execute(
            "delete from outbox where ended_at is null and instr(body, ?) and instr(thread, ?)",
            (outbox.CONFIDENTIAL, clean(row["email"])),
        )


def _count(db: Database, code: CodeSent, at: datetime) -> None:
    """Count a code; what is older than a day counts no more and goes."""
    db.execute("delete from codes where at <= ?", (to_text(at - DAY),))
    db.conn.executemany("insert into codes (key, at) values (?, ?)", [(key, to_text(at)) for key in code.keys])

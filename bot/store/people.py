"""The customers' table: who they are on each channel and what an agent should see of them."""

import json

from sqlite_utils import Database

from bot.conversation import Account
from bot.store.records import clean, email_key
from channels.base import Person


def find_account(db: Database, person: Person, channel: str) -> Account | None:
    """Return the account of a person, by identity, else by e-mail where the channel vouches for it."""
    rows = db.execute(
        "select distinct customer as id from identities where person = ? and ? in ('', channel)",
        (clean(person.id), channel),
    ).fetchall()
    if not rows and person.verified and person.email:
        rows = db.execute("select id from customers where email_key = ?", (email_key(person.email),)).fetchall()
    # Two customers claim this identity: showing either could show a stranger's data.
    return _account(db, rows[0]["id"]) if len(rows) == 1 else None


def _account(db: Database, customer: str) -> Account:
    row = db.execute("select id, name, email, fields from customers where id = ?", (customer,)).fetchone()
    fields = tuple((name, value) for name, value in json.loads(row["fields"]))
    return Account(id=row["id"], name=row["name"], email=row["email"], fields=fields)

"""The customers' table: who they are on each channel and what an agent should see of them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlite_utils import Database

from bot.conversation import Account
from bot.store.records import clean, email_key, to_json
from channels.base import Person

IDENTITIES: Mapping[str, str] = {"slack_id": "slack", "discord_id": "discord", "console_id": "console"}
_OWN = ("id", "name", "email", *IDENTITIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A line of the file that was left out, counted from 1 for the heading, and what is wrong with it."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: customers added, changed, found as they were, and lines left out."""

    added: int
    changed: int
    unchanged: int
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Customer:
    """One customer as stored; `fields` is JSON, `identities` a person's id by channel."""

    name: str = ""
    email: str | None = None
    fields: str = "[]"
    identities: Mapping[str, str] = field(default_factory=dict)


def find_account(db: Database, person: Person, channel: str) -> Account | None:
    """Return the account of a person, by identity, else by e-mail where the channel vouches for it."""
    rows = db.execute(
        "select distinct customer as id from identities where person = ? and ? in ('', channel)",
        (clean(person.id), channel),
    ).fetchall()
    if not rows and person.verified and person.email:
        rows = db.execute("select id from customers where email_key = ?", (email_key(person.email),)).fetchall()
    # Two customers claim this identity: showing either could show a stranger's data.
    return account(db, rows[0]["id"]) if len(rows) == 1 else None


def import_customers(db: Database, rows: Iterable[Mapping[str, str]]) -> Imported:
    """Add or update the customers of a CSV file, read as mappings from its heading. A bad line hinders no other."""
    outcomes = {"added": 0, "changed": 0, "unchanged": 0}
    refused = []
    for line, row in enumerate(rows, start=2):
        columns = _columns(row)
        reason = _objection(db, row, columns)
        if reason:
            refused.append(Refused(line=line, reason=reason))
        else:
            outcomes[_put(db, columns)] += 1
    return Imported(**outcomes, refused=tuple(refused))


def account(db: Database, customer: str) -> Account:
    """Return what is known of a customer who is in the table."""
    row = db.execute("select id, name, email, fields from customers where id = ?", (customer,)).fetchone()
    fields = tuple((name, value) for name, value in json.loads(row["fields"]))
    return Account(id=row["id"], name=row["name"], email=row["email"], fields=fields)


def _columns(row: Mapping[str, str]) -> dict[str, str]:
    """Return the row with tidy names: our own in small letters, the others as written; in the order of the file."""
    columns = {}
    for name, value in row.items():
        if isinstance(name, str) and name.strip():  # csv puts cells beyond the heading under None
            tidy = clean(name).strip()
            columns[tidy.casefold() if tidy.casefold() in _OWN else tidy] = clean(value or "").strip()
    return columns


def _objection(db: Database, row: Mapping[str, str], columns: dict[str, str]) -> str:
    """Return why a line cannot be taken, "" when it can."""
    customer = columns.get("id", "")
    if None in row:
        return "more cells than the heading has: put quotes around cells that hold commas"
    if not customer:
        return "the id is missing"
    email = email_key(columns.get("email"))
    other = db.execute("select id from customers where email_key = ? and id <> ?", (email, customer)).fetchone()
    if other is not None:
        return f"the e-mail address {columns['email']!r} belongs to customer {other['id']!r} already"
    for column, channel in IDENTITIES.items():
        other = db.execute(
            "select customer from identities where channel = ? and person = ? and customer <> ?",
            (channel, columns.get(column, ""), customer),
        ).fetchone()
        if other is not None:
            return f"{column} {columns[column]!r} belongs to customer {other['customer']!r} already"
    return ""


def _put(db: Database, columns: dict[str, str]) -> str:
    """Write one customer; return added, changed or unchanged. What the file has no column for stays as it was."""
    before = _known(db, columns["id"])
    after = _after(before or _Customer(), columns)
    if after == before:
        return "unchanged"
    db.execute(
        "insert into customers (id, name, email, email_key, fields) values (?, ?, ?, ?, ?) on conflict (id) do update"
        " set name = excluded.name, email = excluded.email, email_key = excluded.email_key, fields = excluded.fields",
        (columns["id"], after.name, after.email, email_key(after.email), after.fields),
    )
    db.execute("delete from identities where customer = ?", (columns["id"],))
    db.conn.executemany(
        "insert into identities (channel, person, customer) values (?, ?, ?)",
        [(channel, person, columns["id"]) for channel, person in after.identities.items()],
    )
    return "changed" if before else "added"


def _after(before: _Customer, columns: dict[str, str]) -> _Customer:
    """Return a customer as a line of the file has it; an empty cell takes away what was there."""
    named = {channel: columns[column] for column, channel in IDENTITIES.items() if column in columns}
    return _Customer(
        name=columns.get("name", before.name),
        email=columns.get("email", before.email or "") or None,
        fields=to_json([[name, value] for name, value in columns.items() if name not in _OWN and value]),
        identities={channel: person for channel, person in {**before.identities, **named}.items() if person},
    )


def _known(db: Database, customer: str) -> _Customer | None:
    row = db.execute("select name, email, fields from customers where id = ?", (customer,)).fetchone()
    if row is None:
        return None
    identities = db.execute("select channel, person from identities where customer = ?", (customer,))
    return _Customer(**dict(row), identities={each["channel"]: each["person"] for each in identities})

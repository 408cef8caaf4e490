"""All that is held on one person: which rows they are, and their content as JSON."""

import json
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from bot.conversation import Side
from bot.store.records import clean, email_key

_JSON_COLUMNS = frozenset({"body", "facts", "fields", "sources", "attachments"})
_OF_A_CONVERSATION = ("inbox", "turns", "events", "outbox", "timers", "gaps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """The rows of one person; `strays` are inbox rows of theirs that are not in a conversation of theirs."""

    customers: tuple[str, ...]
    conversations: tuple[int, ...]
    strays: tuple[int, ...]


def find(db: Database, person: str) -> Holdings:
    """Find a person by customer id, e-mail address (in any spelling) or id on a channel."""
    asked = clean(person).strip()
    customers: set[str] = set()
    conversations: set[int] = set()
    size = -1
    # A conversation leads to the customer with its verified address, who leads to further conversations.
    while size < len(customers) + len(conversations):
        size = len(customers) + len(conversations)
        customers |= _customers(db, asked, conversations)
        conversations |= _conversations(db, asked, customers)
    return Holdings(
        customers=tuple(sorted(customers)),
        conversations=tuple(sorted(conversations)),
        strays=_strays(db, asked, customers, conversations),
    )


def export(db: Database, person: str) -> dict[str, Any]:
    """Return everything held on a person, table by table, ready for JSON; empty lists when there is nothing."""
    held = find(db, person)
    return {
        "person": person,
        "customers": [row for each in held.customers for row in _rows(db, "customers", "id", each)],
        "identities": [row for each in held.customers for row in _rows(db, "identities", "customer", each)],
        "proven": [row for each in held.customers for row in _rows(db, "proven", "customer", each)],
        "conversations": [
            {
                **_rows(db, "conversations", "id", each)[0],
                **{table: _rows(db, table, "conversation", each) for table in _OF_A_CONVERSATION},
            }
            for each in held.conversations
        ],
        "elsewhere": [row for each in held.strays for row in _rows(db, "inbox", "id", each)],
    }


def _customers(db: Database, asked: str, conversations: set[int]) -> set[str]:
    rows = db.execute(
        "select id from customers where id = :asked or email_key = :email"
        " union select customer from identities where person = :asked"
        " union select identities.customer from conversations join identities"
        " on identities.channel = conversations.channel and identities.person = conversations.person"
        " where conversations.id in (select value from json_each(:conversations))"
        " union select proven.customer from conversations join proven"
        " on proven.channel = conversations.channel and proven.person = conversations.person"
        " where conversations.id in (select value from json_each(:conversations))"
        " union select customers.id from conversations join customers on customers.email_key = conversations.email"
        " where conversations.id in (select value from json_each(:conversations))"
        " and json_extract(conversations.body, '$.customer.verified')",
        {"asked": asked, "email": email_key(asked), "conversations": json.dumps(sorted(conversations))},
    )
    return {row["id"] for row in rows}


def _conversations(db: Database, asked: str, customers: set[str]) -> set[int]:
    rows = db.execute(
        "select id from conversations where person = :asked or email = :email"
        " union select conversations.id from identities join conversations"
        " on conversations.channel = identities.channel and conversations.person = identities.person"
        " where identities.customer in (select value from json_each(:customers))"
        " union select conversations.id from proven join conversations"
        " on conversations.channel = proven.channel and conversations.person = proven.person"
        " where proven.customer in (select value from json_each(:customers))"
        " union select conversations.id from customers join conversations on conversations.email = customers.email_key"
        " where customers.id in (select value from json_each(:customers))",
        {"asked": asked, "email": email_key(asked), "customers": json.dumps(sorted(customers))},
    )
    return {row["id"] for row in rows}


def _strays(db: Database, asked: str, customers: set[str], conversations: set[int]) -> tuple[int, ...]:
    """Find what the person wrote in rooms that began as somebody else's, or where no conversation was."""
    rows = db.execute(
        "select id from inbox where side = :side and (person = :asked or exists (select 1 from identities where"
        " identities.channel = inbox.channel and identities.person = inbox.person"
        " and identities.customer in (select value from json_each(:customers))))"
        " and coalesce(conversation, 0) not in (select value from json_each(:conversations)) order by id",
        {
            "side": str(Side.CUSTOMER),
            "asked": asked,
            "customers": json.dumps(sorted(customers)),
            "conversations": json.dumps(sorted(conversations)),
        },
    )
    return tuple(row["id"] for row in rows)


def _rows(db: Database, table: str, column: str, value: str | int) -> list[dict[str, Any]]:
    # Both names are our own, never somebody's input.
    rows = db.execute(f"select * from {table} where {column} = ? order by rowid", (value,))  # noqa: S608
    return [
        {name: json.loads(row[name]) if name in _JSON_COLUMNS else row[name] for name in row.keys()}  # noqa: SIM118
        for row in rows
    ]

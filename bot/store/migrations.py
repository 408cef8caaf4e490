"""The tables, built step by step: each step is numbered, applied once, and never changed after a release."""

from sqlite_utils import Database, Migrations

migrations = Migrations("warmline")


def migrate(db: Database) -> None:
    """Apply what is missing, all of it or nothing. Raises the error of the step that failed."""
    # Immediate: of two starters one waits for the other instead of failing in the middle.
    db.execute("begin immediate")
    try:
        migrations.apply(db)
        db.execute("commit")
    except BaseException:
        db.rollback()
        raise


@migrations(name="0001_conversations")
def _conversations(db: Database) -> None:
    """Create what the loop needs for one message from arrival to receipt."""
    for statement in _CONVERSATIONS:
        db.execute(statement)


@migrations(name="0002_customers")
def _customers(db: Database) -> None:
    """Create the customers' table and who they are on each channel."""
    for statement in _CUSTOMERS:
        db.execute(statement)


@migrations(name="0003_channels")
def _channels(db: Database) -> None:
    """Create what channels have kept for them: how far each place was read, and files."""
    for statement in _CHANNELS:
        db.execute(statement)


@migrations(name="0004_decided")
def _decided(db: Database) -> None:
    """Keep the version at which a conversation or its turns last changed: arrivals alone move only `version`."""
    db.execute("alter table conversations add column decided integer not null default 0")


@migrations(name="0005_codes")
def _codes(db: Database) -> None:
    """Count the one-time codes that were sent, and keep who has proved by one who they are."""
    for statement in _CODES:
        db.execute(statement)


# AUTOINCREMENT: an id is never used again, so the order of ids is the order of arrival whatever the clock says.
_CONVERSATIONS = (
    """
    create table conversations (
        id integer primary key autoincrement,
        channel text not null, room text not null, thread text not null,
        person text not null, email text,
        state text not null,
        version integer not null,
        desk_channel text, desk_room text, desk_thread text,
        created_at text not null,
        body text not null,
        unique (channel, room, thread)
    ) strict
    """,
    "create index conversations_desk on conversations (desk_channel, desk_room, desk_thread)",
    "create index conversations_person on conversations (person)",
    "create index conversations_email on conversations (email)",
    "create index conversations_state on conversations (state, id)",
    """
    create table inbox (
        id integer primary key autoincrement,
        channel text not null, external_id text not null,
        conversation integer references conversations (id),
        side text not null, kind text not null, person text not null, thread text not null,
        body text not null,
        at text not null,
        done integer not null default 0,
        crashes integer not null default 0,
        unique (channel, external_id)
    ) strict
    """,
    "create index inbox_pending on inbox (conversation, id) where done = 0",
    "create index inbox_conversation on inbox (conversation)",
    "create index inbox_person on inbox (person)",
    "create index inbox_unknown on inbox (channel, thread) where conversation is null and side = 'desk'",
    """
    create table turns (
        id integer primary key autoincrement,
        conversation integer not null references conversations (id),
        role text not null, kind text not null, text text not null, at text not null,
        episode integer not null, author text not null, external_id text not null,
        sources text not null, attachments text not null,
        deleted integer not null, cited integer not null
    ) strict
    """,
    "create index turns_conversation on turns (conversation, id)",
    "create index turns_external on turns (conversation, external_id) where external_id <> ''",
    """
    create table events (
        id integer primary key autoincrement,
        conversation integer not null references conversations (id),
        kind text not null, at text not null, by text not null, facts text not null
    ) strict
    """,
    "create index events_conversation on events (conversation, id)",
    "create index events_at on events (at)",
    # due is '' for "at once": a clock that jumps back cannot hold up what was never meant to wait.
    # ended_at is set when a row has left its line: sent, failed or cancelled.
    """
    create table outbox (
        n integer primary key autoincrement,
        id text not null unique,
        conversation integer not null references conversations (id),
        channel text not null, room text not null, thread text not null,
        body text not null,
        report integer not null,
        state text not null default 'pending',
        due text not null default '',
        attempts integer not null default 0,
        receipt text not null default '',
        reason text not null default '',
        at text not null,
        ended_at text
    ) strict
    """,
    "create index outbox_line on outbox (conversation, channel, room, thread, n) where ended_at is null",
    "create index outbox_due on outbox (due, n) where ended_at is null",
    "create index outbox_receipt on outbox (receipt) where receipt <> ''",
    "create index outbox_conversation on outbox (conversation, n)",
    """
    create table timers (
        id integer primary key autoincrement,
        conversation integer not null references conversations (id),
        kind text not null, due text not null
    ) strict
    """,
    "create index timers_due on timers (due, id)",
    "create index timers_conversation on timers (conversation, kind)",
    """
    create table gaps (
        id integer primary key autoincrement,
        conversation integer not null references conversations (id),
        question text not null, confidence real not null, nearest text not null, issue_type text,
        at text not null
    ) strict
    """,
    "create index gaps_conversation on gaps (conversation)",
    "create index gaps_at on gaps (at)",
)

_CUSTOMERS = (
    """
    create table customers (
        id text primary key,
        name text not null, email text, email_key text unique,
        fields text not null
    ) strict
    """,
    """
    create table identities (
        channel text not null, person text not null,
        customer text not null references customers (id) on delete cascade,
        primary key (channel, person)
    ) strict
    """,
    "create index identities_customer on identities (customer)",
    "create index identities_person on identities (person)",
)

_CHANNELS = (
    """
    create table bookmarks (
        channel text not null, place text not null, position text not null,
        primary key (channel, place)
    ) strict
    """,
    "create table files (key text primary key, content blob not null) strict",
)

_CODES = (
    "create table codes (key text not null, at text not null) strict",
    "create index codes_key on codes (key, at)",
    """
    create table proven (
        channel text not null, person text not null,
        customer text not null references customers (id) on delete cascade,
        until text not null,
        primary key (channel, person)
    ) strict
    """,
    "create index proven_customer on proven (customer)",
)

"""What channels have kept for them: how far they have read, and files."""

import hashlib

from sqlite_utils import Database

from bot.conversation import State
from bot.store.records import clean
from channels.base import Address, Bookmark, Since

PIECE_BYTES = 262_144


def keep(db: Database, channel: str, bookmark: Bookmark) -> None:
    """Remember how far a place was read; an empty position forgets the place."""
    if not bookmark.position:
        db.execute("delete from bookmarks where channel = ? and place = ?", (clean(channel), clean(bookmark.place)))
        return
    db.execute(
        "insert into bookmarks (channel, place, position) values (?, ?, ?)"
        " on conflict (channel, place) do update set position = excluded.position",
        (clean(channel), clean(bookmark.place), clean(bookmark.position)),
    )


def since(db: Database, channel: str) -> Since:
    """Return a channel's bookmarks, and the addresses of its open conversations and of the desk threads on it."""
    marks = db.execute("select place, position from bookmarks where channel = ?", (channel,)).fetchall()
    rows = db.execute(
        "select channel, room, thread, desk_channel, desk_room, desk_thread from conversations"
        " where state not in (?, ?) and ? in (channel, desk_channel) order by id",
        (str(State.RESOLVED), str(State.IGNORED), channel),
    ).fetchall()
    found = [tuple(row[:3]) for row in rows] + [tuple(row[3:]) for row in rows]
    here = dict.fromkeys(place for place in found if place[0] == channel)
    return Since(
        bookmarks={row["place"]: row["position"] for row in marks},
        addresses=tuple(Address(channel=name, room=room, thread=thread) for name, room, thread in here),
    )


def keep_file(db: Database, content: bytes) -> str:
    """Keep a file's content once; return its key."""
    key = hashlib.sha256(content).hexdigest()
    if len(content) <= PIECE_BYTES:
        db.execute("insert into files (key, content) values (?, ?) on conflict (key) do nothing", (key, content))
        return key
    # Piece by piece: bound as one value, a big file would be in memory three times.
    added = db.execute(
        "insert into files (key, content) values (?, zeroblob(?)) on conflict (key) do nothing", (key, len(content))
    )
    if added.rowcount:
        row = db.execute("select rowid from files where key = ?", (key,)).fetchone()
        with db.conn.blobopen("files", "content", row[0]) as blob:
            for at in range(0, len(content), PIECE_BYTES):
                blob.write(content[at : at + PIECE_BYTES])
    return key


def file(db: Database, key: str) -> bytes | None:
    """Return a file's content, None where it was not kept or is forgotten."""
    row = db.execute("select content from files where key = ?", (key,)).fetchone()
    return bytes(row["content"]) if row else None


def drop_unused_files(db: Database) -> int:
    """Delete the files that no turn and no arrival names any more; return how many."""
    return db.execute(
        "delete from files where not exists (select 1 from turns where instr(attachments, key))"
        " and not exists (select 1 from inbox where instr(body, key))"
    ).rowcount

"""What the reader's own process runs: mails in, facts out. It imports only what reading needs."""

import json
import struct
import sys
from datetime import datetime
from io import BufferedIOBase
from typing import Any, BinaryIO, cast

from channels.email.headers import Contact
from channels.email.machines import Bounce, Kind
from channels.email.reader import File, Mail, read

LENGTH = struct.Struct(">Q")
PLAIN = (
    "digest", "message_id", "recipients", "subject", "text", "quoted", "kind", "why", "answers", "references",
    "results", "loop", "error",
)  # fmt: skip
TUPLES = ("recipients", "answers", "references", "results")


def serve(options: dict[str, Any], source: BufferedIOBase, sink: BinaryIO) -> None:
    """Read mail after mail until the input ends: eight bytes of length and the mail, for each."""
    own = frozenset(options["own"])
    while len(head := source.read(8)) == 8:
        raw = bytearray(LENGTH.unpack(head)[0])  # filled in place: a big mail is in memory once
        source.readinto(raw)
        mail = read(cast(bytes, raw), own=own, keep_bytes=options["keep_bytes"])
        answer = to_answer(mail)
        sink.write(LENGTH.pack(len(answer)) + answer)
        for file in mail.files:
            sink.write(file.content or b"")
        sink.flush()


def to_answer(mail: Mail) -> bytes:
    """The facts of a mail as JSON: data only, so that a reader which a mail took over can do no harm by it."""
    bounce = mail.bounce
    facts = {name: getattr(mail, name) for name in PLAIN} | {
        "sender": (mail.sender.name, mail.sender.email),
        "reply_to": (mail.reply_to.name, mail.reply_to.email),
        "sent_at": mail.sent_at.isoformat() if mail.sent_at else None,
        "bounce": (bounce.recipients, bounce.status, bounce.original_id) if bounce else None,
        "files": [(f.name, f.type, f.size, None if f.content is None else len(f.content)) for f in mail.files],
    }
    return json.dumps(facts).encode()


def to_mail(facts: dict[str, Any], contents: list[bytes | None]) -> Mail:
    """The mail of some facts, `contents` being those of its files. Raises ValueError, KeyError, TypeError."""
    values: dict[str, Any] = {name: facts[name] for name in PLAIN} | {name: tuple(facts[name]) for name in TUPLES}
    values["kind"] = Kind(facts["kind"])
    (sender, address), (other, reply_to), bounce = facts["sender"], facts["reply_to"], facts["bounce"]
    files = zip(facts["files"], contents, strict=True)
    return Mail(
        **values,
        sender=Contact(name=sender, email=address),
        reply_to=Contact(name=other, email=reply_to),
        sent_at=datetime.fromisoformat(facts["sent_at"]) if facts["sent_at"] else None,
        bounce=Bounce(recipients=tuple(bounce[0]), status=bounce[1], original_id=bounce[2]) if bounce else None,
        files=tuple(File(name=f[0], type=f[1], size=f[2], content=content) for f, content in files),
    )


def main() -> None:
    """What the child process runs."""
    serve(json.loads(sys.argv[1]), cast(BufferedIOBase, sys.stdin.buffer), sys.stdout.buffer)

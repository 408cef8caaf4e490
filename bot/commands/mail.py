"""`warmline mail`: what the bot reads in a raw mail, and whether it would answer."""

import json
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from bot import settings
from channels.email.machines import Kind
from channels.email.reader import Mail, read


def run(args: Namespace) -> int:
    """Print what is in each file. Returns 0, or 1 when one is not there; never fails on what a file holds."""
    own = _own_addresses(args.config)
    missing = False
    for path in args.files:
        began = time.perf_counter()
        try:
            mail, error = read(path.read_bytes(), own=own), ""
        except OSError as problem:
            mail, error, missing = Mail(digest=""), f"cannot be read: {problem.strerror}", True
        _print(to_json(path, mail, (time.perf_counter() - began) * 1_000, error=error), args)
    return 1 if missing else 0


def to_json(path: Path, mail: Mail, ms: float, *, error: str = "") -> dict[str, Any]:
    """The stable form of one mail."""
    problem = error or mail.error
    human = mail.kind is Kind.HUMAN and not error
    return {
        "file": str(path),
        "message_id": mail.message_id or None,
        "from": mail.sender.email or None,
        "subject": mail.subject,
        "text": mail.text,
        "quoted": mail.quoted,
        "attachments": [{"name": file.name, "type": file.type, "bytes": file.size} for file in mail.files],
        "kind": str(mail.kind),
        "answer": human and not problem and bool(mail.sender.email),
        "why": _why(mail, problem),
        "error": problem or None,
        "ms": round(ms, 3),
    }


def _why(mail: Mail, problem: str) -> str:
    if mail.kind is not Kind.HUMAN:
        return f"{mail.why}: kept and shown, never answered"
    if problem:
        return f"{problem}: a person looks at it"
    return mail.why if mail.sender.email else "it names nobody to answer: a person looks at it"


def _own_addresses(config: Path) -> frozenset[str]:
    """Our own addresses, where bot.toml can be read and switches mail on."""
    try:
        own = settings.load(config).channels.get("email")
    except settings.SettingsError:
        return frozenset()
    return frozenset() if own is None else own.addresses()


def _print(shown: dict[str, Any], args: Namespace) -> None:
    if args.json:
        sys.stdout.write(json.dumps(shown, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8") + "\n")
        return
    files = ", ".join(f"{each['name']} ({each['bytes']} bytes)" for each in shown["attachments"]) or "none"
    lines = [
        str(shown["file"]),
        f"  from      {shown['from'] or 'nobody that could be answered'}",
        f"  subject   {shown['subject']}",
        f"  kind      {shown['kind']}; {'answered' if shown['answer'] else 'not answered'}: {shown['why']}",
        f"  files     {files}",
        "  new words",
        *(f"    {line}" for line in shown["text"].split("\n")),
        f"  quoted    {len(shown['quoted'])} characters, {shown['ms']:.1f} ms",
    ]
    text = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in "\n".join(lines))
    sys.stdout.write(text.encode("utf-8", "replace").decode("utf-8") + "\n")

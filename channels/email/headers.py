"""Header fields as they really come: encoded words, addresses, ids, dates. Never raises; bounded time."""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from channels.email.charsets import decode

MAX_BYTES = 16_384
MAX_ADDRESSES = 100
WORD = re.compile(rb"=\?([\w.:+-]{1,40})(?:\*[\w-]{0,20})?\?([bBqQ])\?([^?]{0,8000})\?=")
GAP = re.compile(rb"[ \t\r\n]*")
LOCAL, DOMAIN = r"[^\s<>()\",;:\[\]@\\]{1,128}", r"[^\s<>()\",;:\[\]@\\]{1,255}"
ADDRESS = re.compile(rf"(?:\"[^\"\s]{{1,64}}\"|{LOCAL})@{DOMAIN}")
ANGLED = re.compile(rf"<\s*((?:\"[^\"\r\n]{{1,64}}\"|{LOCAL})@{DOMAIN})\s*>")
ID = re.compile(r"<([^<>\s]{1,998})>")
CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
BASE64 = bytes(c for c in range(256) if not re.match(rb"[A-Za-z0-9+/]", bytes([c])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A name and an address as a header has them; the address in small letters, empty where there is none."""

    name: str = ""
    email: str = ""


def from_base64(data: bytes) -> bytes:
    """What base64 text means, with everything that is no base64 thrown away."""
    clean = data.translate(None, BASE64)
    clean = clean[: len(clean) - 1] if len(clean) % 4 == 1 else clean
    try:
        return base64.b64decode(clean + b"=" * (-len(clean) % 4))
    except binascii.Error:
        return b""


def to_text(value: bytes, *, hint: str = "") -> str:
    """A header's value as people read it: encoded words decoded, on one line, without control characters."""
    value = value[:MAX_BYTES]
    out: list[str] = []
    charset, pending, at = "", b"", 0
    for found in WORD.finditer(value):
        between = value[at : found.start()]
        name = found.group(1).decode("ascii", "replace").lower()
        if pending and (name != charset or not GAP.fullmatch(between)):
            out.append(decode(pending, charset))  # joined before: a character may be cut by two words
            pending = b""
        if not (at and GAP.fullmatch(between)):
            out.append(decode(between, hint=hint) if not between.isascii() else between.decode("ascii"))
        pending, charset, at = pending + _word(found.group(2), found.group(3)), name, found.end()
    if pending:
        out.append(decode(pending, charset))
    rest = value[at:]
    out.append(rest.decode("ascii") if rest.isascii() else decode(rest, hint=hint))
    return CONTROLS.sub(" ", "".join(out)).strip()


def contacts(value: bytes, *, hint: str = "") -> tuple[Contact, ...]:
    """The people in an address header, in order. A quoted address in a name is a name, not an address."""
    text = value[:MAX_BYTES].decode("utf-8", "surrogateescape")
    found: list[Contact] = []
    at = 0
    for match in ANGLED.finditer(text):
        before = text[at : match.start()]
        name = before.rsplit(",", 1)[-1] if before.count('"') < 2 else before.strip(" ,;")
        shown = to_text(name.encode("utf-8", "surrogateescape"), hint=hint).strip("\"' ,;")
        found.append(Contact(name=shown.replace('\\"', '"')[:200], email=match.group(1).lower()))
        at = match.end()
        if len(found) == MAX_ADDRESSES:
            return tuple(found)
    bare = ANGLED.sub(" ", text) if found else text
    if not found and "@" not in bare:
        bare = to_text(value, hint=hint)
    bare = re.sub(r'"[^"@]{0,500}"|\([^()]{0,500}\)', " ", bare) if found else bare
    known = {contact.email for contact in found}
    for match in ADDRESS.finditer(re.sub(r'"[^"]{0,500}"', " ", bare) if found else bare):
        email = match.group().lower().strip(".'")
        if email not in known and len(found) < MAX_ADDRESSES:
            found.append(Contact(email=email))
            known.add(email)
    return tuple(found)


def first_contact(values: Iterable[bytes], *, hint: str = "") -> Contact:
    """The first usable one of several headers; only a name where none has an address."""
    name = ""
    for value in values:
        people = contacts(value, hint=hint)
        if people:
            return people[0]
        name = name or to_text(value, hint=hint).strip("\"' <>")[:200]
    return Contact(name=name)


def ids(value: bytes) -> tuple[str, ...]:
    """The message ids in a header, without their brackets."""
    text = value[:MAX_BYTES].decode("utf-8", "replace")
    found = ID.findall(text)
    if not found:
        found = [word.strip("<>") for word in text.split() if "@" in word]
    return tuple(dict.fromkeys(one for one in found if one))


def to_date(value: bytes) -> datetime | None:
    """When a header says that it was; None for what is no date of this calendar."""
    try:
        at = parsedate_to_datetime(to_text(value[:200]))
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return at if 1980 <= at.year <= 2200 else None


def _word(kind: bytes, data: bytes) -> bytes:
    if kind in b"bB":
        return from_base64(data)
    return binascii.a2b_qp(data.replace(b" ", b"_"), header=True)

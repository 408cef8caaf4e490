"""A raw mail read: who, what, which words are new, whether a machine sent it. Never raises, whatever the bytes."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from channels.email import html, machines
from channels.email.headers import Contact, contacts, first_contact, ids, to_date, to_text
from channels.email.machines import Bounce, Kind
from channels.email.mime import Part, parse, walk
from channels.email.trimming import Trimmed, trim

NOBODY = Contact()
MAX_TEXT = 200_000
MAX_TEXT_BYTES = 4_000_000
MAX_FILES = 100
EDGE = 4_096
ENCRYPTED = {
    "multipart/encrypted": "it is encrypted (PGP), which only the holder of the key can read",
    "application/pkcs7-mime": "it is encrypted or sealed (S/MIME), which only the holder of the key can read",
    "application/x-pkcs7-mime": "it is encrypted or sealed (S/MIME), which only the holder of the key can read",
}
REPLY = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|odp|ynt|res|rif|回复|回覆|答复|Ответ)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE
)
INLINE_PGP = "-----BEGIN PGP MESSAGE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An attachment. `content` is None where it was not wanted or is too big; `size` counts its bytes all the same."""

    name: str
    type: str
    size: int
    content: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What was read. `text` are the new words, `quoted` the rest of the visible text.

    `digest` names the mail whatever way it took here. `error` says what could not be read; a person should look then.
    """

    digest: str
    message_id: str = ""
    sender: Contact = NOBODY
    reply_to: Contact = NOBODY
    recipients: tuple[str, ...] = ()
    subject: str = ""
    sent_at: datetime | None = None
    text: str = ""
    quoted: str = ""
    files: tuple[File, ...] = ()
    kind: Kind = Kind.HUMAN
    why: str = ""
    bounce: Bounce | None = None
    answers: tuple[str, ...] = ()  # the ids it refers to, the nearest first
    references: tuple[str, ...] = ()
    results: tuple[str, ...] = ()  # every Authentication-Results, topmost first
    loop: str = ""
    error: str = ""


def read(raw: bytes, *, own: frozenset[str] = frozenset(), keep_bytes: int = 0) -> Mail:
    """Read a mail. Files up to `keep_bytes` bring their content."""
    root, cut = parse(raw)
    mail = _envelope(root, raw)
    verdict = machines.judge(root, raw, sender=mail.sender.email, subject=mail.subject, own=own)
    mail = replace(mail, kind=verdict.kind, why=verdict.why, bounce=verdict.bounce)
    error = ENCRYPTED.get(root.type, "")
    if root.type.endswith("pkcs7-mime") and "signed" in root.parameters.get("smime-type", ""):
        error = "its text is inside an S/MIME signature that we do not open"
    body, files = _contents(root, keep_bytes, reply=_is_reply(mail))
    if INLINE_PGP in body.new:
        error = ENCRYPTED["multipart/encrypted"]
        body = Trimmed(new=body.new.partition(INLINE_PGP)[0].strip(), quoted=body.quoted)
    if not error and cut:
        error = "it has more parts than are looked at"
    if not error and not root.headers:
        error = "it has no headers"
    return replace(mail, text=body.new[:MAX_TEXT], quoted=body.quoted[:MAX_TEXT], files=files, error=error)


def _envelope(root: Part, raw: bytes) -> Mail:
    hint = root.parameters.get("charset", "") or next(
        (part.parameters["charset"] for part in walk(root) if part.parameters.get("charset")), ""
    )
    message_ids = ids(root.first("message-id"))
    answered = [one for value in root.all("in-reply-to")[:3] for one in reversed(ids(value))]
    references = tuple(dict.fromkeys(one for value in root.all("references")[:5] for one in ids(value)))
    people = [contact for name in ("to", "cc") for value in root.all(name)[:20] for contact in contacts(value)]
    senders = [value for name in ("from", "reply-to", "sender", "return-path") for value in root.all(name)[:20]]
    own_name = first_contact(root.all("from")[:20], hint=hint)
    sender = own_name if own_name.email else first_contact(senders, hint=hint)
    return Mail(
        digest=_digest(root, raw),
        message_id=message_ids[0] if message_ids else "",
        sender=sender,
        reply_to=first_contact(root.all("reply-to")[:5], hint=hint),
        recipients=tuple(dict.fromkeys(contact.email for contact in people)),
        subject=to_text(root.first("subject"), hint=hint)[:1000],
        sent_at=to_date(root.first("date")),
        answers=tuple(dict.fromkeys((*answered, *reversed(references))))[:100],
        references=references[:200],
        results=tuple(to_text(value) for value in root.all("authentication-results")[:20]),
        loop=to_text(root.first(machines.LOOP_HEADER))[:200],
    )


def _digest(root: Part, raw: bytes) -> str:
    """The same for two copies that came on different ways, different for two mails that share an id."""
    names = ("message-id", "from", "date", "subject")
    head = b"\n".join(value for name in names for value in root.all(name))
    body = _stripped(root.body) if root.headers else raw
    return hashlib.sha256(hashlib.sha256(head).digest() + hashlib.sha256(body).digest()).hexdigest()


def _stripped(body: memoryview) -> memoryview | bytes:
    """The body without the white space around it, not copied where it is big."""
    first, last = bytes(body[:EDGE]), bytes(body[-EDGE:])
    if not first.strip() or not last.strip():
        return bytes(body).strip()
    return body[len(first) - len(first.lstrip()) : len(body) - (len(last) - len(last.rstrip()))]


def _is_reply(mail: Mail) -> bool:
    return bool(mail.answers) or bool(REPLY.match(mail.subject)) or len(mail.subject) == 0


def _contents(root: Part, keep_bytes: int, *, reply: bool) -> tuple[Trimmed, tuple[File, ...]]:
    new: list[str] = []
    quoted: list[str] = []
    files: list[File] = []
    for part in _leaves(root):
        if _is_words(part):
            body = _body(part, reply=reply)
            new.append(body.new)
            quoted.append(body.quoted)
        elif len(files) < MAX_FILES:
            files.append(_file(part, keep_bytes))
    return Trimmed(new=_joined(new), quoted=_joined(quoted)), tuple(files)


def _joined(texts: list[str]) -> str:
    return "\n\n".join(text for text in texts if text.strip())


def _leaves(root: Part) -> Iterator[Part]:
    """The parts that count, in order: of alternatives the best only."""
    stack = [root]
    while stack:
        part = stack.pop()
        if not part.children:
            yield part
        elif part.type == "multipart/alternative":
            stack.extend(reversed(_best(part)))
        else:
            stack.extend(reversed(part.children))


def _best(part: Part) -> list[Part]:
    """The plain text, unless the HTML says much more; and what is no alternative of it, such as an invitation."""
    plain = next((one for one in part.children if one.type == "text/plain" and not one.is_attached()), None)
    rich = next((one for one in part.children if one.type != "text/plain" and _has_html(one)), None)
    others = [one for one in part.children if one not in (plain, rich) and one.type != "text/plain"]
    if plain is None or rich is None:
        chosen = plain or rich
        return [chosen, *others] if chosen is not None else list(part.children)
    inside = [one for one in walk(rich) if not one.children and one.type != "text/html"]
    words = plain.text()[:MAX_TEXT] if len(plain.body) < MAX_TEXT_BYTES else ""
    page = next(one for one in walk(rich) if one.type == "text/html")
    if len(words.split()) * 3 < len(html.read(page.text()).all.split()) or not words.strip():
        return [rich, *others]
    return [plain, *inside, *others]


def _has_html(part: Part) -> bool:
    return any(one.type == "text/html" for one in walk(part))


def _is_words(part: Part) -> bool:
    if part.is_attached() or len(part.body) > MAX_TEXT_BYTES:
        return False
    named = part.type in ("text/plain", "text/html", "text/enriched", "text/richtext", "text")
    return named or (part.depth == 0 and (part.type.startswith("multipart/") or not part.headers))


def _body(part: Part, *, reply: bool) -> Trimmed:
    if part.type != "text/html":
        text = part.text()
        if part.parameters.get("format", "").lower() == "flowed":
            text = _unflowed(text, part.parameters.get("delsp", "").lower() == "yes")
        return trim(text, reply=reply)
    page = html.read(part.text())
    if not reply or page.forward:
        return trim(page.all, reply=reply)
    inner = trim(page.new)
    beyond = page.all[len(page.new) :] if page.all.startswith(page.new) else page.all if page.all != page.new else ""
    return Trimmed(new=inner.new, quoted=_joined([inner.quoted, beyond.strip()]))


def _unflowed(text: str, join: bool) -> str:
    """Lines that were broken for transport made whole again (RFC 3676); quoted ones are left as they are."""
    out: list[str] = []
    open_line = False
    for raw in text.replace("\r\n", "\n").split("\n"):
        line = raw[1:] if raw.startswith(" ") else raw
        if open_line and not line.startswith(">"):
            out[-1] = (out[-1][:-1] if join else out[-1]) + line
        else:
            out.append(line)
        open_line = line.endswith(" ") and line != "-- " and not line.startswith(">")
    return "\n".join(out)


def _file(part: Part, keep_bytes: int) -> File:
    encoded = len(part.body)
    name = part.file_name() or _made_up_name(part)
    if encoded > max(keep_bytes, 1) * 3 // 2 + 1_000 and encoded > 1_000_000:  # too big: only measured
        size = _size(part)
        return File(name=name, type=part.type, size=size)
    content = part.content()
    return File(name=name, type=part.type, size=len(content), content=content if len(content) <= keep_bytes else None)


def _size(part: Part) -> int:
    if part.first("content-transfer-encoding").strip().lower() != b"base64":
        return len(part.body)
    lines = bytes(part.body[:200]).split(b"\n")
    end = 2 if lines[0].endswith(b"\r") else 1
    width = len(lines[0].rstrip(b"\r")) or 76
    full, rest = divmod(len(part.body), width + end)
    return (full * width + max(0, rest)) * 3 // 4


def _made_up_name(part: Part) -> str:
    if part.type == "message/rfc822":
        found = re.search(rb"^subject:[ \t]*([^\r\n]{1,200})", bytes(part.body[:20_000]), re.IGNORECASE | re.MULTILINE)
        return (to_text(found.group(1)).replace("/", "-")[:100] + ".eml") if found else "mail.eml"
    endings = {"text/calendar": "invite.ics", "application/pgp-signature": "signature.asc", "text/vcard": "contact.vcf"}
    return endings.get(part.type, "unnamed." + re.sub(r"\W", "", part.type.partition("/")[2])[:8])

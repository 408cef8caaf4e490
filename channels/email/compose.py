"""What leaves, as a mail: plain text, clean HTML, and the headers that keep a conversation together."""

import re
from datetime import datetime
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import quote

import nh3
from markdown_it import MarkdownIt

from channels.base import Attachment, Button, Card, Outgoing
from channels.email.headers import CONTROLS
from channels.email.settings import Mailbox
from channels.email.threads import Signer, Thread
from channels.email.wording import wording

# Python's own policy cuts and encodes ids of more than 76 characters, such as Exchange's: their threads would break.
POLICY = SMTP.clone(max_line_length=998)
LOOP = "X-Warmline-Loop"
REPLY = re.compile(r"^\s*(?:(?:re|aw|antw|sv|vs|odp|ynt|rif)\s*(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE)
TOKEN = re.compile(r"\s*\[wl:[^\]]{0,80}\]")
TAGS = {"p", "br", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "a", "hr", "h1", "h2", "h3", "h4"}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}
MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")


def compose(
    outgoing: Outgoing,
    thread: Thread,
    mailbox: Mailbox,
    signer: Signer,
    *,
    at: datetime,
    files: tuple[tuple[Attachment, bytes], ...] = (),
) -> bytes:
    """The bytes of one mail to the one customer of a conversation. An agent's words carry no automatic marks."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = _from(outgoing, mailbox)
    mail["To"] = _address(thread.name, thread.to)
    mail["Subject"] = (
        to_reply(outgoing.subject or thread.subject, outgoing.language) if thread.root else outgoing.subject
    )
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{signer.message_id(outgoing.id, thread.key, mailbox.domain)}>"
    if thread.last_id:
        mail["In-Reply-To"] = f"<{thread.last_id}>"
        mail["References"] = " ".join(f"<{one}>" for one in thread.references or (thread.last_id,))
    if mailbox.plus_addresses and thread.root:
        mail["Reply-To"] = _address(mailbox.name, signer.plus(mailbox.address, thread.key))
    mail[LOOP] = signer.loop(thread.mailbox)
    if not outgoing.author:
        mail["Auto-Submitted"] = "auto-replied" if thread.root else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    plain = to_plain(outgoing, mailbox)
    mail.set_content(plain, cte="quoted-printable" if not plain.isascii() else None)
    mail.add_alternative(to_html(outgoing, thread, mailbox, signer), subtype="html", cte="quoted-printable")
    for file, content in files:
        main, _, sub = (file.type or "application/octet-stream").partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub or "octet-stream", filename=file.name)
    return mail.as_bytes(policy=POLICY)


def to_reply(subject: str, language: str = "") -> str:
    """The subject of an answer: one "Re:" before the newest subject."""
    bare = TOKEN.sub("", REPLY.sub("", CONTROLS.sub(" ", subject))).strip()
    return f"Re: {bare or wording(language).no_subject}"[:500]


def to_plain(outgoing: Outgoing, mailbox: Mailbox) -> str:
    """The plain text, with what may be answered and who wrote it."""
    parts = [_said(outgoing)]
    buttons = _buttons(outgoing)
    if buttons:
        parts.append("\n".join(f"↩ {button.label}" for button in buttons))
    parts.append(f"-- \n{_signed(outgoing, mailbox)}")
    return "\n\n".join(part for part in parts if part) + "\n"


def to_html(outgoing: Outgoing, thread: Thread, mailbox: Mailbox, signer: Signer) -> str:
    """The same as clean HTML: only what Markdown makes, nothing that runs, loads or spies."""
    parts = [MARKDOWN.render(_said(outgoing))]
    for button in _buttons(outgoing):
        link = _mailto(button, to_reply(thread.subject, outgoing.language), thread, mailbox, signer)
        parts.append(f'<p><a href="{link}">{nh3.clean_text(button.label)}</a></p>')
    signed = "<br>".join(nh3.clean_text(line) for line in _signed(outgoing, mailbox).split("\n"))
    parts.append(f"<p>-- <br>{signed}</p>")
    return nh3.clean("".join(parts), tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"})


def _mailto(button: Button, subject: str, thread: Thread, mailbox: Mailbox, signer: Signer) -> str:
    """One click opens an answer: the plus address or the token in its subject says to which conversation."""
    to = signer.plus(mailbox.address, thread.key) if mailbox.plus_addresses else mailbox.address
    subject = f"{subject} {signer.subject_token(thread.key)}"
    return f"mailto:{quote(to, safe='@+')}?subject={quote(subject)}&amp;body={quote(button.label)}"


def _said(outgoing: Outgoing) -> str:
    if outgoing.card is None:
        return outgoing.text.strip()
    return "\n\n".join(part for part in (outgoing.text.strip(), _card(outgoing.card)) if part)


def _card(card: Card) -> str:
    lines = [f"**{card.title}**", *(f"{field.name}: {field.text}" for field in card.fields)]
    return "\n\n".join([*lines, *(f"> {quoted.name}: {quoted.text}" for quoted in card.quotes)])


def _buttons(outgoing: Outgoing) -> tuple[Button, ...]:
    return (*outgoing.buttons, *(outgoing.card.buttons if outgoing.card else ()))


def _signed(outgoing: Outgoing, mailbox: Mailbox) -> str:
    """Who wrote it: the AI by that name in every mail of its own, a human by theirs."""
    assistant = wording(outgoing.language).assistant
    who = outgoing.author or (f"{mailbox.name} · {assistant}" if mailbox.name else assistant)
    return "\n".join(part for part in (who, mailbox.signature.strip()) if part)


def _from(outgoing: Outgoing, mailbox: Mailbox) -> str:
    shop = mailbox.name
    if outgoing.author:
        return _address(f"{outgoing.author} ({shop})" if shop else outgoing.author, mailbox.address)
    assistant = wording(outgoing.language).assistant
    return _address(f"{shop} ({assistant})" if shop else assistant, mailbox.address)


def _address(name: str, email: str) -> str:
    local, _, domain = email.rpartition("@")
    try:
        return str(MailAddress(display_name=CONTROLS.sub(" ", name)[:200], username=local, domain=domain))
    except (ValueError, IndexError):
        return email

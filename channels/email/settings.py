"""The `[email]` table: mailboxes, where they are read and sent from, and their limits."""

import os
from dataclasses import dataclass, field
from typing import Literal

from channels.base import SetupError

NAME = "email"
Tls = Literal["tls", "starttls", "none"]
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One address of ours. Passwords stand in environment variables; the settings hold only their names.

    `authserv_id` is the name under which your own mail server writes Authentication-Results; without it no sender is
    trusted with account data. `paused` stops every automatic mail of this address at once.
    """

    address: str
    name: str = ""
    aliases: tuple[str, ...] = ()
    signature: str = ""
    issue_type: str = ""
    user: str = ""
    password_env: str = "WARMLINE_EMAIL_PASSWORD"  # noqa: S105 # a variable's name
    auth: Literal["password", "xoauth2"] = "password"
    token_url: str = ""
    client_id_env: str = ""
    client_secret_env: str = ""
    imap_host: str = ""
    imap_port: int = 993
    imap_tls: Literal["tls", "none"] = "tls"
    folder: str = "INBOX"
    sent_folder: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_tls: Tls = "starttls"
    ca_file: str = ""
    authserv_id: str = ""
    plus_addresses: bool = False
    mark_seen: bool = True
    paused: bool = False

    @property
    def login(self) -> str:
        """The user's name at both servers."""
        return self.user or self.address

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2].lower()

    def own(self) -> frozenset[str]:
        """The address and its aliases, in small letters."""
        return frozenset(one.lower() for one in (self.address, *self.aliases))

    def secret(self, variable: str) -> str:
        """A secret from the environment. Raises SetupError that names the variable."""
        value = os.environ.get(variable, "")
        if not value:
            message = f"{self.address}: the environment variable {variable!r} is empty; put the secret in it"
            raise SetupError(message)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How many automatic mails may leave. A value below the default counts as the default: caps can only be raised."""

    between_customer_mails: int = 3
    conversation_10_minutes: int = 5
    conversation_day: int = 20
    recipient_3_hours: int = 10
    recipient_day: int = 20
    domain_hour: int = 50
    mailbox_hour: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `[email]` table."""

    enabled: bool = True
    mailboxes: tuple[Mailbox, ...] = ()
    caps: Caps = field(default_factory=Caps)
    idle_seconds: float = 540.0
    poll_seconds: float = 30.0
    search_seconds: float = 300.0
    timeout_seconds: float = 30.0
    retry_seconds: float = 1.0
    max_mail_bytes: int = 40 * MEGABYTE
    max_file_bytes: int = 10 * MEGABYTE
    read_seconds: float = 10.0

    def addresses(self) -> frozenset[str]:
        """Every address of ours."""
        return frozenset(address for mailbox in self.mailboxes for address in mailbox.own())


def problems(settings: Settings) -> list[str]:
    """What only shows when the settings are looked at together, each with its fix."""
    found = []
    if not settings.mailboxes:
        found.append("no mailbox is named; write [[email.mailboxes]] with address, imap_host and smtp_host")
    for mailbox in settings.mailboxes:
        if "@" not in mailbox.address:
            found.append(f"{mailbox.address!r} is no e-mail address; write one such as help@example.org")
        found += [
            f"{mailbox.address}: {key} is missing; write the name of your provider's server"
            for key in ("imap_host", "smtp_host")
            if not getattr(mailbox, key)
        ]
        if mailbox.token_url and not mailbox.token_url.startswith("https://"):
            found.append(f"{mailbox.address}: token_url must begin with https://, for a secret is sent there")
        if mailbox.token_url and not mailbox.client_id_env:
            found.append(f"{mailbox.address}: client_id_env is missing; name the variable that holds the app's id")
        for host, tls, key in (
            (mailbox.imap_host, mailbox.imap_tls, "imap_tls"),
            (mailbox.smtp_host, mailbox.smtp_tls, "smtp_tls"),
        ):
            if tls == "none" and host not in LOCAL:
                found.append(
                    f'{mailbox.address}: {key} = "none" would send the password in the open; only for localhost'
                )
    seen = [address for mailbox in settings.mailboxes for address in mailbox.own()]
    found += [
        f"{one} is named twice; each address belongs to one mailbox" for one in {a for a in seen if seen.count(a) > 1}
    ]
    return found

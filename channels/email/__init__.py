"""E-mail as a channel: support inboxes over IMAP and SMTP that never loop, never merge strangers, never lose a mail."""

from typing import TYPE_CHECKING

from channels.base import Host, SetupError
from channels.email.settings import NAME, Caps, Mailbox, Settings, problems

if TYPE_CHECKING:
    from channels.email.channel import Email

__all__ = ["NAME", "Caps", "Mailbox", "Settings", "connect", "probe"]

# What follows imports late: the reader's process and the commands need this package, and no server.


def connect(settings: Settings, host: Host) -> "Email":
    """The mailboxes of the settings; nothing is opened yet. Raises SetupError that names every mistake."""
    from channels.email.channel import Email

    found = problems(settings)
    if found:
        raise SetupError("; ".join(found))
    return Email(settings, host)


async def probe(settings: Settings) -> list[str]:
    """Log in at each server, open the folder, send nothing; what is wrong, a sentence each."""
    from channels.email import probing

    return await probing.probe(settings)

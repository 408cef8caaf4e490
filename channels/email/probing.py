"""Whether each mailbox can be used: log in, open the folder, send nothing; what is wrong in the operator's words."""

from channels.base import DeliveryError, SetupError
from channels.email.access import Access
from channels.email.imap import Imap, LostError, RefusedError
from channels.email.settings import Mailbox, Settings, problems
from channels.email.smtp import Smtp


async def probe(settings: Settings) -> list[str]:
    """Log in at each server, open the folder, send nothing; what is wrong, a sentence each."""
    found = problems(settings)
    if found:
        return found
    return [problem for mailbox in settings.mailboxes for problem in await _probe(mailbox, settings)]


async def _probe(mailbox: Mailbox, settings: Settings) -> list[str]:
    found = []
    access = Access(mailbox)
    imap = Imap(mailbox, access, timeout=settings.timeout_seconds)
    try:
        await imap.connect()
        for folder in filter(None, (mailbox.folder, mailbox.sent_folder)):
            await imap.select(folder)
    except SetupError as error:
        found.append(str(error))
    except RefusedError as error:
        found.append(f"{mailbox.address}: {error}; look at user and {mailbox.password_env}")
    except (LostError, OSError, TimeoutError) as error:
        where = f"{mailbox.imap_host}:{mailbox.imap_port}"
        why = f"cannot be read over IMAP ({error or 'no answer'}); look at imap_host and imap_port"
        found.append(f"{mailbox.address}: {where} {why}")
    finally:
        await imap.close()
    smtp = Smtp(mailbox, access, timeout=settings.timeout_seconds)
    try:
        await smtp.try_login()
    except DeliveryError as error:
        where = f"{mailbox.smtp_host}:{mailbox.smtp_port}"
        keys = f"smtp_host, smtp_port, smtp_tls and {mailbox.password_env}"
        found.append(f"{mailbox.address}: nothing can be sent over {where} ({error.reason}); look at {keys}")
    finally:
        await smtp.close()
    return found

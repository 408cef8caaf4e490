"""How a mailbox logs in: a password, or an OAuth token that is fetched anew when it is due."""

import asyncio
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable

from channels.base import SetupError
from channels.email.settings import Mailbox

TOKEN_SECONDS = 20.0
EARLY_SECONDS = 120.0


def tls(mailbox: Mailbox) -> ssl.SSLContext:
    """What checks the servers' certificates: the system's authorities, and one's own where `ca_file` names it."""
    context = ssl.create_default_context()
    if mailbox.ca_file:
        context.load_verify_locations(mailbox.ca_file)
    return context


class Access:
    """The secret of one mailbox. With xoauth2, `password_env` holds the refresh token, or a token without a URL."""

    def __init__(self, mailbox: Mailbox, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._token, self._until = "", 0.0
        self._lock = asyncio.Lock()

    async def secret(self, *, fresh: bool = False) -> str:
        """The password or a token that is still good. Raises SetupError, OSError where the token's server is away."""
        mailbox = self._mailbox
        if mailbox.auth == "password" or not mailbox.token_url:
            return mailbox.secret(mailbox.password_env)
        async with self._lock:
            if fresh or self._clock() >= self._until:
                self._token, seconds = await asyncio.to_thread(self._fetch)
                self._until = self._clock() + seconds - EARLY_SECONDS
            return self._token

    def _fetch(self) -> tuple[str, float]:
        mailbox = self._mailbox
        form = {
            "grant_type": "refresh_token",
            "refresh_token": mailbox.secret(mailbox.password_env),
            "client_id": mailbox.secret(mailbox.client_id_env),
        }
        if mailbox.client_secret_env:
            form["client_secret"] = mailbox.secret(mailbox.client_secret_env)
        if not mailbox.token_url.startswith("https://"):
            message = f"{mailbox.address}: token_url must begin with https://"
            raise SetupError(message)
        data = urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(mailbox.token_url, data, timeout=TOKEN_SECONDS, context=tls(mailbox)) as answer:  # noqa: S310 # https, checked above
                granted = json.load(answer)
            return str(granted["access_token"]), float(granted.get("expires_in", 3_600))
        except urllib.error.HTTPError as error:
            if error.code in (400, 401, 403):
                message = (
                    f"{mailbox.address}: the token server refused; make a new refresh token for {mailbox.password_env}"
                )
                raise SetupError(message) from error
            raise
        except (KeyError, ValueError, TypeError) as error:
            message = f"{mailbox.address}: the token server's answer cannot be read"
            raise OSError(message) from error

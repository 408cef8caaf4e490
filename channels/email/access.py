"""How a mailbox logs in: a password, or an OAuth token that is fetched anew when it is due or was refused."""

import asyncio
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from channels.base import SetupError
from channels.email.settings import Mailbox

TOKEN_SECONDS = 20.0
EARLY_SECONDS = 120.0
LIFETIME_SECONDS = 3_600.0  # where the server names none
MAX_ANSWER = 100_000
MAX_SHOWN = 200
# What RFC 6749 5.2 lets a token server say, and what to do then.
REFUSALS = {
    "invalid_grant": "the refresh token in {secret} was revoked or is too old; sign in again and put the new one there",
    "invalid_client": "the app itself is not accepted; look at {id} and {client_secret}",
    "unauthorized_client": "the app may not use refresh tokens; look at its registration and {id}",
    "invalid_scope": "the app lacks the right to read and send mail; add it, sign in again and replace {secret}",
}


class Access:
    """The secret of one mailbox. With xoauth2, `password_env` holds the refresh token, or a token without a URL."""

    def __init__(self, mailbox: Mailbox, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._token, self._until = "", 0.0
        self._lock = asyncio.Lock()
        self._tls: ssl.SSLContext | None = None

    async def tls(self) -> ssl.SSLContext:
        """What checks the servers' certificates: the system's authorities, and one's own where `ca_file` names it."""
        if self._tls is None:
            self._tls = await asyncio.to_thread(_tls, self._mailbox)  # reading all of them takes long
        return self._tls

    async def secret(self, *, refused: str = "") -> str:
        """The password, or a token that is still good and not the one that a server has `refused`.

        Raises SetupError with what to mend, OSError where the token's server is away or says nonsense.
        """
        mailbox = self._mailbox
        if not self.renews:
            return mailbox.secret(mailbox.password_env)
        async with self._lock:
            if refused == self._token or self._clock() >= self._until:
                self._token, seconds = await asyncio.to_thread(self._fetch, await self.tls())
                self._until = self._clock() + max(seconds - EARLY_SECONDS, seconds / 2)
            return self._token

    @property
    def renews(self) -> bool:
        """Whether another secret can be had when one is refused."""
        return self._mailbox.auth == "xoauth2" and bool(self._mailbox.token_url)

    def _fetch(self, context: ssl.SSLContext) -> tuple[str, float]:
        mailbox = self._mailbox
        form = {
            "grant_type": "refresh_token",
            "refresh_token": mailbox.secret(mailbox.password_env),
            "client_id": mailbox.secret(mailbox.client_id_env),
        }
        if mailbox.client_secret_env:
            form["client_secret"] = mailbox.secret(mailbox.client_secret_env)
        data = urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(mailbox.token_url, data, timeout=TOKEN_SECONDS, context=context) as answer:  # noqa: S310 # https, which the settings check
                granted = json.loads(answer.read(MAX_ANSWER))
            return str(granted["access_token"]), float(granted.get("expires_in", LIFETIME_SECONDS))
        except urllib.error.HTTPError as error:
            if 400 <= error.code < 500 and error.code != 429:  # any other is for later
                raise SetupError(_refusal(mailbox, error.read(MAX_ANSWER))) from error
            message = f"{mailbox.address}: the token server answers {error.code}"
            raise OSError(message) from error
        except (KeyError, ValueError, TypeError) as error:
            message = f"{mailbox.address}: the token server's answer cannot be read; look at token_url"
            raise OSError(message) from error


def _tls(mailbox: Mailbox) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if mailbox.ca_file:
        try:
            context.load_verify_locations(mailbox.ca_file)
        except OSError as error:
            message = f"{mailbox.address}: ca_file {mailbox.ca_file!r} cannot be read ({error}); name a PEM file"
            raise SetupError(message) from error
    return context


def _refusal(mailbox: Mailbox, body: bytes) -> str:
    """Why no token is to be had, and what to do."""
    try:
        said: Any = json.loads(body)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    code, detail = str(said.get("error", "")), str(said.get("error_description", ""))
    advice = REFUSALS.get(code, "look at {secret}, {id} and token_url").format(
        secret=mailbox.password_env, id=mailbox.client_id_env, client_secret=mailbox.client_secret_env or "its secret"
    )
    told = " ".join(f"{code}: {detail}".split())[:MAX_SHOWN].strip(": ")
    return f"{mailbox.address}: the token server refuses: {advice}" + (f" ({told})" if told else "")

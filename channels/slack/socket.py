"""The connection on which Slack sends: kept alive, and each envelope answered only after it was dealt with."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from channels.base import UnreachableError

log = structlog.get_logger()

PING_SECONDS = 5.0
CONNECT_SECONDS = 20.0
DEAD_AFTER = 3
ANEW_AFTER = 12

Hear = Callable[[Mapping[str, Any]], Awaitable[None]]


class Absence:
    """How long there has been no connection, over all tries to make one; too long ends the program."""

    def __init__(self, *, give_up_minutes: float, now: Callable[[], float] = time.monotonic) -> None:
        self._limit = max(0.0, give_up_minutes) * 60
        self._now = now
        self._since: float | None = None
        self._reason = ""

    def ends(self) -> None:
        """There is a connection."""
        self._since = None

    def lasts(self, reason: str = "") -> None:
        """There is none, because of that. Raises UnreachableError after too long a time."""
        self._since = self._now() if self._since is None else self._since
        self._reason = reason or self._reason
        if self._limit and self._now() - self._since >= self._limit:
            raise UnreachableError(
                f"slack: no connection for {self._limit / 60:g} minutes (slack.give_up_minutes):"
                f" {self._reason or 'the socket does not open'}. Look at slack-status.com and at this machine's"
                " network, then start it again: what was said meanwhile is read then"
            )


def ping_seconds() -> float:
    """How often the connection is tried: SLACK_PING_INTERVAL in the environment, else 5 seconds."""
    try:
        return max(0.05, float(os.environ.get("SLACK_PING_INTERVAL", "")))
    except ValueError:
        return PING_SECONDS


async def listen(
    client: AsyncWebClient, app_token: str, hear: Hear, connected: Callable[[], Awaitable[None]], absence: Absence
) -> None:
    """Hand every payload to `hear` until cancelled; `connected` runs at each connection that was really new.

    What `hear` raises leaves the envelope unanswered: Slack sends it again. Raises OSError when it cannot connect,
    UnreachableError when that has lasted too long.
    """

    async def answer(body: Mapping[str, Any]) -> BoltResponse:
        taken = False
        try:
            await hear(body)
            taken = True
        finally:
            if not taken:
                log.warning("slack_event_not_taken", reason=repr(sys.exc_info()[1]))
        return BoltResponse(status=200, body="")

    quiet = logging.getLogger(
        "slack_sdk.quiet"
    )  # the SDK shows a traceback for every reconnection; we say it in a word
    quiet.setLevel(logging.CRITICAL)

    # Only `before_authorize` runs before Bolt's own answer: an event is acknowledged after it was stored, not before.
    app = AsyncApp(client=client, before_authorize=answer, raise_error_for_unhandled_request=False, logger=quiet)
    handler = AsyncSocketModeHandler(app, app_token, logger=quiet, ping_interval=ping_seconds())
    try:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await handler.connect_async()  # type: ignore[no-untyped-call] # the SDK's
        except TimeoutError as error:
            raise ConnectionError("Slack's socket did not open in time") from error
        await _watch(handler, connected, absence)
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call] # the SDK's


async def _watch(handler: AsyncSocketModeHandler, connected: Callable[[], Awaitable[None]], absence: Absence) -> None:
    """Tell of every new connection, and free a client that keeps trying an address that is dead.

    Raises OSError for one that stays without a connection whatever is tried: it is to be made anew.
    """
    client, missed, session, out = handler.client, 0, "", 0
    while True:
        alive = await client.is_connected()
        if alive and await client.session_id() != session:
            session = await client.session_id()
            log.info("slack_connected")
            await connected()
        if alive:
            absence.ends()
        else:
            absence.lasts()
        missed, out = (0, 0) if alive else (missed + 1, out + 1)
        if missed == 1:
            log.warning("slack_disconnected")
        if missed >= DEAD_AFTER:
            client.wss_uri, missed = None, 1  # connect() retries one ticket for ever; without one it asks for a new one
            log.warning("slack_socket_stuck")
        if out >= ANEW_AFTER:
            raise ConnectionError("Slack's socket did not come back: begun anew from the sign-in")
        await asyncio.sleep(client.ping_interval)

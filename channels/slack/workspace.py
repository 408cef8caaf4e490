"""One workspace of Slack's as a channel: heard on a socket, caught up with after a pause, posted to."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from channels.base import Address, Bookmark, Delivery, DeliveryError, Host, Outgoing, Receipt, SetupError
from channels.fuse import Fuse
from channels.slack import checking, reading, socket
from channels.slack.ear import Ear, Receive
from channels.slack.events import NAME, Own
from channels.slack.people import FAILURES, People
from channels.slack.posting import Posting
from channels.slack.settings import Settings, api_url

log = structlog.get_logger()

CALL_SECONDS = 10.0
REMEMBERED = 20_000
READ_TO_SECONDS = 30.0
AGAIN_SECONDS = 2.0
TYPING_AFTER_SECONDS = 1.0


class Slack:
    """One workspace, as one app."""

    name = NAME
    changes_posts = True

    def __init__(self, settings: Settings, host: Host, tokens: checking.Tokens) -> None:
        self._settings = settings
        self._host = host
        self._tokens = tokens
        self._desks = tuple(address.room for address in host.desks)
        self._session: aiohttp.ClientSession | None = None
        self._client = AsyncWebClient(token=tokens.bot, base_url=api_url(settings), retry_handlers=[])
        self._posting = Posting(self._client, host.file)
        self._people = People(self._client)
        self._fuse = Fuse(per_thread=settings.thread_answers_per_minute, per_person=settings.person_answers_per_minute)
        self._absence = socket.Absence(give_up_minutes=settings.give_up_minutes)
        self._ear = Ear(
            settings,
            host,
            self._client,
            people=self._people,
            fuse=self._fuse,
            session=self._open,
            whisper=self.send,
        )
        self._posted_at: OrderedDict[Address, float] = OrderedDict()

    async def listen(self, receive: Receive) -> None:
        """Hear Slack until cancelled. Raises SetupError for a token that it does not take, OSError to try again.

        Raises UnreachableError once there was no connection for `give_up_minutes`, over all tries.
        """
        self._open()
        own = await self._sign_in()
        self._people.own = self._ear.own = own
        self._posting.own_user = own.user
        bookmarks = (await self._host.since()).bookmarks
        self._ear.began = reading.seconds(bookmarks.get(reading.BEGAN, "")) or time.time()
        if reading.BEGAN not in bookmarks:  # before anything is heard: whatever is said from now on is caught up with
            await self._host.keep(Bookmark(place=reading.BEGAN, position=f"{self._ear.began:.6f}"))
        for place in bookmarks:
            self._ear.follow(*reading.to_line(place))

        async def hear(body: Mapping[str, Any]) -> None:
            await self._ear.hear(body, receive)

        try:
            async with asyncio.TaskGroup() as group:
                wanted = asyncio.Event()
                group.create_task(self._catch_up_when(wanted, receive))

                async def connected() -> None:
                    wanted.set()

                await socket.listen(self._client, self._tokens.app, hear, connected, self._absence)
        except ExceptionGroup as errors:  # the first is the cause: a broken line, or a store that takes nothing
            cause = errors.exceptions[0]
            if isinstance(cause, OSError):
                self._absence.lasts(str(cause))
            raise cause from errors

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Post, once. Raises DeliveryError."""
        self._open()
        address = outgoing.address
        if address.room in self._desks and not outgoing.only_for:
            await self._keep_inside(address.room)
        self._posted_at[address] = time.monotonic()
        while len(self._posted_at) > REMEMBERED:
            self._posted_at.popitem(last=False)
        receipt = await self._posting.send(outgoing)
        if address.thread:
            self._ear.follow(address.room, address.thread)
            if not (outgoing.author or outgoing.only_for or address.room in self._desks):
                self._fuse.answered((address.room, address.thread), outgoing.text, time.monotonic())
        return receipt

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Look for our key on Slack. Raises DeliveryError."""
        self._open()
        return await self._posting.find(outgoing)

    async def show_typing(self, address: Address) -> None:
        """Say that we are at it, unless something was posted there within a second; it ends with the next post."""
        before = self._posted_at.get(address)
        await asyncio.sleep(TYPING_AFTER_SECONDS)
        if self._posted_at.get(address) != before:
            return
        try:
            await self._client.assistant_threads_setStatus(
                channel_id=address.room, thread_ts=address.thread, status="is looking into it …"
            )
        except (SlackClientError, aiohttp.ClientError, OSError) as error:
            log.debug("slack_status_not_set", reason=type(error).__name__)

    def is_shared(self, address: Address) -> bool:
        """Whether others than the person and we read there: everywhere but in a direct message."""
        return not address.room.startswith("D")

    async def close(self) -> None:
        """Close what is open towards Slack."""
        if self._session is not None:
            await self._session.close()

    async def _sign_in(self) -> Own:
        """Who we are. A token that once worked may work again: only at the first time it is a mistake in the set-up."""
        try:
            return await checking.sign_in(self._client, self._tokens)
        except (OSError, SetupError) as error:
            if isinstance(error, SetupError) and not self._ear.own.user:
                raise
            self._absence.lasts(str(error))
            raise ConnectionError(str(error)) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS))
            self._client.session = self._session
        return self._session

    async def _keep_inside(self, room: str) -> None:
        """No customer's words into a channel in which another organisation reads. Raises DeliveryError."""
        try:
            shared = await self._people.is_shared(room)
        except FAILURES:
            return  # Slack says in a moment whether it takes the post
        if shared:
            raise DeliveryError(Delivery.REFUSED, "the desk's channel is shared with another organisation")

    async def _catch_up_when(self, wanted: asyncio.Event, receive: Receive) -> None:
        """Read what was missed at each new connection, and remember how far all is read while it lives."""
        behind = False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_SECONDS if behind else READ_TO_SECONDS):
                    await wanted.wait()
            behind = behind or wanted.is_set()
            wanted.clear()
            work = self._catch_up(receive) if behind else self._keep_read_to()
            # Whatever keeps it, such as a store that takes nothing, the socket lives on: it is tried again.
            (failure,) = await asyncio.gather(work, return_exceptions=True)
            if failure is not None:
                log.warning("slack_not_caught_up", reason=repr(failure))
            behind = behind and failure is not None

    async def _look_after_desks(self, receive: Receive) -> None:
        """A desk may have gone while nobody listened."""
        for room in self._desks:
            try:
                answer = await self._client.conversations_info(channel=room)
            except SlackApiError:
                continue  # `warmline check --probe` tells what is wrong; a card that is refused goes elsewhere
            channel = answer.get("channel") or {}
            if why := checking.unfit(channel):
                await self._ear.lose(room, why, why, receive)

    async def _catch_up(self, receive: Receive) -> None:
        """Read all that was missed. Only then is it remembered as read; until then it is read again."""
        await self._look_after_desks(receive)
        since = await self._host.since()
        count = 0
        async for event in reading.missed(self._client, since, self._settings.customer_channels):
            await self._ear.hear_event(event, receive)
            count += 1
        log.info("slack_caught_up", read=count)
        await self._keep_read_to()

    async def _keep_read_to(self) -> None:
        await self._host.keep(Bookmark(place=reading.READ_TO, position=f"{time.time():.6f}"))

"""Slack by Socket Mode: customers in threads and direct messages, and the desk where agents work."""

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from channels.base import (
    Action,
    Address,
    Bookmark,
    Change,
    DeliveryError,
    Host,
    Message,
    Outgoing,
    Person,
    Receipt,
    SetupError,
)
from channels.slack import checking, events, files, reading, socket
from channels.slack.blocks import to_view
from channels.slack.events import NAME, Own, Press, Words
from channels.slack.people import People
from channels.slack.posting import Posting

log = structlog.get_logger()

API = "https://slack.com/api/"
CALL_SECONDS = 10.0
REMEMBERED = 20_000
READ_TO_SECONDS = 30.0
TYPING_AFTER_SECONDS = 1.0
GOODBYES = frozenset({"channel_archive", "group_archive", "channel_left", "group_left", "member_left_channel"})
REVOKED = frozenset({"tokens_revoked", "app_uninstalled"})

Receive: TypeAlias = Callable[[Message | Action], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `[slack]` table. Tokens stand in the environment, under the names given here.

    `customer_channels` are ids of channels in which every message is a customer's; elsewhere we answer when mentioned,
    and in direct messages always. `api_base_url` is for a twin of Slack, else SLACK_API_BASE_URL or Slack itself.
    """

    enabled: bool = True
    bot_token_env: str = "SLACK_BOT_TOKEN"  # noqa: S105 # the name of a variable, not a secret
    app_token_env: str = "SLACK_APP_TOKEN"  # noqa: S105
    customer_channels: tuple[str, ...] = ()
    max_file_mb: int = 10
    api_base_url: str = ""


def connect(settings: Settings, host: Host) -> "Slack":
    """Slack with the tokens of the environment; nothing is asked or heard before `listen`. Raises SetupError."""
    return Slack(settings, host, checking.tokens(settings.bot_token_env, settings.app_token_env))


def missing_secrets(settings: Settings) -> list[str]:
    """Which token is not in the environment, a sentence each with what to do."""
    try:
        checking.tokens(settings.bot_token_env, settings.app_token_env)
    except SetupError as error:
        return [str(error)]
    return []


async def probe(settings: Settings) -> list[str]:
    """What is wrong with the account, a sentence each with what to do."""
    return await checking.account(settings.bot_token_env, settings.app_token_env, api_url(settings))


async def probe_desk(settings: Settings, room: str) -> list[str]:
    """What keeps a channel from being a desk, a sentence each with what to do."""
    return await checking.desk(settings.bot_token_env, settings.app_token_env, api_url(settings), room)


def api_url(settings: Settings) -> str:
    """Where Slack's Web API is, with a slash at its end."""
    return (settings.api_base_url or os.environ.get("SLACK_API_BASE_URL") or API).rstrip("/") + "/"


class Slack:
    """One workspace, as one app."""

    name = NAME

    def __init__(self, settings: Settings, host: Host, tokens: checking.Tokens) -> None:
        self._settings = settings
        self._host = host
        self._tokens = tokens
        self._desks = frozenset(address.room for address in host.desks)
        self._session: aiohttp.ClientSession | None = None
        self._client = AsyncWebClient(token=tokens.bot, base_url=api_url(settings), retry_handlers=[])
        self._posting = Posting(self._client, host.file)
        self._people = People(self._client)
        self._own = Own(user="", bot="", team="")
        self._followed: set[tuple[str, str]] = set()
        self._stored: OrderedDict[str, None] = OrderedDict()  # keys and gestures that need no second look
        self._lines: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._posted_at: OrderedDict[Address, float] = OrderedDict()
        self._began = 0.0  # when we first listened, in seconds since 1970

    async def listen(self, receive: Receive) -> None:
        """Hear Slack until cancelled. Raises SetupError for a token that it does not take, OSError to try again."""
        self._open()
        self._own = await checking.sign_in(self._client, self._tokens)
        self._people.own = self._own
        bookmarks = (await self._host.since()).bookmarks
        self._began = reading.seconds(bookmarks.get(reading.BEGAN, "")) or time.time()
        for place in bookmarks:
            self._followed.add(reading.to_line(place))

        async def hear(body: Mapping[str, Any]) -> None:
            await self._hear(body, receive)

        try:
            async with asyncio.TaskGroup() as group:
                wanted = asyncio.Event()
                group.create_task(self._catch_up_when(wanted, receive))

                async def connected() -> None:
                    wanted.set()

                await socket.listen(self._client, self._tokens.app, hear, connected)
        except* OSError as errors:
            raise ConnectionError(str(errors.exceptions[0])) from errors

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Post, once. Raises DeliveryError."""
        self._open()
        self._posted_at[outgoing.address] = time.monotonic()
        while len(self._posted_at) > REMEMBERED:
            self._posted_at.popitem(last=False)
        receipt = await self._posting.send(outgoing)
        if outgoing.address.thread:
            self._followed.add((outgoing.address.room, outgoing.address.thread))
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

    async def close(self) -> None:
        """Close what is open towards Slack."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS))
            self._client.session = self._session
        return self._session

    async def _hear(self, body: Mapping[str, Any], receive: Receive) -> None:
        """One payload, dealt with when this returns. Whatever it raises, Slack sends the payload again."""
        event = body.get("event")
        if isinstance(event, Mapping):
            self._sound_alarm(event)
            await self._hear_words(event, receive)
            return
        kind = body.get("type")
        press = events.to_press(body) if kind == "block_actions" else None
        if press is not None and press.room in self._desks and press.name in self._host.forms:
            await self._ask_first(press)
            return
        press = events.to_handed_in(body) if kind == "view_submission" else press
        if press is None:
            log.debug("slack_payload_ignored", type=str(kind))
            return
        await receive(await self._to_action(press))

    async def _hear_words(self, event: Mapping[str, Any], receive: Receive) -> None:
        words = events.to_words(event, self._own)
        if words is None or not self._is_ours(words):
            return
        line = (words.room, words.thread)
        if words.room not in self._desks:
            self._followed.add(line)  # before it is stored: the next word of this thread may be right behind
        async with self._lines.setdefault(line, asyncio.Lock()):  # first come, first stored
            if words.key in self._stored or (words.gesture and words.gesture in self._stored):
                return
            await receive(await self._to_message(words))
            self._stored.update({words.key: None, **({words.gesture: None} if words.gesture else {})})
            while len(self._stored) > REMEMBERED:
                self._stored.popitem(last=False)

    def _is_ours(self, words: Words) -> bool:
        """Whether these words are meant for us: the desk's threads, direct messages, mentions, what we follow."""
        if words.room in self._desks:
            return not words.begins and words.parent in ("", self._own.user)
        if words.direct or (words.room, words.thread) in self._followed:
            return True
        if words.change is not Change.NEW:
            return False
        return words.mentions_us or (words.room in self._settings.customer_channels and self._began_with_us(words))

    def _began_with_us(self, words: Words) -> bool:
        """Whether its thread began while we listened: a reply may come before the message that it replies to."""
        return words.begins or reading.seconds(words.thread) >= self._began

    async def _to_message(self, words: Words) -> Message:
        if words.room in self._desks:
            sender = await self._people.agent(words.user, words.team, words.room, patient=True)
        else:
            sender = await self._people.customer(words.user, words.team)
        others = tuple(id for id in events.mentioned(words.text) if id != self._own.user)
        names = await self._people.names(others) if others else {}
        kept = [
            await files.fetch(
                file,
                session=self._open(),
                token=self._tokens.bot,
                own_host=urlsplit(api_url(self._settings)).netloc,
                max_bytes=self._settings.max_file_mb * 1_000_000,
                keep=self._host.keep_file,
            )
            for file in words.files[: files.MAX_FILES]
        ]
        return events.to_message(words, sender, names=names, own_id=self._own.user, attachments=tuple(kept))

    async def _to_action(self, press: Press) -> Action:
        actor = await self._to_person(press, press.user, press.team)
        target = await self._to_person(press, press.target, "") if press.target else None
        return events.to_action(press, actor, at=datetime.now(UTC), target=target)

    async def _to_person(self, press: Press, user: str, team: str) -> Person:
        if press.room in self._desks:
            return await self._people.agent(user, team, press.room)
        return await self._people.customer(user, team)

    async def _ask_first(self, press: Press) -> None:
        """Open the form that belongs to a button; its trigger lives three seconds and works once."""
        kept = {"room": press.room, "thread": press.thread, "value": press.value}
        view = to_view(press.name, press.name.replace("_", " ").capitalize(), self._host.forms[press.name], kept)
        try:
            await self._client.views_open(trigger_id=press.trigger, view=view)
        except (SlackClientError, aiohttp.ClientError, OSError) as error:
            log.warning("slack_form_not_opened", reason=type(error).__name__)
            again = Outgoing(
                id=f"{press.key}-whisper",
                address=Address(channel=NAME, room=press.room, thread=press.thread),
                text="Slack did not open the form in time, so nothing was done. Please press the button again.",
                only_for=press.user,
            )
            with suppress(DeliveryError):
                await self.send(again)

    def _sound_alarm(self, event: Mapping[str, Any]) -> None:
        """Tell the operator what only a person can mend; cards go to the fallback desk as soon as one is refused."""
        kind, room = str(event.get("type")), str(event.get("channel"))
        left = kind != "member_left_channel" or event.get("user") == self._own.user
        if kind in GOODBYES and left and room in self._desks:
            log.error("slack_desk_lost", room=room, why=kind)
        elif kind in REVOKED:
            log.error("slack_access_revoked", why=kind)

    async def _catch_up_when(self, wanted: asyncio.Event, receive: Receive) -> None:
        """Read what was missed at each new connection, and remember how far all is read while it lives."""
        while True:
            try:
                async with asyncio.timeout(READ_TO_SECONDS):
                    await wanted.wait()
            except TimeoutError:
                await self._keep_read_to()
                continue
            wanted.clear()
            await self._catch_up(receive)

    async def _catch_up(self, receive: Receive) -> None:
        since = await self._host.since()
        count = 0
        try:
            async for event in reading.missed(self._client, since, self._settings.customer_channels):
                await self._hear_words(event, receive)
                count += 1
        except (SlackClientError, aiohttp.ClientError, OSError) as error:
            log.warning("slack_not_caught_up", reason=type(error).__name__)
            return
        log.info("slack_caught_up", read=count)
        if reading.BEGAN not in since.bookmarks:
            await self._host.keep(Bookmark(place=reading.BEGAN, position=f"{self._began:.6f}"))
        await self._keep_read_to()

    async def _keep_read_to(self) -> None:
        await self._host.keep(Bookmark(place=reading.READ_TO, position=f"{time.time():.6f}"))

"""What Slack sends, handed in: once each, in order within a thread, and only what is meant for us."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from channels.base import DESK_GONE, Action, Address, Change, DeliveryError, Host, Message, Outgoing, Person
from channels.fuse import Fuse
from channels.slack import events, files
from channels.slack.blocks import to_view
from channels.slack.events import NAME, Own, Press, Words
from channels.slack.people import People
from channels.slack.settings import Settings, api_url

log = structlog.get_logger()

REMEMBERED = 20_000
FILL_IN_SECONDS = 1.0  # of the three in which Slack opens a form
REVOKED = frozenset({"tokens_revoked", "app_uninstalled"})
PAUSED = "That was a lot at once, so I have stopped answering here for a minute. Please write again then."
NOBODY_HERE = "Nobody reads this here, and the customer did not get it: please write in the thread at the desk."

Receive: TypeAlias = Callable[[Message | Action], Awaitable[None]]


class Ear:
    """Hears one workspace. `own` is who we are there, `began` when we first listened, in seconds since 1970."""

    def __init__(
        self,
        settings: Settings,
        host: Host,
        client: AsyncWebClient,
        *,
        people: People,
        fuse: Fuse,
        session: Callable[[], aiohttp.ClientSession],
        whisper: Callable[[Outgoing], Awaitable[object]],
    ) -> None:
        self._settings = settings
        self._host = host
        self._client = client
        self._people = people
        self._fuse = fuse
        self._session = session
        self._whisper = whisper
        self._desks = frozenset(address.room for address in host.desks)
        self._followed: set[tuple[str, str]] = set()
        self._stored: OrderedDict[str, None] = OrderedDict()  # keys and gestures that need no second look
        self._lines: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._paused: OrderedDict[tuple[str, str], float] = OrderedDict()
        self.own = Own(user="", bot="", team="")
        self.began = 0.0

    def follow(self, room: str, thread: str) -> None:
        """Hear a thread from now on also where nobody mentions us."""
        self._followed.add((room, thread))

    async def hear(self, body: Mapping[str, Any], receive: Receive) -> None:
        """One payload, dealt with when this returns. Whatever it raises, Slack sends the payload again."""
        event = body.get("event")
        if isinstance(event, Mapping):
            await self.hear_event(event, receive)
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

    async def hear_event(self, event: Mapping[str, Any], receive: Receive) -> None:
        """One event, as it comes or as it is caught up with."""
        if event.get("type") in REVOKED:
            log.error("slack_access_revoked", why=event.get("type"))
            return
        lost = events.to_farewell(event, self.own)
        if lost is not None:
            await self.lose(*lost, str(event.get("event_ts") or lost[1]), receive)
            return
        words = events.to_words(event, self.own)
        if words is None or not self._is_ours(words):
            return
        if self._answers_a_notice(words):
            await self._tell(f"{words.key}-lost", words.room, words.thread, words.user, NOBODY_HERE)
            return
        await self._hear_words(words, receive)

    async def lose(self, room: str, why: str, mark: str, receive: Receive) -> None:
        """A desk is gone: alarm, and tell it to each open conversation there. `mark` names this loss."""
        if room not in self._desks:
            return
        self._people.forget_room(room)
        log.error("slack_desk_lost", room=room, why=why)
        for address in (await self._host.since()).addresses:
            if address.room == room and address.thread:
                await receive(
                    Action(
                        external_id=f"{room}:{address.thread}:gone:{mark}",
                        address=address,
                        actor=Person(id=""),
                        name=DESK_GONE,
                        value=why,
                        sent_at=datetime.now(UTC),
                    )
                )

    async def _hear_words(self, words: Words, receive: Receive) -> None:
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
            return not words.begins and words.parent in ("", self.own.user)
        if words.direct or (words.room, words.thread) in self._followed:
            return True
        if words.change is not Change.NEW:
            return False
        return words.mentions_us or (words.room in self._settings.customer_channels and self._began_with_us(words))

    def _answers_a_notice(self, words: Words) -> bool:
        """Whether an agent replies to our notice instead of in the thread at the desk: no customer begins below us."""
        return words.direct and words.parent == self.own.user and (words.room, words.thread) not in self._followed

    def _began_with_us(self, words: Words) -> bool:
        """Whether its thread began while we listened: a reply may come before the message that it replies to."""
        return words.begins or float(words.thread) >= self.began

    async def _to_message(self, words: Words) -> Message:
        at_desk = words.room in self._desks
        if at_desk:
            sender = await self._people.agent(words.user, words.team, words.room, patient=True)
        else:
            sender = await self._people.customer(words.user, words.team)
        others = tuple(id for id in events.mentioned(words.text) if id != self.own.user)
        names = await self._people.names(others) if others else {}
        kept = [
            await files.fetch(
                file,
                session=self._session(),
                token=str(self._client.token),
                own_host=urlsplit(api_url(self._settings)).netloc,
                max_bytes=self._settings.max_file_mb * 1_000_000,
                keep=self._host.keep_file,
            )
            for file in words.files[: files.MAX_FILES]
        ]
        message = events.to_message(words, sender, names=names, own_id=self.own.user, attachments=tuple(kept))
        return message if at_desk else await self._fused(words, message)

    async def _fused(self, words: Words, message: Message) -> Message:
        """The message, marked as a machine's where the fuse has blown; whoever is a person after all is told, once."""
        line, now = (words.room, words.thread), time.monotonic()
        self._fuse.asked(line, words.user)
        why = self._fuse.blown(line, words.text, now) if words.change is Change.NEW else ""
        if not why:
            return message
        log.warning("slack_fuse_blown", room=words.room, thread=words.thread, why=why)
        if now - self._paused.get(line, -60.0) >= 60.0:
            self._paused[line] = now
            while len(self._paused) > REMEMBERED:
                self._paused.popitem(last=False)
            await self._tell(f"{words.key}-paused", words.room, words.thread, words.user, PAUSED)
        return replace(message, automatic=True)

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
        begins: Mapping[str, str] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(FILL_IN_SECONDS):
                begins = await self._host.filled_in(press.name, press.value)
        kept = {"room": press.room, "thread": press.thread, "value": press.value}
        view = to_view(press.name, self._host.forms[press.name], kept, begins)
        try:
            await self._client.views_open(trigger_id=press.trigger, view=view)
        except (SlackClientError, aiohttp.ClientError, OSError) as error:
            log.warning("slack_form_not_opened", reason=type(error).__name__)
            again = "Slack did not open the form in time, so nothing was done. Please press the button again."
            await self._tell(f"{press.key}-whisper", press.room, press.thread, press.user, again)

    async def _tell(self, id: str, room: str, thread: str, user: str, text: str) -> None:
        """A private word of our own; nothing waits for it."""
        address = Address(channel=NAME, room=room, thread=thread)
        with suppress(DeliveryError):
            await self._whisper(Outgoing(id=id, address=address, text=text, only_for=user))

"""Post to Discord once: under our own nonce, so that a retry changes nothing; looked for where that is too long ago."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import discord
import structlog

from channels.base import Address, Button, Delivery, DeliveryError, Outgoing, Receipt
from channels.discord.drawing import Post, to_nonce, to_posts, to_thread_name
from channels.discord.failures import (
    MISSING_PERMISSION,
    NO_WAY_IN,
    OLD_EDITS,
    RAN_OUT,
    UNKNOWN_MESSAGE,
    reason_of,
    told_plainly,
)
from channels.discord.gateway import Gateway
from channels.discord.markdown import escape
from channels.discord.places import number
from channels.discord.texts import say
from channels.discord.tokens import Tokens
from channels.discord.ways import ASK, Ways
from channels.discord.wire import File, Hook, Wire
from channels.markup import clip

log = structlog.get_logger()

REMEMBERED = 20_000
LOOKED_AT = 50
MAX_FILES = 10
FILE_BYTES = 10 * 1024 * 1024
HOOK_NAMES = 80
MAX_NAME = 100
CONTENT = 2_000

Rights = Callable[[int], discord.Permissions | None]


class Posting:
    """Sends over the wire; `file` gives the content of an attachment by its key.

    `rights` are ours in a channel, None where unknown; `locked` tells whether a thread is, as far as we know.
    """

    def __init__(
        self,
        gateway: Gateway,
        wire: Wire,
        ways: Ways,
        tokens: Tokens,
        *,
        file: Callable[[str], Awaitable[bytes | None]],
        rights: Rights,
        locked: Callable[[int], bool],
    ) -> None:
        self._gateway = gateway
        self._wire = wire
        self._ways = ways
        self._tokens = tokens
        self._file = file
        self._rights = rights
        self._locked = locked
        self._posted: OrderedDict[str, str] = OrderedDict()  # our nonces and Discord's ids of what is known to be there
        self._ours: OrderedDict[int, None] = OrderedDict()
        self._hooks: dict[int, Hook] = {}
        self.desks: frozenset[int] = frozenset()

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Post, draw anew, take back, react or whisper. Raises DeliveryError."""
        with told_plainly():
            if outgoing.only_for:
                return await self._whisper(outgoing)
            if outgoing.reaction:
                return await self._react(outgoing)
            if outgoing.replaces:
                return await self._draw_anew(outgoing)
            return await self._post(outgoing)

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Look for our nonces, then for our words as the last that we said there.

        Discord keeps nonces for minutes only. A place's posts leave in order, so that what is sought, if it arrived, is
        our newest there. What can be repeated without harm is never looked for.
        """
        if outgoing.only_for or outgoing.reaction or outgoing.replaces or outgoing.address.thread.startswith(ASK):
            return None
        with told_plainly():
            posts = to_posts(outgoing, embeds=self._embeds(outgoing.address))
            nonces = [to_nonce(outgoing.id, n) for n in range(len(posts))]
            if not all(nonce in self._posted for nonce in nonces):
                await self._look(outgoing, posts, nonces)
        first = self._posted.get(to_nonce(outgoing.id))
        return Receipt(id=first) if first and all(nonce in self._posted for nonce in nonces) else None

    def recognise(self, id: int, nonce: str) -> None:
        """Remember a message of ours that Discord told us of."""
        self._ours[id] = None
        if nonce:
            self._posted.setdefault(nonce, str(id))
        for kept in (self._ours, self._posted):
            while len(kept) > REMEMBERED:
                kept.popitem(last=False)

    def is_ours(self, id: int) -> bool:
        """Whether we wrote a message, as far as we remember."""
        return id in self._ours

    async def _post(self, outgoing: Outgoing) -> Receipt:
        """Where it belongs; where that place takes nothing, in a private one."""
        if outgoing.address.thread.startswith(ASK):
            return await self._answer_ask(outgoing)
        desk = number(outgoing.address.room) in self.desks
        try:
            channel = await self._ways.to(outgoing.address)
            if desk or not self._locked(channel):
                return await self._post_to(channel, outgoing)
            reason = "the thread is locked"
            self._ways.tell(outgoing.address, reason)
        except discord.HTTPException as error:
            if error.code not in NO_WAY_IN:
                raise
            if await self._ways.reopen(outgoing.address, error, desk=desk):
                return await self._post_to(await self._ways.to(outgoing.address), outgoing)
            reason = reason_of(error)
            self._ways.tell(outgoing.address, reason, error.code)
            if desk:
                raise
        channel = await self._ways.in_private(outgoing.address, language=outgoing.language, because=reason)
        return await self._post_to(channel, outgoing)

    async def _answer_ask(self, outgoing: Outgoing) -> Receipt:
        """To who used the command only: while its token lives and no human writes, else in a private place."""
        asker = str(await self._ways.asker(outgoing.address))
        token = self._tokens.get(asker, outgoing.address)
        if token is not None and not outgoing.author and not await self._has_moved(outgoing.address):
            try:
                posts, files = await self._drawn(_with_way_on(outgoing, asker), named=True)
                for post in posts:
                    id = await self._wire.follow_up(token, post, files if post is posts[-1] else [])
            except discord.HTTPException as error:
                if error.code not in RAN_OUT:
                    raise
                self._tokens.drop(asker, outgoing.address)
            else:
                return Receipt(id=id)
        channel = await self._ways.in_private(outgoing.address, language=outgoing.language, because="the command ended")
        return await self._post_to(channel, outgoing)

    async def _has_moved(self, address: Address) -> bool:
        return await self._ways.to(address) != number(address.room)

    async def _post_to(self, channel: int, outgoing: Outgoing) -> Receipt:
        """Every part that is not there yet, in order; a card's further parts go into the thread on it."""
        hook = await self._hook(channel, outgoing)
        posts, files = await self._drawn(outgoing, named=hook is None)
        first = ""
        for index, post in enumerate(posts):
            nonce = to_nonce(outgoing.id, index)
            with_files = files if index == len(posts) - 1 and not _begins_card(outgoing) else []
            if nonce not in self._posted:
                await self._say(channel, hook, outgoing, post, nonce, with_files)
            first = first or self._posted[nonce]
            if index == 0 and _begins_card(outgoing):
                channel = await self._thread_on(outgoing, first)
        if files and _begins_card(outgoing):
            await self._say(channel, None, outgoing, Post(), to_nonce(outgoing.id, len(posts)), files)
        return Receipt(id=first)

    async def _say(
        self, channel: int, hook: Hook | None, outgoing: Outgoing, post: Post, nonce: str, files: list[File]
    ) -> None:
        if nonce in self._posted:
            return
        if hook is not None:
            id = await self._wire.post_as(hook, channel, _hook_name(outgoing.author), post, files)
        else:
            answers = number(outgoing.reply_to) if number(outgoing.address.room) in self.desks else 0
            id = await self._wire.post(channel, post, nonce=nonce, files=files, answers=answers)
        self.recognise(int(id), nonce)

    async def _thread_on(self, outgoing: Outgoing, card_id: str) -> int:
        """The thread in which a card's conversation is worked on; it goes by the card's id."""
        address = Address(channel=outgoing.address.channel, room=outgoing.address.room, thread=card_id)
        await self._ways.open(address, to_thread_name(outgoing.card.title if outgoing.card else ""))
        return int(card_id)

    async def _hook(self, channel: int, outgoing: Outgoing) -> Hook | None:
        """A webhook for an agent's words, where we may have one: so that they stand under the agent's name."""
        room, thread = number(outgoing.address.room), number(outgoing.address.thread)
        rights = self._rights(room)
        if not outgoing.author or not thread or channel != thread or rights is None or not rights.manage_webhooks:
            return None
        if room not in self._hooks:
            try:
                self._hooks[room] = await self._wire.hook_of(room, self._gateway.own)
            except discord.HTTPException as error:
                log.warning("discord_no_webhook", room=room, reason=reason_of(error))
                return None
        return self._hooks[room] if _hook_name(outgoing.author) else None

    def _embeds(self, address: Address) -> bool:
        """Whether Discord would show our embeds there, not drop them."""
        rights = self._rights(number(address.room)) if address.thread or number(address.room) in self.desks else None
        return rights is None or rights.embed_links

    async def _drawn(self, outgoing: Outgoing, *, named: bool) -> tuple[list[Post], list[File]]:
        """The posts, at least one, and their files; of a file too large for Discord the last post tells."""
        files: list[File] = []
        notes: list[str] = []
        for attachment in outgoing.attachments[:MAX_FILES]:
            content = await self._file(attachment.key) if attachment.key else None
            if content is None:
                continue
            if len(content) + sum(len(one.content) for one in files) > FILE_BYTES:
                notes.append(say("file_too_large", outgoing.language, name=escape(clip(attachment.name, MAX_NAME))))
            else:
                files.append(File(name=attachment.name, content=content))
        posts = list(to_posts(outgoing, embeds=self._embeds(outgoing.address), named=named)) or [Post()]
        posts[-1] = replace(posts[-1], text=clip("\n".join([posts[-1].text, *notes]).strip(), CONTENT))
        return posts, files

    async def _draw_anew(self, outgoing: Outgoing) -> Receipt:
        """Change a post of ours, or take it back when nothing is left of it."""
        channel, message = await self._ways.to(outgoing.address), number(outgoing.replaces)
        try:
            if not outgoing.text and outgoing.card is None:
                await self._wire.delete(channel, message)
            else:
                await self._wire.edit(channel, message, to_posts(outgoing, embeds=self._embeds(outgoing.address))[0])
        except discord.HTTPException as error:
            if error.code == UNKNOWN_MESSAGE and not outgoing.text and outgoing.card is None:
                return Receipt(id=outgoing.replaces)  # it is gone, as was wanted
            if error.code != OLD_EDITS:
                raise
            log.warning("discord_card_too_old", reason=reason_of(error), done="posted anew in its thread")
            post = to_posts(outgoing, embeds=self._embeds(outgoing.address))[0]
            await self._wire.post(message, post, nonce=to_nonce(outgoing.id))
        return Receipt(id=outgoing.replaces)

    async def _whisper(self, outgoing: Outgoing) -> Receipt:
        """To one person: below their press while Discord lets us, else at the desk in its thread, else directly."""
        nonce = to_nonce(outgoing.id)
        if nonce in self._posted:
            return Receipt(id=self._posted[nonce])
        token = None if outgoing.direct else self._tokens.get(outgoing.only_for, outgoing.address)
        posts = to_posts(outgoing)
        if token is not None:
            try:
                ids = [await self._wire.follow_up(token, post) for post in posts]
            except discord.HTTPException as error:
                if error.code not in RAN_OUT:
                    raise
                self._tokens.drop(outgoing.only_for, outgoing.address)
            else:
                self.recognise(int(ids[0]), nonce)
                return Receipt(id=ids[0])
        channel = await self._aside(outgoing)
        for index, post in enumerate(posts):
            answers = number(outgoing.reply_to) if not outgoing.direct else 0
            id = await self._wire.post(channel, post, nonce=to_nonce(outgoing.id, index), answers=answers)
            self.recognise(int(id), to_nonce(outgoing.id, index))
        return Receipt(id=self._posted[nonce])

    async def _aside(self, outgoing: Outgoing) -> int:
        """Where a word to one person goes without a press: a desk's thread is read by the team only."""
        if number(outgoing.address.room) in self.desks and outgoing.address.thread and not outgoing.direct:
            return await self._ways.to(outgoing.address)
        return await self._wire.open_direct(number(outgoing.only_for))

    async def _react(self, outgoing: Outgoing) -> Receipt:
        channel = await self._ways.to(outgoing.address)
        try:
            await self._wire.react(channel, number(outgoing.reply_to), outgoing.reaction)
        except discord.HTTPException as error:
            if error.code == UNKNOWN_MESSAGE or (error.code == MISSING_PERMISSION and not outgoing.text):
                return Receipt(id=outgoing.reply_to)
            if error.code != MISSING_PERMISSION:
                raise
            await self._wire.post(channel, Post(text=outgoing.text), nonce=to_nonce(outgoing.id))
        return Receipt(id=outgoing.reply_to)

    async def _look(self, outgoing: Outgoing, posts: tuple[Post, ...], nonces: list[str]) -> None:
        channel = await self._ways.to(outgoing.address)
        try:
            history = await self._wire.messages(channel, LOOKED_AT)
        except discord.HTTPException as error:
            if error.code in NO_WAY_IN:
                return  # no such place, so nothing of ours in it
            raise DeliveryError(Delivery.UNKNOWN, reason_of(error)) from error
        said = [message for message in history if self._is_from_us(message)]
        for message in said:
            self.recognise(int(message["id"]), str(message.get("nonce") or ""))
        known = set(self._posted.values())
        fresh = [message for message in said if str(message["id"]) not in known]
        newest = [message for message in fresh if message in said[: len(posts)]]
        for message, post, nonce in zip(reversed(newest), posts, nonces, strict=False):
            if nonce not in self._posted and _says(message, post, outgoing.author):
                self.recognise(int(message["id"]), nonce)

    def _is_from_us(self, message: Mapping[str, Any]) -> bool:
        if message.get("webhook_id"):
            return str(message.get("application_id")) == str(self._gateway.own)
        return str((message.get("author") or {}).get("id")) == str(self._gateway.own)


def _with_way_on(outgoing: Outgoing, asker: str) -> Outgoing:
    """An answer to a command with the button that goes on in a private thread: below a command nobody can write."""
    button = Button(name="private", label=say("continue", outgoing.language), value=asker)
    return replace(outgoing, buttons=(*outgoing.buttons, button))


def _begins_card(outgoing: Outgoing) -> bool:
    """Whether it is a card in its room, on which a thread is opened."""
    return outgoing.card is not None and not outgoing.address.thread


def _says(message: Mapping[str, Any], post: Post, author: str) -> bool:
    """Whether a message of ours says what a post would; under an agent's name without the name in front."""
    text = str(message.get("content") or "")
    named = author and text == post.text.partition(": ")[2]
    titles = [str(embed.get("title") or "") for embed in message.get("embeds") or []]
    return (text == post.text or bool(named)) and titles == [str(embed.get("title") or "") for embed in post.embeds]


def _hook_name(author: str) -> str:
    """A name that Discord takes for a webhook's posts; empty where it would not."""
    name = " ".join(author.split())[:HOOK_NAMES]
    forbidden = ("clyde", "discord", "everyone", "here")
    return "" if any(word in name.lower() for word in forbidden[:2]) or name.lower() in forbidden else name

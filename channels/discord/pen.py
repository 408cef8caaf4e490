"""How one post is written: as what it is drawn, with which files, under whose name."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import discord
import structlog

from channels.base import Address, Outgoing
from channels.discord.drawing import Post, to_posts
from channels.discord.failures import reason_of
from channels.discord.gateway import Gateway
from channels.discord.markdown import escape
from channels.discord.places import number
from channels.discord.posted import Posted
from channels.discord.texts import say
from channels.discord.wire import File, Hook, Wire
from channels.markup import clip

log = structlog.get_logger()

MAX_FILES = 10
FILE_BYTES = 10 * 1024 * 1024
MAX_NAME = 100
CONTENT = 2_000
HOOK_NAMES = 80
FORBIDDEN_NAMES = ("clyde", "discord")


class Pen:
    """Writes over the wire; `file` gives the content of an attachment by its key. `desks` are the desks' channels."""

    def __init__(
        self,
        gateway: Gateway,
        wire: Wire,
        posted: Posted,
        *,
        file: Callable[[str], Awaitable[bytes | None]],
        desks: frozenset[int],
    ) -> None:
        self._gateway = gateway
        self._wire = wire
        self._posted = posted
        self._file = file
        self._hooks: dict[int, Hook] = {}
        self.desks = desks

    def is_desk(self, address: Address) -> bool:
        """Whether agents work there."""
        return number(address.room) in self.desks

    def draw(self, outgoing: Outgoing, *, named: bool = True) -> list[Post]:
        """The posts, at least one, as that place shows them."""
        return list(to_posts(outgoing, embeds=self._shows_embeds(outgoing.address), named=named)) or [Post()]

    async def draw_with_files(self, outgoing: Outgoing, *, named: bool = True) -> tuple[list[Post], list[File]]:
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
        posts = self.draw(outgoing, named=named)
        posts[-1] = replace(posts[-1], text=clip("\n".join([posts[-1].text, *notes]).strip(), CONTENT))
        return posts, files

    async def write(
        self, channel: int, hook: Hook | None, outgoing: Outgoing, post: Post, nonce: str, files: list[File]
    ) -> str:
        """Post, unless it is known to be there; returns the message's id."""
        if not self._posted.get(nonce):
            if hook is not None:
                id = await self._wire.post_as(hook, channel, hook_name(outgoing.author), post, files)
            else:
                answers = number(outgoing.reply_to) if self.is_desk(outgoing.address) else 0
                id = await self._wire.post(channel, post, nonce=nonce, files=files, answers=answers)
            self._posted.add(int(id), nonce)
        return self._posted.get(nonce)

    async def hook(self, channel: int, outgoing: Outgoing) -> Hook | None:
        """A webhook for an agent's words in a thread, where we may have one: so that they stand under their name."""
        room, thread = number(outgoing.address.room), number(outgoing.address.thread)
        rights = self._gateway.rights(room)
        if not hook_name(outgoing.author) or not thread or channel != thread:
            return None
        if rights is None or not rights.manage_webhooks:
            return None
        if room not in self._hooks:
            try:
                self._hooks[room] = await self._wire.hook_of(room, self._gateway.own)
            except discord.HTTPException as error:
                log.warning("discord_no_webhook", room=room, reason=reason_of(error))
                return None
        return self._hooks[room]

    def _shows_embeds(self, address: Address) -> bool:
        """Whether Discord would show our embeds there, not drop them."""
        rights = self._gateway.rights(number(address.room)) if address.thread or self.is_desk(address) else None
        return rights is None or rights.embed_links


def hook_name(author: str) -> str:
    """A name that Discord takes for a webhook's posts; empty where it would not."""
    name = " ".join(author.split())[:HOOK_NAMES]
    forbidden = any(word in name.lower() for word in FORBIDDEN_NAMES) or name.lower() in ("everyone", "here")
    return "" if forbidden else name

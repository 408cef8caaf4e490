"""Post to Discord once: under our own nonce, so that a retry changes nothing; looked for where that is too long ago."""

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from channels.base import Address, Delivery, DeliveryError, Outgoing, Receipt
from channels.discord.changing import Changing
from channels.discord.drawing import Post, to_nonce, to_thread_name
from channels.discord.failures import NO_WAY_IN, reason_of, told_plainly
from channels.discord.gateway import Gateway
from channels.discord.pen import Pen
from channels.discord.posted import Posted, to_receipt
from channels.discord.ways import ASK, Ways
from channels.discord.whispering import Whispering
from channels.discord.wire import Wire

LOOKED_AT = 50


class Posting:
    """Sends what leaves, each in its own way, and looks for what may have arrived."""

    def __init__(
        self, gateway: Gateway, wire: Wire, ways: Ways, pen: Pen, posted: Posted, whispering: Whispering
    ) -> None:
        self._gateway = gateway
        self._wire = wire
        self._ways = ways
        self._pen = pen
        self._posted = posted
        self._whispering = whispering
        self._changing = Changing(wire, ways, pen)

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Post, draw anew, take back, react or whisper. Raises DeliveryError."""
        with told_plainly():
            if outgoing.only_for:
                return await self._whispering.whisper(outgoing)
            if outgoing.reaction:
                return await self._changing.react(outgoing)
            if outgoing.replaces and outgoing.card is not None:
                return await self._changing.redraw(outgoing)
            if outgoing.replaces:
                return await self._changing.change(outgoing)
            return await self._post(outgoing)

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Look for our nonces, then for our words as the last that we said there.

        Discord keeps nonces for minutes only. A place's posts leave in order, so that what is sought, if it arrived, is
        our newest there. What can be repeated without harm is never looked for.
        """
        if outgoing.only_for or outgoing.reaction or outgoing.replaces or outgoing.address.thread.startswith(ASK):
            return None
        with told_plainly():
            channel = await self._ways.to(outgoing.address)
            posts = self._pen.draw(outgoing)
            nonces = [to_nonce(outgoing.id, index) for index in range(len(posts))]
            if not all(self._posted.get(nonce) for nonce in nonces):
                await self._look(channel, posts, nonces, outgoing.author)
        ids = [self._posted.get(nonce) for nonce in nonces]
        return self._receipt(outgoing, channel, ids) if all(ids) else None

    async def _post(self, outgoing: Outgoing) -> Receipt:
        """Where it belongs; where that place takes nothing, in a private one."""
        address, desk = outgoing.address, self._pen.is_desk(outgoing.address)
        if address.thread.startswith(ASK):
            below = await self._whispering.answer(outgoing)
            if below is not None:
                return below
            channel = await self._ways.in_private(address, language=outgoing.language, because="the command ended")
            return await self._post_to(channel, outgoing)
        try:
            channel = await self._ways.to(address)
            if desk or not self._gateway.is_locked(channel):
                return await self._post_to(channel, outgoing)
            reason = "the thread is locked"
            self._ways.tell(address, reason)
        except discord.HTTPException as error:
            if error.code not in NO_WAY_IN:
                raise
            if await self._ways.reopen(address, error, desk=desk):
                return await self._post_to(await self._ways.to(address), outgoing)
            reason = reason_of(error)
            self._ways.tell(address, reason, error.code)
            if desk:
                raise
        channel = await self._ways.in_private(address, language=outgoing.language, because=reason)
        return await self._post_to(channel, outgoing)

    async def _post_to(self, channel: int, outgoing: Outgoing) -> Receipt:
        """Every part that is not there yet, in order; a card's further parts and files go into the thread on it."""
        hook, card = await self._pen.hook(channel, outgoing), outgoing.card is not None and not outgoing.address.thread
        posts, files = await self._pen.draw_with_files(outgoing, named=hook is None)
        if card and files:
            posts.append(Post())
        ids: list[str] = []
        place = channel
        for index, post in enumerate(posts):
            last = files if index == len(posts) - 1 else []
            ids.append(await self._pen.write(place, hook, outgoing, post, to_nonce(outgoing.id, index), last))
            if card and not index:
                place = await self._thread_on(outgoing, ids[0])
        return self._receipt(outgoing, channel, ids)

    def _receipt(self, outgoing: Outgoing, channel: int, ids: Sequence[str]) -> Receipt:
        """At the desk the message's id, which is also that of the thread on it; a customer's may take several."""
        return Receipt(id=ids[0] if self._pen.is_desk(outgoing.address) else to_receipt(channel, ids))

    async def _thread_on(self, outgoing: Outgoing, card_id: str) -> int:
        """The thread in which a card's conversation is worked on; it goes by the card's id."""
        address = Address(channel=outgoing.address.channel, room=outgoing.address.room, thread=card_id)
        await self._ways.open(address, to_thread_name(outgoing.card.title if outgoing.card else ""))
        return int(card_id)

    async def _look(self, channel: int, posts: Sequence[Post], nonces: Sequence[str], author: str) -> None:
        """Learn from a channel's newest messages what of ours is there."""
        try:
            history = await self._wire.messages(channel, LOOKED_AT)
        except discord.HTTPException as error:
            if error.code in NO_WAY_IN:
                return  # no such place, so nothing of ours in it
            raise DeliveryError(Delivery.UNKNOWN, reason_of(error)) from error
        said = [message for message in history if self._is_ours(message)]
        for message in said:
            self._posted.add(int(message["id"]), str(message.get("nonce") or ""))
        known = self._posted.named()
        newest = [message for message in said[: len(posts)] if str(message["id"]) not in known]
        for message, post, nonce in zip(reversed(newest), posts, nonces, strict=False):
            if not self._posted.get(nonce) and _says(message, post, author):
                self._posted.add(int(message["id"]), nonce)

    def _is_ours(self, message: Mapping[str, Any]) -> bool:
        own = str(self._gateway.own)
        if message.get("webhook_id"):
            return str(message.get("application_id")) == own
        return str((message.get("author") or {}).get("id")) == own


def _says(message: Mapping[str, Any], post: Post, author: str) -> bool:
    """Whether a message of ours says what a post would; under an agent's name without the name in front."""
    text = str(message.get("content") or "")
    named = author and text == post.text.partition(": ")[2]
    titles = [str(embed.get("title") or "") for embed in message.get("embeds") or []]
    return (text == post.text or bool(named)) and titles == [str(embed.get("title") or "") for embed in post.embeds]

"""What stands there already: cards drawn anew, words changed or taken back, marks put on messages."""

from dataclasses import replace

import discord
import structlog

from channels.base import Outgoing, Receipt
from channels.discord.drawing import Post, to_nonce
from channels.discord.failures import MISSING_PERMISSION, NOT_OURS, OLD_EDITS, UNKNOWN_MESSAGE, reason_of
from channels.discord.pen import Pen
from channels.discord.places import number
from channels.discord.posted import Stand, from_receipt, to_receipt
from channels.discord.ways import Ways
from channels.discord.wire import Hook, Wire

log = structlog.get_logger()


class Changing:
    """Changes our posts. What it raises is the SDK's, or DeliveryError."""

    def __init__(self, wire: Wire, ways: Ways, pen: Pen) -> None:
        self._wire = wire
        self._ways = ways
        self._pen = pen

    async def redraw(self, outgoing: Outgoing) -> Receipt:
        """A card as it is now; one too old to be changed stands anew in its thread."""
        channel, message = await self._ways.to(outgoing.address), number(outgoing.replaces)
        post = self._pen.draw(outgoing)[0]
        try:
            await self._wire.edit(channel, message, post)
        except discord.HTTPException as error:
            if error.code != OLD_EDITS:
                raise
            log.warning("discord_card_too_old", reason=reason_of(error), done="posted anew in its thread")
            await self._wire.post(message, post, nonce=to_nonce(outgoing.id))
        return Receipt(id=outgoing.replaces)

    async def change(self, outgoing: Outgoing) -> Receipt:
        """Other words in the place of a post's, message by message; those that are too many are taken back."""
        stand = from_receipt(outgoing.replaces)
        if not stand.channel:
            stand = replace(stand, channel=await self._ways.to(outgoing.address))
        hook = await self._pen.hook(stand.channel, outgoing)
        new = self._pen.draw(outgoing) if outgoing.text.strip() else []
        ids = [str(id) for id in stand.ids]
        for id, post in zip(stand.ids, new, strict=False):
            await self._edit(stand, id, post, hook, outgoing)
        for index, post in enumerate(new[len(stand.ids) :], len(stand.ids)):
            nonce = to_nonce(outgoing.id, index)
            ids.append(await self._pen.write(stand.channel, None, outgoing, post, nonce, []))
        for id in stand.ids[len(new) :]:
            await self._take_back(stand, id, hook)
        return Receipt(id=to_receipt(stand.channel, ids[: max(1, len(new))]))

    async def react(self, outgoing: Outgoing) -> Receipt:
        """An emoji on a message; a line where we may not. Nothing where the message is gone."""
        channel = await self._ways.to(outgoing.address)
        try:
            await self._wire.react(channel, number(outgoing.reply_to), outgoing.reaction)
        except discord.HTTPException as error:
            if error.code == MISSING_PERMISSION and outgoing.text:
                await self._wire.post(channel, Post(text=outgoing.text), nonce=to_nonce(outgoing.id))
            elif error.code not in (UNKNOWN_MESSAGE, MISSING_PERMISSION):
                raise
        return Receipt(id=outgoing.reply_to)

    async def _edit(self, stand: Stand, id: int, post: Post, hook: Hook | None, outgoing: Outgoing) -> None:
        try:
            await self._wire.edit(stand.channel, id, post)
        except discord.HTTPException as error:
            if error.code != NOT_OURS or hook is None:
                raise
            unnamed = self._pen.draw(outgoing, named=False)  # it stands under the agent's name
            await self._wire.edit_as(hook, stand.channel, id, replace(post, text=unnamed[stand.ids.index(id)].text))

    async def _take_back(self, stand: Stand, id: int, hook: Hook | None) -> None:
        try:
            if hook is None:
                await self._wire.delete(stand.channel, id)
            else:
                await self._take_back_as(stand, id, hook)
        except discord.HTTPException as error:
            if error.code != UNKNOWN_MESSAGE:  # it is gone, as was wanted
                raise

    async def _take_back_as(self, stand: Stand, id: int, hook: Hook) -> None:
        """By the webhook that wrote it; by ourselves where we did."""
        try:
            await self._wire.delete_as(hook, stand.channel, id)
        except discord.HTTPException as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
            await self._wire.delete(stand.channel, id)

"""Words to one person only: below their press or command while Discord lets us, else where nobody else reads."""

from dataclasses import replace

import discord

from channels.base import Button, Outgoing, Receipt
from channels.discord.drawing import to_nonce, to_posts
from channels.discord.failures import RAN_OUT
from channels.discord.pen import Pen
from channels.discord.places import number
from channels.discord.posted import Posted
from channels.discord.texts import say
from channels.discord.tokens import Tokens
from channels.discord.ways import Ways
from channels.discord.wire import Wire


class Whispering:
    """Whispers, and answers the command. What they raise is the SDK's, or DeliveryError."""

    def __init__(self, wire: Wire, ways: Ways, tokens: Tokens, pen: Pen, posted: Posted) -> None:
        self._wire = wire
        self._ways = ways
        self._tokens = tokens
        self._pen = pen
        self._posted = posted

    async def whisper(self, outgoing: Outgoing) -> Receipt:
        """To one person: below their press, else in the desk's thread, which only the team reads, else directly."""
        nonce = to_nonce(outgoing.id)
        if known := self._posted.get(nonce):
            return Receipt(id=known)
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
                self._posted.add(int(ids[0]), nonce)
                return Receipt(id=ids[0])
        at_desk = self._pen.is_desk(outgoing.address) and bool(outgoing.address.thread) and not outgoing.direct
        if at_desk:
            channel = await self._ways.to(outgoing.address)
        else:
            channel = await self._wire.open_direct(number(outgoing.only_for))
            outgoing = replace(outgoing, reply_to="")
        for index, post in enumerate(posts):
            await self._pen.write(channel, None, outgoing, post, to_nonce(outgoing.id, index), [])
        return Receipt(id=self._posted.get(nonce))

    async def answer(self, outgoing: Outgoing) -> Receipt | None:
        """To who used the command, below it: while its token lives and no human writes. None where that is over."""
        asker = str(await self._ways.asker(outgoing.address))
        token = self._tokens.get(asker, outgoing.address)
        if token is None or outgoing.author or self._ways.has_moved(outgoing.address):
            return None
        posts, files = await self._pen.draw_with_files(_with_way_on(outgoing, asker))
        try:
            for post in posts:
                id = await self._wire.follow_up(token, post, files if post is posts[-1] else [])
        except discord.HTTPException as error:
            if error.code not in RAN_OUT:
                raise
            self._tokens.drop(asker, outgoing.address)
            return None
        return Receipt(id=id)


def _with_way_on(outgoing: Outgoing, asker: str) -> Outgoing:
    """An answer to a command with the button that goes on in a private thread: below a command nobody can write."""
    button = Button(name="private", label=say("continue", outgoing.language), value=asker)
    return replace(outgoing, buttons=(*outgoing.buttons, button))

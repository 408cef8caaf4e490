"""Files that came with a message: fetched at once, for their links run out, and kept by the house."""

import asyncio
from collections.abc import Awaitable, Callable
from mimetypes import guess_type

import discord

from channels.base import Attachment
from channels.discord.failures import TRANSPORT

MAX_FILES = 10
FETCH_SECONDS = 20.0


async def fetch(
    file: discord.Attachment, *, spoken: bool, max_bytes: int, keep: Callable[[bytes], Awaitable[str]]
) -> Attachment:
    """Keep one file's content; where that cannot be, `why_not` says why. A `spoken` one is somebody's voice."""
    name = f"{file.filename}{' (voice message)' if spoken else ''}"
    kind = (file.content_type or guess_type(file.filename)[0] or "").partition(";")[0]

    def without(why: str) -> Attachment:
        return Attachment(name=name, type=kind, bytes=file.size, why_not=why)

    if file.size > max_bytes:
        return without(f"it is larger than {max_bytes // 1_000_000} MB")
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            content = await file.read()
    except (discord.DiscordException, *TRANSPORT) as error:
        return without(f"Discord did not hand it out ({type(error).__name__})")
    if len(content) > max_bytes:
        return without(f"it is larger than {max_bytes // 1_000_000} MB")
    return Attachment(name=name, type=kind, bytes=len(content), key=await keep(content))

"""What was said in a thread while we kept silent: whoever calls us there has not to say it again."""

from collections.abc import Container

import discord
import structlog

from channels.discord.events import Words, to_words
from channels.discord.failures import TRANSPORT

log = structlog.get_logger()

LOOKED_AT = 50
MAX_CHARACTERS = 2_000


async def earlier_words(
    channel: discord.abc.Messageable, call: Words, asker: int, own: int, heard: Container[str]
) -> str:
    """What the customer and the caller wrote there since our own last post, oldest first; the newest where it is much.

    Without what was `heard`, by its key. Empty where Discord does not tell it now: the call itself is what matters.
    """
    found: list[str] = []
    try:
        async for message in channel.history(limit=LOOKED_AT, before=discord.Object(call.id)):
            if own in (message.author.id, message.application_id):
                break
            words = to_words(_told(message), own)
            if words is not None and words.author in (asker, call.author) and words.text and words.key not in heard:
                found.append(words.text)
    except (discord.DiscordException, *TRANSPORT) as error:
        log.debug("discord_earlier_words_not_read", reason=type(error).__name__)
    return _newest(found)


def _told(message: discord.Message) -> discord.Message:
    """The message itself; for the line with which a thread on a question begins, the question."""
    reference = message.reference
    if message.type is discord.MessageType.thread_starter_message and reference is not None:
        return reference.resolved if isinstance(reference.resolved, discord.Message) else message
    return message


def _newest(texts: list[str]) -> str:
    """Texts, newest first, as one: oldest first, and only so many that they are not too long."""
    kept: list[str] = []
    for text in texts:
        if sum(map(len, kept)) + len(text) > MAX_CHARACTERS:
            break
        kept.append(text)
    return "\n".join(reversed(kept))

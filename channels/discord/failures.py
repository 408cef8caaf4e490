"""Discord's refusals, in the house's words: was it sent, may it be tried again, and when."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from channels.base import Delivery, DeliveryError

UNKNOWN_CHANNEL = 10003
UNKNOWN_MESSAGE = 10008
MISSING_ACCESS = 50001
NOT_OURS = 50005
CLOSED_DM = 50007
NO_TEXT_CHANNEL = 50008
MISSING_PERMISSION = 50013
WRONG_CHANNEL_TYPE = 50024
ARCHIVED = 50083
LOCKED = 160005
HAS_THREAD = 160004
OLD_EDITS = 30046
NO_SHARED_SERVER = 50278
RAN_OUT = frozenset({10062, 10015, 50027, 40060})  # of an interaction: too late, its token is dead, answered already
NO_WAY_IN = frozenset(
    {UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, MISSING_ACCESS, CLOSED_DM, NO_TEXT_CHANNEL, MISSING_PERMISSION, ARCHIVED, LOCKED}
    | {NO_SHARED_SERVER, WRONG_CHANNEL_TYPE}
)
"""The codes that say that a place takes nothing from us: the customer may be reached in another."""

PLAIN = {
    UNKNOWN_CHANNEL: "the channel or thread is gone",
    UNKNOWN_MESSAGE: "the message is gone",
    MISSING_ACCESS: "the bot may not see the channel",
    CLOSED_DM: "the customer takes no direct messages",
    NO_SHARED_SERVER: "the customer shares no server with the bot",
    MISSING_PERMISSION: "the bot lacks a permission there",
    ARCHIVED: "the thread is archived and locked",
    LOCKED: "the thread is locked",
    WRONG_CHANNEL_TYPE: "such a channel has no threads",
}
TRANSPORT = (aiohttp.ClientError, TimeoutError, OSError)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Raise DeliveryError for whatever Discord or the way to it does not do."""
    try:
        yield
    except discord.RateLimited as error:
        raise DeliveryError(Delivery.NOT_SENT, "rate limited", retry_after_seconds=error.retry_after) from error
    except discord.HTTPException as error:
        raise to_delivery_error(error) from error
    except aiohttp.ClientConnectorError as error:
        raise DeliveryError(Delivery.NOT_SENT, f"Discord cannot be reached: {error}") from error
    except TRANSPORT as error:
        raise DeliveryError(Delivery.UNKNOWN, f"Discord did not answer: {type(error).__name__}") from error


def to_delivery_error(error: discord.HTTPException) -> DeliveryError:
    """What is known of a post that Discord answered with an error."""
    if error.status == 429:
        return DeliveryError(Delivery.NOT_SENT, "rate limited")
    if error.status == 401:  # a new token mends it: nothing of what waits is lost
        return DeliveryError(Delivery.NOT_SENT, "Discord does not accept the bot's token")
    if error.status >= 500:
        return DeliveryError(Delivery.UNKNOWN, f"HTTP {error.status}")
    return DeliveryError(Delivery.REFUSED, reason_of(error))


def reason_of(error: discord.HTTPException) -> str:
    """What is wrong, in a few words."""
    return PLAIN.get(error.code) or f"{error.text or 'refused'} ({error.code or error.status})"

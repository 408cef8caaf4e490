"""Catch up: what was said on Slack while nobody listened, read once more and handed in as if it had just come."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from channels.base import Address, Delivery, Since
from channels.slack.failures import reason_of, retry_after, to_delivery_error

log = structlog.get_logger()

READ_TO = "read to"  # the bookmark of the time up to which all that came was stored
BEGAN = "began"  # what was said before we first listened is never answered
OVERLAP_SECONDS = 600.0
THREAD_SECONDS = 72 * 3_600.0
MAX_THREADS = 500
PAGE = 200
TRIES = 5

Json = Mapping[str, Any]


def to_line(place: str) -> tuple[str, str]:
    """The room and thread of a conversation's bookmark; no thread for any other."""
    _, _, line = place.partition("/")
    room, _, thread = line.partition("/")
    return room, thread


def seconds(position: str) -> float:
    """A bookmark's or message's time, in seconds since 1970; 0 for what is no time."""
    try:
        return float(position)
    except ValueError:
        return 0.0


def oldest(since: Since) -> float | None:
    """From when on to read, in seconds since 1970; None where we never listened before."""
    began, read_to = since.bookmarks.get(BEGAN), since.bookmarks.get(READ_TO)
    if began is None:
        return None
    return max(seconds(began), seconds(read_to or began) - OVERLAP_SECONDS)


def threads(since: Since, now: float) -> tuple[Address, ...]:
    """The threads to read: of open conversations and desks, and those with a word in the last three days."""
    recent = []
    for place, position in since.bookmarks.items():
        room, thread = to_line(place)
        if thread and seconds(position) > now - THREAD_SECONDS:
            recent.append((position, Address(channel="slack", room=room, thread=thread)))
    recent.sort(key=lambda one: one[0], reverse=True)
    found = [*since.addresses, *(address for _, address in recent)]
    return tuple(dict.fromkeys(address for address in found if address.thread))[:MAX_THREADS]


async def missed(client: AsyncWebClient, since: Since, rooms: Iterable[str]) -> AsyncIterator[Json]:
    """What was written since we last listened, oldest first within each place, as events."""
    start = oldest(since)
    if start is None:
        return
    direct = await _direct_rooms(client)
    for room in dict.fromkeys([*rooms, *direct]):
        async for event in _read(client, "conversations.history", start, room):
            yield event
    for address in threads(since, time.time()):
        async for event in _read(client, "conversations.replies", start, address.room, ts=address.thread):
            yield event


async def _read(client: AsyncWebClient, method: str, start: float, room: str, **more: str) -> AsyncIterator[Json]:
    found: list[Json] = []
    cursor = ""
    while True:
        asked = {"channel": room, "oldest": f"{start:.6f}", "limit": PAGE, "cursor": cursor, **more}
        answer = await _ask(client, method, asked)
        found += [message for message in answer.get("messages") or [] if isinstance(message, dict)]
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    for message in sorted(found, key=lambda message: str(message.get("ts"))):
        yield {"type": "message", **message, "channel": room}


async def _direct_rooms(client: AsyncWebClient) -> list[str]:
    rooms: list[str] = []
    cursor = ""
    while True:
        answer = await _ask(client, "users.conversations", {"types": "im", "limit": PAGE, "cursor": cursor})
        rooms += [str(room["id"]) for room in answer.get("channels") or [] if isinstance(room, dict) and "id" in room]
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return rooms


async def _ask(client: AsyncWebClient, method: str, asked: dict[str, Any]) -> Json:
    """Ask, waiting as long as Slack says; a place that can never be read is told to the operator and passed over.

    Raises SlackClientError, aiohttp.ClientError or OSError for what may be read later.
    """
    tries = 0
    while True:
        tries += 1
        try:
            answer = await client.api_call(method, http_verb="GET", params=asked)
        except SlackApiError as error:
            if to_delivery_error(error).outcome is Delivery.REFUSED:
                room, reason = asked.get("channel", ""), reason_of(error)
                log.warning("slack_place_not_read", method=method, room=room, reason=reason)
                return {}
            if reason_of(error) != "ratelimited" or tries == TRIES:
                raise
            await asyncio.sleep(retry_after(error))
        else:
            return answer.data if isinstance(answer.data, dict) else {}

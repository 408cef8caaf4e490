"""Files that came with a message: fetched with our token, within limits, and kept by the house."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from channels.base import Attachment

MAX_FILES = 10
FETCH_SECONDS = 20.0
SLACK_HOSTS = (".slack.com", ".slack-edge.com", ".slack-files.com")


async def fetch(
    file: Mapping[str, Any],
    *,
    session: aiohttp.ClientSession,
    token: str,
    own_host: str,
    max_bytes: int,
    keep: Callable[[bytes], Awaitable[str]],
) -> Attachment:
    """Keep one file's content; where that cannot be, `why_not` says why."""
    name, kind, size = str(file.get("name") or "file"), str(file.get("mimetype") or ""), file.get("size")
    length = size if isinstance(size, int) else 0

    def without(why: str) -> Attachment:
        return Attachment(name=name, type=kind, bytes=length, why_not=why)

    address = file.get("url_private_download") or file.get("url_private")
    if not isinstance(address, str) or file.get("is_external") or not _is_slacks(address, own_host):
        return without("it is not kept on Slack itself")  # and our token goes nowhere else
    if length > max_bytes:
        return without(f"it is larger than {max_bytes // 1_000_000} MB")
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            content = await _download(address, session, token, max_bytes)
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        return without(f"Slack did not hand it out ({type(error).__name__})")
    if content is None:
        return without("Slack did not hand it out")
    return Attachment(name=name, type=kind, bytes=len(content), key=await keep(content))


async def _download(address: str, session: aiohttp.ClientSession, token: str, max_bytes: int) -> bytes | None:
    """The content. None for a login page, which is what Slack sends with status 200 to whom it does not trust."""
    async with session.get(address, headers={"Authorization": f"Bearer {token}"}, allow_redirects=False) as response:
        if response.status != 200 or (response.content_type == "text/html" and "login" in str(response.url)):
            return None
        if response.content_type == "text/html" and "Content-Disposition" not in response.headers:
            return None
        content = bytearray()
        async for chunk in response.content.iter_chunked(65_536):
            content += chunk
            if len(content) > max_bytes:
                return None
        return bytes(content)


def _is_slacks(address: str, own_host: str) -> bool:
    parts = urlsplit(address)
    if parts.netloc == own_host:
        return True
    return parts.scheme == "https" and (parts.hostname or "").endswith(SLACK_HOSTS)

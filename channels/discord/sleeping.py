"""Threads that Discord put away: it tells of them only when asked, the last put away first."""

from datetime import datetime

import discord

PAGE = 100
MAX_PAGES = 10


async def newest_in_archive(client: discord.Client, room: int, since: int) -> dict[int, discord.Thread]:
    """The public threads of a channel that were put away after a message was written, by id; the newest 1,000 at most.

    Raises what asking raises.
    """
    channel, earliest = client.get_channel(room), discord.utils.snowflake_time(since)
    found: dict[int, discord.Thread] = {}
    if not isinstance(channel, discord.TextChannel | discord.ForumChannel):
        return found
    before: datetime | None = None
    async for thread in channel.archived_threads(limit=PAGE * MAX_PAGES, before=before):
        if thread.archive_timestamp < earliest:
            break
        found[thread.id] = thread
    return found

"""Threads that Discord put away: it tells of them only when asked, the last put away first."""

import discord

MAX_THREADS = 1_000


async def newest_in_archive(client: discord.Client, room: int, since: int) -> dict[int, discord.Thread]:
    """The public threads of a channel that were put away after a message was written, by id; the newest 1,000 at most.

    Raises what asking raises.
    """
    channel, earliest = client.get_channel(room), discord.utils.snowflake_time(since)
    found: dict[int, discord.Thread] = {}
    if not isinstance(channel, discord.TextChannel | discord.ForumChannel):
        return found
    async for thread in channel.archived_threads(limit=MAX_THREADS):
        if thread.archive_timestamp < earliest:
            break
        found[thread.id] = thread
    return found

"""The permissions that the code uses, each with what it is for, and the link that asks for exactly these."""

from collections.abc import Mapping
from urllib.parse import urlencode

import discord

SCOPES = ("bot", "applications.commands")
NEEDED: Mapping[str, str] = {
    "view_channel": "see the channels where customers write and agents work",
    "send_messages": "post the desk's cards",
    "send_messages_in_threads": "answer in threads and forum posts",
    "create_public_threads": "open a thread on a question and on a card",
    "create_private_threads": "go on in private",
    "manage_threads": "take up a thread that Discord archived",
    "read_message_history": "read what was written while the bot was away",
    "embed_links": "draw cards and sources",
    "attach_files": "pass files on",
    "add_reactions": "mark what was delivered",
}
OPTIONAL: Mapping[str, str] = {"manage_webhooks": "show agents' replies under their own names"}


def permissions(*, agent_names: bool = False) -> discord.Permissions:
    """All that the bot asks for; with `agent_names` also what lets agents' replies stand under their names."""
    names = [*NEEDED, *(OPTIONAL if agent_names else ())]
    return discord.Permissions(**dict.fromkeys(names, True))


def missing(granted: discord.Permissions) -> tuple[str, ...]:
    """Which of the needed permissions are not granted, as Discord's settings call them."""
    return tuple(name.replace("_", " ").title() for name in NEEDED if not getattr(granted, name))


def link(application: str, *, agent_names: bool = False) -> str:
    """The page of Discord's on which somebody who manages a server lets the bot in."""
    asked = {
        "client_id": application,
        "permissions": str(permissions(agent_names=agent_names).value),
        "scope": " ".join(SCOPES),
    }
    return f"https://discord.com/oauth2/authorize?{urlencode(asked)}"

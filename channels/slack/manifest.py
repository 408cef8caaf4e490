"""The manifest of our app on Slack: every scope and event that the code uses, and none besides."""

import json
from typing import Any
from urllib.parse import quote

APP_SCOPE = "connections:write"
SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "reactions:write",
    "usergroups:read",
    "users:read",
    "users:read.email",
)
EVENTS = (
    "app_mention",
    "app_uninstalled",
    "channel_archive",
    "channel_deleted",
    "channel_left",
    "channel_shared",
    "group_archive",
    "group_deleted",
    "group_left",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "tokens_revoked",
)


def manifest(name: str = "Warmline") -> dict[str, Any]:
    """The manifest, as `apps.manifest.create` and the page "From a manifest" take it."""
    what = "Answers customers from your articles and brings in a person when one is needed"
    return {
        "display_information": {"name": name, "description": what},
        "features": {
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "agent_view": {"agent_description": what},
            "bot_user": {"display_name": name, "always_online": True},
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }


def link(name: str = "Warmline") -> str:
    """A page of Slack's on which the app is made with one click."""
    text = json.dumps(manifest(name), separators=(",", ":"))
    return f"https://api.slack.com/apps?new_app=1&manifest_json={quote(text, safe='')}"

"""Slack by Socket Mode: customers in threads and direct messages, and the desk where agents work."""

from channels.base import Host, SetupError
from channels.slack import checking
from channels.slack.settings import Settings, api_url
from channels.slack.workspace import Slack

__all__ = ["Settings", "Slack", "connect", "missing_secrets", "probe", "probe_desk"]


def connect(settings: Settings, host: Host) -> Slack:
    """Slack with the tokens of the environment; nothing is asked or heard before `listen`. Raises SetupError."""
    return Slack(settings, host, checking.tokens(settings.bot_token_env, settings.app_token_env))


def missing_secrets(settings: Settings) -> list[str]:
    """Which token is not in the environment, a sentence each with what to do."""
    try:
        checking.tokens(settings.bot_token_env, settings.app_token_env)
    except SetupError as error:
        return [str(error)]
    return []


async def probe(settings: Settings) -> list[str]:
    """What is wrong with the account, a sentence each with what to do."""
    return await checking.account(settings.bot_token_env, settings.app_token_env, api_url(settings))


async def probe_desk(settings: Settings, room: str) -> list[str]:
    """What keeps a channel from being a desk, a sentence each with what to do."""
    return await checking.desk(settings.bot_token_env, settings.app_token_env, api_url(settings), room)

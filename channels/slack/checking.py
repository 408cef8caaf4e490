"""Is the account fit for work: the tokens, their scopes, the desk's channel. Each problem with what to do."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from channels.base import SetupError
from channels.slack.events import Own
from channels.slack.failures import TOKEN_ERRORS, reason_of
from channels.slack.manifest import APP_SCOPE, SCOPES

WHERE = "https://api.slack.com/apps"
CALL_SECONDS = 10.0
WRONG = TOKEN_ERRORS | {"missing_scope", "not_allowed_token_type"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The bot's token and the app's."""

    bot: str
    app: str


def tokens(bot_env: str, app_env: str) -> Tokens:
    """The tokens of the environment. Raises SetupError naming the variable that is missing or holds the other one."""
    found = []
    for name, begin, where in ((bot_env, "xoxb-", "OAuth & Permissions"), (app_env, "xapp-", "Basic Information")):
        token = os.environ.get(name, "").strip()
        if not token:
            raise SetupError(
                f"slack: the environment variable {name} is not set; it is the {begin}… token, see {WHERE} › {where}"
            )
        if not token.startswith(begin):
            raise SetupError(f"slack: {name} must hold the token that begins with {begin}, see {WHERE} › {where}")
        found.append(token)
    return Tokens(bot=found[0], app=found[1])


async def sign_in(client: AsyncWebClient, tokens: Tokens) -> Own:
    """Who we are. Raises SetupError for a token that Slack does not take, ConnectionError to try again later."""
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        raise _setup_error(error, "bot token", "OAuth & Permissions") from error
    except (SlackClientError, aiohttp.ClientError, OSError) as error:
        raise ConnectionError(f"Slack cannot be reached: {error}") from error
    try:
        await client.apps_connections_open(app_token=tokens.app)
    except SlackApiError as error:
        raise _setup_error(error, f"app token (scope {APP_SCOPE})", "Basic Information › App-Level Tokens") from error
    except (SlackClientError, aiohttp.ClientError, OSError) as error:
        raise ConnectionError(f"Slack cannot be reached: {error}") from error
    return Own(user=str(answer["user_id"]), bot=str(answer.get("bot_id", "")), team=str(answer["team_id"]))


async def account(bot_env: str, app_env: str, url: str) -> list[str]:
    """What is wrong with the tokens and their scopes."""
    try:
        known = tokens(bot_env, app_env)
    except SetupError as error:
        return [str(error)]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS)) as session:
        client = AsyncWebClient(token=known.bot, base_url=url, session=session, retry_handlers=[])
        try:
            await sign_in(client, known)
            answer = await client.auth_test()
        except (SetupError, OSError) as error:
            return [str(error)]
        granted = {scope.strip() for scope in str(answer.headers.get("x-oauth-scopes", "")).split(",")}
        missing = [scope for scope in SCOPES if scope not in granted]
        fix = "paste `warmline slack manifest` into the app's manifest and install it again"
        return [f"slack: the bot token lacks {', '.join(missing)}; {fix}"] if missing else []


def unfit(channel: Mapping[str, Any]) -> str:
    """Why nobody can work in a channel any more, from what Slack tells of it; nothing where they can."""
    if channel.get("is_archived"):
        return "its channel was archived"
    if channel.get("is_ext_shared"):
        return "its channel was shared with another organisation"
    return "" if channel.get("is_member", True) else "the bot was removed from its channel"


async def desk(bot_env: str, app_env: str, url: str, room: str) -> list[str]:
    """What keeps a channel from being a desk."""
    try:
        known = tokens(bot_env, app_env)
    except SetupError:
        return []  # told by `account`
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS)) as session:
        client = AsyncWebClient(token=known.bot, base_url=url, session=session, retry_handlers=[])
        try:
            channel = (await client.conversations_info(channel=room)).get("channel") or {}
        except SlackApiError as error:
            why = reason_of(error)
            fix = "write the channel's id (C…, at the end of its details) and invite the bot with /invite"
            return [f"desk.room: {room!r} cannot be opened ({why}); {fix}"]
        except (SlackClientError, aiohttp.ClientError, OSError) as error:
            return [f"desk.room: Slack cannot be reached: {error}"]
    name = channel.get("name", room)
    problems = {
        "is_archived": f"#{name} is archived; unarchive it or name another",
        "is_ext_shared": f"#{name} is shared with another organisation, which would read along; name another",
    }
    found = [f"desk.room: {text}" for key, text in problems.items() if channel.get(key)]
    if not channel.get("is_member"):
        found.append(f"desk.room: the bot is not in #{name}; write /invite @Warmline there")
    if not channel.get("is_private"):
        found.append(f"desk.room: #{name} is public, so everybody can read customers' words; make it private")
    return found


def _setup_error(error: SlackApiError, what: str, where: str) -> SetupError | ConnectionError:
    reason = reason_of(error)
    if reason in WRONG:
        return SetupError(f"slack: Slack does not accept the {what}: {reason}; copy it again from {WHERE} › {where}")
    return ConnectionError(f"Slack did not let us sign in: {reason}")

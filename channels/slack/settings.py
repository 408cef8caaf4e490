"""The `[slack]` table."""

import os
from dataclasses import dataclass

API = "https://slack.com/api/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Tokens stand in the environment, under the names given here.

    `customer_channels` are ids of channels in which every message is a customer's; elsewhere we answer when mentioned,
    and in direct messages always. `api_base_url` is for a twin of Slack, else SLACK_API_BASE_URL or Slack itself.
    Without a connection for `give_up_minutes` the program ends with an error, so that whoever keeps it running starts
    it anew. Whoever gets `thread_answers_per_minute` in one thread, or `person_answers_per_minute` in all of theirs, is
    taken for a machine until the minute is over. 0 switches each of the three off.
    """

    enabled: bool = True
    bot_token_env: str = "SLACK_BOT_TOKEN"  # noqa: S105 # the name of a variable, not a secret
    app_token_env: str = "SLACK_APP_TOKEN"  # noqa: S105
    customer_channels: tuple[str, ...] = ()
    max_file_mb: int = 10
    give_up_minutes: float = 30.0
    thread_answers_per_minute: int = 20
    person_answers_per_minute: int = 300
    api_base_url: str = ""


def api_url(settings: Settings) -> str:
    """Where Slack's Web API is, with a slash at its end."""
    return (settings.api_base_url or os.environ.get("SLACK_API_BASE_URL") or API).rstrip("/") + "/"

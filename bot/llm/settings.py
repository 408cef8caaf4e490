"""The `[llm]` table: which model writes, how long it may take, and what it may cost a day."""

import os
from dataclasses import dataclass

OPENAI = "https://api.openai.com/v1"
URL_ENV = "OPENAI_BASE_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Without a `model` nothing is asked of anybody and the passages are quoted as they stand.

    `base_url` is any endpoint that speaks OpenAI's protocol, else OPENAI_BASE_URL or OpenAI itself. Prices are for a
    million tokens, in the currency of `daily_money`; a cap of 0 is none. Days begin at midnight UTC.
    """

    model: str = ""
    base_url: str = ""
    api_key_env: str = "OPENAI_API_KEY"
    embeddings: str = ""  # a model of the same endpoint; empty: passages are found by their words alone
    turn_seconds: float = 20.0  # all that the model may take of one answer; then the passages are quoted
    rewrite_seconds: float = 4.0  # of these, for a follow-up that is put as a question of its own
    search_language: str = "en"  # of most articles: a question in another language is put into it for the search
    handoff_seconds: float = 5.0  # for the texts that an agent reads; then the plain ones stand
    tries: int = 3
    passages: int = 6
    reply_tokens: int = 800
    at_once: int = 200
    break_after: int = 5
    break_seconds: float = 30.0
    daily_tokens: int = 5_000_000
    daily_money: float = 0.0
    input_price: float = 0.0
    output_price: float = 0.0

    @property
    def enabled(self) -> bool:
        """Whether a model is named."""
        return bool(self.model)


def endpoint_of(settings: Settings) -> str:
    """Where requests go."""
    return settings.base_url or os.environ.get(URL_ENV, "").strip() or OPENAI


def key_of(settings: Settings) -> str:
    """The key of the environment, empty without one; most local endpoints take none."""
    return os.environ.get(settings.api_key_env, "").strip()


def missing_secrets(settings: Settings) -> list[str]:
    """What the environment lacks, a sentence each with what to do."""
    if not settings.enabled or key_of(settings) or endpoint_of(settings) != OPENAI:
        return []
    return [
        f"the environment variable {settings.api_key_env} is not set; it is a key of platform.openai.com, or name "
        f"another endpoint with base_url"
    ]

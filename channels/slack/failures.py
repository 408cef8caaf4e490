"""Slack's refusals, in the house's words: was it sent, may it be tried again, and when."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from channels.base import Delivery, DeliveryError

TOKEN_ERRORS = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission"}
)
MAY_HAVE_ARRIVED = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
RETRY_AFTER_SECONDS = 30.0


@contextmanager
def told_plainly() -> Iterator[None]:
    """Raise DeliveryError for whatever Slack or the way to it does not do."""
    try:
        yield
    except SlackApiError as error:
        raise to_delivery_error(error) from error
    except aiohttp.ClientConnectorError as error:
        raise DeliveryError(Delivery.NOT_SENT, f"Slack cannot be reached: {error}") from error
    except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
        raise DeliveryError(Delivery.UNKNOWN, f"Slack did not answer: {type(error).__name__}") from error


def to_delivery_error(error: SlackApiError) -> DeliveryError:
    """What is known of a post that Slack answered with an error."""
    reason, status = reason_of(error), _status(error)
    if status == 429 or reason == "ratelimited":
        return DeliveryError(Delivery.NOT_SENT, "ratelimited", retry_after_seconds=retry_after(error))
    if reason in TOKEN_ERRORS:  # a new token mends it: nothing of what waits is lost
        return DeliveryError(Delivery.NOT_SENT, f"Slack does not accept the bot token: {reason}")
    if status >= 500 or reason in MAY_HAVE_ARRIVED:
        return DeliveryError(Delivery.UNKNOWN, reason)
    return DeliveryError(Delivery.REFUSED, reason)


def reason_of(error: SlackApiError) -> str:
    """Slack's short name of what is wrong; the HTTP status where there is none."""
    try:
        return str(error.response["error"])
    except (KeyError, TypeError, ValueError):
        return f"HTTP {_status(error)}"


def retry_after(error: SlackApiError) -> float:
    """After how many seconds Slack wants to be asked again."""
    headers = getattr(error.response, "headers", {}) or {}
    try:
        return float(headers.get("Retry-After", RETRY_AFTER_SECONDS))
    except ValueError:
        return RETRY_AFTER_SECONDS


def _status(error: SlackApiError) -> int:
    response = error.response  # the SDK's own answer, or aiohttp's where it could not read it
    return int(getattr(response, "status_code", None) or getattr(response, "status", 0) or 0)

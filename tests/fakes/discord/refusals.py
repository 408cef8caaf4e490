"""What Discord says no with: a status, its own code and a sentence."""

from enum import Enum
from typing import Any


class Refusal(Enum):
    """Status, code and sentence, as in Discord's table of JSON error codes."""

    UNAUTHORIZED = (401, 0, "401: Unauthorized")
    UNKNOWN_ROUTE = (404, 0, "404: Not Found")
    UNKNOWN_CHANNEL = (404, 10003, "Unknown Channel")
    UNKNOWN_GUILD = (404, 10004, "Unknown Guild")
    UNKNOWN_MEMBER = (404, 10007, "Unknown Member")
    UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
    UNKNOWN_ROLE = (404, 10011, "Unknown Role")
    UNKNOWN_USER = (404, 10013, "Unknown User")
    UNKNOWN_EMOJI = (400, 10014, "Unknown Emoji")
    UNKNOWN_WEBHOOK = (404, 10015, "Unknown Webhook")
    UNKNOWN_INTERACTION = (404, 10062, "Unknown interaction")
    TOO_MANY_WEBHOOKS = (400, 30007, "Maximum number of webhooks reached (15)")
    TOO_LARGE = (413, 40005, "Request entity too large")
    ACKNOWLEDGED = (400, 40060, "Interaction has already been acknowledged.")
    MISSING_ACCESS = (403, 50001, "Missing Access")
    NOT_YOURS = (403, 50005, "Cannot edit a message authored by another user")
    EMPTY = (400, 50006, "Cannot send an empty message")
    CLOSED_DM = (403, 50007, "Cannot send messages to this user")
    NO_TEXT_CHANNEL = (400, 50008, "Cannot send messages in a non-text channel")
    MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")
    WRONG_CHANNEL_TYPE = (400, 50024, "Cannot execute action on this channel type")
    TOKEN_RAN_OUT = (401, 50027, "Invalid Webhook Token")
    INVALID = (400, 50035, "Invalid Form Body")
    ARCHIVED = (400, 50083, "Thread is archived")
    HAS_THREAD = (400, 160004, "A thread has already been created for this message")
    LOCKED = (400, 160005, "This thread is locked")
    NO_HISTORY_TO_REPLY = (400, 160002, "Cannot reply without permission to read message history")


class RefusedError(Exception):
    """Discord does not do it. `details` tell the wrong part of a form: a path and a code each."""

    def __init__(self, refusal: Refusal, details: dict[str, str] | None = None) -> None:
        super().__init__(refusal.value[2])
        self.status, self.code, self.sentence = refusal.value
        self.details = details or {}

    def body(self) -> dict[str, Any]:
        """The answer as Discord words it."""
        body: dict[str, Any] = {"message": self.sentence, "code": self.code}
        for path, reason in self.details.items():
            place = body.setdefault("errors", {})
            for key in path.split("."):
                place = place.setdefault(key, {})
            place["_errors"] = [{"code": reason, "message": reason.replace("_", " ").capitalize()}]
        return body


def invalid(path: str, reason: str) -> RefusedError:
    """A form with something wrong at a path such as `embeds.0.title`."""
    return RefusedError(Refusal.INVALID, {path: reason})

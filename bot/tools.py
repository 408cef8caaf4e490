"""Look-ups that a model may ask for: read only, for this verified customer alone, allowed by issue type in bot.toml."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.conversation import Account, Conversation, Passage

ACCOUNT, ORDER = "look_up_account", "look_up_order"
TOOLS = (ACCOUNT, ORDER)
ORDER_NUMBER = re.compile(r"#?[A-Za-z]{0,4}-?\d{3,20}")
LONGEST_ARGUMENTS = 500
LONGEST_VALUE = 300
_DESCRIPTIONS: Mapping[str, str] = {
    ACCOUNT: "What is known of the account of the customer who is writing. Takes no arguments.",
    ORDER: "What is known of one order of the customer who is writing.",
}
_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    ACCOUNT: {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
    ORDER: {
        "type": "object",
        "properties": {
            "number": {"type": "string", "description": "The number of the order as the customer wrote it."}
        },
        "required": ["number"],
        "additionalProperties": False,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """One `[[tools.allow]]` table: in conversations of these types a tool may show these columns of the customers."""

    tool: str
    issue_types: tuple[str, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `[tools]` table. Without a table in `allow` nothing can be looked up.

    `verified_channels` are those on which an id is as good as a login: whoever the customers' table knows there is
    verified. Elsewhere an e-mail address that the channel vouches for is, or, for `verified_hours`, a code by mail.
    """

    per_turn: int = 3
    seconds: float = 5.0
    verified_channels: tuple[str, ...] = ()
    verified_hours: float = 24.0
    allow: tuple[Allowed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look-up gave: text for the model, and the passage that an answer may cite, where something was found."""

    text: str
    passage: Passage | None = None


@dataclass(slots=True, kw_only=True)
class Toolbox:
    """What the model may look up in this turn: the columns by tool, and how often still."""

    fields: Mapping[str, tuple[str, ...]]
    find: Callable[[], Awaitable[Account | None]]
    left: int
    seconds: float
    used: list[str] = field(default_factory=list)

    def offered(self) -> list[dict[str, Any]]:
        """The tools in OpenAI's shape; none when none may be called any more."""
        if self.left <= 0:
            return []
        described = (
            {"name": name, "description": _DESCRIPTIONS[name], "parameters": _PARAMETERS[name]} for name in self.fields
        )
        return [{"type": "function", "function": one} for one in described]

    async def look_up(self, name: str, arguments: str) -> Looked:
        """Look something up. Raises what the CRM raises."""
        self.left -= 1
        given = _read(arguments)
        problem = self._problem(name, given)
        self.used.append(f"{name}: {problem}" if problem else name)
        if problem or given is None:
            return Looked(text=f"Not looked up: {problem}.")
        account = await self.find()
        shown = _shown(account, self.fields[name]) if account is not None else ()
        return _order(shown, str(given["number"])) if name == ORDER else _account(shown)

    def _problem(self, name: str, given: Mapping[str, Any] | None) -> str:
        if self.left < 0:
            return "no more look-ups in this turn"
        if name not in self.fields:
            return "there is no such tool here"
        if given is None or given.keys() != set(_PARAMETERS[name]["properties"]):
            return "the arguments are not those of the tool"
        if name == ORDER and not (isinstance(given["number"], str) and ORDER_NUMBER.fullmatch(given["number"].strip())):
            return "that is no order number"
        return ""


def toolbox(
    conversation: Conversation,
    settings: Settings,
    find: Callable[[], Awaitable[Account | None]],
    *,
    suspicious: bool,
    public: bool,
    proven: bool = False,
) -> Toolbox | None:
    """What may be looked up in this conversation; `proven` where a code has shown who the customer is.

    Nothing for a customer who is not verified, where others read along, or where somebody tries to give orders.
    """
    fields = allowed(conversation, settings)
    if not fields or not (proven or is_verified(conversation, settings)) or suspicious or public:
        return None
    return Toolbox(fields=fields, find=find, left=settings.per_turn, seconds=settings.seconds)


def allowed(conversation: Conversation, settings: Settings) -> dict[str, tuple[str, ...]]:
    """The tools that this issue type allows, each with the columns that it may show."""
    kind = conversation.issue_type or ""
    return {one.tool: one.fields for one in settings.allow if kind in one.issue_types and one.fields}


def is_verified(conversation: Conversation, settings: Settings) -> bool:
    """Whether the channel itself says who the customer is."""
    return conversation.customer.verified or conversation.address.channel in settings.verified_channels


def _read(arguments: str) -> Mapping[str, Any] | None:
    """The arguments as an object; None for anything else."""
    try:
        given = json.loads(arguments) if len(arguments) <= LONGEST_ARGUMENTS else None
    except (ValueError, RecursionError):
        return None
    return given if isinstance(given, dict) else None


def _shown(account: Account, fields: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The columns that may be shown, in the order of the table; everything else stays unread."""
    wanted = {name.casefold() for name in fields}
    return tuple((name, value[:LONGEST_VALUE]) for name, value in account.fields if name.casefold() in wanted and value)


def _account(shown: tuple[tuple[str, str], ...]) -> Looked:
    return _looked("Your account", [f"{name}: {value}" for name, value in shown], "nothing is known of the account")


def _order(shown: tuple[tuple[str, str], ...], number: str) -> Looked:
    """The columns that name this order, whole words only: HP-20 is not in HP-204."""
    bare = re.escape(number.strip().lstrip("#"))
    named = re.compile(rf"(?<![\w-]){bare}(?![\w-])", re.IGNORECASE)
    lines = [f"{name}: {value}" for name, value in shown if named.search(value)]
    return _looked(f"Your order {number.strip()}", lines, "this customer has no such order")


def _looked(title: str, lines: list[str], nothing: str) -> Looked:
    if not lines:
        return Looked(text=nothing)
    text = "\n".join(lines)
    return Looked(text=text, passage=Passage(article="account", heading=title, title=title, text=text, score=0.0))

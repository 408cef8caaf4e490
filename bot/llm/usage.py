"""What a request cost, and why one was not answered."""

from dataclasses import asdict, dataclass
from enum import StrEnum

from bot.conversation import Json


class Why(StrEnum):
    """Why the model gave nothing that can be used."""

    DOWN = "down"  # cannot be reached, or answers with errors
    SLOW = "slow"
    REFUSED = "refused"  # the key, the model's name or the request itself is not accepted
    CAPPED = "capped"
    BROKEN = "broken"  # it replied, and the reply is none


class ModelError(Exception):
    """A request without a usable reply: the bot goes on without the model. The message holds no customer's words."""

    def __init__(self, why: Why, reason: str) -> None:
        super().__init__(reason)
        self.why = why
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one request took: `money` in the currency of the prices, `ms` of waiting. `problem` is empty if it helped.

    Tokens of a request that nobody answered are estimated: whoever charges for it will not say.
    """

    purpose: str
    model: str
    tokens_in: int
    tokens_out: int
    money: float
    ms: int
    problem: str = ""

    def facts(self) -> dict[str, Json]:
        """The facts of its event."""
        return asdict(self)

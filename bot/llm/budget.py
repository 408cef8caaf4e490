"""The daily cap on tokens and money: reserved before a request, settled after it, so that nothing overshoots."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.conversation import Json
from bot.llm.settings import Settings

CHARACTERS_A_TOKEN = 3  # rather too many tokens than too few: what is reserved in vain is given back


@dataclass(slots=True)
class Spent:
    """Tokens and money."""

    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0

    @property
    def tokens(self) -> int:
        """Read and written together."""
        return self.tokens_in + self.tokens_out


class Budget:
    """What was spent today, and what requests under way may still spend."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        """Begin with nothing spent; `count` adds what earlier runs of the same day did."""
        self._settings, self._clock = settings, clock
        self._day = self._today()
        self._today_spent = Spent()
        self._reserved = Spent()

    @property
    def spent(self) -> Spent:
        """What was spent today."""
        self._turn_day()
        return self._today_spent

    def price(self, tokens_in: int, tokens_out: int) -> float:
        """What these tokens cost."""
        return (tokens_in * self._settings.input_price + tokens_out * self._settings.output_price) / 1_000_000

    def estimate(self, characters: int) -> Spent:
        """The most that a request of this many characters may take."""
        tokens_in, tokens_out = characters // CHARACTERS_A_TOKEN + 1, self._settings.reply_tokens
        return Spent(tokens_in, tokens_out, self.price(tokens_in, tokens_out))

    def reserve(self, wanted: Spent) -> str:
        """Set aside what a request may take; returns which cap forbids it, then nothing was set aside."""
        spent, reserved, settings = self.spent, self._reserved, self._settings
        if settings.daily_tokens and spent.tokens + reserved.tokens + wanted.tokens > settings.daily_tokens:
            return f"the {settings.daily_tokens:,} tokens of today are used up (llm.daily_tokens)"
        if settings.daily_money and spent.money + reserved.money + wanted.money > settings.daily_money:
            return f"the {settings.daily_money:g} of today are used up (llm.daily_money)"
        _add(reserved, wanted, 1)
        return ""

    def settle(self, wanted: Spent, tokens_in: int, tokens_out: int) -> float:
        """Put what was really spent in the place of what was set aside; returns the money."""
        _add(self._reserved, wanted, -1)
        money = self.price(tokens_in, tokens_out)
        self.count(tokens_in, tokens_out, money)
        return money

    def count(self, tokens_in: int, tokens_out: int, money: float) -> None:
        """Add what was spent today, also before this start."""
        _add(self.spent, Spent(tokens_in, tokens_out, money), 1)

    def count_facts(self, facts: Mapping[str, Json]) -> None:
        """Add what an event of today says was spent."""
        tokens_in, tokens_out, money = (facts.get(key) for key in ("tokens_in", "tokens_out", "money"))
        self.count(
            tokens_in if isinstance(tokens_in, int) else 0,
            tokens_out if isinstance(tokens_out, int) else 0,
            float(money) if isinstance(money, int | float) else 0.0,
        )

    def _today(self) -> date:
        return self._clock().date()

    def _turn_day(self) -> None:
        today = self._today()
        if today != self._day:
            self._day, self._today_spent = today, Spent()


def _add(to: Spent, other: Spent, sign: int) -> None:
    to.tokens_in += sign * other.tokens_in
    to.tokens_out += sign * other.tokens_out
    to.money += sign * other.money

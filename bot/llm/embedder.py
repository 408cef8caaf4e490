"""An endpoint's embeddings: texts in, numbers out, in time and within the caps. What breaks here breaks no chat."""

import asyncio
import json
from collections.abc import Callable, Sequence

import structlog

from bot.llm.breaker import Breaker
from bot.llm.budget import Budget, Spent
from bot.llm.endpoint import Endpoint, EndpointError
from bot.llm.settings import Settings
from bot.llm.usage import ModelError, Usage, Why

log = structlog.get_logger()

PURPOSE = "embed"
LONGEST = 6_000  # characters of one text: endpoints refuse what is longer than their window


class Embedder:
    """Embeds with `llm.embeddings`. It has a breaker of its own: an endpoint that only chats is no outage."""

    def __init__(self, settings: Settings, endpoint: Endpoint, budget: Budget, monotonic: Callable[[], float]) -> None:
        self.name = settings.embeddings
        self._endpoint, self._budget, self._monotonic = endpoint, budget, monotonic
        self._breaker = Breaker(settings.break_after, settings.break_seconds, monotonic)
        self._told = False

    async def embed(self, texts: Sequence[str], *, seconds: float, bill: list[Usage]) -> tuple[tuple[float, ...], ...]:
        """The numbers of each text, in their order. Raises ModelError; what it took is on the bill in any case."""
        if not self._breaker.lets_through():
            raise ModelError(Why.DOWN, "embeddings are out of order and will be tried again soon")
        clipped = [text[:LONGEST] or " " for text in texts]
        wanted = self._budget.estimate(sum(map(len, clipped)))
        wanted = Spent(wanted.tokens_in, 0, self._budget.price(wanted.tokens_in, 0))
        if cap := self._budget.reserve(wanted):
            raise ModelError(Why.CAPPED, cap)
        began, tokens, problem = self._monotonic(), 0, "cancelled"
        try:
            found, tokens = await self._post(clipped, seconds)
            problem = ""
        except ModelError as error:
            problem = str(error.why)
            self._tell(error)
            raise
        finally:
            self._breaker.gave_up()
            money = self._budget.settle(wanted, tokens, 0)
            ms = int((self._monotonic() - began) * 1_000)
            bill.append(
                Usage(
                    purpose=PURPOSE,
                    model=self.name,
                    tokens_in=tokens,
                    tokens_out=0,
                    money=round(money, 6),
                    ms=ms,
                    problem=problem,
                )
            )
        self._breaker.succeeded()
        self._told = False
        return found

    async def _post(self, texts: Sequence[str], seconds: float) -> tuple[tuple[tuple[float, ...], ...], int]:
        try:
            async with asyncio.timeout(seconds):
                body = await self._endpoint.embed({"model": self.name, "input": texts, "encoding_format": "float"})
        except TimeoutError as error:
            self._breaker.failed()
            raise ModelError(Why.SLOW, f"no embeddings in {seconds:g} s") from error
        except EndpointError as error:
            self._breaker.failed(for_good=error.is_for_good)
            raise ModelError(Why.DOWN if error.passes else Why.REFUSED, error.reason) from error
        try:
            return await asyncio.to_thread(_read, body, len(texts))  # half a million numbers take a while
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            self._breaker.failed()
            raise ModelError(Why.BROKEN, "what came back are no embeddings") from error

    def _tell(self, error: ModelError) -> None:
        """Tell the operator once an outage."""
        if self._breaker.is_open and not self._told:
            self._told = True
            log.error("embeddings_unavailable", model=self.name, why=str(error.why), reason=error.reason)


def _read(body: bytes, count: int) -> tuple[tuple[tuple[float, ...], ...], int]:
    """The numbers in the order asked, and the tokens that were read. Raises ValueError, TypeError, KeyError."""
    found = json.loads(body)
    rows = sorted(found["data"], key=lambda row: int(row["index"]))
    numbers = tuple(tuple(float(number) for number in row["embedding"]) for row in rows)
    if len(numbers) != count or len({len(each) for each in numbers}) != 1 or not numbers[0]:
        raise ValueError("not as many as were asked for, or not of one length")
    usage = found.get("usage") or {}
    tokens = usage.get("prompt_tokens")
    return numbers, tokens if isinstance(tokens, int) else 0

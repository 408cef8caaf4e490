"""A language model behind an endpoint: asked in time, within the caps, in whatever form the endpoint can reply."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from typing import Any

import structlog

from bot.conversation import Json
from bot.llm.breaker import Breaker
from bot.llm.budget import Budget, Spent
from bot.llm.embedder import Embedder
from bot.llm.endpoint import CANNOT, Endpoint, EndpointError
from bot.llm.replies import BrokenReplyError, Reply, to_body, to_object, to_reply, tokens_of
from bot.llm.settings import Settings
from bot.llm.usage import ModelError, Usage, Why

log = structlog.get_logger()

FIRST_WAIT_SECONDS = 0.3
SEVERAL_SHAPES = 8  # of one request, until the endpoint takes one


class Form(IntEnum):
    """How a structured reply is asked for; an endpoint that cannot do one is asked for the next."""

    SCHEMA = 0
    OBJECT = 1
    PLAIN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One thing to ask. With a `schema` the reply is a JSON object, which `check` may refuse by BrokenReplyError.

    The messages tell its shape in words too, for endpoints that cannot be held to it. `tools` are in OpenAI's shape.
    """

    purpose: str
    messages: Sequence[Mapping[str, Any]]
    seconds: float
    schema: Mapping[str, Any] | None = None
    check: Callable[[Mapping[str, Json]], object] = lambda value: value
    tools: Sequence[Mapping[str, Any]] = ()


@dataclass(slots=True)
class Tally:
    """What one thing asked has cost so far, over all its requests."""

    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0


@dataclass(slots=True)
class Manners:
    """What the endpoint turned out to take; learnt from its refusals and remembered for the run."""

    form: Form = Form.SCHEMA
    form_with_tools: Form = Form.SCHEMA
    tools: bool = True
    limit_key: str = "max_tokens"
    temperature: bool = True
    learnt: set[str] = field(default_factory=set)

    def form_of(self, asked: Asked) -> Form:
        """The first form worth trying."""
        return self.form_with_tools if asked.tools and self.tools else self.form

    def remember(self, asked: Asked, form: Form) -> None:
        """A request was taken in this form."""
        if asked.tools and self.tools:
            self.form_with_tools = form
        elif asked.schema is not None:
            self.form = form

    def learn(self, error: EndpointError) -> bool:
        """Drop a parameter that the endpoint names in its refusal; False when there is none left to drop."""
        if error.status not in (400, 422):
            return False
        if "max_tokens" in error.about and self.limit_key == "max_tokens":
            self.limit_key = "max_completion_tokens"
            return True
        if "temperature" in error.about and self.temperature:
            self.temperature = False
            return True
        return False


class Model:
    """One model for the whole process. `ask` either gives a reply in time or says why not; it never waits longer."""

    def __init__(
        self,
        settings: Settings,
        endpoint: Endpoint,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """All is assumed to work until it does not. `clock` tells the day, `monotonic` how long an outage lasts."""
        self.budget = Budget(settings, clock)
        self.manners = Manners()
        self._settings, self._endpoint, self._monotonic = settings, endpoint, monotonic
        self._places = asyncio.Semaphore(settings.at_once)
        self._line = self._breaker()
        self._by_purpose: dict[str, Breaker] = {}  # an endpoint may be too slow for one thing and not for another
        self._outage: Why | None = None

    def embedder(self) -> Embedder:
        """Who embeds at the same endpoint, within the same caps."""
        return Embedder(self._settings, self._endpoint, self.budget, self._monotonic)

    async def close(self) -> None:
        """Give back the connections."""
        await self._endpoint.close()

    async def ask(self, asked: Asked, bill: list[Usage]) -> Reply:
        """Ask, in at most `asked.seconds`; what it took is added to the bill in any case. Raises ModelError."""
        slowness = self._by_purpose.setdefault(asked.purpose, self._breaker())
        self._pass(self._line, slowness)
        tally, began, problem = Tally(), self._monotonic(), "cancelled"
        try:
            reply = await self._in_time(asked, tally, slowness, began + asked.seconds)
            problem = ""
        except ModelError as error:
            problem = str(error.why)
            self._tell(error)
            raise
        finally:
            self._line.gave_up()
            slowness.gave_up()
            self._charge(asked, tally, began, problem, bill)
        return reply

    async def _in_time(self, asked: Asked, tally: Tally, slowness: Breaker, until: float) -> Reply:
        try:
            async with asyncio.timeout(asked.seconds), self._places:
                reply = await self._try(asked, tally, until)
        except TimeoutError as error:
            slowness.failed()
            if self._line.is_open:  # its probe hangs
                self._line.failed()
            raise ModelError(Why.SLOW, f"no reply in {asked.seconds:g} s") from error
        except EndpointError as error:
            self._line.failed(for_good=error.is_for_good)
            raise ModelError(Why.DOWN if error.passes else Why.REFUSED, error.reason) from error
        except BrokenReplyError as error:
            self._works(slowness)
            raise ModelError(Why.BROKEN, f"the reply cannot be used: {error}") from error
        self._works(slowness)
        return reply

    def _charge(self, asked: Asked, tally: Tally, began: float, problem: str, bill: list[Usage]) -> None:
        bill.append(
            Usage(
                purpose=asked.purpose,
                model=self._settings.model,
                tokens_in=tally.tokens_in,
                tokens_out=tally.tokens_out,
                money=round(tally.money, 6),
                ms=int((self._monotonic() - began) * 1_000),
                problem=problem,
            )
        )

    def _breaker(self) -> Breaker:
        return Breaker(self._settings.break_after, self._settings.break_seconds, self._monotonic)

    def _pass(self, *breakers: Breaker) -> None:
        for breaker in breakers:
            if not breaker.lets_through():
                self._line.gave_up()
                raise ModelError(self._outage or Why.DOWN, "it is out of order and will be tried again soon")

    async def _try(self, asked: Asked, tally: Tally, until: float) -> Reply:
        """Ask again what may work a moment later, as long as there is time."""
        tries, form = 1, self.manners.form_of(asked)
        while True:
            try:
                return await self._in_some_form(asked, form, tally)
            except BrokenReplyError:
                form = Form(min(form + 1, Form.PLAIN)) if asked.schema is not None else form
                wait = 0.0
                if tries >= self._settings.tries:
                    raise
            except EndpointError as error:
                wait = error.retry_after if error.retry_after is not None else FIRST_WAIT_SECONDS * 2 ** (tries - 1)
                if not error.passes or tries >= self._settings.tries or self._monotonic() + wait >= until:
                    raise
            tries += 1
            await asyncio.sleep(wait)

    async def _in_some_form(self, asked: Asked, form: Form, tally: Tally) -> Reply:
        """Ask in this form, else in the next that the endpoint can do; what it cannot do is not asked again."""
        for _ in range(SEVERAL_SHAPES):
            try:
                body = await self._post(self._body(asked, form), tally)
            except EndpointError as error:
                if self.manners.learn(error):
                    continue
                if error.status not in CANNOT:
                    raise
                if asked.schema is not None and form is not Form.PLAIN:
                    form = Form(form + 1)
                elif asked.tools and self.manners.tools:
                    self.manners.tools = False
                    form = self.manners.form_of(asked)
                else:
                    raise
                continue
            reply = to_reply(body)
            if asked.schema is not None and not reply.calls:
                reply = replace(reply, value=to_object(reply.text))
                asked.check(reply.value)
            self.manners.remember(asked, form)
            return reply
        raise EndpointError(400, "it takes the request in no form")

    async def _post(self, body: Mapping[str, Any], tally: Tally) -> Mapping[str, Any]:
        """One request within the caps. Raises EndpointError, BrokenReplyError, ModelError when capped."""
        wanted = self.budget.estimate(_characters(body))
        if cap := self.budget.reserve(wanted):
            raise ModelError(Why.CAPPED, cap)
        tokens_in, tokens_out = wanted.tokens_in, wanted.tokens_out  # unless the endpoint tells
        try:
            found = to_body(await self._endpoint.post(body))
            told_in, told_out = tokens_of(found)
            tokens_in = tokens_in if told_in is None else told_in
            tokens_out = _written(found, tokens_out) if told_out is None else told_out
        except EndpointError as error:
            if error.status:  # who refuses does not charge
                tokens_in = tokens_out = 0
            raise
        finally:
            self._settle(wanted, tokens_in, tokens_out, tally)
        return found

    def _settle(self, wanted: Spent, tokens_in: int, tokens_out: int, tally: Tally) -> None:
        tally.money += self.budget.settle(wanted, tokens_in, tokens_out)
        tally.tokens_in += tokens_in
        tally.tokens_out += tokens_out

    def _body(self, asked: Asked, form: Form) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self._settings.model, self.manners.limit_key: self._settings.reply_tokens}
        if self.manners.temperature:
            body["temperature"] = 0
        if asked.tools and self.manners.tools:
            body["tools"] = list(asked.tools)
        match form if asked.schema is not None else None:
            case Form.SCHEMA:
                schema = {"name": asked.purpose, "schema": asked.schema, "strict": True}
                body["response_format"] = {"type": "json_schema", "json_schema": schema}
            case Form.OBJECT:
                body["response_format"] = {"type": "json_object"}
            case _:
                pass
        return body | {"messages": list(asked.messages)}

    def _works(self, slowness: Breaker) -> None:
        self._line.succeeded()
        slowness.succeeded()
        if self._outage is not None and not any(breaker.is_open for breaker in self._by_purpose.values()):
            log.warning("model_back", model=self._settings.model)
            self._outage = None

    def _tell(self, error: ModelError) -> None:
        """Tell the operator once an outage: when nobody is asked any more, not at every request that failed."""
        log.debug("model_failed", why=str(error.why), reason=error.reason)
        out = error.why is Why.CAPPED or self._line.is_open or any(b.is_open for b in self._by_purpose.values())
        if out and self._outage is None:
            self._outage = error.why
            log.error("model_unavailable", model=self._settings.model, why=str(error.why), reason=error.reason)


def _characters(body: Mapping[str, Any]) -> int:
    tools = body.get("tools", ())
    return sum(len(str(message.get("content") or "")) for message in body["messages"]) + len(str(tools))


def _written(body: Mapping[str, Any], most: int) -> int:
    """An estimate where the endpoint does not count: a token has three characters or more."""
    return min(most, len(str(body.get("choices", ""))) // 3 + 1)

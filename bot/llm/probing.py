"""Is the endpoint fit for work: reached, key and model accepted, JSON kept to. In the words of who runs the bot."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.llm.endpoint import Endpoint, EndpointError
from bot.llm.model import Asked, Form, Model
from bot.llm.settings import Settings, endpoint_of
from bot.llm.usage import ModelError, Usage, Why

SECONDS = 20.0
MOST_NAMES = 8
SCHEMA = {
    "type": "object",
    "properties": {"ready": {"type": "boolean"}},
    "required": ["ready"],
    "additionalProperties": False,
}
FORMS = {
    Form.SCHEMA: "keeps to a JSON schema",
    Form.OBJECT: "cannot be held to a JSON schema, but to JSON: fine, now and then a reply is asked for twice",
    Form.PLAIN: "knows no JSON format and is asked in words: a small model may often reply with something else",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What was found, and whether the model can be used."""

    text: str
    ok: bool


async def probe(settings: Settings, endpoint: Endpoint, *, clock: Callable[[], datetime]) -> Probed:
    """Ask for one word. It costs a few tokens, and no cap of today forbids it."""
    free = replace(settings, tries=1, daily_tokens=0, daily_money=0.0, reply_tokens=200)
    model = Model(free, endpoint, clock=clock)
    words = 'Reply with this JSON object and nothing else: {"ready": true}'
    asked = Asked(purpose="probe", messages=[{"role": "user", "content": words}], seconds=SECONDS, schema=SCHEMA)
    bill: list[Usage] = []
    try:
        await model.ask(asked, bill)
    except ModelError as error:
        return Probed(text=await _told(settings, endpoint, error), ok=False)
    text = f"{settings.model} answers in {bill[0].ms / 1_000:.1f} s and {FORMS[model.manners.form]}"
    return Probed(text=text, ok=True)


async def probe_embeddings(settings: Settings, endpoint: Endpoint, *, clock: Callable[[], datetime]) -> Probed:
    """Embed one word."""
    free = replace(settings, daily_tokens=0, daily_money=0.0)
    bill: list[Usage] = []
    try:
        (numbers,) = await Model(free, endpoint, clock=clock).embedder().embed(["ready"], seconds=SECONDS, bill=bill)
    except ModelError as error:
        text = f"{settings.embeddings!r} gives no embeddings ({error.reason}): name a model that does, or leave it out"
        return Probed(text=text, ok=False)
    text = f"{settings.embeddings} embeds a text as {len(numbers)} numbers in {bill[0].ms / 1_000:.1f} s"
    return Probed(text=text, ok=True)


async def _told(settings: Settings, endpoint: Endpoint, error: ModelError) -> str:
    where, cause = endpoint_of(settings), error.__cause__
    if error.why is Why.SLOW:
        return (
            f"{where} gave no reply in {SECONDS:.0f} s: is the model still being loaded, or too large for its machine?"
        )
    if error.why is Why.BROKEN:
        return (
            f"{settings.model} replies, but not with what it was asked for ({error.reason}): take a model made for chat"
        )
    status = cause.status if isinstance(cause, EndpointError) else 0
    code = cause.code if isinstance(cause, EndpointError) else ""
    if status in (401, 403):
        return f"{where} does not accept the key in {settings.api_key_env}: copy it again, or make a new one"
    if code == "insufficient_quota" or status == 402:
        return f"the account at {where} has no credit left"
    if status == 404 or code == "model_not_found":
        return f"there is no model {settings.model!r} at {where}{await _offered(endpoint)}"
    if status == 429:
        return f"{where} takes no more requests right now; try again in a minute"
    if status == 0:
        return f"{where} cannot be reached: is the server running, and is llm.base_url right? ({error.reason})"
    return f"{where} refuses the request: {error.reason}"


async def _offered(endpoint: Endpoint) -> str:
    """The names to choose from, where the endpoint tells them."""
    try:
        names = sorted(await endpoint.models())
    except EndpointError:
        return "; a base_url mostly ends with /v1"
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"; it has {', '.join(names[:MOST_NAMES])}{more}" if names else "; it has none"

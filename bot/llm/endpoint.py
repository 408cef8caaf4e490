"""An endpoint that speaks OpenAI's protocol: one chat completion in, its bytes or an `EndpointError` out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.llm.settings import Settings, endpoint_of, key_of

NO_KEY = "none"
POOL = 32
CANNOT = frozenset({400, 415, 422, 500, 501})
"""What endpoints answer to a reply format, a tool or a parameter that they do not know."""
PASSING = frozenset({408, 409, 429, 500, 502, 503, 504, 520, 522, 524, 529})
ACCOUNT = frozenset({401, 402, 403, 404})


class EndpointError(Exception):
    """A request without a completion; `status` is HTTP's, 0 where nothing came back.

    `about` is the endpoint's own sentence in lower case: it may quote the customer, so it is looked at and never shown.
    """

    def __init__(
        self, status: int, reason: str, *, code: str = "", about: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.code = code
        self.about = about
        self.retry_after = retry_after

    @property
    def is_for_good(self) -> bool:
        """Whether only a change of the account or of bot.toml mends it."""
        return self.status in ACCOUNT or self.code == "insufficient_quota"

    @property
    def passes(self) -> bool:
        """Whether the same request may work a moment later."""
        return not self.is_for_good and (self.status == 0 or self.status in PASSING)


class Endpoint(Protocol):
    """Where requests go."""

    async def post(self, body: Mapping[str, Any]) -> bytes:
        """Ask for one chat completion; returns its body. Raises EndpointError."""

    async def embed(self, body: Mapping[str, Any]) -> bytes:
        """Ask for embeddings; returns their body. Raises EndpointError."""

    async def models(self) -> tuple[str, ...]:
        """The names of the models that it offers. Raises EndpointError."""

    async def close(self) -> None:
        """Give back the connections. Safe to call twice."""


@dataclass(slots=True)
class Line:
    """A client with a pool of connections of its own, and how many requests wait on it."""

    client: Any
    completions: Any
    waiting: int = 0


class OpenAiEndpoint:
    """The openai package's client; it is imported here, for it takes a second and a bot without a model needs none."""

    def __init__(self, settings: Settings) -> None:
        """Connect to nothing yet. Retries and time-outs are not the client's: a turn has one deadline for all."""
        import httpx
        import openai

        self._openai, self._settings = openai, settings
        # One for all clients: reading the certificates takes 50 ms each time, while everybody waits.
        self._tls = httpx.create_ssl_context()
        self._lines = [self._connect()]

    async def post(self, body: Mapping[str, Any]) -> bytes:
        """Ask for one chat completion; returns its body. Raises EndpointError."""
        line = self._free_line()
        line.waiting += 1
        try:
            # It goes past the package's own checks of each field, which take milliseconds for a schema.
            response = await line.completions.create(model=body["model"], messages=[], extra_body=body)
        except (self._openai.OpenAIError, ValueError) as error:  # ValueError: a key that no header can hold
            raise self._translated(error) from error
        finally:
            line.waiting -= 1
        content: bytes = response.content
        return content

    async def embed(self, body: Mapping[str, Any]) -> bytes:
        """Ask for embeddings; returns their body. Raises EndpointError."""
        embeddings = self._lines[0].client.embeddings.with_raw_response
        try:
            response = await embeddings.create(model=body["model"], input=[""], extra_body=body)
        except (self._openai.OpenAIError, ValueError) as error:
            raise self._translated(error) from error
        content: bytes = response.content
        return content

    async def models(self) -> tuple[str, ...]:
        """The names of the models that it offers. Raises EndpointError."""
        try:
            page = await self._lines[0].client.models.list()
            return tuple(model.id for model in page.data or ())
        except (self._openai.OpenAIError, ValueError, AttributeError, TypeError) as error:
            raise self._translated(error) from error

    async def close(self) -> None:
        """Give back the connections. Safe to call twice."""
        for line in self._lines:
            await line.client.close()

    def _connect(self) -> "Line":
        client = self._openai.AsyncOpenAI(
            api_key=key_of(self._settings) or NO_KEY,
            base_url=endpoint_of(self._settings),
            http_client=self._openai.DefaultAsyncHttpxClient(verify=self._tls),
            max_retries=0,
            timeout=self._settings.turn_seconds + 1,
        )
        # Looking at it imports the rest of the package, before anybody waits.
        return Line(client=client, completions=client.chat.completions.with_raw_response)

    def _free_line(self) -> "Line":
        """The first client with room: what a client's pool spends on a request grows with all that are under way."""
        for line in self._lines:
            if line.waiting < POOL:
                return line
        self._lines.append(self._connect())
        return self._lines[-1]

    def _translated(self, error: Exception) -> EndpointError:
        if isinstance(error, self._openai.APIStatusError):
            code = str(error.code or error.type or "")[:40]
            return EndpointError(
                error.status_code,
                f"it answers with HTTP {error.status_code}{f' ({code})' if code else ''}",
                code=code,
                about=str(error.message).lower()[:2_000],
                retry_after=retry_after(error.response.headers),
            )
        if isinstance(error, self._openai.APITimeoutError):
            return EndpointError(0, "it does not answer in time")
        if isinstance(error, self._openai.APIConnectionError):
            return EndpointError(0, f"it cannot be reached, or hung up ({type(error.__cause__).__name__})")
        return EndpointError(0, f"the request cannot be made ({type(error).__name__})")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds the endpoint asks us to wait; None where it does not say, or names a date."""
    for name, unit in (("retry-after-ms", 1_000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if 0 <= seconds < 86_400:
            return seconds
    return None

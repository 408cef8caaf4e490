"""A call of the REST API, and the table of those that there are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.fakes.discord.state import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came with a call, by its number in the form."""

    number: int
    name: str
    content: bytes


@dataclass(slots=True, kw_only=True)
class Call:
    """One call: `name` is the function that answers it, `status` what it was answered with."""

    name: str
    params: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    files: tuple[Upload, ...] = ()
    at: float = 0.0
    status: int = 0
    code: int = 0


Handler: TypeAlias = Callable[[World, Call], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`signed` is false where the address itself is the secret: webhooks and interactions."""

    method: str
    path: str
    handler: Handler
    signed: bool = True


ROUTES: list[Route] = []


def route(method: str, path: str, *, signed: bool = True) -> Callable[[Handler], Handler]:
    """Put a function into the table under its own name. It answers with JSON, or None for 204."""

    def enter(handler: Handler) -> Handler:
        ROUTES.append(Route(method=method, path=path, handler=handler, signed=signed))
        return handler

    return enter

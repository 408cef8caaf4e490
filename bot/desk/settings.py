"""Where agents work and who they are: the desks, and which of them an issue type goes to."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.draft import Draft
from channels.base import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One `[[desk.routes]]` table: a desk of its own for some issue types; no channel means the desk's own."""

    issue_types: tuple[str, ...]
    room: str
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `[desk]` table: where agents work, and who they are.

    `agents` are the channel's ids of the people and groups that may act; empty lets everybody act who can write there.
    """

    channel: str = "console"
    room: str = "desk"
    fallback_channel: str = ""
    fallback_room: str = ""
    agents: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()


def desks(settings: Settings) -> tuple[Address, ...]:
    """The desk, the fallback desk where one is set, then those of the routes."""
    found = [Address(channel=settings.channel, room=settings.room)]
    if settings.fallback_room:
        found.append(Address(channel=settings.fallback_channel or settings.channel, room=settings.fallback_room))
    return tuple(dict.fromkeys([*found, *(_routed(route, settings) for route in settings.routes)]))


def routes(settings: Settings) -> Mapping[str, int]:
    """Which of `desks` an issue type goes to first, by its name; the desk itself for all others."""
    places = desks(settings)
    return {kind: places.index(_routed(route, settings)) for route in settings.routes for kind in route.issue_types}


def ladder(draft: Draft) -> tuple[int, ...]:
    """The desks of a conversation, in turn: that of its issue type, the desk, the fallback desk."""
    first = draft.policy.routes.get(draft.conversation.issue_type or "", 0)
    special = set(draft.policy.routes.values())
    general = (number for number in range(len(draft.policy.desks)) if number not in special)
    return tuple(dict.fromkeys([first, *general]))


def _routed(route: Route, settings: Settings) -> Address:
    return Address(channel=route.channel or settings.channel, room=route.room)

"""Who somebody on Slack is, and whether they may work at a desk: asked when they act, remembered for a minute."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from channels.base import DeliveryError, Person
from channels.slack.events import Own

T = TypeVar("T")
log = structlog.get_logger()

RIGHTS_SECONDS = 60.0
NAME_SECONDS = 3_600.0
LOOK_UP_SECONDS = 2.0
PATIENT_SECONDS = 15.0
TRIES = 3
MAX_KEPT = 50_000
PAGE = 1_000
FAILURES = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, DeliveryError)


class Remembered(Generic[T]):
    """Answers by key, each asked for once at a time and kept for a while."""

    def __init__(self, ask: Callable[[str], Awaitable[T]]) -> None:
        self._ask = ask
        self._kept: dict[str, tuple[float, T]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, key: str, *, seconds: float) -> T:
        """The answer, at most so many seconds old. Raises what asking raises."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            kept = self._kept.get(key)
            if kept is not None and time.monotonic() - kept[0] < seconds:
                return kept[1]
            answer = await self._ask(key)
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
                self._locks.clear()
            self._kept[key] = (time.monotonic(), answer)
            return answer

    def forget(self, key: str) -> None:
        """Ask anew the next time."""
        self._kept.pop(key, None)


class People:
    """Looks people up with a client; `own` is who we are, known once we signed in."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self.own = Own(user="", bot="", team="")
        self._users = Remembered(self._ask_user)
        self._groups = Remembered(self._ask_groups)
        self._members = Remembered(self._ask_members)
        self._rooms = Remembered(self._ask_room)

    async def names(self, ids: tuple[str, ...]) -> dict[str, str]:
        """What people are called, by id; who cannot be looked up is left out."""
        found = {}
        for id in ids:
            user = await self._user(id, NAME_SECONDS)
            if user:
                found[id] = _name(user)
        return found

    async def customer(self, id: str, team: str) -> Person:
        """Somebody who writes as a customer. Without an answer from Slack they are known by their id alone."""
        user = await self._user(id, NAME_SECONDS)
        ours = _team(user, team) in ("", self.own.team)
        profile = user.get("profile")
        email = profile.get("email") if isinstance(profile, Mapping) else None
        return Person(
            id=id if ours else f"{_team(user, team)}/{id}",
            name=_name(user),
            email=email if isinstance(email, str) and email else None,
            verified=bool(email and ours and user.get("is_email_confirmed")),
        )

    async def agent(self, id: str, team: str, room: str, *, patient: bool = False) -> Person:
        """Somebody who acts at a desk, with their groups; `why_outside` bars whoever must not work there.

        A press is answered within two seconds; words at the desk can wait until Slack tells who wrote them.
        """
        for left in reversed(range(TRIES if patient else 1)):
            try:
                async with asyncio.timeout(PATIENT_SECONDS if patient else LOOK_UP_SECONDS):
                    user, groups, members, channel = await self._rights(id, room)
                break
            except FAILURES as error:
                log.warning("slack_rights_unknown", reason=type(error).__name__, tries_left=left)
        else:
            why = "cannot be looked up on Slack right now: please try again in a minute"
            return Person(id=id, outsider=True, why_outside=why)
        why = self._bar(user, team, channel) or ("" if id in members else "are not in the desk's channel")
        return Person(id=id, name=_name(user), groups=groups.get(id, ()), outsider=bool(why), why_outside=why)

    def forget_room(self, room: str) -> None:
        """Something about a room has changed: its members and whom it is shared with are looked up anew."""
        self._rooms.forget(room)
        self._members.forget(room)

    async def is_shared(self, room: str) -> bool:
        """Whether another organisation reads along in a room. Raises what asking raises."""
        return bool((await self._rooms.get(room, seconds=RIGHTS_SECONDS)).get("is_ext_shared"))

    async def _rights(
        self, id: str, room: str
    ) -> tuple[Mapping[str, Any], Mapping[str, tuple[str, ...]], frozenset[str], Mapping[str, Any]]:
        user, groups, members, channel = await asyncio.gather(
            self._users.get(id, seconds=RIGHTS_SECONDS),
            self._groups.get("", seconds=RIGHTS_SECONDS),
            self._members.get(room, seconds=RIGHTS_SECONDS),
            self._rooms.get(room, seconds=RIGHTS_SECONDS),
        )
        return user, groups, members, channel

    def _bar(self, user: Mapping[str, Any], team: str, channel: Mapping[str, Any]) -> str:
        if channel.get("is_ext_shared") or channel.get("is_pending_ext_shared"):
            return "are in a channel that is shared with another organisation, where no desk may be"
        if user.get("is_bot") or user.get("is_workflow_bot"):
            return "are a bot"
        if user.get("deleted"):
            return "have a deactivated account"
        if user.get("is_restricted") or user.get("is_ultra_restricted"):
            return "are a guest"
        if _team(user, team) not in ("", self.own.team) or user.get("is_stranger"):
            return "belong to another team"
        return ""

    async def _user(self, id: str, seconds: float) -> Mapping[str, Any]:
        """What Slack knows of a user, nothing when it does not answer: a name is not worth losing words for."""
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                return await self._users.get(id, seconds=seconds)
        except FAILURES as error:
            log.warning("slack_user_unknown", reason=type(error).__name__)
            return {}

    async def _ask_user(self, id: str) -> Mapping[str, Any]:
        user = (await self._client.users_info(user=id)).get("user")
        return user if isinstance(user, dict) else {}

    async def _ask_groups(self, _: str) -> Mapping[str, tuple[str, ...]]:
        answer = await self._client.usergroups_list(include_users=True)
        found: dict[str, tuple[str, ...]] = {}
        for group in answer.get("usergroups") or []:
            for user in group.get("users") or []:
                found[user] = (*found.get(user, ()), group["id"])
        return found

    async def _ask_members(self, room: str) -> frozenset[str]:
        members: set[str] = set()
        cursor = ""
        while True:
            answer = await self._client.conversations_members(channel=room, limit=PAGE, cursor=cursor)
            members.update(answer.get("members") or [])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return frozenset(members)

    async def _ask_room(self, room: str) -> Mapping[str, Any]:
        channel = (await self._client.conversations_info(channel=room)).get("channel")
        return channel if isinstance(channel, dict) else {}


def _name(user: Mapping[str, Any]) -> str:
    profile = user.get("profile")
    shown = profile.get("display_name") if isinstance(profile, Mapping) else ""
    return str(shown or user.get("real_name") or user.get("name") or "")


def _team(user: Mapping[str, Any], said: str) -> str:
    """The team of a user: what Slack tells of them goes before what came with the event."""
    return str(user.get("team_id") or said or "")

"""Calls to Discord's Web API, each as small as we need it; what they raise is the SDK's."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from weakref import WeakValueDictionary

import discord
from discord.http import MultipartParameters, Route

from channels.base import Delivery, DeliveryError
from channels.discord.drawing import Post
from channels.discord.gateway import Gateway, seconds_from
from channels.discord.tokens import Token

Json: TypeAlias = dict[str, Any]

NO_PINGS: Mapping[str, Any] = {"parse": [], "replied_user": False}
EPHEMERAL = 1 << 6
PRIVATE_THREAD: Literal[12] = 12
WEEK_MINUTES: Literal[10080] = 10080
DEFERRED_MESSAGE, DEFERRED_UPDATE, MESSAGE, FORM = 5, 6, 4, 9
LINE_SECONDS = 15.0
HOOK_NAME = "Warmline"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to send along."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook of ours, through which posts stand under another name."""

    id: int
    token: str


class Wire:
    """Speaks through the client that is signed in. Raises discord.HTTPException, and OSError or aiohttp's errors."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._lines: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @property
    def _http(self) -> discord.http.HTTPClient:
        return self._gateway.client.http

    async def post(self, channel: int, post: Post, *, nonce: str, files: Sequence[File] = (), answers: int = 0) -> str:
        """Post once: under the same nonce Discord gives back what is there already. Returns the message's id.

        Raises DeliveryError where too much waits for the channel already: Discord takes about one post a second.
        """
        body = _body(post) | {"nonce": nonce, "enforce_nonce": True}
        if answers:
            body["message_reference"] = {"message_id": str(answers), "fail_if_not_exists": False}
        async with self._in_line(channel):
            sent = await self._http.send_message(channel, params=_parameters(body, files))
        return str(sent["id"])

    async def edit(self, channel: int, message: int, post: Post) -> None:
        """Draw a post anew."""
        await self._http.edit_message(channel, message, params=_parameters(_body(post), ()))

    async def delete(self, channel: int, message: int) -> None:
        """Take a post back."""
        await self._http.delete_message(channel, message)

    async def react(self, channel: int, message: int, emoji: str) -> None:
        """Put an emoji on a message."""
        await self._http.add_reaction(channel, message, emoji)

    async def show_typing(self, channel: int) -> None:
        """Show for ten seconds that somebody is writing."""
        await self._http.send_typing(channel)

    async def open_thread(self, channel: int, message: int, name: str) -> None:
        """Open a thread on a message; it goes by the message's id."""
        await self._http.start_thread_with_message(channel, message, name=name, auto_archive_duration=WEEK_MINUTES)

    async def open_private_thread(self, channel: int, name: str, user: int) -> int:
        """Open a thread that only one person and the staff see."""
        made = await self._http.start_thread_without_message(
            channel, name=name, auto_archive_duration=WEEK_MINUTES, type=PRIVATE_THREAD, invitable=False
        )
        await self._http.add_user_to_thread(made["id"], user)
        return int(made["id"])

    async def open_direct(self, user: int) -> int:
        """The channel of somebody's direct messages."""
        return int((await self._http.start_private_message(user))["id"])

    async def unarchive(self, thread: int) -> None:
        """Take up a thread that was put away."""
        await self._http.edit_channel(thread, archived=False)

    async def messages(self, channel: int, limit: int) -> list[Json]:
        """The newest messages of a channel, newest first."""
        return [dict(message) for message in await self._http.logs_from(channel, limit)]

    async def author_of(self, channel: int, message: int) -> int:
        """Who wrote a message."""
        return int((await self._http.get_message(channel, message))["author"]["id"])

    async def recipient_of(self, channel: int) -> int:
        """Whose direct messages a channel holds; 0 where it holds none."""
        people: Any = (await self._http.get_channel(channel)).get("recipients") or []
        return int(people[0]["id"]) if people else 0

    async def answer(self, interaction: int, token: Token, kind: int, data: Json | None = None) -> None:
        """The first answer to a press or command, within three seconds; only then may anything follow it."""
        route = Route(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            webhook_id=interaction,
            webhook_token=token.token,
        )
        try:
            await self._http.request(route, json={"type": kind, "data": data} if data else {"type": kind})
        finally:
            token.answered.set()

    async def follow_up(self, token: Token, post: Post, files: Sequence[File] = ()) -> str:
        """A further answer that only whoever pressed sees; returns its id."""
        await token.answered.wait()
        sent = await self._execute(token.application, token.token, _body(post) | {"flags": EPHEMERAL}, files)
        return str(sent["id"])

    async def edit_answer(self, token: Token, text: str) -> None:
        """Put a text where a press was answered with "thinking"."""
        route = Route(
            "PATCH",
            "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
            webhook_id=token.application,
            webhook_token=token.token,
        )
        await self._http.request(route, json=_body(Post(text=text)))

    async def post_as(self, hook: Hook, thread: int, author: str, post: Post, files: Sequence[File] = ()) -> str:
        """Post under somebody's name; returns the message's id."""
        body = _body(post) | {"username": author}
        sent = await self._execute(hook.id, hook.token, body, files, wait="true", thread_id=str(thread))
        return str(sent["id"])

    async def edit_as(self, hook: Hook, thread: int, message: int, post: Post) -> None:
        """Draw anew what was posted under somebody's name."""
        await self._http.request(_of_hook("PATCH", hook, message), json=_body(post), params={"thread_id": str(thread)})

    async def delete_as(self, hook: Hook, thread: int, message: int) -> None:
        """Take back what was posted under somebody's name."""
        await self._http.request(_of_hook("DELETE", hook, message), params={"thread_id": str(thread)})

    async def hook_of(self, channel: int, own: int) -> Hook:
        """Our webhook of a channel, made where there is none."""
        known = [hook for hook in await self._http.channel_webhooks(channel) if hook.get("token")]
        ours = (hook for hook in known if str(hook.get("application_id")) == str(own))
        found: Any = next(ours, None) or await self._http.create_webhook(channel, name=HOOK_NAME)
        return Hook(id=int(found["id"]), token=str(found["token"]))

    async def register(self, commands: list[Json]) -> None:
        """Tell Discord our commands, in place of all there were."""
        application = self._gateway.client.application_id
        if application is not None:
            await self._http.bulk_upsert_global_commands(application, commands)

    @asynccontextmanager
    async def _in_line(self, channel: int) -> AsyncIterator[None]:
        """One post after the other; whoever waits here has surely sent nothing."""
        line = self._lines.setdefault(channel, asyncio.Lock())
        longest = seconds_from("DISCORD_LINE_SECONDS", LINE_SECONDS)
        try:
            async with asyncio.timeout(longest):
                await line.acquire()
        except TimeoutError:
            why = "too many posts wait for this channel"
            raise DeliveryError(Delivery.NOT_SENT, why, retry_after_seconds=max(longest, 1.0)) from None
        try:
            yield
        finally:
            line.release()

    async def _execute(self, id: int, token: str, body: Json, files: Sequence[File], **query: str) -> Json:
        route = Route("POST", "/webhooks/{webhook_id}/{webhook_token}", webhook_id=id, webhook_token=token)
        parameters = _parameters(body, files)
        if parameters.files:
            sent = await self._http.request(route, files=parameters.files, form=parameters.multipart, params=query)
        else:
            sent = await self._http.request(route, json=parameters.payload, params=query)
        return dict(sent)


def _of_hook(method: str, hook: Hook, message: int) -> Route:
    path = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
    return Route(method, path, webhook_id=hook.id, webhook_token=hook.token, message_id=message)


def _body(post: Post) -> Json:
    """A message as JSON; also what is not there, so that an edit takes it away. Nobody is pinged, whatever it says."""
    return {
        "content": post.text,
        "embeds": list(post.embeds),
        "components": list(post.rows),
        "allowed_mentions": dict(NO_PINGS),
    }


def _parameters(body: Json, files: Sequence[File]) -> MultipartParameters:
    if not files:
        return MultipartParameters(payload=body, multipart=None, files=None)
    body = body | {"attachments": [{"id": number, "filename": one.name} for number, one in enumerate(files)]}
    opened = [discord.File(io.BytesIO(one.content), filename=one.name) for one in files]
    parts: list[Json] = [{"name": "payload_json", "value": json.dumps(body)}]
    for number, file in enumerate(opened):
        parts.append(
            {
                "name": f"files[{number}]",
                "value": file.fp,
                "filename": file.filename,
                "content_type": "application/octet-stream",
            }
        )
    return MultipartParameters(payload=None, multipart=parts, files=opened)

"""A Slack of our own: the Web API and Socket Mode over real sockets, with Slack's limits, rights and bad days."""

import asyncio
import itertools
import json
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiohttp import WSMsgType, web

Json: TypeAlias = dict[str, Any]

BOT, BOT_ID, TEAM = "UBOT", "BBOT", "T1"
BOT_TOKEN, APP_TOKEN = "xoxb-test", "xapp-test"
ACK_SECONDS = 3.0
SCOPES_OF: Mapping[str, tuple[str, ...]] = {  # any one of them will do
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "conversations.open": ("im:write",),
    "users.info": ("users:read",),
    "usergroups.list": ("usergroups:read",),
    "conversations.info": ("channels:read", "groups:read", "im:read"),
    "conversations.members": ("channels:read", "groups:read", "im:read"),
    "users.conversations": ("im:read",),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "reactions.add": ("reactions:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
    "assistant.threads.setStatus": ("assistant:write", "chat:write"),
}


@dataclass(slots=True)
class Fault:
    """What happens to a call instead: an error after `commit` or before, an HTTP status, a delay, a dropped line."""

    status: int = 200
    error: str = ""
    retry_after: float | None = None
    delay: float = 0.0
    drop: bool = False
    commit: bool = False


@dataclass(slots=True)
class Channel:
    id: str
    kind: str = "channel"
    members: set[str] = field(default_factory=set)
    messages: dict[str, Json] = field(default_factory=dict)  # by ts, in order
    archived: bool = False
    shared: bool = False


@dataclass(slots=True)
class Call:
    method: str
    args: Json
    at: float


class RefusedError(Exception):
    """Slack's `ok: false`."""


class FakeSlack:
    """One workspace. People act with `say`, `edit`, `delete`, `click` and `submit`; what the app did is in `calls`."""

    def __init__(self, manifest: Json | None = None) -> None:
        self.url = ""
        self.manifest = manifest
        self.channels: dict[str, Channel] = {}
        self.users: dict[str, Json] = {}
        self.groups: dict[str, list[str]] = {}
        self.calls: list[Call] = []
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.posted: list[tuple[str, Json, float]] = []  # channel, message and when it came, in this order
        self.whispers: list[Json] = []
        self.views: list[Json] = []
        self.statuses: list[Json] = []
        self.acks: dict[str, float] = {}  # seconds until an envelope was answered, by envelope
        self.tokens = {BOT_TOKEN}
        self.files: dict[str, bytes] = {}
        self.redeliver_after = ACK_SECONDS
        self.muted = False  # envelopes are lost on the way
        self._deaf: set[web.WebSocketResponse] = set()
        self.refuse_tickets = False
        self.changed = asyncio.Event()
        self._sockets: list[web.WebSocketResponse] = []
        self._tickets: set[str] = set()
        self._triggers: dict[str, float] = {}
        self._uploads: dict[str, Json] = {}
        self._waiting: dict[str, asyncio.Event] = {}
        self._numbers = itertools.count(1)
        self._clock = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0
        for id in ("U1", "U2", "UANNA", "UBEN"):
            self.add_user(id)

    # who and where there is

    def add_user(self, id: str, **others: Any) -> None:
        name = others.pop("name", id.removeprefix("U").capitalize())
        profile = {"display_name": name, "email": f"{name.lower()}@shop.example"}
        self.users[id] = {"id": id, "team_id": TEAM, "name": name, "profile": profile, "is_email_confirmed": True}
        self.users[id] |= others

    def add_channel(self, id: str, *members: str, kind: str = "channel", bot: bool = True) -> Channel:
        everybody = {*members, BOT} if bot else set(members)
        channel = self.channels[id] = Channel(id=id, kind="im" if id.startswith("D") else kind, members=everybody)
        return channel

    @property
    def is_connected(self) -> bool:
        return any(not socket.closed for socket in self._sockets)

    # what people do

    def say(self, channel: str, user: str, text: str, *, thread: str = "", late: float = 0.0, **others: Any) -> str:
        """Write a message, which is announced so many seconds later; returns its ts."""
        message = self._message(
            channel, user=user, team=TEAM, text=text, client_msg_id=f"c{next(self._numbers)}", **others
        )
        if thread:
            message |= {"thread_ts": thread, "parent_user_id": self._author(channel, thread)}
        if others.get("files"):
            message["subtype"] = "file_share"
        self._store(channel, message)
        if late:
            asyncio.get_running_loop().call_later(late, self.announce, channel, message)
        else:
            self.announce(channel, message)
        return str(message["ts"])

    def announce(self, channel: str, message: Json) -> None:
        """Send the events of a message; a mention comes twice."""
        event = {
            "type": "message",
            "channel": channel,
            "channel_type": self.channels[channel].kind,
            "event_ts": message["ts"],
        }
        self.event(event | message)
        if f"<@{BOT}>" in message["text"]:
            self.event({**event, **message, "type": "app_mention"})

    def edit(self, channel: str, ts: str, text: str) -> None:
        before = self.channels[channel].messages[ts]
        after = {**before, "text": text, "edited": {"user": before.get("user"), "ts": self.ts()}}
        self.channels[channel].messages[ts] = after
        self._changed(channel, before, after)

    def unfurl(self, channel: str, ts: str) -> None:
        """A link preview: a change that nobody made."""
        before = self.channels[channel].messages[ts]
        self._changed(channel, before, {**before, "attachments": [{"title": "preview"}]})

    def delete(self, channel: str, ts: str) -> None:
        before = self.channels[channel].messages.pop(ts)
        self.event(
            {
                "type": "message",
                "subtype": "message_deleted",
                "channel": channel,
                "deleted_ts": ts,
                "previous_message": before,
                "event_ts": self.ts(),
            }
        )

    def click(self, user: str, channel: str, ts: str, action: str, *, value: str | None = None) -> None:
        """Press a button of a message, or of a whisper. Raises KeyError when there is no such button."""
        whisper = next((one for one in self.whispers if one["ts"] == ts), None)
        message = whisper or self.channels[channel].messages[ts]
        button = next(b for b in buttons_of(message) if b["action_id"] == action)
        if value is not None:
            button = {**button, "value": value}
        container = {"type": "message", "channel_id": channel, "message_ts": ts, "is_ephemeral": whisper is not None}
        if message.get("thread_ts"):
            container["thread_ts"] = message["thread_ts"]
        self.interact(
            {
                "type": "block_actions",
                "user": {"id": user, "team_id": self.users[user]["team_id"]},
                "container": container,
                "channel": {"id": channel},
                **({} if whisper else {"message": message}),  # what one person sees is not shown to the app again
                "actions": [{**button, "type": "button", "action_ts": self.ts()}],
            }
        )

    def submit(self, user: str, view: Json, answers: Mapping[str, Any]) -> None:
        """Hand in a form; a box takes True or False, anything else its text."""
        values: Json = {}
        for block in view["blocks"]:
            kind, name = block["element"]["type"], block["element"]["action_id"]
            given = answers.get(name)
            shapes: Json = {
                "plain_text_input": {"value": given},
                "static_select": {"selected_option": {"value": given} if given else None},
                "users_select": {"selected_user": given},
                "checkboxes": {"selected_options": [{"value": "yes"}] if given else []},
            }
            values[block["block_id"]] = {name: {"type": kind, **shapes[kind]}}
        payload = {
            "type": "view_submission",
            "user": {"id": user, "team_id": self.users[user]["team_id"]},
            "view": {**view, "id": f"V{next(self._numbers)}", "state": {"values": values}},
        }
        self.interact(payload)

    def interact(self, payload: Json) -> None:
        trigger = f"trigger{next(self._numbers)}"
        self._triggers[trigger] = time.monotonic()
        self.envelope("interactive", {**payload, "trigger_id": trigger, "team": {"id": TEAM}})

    def event(self, event: Json, *, times: int = 1) -> None:
        if not self._subscribed(event):
            return
        body = {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev{next(self._numbers)}", "event": event}
        for _ in range(times):
            self.envelope("events_api", body)

    def envelope(self, kind: str, payload: Json) -> None:
        if self.muted:
            return
        task = asyncio.get_running_loop().create_task(self._deliver(kind, payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def archive(self, channel: str) -> None:
        self.channels[channel].archived = True
        kind = self.channels[channel].kind
        self.event({"type": f"{kind}_archive", "channel": channel, "user": "UADMIN", "event_ts": self.ts()})

    def share(self, channel: str) -> None:
        """Another organisation reads along from now on."""
        self.channels[channel].shared = True
        self.event({"type": "channel_shared", "channel": channel, "connected_team_id": "T9", "event_ts": self.ts()})

    def throw_out(self, channel: str) -> None:
        """Remove the bot from a channel."""
        kind = self.channels[channel].kind
        self.channels[channel].members.discard(BOT)
        self.event({"type": f"{kind}_left", "channel": channel, "actor_id": "UADMIN", "event_ts": self.ts()})

    # the weather

    def cut(self) -> None:
        """The line is cut and nobody is told: what is sent on today's sockets goes nowhere, in both directions."""
        self._deaf |= set(self._sockets)

    def fail(self, method: str, *faults: Fault) -> None:
        self.faults[method] += faults

    async def drop_sockets(self, *, politely: bool = False) -> None:
        for socket in self._sockets:
            if politely:
                await socket.send_str(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))
            elif socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()
        if not politely:
            self._sockets.clear()

    # what the app did

    def posts(self, channel: str = "") -> list[Json]:
        """The app's messages, oldest first."""
        rooms = [self.channels[channel]] if channel else list(self.channels.values())
        found = [message for room in rooms for message in room.messages.values() if message.get("bot_id") == BOT_ID]
        return sorted(found, key=lambda message: float(message["ts"]))

    def made(self, method: str) -> list[Json]:
        return [call.args for call in self.calls if call.method == method]

    async def until(self, true: Callable[[], Any], seconds: float = 10.0) -> None:
        """Wait until something holds. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not true():
                self.changed.clear()
                await self.changed.wait()

    def ts(self) -> str:
        self._clock = max(self._clock + 0.000002, time.time())
        return f"{self._clock:.6f}"

    # Socket Mode

    async def _deliver(self, kind: str, payload: Json) -> None:
        """Up to four times, as Slack does, each under a new envelope, until it is answered."""
        for attempt in range(4):
            while not (sockets := [one for one in reversed(self._sockets) if not one.closed]):
                if kind == "interactive":
                    return
                await asyncio.sleep(0.02)
            id, answered = f"E{next(self._numbers)}", asyncio.Event()
            self._waiting[id] = answered
            sent = time.perf_counter()
            body = {"envelope_id": id, "type": kind, "payload": payload, "retry_attempt": attempt}
            try:
                if sockets[0] not in self._deaf:
                    await sockets[0].send_str(json.dumps({**body, "accepts_response_payload": kind == "interactive"}))
                await asyncio.wait_for(answered.wait(), self.redeliver_after)
            except (TimeoutError, ConnectionError, RuntimeError):
                if kind == "interactive":
                    return
                continue
            self.acks[id] = time.perf_counter() - sent
            self.changed.set()
            return

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets or self.refuse_tickets:
            return web.Response(status=403)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self._sockets.append(socket)
        self.connections += 1
        self.changed.set()
        await socket.send_str(json.dumps({"type": "hello", "num_connections": len(self._sockets)}))
        async for message in socket:
            if socket in self._deaf:
                continue
            if message.type is WSMsgType.PING:
                await socket.pong(message.data)
            if message.type is WSMsgType.TEXT:
                answered = self._waiting.pop(json.loads(message.data).get("envelope_id", ""), None)
                if answered is not None:
                    answered.set()
        if socket in self._sockets:
            self._sockets.remove(socket)
        return socket

    # the Web API

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await _arguments(request)
        self.calls.append(Call(method, args, time.perf_counter()))
        fault = self.faults[method].popleft() if self.faults[method] else Fault()
        if fault.delay:
            await asyncio.sleep(fault.delay)
        failing = fault.drop or fault.error or fault.status != 200
        answer = {} if failing and not fault.commit else self._answer(method, args, request)
        self.changed.set()
        if fault.drop and request.transport is not None:
            request.transport.abort()
        if fault.status != 200:
            headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
            error = "ratelimited" if fault.status == 429 else fault.error or "internal_error"
            return web.json_response({"ok": False, "error": error}, status=fault.status, headers=headers)
        if fault.error:
            return web.json_response({"ok": False, "error": fault.error})
        return web.json_response(answer, headers={"x-oauth-scopes": ",".join(self._scopes())})

    def _answer(self, method: str, args: Json, request: web.Request) -> Json:
        handler: Callable[[Json], Json] = getattr(self, "_" + method.replace(".", "_").lower(), dict)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            self._check_rights(method, token)
            return {"ok": True, **handler(args)}
        except RefusedError as refusal:
            return {"ok": False, "error": str(refusal)}

    def _check_rights(self, method: str, token: str) -> None:
        if not hasattr(self, "_" + method.replace(".", "_").lower()):
            raise RefusedError("unknown_method")
        if token not in (self.tokens if method != "apps.connections.open" else {APP_TOKEN}):
            raise RefusedError("invalid_auth")
        wanted = SCOPES_OF.get(method, ())
        if wanted and not set(wanted) & set(self._scopes()):
            raise RefusedError("missing_scope")

    def _scopes(self) -> list[str]:
        if self.manifest is None:
            return sorted({scope for scopes in SCOPES_OF.values() for scope in scopes})
        scopes: list[str] = self.manifest["oauth_config"]["scopes"]["bot"]
        return scopes

    def _subscribed(self, event: Json) -> bool:
        if self.manifest is None:
            return True
        kinds = {"channel": "channels", "group": "groups", "im": "im"}
        channel = self.channels.get(str(event.get("channel")))
        name = event["type"]
        if name == "message":
            name = f"message.{kinds[channel.kind if channel else 'channel']}"
        return name in self.manifest["settings"]["event_subscriptions"]["bot_events"]

    def _auth_test(self, _: Json) -> Json:
        return {"user_id": BOT, "bot_id": BOT_ID, "team_id": TEAM, "url": "https://shop.slack.example/"}

    def _apps_connections_open(self, _: Json) -> Json:
        ticket = f"ticket{next(self._numbers)}"
        self._tickets.add(ticket)
        return {"url": f"{self.url.replace('http', 'ws')}/link?ticket={ticket}"}

    def _users_info(self, args: Json) -> Json:
        if args.get("user") not in self.users:
            raise RefusedError("user_not_found")
        return {"user": self.users[args["user"]]}

    def _usergroups_list(self, _: Json) -> Json:
        return {"usergroups": [{"id": id, "users": users} for id, users in self.groups.items()]}

    def _conversations_info(self, args: Json) -> Json:
        channel = self._channel(args)
        facts = {"is_archived": channel.archived, "is_ext_shared": channel.shared, "is_member": BOT in channel.members}
        return {
            "channel": {"id": channel.id, "name": channel.id.lower(), "is_private": channel.kind == "group", **facts}
        }

    def _conversations_members(self, args: Json) -> Json:
        return {"members": sorted(self._channel(args).members), "response_metadata": {"next_cursor": ""}}

    def _users_conversations(self, args: Json) -> Json:
        return {"channels": [{"id": one.id} for one in self.channels.values() if one.kind == args.get("types")]}

    def _conversations_history(self, args: Json) -> Json:
        found = [m for m in self._channel(args).messages.values() if m.get("thread_ts", m["ts"]) == m["ts"]]
        return self._page(list(reversed(found)), args)

    def _conversations_replies(self, args: Json) -> Json:
        messages = self._channel(args).messages
        if args.get("ts") not in messages:
            raise RefusedError("thread_not_found")
        return self._page([m for m in messages.values() if args["ts"] in (m["ts"], m.get("thread_ts"))], args)

    def _page(self, found: list[Json], args: Json) -> Json:
        found = [message for message in found if float(message["ts"]) > float(args.get("oldest") or 0)]
        begin, limit = int(args.get("cursor") or 0), min(int(args.get("limit") or 100), 1_000)
        if str(args.get("include_all_metadata", "")).lower() not in ("1", "true"):
            found = [{key: value for key, value in message.items() if key != "metadata"} for message in found]
        more = str(begin + limit) if begin + limit < len(found) else ""
        return {"messages": found[begin : begin + limit], "response_metadata": {"next_cursor": more}}

    def _chat_postmessage(self, args: Json) -> Json:
        channel = self._writable(args)
        check_content(args)
        if args.get("thread_ts") and args["thread_ts"] not in channel.messages:
            raise RefusedError("thread_not_found")
        message = self._message(channel.id, user=BOT, bot_id=BOT_ID, text=args.get("text", ""))
        message |= {key: args[key] for key in ("blocks", "metadata", "thread_ts") if args.get(key)}
        self._store(channel.id, message)
        self.posted.append((channel.id, message, time.perf_counter()))
        event = {"type": "message", "channel": channel.id, "channel_type": channel.kind, "event_ts": message["ts"]}
        self.event(event | message)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def _chat_update(self, args: Json) -> Json:
        channel = self._writable(args)
        check_content(args)
        if args.get("ts") not in channel.messages:
            raise RefusedError("message_not_found")
        if channel.messages[args["ts"]].get("bot_id") != BOT_ID:
            raise RefusedError("cant_update_message")
        channel.messages[args["ts"]] |= {"text": args.get("text", ""), "blocks": args.get("blocks") or []}
        return {"ts": args["ts"]}

    def _chat_delete(self, args: Json) -> Json:
        channel = self._writable(args)
        message = channel.messages.get(args.get("ts", ""))
        if message is None:
            raise RefusedError("message_not_found")
        if message.get("bot_id") != BOT_ID:
            raise RefusedError("cant_delete_message")
        self.delete(channel.id, args["ts"])
        return {"ts": args["ts"]}

    def _chat_getpermalink(self, args: Json) -> Json:
        if args.get("message_ts") not in self._channel(args).messages:
            raise RefusedError("message_not_found")
        place = f"{args['channel']}/p{args['message_ts'].replace('.', '')}"
        return {"permalink": f"https://shop.slack.example/archives/{place}"}

    def _conversations_open(self, args: Json) -> Json:
        user = args.get("users", "")
        if user not in self.users:
            raise RefusedError("user_not_found")
        found = [one.id for one in self.channels.values() if one.kind == "im" and user in one.members]
        room = found[0] if found else self.add_channel(f"D{user}", user).id
        return {"channel": {"id": room}}

    def _chat_postephemeral(self, args: Json) -> Json:
        channel = self._writable(args)
        check_content(args)
        if args.get("user") not in channel.members:
            raise RefusedError("user_not_in_channel")
        whisper = {**args, "ts": self.ts()}
        self.whispers.append(whisper)
        return {"message_ts": whisper["ts"]}

    def _reactions_add(self, args: Json) -> Json:
        message = self._writable(args).messages.get(args.get("timestamp", ""))
        if message is None:
            raise RefusedError("message_not_found")
        reactions = message.setdefault("reactions", [])
        if args["name"] in reactions:
            raise RefusedError("already_reacted")
        reactions.append(args["name"])
        return {}

    def _views_open(self, args: Json) -> Json:
        born = self._triggers.pop(args.get("trigger_id", ""), None)
        if born is None or time.monotonic() - born > ACK_SECONDS:
            raise RefusedError("expired_trigger_id")
        view = args["view"] if isinstance(args["view"], dict) else json.loads(args["view"])
        if len(view["title"]["text"]) > 24 or len(view["private_metadata"]) > 3_000 or len(view["blocks"]) > 100:
            raise RefusedError("invalid_arguments")
        for element in (block["element"] for block in view["blocks"]):
            if len(element.get("initial_value", "")) > element.get("max_length", 3_000):
                raise RefusedError("invalid_arguments")
        self.views.append(view)
        return {"view": view}

    def _assistant_threads_setstatus(self, args: Json) -> Json:
        self.statuses.append(args)
        return {}

    def _files_getuploadurlexternal(self, args: Json) -> Json:
        id = f"F{next(self._numbers)}"
        self._uploads[id] = {"id": id, "name": args["filename"], "length": int(args["length"])}
        return {"file_id": id, "upload_url": f"{self.url}/upload/{id}"}

    def _files_completeuploadexternal(self, args: Json) -> Json:
        channel = self._writable({"channel": args["channel_id"]})
        files = args["files"] if isinstance(args["files"], list) else json.loads(args["files"])
        if any(file["id"] not in self.files for file in files):
            raise RefusedError("file_not_found")
        message = self._message(channel.id, user=BOT, bot_id=BOT_ID, text="")
        message["files"] = [{**self._uploads[file["id"]], "title": file.get("title", "")} for file in files]
        if args.get("thread_ts"):
            message["thread_ts"] = args["thread_ts"]
        self._store(channel.id, message)
        return {"files": files}

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        id, content = request.match_info["id"], await request.read()
        if len(content) != self._uploads[id]["length"]:
            return web.Response(status=400)
        self.files[id] = content
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        content = self.files.get(request.match_info["id"])
        if token not in self.tokens:
            return web.Response(text="<html>login</html>", content_type="text/html")
        return web.Response(body=content) if content is not None else web.Response(status=404)

    def file(self, name: str, content: bytes, kind: str = "text/plain") -> Json:
        """A file as it comes with a message."""
        id = f"F{next(self._numbers)}"
        self.files[id] = content
        address = f"{self.url}/files/{id}"
        return {"id": id, "name": name, "mimetype": kind, "size": len(content), "url_private_download": address}

    def _channel(self, args: Json) -> Channel:
        channel = self.channels.get(str(args.get("channel")))
        if channel is None:
            raise RefusedError("channel_not_found")
        return channel

    def _writable(self, args: Json) -> Channel:
        channel = self._channel(args)
        if BOT not in channel.members:
            raise RefusedError("not_in_channel")
        if channel.archived:
            raise RefusedError("is_archived")
        return channel

    def _message(self, channel: str, **given: Any) -> Json:
        return {"type": "message", "ts": self.ts(), **given}

    def _store(self, channel: str, message: Json) -> None:
        self.channels[channel].messages[message["ts"]] = message
        self.changed.set()

    def _author(self, channel: str, thread: str) -> str:
        return str(self.channels[channel].messages.get(thread, {}).get("user", ""))

    def _changed(self, channel: str, before: Json, after: Json) -> None:
        changed = {"type": "message", "subtype": "message_changed", "channel": channel, "event_ts": self.ts()}
        self.event({**changed, "message": after, "previous_message": before})


@asynccontextmanager
async def running(manifest: Json | None = None) -> AsyncIterator[FakeSlack]:
    """A fake Slack that listens on a port of its own."""
    slack = FakeSlack(manifest)
    app = web.Application()
    app.router.add_get("/link", slack._link)
    app.router.add_route("*", "/api/{method}", slack._api)
    app.router.add_post("/upload/{id}", slack._upload)
    app.router.add_get("/files/{id}", slack._download)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield slack
    finally:
        for task in list(slack._tasks):
            task.cancel()
        await asyncio.gather(*slack._tasks, return_exceptions=True)
        await slack.drop_sockets()
        await runner.cleanup()


def texts_of(message: Json) -> list[str]:
    """Every text of a message that people see: its own, or that of its blocks where it has them."""
    if not message.get("blocks"):
        return [message.get("text", "")]
    return [str(one["text"]["text"]) for one in message["blocks"] if isinstance(one.get("text"), dict)]


def buttons_of(message: Json) -> list[Json]:
    return [one for block in message.get("blocks") or [] if block["type"] == "actions" for one in block["elements"]]


def check_content(args: Json) -> None:
    """Refuse what Slack refuses. Raises RefusedError."""
    blocks = args.get("blocks") or []
    if not args.get("text", "").strip() and not blocks:
        raise RefusedError("no_text")
    if len(args.get("text", "")) > 40_000:
        raise RefusedError("msg_too_long")
    if len(blocks) > 50 or any(not _is_valid(block) for block in blocks):
        raise RefusedError("invalid_blocks")
    if sum(_units(text) for text in _all_texts(blocks)) > 13_200:
        raise RefusedError("msg_blocks_too_long")


def _is_valid(block: Json) -> bool:
    match block["type"]:
        case "header":
            return block["text"]["type"] == "plain_text" and 0 < _units(block["text"]["text"]) <= 150
        case "section":
            return 0 < _units(block["text"]["text"]) <= 3_000
        case "actions":
            ids = [element["action_id"] for element in block["elements"]]
            fits = all(
                0 < _units(element["text"]["text"]) <= 75 and len(element["value"]) <= 2_000 and element["value"]
                for element in block["elements"]
            )
            return 0 < len(ids) <= 25 and len(set(ids)) == len(ids) and fits
    return False


def _all_texts(blocks: Iterable[Json]) -> Iterable[str]:
    for block in blocks:
        if isinstance(block.get("text"), dict):
            yield block["text"]["text"]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


async def _arguments(request: web.Request) -> Json:
    args: Json = dict(request.query)
    if request.content_type == "application/json" and request.can_read_body:
        args |= await request.json()
    elif request.method == "POST":
        args |= await request.post()
    return args

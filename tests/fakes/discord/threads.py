"""Channels and threads: looked up, opened, renamed, put to sleep, locked, deleted."""

from datetime import datetime
from typing import Any

from tests.fakes.discord import limits, messages, shapes
from tests.fakes.discord.calls import Call, route
from tests.fakes.discord.messages import tell_channel
from tests.fakes.discord.refusals import Refusal, RefusedError, invalid
from tests.fakes.discord.rights import Right, require, rights_in
from tests.fakes.discord.state import BOT, THREADS, Channel, Json, Kind, World

NAME, ARCHIVE_MINUTES = 100, (60, 1440, 4320, 10080)
THREAD_CREATED = 18
NO_MORE_THAN_WAKING = {"archived", "locked"}


def open_thread(world: World, parent: Channel, owner: str, name: str, **others: Any) -> Channel:
    """A new thread, told to whoever sees it."""
    thread = Channel(
        id=others.pop("id", "") or world.snowflake(),
        kind=others.pop("kind", Kind.PUBLIC_THREAD),
        name=name,
        guild=parent.guild,
        parent=parent.id,
        owner=owner,
        members={owner},
        **others,
    )
    world.add(thread)
    tell_channel(world, "THREAD_CREATE", thread, newly_created=True)
    world.changed.set()
    return thread


def thread_on(world: World, channel: Channel, message: Json, owner: str, name: str, **others: Any) -> Channel:
    """A public thread on a message: it has the message's id. Raises RefusedError when there is one already."""
    if channel.is_thread or channel.kind is not Kind.TEXT:
        raise RefusedError(Refusal.WRONG_CHANNEL_TYPE)
    if message["id"] in world.channels:
        raise RefusedError(Refusal.HAS_THREAD)
    thread = open_thread(world, channel, owner, name, id=message["id"], **others)
    message["flags"] |= messages.HAS_THREAD
    message["thread"] = shapes.of_channel(world, thread)
    messages.tell(world, channel, message, "MESSAGE_UPDATE")
    reference = {"type": 0, "channel_id": channel.id, "message_id": message["id"], "guild_id": channel.guild}
    starter = messages.build(world, thread, shapes.of_user(world.users[owner]), {"type": messages.THREAD_STARTER})
    starter["message_reference"] = reference
    starter["referenced_message"] = {key: value for key, value in message.items() if key != "thread"}
    thread.messages[starter["id"]] = starter
    messages.tell(world, thread, starter)
    return thread


def _settings(body: Json) -> dict[str, Any]:
    """The name and how long it stays awake. Raises RefusedError."""
    limits.check_name("name", str(body.get("name") or ""), NAME)
    minutes = body.get("auto_archive_duration") or 1440
    if minutes not in ARCHIVE_MINUTES:
        raise invalid("auto_archive_duration", "BASE_TYPE_CHOICES")
    return {"name": str(body["name"]).strip(), "auto_archive": minutes}


@route("POST", "/channels/{channel_id}/messages/{message_id}/threads")
def create_thread_on_message(world: World, call: Call) -> Json:
    channel = world.channel(call.params["channel_id"])
    require(world, channel, Right.CREATE_PUBLIC_THREADS)
    message = world.message(channel, call.params["message_id"])
    settings = _settings(call.body)
    thread = thread_on(world, channel, message, BOT, settings["name"], auto_archive=settings["auto_archive"])
    return shapes.of_channel(world, thread)


@route("POST", "/channels/{channel_id}/threads")
def create_thread(world: World, call: Call) -> Json:
    channel, settings = world.channel(call.params["channel_id"]), _settings(call.body)
    if channel.kind is Kind.FORUM:
        return _create_post(world, channel, call, settings)
    if channel.kind is not Kind.TEXT:
        raise RefusedError(Refusal.WRONG_CHANNEL_TYPE)
    kind = Kind(call.body.get("type") or Kind.PRIVATE_THREAD)
    private = kind is Kind.PRIVATE_THREAD
    require(world, channel, Right.CREATE_PRIVATE_THREADS if private else Right.CREATE_PUBLIC_THREADS)
    thread = open_thread(world, channel, BOT, settings["name"], kind=kind, auto_archive=settings["auto_archive"])
    if not private:
        announce = {"type": THREAD_CREATED, "content": thread.name}
        message = messages.build(world, channel, shapes.of_user(world.users[BOT]), announce)
        messages.store(world, channel, message)
        messages.tell(world, channel, message)
    return shapes.of_channel(world, thread)


def _create_post(world: World, forum: Channel, call: Call, settings: dict[str, Any]) -> Json:
    require(world, forum, Right.SEND_MESSAGES)
    tags = list(call.body.get("applied_tags") or [])
    if forum.needs_tag and not tags:
        raise invalid("applied_tags", "TAG_REQUIRED")
    call.body = call.body.get("message") or {}
    limits.check_message(call.body, files=len(call.files))
    id = world.snowflake()
    thread = open_thread(world, forum, BOT, settings["name"], id=id, applied_tags=tags)
    message = messages.post(world, thread, shapes.of_user(world.users[BOT]), call)
    return shapes.of_channel(world, thread) | {"message": message}


@route("GET", "/channels/{channel_id}")
def get_channel(world: World, call: Call) -> Json:
    channel = world.channel(call.params["channel_id"])
    require(world, channel)
    return shapes.of_channel(world, channel)


@route("PATCH", "/channels/{channel_id}")
def edit_channel(world: World, call: Call) -> Json:
    channel, body = world.channel(call.params["channel_id"]), call.body or {}
    if not channel.is_thread:
        require(world, channel, Right.MANAGE_CHANNELS)
        channel.name = body.get("name", channel.name)
        tell_channel(world, "CHANNEL_UPDATE", channel)
        return shapes.of_channel(world, channel)
    _check_edit(world, channel, body)
    change_thread(world, channel, **{key: body[key] for key in ("name", "archived", "locked") if key in body})
    return shapes.of_channel(world, channel)


def _check_edit(world: World, thread: Channel, body: Json) -> None:
    require(world, thread)
    manages = bool(rights_in(world, BOT, thread) & Right.MANAGE_THREADS)
    if thread.archived and body.get("archived") is not False and not body.keys() <= NO_MORE_THAN_WAKING:
        raise RefusedError(Refusal.ARCHIVED)
    waking = body.get("archived") is False and body.keys() == {"archived"} and not thread.locked
    if not (manages or waking or (thread.owner == BOT and "locked" not in body and not thread.locked)):
        raise RefusedError(Refusal.MISSING_PERMISSIONS)
    if "name" in body:
        limits.check_name("name", str(body["name"]), NAME)


def change_thread(world: World, thread: Channel, **changes: Any) -> None:
    """Rename, wake, archive or lock a thread, and tell of it."""
    for name, value in changes.items():
        setattr(thread, name, value)
    if "archived" in changes:
        thread.archived_at = world.timestamp()
    tell_channel(world, "THREAD_UPDATE", thread)
    world.changed.set()


@route("DELETE", "/channels/{channel_id}")
def delete_channel(world: World, call: Call) -> Json:
    channel = world.channel(call.params["channel_id"])
    if channel.kind is not Kind.DIRECT:
        require(world, channel, Right.MANAGE_THREADS if channel.is_thread else Right.MANAGE_CHANNELS)
        remove_channel(world, channel)
    return shapes.of_channel(world, channel)


def remove_channel(world: World, channel: Channel) -> None:
    """Delete a channel or a thread with all that is in it."""
    body = shapes.of_channel(world, channel)
    if channel.is_thread:
        body = {key: body[key] for key in ("id", "guild_id", "parent_id", "type")}
    world.emit("THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE", body, channel, channel.guild)
    inside = [one.id for one in world.channels.values() if one.parent == channel.id]
    for id in (*inside, channel.id):
        del world.channels[id]
    world.changed.set()


@route("PUT", "/channels/{channel_id}/thread-members/{user_id}")
def add_thread_member(world: World, call: Call) -> None:
    thread, user = world.channel(call.params["channel_id"]), call.params["user_id"].replace("@me", BOT)
    if not thread.is_thread:
        raise RefusedError(Refusal.WRONG_CHANNEL_TYPE)
    require(world, thread, *(() if user == BOT else (Right.SEND_MESSAGES_IN_THREADS,)))
    if thread.archived:
        raise RefusedError(Refusal.ARCHIVED)
    if user not in world.guilds[thread.guild].members:
        raise RefusedError(Refusal.UNKNOWN_USER)
    thread.members.add(user)
    world.changed.set()


@route("DELETE", "/channels/{channel_id}/thread-members/{user_id}")
def remove_thread_member(world: World, call: Call) -> None:
    thread, user = world.channel(call.params["channel_id"]), call.params["user_id"].replace("@me", BOT)
    require(world, thread, *(() if user == BOT else (Right.MANAGE_THREADS,)))
    thread.members.discard(user)


@route("GET", "/channels/{channel_id}/thread-members")
def list_thread_members(world: World, call: Call) -> list[Json]:
    thread = world.channel(call.params["channel_id"])
    require(world, thread)
    return [{"id": thread.id, "user_id": id, "join_timestamp": thread.born, "flags": 0} for id in thread.members]


@route("GET", "/guilds/{guild_id}/threads/active")
def list_active_threads(world: World, call: Call) -> Json:
    if BOT not in getattr(world.guilds.get(call.params["guild_id"]), "members", {}):
        raise RefusedError(Refusal.MISSING_ACCESS)
    threads = [one for one in _threads(world) if one.guild == call.params["guild_id"] and not one.archived]
    return _listed(world, threads)


@route("GET", "/channels/{channel_id}/threads/archived/public")
def list_archived_threads(world: World, call: Call) -> Json:
    return _archived(world, call, Kind.PUBLIC_THREAD)


@route("GET", "/channels/{channel_id}/threads/archived/private")
def list_archived_private_threads(world: World, call: Call) -> Json:
    return _archived(world, call, Kind.PRIVATE_THREAD)


def _archived(world: World, call: Call, kind: Kind) -> Json:
    parent = world.channel(call.params["channel_id"])
    private = (Right.MANAGE_THREADS,) if kind is Kind.PRIVATE_THREAD else ()
    require(world, parent, Right.READ_MESSAGE_HISTORY, *private)
    limit, before = int(call.query.get("limit", 50)), call.query.get("before", "")
    if not 2 <= limit <= 100:
        raise invalid("limit", "NUMBER_TYPE_MIN")
    found = [one for one in _threads(world) if one.parent == parent.id and one.archived and one.kind is kind]
    found = sorted(found, key=lambda one: (one.archived_at, int(one.id)), reverse=True)
    if before:
        found = [one for one in found if datetime.fromisoformat(one.archived_at) < datetime.fromisoformat(before)]
    return _listed(world, found[:limit]) | {"has_more": len(found) > limit}


def _threads(world: World) -> list[Channel]:
    seen = [one for one in world.channels.values() if one.kind in THREADS]
    return [one for one in seen if rights_in(world, BOT, one) & Right.VIEW_CHANNEL]


def _listed(world: World, threads: list[Channel]) -> Json:
    joined = [
        {"id": one.id, "user_id": BOT, "join_timestamp": one.born, "flags": 0} for one in threads if BOT in one.members
    ]
    return {"threads": [shapes.of_channel(world, one) for one in threads], "members": joined, "has_more": False}

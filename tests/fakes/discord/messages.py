"""Messages: how one is made, kept, told, changed and found."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.discord import limits, shapes
from tests.fakes.discord.calls import Call, Upload, route
from tests.fakes.discord.refusals import Refusal, RefusedError, invalid
from tests.fakes.discord.rights import Right, require, require_writing, rights_in
from tests.fakes.discord.state import BOT, Channel, Json, Kind, World

HAS_THREAD, EPHEMERAL = 1 << 5, 1 << 6
REPLY, THREAD_STARTER = 19, 21
KEPT_KEYS = ("embeds", "components", "flags", "sticker_items", "poll", "message_reference", "message_snapshots")


def build(world: World, channel: Channel, author: Json, given: Mapping[str, Any]) -> Json:
    """A message that is nowhere yet."""
    message: Json = {
        "id": world.snowflake(),
        "channel_id": channel.id,
        "type": given.get("type", 0),
        "author": author,
        "content": str(given.get("content") or "").strip(),
        "timestamp": world.timestamp(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": list(given.get("attachments") or []),
        "embeds": [],
        "components": [],
        "pinned": False,
        "flags": 0,
        "reactions": [],
    }
    message |= {key: given[key] for key in KEPT_KEYS if given.get(key)}
    message |= {key: given[key] for key in ("webhook_id", "application_id", "nonce") if given.get(key)}
    if message.get("message_reference") and not message.get("message_snapshots"):
        _refer(channel, message)
    _mention(world, message, given.get("allowed_mentions"))
    return message


def _refer(channel: Channel, message: Json) -> None:
    """Make it an answer to another message; to one that is not there it is none."""
    id = str(message.pop("message_reference").get("message_id"))
    if id in channel.messages:
        place = {"guild_id": channel.guild} if channel.guild else {}
        message["message_reference"] = {"type": 0, "channel_id": channel.id, "message_id": id, **place}
        message["referenced_message"] = _plain(channel.messages[id])
        message["type"] = message["type"] or REPLY


def _mention(world: World, message: Json, allowed: Json | None) -> None:
    """Whom the words name, and whom they notify: without `allowed_mentions` everybody that they name."""
    named = [id for id in re.findall(r"<@!?(\d+)>", message["content"]) if id in world.users]
    answered = message.get("referenced_message")
    pinged = [id for id in named if _allows(allowed, "users", id)]
    if answered and (allowed is None or allowed.get("replied_user", "replied_user" not in allowed)):
        pinged.append(answered["author"]["id"])
    if re.search("@everyone|@here", message["content"]) and _allows(allowed, "everyone", ""):
        pinged.append("everyone")
        message["mention_everyone"] = True
    roles = re.findall(r"<@&(\d+)>", message["content"])
    pinged += [id for id in roles if _allows(allowed, "roles", id)]
    told = dict.fromkeys([*(id for id in named), *(id for id in pinged if id in world.users)])
    message["mentions"] = [shapes.of_user(world.users[id]) for id in told]
    message["mention_roles"] = roles
    if message["author"]["id"] == BOT or message.get("application_id") == BOT:
        world.pinged += [(message["id"], id) for id in pinged]


def _allows(allowed: Json | None, kind: str, id: str) -> bool:
    return allowed is None or kind in allowed.get("parse", []) or id in map(str, allowed.get(kind, []) or [])


def store(world: World, channel: Channel, message: Json) -> None:
    """Keep it; a thread that slept wakes up, and whoever writes joins it."""
    channel.messages[message["id"]] = message
    if channel.is_thread:
        channel.members.add(message["author"]["id"])
        if channel.archived:
            channel.archived, channel.archived_at = False, world.timestamp()
            tell_channel(world, "THREAD_UPDATE", channel)
    if message["author"]["id"] == BOT or message.get("application_id") == BOT:
        world.posted.append((channel.id, message, time.perf_counter()))
    world.changed.set()


def tell(world: World, channel: Channel, message: Json, event: str = "MESSAGE_CREATE") -> None:
    """Let the gateway announce a message."""
    body = dict(message)
    guild = world.guilds.get(channel.guild)
    if guild is not None:
        body["guild_id"] = guild.id
        if message["author"]["id"] in guild.members and not message.get("webhook_id"):
            body["member"] = shapes.of_member(guild.members[message["author"]["id"]], with_user=False)
    world.emit(event, body, channel, channel.guild)


def tell_channel(world: World, event: str, channel: Channel, **others: Any) -> None:
    """Let the gateway announce a channel or a thread."""
    world.emit(event, shapes.of_channel(world, channel) | others, channel, channel.guild)


def change(world: World, channel: Channel, message: Json, body: Mapping[str, Any]) -> Json:
    """Another content, other embeds or buttons; the gateway tells it."""
    kept = {key: body[key] or [] for key in ("embeds", "components", "attachments") if key in body}
    if "content" in body:
        kept["content"] = str(body["content"] or "").strip()
    if "flags" in body:
        kept["flags"] = body["flags"]
    message |= kept | {"edited_timestamp": world.timestamp()}
    if not message.get("_for"):
        tell(world, channel, message, "MESSAGE_UPDATE")
    world.changed.set()
    return message


def attach(world: World, channel: Channel, files: Sequence[Upload], told: Sequence[Json] = ()) -> list[Json]:
    """Put files where they can be fetched from. Raises RefusedError for one that is too large."""
    if any(len(file.content) > limits.FILE_BYTES for file in files) or len(files) > limits.FILES:
        raise RefusedError(Refusal.TOO_LARGE)
    kept = []
    for file in files:
        id = world.snowflake()
        path = f"/attachments/{channel.id}/{id}/{file.name}"
        world.files[path] = file.content
        link = f"{world.url}{path}?ex=6a000000&is=69ff0000&hm=00"
        size = {"filename": file.name, "size": len(file.content), "content_type": None, "flags": 0}
        extra = next((one for one in told if str(one.get("id")) == str(file.number)), {})
        more = {key: extra[key] for key in ("title", "description") if extra.get(key)}
        kept.append({"id": id, "url": link, "proxy_url": link, **size, **more})
    return kept


def post(world: World, channel: Channel, author: Json, call: Call, **others: Any) -> Json:
    """A message of the app's, with its files. Raises RefusedError."""
    body = call.body or {}
    limits.check_message(body, files=len(call.files))
    attachments = attach(world, channel, call.files, body.get("attachments") or [])
    message = build(world, channel, author, {**body, **others, "attachments": attachments})
    store(world, channel, message)
    tell(world, channel, message)
    return {key: value for key, value in message.items() if key != "referenced_message" or value}


def _plain(message: Json) -> Json:
    return {key: value for key, value in message.items() if key not in ("referenced_message", "nonce")}


def shown(message: Json) -> Json:
    """A message as history tells it: without its nonce, which is not kept."""
    return {key: value for key, value in message.items() if key != "nonce" and not key.startswith("_")}


@route("POST", "/channels/{channel_id}/messages")
def create_message(world: World, call: Call) -> Json:
    channel, body = world.channel(call.params["channel_id"]), call.body or {}
    require_writing(world, channel)
    rights = rights_in(world, BOT, channel)
    if (body.get("embeds") and not rights & Right.EMBED_LINKS) or (call.files and not rights & Right.ATTACH_FILES):
        raise RefusedError(Refusal.MISSING_PERMISSIONS)
    _check_reference(channel, body.get("message_reference"), rights)
    again = _known(world, body)
    if again is not None:
        return again
    message = post(world, channel, shapes.of_user(world.users[BOT]), call)
    if body.get("nonce"):
        world.nonces[(BOT, str(body["nonce"]))] = (channel.id, message["id"], world.now())
    return message


def _check_reference(channel: Channel, reference: Json | None, rights: int) -> None:
    if not reference:
        return
    if not rights & Right.READ_MESSAGE_HISTORY:
        raise RefusedError(Refusal.NO_HISTORY_TO_REPLY)
    if str(reference.get("message_id")) not in channel.messages and reference.get("fail_if_not_exists", True):
        raise invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE")


def _known(world: World, body: Json) -> Json | None:
    """The message that has this nonce already, if that is asked for and not long ago."""
    where = world.nonces.get((BOT, str(body.get("nonce"))))
    if not body.get("enforce_nonce") or where is None or world.now() - where[2] > world.nonce_seconds:
        return None
    channel = world.channels.get(where[0])
    return channel.messages.get(where[1]) if channel else None


@route("GET", "/channels/{channel_id}/messages")
def list_messages(world: World, call: Call) -> list[Json]:
    """Newest first; with `after`, those that follow directly."""
    channel, query = world.channel(call.params["channel_id"]), call.query
    require(world, channel)
    if channel.kind is Kind.FORUM:
        raise RefusedError(Refusal.NO_TEXT_CHANNEL)
    if not rights_in(world, BOT, channel) & Right.READ_MESSAGE_HISTORY:
        return []
    limit = int(query.get("limit", 50))
    if not 1 <= limit <= 100:
        raise invalid("limit", "NUMBER_TYPE_MAX")
    found = sorted(channel.messages.values(), key=lambda message: int(message["id"]))
    if "after" in query:
        found = [one for one in found if int(one["id"]) > int(query["after"])][:limit]
    elif "around" in query:
        near = sorted(found, key=lambda one: abs(int(one["id"]) - int(query["around"])))[:limit]
        found = sorted(near, key=lambda one: int(one["id"]))
    elif "before" in query:
        found = [one for one in found if int(one["id"]) < int(query["before"])]
    return [shown(message) for message in reversed(found[-limit:])]


@route("GET", "/channels/{channel_id}/messages/{message_id}")
def get_message(world: World, call: Call) -> Json:
    channel = world.channel(call.params["channel_id"])
    require(world, channel, Right.READ_MESSAGE_HISTORY)
    return shown(world.message(channel, call.params["message_id"]))


@route("PATCH", "/channels/{channel_id}/messages/{message_id}")
def edit_message(world: World, call: Call) -> Json:
    channel, body = world.channel(call.params["channel_id"]), call.body or {}
    require(world, channel)
    message = world.message(channel, call.params["message_id"])
    if message["author"]["id"] != BOT:
        raise RefusedError(Refusal.NOT_YOURS)
    if channel.archived:
        raise RefusedError(Refusal.ARCHIVED)
    limits.check_parts(body)
    return shown(change(world, channel, message, body))


@route("DELETE", "/channels/{channel_id}/messages/{message_id}")
def delete_message(world: World, call: Call) -> None:
    channel = world.channel(call.params["channel_id"])
    message = world.message(channel, call.params["message_id"])
    require(world, channel, *(() if message["author"]["id"] == BOT else (Right.MANAGE_MESSAGES,)))
    remove(world, channel, message)


def remove(world: World, channel: Channel, message: Json) -> None:
    """Take a message away; the gateway tells its id alone."""
    del channel.messages[message["id"]]
    gone = {"id": message["id"], "channel_id": channel.id}
    world.emit("MESSAGE_DELETE", gone | ({"guild_id": channel.guild} if channel.guild else {}), channel, channel.guild)
    world.changed.set()


@route("PUT", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me")
def add_reaction(world: World, call: Call) -> None:
    channel, emoji = world.channel(call.params["channel_id"]), call.params["emoji"]
    require(world, channel, Right.READ_MESSAGE_HISTORY)
    message = world.message(channel, call.params["message_id"])
    if channel.archived:
        raise RefusedError(Refusal.ARCHIVED)
    if not emoji or emoji.isascii():
        raise RefusedError(Refusal.UNKNOWN_EMOJI)
    found = next((one for one in message["reactions"] if one["emoji"]["name"] == emoji), None)
    if found is None:
        require(world, channel, Right.ADD_REACTIONS)
        found = {"emoji": {"id": None, "name": emoji}, "count": 0, "me": False, "burst_colors": []}
        message["reactions"].append(found)
    if not found["me"]:
        found |= {"me": True, "count": found["count"] + 1}
        react(world, channel, message, BOT, emoji)


@route("DELETE", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me")
def remove_reaction(world: World, call: Call) -> None:
    channel = world.channel(call.params["channel_id"])
    require(world, channel, Right.READ_MESSAGE_HISTORY)
    message = world.message(channel, call.params["message_id"])
    message["reactions"] = [one for one in message["reactions"] if one["emoji"]["name"] != call.params["emoji"]]


def react(world: World, channel: Channel, message: Json, user: str, emoji: str) -> None:
    """Let the gateway tell of a reaction."""
    body: Json = {"user_id": user, "channel_id": channel.id, "message_id": message["id"], "type": 0, "burst": False}
    body |= {"emoji": {"id": None, "name": emoji}, "message_author_id": message["author"]["id"]}
    guild = world.guilds.get(channel.guild)
    if guild is not None and user in guild.members:
        body |= {"guild_id": guild.id, "member": shapes.of_member(guild.members[user])}
    world.emit("MESSAGE_REACTION_ADD", body, channel, channel.guild)
    world.changed.set()


@route("POST", "/channels/{channel_id}/typing")
def start_typing(world: World, call: Call) -> None:
    channel = world.channel(call.params["channel_id"])
    require_writing(world, channel)
    world.typing.append(channel.id)
    world.changed.set()

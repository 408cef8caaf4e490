"""Webhooks: messages under another name than the bot's own."""

from tests.fakes.discord import limits, messages, shapes
from tests.fakes.discord.calls import Call, route
from tests.fakes.discord.refusals import Refusal, RefusedError
from tests.fakes.discord.rights import Right, require
from tests.fakes.discord.state import BOT, Channel, Json, Kind, World

MOST = 15


@route("POST", "/channels/{channel_id}/webhooks")
def create_webhook(world: World, call: Call) -> Json:
    channel = world.channel(call.params["channel_id"])
    require(world, channel, Right.MANAGE_WEBHOOKS)
    if channel.kind not in (Kind.TEXT, Kind.FORUM):
        raise RefusedError(Refusal.WRONG_CHANNEL_TYPE)
    if sum(one["channel_id"] == channel.id for one in world.webhooks.values()) >= MOST:
        raise RefusedError(Refusal.TOO_MANY_WEBHOOKS)
    limits.check_webhook_name("name", str(call.body.get("name") or ""))
    webhook = {
        "id": world.snowflake(),
        "type": 1,
        "name": call.body["name"],
        "avatar": None,
        "channel_id": channel.id,
        "guild_id": channel.guild,
        "application_id": BOT,
        "token": f"hook-{world.snowflake()}",
        "user": shapes.of_user(world.users[BOT]),
    }
    world.webhooks[str(webhook["id"])] = webhook
    world.emit("WEBHOOKS_UPDATE", {"guild_id": channel.guild, "channel_id": channel.id}, channel, channel.guild)
    return webhook


@route("GET", "/channels/{channel_id}/webhooks")
def list_webhooks(world: World, call: Call) -> list[Json]:
    channel = world.channel(call.params["channel_id"])
    require(world, channel, Right.MANAGE_WEBHOOKS)
    return [webhook for webhook in world.webhooks.values() if webhook["channel_id"] == channel.id]


@route("GET", "/webhooks/{webhook_id}")
def get_webhook(world: World, call: Call) -> Json:
    webhook = world.webhooks.get(call.params["webhook_id"])
    if webhook is None:
        raise RefusedError(Refusal.UNKNOWN_WEBHOOK)
    require(world, world.channels[webhook["channel_id"]], Right.MANAGE_WEBHOOKS)
    return webhook


def execute(world: World, call: Call) -> Json | None:
    """Write as a webhook, in its channel or in a thread of it. Raises RefusedError."""
    webhook, body = of_call(world, call), call.body or {}
    channel = _place(world, webhook, call)
    name = str(body.get("username") or webhook["name"])
    limits.check_webhook_name("username", name)
    if channel.locked or (channel.archived and channel.locked):
        raise RefusedError(Refusal.ARCHIVED if channel.archived else Refusal.LOCKED)
    author = {"id": webhook["id"], "username": name, "avatar": None, "discriminator": "0000", "bot": True}
    author |= {"global_name": None, "public_flags": 0}
    owned = {"webhook_id": webhook["id"], "application_id": webhook["application_id"], "nonce": None}
    message = messages.post(world, channel, author, call, **owned)
    return message if call.query.get("wait") in ("1", "true", "True") else None


def find(world: World, call: Call) -> tuple[Channel, Json]:
    """A message of a webhook. Raises RefusedError."""
    webhook = of_call(world, call)
    channel = _place(world, webhook, call)
    message = world.message(channel, call.params["message_id"])
    if message.get("webhook_id") != webhook["id"]:
        raise RefusedError(Refusal.UNKNOWN_MESSAGE)
    return channel, message


def of_call(world: World, call: Call) -> Json:
    """The webhook that a call names with its token. Raises RefusedError."""
    webhook = world.webhooks.get(call.params["webhook_id"])
    if webhook is None:
        raise RefusedError(Refusal.UNKNOWN_WEBHOOK)
    if webhook["token"] != call.params["token"]:
        raise RefusedError(Refusal.TOKEN_RAN_OUT)
    return webhook


def _place(world: World, webhook: Json, call: Call) -> Channel:
    thread = call.query.get("thread_id")
    channel = world.channel(thread or webhook["channel_id"])
    if thread and channel.parent != webhook["channel_id"]:
        raise RefusedError(Refusal.UNKNOWN_CHANNEL)
    if channel.kind is Kind.FORUM:
        raise RefusedError(Refusal.NO_TEXT_CHANNEL)
    return channel

"""Interactions: a press, a command or a form, to be answered within three seconds, then for fifteen minutes."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from tests.fakes.discord import limits, messages, shapes, webhooks
from tests.fakes.discord.calls import Call, route
from tests.fakes.discord.refusals import Refusal, RefusedError, invalid
from tests.fakes.discord.rights import rights_in
from tests.fakes.discord.state import BOT, Channel, Json, User, World

ANSWER_SECONDS, TOKEN_SECONDS = 3.0, 15 * 60.0
LOADING = 1 << 7


class Asked(IntEnum):
    """What an interaction is."""

    COMMAND = 2
    COMPONENT = 3
    MODAL = 5


class Answer(IntEnum):
    """How it is answered."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    MODAL = 9


@dataclass(slots=True, kw_only=True)
class Interaction:
    """One act of somebody: `answer` and `modal` tell what the app did, `messages` what it said with it."""

    id: str
    token: str
    asked: Asked
    user: User
    channel: Channel
    born: float
    source: Json | None = None  # the message that the button is on
    answer: Answer | None = None
    modal: Json | None = None
    messages: list[Json] = field(default_factory=list)


def ask(
    world: World, asked: Asked, user: User, channel: Channel, data: Json, source: Json | None = None
) -> Interaction:
    """Tell the app of an act."""
    id = world.snowflake()
    act = Interaction(
        id=id, token=f"act-{id}", asked=asked, user=user, channel=channel, born=world.now(), source=source
    )
    world.interactions[act.token] = act
    body: Json = {
        "id": act.id,
        "application_id": BOT,
        "type": int(asked),
        "data": data,
        "token": act.token,
        "version": 1,
        "channel_id": channel.id,
        "channel": shapes.of_channel(world, channel) | {"permissions": str(rights_in(world, user.id, channel))},
        "app_permissions": str(rights_in(world, BOT, channel)),
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {"0": channel.guild or "0"},
        "context": 0 if channel.guild else 1,
        "attachment_size_limit": limits.FILE_BYTES,
        **shapes.of_actor(world, user, channel),
    }
    if channel.guild:
        guild = {"id": channel.guild, "locale": "en-US", "features": []}
        body |= {"guild_id": channel.guild, "guild": guild, "guild_locale": "en-US"}
    if source is not None:
        body["message"] = messages.shown(source)
    world.emit("INTERACTION_CREATE", body, None, channel.guild)
    return act


@route("POST", "/interactions/{interaction_id}/{token}/callback", signed=False)
def answer_interaction(world: World, call: Call) -> Json | None:
    act = world.interactions.get(call.params["token"])
    if act is None or world.now() - act.born > (ANSWER_SECONDS if act.answer is None else TOKEN_SECONDS):
        raise RefusedError(Refusal.UNKNOWN_INTERACTION)
    if act.answer is not None:
        raise RefusedError(Refusal.ACKNOWLEDGED)
    kind, data = Answer(call.body["type"]), call.body.get("data") or {}
    message = _answer(world, act, kind, data, call)
    act.answer = kind
    world.changed.set()
    if call.query.get("with_response") not in ("1", "true", "True"):
        return None
    told = {"id": act.id, "type": int(act.asked), "response_message_id": message["id"] if message else None}
    told |= {"response_message_loading": kind is Answer.DEFERRED_MESSAGE}
    told |= {"response_message_ephemeral": bool(message and message["flags"] & messages.EPHEMERAL)}
    resource = {"type": int(kind)} | ({"message": messages.shown(message)} if message else {})
    return {"interaction": told, "resource": resource}


def _answer(world: World, act: Interaction, kind: Answer, data: Json, call: Call) -> Json | None:
    """Do what the answer says; returns the message that it made or changed. Raises RefusedError."""
    match kind:
        case Answer.MODAL:
            if act.asked is Asked.MODAL:
                raise invalid("type", "INTERACTION_INVALID_CALLBACK_TYPE")
            limits.check_modal(data)
            act.modal = data
            return None
        case Answer.MESSAGE:
            return _say(world, act, Call(name=call.name, params={}, body=data, files=call.files))
        case Answer.DEFERRED_MESSAGE:
            flags = int(data.get("flags") or 0) & messages.EPHEMERAL | LOADING
            message = _message(world, act, {"flags": flags})
            _keep(world, act, message)
            return message
    if act.source is None:
        raise invalid("type", "INTERACTION_INVALID_CALLBACK_TYPE")
    if kind is Answer.UPDATE:
        limits.check_parts(data)
        messages.change(world, act.channel, act.source, data)
    return act.source


def _say(world: World, act: Interaction, call: Call) -> Json:
    limits.check_message(call.body, files=len(call.files))
    files = messages.attach(world, act.channel, call.files, call.body.get("attachments") or [])
    message = _message(world, act, {**call.body, "attachments": files})
    _keep(world, act, message)
    return message


def _message(world: World, act: Interaction, given: Json) -> Json:
    body = {key: value for key, value in given.items() if key != "message_reference"}
    message = messages.build(world, act.channel, shapes.of_user(world.users[BOT]), {**body, "application_id": BOT})
    message["interaction_metadata"] = {
        "id": act.id,
        "type": int(act.asked),
        "user": shapes.of_user(act.user),
        "authorizing_integration_owners": {},
    }
    return message


def _keep(world: World, act: Interaction, message: Json) -> None:
    """What is ephemeral stands nowhere but with the one who acted."""
    act.messages.append(message)
    if message["flags"] & messages.EPHEMERAL:
        message["_for"] = act.user.id
        world.whispers.append(message)
        world.changed.set()
    else:
        messages.store(world, act.channel, message)
        messages.tell(world, act.channel, message)


def _act(world: World, call: Call) -> Interaction | None:
    """The interaction whose token this is, None for a webhook's. Raises RefusedError once it ran out."""
    act: Interaction | None = world.interactions.get(call.params["token"])
    if act is None:
        if call.params["webhook_id"] == BOT:
            raise RefusedError(Refusal.TOKEN_RAN_OUT)
        return None
    if world.now() - act.born > TOKEN_SECONDS:
        raise RefusedError(Refusal.TOKEN_RAN_OUT)
    if act.answer is None:
        raise RefusedError(Refusal.UNKNOWN_WEBHOOK)
    return act


@route("POST", "/webhooks/{webhook_id}/{token}", signed=False)
def execute_webhook(world: World, call: Call) -> Json | None:
    """A webhook's message, or a further word on an interaction: the first one fills what was deferred."""
    act = _act(world, call)
    if act is None:
        return webhooks.execute(world, call)
    loading = act.answer is Answer.DEFERRED_MESSAGE and act.messages[0]["flags"] & LOADING
    message = _fill(world, act, call) if loading else _say(world, act, call)
    return messages.shown(message)


def _fill(world: World, act: Interaction, call: Call) -> Json:
    limits.check_message(call.body, files=len(call.files))
    message = act.messages[0]
    message["attachments"] = messages.attach(world, act.channel, call.files, call.body.get("attachments") or [])
    message["flags"] &= ~LOADING
    body = {key: call.body[key] for key in ("content", "embeds", "components") if key in call.body}
    return messages.change(world, act.channel, message, body)


def _find(world: World, call: Call) -> tuple[Channel, Json]:
    act = _act(world, call)
    if act is None:
        return webhooks.find(world, call)
    if call.params["message_id"] == "@original":
        own = act.answer in (Answer.MESSAGE, Answer.DEFERRED_MESSAGE)
        found = act.messages[0] if own and act.messages else act.source
    else:
        found = next((one for one in act.messages if one["id"] == call.params["message_id"]), None)
    if found is None:
        raise RefusedError(Refusal.UNKNOWN_MESSAGE)
    return act.channel, found


@route("GET", "/webhooks/{webhook_id}/{token}/messages/{message_id}", signed=False)
def get_webhook_message(world: World, call: Call) -> Json:
    return messages.shown(_find(world, call)[1])


@route("PATCH", "/webhooks/{webhook_id}/{token}/messages/{message_id}", signed=False)
def edit_webhook_message(world: World, call: Call) -> Json:
    channel, message = _find(world, call)
    body: dict[str, Any] = call.body or {}
    limits.check_parts(body)
    if call.files:
        body["attachments"] = messages.attach(world, channel, call.files, body.get("attachments") or [])
    message["flags"] &= ~LOADING
    return messages.shown(messages.change(world, channel, message, body))


@route("DELETE", "/webhooks/{webhook_id}/{token}/messages/{message_id}", signed=False)
def delete_webhook_message(world: World, call: Call) -> None:
    channel, message = _find(world, call)
    if message.get("_for"):
        world.whispers.remove(message)
    else:
        messages.remove(world, channel, message)

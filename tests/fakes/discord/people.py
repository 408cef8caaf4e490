"""What people do: write, edit, delete, react, press, command, fill in forms, open posts and threads."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.discord import interactions, limits, messages, shapes, threads
from tests.fakes.discord.calls import Upload
from tests.fakes.discord.interactions import Asked, Interaction
from tests.fakes.discord.rights import Right, require, require_writing
from tests.fakes.discord.state import Channel, Json, Kind, World

BUTTON, TEXT_DISPLAY, RADIO_GROUP, CHECKBOX = 2, 10, 21, 23
VOICE = 1 << 13
FORWARD = {"type": 1}


class People:
    """Everybody but the app. People, channels and messages are named by id, channels and people by name too."""

    def __init__(self, world: World) -> None:
        self._world = world

    def say(
        self,
        user: str,
        channel: str,
        text: str = "",
        *,
        reply_to: str = "",
        files: Mapping[str, bytes] | None = None,
        late: float = 0.0,
        times: int = 1,
        **others: Any,
    ) -> Json:
        """Write a message, told so many seconds later and so many times. Raises RefusedError like Discord itself."""
        world, place = self._world, self._world.channel(channel)
        author = world.user(user)
        require_writing(world, place, author.id)
        given: Json = {"content": text[: limits.CONTENT_OF_PEOPLE], **others}
        if reply_to:
            given["message_reference"] = {"type": 0, "message_id": reply_to, "channel_id": place.id}
        uploads = [
            Upload(number=number, name=name, content=one) for number, (name, one) in enumerate((files or {}).items())
        ]
        given["attachments"] = messages.attach(world, place, uploads)
        message = messages.build(world, place, shapes.of_user(author), given)
        messages.store(world, place, message)
        for _ in range(times):
            if late:
                asyncio.get_running_loop().call_later(late, messages.tell, world, place, message)
            else:
                messages.tell(world, place, message)
        return message

    def again(self, message: Json) -> None:
        """Tell of a message once more."""
        messages.tell(self._world, self._world.channel(message["channel_id"]), message)

    def voice(self, user: str, channel: str) -> Json:
        """A voice note."""
        return self.say(user, channel, files={"voice-message.ogg": b"OggS"}, flags=VOICE)

    def sticker(self, user: str, channel: str, name: str) -> Json:
        return self.say(user, channel, sticker_items=[{"id": "749054660769218631", "name": name, "format_type": 1}])

    def poll(self, user: str, channel: str, question: str, *answers: str) -> Json:
        choices = [{"answer_id": number, "poll_media": {"text": text}} for number, text in enumerate(answers, 1)]
        results = {"is_finalized": False, "answer_counts": []}
        ends = "2099-01-01T00:00:00+00:00"
        body = {"question": {"text": question}, "answers": choices, "expiry": ends, "results": results}
        return self.say(user, channel, poll=body | {"allow_multiselect": False, "layout_type": 1})

    def forward(self, user: str, channel: str, text: str) -> Json:
        """Somebody else's words passed on: the message itself is empty."""
        world = self._world
        inner = {"type": 0, "content": text, "timestamp": world.timestamp(), "edited_timestamp": None, "flags": 0}
        inner |= {"embeds": [], "attachments": [], "mentions": [], "mention_roles": [], "components": []}
        reference = FORWARD | {"message_id": world.snowflake(), "channel_id": world.channel(channel).id}
        snapshots = [{"message": inner}]
        return self.say(user, channel, message_reference=reference, message_snapshots=snapshots)

    def edit(self, message: Json, text: str) -> None:
        messages.change(self._world, self._world.channel(message["channel_id"]), message, {"content": text})

    def unfurl(self, message: Json) -> None:
        """A link preview: a change that nobody made."""
        message["embeds"] = [{"type": "link", "url": "https://shop.example", "title": "preview"}]
        messages.tell(self._world, self._world.channel(message["channel_id"]), message, "MESSAGE_UPDATE")

    def delete(self, message: Json) -> None:
        messages.remove(self._world, self._world.channel(message["channel_id"]), message)

    def react(self, user: str, message: Json, emoji: str) -> None:
        channel = self._world.channel(message["channel_id"])
        messages.react(self._world, channel, message, self._world.user(user).id, emoji)

    def post(self, user: str, forum: str, title: str, text: str, *, tags: Sequence[str] = ()) -> Channel:
        """A forum post: a thread with the id of its first message."""
        world, place = self._world, self._world.channel(forum)
        author = world.user(user)
        require(world, place, Right.SEND_MESSAGES, user=author.id)
        id = world.snowflake()
        thread = threads.open_thread(world, place, author.id, title, id=id, applied_tags=list(tags))
        given = {"content": text[: limits.CONTENT_OF_PEOPLE]}
        message = messages.build(world, thread, shapes.of_user(author), given) | {"id": id}
        messages.store(world, thread, message)
        messages.tell(world, thread, message)
        return thread

    def thread(self, user: str, channel: str, name: str, *, on: Json | None = None, private: bool = False) -> Channel:
        """A thread that somebody opens, on a message or beside it."""
        world, place = self._world, self._world.channel(channel)
        owner = world.user(user).id
        if on is not None:
            return threads.thread_on(world, place, on, owner, name)
        kind = Kind.PRIVATE_THREAD if private else Kind.PUBLIC_THREAD
        return threads.open_thread(world, place, owner, name, kind=kind)

    def press(self, user: str, message: Json, button: str, *, values: Sequence[str] = ()) -> Interaction:
        """Press a button by its id or its label, or choose in a menu. Raises LookupError when there is none."""
        world, actor = self._world, self._world.user(user)
        found = next((one for one in buttons_of(message) if button in (one.get("custom_id"), one.get("label"))), None)
        if found is None or found.get("disabled") or message.get("_for", actor.id) != actor.id:
            raise LookupError(f"{user} sees no button {button!r} there")
        channel = world.channel(message["channel_id"])
        require(world, channel, user=actor.id)
        data: Json = {"custom_id": found["custom_id"], "component_type": found["type"]}
        if found["type"] != BUTTON:
            data |= {"values": list(values), "resolved": _resolved(world, channel, values)}
        return interactions.ask(world, Asked.COMPONENT, actor, channel, data, message)

    def slash(self, user: str, channel: str, name: str, **options: str) -> Interaction:
        """Use a command. Raises LookupError when the app registered none of this name."""
        world, actor, place = self._world, self._world.user(user), self._world.channel(channel)
        command = next((one for one in world.commands if one["name"] == name and one["type"] == 1), None)
        if command is None:
            raise LookupError(f"no command {name!r} is registered")
        require(world, place, Right.USE_APPLICATION_COMMANDS, user=actor.id)
        given = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
        data = {"id": command["id"], "name": name, "type": 1, "options": given}
        return interactions.ask(world, Asked.COMMAND, actor, place, data)

    def submit(self, act: Interaction, answers: Mapping[str, Any]) -> Interaction:
        """Hand in the form that an act was answered with; inputs by their id or their label. Raises LookupError."""
        if act.modal is None:
            raise LookupError("no form was shown")
        unknown = set(answers)
        parts: list[Json] = []
        resolved: Json = {}
        for part in act.modal["components"]:
            if part["type"] == TEXT_DISPLAY:
                continue
            asked = limits.inputs_of(part)
            label = part.get("label") or asked.get("label", "")
            key = next((one for one in (asked["custom_id"], label) if one in answers), "")
            unknown.discard(key)
            filled = _filled(asked, answers.get(key))
            resolved |= _resolved(self._world, act.channel, filled.get("values") or [])
            shape = {"component": filled} if part["type"] == limits.LABELLED else {"components": [filled]}
            parts.append({"type": part["type"], "id": len(parts) + 1, **shape})
        if unknown:
            raise LookupError(f"the form does not ask for {', '.join(sorted(unknown))}")
        data = {"custom_id": act.modal["custom_id"], "components": parts, "resolved": resolved}
        return interactions.ask(self._world, Asked.MODAL, act.user, act.channel, data, act.source)


def _filled(asked: Json, answer: Any) -> Json:
    """One input with what was given. Raises LookupError for what cannot be chosen, or is needed and missing."""
    kind: Json = {"type": asked["type"], "custom_id": asked["custom_id"], "id": 1}
    if asked["type"] == CHECKBOX:
        return kind | {"value": bool(answer)}
    if answer in (None, "", []) and asked.get("required", True):
        raise LookupError(f"{asked['custom_id']!r} must be filled in")
    if asked["type"] == limits.TEXT_INPUT:
        return kind | {"value": str(answer or "")}
    choices = {one["value"] for one in asked.get("options") or []}
    chosen = [str(one) for one in (answer if isinstance(answer, list | tuple) else [answer]) if one not in (None, "")]
    if choices and not set(chosen) <= choices:
        raise LookupError(f"{answer!r} is not one of {sorted(choices)}")
    single = {"value": chosen[0] if chosen else None}
    return kind | (single if asked["type"] == RADIO_GROUP else {"values": chosen})


def _resolved(world: World, channel: Channel, values: Sequence[str]) -> Json:
    """The people among chosen values, as Discord adds them."""
    users = [world.users[value] for value in values if value in world.users]
    guild = world.guilds.get(channel.guild)
    found: Json = {"users": {user.id: shapes.of_user(user) for user in users}} if users else {}
    if guild is not None and users:
        members = {user.id: guild.members[user.id] for user in users if user.id in guild.members}
        plain = {id: shapes.of_member(member, with_user=False) | {"permissions": "0"} for id, member in members.items()}
        found["members"] = plain
    return found


def buttons_of(message: Json) -> list[Json]:
    """Every button and menu of a message."""
    return [part for row in message.get("components") or [] for part in row.get("components", [])]


def texts_of(message: Json) -> list[str]:
    """Every text of a message that people see: its own and those of its embeds."""
    found = [message["content"]]
    for embed in message.get("embeds") or []:
        found += [str(embed.get(key) or "") for key in ("title", "description")]
        found += [str(field[key]) for field in embed.get("fields") or [] for key in ("name", "value")]
        found.append(str((embed.get("footer") or {}).get("text", "")))
    return [text for text in found if text]

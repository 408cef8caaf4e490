"""What Slack sends, turned into messages and presses. Pure: nothing here asks anybody anything."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from channels.base import Action, Address, Attachment, Bookmark, Change, Message, Person
from channels.markup import from_slack

NAME = "slack"
OURS_TO_READ = ("", "file_share", "thread_broadcast")
MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
MAX_NAMES = 20
FAREWELLS: Mapping[str, str] = {
    "channel_archive": "its channel was archived",
    "channel_deleted": "its channel was deleted",
    "channel_left": "the bot was removed from its channel",
    "channel_shared": "its channel was shared with another organisation",
    "group_archive": "its channel was archived",
    "group_deleted": "its channel was deleted",
    "group_left": "the bot was removed from its channel",
    "member_left_channel": "the bot was removed from its channel",
}
Json: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Who we are on Slack."""

    user: str
    bot: str
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What somebody wrote, changed or deleted, before it is known who that is. `ts` names the message itself."""

    room: str
    ts: str
    thread: str
    user: str
    team: str
    text: str
    key: str
    at: datetime
    change: Change = Change.NEW
    mentions_us: bool = False
    direct: bool = False
    parent: str = ""
    gesture: str = ""
    files: tuple[Json, ...] = ()

    @property
    def begins(self) -> bool:
        """Whether it stands in the room itself, not in a thread."""
        return self.thread == self.ts


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A button, or a form that was handed in, before it is known who did it. `trigger` opens a form, once."""

    room: str
    thread: str
    user: str
    team: str
    name: str
    value: str
    key: str
    target: str = ""
    trigger: str = ""


def to_words(event: Json, own: Own) -> Words | None:
    """What a person wrote. None for our own posts, other bots, unfurls, joins and whatever has no author or time."""
    kind, subtype = _text(event, "type"), _text(event, "subtype")
    if kind not in ("message", "app_mention"):
        return None
    if kind == "message" and subtype == "message_changed":
        return _changed(event, own)
    if kind == "message" and subtype == "message_deleted":
        return _deleted(event, own)
    if subtype not in OURS_TO_READ:
        return None
    return _words(event, event, own, change=Change.NEW, mention=kind == "app_mention")


def to_message(
    words: Words, sender: Person, *, names: Mapping[str, str], own_id: str, attachments: tuple[Attachment, ...] = ()
) -> Message:
    """The message for the house. Its bookmark names the thread, so that we follow it after a restart too."""
    original = f"{words.room}:{words.ts}"
    address = Address(channel=NAME, room=words.room, thread=words.thread)
    return Message(
        external_id=words.key,
        address=address,
        sender=sender,
        text=from_slack(words.text, names, own_id),
        sent_at=words.at,
        attachments=attachments,
        change=words.change,
        original_id=original if words.change is not Change.NEW else "",
        bookmark=Bookmark(place=str(address), position=words.ts),
    )


def to_farewell(event: Json, own: Own) -> tuple[str, str] | None:
    """The room that is lost to us, and why; None for every other event."""
    kind, room = _text(event, "type"), event.get("channel")
    ours = kind != "member_left_channel" or event.get("user") == own.user
    place = room if isinstance(room, str) else ""
    return (place, FAREWELLS[kind]) if kind in FAREWELLS and place and ours else None


def mentioned(text: str) -> tuple[str, ...]:
    """The ids of the first people that a text mentions, each once."""
    return tuple(dict.fromkeys(MENTION.findall(text)))[:MAX_NAMES]


def to_press(payload: Json) -> Press | None:
    """A button that was pressed. None for what cannot be told: no person, no place, a foreign kind of element."""
    actions = payload.get("actions")
    action = actions[0] if isinstance(actions, Sequence) and actions and isinstance(actions[0], Mapping) else {}
    user, container = _part(payload, "user"), _part(payload, "container")
    message = _part(payload, "message")
    room = _text(container, "channel_id") or _text(_part(payload, "channel"), "id")
    ts = _text(container, "message_ts") or _text(message, "ts")
    thread = _text(container, "thread_ts") or _text(message, "thread_ts") or ts
    name, at = _text(action, "action_id"), _text(action, "action_ts")
    if not (_text(user, "id") and room and thread and name and at):
        return None
    return Press(
        room=room,
        thread=thread,
        user=_text(user, "id"),
        team=_text(user, "team_id"),
        name=name.partition(":")[0],
        value=_text(action, "value"),
        key=f"{room}:{ts}:{_text(user, 'id')}:{name}:{at}",
        trigger=_text(payload, "trigger_id"),
    )


def to_handed_in(payload: Json) -> Press | None:
    """A form that was handed in: the button's value, a colon, and the answers as JSON."""
    user, view = _part(payload, "user"), _part(payload, "view")
    try:
        kept = json.loads(_text(view, "private_metadata"))
    except ValueError:
        return None
    if not isinstance(kept, dict) or not all(_text(kept, key) for key in ("room", "thread", "name", "value")):
        return None
    if not (_text(user, "id") and _text(view, "id")):
        return None
    answers = to_answers(_part(_part(view, "state"), "values"))
    return Press(
        room=kept["room"],
        thread=kept["thread"],
        user=_text(user, "id"),
        team=_text(user, "team_id"),
        name=kept["name"],
        value=f"{kept['value']}:{json.dumps(answers, ensure_ascii=False)}",
        key=f"form:{_text(view, 'id')}",
        target=next((str(answers[name]) for name in answers if name == "person"), ""),
    )


def to_answers(values: Json) -> dict[str, str | bool]:
    """What was filled in, by the name of the input; a box that is ticked is true."""
    answers: dict[str, str | bool] = {}
    for block in values.values():
        for name, element in block.items() if isinstance(block, Mapping) else ():
            if not isinstance(element, Mapping):
                continue
            match _text(element, "type"):
                case "checkboxes":
                    answers[name] = bool(element.get("selected_options"))
                case "static_select":
                    answers[name] = _text(_part(element, "selected_option"), "value")
                case "users_select":
                    answers[name] = _text(element, "selected_user")
                case _:
                    answers[name] = _text(element, "value")
    return answers


def to_action(press: Press, actor: Person, *, at: datetime, target: Person | None = None) -> Action:
    """The press for the house."""
    return Action(
        external_id=press.key,
        address=Address(channel=NAME, room=press.room, thread=press.thread),
        actor=actor,
        name=press.name,
        value=press.value,
        sent_at=at,
        target=target,
    )


def to_time(ts: str) -> datetime | None:
    """Slack's time stamps: seconds since 1970 with six decimals."""
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _changed(event: Json, own: Own) -> Words | None:
    """A true edit: most of these events are unfurls or a reply that landed below, with the text as it was."""
    message, before = _part(event, "message"), _part(event, "previous_message")
    if _text(message, "subtype") == "tombstone":  # a root that was deleted and has replies
        return _gone(event, before, own)
    if _text(message, "subtype") not in OURS_TO_READ or _text(message, "text") == _text(before, "text"):
        return None
    stamp = _text(_part(message, "edited"), "ts") or _text(event, "event_ts") or _text(event, "ts")
    return _words(message, event, own, change=Change.EDITED, stamp=stamp) if stamp else None


def _deleted(event: Json, own: Own) -> Words | None:
    before = dict(_part(event, "previous_message"))
    before.setdefault("ts", _text(event, "deleted_ts"))
    return _gone(event, before, own)


def _gone(event: Json, before: Json, own: Own) -> Words | None:
    return _words({**before, "text": "", "files": []}, event, own, change=Change.DELETED, stamp="del")


def _words(
    message: Json, event: Json, own: Own, *, change: Change, stamp: str = "", mention: bool = False
) -> Words | None:
    room, ts, user = _text(event, "channel"), _text(message, "ts"), _text(message, "user")
    at = to_time(_text(event, "event_ts") if stamp and _text(event, "event_ts") else ts)
    automatic = _text(message, "bot_id") or user in ("", "USLACKBOT", own.user)
    if not room or not ts or at is None or automatic:
        return None
    files = message.get("files")
    return Words(
        room=room,
        ts=ts,
        thread=_text(message, "thread_ts") or ts,
        user=user,
        team=_text(message, "user_team") or _text(message, "team") or _text(event, "team"),
        text=_text(message, "text"),
        key=":".join(part for part in (room, ts, stamp) if part),
        at=at,
        change=change,
        mentions_us=mention or own.user in mentioned(_text(message, "text")),
        direct=_text(event, "channel_type") == "im" or room.startswith("D"),
        parent=_text(message, "parent_user_id"),
        gesture=_text(message, "client_msg_id") if change is Change.NEW else "",
        files=tuple(file for file in files if isinstance(file, Mapping)) if isinstance(files, Sequence) else (),
    )


def _text(part: Json, key: str) -> str:
    value = part.get(key)
    return value if isinstance(value, str) else ""


def _part(part: Json, key: str) -> Json:
    value = part.get(key)
    return value if isinstance(value, Mapping) else {}

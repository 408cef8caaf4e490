"""What Discord brings, turned into messages and presses. Nothing here asks anybody anything."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import discord

from channels.base import Action, Address, Attachment, Bookmark, Change, Message, Person
from channels.discord.markdown import from_discord

PEOPLES = (discord.MessageType.default, discord.MessageType.reply)
FORWARDED = "[forwarded]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where something stands: `room` is a channel, forum or direct message; `thread` is 0 outside of threads."""

    room: int
    thread: int = 0
    direct: bool = False
    forum: bool = False
    guild: int = 0

    @property
    def channel(self) -> int:
        """The channel in which it is read and answered."""
        return self.thread or self.room


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What somebody wrote, changed or deleted. `author` is 0 where Discord does not say who; ids are Discord's own.

    `roles` and `moderates` (may delete others' messages) are None and False where the author's roles are not known.
    """

    id: int
    channel: int
    author: int
    at: datetime
    key: str
    name: str = ""
    text: str = ""
    change: Change = Change.NEW
    mentions_us: bool = False
    answers: int = 0
    roles: tuple[str, ...] | None = None
    moderates: bool = False
    spoken: bool = False
    files: tuple[discord.Attachment, ...] = ()
    others: tuple[Attachment, ...] = ()


def to_words(message: discord.Message, own_id: int, *, edited: bool = False) -> Words | None:
    """What a person wrote. None for bots, webhooks, our own posts, what Discord itself says, and previews of links."""
    author = message.author
    if author.bot or author.id == own_id or message.webhook_id or message.type not in PEOPLES:
        return None
    if edited and message.edited_at is None:  # a preview was added: nobody changed anything
        return None
    at = message.edited_at if edited and message.edited_at else message.created_at
    member = author if isinstance(author, discord.Member) else None
    forwarded = [snapshot for snapshot in message.message_snapshots if snapshot.type in PEOPLES]
    texts = [from_discord(message.content, names_in(message), str(own_id))]
    texts += [f"{FORWARDED} {from_discord(one.content, {})}" for one in forwarded if one.content]
    return Words(
        id=message.id,
        channel=message.channel.id,
        author=author.id,
        at=at,
        key=f"{message.id}:{int(at.timestamp() * 1000)}" if edited else str(message.id),
        name=author.display_name,
        text="\n".join(text for text in texts if text),
        change=Change.EDITED if edited else Change.NEW,
        mentions_us=_mentions(message, own_id),
        answers=(message.reference.message_id or 0) if message.reference and not forwarded else 0,
        roles=role_ids(member) if member else None,
        moderates=member is not None and member.guild_permissions.manage_messages,
        spoken=message.flags.voice,
        files=(*message.attachments, *(file for one in forwarded for file in one.attachments)),
        others=tuple(_unreadable(message)),
    )


def to_deletion(id: int, channel: int, author: int) -> Words:
    """A message that was deleted; `author` is who wrote it, where that is known."""
    at = datetime.now(UTC)
    return Words(id=id, channel=channel, author=author, at=at, key=f"{id}:del", change=Change.DELETED)


def to_message(
    words: Words, address: Address, sender: Person, bookmark: Bookmark, attachments: tuple[Attachment, ...] = ()
) -> Message:
    """The message for the house."""
    return Message(
        external_id=words.key,
        address=address,
        sender=sender,
        text=words.text,
        sent_at=words.at,
        attachments=(*attachments, *words.others),
        change=words.change,
        original_id=str(words.id) if words.change is not Change.NEW else "",
        bookmark=bookmark,
    )


def to_action(
    interaction: discord.Interaction[Any], address: Address, actor: Person, name: str, value: str, target: Person | None
) -> Action:
    """A press for the house."""
    return Action(
        external_id=f"press:{interaction.id}",
        address=address,
        actor=actor,
        name=name,
        value=value,
        sent_at=interaction.created_at,
        target=target,
    )


def to_answers(components: Sequence[Mapping[str, Any]]) -> dict[str, str | bool]:
    """What was filled into a form, by the name of the input; a box that is ticked is true."""
    answers: dict[str, str | bool] = {}
    for part in _inputs(components):
        name, value, values = str(part.get("custom_id")), part.get("value"), part.get("values")
        if isinstance(value, bool):
            answers[name] = value
        elif isinstance(values, list):
            answers[name] = str(values[0]) if values else ""
        else:
            answers[name] = value if isinstance(value, str) else ""
    return answers


def to_value(value: str, answers: Mapping[str, str | bool]) -> str:
    """What an action carries that asked something first: the button's value, a colon, the answers as JSON."""
    return f"{value}:{json.dumps(answers, ensure_ascii=False)}"


def to_customer(user: discord.abc.User) -> Person:
    """Somebody who writes as a customer."""
    return Person(id=str(user.id), name=user.display_name)


def to_agent(user: discord.abc.User) -> Person:
    """Somebody at a desk, with the ids of their roles; who is no member of the server may not work there."""
    why = "are a bot" if user.bot else "" if isinstance(user, discord.Member) else "are not a member of the server"
    roles = role_ids(user) if isinstance(user, discord.Member) else ()
    return Person(id=str(user.id), name=user.display_name, groups=roles, outsider=bool(why), why_outside=why)


def role_ids(member: discord.Member) -> tuple[str, ...]:
    """The ids of somebody's roles."""
    return tuple(str(role.id) for role in member.roles)


def names_in(message: discord.Message) -> dict[str, str]:
    """What the people, channels and roles that a message mentions are called, by their ids."""
    guild = message.guild
    rooms = [guild.get_channel_or_thread(id) for id in message.raw_channel_mentions] if guild else []
    roles = [guild.get_role(id) for id in message.raw_role_mentions] if guild else []
    found = {str(one.id): one.name for one in (*rooms, *roles) if one is not None}
    return found | {str(user.id): user.display_name for user in message.mentions}


def _mentions(message: discord.Message, own_id: int) -> bool:
    """Whether we are called: by name, by a reply to us, or by the role that came with us."""
    if any(user.id == own_id for user in message.mentions):
        return True
    role = message.guild.self_role if message.guild and message.raw_role_mentions else None
    return role is not None and role.id in message.raw_role_mentions


def _unreadable(message: discord.Message) -> Iterator[Attachment]:
    """Stickers and polls: told as files whose content we do not have."""
    for sticker in message.stickers:
        why = "a sticker is a picture that only Discord shows"
        yield Attachment(name=f"sticker: {sticker.name}", type="sticker", bytes=0, why_not=why)
    if message.poll is not None:
        question = getattr(message.poll.question, "text", message.poll.question)
        yield Attachment(name=f"poll: {question}", type="poll", bytes=0, why_not="a poll stays on Discord")


def _inputs(components: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for part in components:
        if isinstance(part.get("component"), Mapping):
            yield part["component"]
        elif isinstance(part.get("components"), list):
            yield from _inputs(part["components"])
        elif "custom_id" in part:
            yield part

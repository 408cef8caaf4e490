"""Post to Slack once: what may have arrived is looked for by our own key before it is posted again."""

from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from channels.base import Address, Attachment, Delivery, DeliveryError, Outgoing, Receipt
from channels.slack.blocks import Post, to_posts
from channels.slack.failures import reason_of, told_plainly

EVENT_TYPE = "warmline_post"
REMEMBERED = 20_000
PAGES = 5
PAGE = 200
REACTIONS: Mapping[str, str] = {"✅": "white_check_mark", "⚠️": "warning", "✏️": "pencil2"}


class Posting:
    """Sends through a client; `file` gives the content of an attachment by its key."""

    def __init__(self, client: AsyncWebClient, file: Callable[[str], Awaitable[bytes | None]]) -> None:
        self._client = client
        self._file = file
        self.own_user = ""  # known once we signed in
        self._posted: OrderedDict[str, str] = OrderedDict()  # our key and Slack's ts of what is known to be there

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Post, draw anew, change, take back, react, whisper or notify. Raises DeliveryError."""
        with told_plainly():
            if outgoing.direct:
                return await self._post(await self._to_direct(outgoing))
            if outgoing.only_for:
                return await self._whisper(outgoing)
            if outgoing.reaction:
                return await self._react(outgoing)
            if outgoing.replaces and outgoing.card is not None:
                return await self._draw_anew(outgoing)
            if outgoing.replaces:
                return await self._change(outgoing)
            return await self._post(outgoing)

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Look for our key where it was to be posted. What can be repeated without harm is never looked for."""
        if (outgoing.only_for and not outgoing.direct) or outgoing.reaction or outgoing.replaces:
            return None
        with told_plainly():
            address = await self._direct_room(outgoing) if outgoing.direct else outgoing.address
            wanted = [key for key, _ in _keyed(outgoing)]
            await self._look(address.room, address.thread)
            first = self._posted.get(outgoing.id)
            if first is not None and not address.thread and (len(wanted) > 1 or outgoing.attachments):
                await self._look(address.room, first)  # what follows a card stands below it
        wanted += [key for key, _ in _files(outgoing)]
        return Receipt(id=first) if first is not None and all(key in self._posted for key in wanted) else None

    async def _look(self, room: str, thread: str) -> None:
        """Learn what of ours is there. What follows a post of ours without a key of its own are its files."""
        cursor, last, files = "", "", Counter[str]()
        for _ in range(PAGES):
            more: dict[str, Any] = {"limit": PAGE, "cursor": cursor, "include_all_metadata": True}
            if thread:
                answer = await self._client.conversations_replies(channel=room, ts=thread, **more)
            else:
                answer = await self._client.conversations_history(channel=room, **more)
            for message in answer.get("messages") or []:
                key = _key_of(message)
                if key:
                    self._remember(key, str(message.get("ts")))
                    last = key.partition("#")[0]
                elif thread and last and (message.get("bot_id") or message.get("user") == self.own_user):
                    for file in message.get("files") or []:
                        name = f"{last}/{file.get('name')}"
                        files[name] += 1
                        self._remember(f"{name}/{files[name]}", str(message.get("ts")))
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return
        if thread:  # a very long thread, read from its oldest end: what we look for may be in the rest
            raise DeliveryError(Delivery.UNKNOWN, "the thread is too long to look through")

    def _remember(self, key: str, ts: str) -> None:
        self._posted[key] = ts
        if len(self._posted) > REMEMBERED:
            self._posted.popitem(last=False)

    async def _post(self, outgoing: Outgoing) -> Receipt:
        """Every part that is not there yet, in order; a card's further parts go below it."""
        thread = outgoing.address.thread
        for key, post in _keyed(outgoing):
            if key not in self._posted:
                self._remember(key, await self._say(outgoing.address.room, thread, key, post))
            thread = thread or self._posted[key]
        for key, attachment in _files(outgoing):
            if key not in self._posted:
                await self._upload(outgoing.address.room, key, attachment, thread)
        return Receipt(id=self._posted[outgoing.id])

    async def _say(self, room: str, thread: str, key: str, post: Post) -> str:
        answer = await self._client.chat_postMessage(
            channel=room,
            thread_ts=thread or None,
            text=post.text,
            blocks=list(post.blocks) or None,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(answer["ts"])

    async def _draw_anew(self, outgoing: Outgoing) -> Receipt:
        post = to_posts(outgoing)[0]
        await self._client.chat_update(
            channel=outgoing.address.room, ts=outgoing.replaces, text=post.text, blocks=list(post.blocks)
        )
        return Receipt(id=outgoing.replaces)

    async def _change(self, outgoing: Outgoing) -> Receipt:
        """Other words in the place of a post's, part by part; parts that are too many are taken back."""
        room, thread = outgoing.address.room, outgoing.address.thread
        key = await self._key_at(room, thread, outgoing.replaces)
        new = to_posts(outgoing) if outgoing.text.strip() else ()
        if len(new) > 1 + len(self._further_parts(key)):
            await self._look(room, thread)  # an earlier try may have posted the rest
        old = [outgoing.replaces, *self._further_parts(key)]
        for ts, post in zip(old, new, strict=False):
            await self._client.chat_update(channel=room, ts=ts, text=post.text, blocks=list(post.blocks))
        for number, post in enumerate(new[len(old) :], len(old)):
            self._remember(f"{key}#{number}", await self._say(room, thread, f"{key}#{number}", post))
        for ts in old[len(new) :]:
            await self._take_back(room, ts)
        return Receipt(id=outgoing.replaces)

    async def _key_at(self, room: str, thread: str, ts: str) -> str:
        """Our key of the post that stands there; that of a post of before a restart is read from Slack."""
        if ts not in self._posted.values():
            await self._look(room, thread)
        return next((key for key, known in self._posted.items() if known == ts), "")

    def _further_parts(self, key: str) -> list[str]:
        parts = {
            int(one.partition("#")[2]): ts for one, ts in self._posted.items() if key and one.startswith(f"{key}#")
        }
        return [parts[number] for number in sorted(parts)]

    async def _take_back(self, room: str, ts: str) -> None:
        try:
            await self._client.chat_delete(channel=room, ts=ts)
        except SlackApiError as error:
            if reason_of(error) != "message_not_found":  # an earlier try did it
                raise
        for key in [key for key, known in self._posted.items() if known == ts]:
            del self._posted[key]

    async def _whisper(self, outgoing: Outgoing) -> Receipt:
        """Seen by one person, until they reload: nothing that can be looked for, and no harm when it comes twice."""
        for key, post in _keyed(outgoing):
            if key not in self._posted:
                answer = await self._client.chat_postEphemeral(
                    channel=outgoing.address.room,
                    user=_user(outgoing),
                    thread_ts=outgoing.address.thread or None,
                    text=post.text,
                    blocks=list(post.blocks) or None,
                )
                self._remember(key, str(answer["message_ts"]))
        return Receipt(id=self._posted[outgoing.id])

    async def _to_direct(self, outgoing: Outgoing) -> Outgoing:
        """The notice as it stands in the direct messages of whom it is for, with a link to where it points."""
        address, link = outgoing.address, ""
        if address.thread:
            answer = await self._client.chat_getPermalink(channel=address.room, message_ts=address.thread)
            link = f"\n[Open it]({answer['permalink']})"
        return replace(outgoing, address=await self._direct_room(outgoing), text=outgoing.text + link)

    async def _direct_room(self, outgoing: Outgoing) -> Address:
        answer = await self._client.conversations_open(users=_user(outgoing))
        return Address(channel=outgoing.address.channel, room=str(answer["channel"]["id"]))

    async def _react(self, outgoing: Outgoing) -> Receipt:
        ts = outgoing.reply_to.rpartition(":")[2]
        try:
            await self._client.reactions_add(
                channel=outgoing.address.room, timestamp=ts, name=REACTIONS.get(outgoing.reaction, "eyes")
            )
        except SlackApiError as error:
            if reason_of(error) != "already_reacted":
                raise
        return Receipt(id=ts)

    async def _upload(self, room: str, key: str, attachment: Attachment, thread: str) -> None:
        content = await self._file(attachment.key)
        if content is None:
            return
        place = await self._client.files_getUploadURLExternal(filename=attachment.name, length=len(content))
        session = self._client.session
        if session is not None:
            async with session.post(str(place["upload_url"]), data=content) as answer:
                answer.raise_for_status()
        await self._client.files_completeUploadExternal(
            files=[{"id": str(place["file_id"]), "title": attachment.name}],
            channel_id=room,
            thread_ts=thread or None,
        )
        self._remember(key, str(place["file_id"]))


def _keyed(outgoing: Outgoing) -> list[tuple[str, Post]]:
    """The posts of an outgoing with our names for them: the first goes by the outgoing's own id."""
    posts = enumerate(to_posts(outgoing))
    return [(f"{outgoing.id}#{number}" if number else outgoing.id, post) for number, post in posts]


def _files(outgoing: Outgoing) -> list[tuple[str, Attachment]]:
    """The files of an outgoing with our names for them. Slack keeps none of ours: they are told by their place."""
    seen, found = Counter[str](), list[tuple[str, Attachment]]()
    for one in outgoing.attachments:
        if one.key:
            seen[one.name] += 1
            found.append((f"{outgoing.id}/{one.name}/{seen[one.name]}", one))
    return found


def _key_of(message: Mapping[str, Any]) -> str:
    metadata = message.get("metadata") or {}
    key = (metadata.get("event_payload") or {}).get("key")
    return key if metadata.get("event_type") == EVENT_TYPE and isinstance(key, str) else ""


def _user(outgoing: Outgoing) -> str:
    return outgoing.only_for.rpartition("/")[2]

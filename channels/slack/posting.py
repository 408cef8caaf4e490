"""Post to Slack once: what may have arrived is looked for by our own key before it is posted again."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from channels.base import Attachment, Delivery, DeliveryError, Outgoing, Receipt
from channels.slack.blocks import Post, to_posts
from channels.slack.failures import reason_of, told_plainly

EVENT_TYPE = "warmline_post"
REMEMBERED = 20_000
PAGES = 5
PAGE = 200
REACTIONS: Mapping[str, str] = {"✅": "white_check_mark", "⚠️": "warning"}


class Posting:
    """Sends through a client; `file` gives the content of an attachment by its key."""

    def __init__(self, client: AsyncWebClient, file: Callable[[str], Awaitable[bytes | None]]) -> None:
        self._client = client
        self._file = file
        self._posted: OrderedDict[str, str] = OrderedDict()  # our key and Slack's ts of what is known to be there

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Post, draw anew, react or whisper. Raises DeliveryError."""
        with told_plainly():
            if outgoing.only_for:
                return await self._whisper(outgoing)
            if outgoing.reaction:
                return await self._react(outgoing)
            if outgoing.replaces:
                return await self._draw_anew(outgoing)
            return await self._post(outgoing)

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Look for our key where it was to be posted. What can be repeated without harm is never looked for."""
        if outgoing.only_for or outgoing.reaction or outgoing.replaces:
            return None
        room, thread = outgoing.address.room, outgoing.address.thread
        wanted = tuple(key for key, _ in _keyed(outgoing))
        with told_plainly():
            await self._look(room, thread)
            first = self._posted.get(outgoing.id)
            if first is not None and not thread and (len(wanted) > 1 or outgoing.attachments):
                await self._look(room, first)  # what follows a card stands below it
        if first is None:
            return None
        wanted += tuple(_file_key(outgoing, one, thread or first) for one in outgoing.attachments if one.key)
        return Receipt(id=first) if all(key in self._posted for key in wanted) else None

    async def _look(self, room: str, thread: str) -> None:
        cursor = ""
        for _ in range(PAGES):
            more: dict[str, Any] = {"limit": PAGE, "cursor": cursor, "include_all_metadata": True}
            if thread:
                answer = await self._client.conversations_replies(channel=room, ts=thread, **more)
            else:
                answer = await self._client.conversations_history(channel=room, **more)
            for message in answer.get("messages") or []:
                self._recognise(message)
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return
        if thread:  # a very long thread, read from its oldest end: what we look for may be in the rest
            raise DeliveryError(Delivery.UNKNOWN, "the thread is too long to look through")

    def _recognise(self, message: Mapping[str, Any]) -> None:
        metadata = message.get("metadata") or {}
        key = (metadata.get("event_payload") or {}).get("key")
        if metadata.get("event_type") == EVENT_TYPE and isinstance(key, str):
            self._remember(key, str(message.get("ts")))
        for file in message.get("files") or []:
            if message.get("bot_id") and isinstance(file.get("title"), str):
                self._remember(f"{message.get('thread_ts')}/{file['title']}", str(message.get("ts")))

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
        for attachment in outgoing.attachments:
            await self._upload(outgoing, attachment, thread)
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

    async def _whisper(self, outgoing: Outgoing) -> Receipt:
        """Seen by one person, until they reload: nothing that can be looked for, and no harm when it comes twice."""
        for key, post in _keyed(outgoing):
            if key not in self._posted:
                answer = await self._client.chat_postEphemeral(
                    channel=outgoing.address.room,
                    user=outgoing.only_for.rpartition("/")[2],
                    thread_ts=outgoing.address.thread or None,
                    text=post.text,
                    blocks=list(post.blocks) or None,
                )
                self._remember(key, str(answer["message_ts"]))
        return Receipt(id=self._posted[outgoing.id])

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

    async def _upload(self, outgoing: Outgoing, attachment: Attachment, thread: str) -> None:
        key = _file_key(outgoing, attachment, thread)
        content = await self._file(attachment.key) if attachment.key else None
        if key in self._posted or content is None:
            return
        place = await self._client.files_getUploadURLExternal(filename=attachment.name, length=len(content))
        session = self._client.session
        if session is not None:
            async with session.post(str(place["upload_url"]), data=content) as answer:
                answer.raise_for_status()
        await self._client.files_completeUploadExternal(
            files=[{"id": str(place["file_id"]), "title": _title(outgoing, attachment)}],
            channel_id=outgoing.address.room,
            thread_ts=thread or None,
        )
        self._remember(key, str(place["file_id"]))


def _keyed(outgoing: Outgoing) -> list[tuple[str, Post]]:
    """The posts of an outgoing with our names for them: the first goes by the outgoing's own id."""
    posts = enumerate(to_posts(outgoing))
    return [(f"{outgoing.id}#{number}" if number else outgoing.id, post) for number, post in posts]


def _file_key(outgoing: Outgoing, attachment: Attachment, thread: str) -> str:
    return f"{thread}/{_title(outgoing, attachment)}"


def _title(outgoing: Outgoing, attachment: Attachment) -> str:
    """A file's title: it names the post too, since a file carries no key of ours."""
    return f"{attachment.name} · {outgoing.id}"

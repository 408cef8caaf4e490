"""What Discord refuses for its size or its shape: texts, embeds, buttons, forms, names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.fakes.discord.refusals import Refusal, RefusedError, invalid
from tests.fakes.discord.state import Json

CONTENT, CONTENT_OF_PEOPLE = 2_000, 4_000  # who pays may write more
EMBEDS, EMBED_TOTAL, FIELDS = 10, 6_000, 25
ROWS, BUTTONS, CUSTOM_ID, LABEL = 5, 5, 100, 80
NONCE, FILE_BYTES, FILES = 25, 10 * 1024 * 1024, 10
EMBED_TEXTS = {"title": 256, "description": 4_096}
ROW, BUTTON, TEXT_INPUT, LABELLED = 1, 2, 4, 18
SELECTS = (3, 5, 6, 7, 8)
LINK = 5
COMMAND = re.compile(r"^[-_'\w]{1,32}$")
FORBIDDEN_NAMES = ("clyde", "discord")


def units(text: str) -> int:
    """UTF-16 units, as Discord counts: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def check_message(body: Mapping[str, Any], *, files: int = 0) -> None:
    """A message as a bot sends it. Raises RefusedError."""
    content = str(body.get("content") or "").strip()
    others = [body.get(key) for key in ("embeds", "sticker_ids", "components", "poll", "attachments")]
    if not content and not files and not any(others):
        raise RefusedError(Refusal.EMPTY)
    check_parts(body)


def check_parts(body: Mapping[str, Any]) -> None:
    """The parts of a message that are there. Raises RefusedError."""
    if units(str(body.get("content") or "").strip()) > CONTENT:
        raise invalid("content", "BASE_TYPE_MAX_LENGTH")
    if units(str(body.get("nonce") or "")) > NONCE:
        raise invalid("nonce", "NONCE_TYPE_INVALID_LENGTH")
    check_embeds(body.get("embeds") or [])
    check_rows(body.get("components") or [])


def check_embeds(embeds: list[Json]) -> None:
    """At most ten, 6,000 characters together. Raises RefusedError."""
    if len(embeds) > EMBEDS:
        raise invalid("embeds", "BASE_TYPE_MAX_LENGTH")
    for number, embed in enumerate(embeds):
        for path, text, most in _embed_texts(embed):
            if not 0 < units(text) <= most:
                raise invalid(f"embeds.{number}.{path}", "BASE_TYPE_BAD_LENGTH")
        if len(embed.get("fields") or []) > FIELDS:
            raise invalid(f"embeds.{number}.fields", "BASE_TYPE_MAX_LENGTH")
        for link in _links(embed):
            if not str(link).startswith(("http://", "https://", "attachment://")):
                raise invalid(f"embeds.{number}.url", "URL_TYPE_INVALID_SCHEME")
    if sum(units(text) for embed in embeds for _, text, _ in _embed_texts(embed)) > EMBED_TOTAL:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED")


def _embed_texts(embed: Json) -> Iterator[tuple[str, str, int]]:
    """Where, what, and how long it may be."""
    for key, most in EMBED_TEXTS.items():
        if embed.get(key) is not None:
            yield key, embed[key], most
    if embed.get("footer"):
        yield "footer.text", embed["footer"].get("text", ""), 2_048
    if embed.get("author"):
        yield "author.name", embed["author"].get("name", ""), 256
    for number, field in enumerate(embed.get("fields") or []):
        yield f"fields.{number}.name", str(field.get("name", "")).strip(), 256
        yield f"fields.{number}.value", str(field.get("value", "")).strip(), 1_024


def _links(embed: Json) -> Iterable[str]:
    parts = [embed, *(embed[key] for key in ("image", "thumbnail", "author") if embed.get(key))]
    return [part["url"] for part in parts if part.get("url")]


def check_rows(rows: list[Json]) -> None:
    """At most five rows of five buttons, or of one menu. Raises RefusedError."""
    if len(rows) > ROWS:
        raise invalid("components", "BASE_TYPE_BAD_LENGTH")
    seen: set[str] = set()
    for number, row in enumerate(rows):
        path = f"components.{number}"
        if row.get("type") != ROW or not row.get("components"):
            raise invalid(path, "UNION_TYPE_CHOICES")
        menus = [part for part in row["components"] if part["type"] in SELECTS]
        if len(row["components"]) > (1 if menus else BUTTONS):
            raise invalid(f"{path}.components", "BASE_TYPE_BAD_LENGTH")
        for part in row["components"]:
            _check_button(path, part, seen)


def _check_button(path: str, part: Json, seen: set[str]) -> None:
    if part["type"] not in (BUTTON, *SELECTS):
        raise invalid(path, "UNION_TYPE_CHOICES")
    if part["type"] == BUTTON and units(part.get("label") or "") > LABEL:
        raise invalid(f"{path}.label", "BASE_TYPE_BAD_LENGTH")
    if part["type"] == BUTTON and not part.get("label") and not part.get("emoji"):
        raise invalid(f"{path}.label", "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED")
    if part.get("style") == LINK and part["type"] == BUTTON:
        return
    _check_custom_id(path, part)
    if part["custom_id"] in seen:
        raise invalid(f"{path}.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED")
    seen.add(part["custom_id"])
    _check_options(path, part)


def _check_custom_id(path: str, part: Json) -> None:
    if not 0 < units(str(part.get("custom_id") or "")) <= CUSTOM_ID:
        raise invalid(f"{path}.custom_id", "BASE_TYPE_BAD_LENGTH")


def _check_options(path: str, part: Json) -> None:
    options = part.get("options") or []
    too_long = any(units(str(one.get(key) or "")) > 100 for one in options for key in ("label", "value", "description"))
    if len(options) > 25 or too_long or (part["type"] == 3 and not options):
        raise invalid(f"{path}.options", "BASE_TYPE_BAD_LENGTH")
    if units(part.get("placeholder") or "") > 150:
        raise invalid(f"{path}.placeholder", "BASE_TYPE_BAD_LENGTH")


def check_modal(data: Json) -> None:
    """A form: a title of 45, one to five parts. Raises RefusedError."""
    if not 0 < units(str(data.get("title") or "")) <= 45:
        raise invalid("data.title", "BASE_TYPE_BAD_LENGTH")
    _check_custom_id("data", data)
    if not 0 < len(data.get("components") or []) <= 5:
        raise invalid("data.components", "BASE_TYPE_BAD_LENGTH")
    for number, part in enumerate(data["components"]):
        path = f"data.components.{number}"
        label = part.get("label", "") if part["type"] == LABELLED else part["components"][0].get("label", "")
        if not 0 < units(label) <= 45 or units(part.get("description") or "") > 100:
            raise invalid(f"{path}.label", "BASE_TYPE_BAD_LENGTH")
        asked = inputs_of(part)
        _check_custom_id(path, asked)
        _check_options(path, asked)
        if units(asked.get("placeholder") or "") > (100 if asked["type"] == TEXT_INPUT else 150):
            raise invalid(f"{path}.placeholder", "BASE_TYPE_BAD_LENGTH")


def inputs_of(part: Json) -> Json:
    """What a part of a form asks: in a row of its own, or below a label."""
    found: Json = part["component"] if part["type"] == LABELLED else part["components"][0]
    return found


def check_name(path: str, name: str, most: int) -> None:
    """A name of 1 to `most` characters. Raises RefusedError."""
    if not 0 < units(name.strip()) <= most:
        raise invalid(path, "BASE_TYPE_BAD_LENGTH")


def check_webhook_name(path: str, name: str) -> None:
    """At most 80, and none that looks like Discord's own. Raises RefusedError."""
    check_name(path, name, 80)
    if any(word in name.lower() for word in FORBIDDEN_NAMES) or name.lower() in ("everyone", "here"):
        raise invalid(path, "USERNAME_INVALID_CONTAINS")


def check_command(path: str, command: Json) -> None:
    """The name, description and options of an application's command. Raises RefusedError."""
    name, slash = str(command.get("name") or ""), command.get("type", 1) == 1
    if slash and (not COMMAND.match(name) or name != name.lower()):
        raise invalid(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME")
    if slash and not 0 < units(str(command.get("description") or "")) <= 100:
        raise invalid(f"{path}.description", "BASE_TYPE_BAD_LENGTH")
    if not slash and not 0 < units(name) <= 32:
        raise invalid(f"{path}.name", "BASE_TYPE_BAD_LENGTH")
    for number, option in enumerate(command.get("options") or []):
        check_command(f"{path}.options.{number}", {**option, "type": 1, "options": []})

"""Posts, cards, buttons and forms as Discord draws them, within its limits. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from channels.base import Button, Card, Field, Input, InputKind, Outgoing
from channels.discord.markdown import escape, to_discord
from channels.markup import clip, split, units

Json: TypeAlias = dict[str, Any]

PART = 1_900  # of 2,000 in a message
NONCE = 25
TITLE = 250  # of 256
VALUE = 700  # of 1,024 in a field
CARD = 5_500  # of 6,000 in all embeds of a message
FOOTER = 1_800
QUOTES_ON_CARD = 3
LABEL = 80
ROW, ROWS = 5, 5
CUSTOM_ID = 100
FORM_TITLE = 45
FORM_LABEL = 45
FORM_PARTS = 5
MAX_OPTIONS = 25
OPTION = 100
TEXT = 4_000
THREAD_NAME = 90
PRIMARY = frozenset({"claim", "claim_send", "private"})
PRESS, FORM = "w", "f"  # what a custom id of ours begins with: a button, a form
ACTION_ROW, BUTTON, MENU, TEXT_INPUT, USER_MENU, LABELLED, CHECKBOX = 1, 2, 3, 4, 5, 18, 23
GREY, BLUE = 2, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message on Discord: its text, embeds and rows of buttons, as JSON."""

    text: str = ""
    embeds: tuple[Json, ...] = ()
    rows: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What a custom id of ours says: the action's name, what the button carried, and the /ask it belongs to."""

    name: str
    value: str
    ask: str = ""
    form: bool = False


def to_posts(outgoing: Outgoing, *, embeds: bool = True, named: bool = True) -> tuple[Post, ...]:
    """What an outgoing becomes, in order, at least one post; those after a card belong into its thread.

    Without `embeds` everything is text, where Discord would drop them; without `named` the author stands elsewhere.
    """
    if outgoing.card is None:
        return _words(outgoing, embeds=embeds, named=named)
    if outgoing.address.thread or outgoing.only_for:
        return _card_in_thread(outgoing.card, outgoing.text, outgoing.address.thread)
    posts = _card(outgoing.card, embeds=embeds)
    return posts[:1] if outgoing.replaces else posts


def to_nonce(id: str, number: int = 0) -> str:
    """Our name for a part of an outgoing, as Discord takes it: at most 25 characters, the same each time."""
    name = f"{id}#{number}" if number else id
    return name if units(name) <= NONCE else hashlib.blake2s(name.encode(), digest_size=12).hexdigest()


def to_custom_id(name: str, value: str, ask: str = "", *, kind: str = PRESS) -> str:
    """A custom id that is the same for ever, so that old buttons work after any restart."""
    return "|".join([kind, name, value, *([ask] if ask else [])])[:CUSTOM_ID]


def from_custom_id(text: str) -> Pressed | None:
    """What `to_custom_id` wrote; None for any other."""
    kind, *rest = text.split("|", 3)
    if kind not in (PRESS, FORM) or len(rest) < 2 or not rest[0]:
        return None
    return Pressed(name=rest[0], value=rest[1], ask=rest[2] if len(rest) > 2 else "", form=kind == FORM)


def to_form(pressed: Pressed, title: str, inputs: Sequence[Input], begins: Mapping[str, str]) -> Json:
    """A form to fill in; its custom id carries what the button did. `begins` is what stands in it, by input name."""
    return {
        "title": clip(title, FORM_TITLE),
        "custom_id": to_custom_id(pressed.name, pressed.value, pressed.ask, kind=FORM),
        "components": [_labelled(one, begins.get(one.name, "")) for one in inputs[:FORM_PARTS]],
    }


def to_rows(buttons: Sequence[Button], ask: str = "") -> tuple[Json, ...]:
    """Buttons, five a row, each custom id once."""
    drawn = {(one := _button(button, ask))["custom_id"]: one for button in buttons[: ROW * ROWS]}
    parts = list(drawn.values())
    return tuple({"type": ACTION_ROW, "components": parts[at : at + ROW]} for at in range(0, len(parts), ROW))


def to_thread_name(text: str) -> str:
    """The name of a thread: the first line of what it is about."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return clip(" ".join(first.split()), THREAD_NAME) or "Question"


def _words(outgoing: Outgoing, *, embeds: bool, named: bool) -> tuple[Post, ...]:
    footer = outgoing.footer if outgoing.footer and outgoing.text.rstrip().endswith(outgoing.footer) else ""
    text = outgoing.text.rstrip().removesuffix(footer).rstrip() if footer else outgoing.text
    shown = to_discord(text)
    if outgoing.author and named:
        shown = f"**{escape(outgoing.author)}**: {shown}"
    small = clip(to_discord(footer), FOOTER) if footer else ""
    if small and not embeds:
        shown += "".join(f"\n-# {line}" for line in small.splitlines() if line.strip())
    posts = [Post(text=part) for part in split(shown, PART)]
    if not posts and not outgoing.attachments:
        posts = [Post(text="…")]
    if posts:
        last = Post(
            text=posts[-1].text,
            embeds=({"description": small},) if small and embeds else (),
            rows=to_rows(outgoing.buttons, _ask(outgoing.address.thread)),
        )
        posts[-1] = last
    return tuple(posts)


def _ask(thread: str) -> str:
    return thread if thread.startswith("ask-") else ""


def _card(card: Card, *, embeds: bool) -> tuple[Post, ...]:
    """A card with its newest quotes; what was said before follows as posts of their own."""
    shown, earlier = card.quotes[-QUOTES_ON_CARD:], card.quotes[:-QUOTES_ON_CARD]
    title, rows = escape(clip(card.title, TITLE)), to_rows(card.buttons)
    rest = tuple(Post(text=part) for part in _joined(_quotes(earlier)))
    if not embeds:
        parts = _joined([f"**{title}**", *_fields(card.fields), *_quotes(shown)])
        return (Post(text=parts[0], rows=rows), *(Post(text=part) for part in parts[1:]), *rest)
    title = clip(title, TITLE) or "…"
    embed = {"title": title, "fields": _within([*_drawn(card.fields), *_drawn(shown, mark="> ")])}
    return (Post(text=title, embeds=(embed,), rows=rows), *rest)


def _drawn(fields: Iterable[Field], mark: str = "") -> list[Json]:
    """Fields of an embed; neither part may be empty."""
    return [
        {
            "name": clip(escape(one.name), TITLE) or "…",
            "value": clip(mark + escape(clip(one.text, VALUE)).replace("\n", f"\n{mark}"), VALUE + 300) or "…",
        }
        for one in fields
    ]


def _within(fields: list[Json]) -> list[Json]:
    """As many fields as a card holds: of the last ones the newest first."""
    kept, used = [], 0
    for field in fields[:25]:
        used += units(field["name"]) + units(field["value"])
        if used > CARD - 2 * TITLE:
            break
        kept.append(field)
    return kept


def _card_in_thread(card: Card, text: str, thread: str) -> tuple[Post, ...]:
    title = escape(clip(card.title, PART // 2))
    lines = [f"**{title}**" if title and (card.fields or card.quotes) else title, to_discord(text)]
    parts = _joined([line for line in (*lines, *_fields(card.fields), *_quotes(card.quotes)) if line]) or ("…",)
    last = Post(text=parts[-1], rows=to_rows(card.buttons, _ask(thread)))
    return (*(Post(text=part) for part in parts[:-1]), last)


def _fields(fields: Iterable[Field]) -> list[str]:
    return [f"**{escape(one.name)}**\n{escape(clip(one.text, PART // 2))}" for one in fields]


def _quotes(quotes: Iterable[Field]) -> list[str]:
    return ["\n".join([f"**{escape(one.name)}**", *_quoted(one.text)]) for one in quotes]


def _quoted(text: str) -> list[str]:
    return [f"> {line}" for line in escape(text).split("\n")]


def _joined(texts: Iterable[str]) -> tuple[str, ...]:
    """Texts one below the other, in as few parts as there must be."""
    parts: list[str] = []
    for text in texts:
        for piece in split(text, PART):
            if parts and units(parts[-1]) + units(piece) < PART - 1:
                parts[-1] = f"{parts[-1]}\n{piece}"
            else:
                parts.append(piece)
    return tuple(parts)


def _button(button: Button, ask: str) -> Json:
    return {
        "type": BUTTON,
        "style": BLUE if button.name in PRIMARY else GREY,
        "label": clip(button.label, LABEL) or "…",
        "custom_id": to_custom_id(button.name, button.value, ask),
    }


def _labelled(one: Input, begin: str) -> Json:
    label: Json = {"type": LABELLED, "label": clip(one.label, FORM_LABEL)}
    if units(one.label) > FORM_LABEL:
        label["description"] = clip(one.label, 100)
    return {**label, "component": _asked(one, begin)}


def _asked(one: Input, begin: str) -> Json:
    required = not one.optional
    match one.kind:
        case InputKind.TEXT:
            asked: Json = {"type": TEXT_INPUT, "custom_id": one.name, "style": 2, "required": required}
            return asked | {"max_length": TEXT} | ({"value": clip(begin, TEXT)} if begin else {})
        case InputKind.PERSON:
            return {"type": USER_MENU, "custom_id": one.name, "required": required, "min_values": int(required)}
        case InputKind.CHECK:
            return {"type": CHECKBOX, "custom_id": one.name}
        case InputKind.CHOICE:
            options = [
                {"label": clip(label, OPTION), "value": value, "default": value == begin}
                for value, label in one.choices[:MAX_OPTIONS]
            ]
            menu: Json = {"type": MENU, "custom_id": one.name, "options": options, "required": required}
            return {**menu, "min_values": int(required)}

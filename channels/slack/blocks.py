"""Posts, cards, buttons and forms as Slack draws them, within its limits. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from channels.base import Button, Card, Field, Input, InputKind, Outgoing
from channels.markup import clip, escape_slack, split, to_slack, units

Block: TypeAlias = dict[str, Any]

PART = 2_900  # of 3,000 in a section
HEADER = 150
LABEL = 75
VALUE = 2_000
CARD = 9_000  # of about 13,200 in a message
QUOTES_ON_CARD = 3
QUOTED_ON_CARD = 2_500
MAX_BUTTONS = 25
FORM_TITLE = 24
MAX_OPTIONS = 100
TYPED = 3_000
PRIMARY = frozenset({"claim", "claim_send", "send_draft"})
VIEWS: Mapping[str, tuple[str, str]] = {  # what a form is called, and its last button
    "assign": ("Give it to a colleague", "Assign"),
    "edit_draft": ("Edit the reply", "Send"),
    "note": ("Note for agents", "Keep"),
    "resolve": ("Resolve", "Resolve"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message on Slack: `text` is what notifications and old clients show beside the blocks."""

    text: str
    blocks: tuple[Block, ...] = ()


def to_posts(outgoing: Outgoing) -> tuple[Post, ...]:
    """What an outgoing becomes, in order, at least one post. The posts after a card belong into its thread."""
    if outgoing.card is None:
        return _words(outgoing)
    if outgoing.replaces:
        return _card(outgoing.card)[:1]
    if outgoing.address.thread or outgoing.only_for:
        return _card_in_thread(outgoing.card, outgoing.text)
    return _card(outgoing.card)


def to_view(name: str, inputs: Sequence[Input], kept: Mapping[str, str], begins: Mapping[str, str]) -> Block:
    """A form. `kept` comes back with the answers: where the button stands and what it carried; `begins` fills it in."""
    title, done = VIEWS.get(name, (name.replace("_", " ").capitalize(), "Done"))
    return {
        "type": "modal",
        "callback_id": name,
        "title": _plain(title, FORM_TITLE),
        "submit": _plain(done, FORM_TITLE),
        "close": _plain("Cancel", FORM_TITLE),
        "private_metadata": json.dumps({**kept, "name": name}),
        "blocks": [_input(one, begins.get(one.name, "")) for one in inputs],
    }


def _words(outgoing: Outgoing) -> tuple[Post, ...]:
    author = f"*{escape_slack(outgoing.author)}*\n" if outgoing.author else ""
    parts = split(author + to_slack(outgoing.text), PART) or (author.strip() or "…",)
    posts = [Post(text=part) for part in parts]
    if outgoing.buttons:
        posts[-1] = Post(text=parts[-1], blocks=(_section(parts[-1]), *_actions(outgoing.buttons)))
    return tuple(posts)


def _card(card: Card) -> tuple[Post, ...]:
    """A card with its newest quotes; what was said before follows as posts of their own."""
    shown = _newest(card.quotes)
    earlier = card.quotes[: len(card.quotes) - len(shown)]
    sections = [*_sections(_fields(card.fields)), *_sections(_quotes(shown))]
    first = Post(
        text=_title(card),
        blocks=(
            {"type": "header", "text": _plain(card.title, HEADER)},
            *_within(sections, CARD),
            *_actions(card.buttons),
        ),
    )
    return (first, *(Post(text=part) for part in _joined(_quotes(earlier))))


def _card_in_thread(card: Card, text: str) -> tuple[Post, ...]:
    title = f"*{_title(card)}*" if card.title.strip() and (card.fields or card.quotes) else _title(card)
    lines = [line for line in (title, to_slack(text)) if line]
    parts = _joined([*lines, *_fields(card.fields), *_quotes(card.quotes)]) or ("…",)
    posts = [Post(text=part) for part in parts]
    if card.buttons:
        posts[-1] = Post(text=parts[-1], blocks=(_section(parts[-1]), *_actions(card.buttons)))
    return tuple(posts)


def _title(card: Card) -> str:
    return escape_slack(clip(card.title, PART // 2))


def _fields(fields: Iterable[Field]) -> list[str]:
    return [f"*{escape_slack(one.name)}*\n{escape_slack(clip(one.text, PART // 2))}" for one in fields]


def _quotes(quotes: Iterable[Field]) -> list[str]:
    return ["\n".join([f"*{escape_slack(one.name)}*", *_quoted(one.text)]) for one in quotes]


def _quoted(text: str) -> list[str]:
    return [f"> {line}" for line in escape_slack(text).split("\n")]


def _newest(quotes: tuple[Field, ...]) -> tuple[Field, ...]:
    """The last quotes that a card has room for, at least one."""
    shown: list[Field] = []
    used = 0
    for quote in reversed(quotes[-QUOTES_ON_CARD:]):
        used += sum(len(line) + 1 for line in _quoted(quote.text))
        if shown and used > QUOTED_ON_CARD:
            break
        shown.insert(0, quote)
    return tuple(shown)


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


def _sections(texts: Iterable[str]) -> list[Block]:
    return [_section(part) for part in _joined(texts)]


def _within(sections: list[Block], limit: int) -> list[Block]:
    """As many sections as a message holds."""
    kept, used = [], 0
    for section in sections:
        used += units(section["text"]["text"])
        if used > limit:
            break
        kept.append(section)
    return kept


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _actions(buttons: Sequence[Button]) -> tuple[Block, ...]:
    """Action ids are the names, so that old cards work for ever; the second of a name is told apart by a number."""
    elements: list[Block] = []
    names: dict[str, int] = {}
    for button in buttons[:MAX_BUTTONS]:
        again = names[button.name] = names.get(button.name, 0) + 1
        element: Block = {
            "type": "button",
            "action_id": button.name if again == 1 else f"{button.name}:{again}",
            "text": _plain(button.label, LABEL),
            "value": button.value[:VALUE],
        }
        elements.append(element | ({"style": "primary"} if button.name in PRIMARY else {}))
    return ({"type": "actions", "elements": elements},) if elements else ()


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": clip(text, limit) or "…", "emoji": False}


def _input(one: Input, begins: str) -> Block:
    block = {"type": "input", "block_id": one.name, "label": _plain(one.label, 2_000), "optional": one.optional}
    element: Block = {"action_id": one.name}
    match one.kind:
        case InputKind.TEXT:
            element |= {"type": "plain_text_input", "multiline": True, "max_length": TYPED}
            element |= {"initial_value": clip(begins, TYPED)} if begins else {}
        case InputKind.PERSON:
            element |= {"type": "users_select"}
        case InputKind.CHOICE:
            options = [{"text": _plain(label, LABEL), "value": value} for value, label in one.choices[:MAX_OPTIONS]]
            element |= {"type": "static_select", "options": options}
            chosen = [option for option in options if option["value"] == begins]
            element |= {"initial_option": chosen[0]} if chosen else {}
        case InputKind.CHECK:
            option = {"text": _plain(one.label, LABEL), "value": "yes"}
            element |= {"type": "checkboxes", "options": [option]}
            block["optional"] = True  # a box that is not ticked is an answer
    return {**block, "element": element}

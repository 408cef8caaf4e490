"""How the terminal shows what was sent: coloured on a terminal, plain and unwrapped anywhere else."""

import re
import sys

from rich.console import Console as Screen
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from channels.base import Button, Card, Field, Outgoing

AI, CUSTOMER, AGENT, DESK, PRIVATE, DIM = "bold green", "bold cyan", "bold magenta", "bold yellow", "bold blue", "dim"
INDENT = 4
# Terminal escape sequences begin with one of these, and the last ranges reverse the reading direction.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
ASIDE = re.compile(r"\n\n[^\W\d_]{3,20} ?: [^\n]+\Z")
# Buttons whose command is another word; all others are typed by their own name.
COMMANDS = {"ask_human": "human", "send_code": "code", "claim_send": "send", "keep_note": "keep"}

HELP = """\
plain text       a message; at the desk, a reply to the customer of the card you have open
/customer NAME   be a customer (without a name: the guest)
/agent NAME      be a human agent at the desk
/why             why the bot did what it did, for the conversation you are in
/quit            leave
as a customer:   /solved   /human   /code   /rate 1 to 5
as an agent:     /claim   /return   /resolve   /reopen   /suggest   /more_time   /assign NAME   /open N   /send   /keep
                 !text or /note text is a note that stays inside
//text           a message that begins with /"""


def to_screen() -> Screen:
    """Standard output. What its encoding lacks is replaced rather than refused."""
    if (sys.stdout.encoding or "").lower() != "utf-8":
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr] # a text file unless somebody replaced it
    return Screen(highlight=False, markup=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def to_visible(text: str) -> str:
    """Words from outside as they may be printed: nothing in them can steer the terminal."""
    return CONTROLS.sub("", text.replace("\r\n", "\n")).encode("utf-8", "replace").decode("utf-8")


def draw_words(label: str, style: str, outgoing: Outgoing, screen: Screen) -> RenderableType:
    """Who says it, what, and which buttons there are. Later lines are indented: no text can pass for another's."""
    lines = [_beginning(label, style, outgoing, screen)]
    if outgoing.card is not None:
        lines += [Text(" " * INDENT) + _quote(quote) for quote in outgoing.card.quotes]
    lines += [Text(f"{' ' * INDENT}[file: {to_visible(file.name)}]", DIM) for file in outgoing.attachments]
    buttons = (*outgoing.buttons, *(outgoing.card.buttons if outgoing.card else ()))
    if buttons:
        lines.append(Text(" " * INDENT) + _buttons(buttons))
    return Group(*lines)


def draw_card(card: Card, screen: Screen) -> RenderableType:
    """The brief at the desk: a panel on a terminal, indented lines elsewhere."""
    title = Text(to_visible(card.title), DESK)
    buttons = [_buttons(card.buttons)] if card.buttons else []
    if screen.is_terminal:
        body = Group(_table(card.fields, "bold"), _table(card.quotes, DIM), *buttons)
        return Panel(body, title=title, title_align="left", border_style="yellow")
    lines = [*map(_field, card.fields), *map(_quote, card.quotes), *buttons]
    return Group(Text("desk: ") + title, *(Text(" " * INDENT) + line for line in lines))


def draw_status(card: Card) -> RenderableType:
    """A card that was drawn anew, in one line."""
    return Text(f"desk: {to_visible(card.title)}", DESK)


def _beginning(label: str, style: str, outgoing: Outgoing, screen: Screen) -> RenderableType:
    said = to_visible(outgoing.text or (outgoing.card.title if outgoing.card else "")).strip()
    if not screen.is_terminal:
        return Text.assemble((f"{label}: ", style), _indented(said))
    if "\n" not in said and len(label) + len(said) + 2 <= screen.width:
        return Text.assemble((f"{label}: ", style), said)
    said, aside = _split_aside(said)
    body = Text.assemble(said, (aside, DIM))
    return Group(Text(label, style), Padding(body, (0, 0, 0, INDENT)))


def _split_aside(text: str) -> tuple[str, str]:
    """A last line like "Source: ..." below an empty one stands apart."""
    found = ASIDE.search(text)
    return (text[: found.start()], found.group()) if found else (text, "")


def _table(fields: tuple[Field, ...], style: str) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for field in fields:
        table.add_row(Text(to_visible(field.name), style), Text(to_visible(field.text).strip()))
    return table


def _field(field: Field) -> Text:
    return Text.assemble((f"{to_visible(field.name)}: ", "bold"), _indented(to_visible(field.text)))


def _quote(quote: Field) -> Text:
    return Text.assemble((f"| {to_visible(quote.name)}: ", DIM), _indented(to_visible(quote.text)))


def _buttons(buttons: tuple[Button, ...]) -> Text:
    shown = "   ".join(f"{to_command(button)} ({to_visible(button.label)})" for button in buttons)
    return Text(shown, DIM)


def to_command(button: Button) -> str:
    """What is typed to press a button."""
    return "/" + COMMANDS.get(button.name, button.name)


def _indented(text: str) -> str:
    first, *others = text.strip().split("\n")
    return "\n".join([first, *(" " * INDENT + line if line.strip() else "" for line in others)])

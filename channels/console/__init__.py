"""A terminal as a channel: no account needed, and the template to copy for a new one."""

import sys
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from rich.console import Console as Screen
from rich.console import RenderableType
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from channels.base import Action, Address, Host, Message, Outgoing, Person, Receipt
from channels.console import screen
from channels.console.lines import Lines
from channels.console.screen import AGENT, CUSTOMER, DIM, to_visible

NAME = "console"
GUEST = Person(id="guest", name="Guest")
DESK_COMMANDS = frozenset({"claim", "return", "resolve", "reopen", "suggest", "more_time"})

Receive: TypeAlias = Callable[[Message | Action], Awaitable[None]]
Read: TypeAlias = Callable[[], Awaitable[str | None]]
Explain: TypeAlias = Callable[[Address], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `[console]` table. The desk is served here when `desk.channel` is "console" and `desk.room` this room."""

    enabled: bool = True
    customer_room: str = "you"
    desk_room: str = "desk"


def connect(settings: Settings, _host: Host | None = None) -> "Console":
    """The terminal that this process was started in; it has nothing for the house to keep."""
    return Console(settings, screen=screen.to_screen(), read=Lines(sys.stdin).read)


def to_person(name: str) -> Person:
    """Whoever is named in `/customer` or `/agent`: the id is the name in small letters."""
    return Person(id=name.lower(), name=name[:1].upper() + name[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A card as the desk sees it: which conversation it is about, and the thread below it."""

    conversation: str
    title: str
    thread: str


class Console:
    """A terminal at which one may sit as any customer and as any agent.

    `read` returns the next line, None at the end; `explain` says why for the conversation at an address.
    """

    name = NAME

    def __init__(
        self,
        settings: Settings,
        *,
        screen: Screen,
        read: Read,
        explain: Explain | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._screen = screen
        self._read = read
        self._clock = clock
        self.explain = explain
        self._session = uuid.uuid4().hex[:12]  # ids of a later start must differ from those already stored
        self._typed = 0
        self._receipts: dict[str, Receipt] = {}
        self._cards: dict[str, Placed] = {}  # by conversation, the newest last
        self._open = ""  # the conversation that the agent works on; else the newest card
        self._prompt: Outgoing | None = None  # a private question with buttons
        self._asking = False
        self._held: str | None = None  # a line that was read and not stored: handed in first when listened to again
        self._agent: Person | None = None
        self._customer = GUEST
        self._commands: dict[str, Callable[[str, Receive], Awaitable[None]]] = {
            "agent": self._become_agent,
            "customer": self._become_customer,
            "open": self._open_card,
            "note": self._write_note,
            "assign": self._assign,
            "send": lambda _, receive: self._answer_prompt("claim_send", receive),
            "keep": lambda _, receive: self._answer_prompt("keep_note", receive),
            "solved": lambda _, receive: self._press_as_customer("solved", "", receive),
            "code": lambda _, receive: self._press_as_customer("send_code", "", receive),
            "human": lambda _, receive: self._press_as_customer("ask_human", "", receive),
            "rate": lambda stars, receive: self._press_as_customer("rate", stars, receive),
            "why": self._say_why,
        }

    async def listen(self, receive: Receive) -> None:
        """Hand in line after line until the input ends; the next is read when `receive` has returned."""
        if self._held is not None:
            self._tell("What you typed could not be stored just now; it is handed in again.")
        while True:
            line = self._held
            if line is None:
                self._ask()
                line = await self._read()
                self._asking = False
            if line is None or line.strip() == "/quit":
                return
            self._held = line
            await self.type(line, receive)
            self._held = None

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Print once; our own id serves as the service's."""
        if outgoing.id not in self._receipts:
            self._receipts[outgoing.id] = Receipt(id=outgoing.id)
            self._remember(outgoing)
            if outgoing.text or outgoing.card or outgoing.attachments:  # a reaction alone is for other services
                self.print(self._draw(outgoing))
        return self._receipts[outgoing.id]

    async def find(self, outgoing: Outgoing) -> Receipt | None:
        """Tell whether it was printed in this run: an earlier run's screen is gone."""
        return self._receipts.get(outgoing.id)

    async def close(self) -> None:
        """Nothing is held open: the terminal belongs to whoever started us."""

    async def type(self, line: str, receive: Receive) -> None:
        """Do what one line says: a message, a command, or a button."""
        line = line.rstrip("\r\n")
        word, _, rest = line.removeprefix("/").partition(" ")
        if not line.startswith("/") or line.startswith("//"):
            await self._write(line[1:] if line.startswith("//") else line, receive)
        elif word in self._commands:
            await self._commands[word](rest.strip(), receive)
        elif word == "help":
            self._tell(screen.HELP)
        elif word in DESK_COMMANDS:
            await self._press_at_desk(word, receive)
        else:
            self._tell(f"There is no command /{word}; /help lists them, and //{word} sends it as a message.")

    def echo(self, line: str) -> None:
        """Print a line as if somebody had typed it."""
        self.print(Text.assemble((f"{self._who()} > ", AGENT if self._agent else CUSTOMER), to_visible(line)))

    def print(self, what: RenderableType) -> None:
        """Print, in place of the prompt if one is waiting."""
        if self._asking:
            self._screen.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))
        self._screen.print(what)
        if self._asking:
            self._ask()

    def _ask(self) -> None:
        if self._screen.is_terminal:
            self._asking = True
            self._screen.print(Text(f"{self._who()} > ", AGENT if self._agent else CUSTOMER), end="")

    def _who(self) -> str:
        return f"{self._agent.name} (agent)" if self._agent else self._customer.name

    def _here(self) -> Address:
        """Where whoever sits at the terminal writes: the guest in the room itself, others in threads of their own."""
        if self._agent is None:
            thread = "" if self._customer == GUEST else self._customer.id
            return Address(channel=NAME, room=self._settings.customer_room, thread=thread)
        card = self._card()
        return Address(channel=NAME, room=self._settings.desk_room, thread=card.thread if card else "")

    def _card(self) -> Placed | None:
        newest = next(reversed(self._cards.values()), None)
        return self._cards.get(self._open, newest)

    def _next_id(self) -> str:
        self._typed += 1
        return f"{self._session}-{self._typed}"

    async def _write(self, text: str, receive: Receive) -> None:
        if self._agent is not None:
            card = self._card()
            if card is None:
                self._tell("There is nothing on the desk yet.")
                return
            self._open = card.conversation
        message = Message(
            external_id=self._next_id(),
            address=self._here(),
            sender=self._agent or self._customer,
            text=text,
            sent_at=self._clock(),
        )
        await receive(message)

    async def _press(self, name: str, value: str, address: Address, receive: Receive) -> None:
        action = Action(
            external_id=self._next_id(),
            address=address,
            actor=self._agent or self._customer,
            name=name,
            value=value,
            sent_at=self._clock(),
        )
        await receive(action)

    async def _press_as_customer(self, name: str, value: str, receive: Receive) -> None:
        if self._agent is not None:
            self._tell("That is for customers: write /customer first.")
        elif name == "rate" and value not in tuple("12345"):
            self._tell("How many stars? Write /rate 1 to /rate 5.")
        else:
            await self._press(name, value, self._here(), receive)

    async def _press_at_desk(self, name: str, receive: Receive) -> None:
        card = self._card()
        if self._agent is None:
            self._tell("That is for agents: write /agent anna first, or any other name.")
        elif card is None:
            self._tell("There is nothing on the desk yet.")
        else:
            self._open = card.conversation
            await self._press(name, card.conversation, self._here(), receive)
            if name in ("return", "resolve"):  # only when it is stored: else the next try would mean another card
                self._open = ""

    async def _assign(self, name: str, receive: Receive) -> None:
        card = self._card()
        if self._agent is None or card is None or not name:
            self._tell("As an agent with a card open, write /assign and the colleague's name.")
            return
        action = Action(
            external_id=self._next_id(),
            address=self._here(),
            actor=self._agent,
            name="assign",
            value=card.conversation,
            sent_at=self._clock(),
            target=to_person(name),
        )
        await receive(action)

    async def _answer_prompt(self, name: str, receive: Receive) -> None:
        asked = self._prompt
        buttons = asked.card.buttons if asked and asked.card else ()
        pressed = next((button for button in buttons if button.name == name), None)
        if asked is None or pressed is None or self._agent is None or asked.only_for != self._agent.id:
            self._tell("Nothing was asked of you.")
            return
        await self._press(name, pressed.value, asked.address, receive)
        if self._prompt is asked:  # answered once it is stored: a try that failed is repeated
            self._prompt = None

    async def _write_note(self, text: str, receive: Receive) -> None:
        if self._agent is None:
            self._tell("Notes are for agents: write /agent anna first, or any other name.")
        elif not text:
            self._tell("What should the note say? Write /note and the words, or ! and the words.")
        else:
            await self._write(f"!{text}", receive)

    async def _become_agent(self, name: str, _: Receive) -> None:
        self._agent = to_person(name or "agent")
        self._tell(f"You are {self._agent.name}, a human agent at the desk.")

    async def _become_customer(self, name: str, _: Receive) -> None:
        self._agent = None
        self._customer = to_person(name) if name else self._customer
        self._tell(f"You are {self._customer.name}, a customer.")

    async def _open_card(self, number: str, _: Receive) -> None:
        if number in self._cards:
            self._open = number
            self._tell(f"You work on {number}: {self._cards[number].title}")
            return
        listed = ", ".join(f"/open {card.conversation} ({card.title})" for card in self._cards.values())
        self._tell(f"On the desk: {listed or 'nothing yet'}")

    async def _say_why(self, _: str, __: Receive) -> None:
        if self.explain is None:
            self._tell("Ask `warmline why` with the number of a conversation.")
        else:
            self.print(Text(to_visible(await self.explain(self._here())), DIM))

    def _tell(self, text: str) -> None:
        self.print(Text(to_visible(text), DIM))

    def _remember(self, outgoing: Outgoing) -> None:
        card = outgoing.card
        if card is None or not card.buttons:
            return
        if outgoing.only_for:
            self._prompt = outgoing
        elif card.fields and not outgoing.replaces:
            number = card.buttons[0].value
            self._cards.pop(number, None)
            self._cards[number] = Placed(conversation=number, title=to_visible(card.title), thread=outgoing.id)

    def _draw(self, outgoing: Outgoing) -> RenderableType:
        card = outgoing.card
        if outgoing.only_for:
            return screen.draw_words(f"only for {outgoing.only_for}", screen.PRIVATE, outgoing, self._screen)
        if card is not None and outgoing.replaces:
            return screen.draw_status(card)
        if card is not None and card.fields:
            return screen.draw_card(card, self._screen)
        if outgoing.address.room != self._settings.desk_room:
            return self._draw_for_customer(outgoing)
        return screen.draw_words("desk", screen.DESK, outgoing, self._screen)

    def _draw_for_customer(self, outgoing: Outgoing) -> RenderableType:
        """Always with who says it: the AI by that name, a human by theirs; to whom, when somebody else sits here."""
        author = f"{to_visible(outgoing.author)} (agent)" if outgoing.author else "AI assistant"
        to = outgoing.address.thread or GUEST.id
        whom = f" to {to}" if self._agent is not None or to != self._customer.id else ""
        style = AGENT if outgoing.author else screen.AI
        return screen.draw_words(f"{author}{whom}", style, outgoing, self._screen)

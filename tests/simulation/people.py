"""Who is out there: customers who write, press and change their minds, and two agents at the desk."""

import asyncio
from dataclasses import dataclass, field, replace
from random import Random

from channels.base import Action, Address, Attachment, Change, Message, Person
from tests.simulation.service import DESKS, NAME, Post, Service

ARTICLES = {
    "shipping.md": "# Shipping\n\nStandard shipping takes three to five working days.\n\n"
    "## Express\n\nExpress shipping costs 12 euros and arrives the next working day.\n",
    "returns.md": "# Returns\n\nYou can return an unused lamp within 30 days of delivery. The refund reaches your card "
    "within five working days.\n",
    "care.md": "# Care of wood\n\nClean an oak table with a damp cloth and oil it twice a year.\n",
    "desk.md": "---\naudience: internal\n---\n# Refund limits\n\nAgents may refund up to 50 euros without asking.\n",
}
WORDS = (
    *("How long does standard shipping take?", "What does express shipping cost?", "Can I return an unused lamp?"),
    *("How do I clean an oak table?", "and how much is that?", "When does the refund reach my card?"),
    *("Do you sell garden gnomes in Lisbon?", "What is the warranty on the blue sofa?", "hello", "are you a bot?"),
    *("I want to talk to a human please", "let me speak to an agent", "This is ridiculous, I am really furious!"),
    *("Somebody hacked into my account", "You charged me twice, I will sue you", "that did not help", "yes", "no"),
    *("thanks, that helped!", "thank you", "5", ""),
)
AGENTS = (Person(id="anna", name="Anna"), Person(id="ben", name="Ben"))
DEEDS = (
    *("claim",) * 6,
    *("reply",) * 6,
    *("whispered",) * 3,
    *("resolve", "return", "note") * 2,
    *("more_time", "suggest", "reopen", "keep_note", "correct"),
)


@dataclass(slots=True)
class Customer:
    """One customer at one address, with a few things on their mind."""

    name: str
    service: Service
    random: Random
    said: list[Message] = field(default_factory=list)

    @property
    def address(self) -> Address:
        """Where they write."""
        return Address(channel=NAME, room=self.name)

    @property
    def person(self) -> Person:
        """Who they are."""
        return Person(id=self.name, name=self.name.title())

    async def live(self) -> None:
        """Write, wait, press, edit."""
        await asyncio.sleep(self.random.random() * 8)
        for _ in range(self.random.randint(2, 5)):
            self._do_something()
            await asyncio.sleep(self.random.choice((0.0, 0.2, 2.0, 6.0, 12.0)))

    def _do_something(self) -> None:
        dice = self.random.random()
        buttons = [button for post in self.service.at(self.address) for button in post.outgoing.buttons]
        if dice < 0.15 and buttons:
            button = self.random.choice(buttons)
            self.press(button.name, button.value)
        elif dice < 0.2:
            self.press("rate", str(self.random.randint(1, 5)))
        elif dice < 0.28 and self.said:
            change = self.random.choice((Change.EDITED, Change.DELETED))
            self.change(self.random.choice(self.said), change, self.random.choice(WORDS))
        else:
            self.say(self.random.choice(WORDS), automatic=dice > 0.97)

    def say(self, text: str, *, automatic: bool = False) -> None:
        """Write a message."""
        message = Message(
            external_id=self._next_id(),
            address=self.address,
            sender=self.person,
            text=text,
            sent_at=self.service.now(),
            automatic=automatic,
        )
        # The file's name is shown to the desk with the words, so that we can see which message was relayed.
        file = Attachment(name=mark(message.external_id), type="text/plain", bytes=1)
        message = replace(message, attachments=(file,))
        self.said.append(message)
        self.service.write(message)

    def change(self, message: Message, change: Change, text: str) -> None:
        """Edit or delete what was written before."""
        self.service.write(
            replace(
                message,
                external_id=self._next_id(),
                change=change,
                original_id=message.external_id,
                text="" if change is Change.DELETED else text,
                sent_at=self.service.now(),
            )
        )

    def press(self, name: str, value: str) -> None:
        """Press a button, or send what a button would."""
        self.service.write(
            Action(
                external_id=self._next_id(),
                address=self.address,
                actor=self.person,
                name=name,
                value=value,
                sent_at=self.service.now(),
            )
        )

    def _next_id(self) -> str:
        return f"{self.name}-{len(self.service.written.get(self.name, ())) + 1}"


@dataclass(slots=True)
class Agent:
    """Somebody at the desk who does what the buttons and the thread allow, and some things that they do not."""

    person: Person
    service: Service
    random: Random
    deeds: int = 0

    async def live(self, seconds: float) -> None:
        """Look at the desk, do something, look again."""
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(self.random.choice((0.1, 1.0, 3.0, 6.0)))
            cards = [post for post in self.service.posts if is_card(post)]
            if cards:
                self.act(self.random.choice(cards[-4:]), self.random.choice(DEEDS))

    def act(self, card: Post, deed: str) -> None:
        """Do one thing about the conversation of a card."""
        outgoing = card.outgoing
        thread = replace(outgoing.address, thread=card.receipt.id)
        conversation = outgoing.card.buttons[0].value if outgoing.card else ""
        match deed:
            case "reply":
                self._write(thread, f"{self.person.name} says {self._next_id()}")
            case "note":
                self._write(thread, f"! {self.person.name} notes {self._next_id()}")
            case "correct":
                self._write(thread, "never mind", change=Change.EDITED)
            case "whispered":
                self._press_whispered()
            case _:
                self._press(thread, deed, conversation)

    def _press_whispered(self) -> None:
        for post in reversed(self.service.posts):
            if post.outgoing.only_for == self.person.id and post.outgoing.card and post.outgoing.card.buttons:
                button = self.random.choice(post.outgoing.card.buttons)
                self._press(post.outgoing.address, button.name, button.value)
                return

    def _press(self, address: Address, name: str, value: str) -> None:
        self.service.write(
            Action(
                external_id=self._next_id(),
                address=address,
                actor=self.person,
                name=name,
                value=value,
                sent_at=self.service.now(),
            )
        )
        self.deeds += 1

    def _write(self, address: Address, text: str, *, change: Change = Change.NEW) -> None:
        self.service.write(
            Message(
                external_id=self._next_id(),
                address=address,
                sender=self.person,
                text=text,
                sent_at=self.service.now(),
                change=change,
                original_id="" if change is Change.NEW else "something",
            )
        )
        self.deeds += 1

    def _next_id(self) -> str:
        return f"{self.person.id}-{self.deeds + 1}"


def mark(external_id: str) -> str:
    """The name of the file that every customer's message carries."""
    return f"({external_id}).txt"


def is_card(post: Post) -> bool:
    """Tell whether this is a conversation's card, as first shown to a desk."""
    outgoing = post.outgoing
    return outgoing.address.room in DESKS and outgoing.id.rpartition("-")[2].startswith("card")

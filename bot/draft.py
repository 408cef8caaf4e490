"""A decision while it is being made: what it moves, says and records, until it is committed whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot import deadlines, gate, hours
from bot.conversation import (
    Account,
    CodeSent,
    Conversation,
    Decision,
    Escalation,
    Event,
    Gap,
    Json,
    Kind,
    Outcome,
    Owner,
    Proven,
    Role,
    Send,
    Source,
    State,
    Turn,
    moved,
)
from bot.rules import Phrases
from channels.base import Address, Attachment, Button, Card, Field, Outgoing, Person

SYSTEM = "system"
CUSTOMER = "customer"
ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the owner of the bot has set, as the rules read it.

    `desks` are tried in this order, beginning with that of the issue type in `routes`; those in `routes` take no other.
    `changeable` names the channels that can change what they posted.
    """

    name: str
    phrases: Phrases
    desks: tuple[Address, ...]
    deadlines: deadlines.Settings
    hours: hours.Settings
    routes: Mapping[str, int] = field(default_factory=dict)
    changeable: frozenset[str] = frozenset()


class Draft:
    """Collects one decision. Everything that leaves goes through `say`, `tell_desk` or `whisper`.

    `called` is what calls people, known even when the rest of the decision fails. `public`: others read along where the
    customer writes; `shared`: others may, so nobody's account is opened there. `account` is the one that the customer
    has just proved to be theirs.
    """

    def __init__(
        self, conversation: Conversation, policy: Policy, at: datetime, *, public: bool = False, shared: bool = False
    ) -> None:
        self.conversation = conversation
        self.policy = policy
        self.at = at
        self.public, self.shared = public, shared
        self.called: tuple[Escalation, ...] = ()
        self._first_turn = len(conversation.turns)
        self._revised: list[Turn] = []
        self._events: list[Event] = []
        self._sends: list[Send] = []
        self._gaps: list[Gap] = []
        self.account: Account | None = None
        self._codes: list[CodeSent] = []
        self._proven: list[Proven] = []

    def move(self, to: State, *, by: str, why: str, agent: Person | None = None) -> None:
        """Change state and owner; records the event."""
        self.conversation, event = moved(self.conversation, to, at=self.at, by=by, why=why, agent=agent)
        self._events.append(event)

    def change(self, **fields: object) -> None:
        """Set fields of the conversation other than state, owner, agent, since and turns."""
        if any(getattr(self.conversation, name) != value for name, value in fields.items()):
            self.conversation = replace(self.conversation, **fields)  # type: ignore[arg-type] # replace checks the names

    def record(self, kind: str, *, by: str, **facts: Json) -> None:
        """Append an event."""
        self._events.append(Event(kind=kind, at=self.at, by=by, facts=facts))

    def add_turn(self, turn: Turn) -> None:
        """Append a turn."""
        self.conversation = replace(self.conversation, turns=(*self.conversation.turns, turn))

    def new_turns(self) -> tuple[Turn, ...]:
        """The turns that this decision adds."""
        return self.conversation.turns[self._first_turn :]

    def revise(self, turn: Turn) -> None:
        """Put an edited or deleted turn in the place of the one with its external id."""
        turns = tuple(turn if old.external_id == turn.external_id else old for old in self.conversation.turns)
        self.conversation = replace(self.conversation, turns=turns)
        self._revised.append(turn)

    def start_episode(self) -> None:
        """Begin a new episode: the turns of this decision belong to it."""
        conversation = self.conversation
        old, new = conversation.turns[: self._first_turn], conversation.turns[self._first_turn :]
        episode = conversation.episode + 1
        turns = (*old, *(replace(turn, episode=episode) for turn in new))
        self.conversation = replace(conversation, episode=episode, turns=turns)

    def note_gap(self, gap: Gap) -> None:
        """Record a question that the knowledge could not answer."""
        self._gaps.append(gap)
        self.record("gap_found", by=ASSISTANT, question=gap.question, nearest=gap.nearest, confidence=gap.confidence)

    def say(
        self,
        kind: Kind,
        text: str,
        *,
        sources: tuple[Source, ...] = (),
        buttons: tuple[Button, ...] = (),
        shown: str = "",
        footer: str = "",
        fixed: bool = False,
    ) -> None:
        """The assistant's words to the customer, through the gate. Raises GateError when they must not leave.

        `shown` is appended after the check, then `footer`: lines of our own making, the last such as the list of
        sources. A `fixed` text of ours may name any deed but a person's coming: that one only the state backs.
        """
        text = gate.check(
            text,
            first=self._is_first_reply(),
            language=self.conversation.language,
            name=self.policy.name,
            phrases=self.policy.phrases,
            backed=self._backed(fixed=fixed),
        )
        self.add_turn(
            Turn(
                role=Role.ASSISTANT,
                kind=kind,
                text=text,
                at=self.at,
                episode=self.conversation.episode,
                author=self.policy.name,
                sources=sources,
                cited=bool(sources) and kind is Kind.ANSWER,
            )
        )
        to, language = self.conversation.address, self.conversation.language
        whole = "\n\n".join(filter(None, [text + shown, footer]))
        self._send(Outgoing(id="", address=to, text=whole, buttons=buttons, language=language, footer=footer), "say")

    def say_phrase(self, kind: Kind, key: str, **fields: str) -> None:
        """A fixed text in the customer's language, through the same gate."""
        self.say(kind, self.phrase(key, **fields), fixed=True)

    def phrase(self, key: str, **fields: str) -> str:
        """A fixed text in the customer's language."""
        return self.policy.phrases.say(self.conversation.language, key, **({"name": self.policy.name} | fields))

    def relay_reply(
        self,
        text: str,
        *,
        agent: Person,
        external_id: str,
        carries: str | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> None:
        """An agent's words to the customer, under the agent's name; their receipt is reported to the desk.

        `carries` is the external id of the message at the desk that they stand in, the turn's own where it is None,
        empty where they stand in none.
        """
        self.add_turn(
            Turn(
                role=Role.AGENT,
                kind=Kind.MESSAGE,
                text=text,
                at=self.at,
                episode=self.conversation.episode,
                author=agent.name or agent.id,
                external_id=external_id,
                attachments=attachments,
            )
        )
        outgoing = Outgoing(
            id="",
            address=self.conversation.address,
            text=text,
            author=agent.name or agent.id,
            attachments=attachments,
            carries=external_id if carries is None else carries,
            language=self.conversation.language,
        )
        self._send(outgoing, "reply", report=True)

    def change_reply(self, text: str, *, agent: Person, post: str, carries: str) -> None:
        """Put an agent's new words in the place of a post on the customer's side; without words it is taken back."""
        author, to = agent.name or agent.id, self.conversation.address
        self._send(
            Outgoing(id="", address=to, text=text, author=author, replaces=post, carries=carries), "edit", report=True
        )

    def post_card(self, card: Card, number: int) -> None:
        """Post a conversation's card to the desk of that number, with the files that the customer sent.

        The receipt names the thread where it is worked on; it carries since when the conversation was where the card
        shows it, which tells the card of an earlier call.
        """
        turns = (turn for turn in self.conversation.turns if turn.episode == self.conversation.episode)
        files = tuple(file for turn in turns if not turn.deleted for file in turn.attachments if file.key)
        since = self.conversation.since.isoformat()
        outgoing = Outgoing(id="", address=self.policy.desks[number], card=card, attachments=files, carries=since)
        self._send(outgoing, f"card{number}", report=True)

    def react(self, emoji: str, *, to: str, text: str = "") -> None:
        """An emoji on a message at the desk; `text` says the same where the desk's channel has no reactions."""
        if self.conversation.desk is not None:
            desk = self.conversation.desk
            self._send(Outgoing(id="", address=desk, text=text, reply_to=to, reaction=emoji), "reaction")

    def redraw_card(self, card: Card, *, card_id: str, room: Address | None) -> None:
        """Show a card as it now is, where it stands; nothing while the desk has not confirmed it."""
        if room is not None and card_id:
            self._send(Outgoing(id="", address=replace(room, thread=""), card=card, replaces=card_id), "redraw")

    def tell_desk(
        self,
        text: str = "",
        *,
        quotes: Iterable[Field] = (),
        buttons: tuple[Button, ...] = (),
        title: str = "",
        attachments: tuple[Attachment, ...] = (),
    ) -> None:
        """A line in the conversation's desk thread; `quotes` are words from outside, `attachments` their files."""
        if self.conversation.desk is None:
            return
        quoted = tuple(quotes)
        card = Card(title=title, quotes=quoted, buttons=buttons) if quoted or buttons else None
        outgoing = Outgoing(id="", address=self.conversation.desk, text=text, card=card, attachments=attachments)
        self._send(outgoing, "desk")

    def whisper(
        self,
        text: str,
        *,
        to: Person,
        address: Address,
        buttons: tuple[Button, ...] = (),
        reply_to: str = "",
        quotes: tuple[Field, ...] = (),
    ) -> None:
        """A private word to whoever acted."""
        card = Card(title=text, buttons=buttons, quotes=quotes) if buttons or quotes else None
        self._send(
            Outgoing(id="", address=address, text="" if card else text, card=card, only_for=to.id, reply_to=reply_to),
            "whisper",
        )

    def notify(self, text: str, *, to: Person, address: Address) -> None:
        """A private word to somebody who may not be looking: it waits for them, with the way to `address`."""
        self._send(Outgoing(id="", address=address, text=text, only_for=to.id, direct=True), "notice")

    def post_code(self, to: Address, subject: str, text: str) -> None:
        """A one-time code to an e-mail address; it stands in no turn and is kept nowhere once it has left."""
        language = self.conversation.language
        self._send(Outgoing(id="", address=to, subject=subject, text=text, language=language, secret=True), "code")

    def count_code(self, sent: CodeSent) -> None:
        """Count a code that is sent, or seems to be."""
        self._codes.append(sent)

    def prove(self, proven: Proven, account: Account) -> None:
        """Keep that the customer has shown whose account is theirs."""
        self._proven.append(proven)
        self.account = account

    def resolve(self, outcome: Outcome, *, by: str, why: str) -> None:
        """End the episode."""
        conversation = self.conversation
        self.move(State.RESOLVED, by=by, why=why)
        self.change(outcome=outcome)
        self.record(
            "resolved",
            by=by,
            outcome=str(outcome),
            resolved_by=str(conversation.owner),
            agent=conversation.agent.id if conversation.agent else None,
            issue_type=conversation.issue_type,
            episode=conversation.episode,
            channel=conversation.address.channel,
        )

    def decide(self, handled: tuple[int, ...]) -> Decision:
        """What is to be committed."""
        policy = self.policy
        return Decision(
            conversation=self.conversation,
            handled=handled,
            turns=self.new_turns(),
            revised=tuple(self._revised),
            events=tuple(self._events),
            sends=tuple(self._sends),
            deadlines=deadlines.after(self.conversation, policy.deadlines, policy.hours),
            gaps=tuple(self._gaps),
            codes=tuple(self._codes),
            proven=tuple(self._proven),
        )

    def _backed(self, *, fixed: bool) -> frozenset[str]:
        """The promises that are true now: a person comes only once people own the conversation."""
        deeds = {deed for deed, _ in self.policy.phrases.group("promises")} if fixed else set()
        person = {"handoff"} if self.conversation.owner in (Owner.QUEUE, Owner.AGENT) else set()
        return frozenset(deeds - {"handoff"} | person)

    def _is_first_reply(self) -> bool:
        episode = self.conversation.episode
        return not any(turn.role is Role.ASSISTANT and turn.episode == episode for turn in self.conversation.turns)

    def _send(self, outgoing: Outgoing, purpose: str, *, report: bool = False) -> None:
        key = f"{self.conversation.id}-{self.conversation.version}-{len(self._sends)}-{purpose}"
        self._sends.append(Send(outgoing=replace(outgoing, id=key), report=report))

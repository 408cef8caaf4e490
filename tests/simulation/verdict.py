"""What the outside and the data say after a run: nothing lost, twice, out of order or stuck, and nobody out of turn."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.conversation import Kind, Role, State, Turn
from bot.store import InlineWriter, reading
from bot.store.reading import Posting
from channels.base import Action, Address, Change, Message
from tests.simulation.people import is_card, mark
from tests.simulation.service import DESKS, Letter, Post
from tests.simulation.world import Run

REPLIES = frozenset({Kind.ANSWER, Kind.UNSURE, Kind.OFFER, Kind.IDENTITY, Kind.GREETING, Kind.CLOSING})
TELLING = frozenset({Kind.ANSWER, Kind.UNSURE, Kind.OFFER, Kind.GREETING})
CALLED = "called a person"
CLAIMED = ", a person on our team, is with you now."
RETURNED = ("I'm back: the AI assistant", "Glad that this is settled", "An honest update: nobody")
AT_REST = frozenset({State.RESOLVED, State.IGNORED})


@dataclass(slots=True, kw_only=True)
class Verdict:
    """Every failing found, a sentence each."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Everything that was found, with its kind in front."""
        for kind in ("lost", "twice", "disordered", "stuck", "rules", "bugs"):
            for sentence in getattr(self, kind):
                yield f"{kind}: {sentence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One conversation as it ended: its turns, and what it posted, both in the order of commit."""

    id: str
    address: Address
    state: State
    turns: tuple[Turn, ...]
    outbox: tuple[Posting, ...]
    events: tuple[str, ...]

    def to_customer(self) -> list[Posting]:
        """What was to be shown to the customer."""
        return [posting for posting in self.outbox if posting.outgoing.address == self.address]

    def spoken(self) -> list[Turn]:
        """The turns that were to be shown to the customer: each has one posting, in the same order."""
        return [turn for turn in self.turns if turn.role in (Role.ASSISTANT, Role.AGENT)]


def judge(run: Run) -> Verdict:
    """Look at what is displayed and at what is stored."""
    verdict = Verdict(stuck=list(run.stuck), bugs=list(run.bugs))
    stories = read_all(run)
    displayed = Counter(post.outgoing.id for post in run.service.posts)
    verdict.twice += [f"{name} was displayed {n} times" for name, n in displayed.items() if n > 1]
    for story in stories:
        _check_waiting(run, story, verdict)
        _check_pairs(story, verdict)
        _check_order(run, story, verdict)
        _check_answers(story, verdict)
        _check_speakers(run, story, verdict)
    _check_customers(run, stories, displayed, verdict)
    _check_agents(run, stories, displayed, verdict)
    return verdict


def read_all(run: Run) -> list[Told]:
    """Read every conversation as the store keeps it."""
    db = InlineWriter(run.connection).db
    stories = []
    for (row,) in run.connection.execute("select id from conversations order by id").fetchall():
        conversation = reading.conversation(db, str(row))
        if conversation is not None:
            stories.append(
                Told(
                    id=conversation.id,
                    address=conversation.address,
                    state=conversation.state,
                    turns=conversation.turns,
                    outbox=reading.outbox(db, conversation.id),
                    events=tuple(event.kind for event in reading.events(db, conversation.id)),
                )
            )
    return stories


def _check_waiting(run: Run, story: Told, verdict: Verdict) -> None:
    timers = run.connection.execute("select count(*) from timers where conversation = ?", (story.id,)).fetchone()[0]
    if story.state not in AT_REST and not timers:
        verdict.stuck.append(f"conversation {story.id} is {story.state} without a deadline")


def _check_pairs(story: Told, verdict: Verdict) -> None:
    """Every turn of ours was posted with its words, so the two can be read side by side."""
    turns, postings = story.spoken(), story.to_customer()
    if len(turns) != len(postings):
        verdict.rules.append(f"conversation {story.id}: {len(turns)} turns of ours, {len(postings)} postings")
    for turn, posting in zip(turns, postings, strict=False):
        if not posting.outgoing.text.startswith(turn.text):
            verdict.rules.append(f"{posting.outgoing.id} does not say what its turn says")


def _check_order(run: Run, story: Told, verdict: Verdict) -> None:
    first: dict[str, int] = {}
    for post in run.service.posts:
        first.setdefault(post.outgoing.id, post.n)
    last: dict[Address, int] = {}
    for posting in story.outbox:
        n, line = first.get(posting.outgoing.id), posting.outgoing.address
        if n is None:
            continue
        if n < last.get(line, -1):
            verdict.disordered.append(f"{posting.outgoing.id} was displayed before what it follows at {line}")
        last[line] = n


def _check_answers(story: Told, verdict: Verdict) -> None:
    """One burst has one reply: between two replies the customer wrote, or people had it."""
    fresh = True
    for turn in story.turns:
        if turn.role is Role.CUSTOMER or turn.kind in (Kind.UPDATE, Kind.CLOSING, Kind.HANDOFF):
            fresh = True
        elif turn.role is Role.ASSISTANT and turn.kind in REPLIES:
            if not fresh:
                verdict.twice.append(f"conversation {story.id} has two replies in a row: {turn.text[:60]!r}")
            fresh = False


def _check_speakers(run: Run, story: Told, verdict: Verdict) -> None:
    """House rules 1, 2 and 5, from what the customer saw."""
    holder, called = "", False
    reopened = any(_is_press(letter.event, "reopen", story.id) for letter in _desk_letters(run))
    for post in run.service.posts:
        outgoing = post.outgoing
        called = called or (is_card(post) and outgoing.id.startswith(f"{story.id}-"))
        if outgoing.address != story.address:
            continue
        if CALLED in outgoing.text and not _card_on_its_way(story, outgoing.id):
            verdict.rules.append(f"{outgoing.id} promises a person whom no card calls")
        if outgoing.author:
            if outgoing.author != holder and not reopened:
                verdict.rules.append(f"{outgoing.id} shows words of {outgoing.author}; {holder or 'nobody'} had it")
        elif outgoing.text.endswith(CLAIMED):
            holder = outgoing.text.removesuffix(CLAIMED).rpartition(" ")[2]
        elif outgoing.text.startswith(RETURNED):
            holder = ""
        elif holder and outgoing.buttons:
            verdict.rules.append(f"{outgoing.id} answers although {holder} has it")


def _card_on_its_way(story: Told, outgoing_id: str) -> bool:
    names = [posting.outgoing.id for posting in story.outbox]
    return any("-card" in name for name in names[: names.index(outgoing_id)])


def _check_customers(run: Run, stories: list[Told], displayed: Counter[str], verdict: Verdict) -> None:
    by_address = {story.address: story for story in stories}
    at_desk = [post for post in run.service.posts if post.outgoing.address.room in DESKS]
    for letters in run.service.written.values():
        said = [letter.event for letter in letters if letter.event.address.room not in DESKS]
        new = [event for event in said if isinstance(event, Message) and event.change is Change.NEW]
        people = [message for message in new if not message.automatic]
        if not people:
            continue
        story = by_address.get(people[0].address)
        if story is None:
            verdict.lost.append(f"nothing is known of {people[0].address}")
            continue
        _check_taken_in(people, story, verdict)
        for message in people:
            _check_answered(message, story, at_desk, displayed, verdict)


def _check_taken_in(messages: list[Message], story: Told, verdict: Verdict) -> None:
    turns = [mark_of(turn) for turn in story.turns if turn.role is Role.CUSTOMER]
    for name, n in Counter(turns).items():
        if n > 1:
            verdict.twice.append(f"{name} was taken in {n} times")
    wanted = [mark(message.external_id) for message in messages]
    if list(dict.fromkeys(turns)) != wanted and set(turns) == set(wanted):
        verdict.disordered.append(f"conversation {story.id} read the customer's words in the order {turns}")


def _check_answered(
    message: Message, story: Told, at_desk: list[Post], displayed: Counter[str], verdict: Verdict
) -> None:
    name = mark(message.external_id)
    at_desk = [post for post in at_desk if not post.outgoing.replaces]  # a card drawn anew tells nobody anything new
    places = [n for n, turn in enumerate(story.turns) if mark_of(turn) == name]
    if not places:
        verdict.lost.append(f"{message.external_id} was never taken in")
        return
    relayed = Counter(post.outgoing.address for post in at_desk if shows(post, name) and not is_card(post))
    edits = story.events.count("message_changed")
    for thread, n in relayed.items():
        if n > 1 + edits:
            verdict.twice.append(f"{message.external_id} was relayed {n} times into {thread}")
    if any(shows(post, name) for post in at_desk) or story.turns[places[0]].deleted:
        return
    spoken = dict(zip(map(id, story.spoken()), story.to_customer(), strict=False))
    reply = next((turn for turn in story.turns[places[0] :] if turn.role is Role.ASSISTANT), None)
    if reply is not None and reply.kind in REPLIES and displayed[spoken[id(reply)].outgoing.id]:
        return
    if "thanked" in story.events or "rated" in story.events:
        return
    verdict.lost.append(f"{message.external_id} {message.text!r} was neither answered nor shown to the desk")


def _check_agents(run: Run, stories: list[Told], displayed: Counter[str], verdict: Verdict) -> None:
    kept: Counter[str] = Counter()
    for story in stories:
        pairs = zip(story.spoken(), story.to_customer(), strict=False)
        postings = {turn.external_id: posting for turn, posting in pairs if turn.role is Role.AGENT}
        for turn in story.turns:
            if turn.role in (Role.AGENT, Role.NOTE) and not turn.external_id.endswith("#sent"):
                kept[turn.external_id] += 1
        verdict.lost += [
            f"the agent's words {name} never reached the customer"
            for name, posting in postings.items()
            if not displayed[posting.outgoing.id]
        ]
    for letter in _desk_letters(run):
        event = letter.event
        if isinstance(event, Message) and event.change is Change.NEW:
            if not kept[event.external_id]:
                verdict.lost.append(f"the agent's words {event.external_id} are kept nowhere")
            elif kept[event.external_id] > 1:
                verdict.twice.append(f"the agent's words {event.external_id} were taken in twice")


def _desk_letters(run: Run) -> list[Letter]:
    return [letter for room in DESKS for letter in run.service.written.get(room, ())]


def _is_press(event: Message | Action, name: str, conversation: str) -> bool:
    return isinstance(event, Action) and event.name == name and event.value == conversation


def mark_of(turn: Turn) -> str:
    """The name of the file that came with a customer's turn, empty for other turns."""
    return turn.attachments[0].name if turn.attachments else ""


def shows(post: Post, name: str) -> bool:
    """Tell whether a customer's message, known by its file, can be read in a post at the desk."""
    card = post.outgoing.card
    return card is not None and any(name in quote.text for quote in card.quotes)

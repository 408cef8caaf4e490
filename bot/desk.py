"""What an agent's claim, reply, note, return and resolve do to a conversation, and what a silent desk does."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from bot import deadlines, handoff, hours
from bot.conversation import (
    Attempt,
    Conversation,
    Gap,
    Json,
    Kind,
    Lapse,
    Outcome,
    Role,
    Sent,
    State,
    Turn,
    Undelivered,
)
from bot.draft import SYSTEM, Draft
from channels.base import Action, Address, Button, Change, Input, InputKind, Message, Person

NOTE_MARKS = ("!", "/note ")
TRIES_BEFORE_A_WORD = 4  # cards in a quarter of an hour; then the customer is told that nobody is free yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One `[[desk.routes]]` table: a desk of its own for some issue types; no channel means the desk's own."""

    issue_types: tuple[str, ...]
    room: str
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `[desk]` table: where agents work, and who they are.

    `agents` are the channel's ids of the people and groups that may act; empty lets everybody act who can write there.
    """

    channel: str = "console"
    room: str = "desk"
    fallback_channel: str = ""
    fallback_room: str = ""
    agents: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()


def desks(settings: Settings) -> tuple[Address, ...]:
    """The desk, the fallback desk where one is set, then those of the routes."""
    found = [Address(channel=settings.channel, room=settings.room)]
    if settings.fallback_room:
        found.append(Address(channel=settings.fallback_channel or settings.channel, room=settings.fallback_room))
    return tuple(dict.fromkeys([*found, *(_routed(route, settings) for route in settings.routes)]))


def routes(settings: Settings) -> Mapping[str, int]:
    """Which of `desks` an issue type goes to first, by its name; the desk itself for all others."""
    places = desks(settings)
    return {kind: places.index(_routed(route, settings)) for route in settings.routes for kind in route.issue_types}


def ladder(draft: Draft) -> tuple[int, ...]:
    """The desks of a conversation, in turn: that of its issue type, the desk, the fallback desk."""
    first = draft.policy.routes.get(draft.conversation.issue_type or "", 0)
    special = set(draft.policy.routes.values())
    general = (number for number in range(len(draft.policy.desks)) if number not in special)
    return tuple(dict.fromkeys([first, *general]))


def forms(types: Iterable[tuple[str, str]]) -> Mapping[str, tuple[Input, ...]]:
    """What is asked before an action is done, by the action's name. `types` are the issue types and their titles."""
    return {
        "note": (Input(name="text", label="Note for agents; the customer never sees it"),),
        "assign": (Input(name="person", label="Who takes it", kind=InputKind.PERSON),),
        "resolve": (
            Input(name="outcome", label="How it ended", kind=InputKind.CHOICE, choices=ENDINGS),
            Input(name="issue_type", label="Issue type", kind=InputKind.CHOICE, choices=tuple(types), optional=True),
            Input(name="article", label="Worth an article?", kind=InputKind.CHECK),
        ),
    }


def act(draft: Draft, action: Action, settings: Settings) -> None:
    """A button or command at the desk. Who may not act is told why, in private."""
    refusal = (
        _refusal(draft, action.actor, settings) or _impossible(draft, action) or _misplaced(draft, action, settings)
    )
    if refusal:
        draft.record("refused", by=_by(action.actor), action=action.name, why=refusal)
        draft.whisper(refusal, to=action.actor, address=action.address)
        return
    ACTIONS[action.name](draft, action)


def hear(draft: Draft, message: Message, settings: Settings) -> None:
    """An agent's words in the desk thread: the owner's plain words go to the customer, all others stay inside."""
    if message.change is not Change.NEW:
        draft.whisper(
            "Not changed for the customer: what was sent stays sent. Write a correction instead.",
            to=message.sender,
            address=message.address,
            reply_to=message.external_id,
        )
        return
    refusal = _refusal(draft, message.sender, settings)
    note = _note_text(message.text)
    if note is not None or refusal:
        _keep_note(draft, message, note if note is not None else message.text)
        if refusal:
            draft.whisper(refusal, to=message.sender, address=message.address, reply_to=message.external_id)
        return
    conversation = draft.conversation
    if conversation.agent is not None and conversation.agent.id == message.sender.id:
        _pass_on(draft, message)
        return
    _keep_note(draft, message, message.text)
    _ask_before_sending(draft, message)


def relay(draft: Draft, turns: tuple[Turn, ...], *, remarks: tuple[str, ...] = ()) -> None:
    """The customer's words into the desk thread, marked as theirs; `remarks` say what is special about them."""
    title = "The customer wrote" + (f" · {', '.join(remarks)}" if remarks else "")
    if turns:
        files = tuple(file for turn in turns if not turn.deleted for file in turn.attachments if file.key)
        draft.tell_desk(title=title, quotes=[handoff.to_quote(turn) for turn in turns], attachments=files)
    elif remarks:
        draft.tell_desk(title)


def card_number(outgoing_id: str) -> int | None:
    """Which desk a card was posted to, from the id of the post; None for any other post."""
    purpose = outgoing_id.rpartition("-")[2]
    return int(purpose.removeprefix("card")) if purpose.startswith("card") else None


def card_arrived(draft: Draft, sent: Sent, number: int) -> None:
    """A desk confirmed the card: only now is the conversation queued. What came meanwhile follows it."""
    if draft.conversation.card_id:
        if draft.conversation.card_id != sent.receipt_id:
            _withdraw(draft, sent.receipt_id, draft.policy.desks[number])  # another post was quicker
        return
    desk = replace(draft.policy.desks[number], thread=sent.receipt_id)
    draft.change(desk=desk, card_id=sent.receipt_id)
    if draft.conversation.state is State.ESCALATING:
        draft.move(State.QUEUED, by=SYSTEM, why="the card is on the desk")
    else:
        _redraw(draft)
    missed = _customer_turns_after_handoff(draft.conversation.turns)
    if missed:
        relay(draft, missed)


def reply_arrived(draft: Draft, sent: Sent) -> None:
    """The customer's channel accepted an agent's reply."""
    draft.record("delivered", by=SYSTEM, outgoing=sent.outgoing_id)
    text = "✅ delivered to the customer"
    if sent.carries:
        draft.react("✅", to=sent.carries, text=text)
    else:
        draft.tell_desk(text=text)


def not_delivered(draft: Draft, failure: Undelivered) -> None:
    """Something will never arrive: a card goes to the other desk, of anything else the desk is told."""
    draft.record("undelivered", by=SYSTEM, outgoing=failure.outgoing_id, reason=failure.reason)
    if card_number(failure.outgoing_id) is not None:
        another = draft.conversation.pings + 1 < len(ladder(draft))
        if draft.conversation.state is State.ESCALATING and another:
            post_again(draft)  # once round the desks at once; after that at the pace of the deadline
    elif failure.outgoing_id.endswith(("-reply", "-say")):
        draft.tell_desk(text=f"⚠️ not delivered to the customer: {failure.reason}")
        if failure.carries:
            draft.react("⚠️", to=failure.carries)
    elif failure.outgoing_id.endswith("-desk"):
        _leave_thread(draft)


def post_again(draft: Draft) -> None:
    """No desk confirmed the card in time: try the next one, in turn, until one does."""
    tries = draft.conversation.pings + 1
    turns = ladder(draft)
    number = turns[tries % len(turns)]
    if draft.conversation.brief is not None:
        draft.post_card(draft.conversation.brief, number)
    draft.record("card_posted_again", by=SYSTEM, desk=str(draft.policy.desks[number]), tries=tries)
    draft.change(pings=tries)
    if tries == TRIES_BEFORE_A_WORD:
        _say_waiting(draft)


def not_done(draft: Draft, arrival: Message | Action) -> None:
    """Something of ours broke while an agent acted: they learn that they must do it again."""
    person = arrival.sender if isinstance(arrival, Message) else arrival.actor
    text = "Something went wrong here, so nothing was done or sent. Please do it again."
    draft.whisper(text, to=person, address=arrival.address)


def lapse(draft: Draft, passed: Lapse) -> None:
    """A deadline of the desk passed and still holds."""
    if passed.kind != deadlines.CARD:
        _show_anew(draft)
    match passed.kind:
        case deadlines.CARD:
            post_again(draft)
        case deadlines.PING:
            _ping_desk(draft)
        case deadlines.AGENT:
            _ping_agent(draft)
        case deadlines.QUIET:
            _resolve_quiet(draft)


def suggest(draft: Draft, action: Action, settings: Settings, attempt: Attempt | None) -> None:
    """A draft reply for whoever asks, in private: from internal articles too, and marked so."""
    refusal = _refusal(draft, action.actor, settings)
    draft.record("suggested", by=_by(action.actor), grounded=attempt is not None and attempt.grounded)
    text = refusal or f"Draft reply: {handoff.draft_reply(attempt)}"
    draft.whisper(text, to=action.actor, address=action.address)


def _claim(draft: Draft, action: Action) -> None:
    _give_to(draft, action.actor, by=_by(action.actor))


def _give_to(draft: Draft, agent: Person, *, by: str) -> None:
    before = draft.conversation
    draft.move(State.WITH_AGENT, by=by, why="claimed", agent=agent)
    draft.record(
        "claimed",
        by=by,
        agent=agent.id,
        waited_seconds=max(0.0, (draft.at - before.since).total_seconds()),
        from_owner=str(before.owner),
    )
    draft.say_phrase(Kind.UPDATE, "claimed", agent=agent.name or agent.id)
    _redraw(draft)
    if before.state is State.QUEUED:
        _show_anew(draft)


def _return(draft: Draft, action: Action) -> None:
    unanswered = left_open(draft.conversation)
    state = State.ANSWERING if unanswered else State.AWAITING_CUSTOMER
    draft.record("returned", by=_by(action.actor), unanswered=len(unanswered))
    draft.move(state, by=_by(action.actor), why="returned to the assistant")
    draft.change(escalation=None)
    draft.say_phrase(Kind.UPDATE, "returned")
    _redraw(draft)


def _resolve(draft: Draft, action: Action) -> None:
    if draft.conversation.agent is None:
        _give_to(draft, action.actor, by=_by(action.actor))
    given = _answers(action)
    if given:
        _note_ending(draft, given, by=_by(action.actor))
    else:
        _show_anew(draft)
    draft.resolve(Outcome.BY_AGENT, by=_by(action.actor), why="resolved by the agent")
    ask_rating(draft)
    _redraw(draft)


def _note_ending(draft: Draft, given: Mapping[str, Json], *, by: str) -> None:
    """What the agent says of how it ended; a question worth an article is kept among the gaps."""
    kind = given.get("issue_type")
    if isinstance(kind, str) and kind and kind != draft.conversation.issue_type:
        draft.record("sorted", by=by, issue_type=kind, before=draft.conversation.issue_type)
        draft.change(issue_type=kind)
    article = given.get("article") is True
    draft.record("ending_given", by=by, ending=given.get("outcome"), issue_type=kind, article=article)
    asked = [turn.text for turn in draft.conversation.turns if turn.role is Role.CUSTOMER and turn.text.strip()]
    if article and asked:
        draft.note_gap(
            Gap(question=max(asked, key=len)[:500], confidence=0.0, issue_type=draft.conversation.issue_type)
        )


def ask_rating(draft: Draft) -> None:
    """Say that it is done and ask for one rating, once an episode."""
    draft.change(asks_rating=True)
    stars = tuple(Button(name="rate", label=star, value=star) for star in "12345")
    draft.say(Kind.CLOSING, draft.phrase("closing"), fixed=True, buttons=stars)


def _reopen(draft: Draft, action: Action) -> None:
    conversation = draft.conversation
    draft.change(episode=conversation.episode + 1, outcome=None, asks_rating=False)
    draft.move(State.WITH_AGENT, by=_by(action.actor), why="reopened by the agent", agent=action.actor)
    draft.record("reopened", by=_by(action.actor), outcome=str(conversation.outcome))
    _redraw(draft)


def _more_time(draft: Draft, action: Action) -> None:
    draft.record("more_time", by=_by(action.actor))
    draft.change(pings=0, since=draft.at)
    agent = draft.conversation.agent or action.actor
    draft.say_phrase(Kind.UPDATE, "more_time", agent=agent.name or agent.id)


def _assign(draft: Draft, action: Action) -> None:
    """Give it to a colleague; whether they may have it was checked before."""
    target = action.target
    if target is None:
        draft.whisper("Nobody was picked, so nothing was done.", to=action.actor, address=action.address)
        return
    if target.id == action.actor.id:
        _give_to(draft, target, by=_by(action.actor))
        return
    draft.record("assigned", by=_by(action.actor), agent=target.id)
    _give_to(draft, target, by=_by(action.actor))
    draft.tell_desk(text=f"Assigned to {target.name or target.id} by {action.actor.name or action.actor.id}.")
    draft.whisper("This is yours now: your plain replies here go to the customer.", to=target, address=action.address)


def _note(draft: Draft, action: Action) -> None:
    text = _answers(action).get("text")
    if isinstance(text, str) and text.strip():
        note = Message(
            external_id=action.external_id,
            address=action.address,
            sender=action.actor,
            text=text,
            sent_at=action.sent_at,
        )
        _keep_note(draft, note, text.strip())
        draft.tell_desk(text=f"📝 {action.actor.name or action.actor.id}: {text.strip()}")
        return
    draft.whisper(
        f"Write the note in the thread with {NOTE_MARKS[0]!r} in front: it stays inside.",
        to=action.actor,
        address=action.address,
    )


def _claim_and_send(draft: Draft, action: Action) -> None:
    kept = _kept_note(draft, action)
    if kept is None or kept.deleted:
        gone = "Not sent: these words were sent already, or are not here any more."
        draft.whisper(gone, to=action.actor, address=action.address)
        return
    if draft.conversation.agent is None:
        _give_to(draft, action.actor, by=_by(action.actor))
    draft.revise(replace(kept, deleted=True))
    draft.relay_reply(
        kept.text,
        agent=action.actor,
        external_id=f"{kept.external_id}#sent",
        carries=kept.external_id,
        attachments=tuple(file for file in kept.attachments if file.key),
    )
    draft.record("agent_replied", by=_by(action.actor), characters=len(kept.text))


def _keep(draft: Draft, action: Action) -> None:
    draft.whisper("Kept as a note: the customer did not get it.", to=action.actor, address=action.address)


ACTIONS: Mapping[str, Callable[[Draft, Action], None]] = {
    "claim": _claim,
    "assign": _assign,
    "return": _return,
    "resolve": _resolve,
    "reopen": _reopen,
    "more_time": _more_time,
    "note": _note,
    "claim_send": _claim_and_send,
    "keep_note": _keep,
}
ENDINGS = (
    ("solved", "Solved"),
    ("workaround", "Solved for now"),
    ("not_solved", "Not solved"),
    ("duplicate", "Asked elsewhere too"),
    ("no_answer", "The customer does not answer"),
)
NEEDS_OWNER = frozenset({"return", "more_time"})


def _refusal(draft: Draft, actor: Person, settings: Settings) -> str:
    """Why this person may not act at the desk at all, or nothing."""
    if actor.outsider and actor.why_outside:
        return f"You {actor.why_outside}, so nothing was done or sent."
    if actor.outsider:
        return "Guests, bots and people of other teams cannot act at this desk, so nothing was done or sent."
    if settings.agents and not {actor.id, *actor.groups} & set(settings.agents):
        return "You are not one of this desk's agents (desk.agents in bot.toml), so nothing was done or sent."
    return ""


def _impossible(draft: Draft, action: Action) -> str:
    """Why this action cannot be done now, or nothing. Checked when it is done, not when the button was drawn."""
    conversation = draft.conversation
    agent = conversation.agent
    other = agent is not None and agent.id != action.actor.id
    holder = (agent.name or agent.id) if agent else ""
    if action.name not in ACTIONS:
        return f"There is no action {action.name!r} here."
    if action.name == "reopen":
        return "" if conversation.state is State.RESOLVED else "It is not resolved, so there is nothing to reopen."
    if conversation.state is State.RESOLVED:
        return "It is resolved already. Reopen it to go on."
    if action.name in ("claim", "claim_send", "resolve", "assign") and other:
        return f"{holder} already has it."
    if action.name == "claim" and agent is not None:
        return "You already have it."
    if action.name in NEEDS_OWNER and (agent is None or other):
        return f"{holder} has it; only the owner can do that." if other else "Claim it first."
    if conversation.state is State.IGNORED:
        return "This is automatic mail; nobody waits here."
    return ""


def _routed(route: Route, settings: Settings) -> Address:
    return Address(channel=route.channel or settings.channel, room=route.room)


def _misplaced(draft: Draft, action: Action, settings: Settings) -> str:
    """Why this action is not for this desk or this colleague, or nothing."""
    desk, here = draft.conversation.desk, action.address
    if desk is not None and (desk.channel, desk.room) != (here.channel, here.room):
        return "This conversation is worked on at another desk."
    if action.target is not None and (why := _refusal(draft, action.target, settings)):
        return f"Not given to {action.target.name or action.target.id}: they would be refused here ({why})"
    return ""


def _pass_on(draft: Draft, message: Message) -> None:
    """The owner's words and files to the customer; of a file that could not be kept the owner is told."""
    files = tuple(file for file in message.attachments if file.key)
    lost = [
        f"{file.name} ({file.why_not or 'its content is not here'})" for file in message.attachments if not file.key
    ]
    if message.text.strip() or files:
        draft.relay_reply(message.text, agent=message.sender, external_id=message.external_id, attachments=files)
        draft.record("agent_replied", by=_by(message.sender), characters=len(message.text), files=len(files))
        draft.change(pings=0)
    if lost:
        told = f"Not sent to the customer: {', '.join(lost)}."
        draft.whisper(told, to=message.sender, address=message.address, reply_to=message.external_id)


def _answers(action: Action) -> Mapping[str, Json]:
    """What was filled into the form of a button: behind the first colon of its value, as JSON."""
    try:
        given = json.loads(action.value.partition(":")[2] or "{}")
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _ask_before_sending(draft: Draft, message: Message) -> None:
    conversation = draft.conversation
    if conversation.agent is not None:
        text = f"Not sent: {conversation.agent.name or conversation.agent.id} has it. Your words are kept as a note."
        draft.whisper(text, to=message.sender, address=message.address, reply_to=message.external_id)
        return
    value = _question(conversation, message.sender, message.external_id)
    draft.whisper(
        "Not sent to the customer: nobody has claimed this.",
        to=message.sender,
        address=message.address,
        reply_to=message.external_id,
        buttons=(
            Button(name="claim_send", label="Claim and send", value=value),
            Button(name="keep_note", label="Keep as note", value=value),
        ),
    )


def _kept_note(draft: Draft, action: Action) -> Turn | None:
    """The words that whoever acts was asked about: nobody sends a colleague's."""
    of, actor = draft.conversation, action.actor
    notes = (turn for turn in of.turns if turn.role is Role.NOTE)
    return next((turn for turn in notes if action.value == _question(of, actor, turn.external_id)), None)


def _question(conversation: Conversation, asked: Person, external_id: str) -> str:
    """What the buttons carry that ask somebody whether their words are to be sent."""
    return f"{conversation.id}:{asked.id}:{external_id}"


def _keep_note(draft: Draft, message: Message, text: str) -> None:
    draft.add_turn(
        Turn(
            role=Role.NOTE,
            kind=Kind.MESSAGE,
            text=text,
            at=draft.at,
            episode=draft.conversation.episode,
            author=message.sender.name or message.sender.id,
            external_id=message.external_id,
            attachments=message.attachments,
        )
    )
    draft.record("noted", by=_by(message.sender), characters=len(text))


def _note_text(text: str) -> str | None:
    for mark in NOTE_MARKS:
        if text.startswith(mark):
            return text[len(mark) :].strip()
    return None


def _ping_desk(draft: Draft) -> None:
    pings = draft.conversation.pings + 1
    waited = int((draft.at - draft.conversation.since).total_seconds() // 60)
    draft.change(pings=pings)
    draft.record("pinged", by=SYSTEM, pings=pings, waited_minutes=waited)
    draft.tell_desk(
        text=f"⏰ Nobody has claimed this for {waited} minutes.", buttons=handoff.buttons(draft.conversation)
    )
    _redraw(draft, waited_minutes=waited)
    if pings == draft.policy.deadlines.update_at_ping:
        _say_waiting(draft)


def _ping_agent(draft: Draft) -> None:
    conversation = draft.conversation
    pings = conversation.pings + 1
    holder = conversation.agent.name or conversation.agent.id if conversation.agent else ""
    draft.record("agent_pinged", by=SYSTEM, pings=pings, agent=conversation.agent.id if conversation.agent else None)
    if pings < draft.policy.deadlines.lapse_after_pings:
        draft.change(pings=pings)
        draft.tell_desk(text=f"⏰ {holder}, the customer is waiting for your answer.")
        return
    draft.move(State.QUEUED, by=SYSTEM, why=f"{holder} did not answer; anybody may claim it")
    draft.tell_desk(
        text=f"⏰ {holder} has not answered: back in the queue.", buttons=handoff.buttons(draft.conversation)
    )
    _say_waiting(draft)
    _redraw(draft)


def _resolve_quiet(draft: Draft) -> None:
    draft.resolve(Outcome.BY_AGENT, by=SYSTEM, why="the customer did not write again after the agent's answer")
    _redraw(draft)


def _say_waiting(draft: Draft) -> None:
    opens = opening_hours(draft)
    later = f" {draft.phrase('after_hours', hours=opens)}" if opens else ""
    draft.say(Kind.UPDATE, draft.phrase("waiting") + later, fixed=True)


def opening_hours(draft: Draft) -> str:
    """When people are there, for the customer: next opening when they are away, empty while they work."""
    calendar = draft.policy.hours
    if hours.is_open(draft.at, calendar):
        return ""
    opens = hours.next_open(draft.at, calendar)
    return hours.render(opens, calendar)


def _leave_thread(draft: Draft) -> None:
    """The thread takes no more posts: a new card, on the next desk if there is one; what was missed follows it.

    At once the first time, also when somebody has closed it meanwhile; a desk that refuses again and again gets one at
    each reminder.
    """
    brief, desk, desks = draft.conversation.brief, draft.conversation.desk, draft.policy.desks
    if brief is None or desk is None:
        return
    draft.change(desk=None, card_id="")
    if draft.conversation.pings == 0:
        here = next((n for n, other in enumerate(desks) if other == replace(desk, thread="")), 0)
        turns = ladder(draft)
        after = turns.index(here) + 1 if here in turns else 0
        draft.post_card(brief, turns[after % len(turns)])
        draft.change(pings=1)


def _withdraw(draft: Draft, card_id: str, room: Address) -> None:
    """A second card of the same conversation: whoever wrote below it would not be heard."""
    brief, desk = draft.conversation.brief, draft.conversation.desk
    if brief is not None and desk is not None:
        title = f"{brief.title} · worked on elsewhere: {replace(desk, thread='')}"
        draft.redraw_card(replace(brief, title=title, quotes=(), buttons=()), card_id=card_id, room=room)


def _show_anew(draft: Draft) -> None:
    """Post the card again where its thread had to be left: who works on it now must see what was missed."""
    if not draft.conversation.card_id and draft.conversation.brief is not None:
        turns = ladder(draft)
        draft.post_card(draft.conversation.brief, turns[draft.conversation.pings % len(turns)])


def _redraw(draft: Draft, *, waited_minutes: int = 0) -> None:
    card = handoff.redrawn(draft.conversation, waited_minutes=waited_minutes)
    if card is not None:
        draft.redraw_card(card, card_id=draft.conversation.card_id, room=draft.conversation.desk)


def left_open(conversation: Conversation) -> tuple[Turn, ...]:
    """What the customer wrote while people had it and nobody answered: the assistant takes it up when it is returned.

    What called the people is not among it: an agent who returns that has decided about it.
    """
    after_handoff = _customer_turns_after_handoff(conversation.turns)
    return tuple(turn for turn in deadlines.unanswered_turns(conversation) if turn in after_handoff)


def _customer_turns_after_handoff(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    for index in range(len(turns) - 1, -1, -1):
        if turns[index].kind is Kind.HANDOFF:
            return tuple(turn for turn in turns[index + 1 :] if turn.role is Role.CUSTOMER)
    return ()


def _by(person: Person) -> str:
    return f"agent:{person.id}"

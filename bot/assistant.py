"""What the assistant does with what a customer wrote: take it in, answer, offer a person, call one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot import codes, desk, gate, handoff, language, privacy, prompts, triggers
from bot.conversation import (
    Account,
    Attempt,
    Conversation,
    Escalation,
    Gap,
    Kind,
    Outcome,
    Owner,
    Role,
    Source,
    State,
    Trigger,
    Turn,
)
from bot.draft import ASSISTANT, CUSTOMER, SYSTEM, Draft
from bot.rules import Phrases, normalise, words_of
from bot.triggers import Reading
from channels.base import Action, Button, Change, Message

RATING = re.compile(r"\s*([1-5])\s*(?:/\s*5|stars?|sterne?|étoiles?|estrellas?|estrelas?)?\s*[.!]?\s*", re.IGNORECASE)
RATING_IN_WORDS = re.compile(
    r"\s*(?:(?:i(?:['’]d| would| will|['’]ll)?|ich|je|yo|eu|le|lui)\s+){0,2}"
    r"(?:(?:give|rate|gebe|donne|mets|doy|pongo|dou)\s+(?:(?:it|this|that|you|them|un|une|uma?|eine?)\s+){0,2}(?:an?\s+)?)?"
    r"([1-5])(?:\s*/\s*5|\s*(?:out of 5|stars?|sterne?|étoiles?|estrellas?|estrelas?))?"
    r"(?:\s*[-,.!:;–—\n]+\s*(?:[^\W\d]+[,.!\s]*){0,4}|\s+(?:thanks|thank you|danke|merci|gracias|obrigad[oa])[.!\s]*)?",
    re.IGNORECASE,
)
LONGEST_RATING = 60
COMPLAINTS = re.compile(r"\b(?:but|still|not|never|no|aber|noch|nicht|mais|pas|pero|mas|não)\b", re.IGNORECASE)
SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")
MAX_CHARACTERS = 20_000
TELLING = (Kind.ANSWER, Kind.UNSURE, Kind.OFFER)
OFFERED = (Kind.UNSURE, Kind.OFFER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `[assistant]` table: the name under which it answers. It must not pass for a person's."""

    name: str = "Warmline Assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What was looked up or prepared for the agent when a person is called; each part empty where it was not."""

    account: Account | None = None
    draft: Attempt | None = None
    hint: str = ""
    summary: str = ""
    next_step: str = ""


def take_in(draft: Draft, messages: Sequence[Message]) -> None:
    """Add the customer's messages as turns, oldest first; edits and deletions change the turn they name."""
    for message in sorted(messages, key=lambda message: message.sent_at):
        turn = _to_turn(draft, message)
        if message.change is Change.NEW:
            draft.add_turn(turn)
            draft.record("message_received", by=CUSTOMER, characters=len(message.text), files=len(message.attachments))
            continue
        old = next(
            (t for t in draft.conversation.turns if t.external_id and t.external_id == message.original_id), None
        )
        draft.record("message_changed", by=CUSTOMER, change=str(message.change), known=old is not None)
        if old is not None and old.role is Role.CUSTOMER and not old.deleted:  # an edit that comes late revives nothing
            draft.revise(replace(old, text=_readable(draft, message.text), deleted=message.change is Change.DELETED))


def begin(draft: Draft) -> None:
    """Come to ANSWERING from wherever the customer found us; a new word after a resolution begins an episode."""
    conversation = draft.conversation
    if conversation.state is State.ANSWERING:
        return
    if conversation.state is State.RESOLVED:
        days = (draft.at - conversation.since).total_seconds() / 86_400
        draft.start_episode()
        draft.record(
            "reopened", by=CUSTOMER, outcome=str(conversation.outcome), days=days, issue_type=conversation.issue_type
        )
        draft.change(outcome=None, asks_rating=False, escalation=None, proof=None)
    draft.move(State.ANSWERING, by=CUSTOMER, why="the customer wrote")


def after_resolution(draft: Draft, text: str, reading: Reading) -> bool:
    """A word after the end that asks for nothing: a rating, a thank-you. True when it was that."""
    conversation = draft.conversation
    if conversation.state is not State.RESOLVED:
        return False
    if rating := RATING.fullmatch(text) or _rating_in_words(draft, text, reading):
        if conversation.asks_rating:
            rate(draft, int(rating.group(1)))
            return True
        if _was_asked_for_rating(conversation):  # a second thought must not call anybody
            draft.record("rated_again", by=CUSTOMER, stars=int(rating.group(1)))
            return True
    if reading.thanks or reading.solved or reading.yes:
        draft.record("thanked", by=CUSTOMER)
        return True
    return False


def _rating_in_words(draft: Draft, text: str, reading: Reading) -> re.Match[str] | None:
    """A rating with a few words around it, right after it was asked for; a complaint or a call for people is none."""
    asked = draft.conversation.asks_rating and len(text) <= LONGEST_RATING
    if not asked or reading.fired or reading.not_solved or COMPLAINTS.search(text):
        return None
    return RATING_IN_WORDS.fullmatch(text)


def back_to_people(draft: Draft) -> Escalation | None:
    """The escalation of one who writes again soon after an agent resolved it: they go back to people, not to us."""
    conversation = draft.conversation
    hours = (draft.at - conversation.since).total_seconds() / 3_600
    if conversation.outcome is not Outcome.BY_AGENT or hours > draft.policy.deadlines.reopen_hours:
        return None
    return Escalation(trigger=Trigger.CANNOT_RESOLVE, evidence="wrote again after an agent had resolved it")


def small_talk(draft: Draft, reading: Reading, text: str) -> Escalation | bool:
    """Answer what needs no knowledge. True when it did, False when a question is left, an escalation when accepted."""
    last = _last_telling(draft)
    offered = last is not None and last.kind in OFFERED
    if reading.yes and offered:
        return Escalation(trigger=Trigger.ASKS_FOR_HUMAN, evidence="accepted the offer of a person")
    answered = last is not None and last.kind is Kind.ANSWER
    if reading.solved or (answered and (reading.thanks or reading.yes)):
        draft.resolve(Outcome.CONFIRMED, by=CUSTOMER, why="the customer said that it is solved")
        desk.ask_rating(draft)
        return True
    if reading.not_solved:
        if offered:
            return Escalation(trigger=Trigger.CANNOT_RESOLVE, evidence="said again that it did not help")
        _wait(draft, Kind.OFFER, "not_solved")
        return True
    if reading.nudge and last is not None:  # "so?": what we said last was no help
        if offered:
            return Escalation(
                trigger=Trigger.CANNOT_RESOLVE, evidence=f"still waits for an answer: {text.strip()[:40]}"
            )
        _wait(draft, Kind.OFFER, "not_solved")
        return True
    if reading.no and last is not None:
        _wait(draft, Kind.GREETING, "go_on")
        return True
    if reading.asks_if_bot and not beyond_us(text, draft.policy.phrases):
        _wait(draft, Kind.IDENTITY, "identity")
        return True
    if not normalise(text):  # nor anything that can be seen: zero-width or control characters only
        files = any(turn.attachments for turn in draft.new_turns())
        _wait(draft, Kind.GREETING, "only_files" if files else "empty")
        return True
    if reading.greeting or reading.thanks:
        _wait(draft, Kind.GREETING, "greeting" if reading.greeting else "thanks")
        return True
    if not words_of(text) or reading.yes or reading.no:  # "?", "ok": to what we said, or to nothing at all
        _wait(draft, Kind.OFFER if answered else Kind.GREETING, "not_solved" if answered else _prompt(draft))
        return True
    return False


def is_small_talk(reading: Reading) -> bool:
    """Whether a message is nothing but a greeting, thanks, yes, no or a nudge."""
    asks_nothing = (reading.greeting, reading.thanks, reading.yes, reading.no, reading.solved, reading.not_solved)
    return reading.nudge or any(asks_nothing)


def _prompt(draft: Draft) -> str:
    """The text that asks for a question: a greeting at the very beginning only."""
    return "go_on" if any(turn.role is Role.ASSISTANT for turn in draft.conversation.turns) else "greeting"


def asks_for_human(reading: Reading) -> bool:
    """Whether a message asks for a person."""
    return any(escalation.trigger is Trigger.ASKS_FOR_HUMAN for escalation in reading.fired)


def beyond_us(text: str, phrases: Phrases) -> str:
    """What a message asks besides who we are and for a person: its other sentences, empty when they ask for nothing."""
    left = []
    for sentence in SENTENCE.findall(text[:MAX_CHARACTERS]):
        if len(sentence.split()) < 3:
            continue  # before it is read: a message may hold thousands of these
        reading = triggers.read(sentence, phrases)
        if not (_about_us(reading) or reading.greeting or reading.thanks):
            left.append(sentence.strip())
    return " ".join(left)


def ask_of(conversation: Conversation, phrases: Phrases) -> str:
    """What the customer wants to know in this episode: their newest words that are more than a call for a person.

    A word on whether we are a bot, or three words and fewer, are taken only where there is nothing else.
    """
    said = [
        turn.text
        for turn in conversation.turns
        if turn.role is Role.CUSTOMER
        and turn.episode == conversation.episode
        and turn.text.strip()
        and not turn.deleted
    ]
    telling = [text for text in said if len(text.split()) > 3 and beyond_us(text, phrases)]
    text = (telling or said or [""])[-1]
    return beyond_us(text, phrases) or text


def gives_orders(conversation: Conversation, phrases: Phrases) -> bool:
    """Whether anything that the customer wrote in this episode looks like an attempt to give the model orders."""
    said = [turn for turn in conversation.turns if turn.episode == conversation.episode and turn.role is Role.CUSTOMER]
    return any(triggers.read(turn.text, phrases).suspicious for turn in said)


def _about_us(reading: Reading) -> bool:
    return reading.asks_if_bot or asks_for_human(reading)


def wait_for_words(draft: Draft) -> None:
    """Everything was deleted before we answered: nothing to say, and nothing stands open."""
    begin(draft)
    draft.move(State.AWAITING_CUSTOMER, by=SYSTEM, why="the customer took the message back")


def record_attempt(draft: Draft, attempt: Attempt, question: str) -> None:
    """Append what was found; each question that the knowledge could not answer is logged as a gap."""
    draft.record(
        "answered" if attempt.grounded else "not_answered",
        by=ASSISTANT,
        confidence=round(attempt.confidence, 3),
        sources=[handoff.name_source(source) for source in attempt.sources],
        passages=[handoff.name_source(Source(article=p.article, heading=p.heading)) for p in attempt.passages[:5]],
        why_not=attempt.why_not,
        missed=len(attempt.missed),
        issue_type=draft.conversation.issue_type,
    )
    for left in attempt.missed if attempt.grounded else (question,):
        draft.note_gap(
            Gap(
                question=left[:500],
                confidence=attempt.confidence,
                nearest=attempt.passages[0].article if attempt.passages else "",
                issue_type=draft.conversation.issue_type,
            )
        )


def answer(
    draft: Draft,
    attempt: Attempt,
    *,
    opening: str = "",
    offer: tuple[str, tuple[Button, ...]] = ("", ()),
) -> None:
    """Say what was found, with its sources; where nothing may be asserted, offer a person.

    `opening` is said before it, `offer` after it: a sentence and buttons for what would help further.
    """
    opening = f"{opening}\n\n" if opening else ""
    files = "\n\n" + draft.phrase("with_files") if any(turn.attachments for turn in draft.new_turns()) else ""
    nearest = attempt.passages[0] if attempt.passages else None
    reply = gate.without_promises(attempt.reply, draft.policy.phrases) if attempt.reply and attempt.grounded else None
    if reply:
        private, way = privacy.offer(draft) if privacy.is_account_matter(draft) else ("", ())
        left = draft.phrase("missed") if attempt.missed else ""
        named = draft.phrase("sources", sources=_names(attempt)) + files
        draft.say(
            Kind.ANSWER,
            opening + reply,
            sources=attempt.sources,
            buttons=(*way, *offer[1], *_buttons(draft)),
            shown="".join(f"\n\n{text}" for text in (left, private, offer[0]) if text),
            footer=named,
        )
        draft.move(State.AWAITING_CUSTOMER, by=ASSISTANT, why="replied")
        return
    kind, text = Kind.OFFER, draft.phrase("offer")
    if attempt.unsure and nearest is not None:
        kind, text = Kind.UNSURE, draft.phrase("unsure", article=nearest.title or nearest.article)
    shown = f"\n\n{offer[0]}" if offer[0] else ""
    draft.say(kind, opening + text + files, buttons=(*offer[1], *_buttons(draft)), shown=shown, fixed=True)
    draft.move(State.AWAITING_CUSTOMER, by=ASSISTANT, why="replied")


def not_understood(code: str) -> Escalation:
    """The escalation of a customer whose language we cannot answer in."""
    named = prompts.LANGUAGE_NAMES.get(code, "a language that is not recognised")
    return Escalation(trigger=Trigger.CANNOT_RESOLVE, evidence=f"writes in {named}, which is not served")


def asked_by_the_model(why: str) -> tuple[Escalation, ...]:
    """The escalation of a model that says why a person should take over; it may add one and never prevents one."""
    if not why:
        return ()
    return (Escalation(trigger=Trigger.CANNOT_RESOLVE, evidence=f"the model asks for a person: {why}"),)


def escalate(
    draft: Draft, escalations: Sequence[Escalation], material: Material, *, asked_if_bot: bool = False
) -> None:
    """Call a person: the brief goes to the desk and the customer is told, in one decision."""
    first = escalations[0]
    conversation = draft.conversation
    if conversation.state in (State.NEW, State.RESOLVED, State.IGNORED):
        begin(draft)
    draft.change(escalation=first)
    for escalation in escalations:
        draft.record(
            "trigger_fired",
            by=SYSTEM,
            trigger=str(escalation.trigger),
            category=escalation.category,
            evidence=escalation.evidence,
            issue_type=conversation.issue_type,
            turn=sum(turn.role is Role.CUSTOMER for turn in draft.conversation.turns),
        )
    draft.move(State.ESCALATING, by=SYSTEM, why=str(first.trigger))
    card = handoff.brief(
        draft.conversation,
        first,
        account=material.account,
        draft=material.draft,
        clock=draft.policy.hours,
        hint=material.hint,
        summary=material.summary,
        suggested_step=material.next_step,
        public=draft.public,
    )
    draft.change(brief=card, desk=None, card_id="")
    number = desk.ladder(draft)[0]
    draft.post_card(card, number)
    draft.record(
        "handed_off",
        by=SYSTEM,
        trigger=str(first.trigger),
        issue_type=conversation.issue_type,
        desk=str(draft.policy.desks[number]),
        account=material.account.id if material.account else None,
    )
    opening = draft.phrase("identity_short") + " " if asked_if_bot else ""
    private, way = privacy.offer(draft)
    text = f"{opening}{_handoff_text(draft, escalations)} {private}".strip()
    text = language.held(draft.conversation.language, text)
    draft.say(Kind.HANDOFF, text, fixed=True, buttons=way)


def while_people_have_it(draft: Draft, messages: Sequence[Message], reading: Reading) -> None:
    """The customer writes on while people own it: their words go to the desk; once, we say that they arrived."""
    alarms = [str(escalation.category or escalation.trigger) for escalation in reading.fired]
    changes = sorted({str(message.change) for message in messages if message.change is not Change.NEW})
    changed = {message.original_id for message in messages if message.change is not Change.NEW}
    old = tuple(turn for turn in draft.conversation.turns if turn.external_id in changed)
    if draft.conversation.card_id:
        desk.relay(draft, (*old, *draft.new_turns()), remarks=(*changes, *alarms))
    if draft.conversation.owner is not Owner.QUEUE:
        return
    if reading.asks_if_bot:
        draft.say_phrase(Kind.IDENTITY, "identity_waiting")
    elif not _said_since_handoff(draft):
        draft.say_phrase(Kind.UPDATE, "added")


def press(draft: Draft, action: Action) -> Escalation | None:
    """A customer's button. An escalation comes back when they asked for a person; too late a press does nothing."""
    mine = draft.conversation.customer.id == action.actor.id
    draft.record("pressed", by=CUSTOMER, action=action.name, value=action.value[:40], own=mine)
    if not mine:
        draft.whisper(draft.phrase("not_yours"), to=action.actor, address=action.address)
        return None
    assistant_owns = draft.conversation.owner is Owner.ASSISTANT
    match action.name:
        case "ask_human" if assistant_owns or draft.conversation.state is State.RESOLVED:
            return Escalation(trigger=Trigger.ASKS_FOR_HUMAN, evidence="pressed the button for a person")
        case "solved" if assistant_owns:
            begin(draft)
            draft.resolve(Outcome.CONFIRMED, by=CUSTOMER, why="pressed the button: solved")
            desk.ask_rating(draft)
        case "rate" if draft.conversation.asks_rating and RATING.fullmatch(action.value):
            rate(draft, int(action.value.strip()[0]))
        case _:
            pass
    return None


def rate(draft: Draft, stars: int) -> None:
    """Store a rating, 1 to 5, once an episode, with who had resolved it."""
    conversation = draft.conversation
    draft.record(
        "rated",
        by=CUSTOMER,
        stars=stars,
        outcome=str(conversation.outcome),
        resolved_by="agent" if conversation.outcome is Outcome.BY_AGENT else "assistant",
        issue_type=conversation.issue_type,
        episode=conversation.episode,
    )
    draft.change(asks_rating=False)
    draft.say_phrase(Kind.CLOSING, "rated")


def silence(draft: Draft) -> None:
    """The customer did not write again: assumed solved after a cited answer, else abandoned."""
    last = _last_telling(draft)
    solved = last is not None and last.kind is Kind.ANSWER and last.cited
    outcome = Outcome.ASSUMED if solved else Outcome.ABANDONED
    draft.resolve(outcome, by=SYSTEM, why="silence after " + (str(last.kind) if last else "no answer"))


def ignore(draft: Draft, why: str) -> None:
    """Keep automatic mail without an answer."""
    if draft.conversation.state is State.NEW:
        draft.move(State.IGNORED, by=SYSTEM, why=why)
    draft.record("ignored", by=SYSTEM, why=why)


def _wait(draft: Draft, kind: Kind, key: str) -> None:
    draft.say_phrase(kind, key)
    draft.move(State.AWAITING_CUSTOMER, by=ASSISTANT, why=f"said: {key}")


def _handoff_text(draft: Draft, escalations: Sequence[Escalation]) -> str:
    categories = {escalation.category for escalation in escalations}
    triggers = {escalation.trigger for escalation in escalations}
    if "self_harm" in categories:
        key = "handoff_self_harm"
    elif categories & {"account_security", "fraud", "lost_stolen"}:
        key = "handoff_security"
    elif Trigger.BOT_FAILED in triggers:
        key = "handoff_failed"
    elif Trigger.FRUSTRATION in triggers:
        key = "handoff_frustration"
    else:
        key = "handoff"
    text = draft.phrase(key)
    opens = desk.opening_hours(draft)
    return f"{text} {draft.phrase('after_hours', hours=opens)}" if opens else text


def _names(attempt: Attempt) -> str:
    titles = {passage.article: passage.title for passage in attempt.passages}
    shown = []
    for source in attempt.sources:
        title = titles.get(source.article) or source.article
        shown.append(title if source.heading in ("", title) else f"{title} › {source.heading}")
    return "; ".join(dict.fromkeys(shown))


def human_button(draft: Draft) -> Button:
    """The button that calls a person."""
    return Button(name="ask_human", label=draft.phrase("button_human"), value=draft.conversation.id)


def _buttons(draft: Draft) -> tuple[Button, ...]:
    solved = Button(name="solved", label=draft.phrase("button_solved"), value=draft.conversation.id)
    return (solved, human_button(draft))


def _last_telling(draft: Draft) -> Turn | None:
    """The assistant's last answer or offer in this episode, unless people had it since."""
    for turn in reversed(draft.conversation.turns):
        if turn.episode != draft.conversation.episode or turn.role is Role.AGENT or turn.kind is Kind.HANDOFF:
            return None
        if turn.role is Role.ASSISTANT and turn.kind in TELLING:
            return turn
    return None


def _said_since_handoff(draft: Draft) -> bool:
    for turn in reversed(draft.conversation.turns):
        if turn.kind is Kind.HANDOFF:
            return False
        if turn.kind is Kind.UPDATE:
            return True
    return True


def _was_asked_for_rating(conversation: Conversation) -> bool:
    return any(turn.kind is Kind.CLOSING and turn.episode == conversation.episode for turn in conversation.turns)


def _to_turn(draft: Draft, message: Message) -> Turn:
    return Turn(
        role=Role.CUSTOMER,
        kind=Kind.MESSAGE,
        text=_readable(draft, message.text),
        at=draft.at,
        episode=draft.conversation.episode,
        author=message.sender.name or message.sender.id,
        external_id=message.external_id,
        attachments=message.attachments,
    )


def _readable(draft: Draft, text: str) -> str:
    """A text as agents and a model may read it: a code that the customer was sent is for nobody's eyes."""
    return _clip(codes.masked(text) if codes.is_awaited(draft.conversation.proof, draft.at) else text)


def _clip(text: str) -> str:
    """A turn holds the beginning of an endless message; the inbox keeps all of it."""
    return text if len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS] + " …"

"""What an agent's claim, return, resolve, reopen and assign do to a conversation."""

from collections.abc import Callable, Mapping

from bot.conversation import Gap, Json, Kind, Outcome, Role, State
from bot.desk.cards import leave_desk, left_open, redraw, show_anew
from bot.desk.claims import by_agent, give_to
from bot.desk.forms import answers
from bot.desk.notes import take_note
from bot.desk.replies import claim_and_send, keep_as_note
from bot.desk.rights import impossible, misplaced, refusal
from bot.desk.settings import Settings
from bot.desk.suggestions import send_draft
from bot.draft import Draft
from channels.base import DESK_GONE, Action, Button


def act(draft: Draft, action: Action, settings: Settings) -> None:
    """A button or command at the desk. Who may not act is told why, in private.

    `DESK_GONE` is no person's act: the desk's channel tells with it that nobody works there any more.
    """
    if action.name == DESK_GONE and not action.actor.id:
        leave_desk(draft, action)
        return
    why = (
        refusal(action.actor, settings)
        or _unknown(action)
        or impossible(draft.conversation, action)
        or misplaced(draft.conversation, action, settings)
    )
    if why:
        draft.record("refused", by=by_agent(action.actor), action=action.name, why=why)
        draft.whisper(why, to=action.actor, address=action.address)
        return
    ACTIONS[action.name](draft, action)


def _unknown(action: Action) -> str:
    return "" if action.name in ACTIONS else f"There is no action {action.name!r} here."


def ask_rating(draft: Draft) -> None:
    """Say that it is done and ask for one rating, once an episode."""
    draft.change(asks_rating=True)
    stars = tuple(Button(name="rate", label=star, value=star) for star in "12345")
    draft.say(Kind.CLOSING, draft.phrase("closing"), fixed=True, buttons=stars)


def _claim(draft: Draft, action: Action) -> None:
    give_to(draft, action.actor, by=by_agent(action.actor))


def _return(draft: Draft, action: Action) -> None:
    unanswered = left_open(draft.conversation)
    state = State.ANSWERING if unanswered else State.AWAITING_CUSTOMER
    draft.record("returned", by=by_agent(action.actor), unanswered=len(unanswered))
    draft.move(state, by=by_agent(action.actor), why="returned to the assistant")
    draft.change(escalation=None)
    draft.say_phrase(Kind.UPDATE, "returned")
    redraw(draft)


def _resolve(draft: Draft, action: Action) -> None:
    if draft.conversation.agent is None:
        give_to(draft, action.actor, by=by_agent(action.actor))
    given = answers(action)
    if given:
        _note_ending(draft, given, by=by_agent(action.actor))
    else:
        show_anew(draft)
    draft.resolve(Outcome.BY_AGENT, by=by_agent(action.actor), why="resolved by the agent")
    ask_rating(draft)
    redraw(draft)


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


def _reopen(draft: Draft, action: Action) -> None:
    conversation = draft.conversation
    draft.change(episode=conversation.episode + 1, outcome=None, asks_rating=False)
    draft.move(State.WITH_AGENT, by=by_agent(action.actor), why="reopened by the agent", agent=action.actor)
    draft.record("reopened", by=by_agent(action.actor), outcome=str(conversation.outcome))
    redraw(draft)


def _more_time(draft: Draft, action: Action) -> None:
    draft.record("more_time", by=by_agent(action.actor))
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
        give_to(draft, target, by=by_agent(action.actor))
        return
    draft.record("assigned", by=by_agent(action.actor), agent=target.id)
    give_to(draft, target, by=by_agent(action.actor))
    draft.tell_desk(text=f"Assigned to {target.name or target.id} by {action.actor.name or action.actor.id}.")
    giver, customer = action.actor.name or action.actor.id, draft.conversation.customer
    draft.notify(
        f"{giver} gave {customer.name or customer.id} to you: your plain replies in the thread go to them.",
        to=target,
        address=action.address,
    )


ACTIONS: Mapping[str, Callable[[Draft, Action], None]] = {
    "claim": _claim,
    "assign": _assign,
    "return": _return,
    "resolve": _resolve,
    "reopen": _reopen,
    "more_time": _more_time,
    "note": take_note,
    "claim_send": claim_and_send,
    "keep_note": keep_as_note,
    "send_draft": send_draft,
    "edit_draft": send_draft,
}

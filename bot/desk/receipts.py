"""What became of cards and replies: they arrived, or they never will."""

from dataclasses import replace

from bot import deadlines
from bot.conversation import Sent, State, Undelivered
from bot.desk.cards import redraw, relay, since_handoff
from bot.desk.changes import sent_turn
from bot.desk.reminders import post_again
from bot.desk.settings import ladder
from bot.draft import SYSTEM, Draft
from channels.base import Address

REMEMBERED = 50  # replies that can still be changed


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
    missed = since_handoff(draft.conversation.turns)
    if draft.conversation.state is State.ESCALATING and sent.carries not in ("", draft.conversation.since.isoformat()):
        missed = deadlines.unanswered_turns(draft.conversation)  # the card of an earlier call shows nothing of this one
    draft.change(desk=desk, card_id=sent.receipt_id)
    if draft.conversation.state is State.ESCALATING:
        draft.move(State.QUEUED, by=SYSTEM, why="the card is on the desk")
    else:
        redraw(draft)
    if missed:
        relay(draft, missed)


def reply_arrived(draft: Draft, sent: Sent) -> None:
    """The customer's channel accepted an agent's reply, or its change."""
    draft.record("delivered", by=SYSTEM, outgoing=sent.outgoing_id)
    if sent.outgoing_id.endswith("-edit"):
        if sent_turn(draft.conversation, sent.carries) is not None:  # a message that was deleted takes no mark
            draft.react("✏️", to=sent.carries, text="✏️ changed for the customer")
        return
    text = "✅ delivered to the customer"
    if sent.carries:
        draft.change(relayed=(*draft.conversation.relayed, (sent.carries, sent.receipt_id))[-REMEMBERED:])
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
    elif failure.outgoing_id.endswith("-edit"):
        draft.tell_desk(text=f"⚠️ the customer still sees what was first written: {failure.reason}")
    elif failure.outgoing_id.endswith("-desk"):
        _leave_thread(draft)


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

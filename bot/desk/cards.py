"""A conversation's card and thread at the desk: drawn anew, posted anew, the customer's words below it."""

from dataclasses import replace

from bot import deadlines, handoff
from bot.conversation import Conversation, Kind, Role, Turn
from bot.desk.settings import ladder
from bot.draft import SYSTEM, Draft
from channels.base import Action


def relay(draft: Draft, turns: tuple[Turn, ...], *, remarks: tuple[str, ...] = ()) -> None:
    """The customer's words into the desk thread, marked as theirs; `remarks` say what is special about them."""
    title = "The customer wrote" + (f" · {', '.join(remarks)}" if remarks else "")
    if turns:
        files = tuple(file for turn in turns if not turn.deleted for file in turn.attachments if file.key)
        draft.tell_desk(
            title=title, quotes=[handoff.to_quote(turn, draft.policy.hours) for turn in turns], attachments=files
        )
    elif remarks:
        draft.tell_desk(title)


def redraw(draft: Draft, *, waited_minutes: int = 0) -> None:
    """Show the card as it now is, where it stands; `waited_minutes` is how long nobody claimed it."""
    card = handoff.redrawn(draft.conversation, clock=draft.policy.hours, waited_minutes=waited_minutes)
    if card is not None:
        draft.redraw_card(card, card_id=draft.conversation.card_id, room=draft.conversation.desk)


def show_anew(draft: Draft) -> None:
    """Post the card again where its thread had to be left: who works on it now must see what was missed."""
    if not draft.conversation.card_id and draft.conversation.brief is not None:
        turns = ladder(draft)
        draft.post_card(draft.conversation.brief, turns[draft.conversation.pings % len(turns)])


def leave_desk(draft: Draft, action: Action) -> None:
    """The desk itself is gone: the card goes to the next one at once; what was missed follows it there."""
    brief, desk, gone = draft.conversation.brief, draft.conversation.desk, action.address
    draft.record("desk_gone", by=SYSTEM, desk=str(replace(gone, thread="")), why=action.value)
    if brief is None or desk is None or (desk.channel, desk.room) != (gone.channel, gone.room):
        return
    others = [n for n in ladder(draft) if draft.policy.desks[n] != replace(gone, thread="")]
    if others:
        draft.change(desk=None, card_id="")
        draft.post_card(brief, others[0])


def left_open(conversation: Conversation) -> tuple[Turn, ...]:
    """What the customer wrote while people had it and nobody answered: the assistant takes it up when it is returned.

    What called the people is not among it: an agent who returns that has decided about it.
    """
    after_handoff = since_handoff(conversation.turns)
    return tuple(turn for turn in deadlines.unanswered_turns(conversation) if turn in after_handoff)


def since_handoff(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """What the customer wrote after people were called the last time, oldest first."""
    for index in range(len(turns) - 1, -1, -1):
        if turns[index].kind is Kind.HANDOFF:
            return tuple(turn for turn in turns[index + 1 :] if turn.role is Role.CUSTOMER)
    return ()

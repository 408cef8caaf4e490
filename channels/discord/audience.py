"""Which words are meant for us, and whose conversation they belong to. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from channels.base import Address, Change
from channels.discord.events import Spot, Words
from channels.discord.places import NAME, Place


class Verdict(StrEnum):
    """What to do with words: hand them in, note that staff is at it, or leave them."""

    HEAR = "hear"
    STAFF = "staff"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Where customers write and agents work, as ids of channels and forums; `staff` are ids of people and roles."""

    rooms: frozenset[int]
    desks: frozenset[int]
    staff: frozenset[str] = frozenset()


def address_of(words: Words, spot: Spot, place_of: Callable[[Address], Place | None]) -> Address:
    """The conversation that words belong to: a thread's, a direct message's, or the one that they would begin."""
    if spot.direct:
        return Address(channel=NAME, room=str(spot.room))
    if not spot.thread and words.answers:  # written below a question in the channel, not in its thread
        above = Address(channel=NAME, room=str(spot.room), thread=str(words.answers))
        place = place_of(above)
        if place is not None and place.asker == words.author:
            return above
    return Address(channel=NAME, room=str(spot.room), thread=str(spot.thread or words.id))


def judge(words: Words, spot: Spot, place: Place | None, rules: Rules) -> Verdict:
    """Decide on words at a place that is known, or would be new."""
    if spot.room in rules.desks:
        return Verdict.HEAR if spot.thread else Verdict.SKIP
    if spot.direct:
        return Verdict.HEAR
    if place is not None and place.moved == words.channel:
        return Verdict.HEAR if words.author in (place.asker, 0) else Verdict.SKIP
    if words.change is not Change.NEW:
        known = place is not None and place.asker and words.author in (place.asker, 0)
        return Verdict.HEAR if known else Verdict.SKIP
    if place is None or not place.asker:
        return Verdict.HEAR if _begins(words, spot, rules) else Verdict.SKIP
    if words.mentions_us:
        return Verdict.HEAR
    if words.author == place.asker:
        return Verdict.SKIP if place.staffed else Verdict.HEAR
    return Verdict.STAFF if is_staff(words, rules) else Verdict.SKIP


def is_staff(words: Words, rules: Rules) -> bool:
    """Whether the team itself writes: by `staff`, or where that is empty, whoever may delete others' messages."""
    if not rules.staff:
        return words.moderates
    return not rules.staff.isdisjoint({str(words.author), *(words.roles or ())})


def _begins(words: Words, spot: Spot, rules: Rules) -> bool:
    """Whether a conversation begins with it: a mention anywhere, else a question or post where customers write."""
    if words.mentions_us:
        return True
    root = not spot.thread or (spot.forum and spot.thread == words.id)
    announced = bool(rules.staff) and is_staff(words, rules)  # what the team itself posts there is no question
    return spot.room in rules.rooms and root and not announced

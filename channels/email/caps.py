"""How many automatic mails may leave, however the world answers them. Nothing switches these off."""

import json
from collections.abc import Mapping
from dataclasses import fields

from channels.base import Bookmark
from channels.email.settings import Caps
from channels.email.threads import Signer, Thread

PLACE = "sent "
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
DEFAULTS = Caps()


class Ledger:
    """When automatic mails left, by recipient, recipient's domain and mailbox; names are kept as keyed hashes only."""

    def __init__(self, caps: Caps, signer: Signer, bookmarks: Mapping[str, str]) -> None:
        self._caps = {f.name: max(getattr(caps, f.name), getattr(DEFAULTS, f.name)) for f in fields(Caps)}
        self._signer = signer
        self._times: dict[str, list[float]] = {
            place: json.loads(position) for place, position in bookmarks.items() if place.startswith(PLACE) and position
        }

    def objection(self, thread: Thread, root: Thread, at: float) -> str:
        """Why one more automatic mail may not leave now; empty when it may."""
        caps = self._caps
        who, domain, mailbox = self._places(thread)
        windows = (
            ("between_customer_mails", thread.run, f"{thread.run} in a row without a word of the customer"),
            ("conversation_10_minutes", _within(root.sent, at, 10 * MINUTE), "in this conversation in 10 minutes"),
            ("conversation_day", _within(root.sent, at, DAY), "in this conversation in a day"),
            ("recipient_3_hours", self._count(who, at, 3 * HOUR), "to this address in 3 hours"),
            ("recipient_day", self._count(who, at, DAY), "to this address in a day"),
            ("domain_hour", self._count(domain, at, HOUR), "to this domain in an hour"),
            ("mailbox_hour", self._count(mailbox, at, HOUR), "from this mailbox in an hour"),
        )
        for name, count, what in windows:
            if count >= caps[name]:
                return f"the cap email.caps.{name} = {caps[name]} is reached ({count} automatic mails {what})"
        return ""

    def record(self, thread: Thread, at: float) -> tuple[Bookmark, ...]:
        """Count one mail; what is to be kept before it leaves, so that a crash cannot forget it."""
        kept = []
        for place, seconds in zip(self._places(thread), (DAY, HOUR, HOUR), strict=True):
            times = [one for one in self._times.get(place, []) if one > at - seconds]
            self._times[place] = [*times, round(at, 1)]
            kept.append(Bookmark(place=place, position=json.dumps(self._times[place])))
        return tuple(kept)

    def let_go(self, at: float) -> list[str]:
        """Drop the counts of days gone by; return their places."""
        old = [place for place, times in self._times.items() if not times or times[-1] < at - DAY]
        for place in old:
            del self._times[place]
        return old

    def _places(self, thread: Thread) -> tuple[str, str, str]:
        domain = thread.to.rpartition("@")[2]
        hashed = [self._signer.digest("cap", one) for one in (thread.to, domain)]
        return f"{PLACE}to {hashed[0]}", f"{PLACE}domain {hashed[1]}", f"{PLACE}from {thread.mailbox}"

    def _count(self, place: str, at: float, seconds: float) -> int:
        return _within(self._times.get(place, ()), at, seconds)


def _within(times: list[float] | tuple[float, ...], at: float, seconds: float) -> int:
    return sum(one > at - seconds for one in times)

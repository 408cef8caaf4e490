"""The same words again and again: a machine that says nothing of itself."""

import hashlib
import re
from collections import OrderedDict

HOUR = 3_600.0
TIMES = 3
LONGEST = 20_000
SHORTEST = 40  # characters; people do write "thanks" three times


class Echoes:
    """What was written in the last hour, by sender and by conversation. Bounded; a restart forgets it."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str, bytes], list[float]] = OrderedDict()

    def is_echo(self, sender: tuple[str, str], conversation: tuple[str, str], text: str, at: float) -> bool:
        """Note a text; True when the same one came for the third time in an hour from this sender or in here."""
        words = re.sub(r"\W+|\d+", " ", text.casefold()).strip()
        if len(words) < SHORTEST:
            return False
        print_of = hashlib.sha256(words.encode("utf-8", "replace")).digest()
        return max(self._note((*place, print_of), at) for place in {sender, conversation}) >= TIMES

    def _note(self, key: tuple[str, str, bytes], at: float) -> int:
        times = [one for one in self._seen.pop(key, []) if one > at - HOUR]
        self._seen[key] = [*times, at][-TIMES:]
        while len(self._seen) > LONGEST:
            self._seen.popitem(last=False)
        return len(self._seen[key])

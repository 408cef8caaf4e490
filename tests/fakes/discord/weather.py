"""Bad days and limits: what happens to a call instead, and how many calls are taken in how long."""

import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.fakes.discord.calls import Call

# Calls a window, seconds of the window. Discord does not promise its numbers; these are of the size that is seen.
LIMITS: Mapping[str, tuple[int, float]] = {
    "create_message": (5, 5.0),
    "edit_message": (5, 5.0),
    "delete_message": (5, 1.0),
    "add_reaction": (1, 0.25),
    "execute_webhook": (5, 2.0),
    "edit_channel": (10, 15.0),
    "rename_channel": (2, 600.0),
    "start_typing": (5, 5.0),
}
OTHERS = (50, 1.0)
OVERALL = (50, 1.0)
UNCOUNTED = ("answer_interaction",)  # interactions are outside the overall limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An answer with `status` and `code`, late by `delay`, or none (`drop`); `commit` does the thing all the same.

    `everywhere` makes a 429 the overall limit's; `banned` is a 429 of the proxy in front, with no JSON.
    """

    status: int = 200
    code: int = 0
    retry_after: float = 0.3
    delay: float = 0.0
    drop: bool = False
    commit: bool = False
    everywhere: bool = False
    banned: bool = False

    @property
    def fails(self) -> bool:
        return self.drop or self.status != 200


@dataclass(slots=True)
class Window:
    """A bucket: how many calls are left until when."""

    limit: int
    seconds: float
    left: int = 0
    ends: float = 0.0

    def take(self, now: float) -> bool:
        """Whether one more is taken."""
        if now >= self.ends:
            self.left, self.ends = self.limit, now + self.seconds
        self.left -= 1
        return self.left >= 0


@dataclass(slots=True)
class Weather:
    """The faults that wait for a call by its name, and the buckets by name and place."""

    limits: dict[str, tuple[int, float]] = field(default_factory=lambda: dict(LIMITS))
    overall: Window = field(default_factory=lambda: Window(*OVERALL))
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    windows: dict[tuple[str, str], Window] = field(default_factory=dict)

    def fault(self, name: str) -> Fault:
        """What waits for this call."""
        waiting = self.faults[name]
        return waiting.popleft() if waiting else Fault()

    def window(self, call: Call) -> Window:
        """The bucket of a call: its name, and the channel, guild or webhook it is about."""
        name = "rename_channel" if call.name == "edit_channel" and "name" in (call.body or {}) else call.name
        major = next((call.params[key] for key in ("channel_id", "guild_id", "token") if key in call.params), "")
        if (name, major) not in self.windows:
            self.windows[name, major] = Window(*self.limits.get(name, OTHERS))
        return self.windows[name, major]

    def refused(self, call: Call, window: Window) -> tuple[float, str] | None:
        """How long to wait and whose limit it was, for a call that is one too many."""
        now = time.monotonic()
        if call.name not in UNCOUNTED and not self.overall.take(now):
            return self.overall.ends - now, "global"
        if not window.take(now):
            return window.ends - now, "user"
        return None


def headers(name: str, window: Window) -> dict[str, str]:
    """What every answer tells of its bucket."""
    rest = max(0.0, window.ends - time.monotonic())
    return {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(max(0, window.left)),
        "X-RateLimit-Reset": f"{time.time() + rest:.3f}",
        "X-RateLimit-Reset-After": f"{rest:.3f}",
        "X-RateLimit-Bucket": name,
    }

"""What came of a dialogue, held against what it promises."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.commands.dialogue import Expect
from bot.conversation import Json, Turn
from channels.base import Outgoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """A trigger that fired, at which of the customer's turns, counted from 1."""

    trigger: str
    turn: int
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a dialogue. `posts` reached the customer, `mails` too, `desk` the agents; `ms` is CPU time."""

    id: Json
    state: str
    outcome: str | None
    escalations: tuple[Fired, ...]
    turns: tuple[Turn, ...]
    posts: tuple[str, ...]
    desk: tuple[str, ...]
    gaps: int
    mails: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    ms: float = 0.0


def broken(expect: Expect, played: Played) -> tuple[str, ...]:
    """What was expected and is not so, a sentence each."""
    fired = [one.trigger for one in played.escalations]
    cited = [source.article for turn in played.turns for source in turn.sources]
    found = []
    if expect.escalates is not None and expect.escalates != bool(fired):
        found.append("nothing escalated" if expect.escalates else f"escalated: {', '.join(fired)}")
    if expect.trigger and expect.trigger not in fired:
        found.append(f"trigger {expect.trigger} did not fire; fired: {', '.join(fired) or 'none'}")
    if expect.state and expect.state != played.state:
        found.append(f"state is {played.state}, not {expect.state}")
    if expect.outcome and expect.outcome != played.outcome:
        found.append(f"outcome is {played.outcome}, not {expect.outcome}")
    if expect.gap is not None and expect.gap != bool(played.gaps):
        found.append(f"{played.gaps} questions were logged as gaps")
    found += [
        f"{article} was not cited; cited: {', '.join(cited) or 'none'}"
        for article in expect.sources
        if article not in cited
    ]
    found += missing("to the customer", expect.says, played.posts)
    found += unwanted("to the customer", expect.never_says, played.posts)
    found += missing("by mail", expect.mail_says, played.mails)
    found += missing("at the desk", expect.desk_says, played.desk)
    found += unwanted("at the desk", expect.desk_never_says, played.desk)
    return tuple(found)


def texts(post: Outgoing) -> Iterator[str]:
    """Everything that can be read in a post."""
    yield post.text
    yield from (button.label for button in post.buttons)
    if post.card is not None:
        yield post.card.title
        yield from (f"{field.name}: {field.text}" for field in (*post.card.fields, *post.card.quotes))
        yield from (button.label for button in post.card.buttons)


def missing(where: str, wanted: Iterable[str], said: Sequence[str]) -> list[str]:
    """What should have been said there and was not, a sentence each."""
    return [f"nobody said {text!r} {where}" for text in wanted if not any(text in one for one in said)]


def unwanted(where: str, never: Iterable[str], said: Sequence[str]) -> list[str]:
    """What should never have been said there and was, a sentence each."""
    return [f"somebody said {text!r} {where}" for text in never if any(text in one for one in said)]

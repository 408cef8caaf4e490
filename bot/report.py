"""Numbers from events: what was resolved, by whom, how fast, and how customers rated it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from bot.conversation import Event, Json, Outcome

UNKNOWN = "not recognised"


@dataclass(slots=True, kw_only=True)
class Episode:
    """One episode while its events are read."""

    began: datetime | None = None
    first_reply: datetime | None = None
    claimed: datetime | None = None
    ended: datetime | None = None
    issue_type: str = UNKNOWN
    outcome: str = ""
    triggers: list[str] = field(default_factory=list)
    stars: int | None = None
    reopened: bool = False
    model_tokens: int = 0
    model_money: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The numbers of some episodes. Seconds are medians; None where nothing was measured.

    `csat_*` are the mean of 1 to 5 stars; `first_contact` is the share of resolved episodes not reopened since;
    `model_*` are what a language model took.
    """

    episodes: int
    outcomes: Mapping[str, int]
    escalated: int
    triggers: Mapping[str, int]
    csat_assistant: float | None
    csat_agent: float | None
    ratings_assistant: int
    ratings_agent: int
    first_contact: float | None
    first_reply_seconds: float | None
    resolution_seconds: float | None
    handling_seconds: float | None
    model_tokens: int = 0
    model_money: float = 0.0


def episodes(events: Iterable[tuple[str, Event]]) -> list[Episode]:
    """Read (conversation, event) pairs in the order of storing into episodes."""
    now: dict[str, Episode] = {}
    done: list[Episode] = []
    for conversation, event in events:
        before = now.get(conversation)
        ended = before is not None and event.kind == "reopened" and bool(before.outcome)
        if before is not None and ended:
            before.reopened = True
        if before is None or ended:
            now[conversation] = Episode()
            done.append(now[conversation])
        _read(now[conversation], event)
    return [episode for episode in done if episode.began is not None or episode.outcome]


def _read(episode: Episode, event: Event) -> None:
    facts = event.facts
    match event.kind:
        case "message_received" | "reopened" if episode.began is None:
            episode.began = event.at
        case "sorted":
            episode.issue_type = str(facts["issue_type"])
        case "answered" | "agent_replied" if episode.first_reply is None:
            episode.first_reply = event.at
        case "trigger_fired":
            episode.triggers.append(str(facts["trigger"]))
        case "claimed":
            episode.claimed = event.at
        case "resolved":
            episode.ended, episode.outcome = event.at, str(facts["outcome"])
            episode.issue_type = str(facts.get("issue_type") or episode.issue_type)
        case "rated":
            stars = facts["stars"]
            episode.stars = stars if isinstance(stars, int) else None
        case "model_asked":
            episode.model_tokens += int(_number(facts["tokens_in"]) + _number(facts["tokens_out"]))
            episode.model_money += _number(facts["money"])
        case _:
            pass


def summarise(found: list[Episode]) -> dict[str, Row]:
    """One row for all, then one for each issue type, most frequent first."""
    by_type: defaultdict[str, list[Episode]] = defaultdict(list)
    for episode in found:
        by_type[episode.issue_type].append(episode)
    ordered = sorted(by_type, key=lambda name: (-len(by_type[name]), name))
    return {"all": _row(found)} | {name: _row(by_type[name]) for name in ordered}


def _row(found: list[Episode]) -> Row:
    resolved = [one for one in found if one.outcome in (Outcome.CONFIRMED, Outcome.ASSUMED, Outcome.BY_AGENT)]
    by_agent = [one.stars for one in found if one.stars is not None and one.outcome == Outcome.BY_AGENT]
    by_assistant = [one.stars for one in found if one.stars is not None and one.outcome != Outcome.BY_AGENT]
    return Row(
        episodes=len(found),
        outcomes=dict(Counter(one.outcome or "open" for one in found)),
        escalated=sum(bool(one.triggers) for one in found),
        triggers=dict(Counter(trigger for one in found for trigger in dict.fromkeys(one.triggers))),
        csat_assistant=_mean(by_assistant),
        csat_agent=_mean(by_agent),
        ratings_assistant=len(by_assistant),
        ratings_agent=len(by_agent),
        first_contact=_mean([float(not one.reopened) for one in resolved]),
        first_reply_seconds=_median((one.began, one.first_reply) for one in found),
        resolution_seconds=_median((one.began, one.ended) for one in resolved),
        handling_seconds=_median((one.claimed, one.ended) for one in found if one.outcome == Outcome.BY_AGENT),
        model_tokens=sum(one.model_tokens for one in found),
        model_money=round(sum(one.model_money for one in found), 6),
    )


def _number(value: Json) -> float:
    return value if isinstance(value, int | float) else 0.0


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return round(sum(listed) / len(listed), 3) if listed else None


def _median(spans: Iterable[tuple[datetime | None, datetime | None]]) -> float | None:
    seconds = [max(0.0, (end - start).total_seconds()) for start, end in spans if start is not None and end is not None]
    return round(median(seconds), 3) if seconds else None

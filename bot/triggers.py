"""When a human must take over: an ordered table of hard rules, checked before any model is asked and once after."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from bot.conversation import Attempt, Conversation, Escalation, Kind, Role, Trigger, Turn
from bot.patterns import fold
from bot.rules import (
    Phrases,
    Prepared,
    find,
    normalise,
    only,
    prepare,
    words_of,
)
from bot.sieve import Family

ANSWERS = frozenset({Kind.ANSWER, Kind.UNSURE, Kind.OFFER})
"""The turns that count as answers: a greeting or a word on who we are uses up nobody's patience."""

UNANSWERED = frozenset({Kind.UNSURE, Kind.OFFER})
ALIKE = 0.8
KEPT = 1_000
"""Of messages up to so many characters many readings are kept; of longer ones a few, for each may be a megabyte."""

SMALL_TALK = 160
"""A message longer than this is not small talk, whatever words it has."""

GRAVEST_FIRST = (
    "self_harm",
    "safety",
    "fraud",
    "lost_stolen",
    "account_security",
    "legal",
    "data_protection",
    "billing_dispute",
    "account_closure",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `[triggers]` table: counts, and phrases of your own. Nothing in it can switch a trigger off.

    `max_turns` answers of the assistant may be given before a person takes over; the `same_question_times`th time that
    a question is asked calls one. The phrases are plain words, found as whole words in any letter case.
    """

    max_turns: int = 8
    same_question_times: int = 2
    asks_for_human: tuple[str, ...] = ()
    high_stakes: tuple[str, ...] = ()
    frustration: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a message says to the rules. The small-talk flags are true only when it is nothing else."""

    fired: tuple[Escalation, ...] = ()
    asks_if_bot: bool = False
    suspicious: bool = False
    greeting: bool = False
    thanks: bool = False
    yes: bool = False
    no: bool = False
    solved: bool = False
    not_solved: bool = False
    nudge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a trigger may look at. `since` are the episode's turns since people last had the conversation."""

    text: Prepared
    fired: tuple[Escalation, ...]
    since: tuple[Turn, ...]
    phrases: Phrases
    settings: Settings
    attempt: Attempt | None
    enabled: bool
    tool_failed: str


def read(text: str, phrases: Phrases) -> Reading:
    """Read one message for all rules at once.

    The same message is read again on its way through the loop and for the agent, so the last readings are kept.
    """
    return (_read_short if len(text) <= KEPT else _read_long)(text, phrases)


def _read(text: str, phrases: Phrases) -> Reading:
    prepared = prepare(text, phrases)
    talk = _small_talk(prepared, phrases)
    return Reading(
        fired=_fired(prepared, phrases),
        asks_if_bot=_first(phrases.families("asks_if_bot"), prepared) is not None,
        suspicious=_first(phrases.families("suspicious"), prepared) is not None,
        greeting="greeting" in talk,
        thanks="thanks" in talk,
        yes="yes" in talk,
        no="no" in talk,
        solved="solved" in talk,
        not_solved="not_solved" in talk,
        nudge="nudge" in talk,
    )


_read_short = lru_cache(maxsize=512)(_read)
_read_long = lru_cache(maxsize=8)(_read)


def check(
    conversation: Conversation,
    text: str,
    phrases: Phrases,
    settings: Settings,
    *,
    attempt: Attempt | None = None,
    enabled: bool = True,
    tool_failed: str = "",
) -> tuple[Escalation, ...]:
    """Hold every trigger against the conversation, in their order; each that fires comes back with its evidence.

    The customer's newest words are `text`; whether they are among the turns already makes no difference. `attempt` is
    None before an answer was tried; `enabled` is false when the issue type is switched off; `tool_failed` says which.
    """
    facts = Facts(
        text=prepare(text, phrases),
        fired=read(text, phrases).fired,
        since=since_people(conversation),
        phrases=phrases,
        settings=settings,
        attempt=attempt,
        enabled=enabled,
        tool_failed=tool_failed,
    )
    return tuple(escalation for trigger in TRIGGERS if (escalation := trigger(facts)) is not None)


def asks_for_human(facts: Facts) -> Escalation | None:
    """The customer asks for a person: honoured at once, with no question first."""
    return _said(facts, Trigger.ASKS_FOR_HUMAN, facts.settings.asks_for_human)


def high_stakes(facts: Facts) -> Escalation | None:
    """Money in dispute, security, law, safety, personal data: nothing for a machine to decide."""
    return _said(facts, Trigger.HIGH_STAKES, facts.settings.high_stakes)


def frustration(facts: Facts) -> Escalation | None:
    """The customer is angry or at the end of their patience."""
    return _said(facts, Trigger.FRUSTRATION, facts.settings.frustration)


def too_many_answers(facts: Facts) -> Escalation | None:
    """So many answers without an end mean that the next one will not help either."""
    answers = sum(turn.role is Role.ASSISTANT and turn.kind in ANSWERS for turn in facts.since)
    if answers < facts.settings.max_turns:
        return None
    return Escalation(trigger=Trigger.TOO_MANY_TURNS, evidence=f"{answers} answers without a resolution")


def same_question(facts: Facts) -> Escalation | None:
    """Asked again after an answer: the answer was none."""
    asked = words_of(facts.text.clean)
    times = 1 + sum(_same(asked, words_of(earlier), facts.phrases) for earlier in _answered_questions(facts.since))
    if times < max(2, facts.settings.same_question_times):
        return None
    return Escalation(trigger=Trigger.TOO_MANY_TURNS, evidence=f"asked {times} times: {facts.text.clean[:160]}")


def not_enabled(facts: Facts) -> Escalation | None:
    """The owner wants people to answer this issue type."""
    if facts.enabled:
        return None
    return Escalation(trigger=Trigger.CANNOT_RESOLVE, evidence="this issue type is answered by people")


def nothing_grounded(facts: Facts) -> Escalation | None:
    """Nothing found again, though a person was offered already: one offer is enough."""
    if facts.attempt is None or facts.attempt.grounded:
        return None
    answers = [turn.kind for turn in facts.since if turn.role is Role.ASSISTANT and turn.kind in ANSWERS]
    if not answers or answers[-1] not in UNANSWERED:
        return None
    asked = f": {facts.text.clean[:160]}" if facts.text.clean else ""
    return Escalation(trigger=Trigger.CANNOT_RESOLVE, evidence=f"nothing found, the second time{asked}")


def tool_failed(facts: Facts) -> Escalation | None:
    """What was needed for an answer broke."""
    if not facts.tool_failed:
        return None
    return Escalation(trigger=Trigger.CANNOT_RESOLVE, evidence=f"a tool failed: {facts.tool_failed}")


TRIGGERS: tuple[Callable[[Facts], Escalation | None], ...] = (
    asks_for_human,
    high_stakes,
    frustration,
    too_many_answers,
    same_question,
    not_enabled,
    nothing_grounded,
    tool_failed,
)


def since_people(conversation: Conversation) -> tuple[Turn, ...]:
    """The episode's turns after the last one of a person, or after the last handoff; deleted ones left out."""
    ours = takewhile(
        lambda turn: (
            turn.episode == conversation.episode and turn.role is not Role.AGENT and turn.kind is not Kind.HANDOFF
        ),
        reversed(conversation.turns),
    )
    return tuple(turn for turn in reversed(list(ours)) if not turn.deleted)


def _answered_questions(turns: Sequence[Turn]) -> Iterator[str]:
    """What the customer wrote before each answer; a burst of messages is one question."""
    asked: list[str] = []
    for turn in turns:
        if turn.role is Role.CUSTOMER:
            asked.append(turn.text)
        elif turn.role is Role.ASSISTANT and turn.kind in ANSWERS and asked:
            yield " ".join(asked)
            asked = []


def _same(asked: tuple[str, ...], earlier: tuple[str, ...], phrases: Phrases) -> bool:
    """Tell whether two questions are one: the same words, or nearly the same ones that carry meaning."""
    if asked == earlier and len(asked) > 2:
        return True
    small = _small_words(phrases)
    first, second = set(asked) - small, set(earlier) - small
    return min(len(first), len(second)) > 1 and len(first & second) >= ALIKE * len(first | second)


@lru_cache(maxsize=4)
def _small_words(phrases: Phrases) -> frozenset[str]:
    return frozenset().union(*(language.small_words for language in phrases.languages.values()))


def _said(facts: Facts, trigger: Trigger, own_phrases: tuple[str, ...]) -> Escalation | None:
    for escalation in facts.fired:
        if escalation.trigger is trigger:
            return escalation
    found = _own(own_phrases).search(fold(facts.text.clean)[0]) if own_phrases else None
    return Escalation(trigger=trigger, evidence=found[0]) if found else None


@lru_cache(maxsize=8)
def _own(phrases: tuple[str, ...]) -> re.Pattern[str]:
    plain = (re.escape(fold(normalise(phrase))[0]) for phrase in phrases)
    return re.compile(rf"(?<!\w)(?:{'|'.join(plain)})(?!\w)", re.IGNORECASE)


def _fired(text: Prepared, phrases: Phrases) -> tuple[Escalation, ...]:
    fired = []
    if evidence := _first(phrases.families("asks_for_human"), text):
        fired.append(Escalation(trigger=Trigger.ASKS_FOR_HUMAN, evidence=evidence))
    if stakes := _gravest(text, phrases):
        fired.append(stakes)
    if evidence := _first(phrases.families("frustration"), text):
        fired.append(Escalation(trigger=Trigger.FRUSTRATION, evidence=evidence))
    return tuple(fired)


def _gravest(text: Prepared, phrases: Phrases) -> Escalation | None:
    """The gravest category of those that fire; one that the order does not name comes last."""
    found = ((category, find(family, text)) for category, family in phrases.group("high_stakes"))
    fired = [(_rank(category), category, evidence) for category, evidence in found if evidence]
    if not fired:
        return None
    _, category, evidence = min(fired)
    return Escalation(trigger=Trigger.HIGH_STAKES, evidence=evidence, category=category)


def _rank(category: str) -> int:
    return GRAVEST_FIRST.index(category) if category in GRAVEST_FIRST else len(GRAVEST_FIRST)


def _small_talk(text: Prepared, phrases: Phrases) -> frozenset[str]:
    if len(text.clean) > SMALL_TALK:
        return frozenset()
    return frozenset(
        name
        for language in phrases.languages.values()
        if (talk := language.groups.get("small_talk"))
        for name in only(talk, talk["filler"], text)
    )


def _first(families: Sequence[Family], text: Prepared) -> str | None:
    return next((evidence for family in families if (evidence := find(family, text))), None)

"""Whether a sentence turns what its passage says: a negation more or less, a word exchanged for its contrary."""

from collections.abc import Callable, Iterator, Sequence

from bot.grounding import lexicon
from bot.grounding.evidence import Unit
from bot.grounding.reading import Token
from bot.grounding.rules import Case
from bot.grounding.support import CLEARLY, WINDOW, gap_likeness, is_at_home, likeness
from bot.words import fold

NEAR = 2  # words between a negation and its place in the passage, where the order changed
MORE = 0.7
LESS = 0.3
MOST = 0.6  # of what stands around a negation must be there before it can have been left out
TIMES = frozenset(
    {"second", "minute", "hour", "day", "workday", "week", "month", "quarter", "year", "decade", "century"}
)

Gaps = tuple[tuple[Token, ...], tuple[int, ...]]
"""Tokens without those that turn, and before which of them one of those stood."""


def turns(case: Case) -> Iterator[str]:
    """No negation, exception or `only` is added or left out."""
    if case.other:
        yield from _turned_abroad(case)
        return
    for roles in (("not", "except"), ("only",)):
        here = _gaps(case.tokens, roles)
        everywhere = [_gaps(unit.tokens, roles) for unit in case.evidence.units]
        yield from _added(case, roles, here, everywhere)
        for unit in case.support:
            # A passage that has both says "unless" and "not" for different things: each is looked at alone.
            both = {token.role for token in unit.tokens} >= set(roles) and len(roles) > 1
            for apart in [(role,) for role in roles] if both else [roles]:
                if not _is_said_elsewhere(case, unit, apart):
                    yield from _left_out(_gaps(unit.tokens, apart), _gaps(case.tokens, apart), apart[0])


def opposites(case: Case) -> Iterator[str]:
    """No word is exchanged for its contrary: before and after, must and may, all and some, days and weeks."""
    if case.other:
        return
    said = {fold(token.word) for token in case.tokens}
    for at, token in enumerate(case.tokens):
        low = fold(token.word)
        against = _contrary(token, low, case.language)
        if against is None:
            continue
        same = [
            (unit, place)
            for unit in case.support
            for place, other in enumerate(unit.tokens)
            if fold(other.word) == low or (other.role != "" and (other.role, other.key) == (token.role, token.key))
        ]
        if is_at_home(case.tokens, at, same):
            continue
        here = max((likeness(case.tokens, at, unit.tokens, place) for unit, place in same), default=-1.0)
        for unit in case.support:
            for place, other in enumerate(unit.tokens):
                word = fold(other.word)
                if not against(other, word) or (here < 0 and word in said):
                    continue
                like = likeness(case.tokens, at, unit.tokens, place)
                if like >= 1.0 and like > here + CLEARLY:
                    yield f"“{token.word}” stands where the passage has “{other.word}”"


def _added(case: Case, roles: Sequence[str], here: Gaps, everywhere: Sequence[Gaps]) -> Iterator[str]:
    """Each negation of the sentence needs one of the passage for itself, about as alike as any place there is."""
    tokens, gaps = here
    word = next((token.word for token in case.tokens if token.role in roles), "")
    there = [(others, gap) for others, turned in everywhere for gap in turned]
    likes = [[_near_likeness(tokens, gap, others, place) for others, place in there] for gap in gaps]
    free = [_most_alike(tokens, gap, everywhere) for gap in gaps]
    taken: set[int] = set()
    for at in sorted(range(len(gaps)), key=lambda each: -max(likes[each], default=0.0)):
        best = max((n for n in range(len(there)) if n not in taken), key=lambda n: likes[at][n], default=None)
        if best is None or likes[at][best] <= 0.0 or likes[at][best] < max(free[at], *likes[at]) - MORE:
            yield f"adds “{word}”"
            return
        taken.add(best)


def _is_said_elsewhere(case: Case, unit: Unit, roles: Sequence[str]) -> bool:
    """Whether another unit, without a negation, holds more of the sentence than this one."""
    words = {token.key for token in case.tokens if token.content}
    held = len(words & unit.keys)
    return any(
        len(words & other.keys) > held and all(token.role not in roles for token in other.tokens)
        for other in case.evidence.units
    )


def _left_out(source: Gaps, here: Gaps, role: str) -> Iterator[str]:
    """Each negation of the passage whose surroundings the sentence has needs one of the sentence for itself."""
    tokens, gaps = source
    whole = [gap_likeness(tokens, gap, tokens, gap) for gap in gaps]
    most = [_most_alike(tokens, gap, [here]) if _is_told(tokens, gap, here[0]) else 0.0 for gap in gaps]
    likes = [[_near_likeness(tokens, gap, here[0], place) for place in here[1]] for gap in gaps]
    taken: set[int] = set()
    for at in sorted(range(len(gaps)), key=lambda each: -max(likes[each], default=0.0)):
        best = max((n for n in range(len(here[1])) if n not in taken), key=lambda n: likes[at][n], default=None)
        if best is not None and likes[at][best] >= most[at] - LESS:
            taken.add(best)
        elif most[at] >= MOST * whole[at]:
            yield f"leaves out “{role}”"


def _is_told(tokens: Sequence[Token], gap: int, here: Sequence[Token]) -> bool:
    """Whether the sentence has what a negation is about: the next word of weight, or at least the next word."""
    near = tokens[gap : gap + WINDOW]
    about = next((token for token in near if token.content), near[0] if near else None)
    return about is not None and any(token.key == about.key for token in here)


def _near_likeness(tokens: Sequence[Token], gap: int, others: Sequence[Token], place: int) -> float:
    """How alike two gaps are, the second moved by a word or two where the order changed."""
    first, last = max(0, place - NEAR), min(len(others), place + NEAR)
    return max(gap_likeness(tokens, gap, others, near) for near in range(first, last + 1))


def _most_alike(tokens: Sequence[Token], gap: int, everywhere: Sequence[Gaps]) -> float:
    """How alike the likest place of the passage is."""
    return max(
        (gap_likeness(tokens, gap, others, place) for others, _ in everywhere for place in range(len(others) + 1)),
        default=0.0,
    )


def _gaps(tokens: Sequence[Token], roles: Sequence[str]) -> Gaps:
    kept: list[Token] = []
    gaps: list[int] = []
    for token in tokens:
        if token.role in roles:
            gaps.append(len(kept))
        else:
            kept.append(token)
    return tuple(kept), tuple(gaps)


def _turned_abroad(case: Case) -> Iterator[str]:
    """In another language only the count is compared, and only where numbers and names show which unit is meant."""
    anchors = {token.key for token in case.tokens if token.role in ("number", "month", "weekday") or token.name}
    if not case.support or len(anchors & case.support[0].keys) < 2:
        return
    said = any(token.role == "not" for token in case.tokens)
    held = any(token.role in ("not", "except") for unit in case.support for token in unit.tokens)
    free = any(token.key in ("free", "gratis") for unit in case.support for token in unit.tokens)
    if said != held and not (said and free):
        yield "is negated and the passage is not, or the other way round"


def _contrary(token: Token, low: str, language: str) -> Callable[[Token, str], bool] | None:
    """What would be the contrary of a word; None for a word that has none."""
    for family in (lexicon.QUANTITIES, lexicon.MODALS, lexicon.LIMITS):
        if token.role in family:
            return lambda other, _: other.role in family and other.role != token.role
    unit = lexicon.UNITS.get(low)
    if unit in TIMES and token.role in ("", "unit"):
        return lambda other, word: lexicon.UNITS.get(word) in TIMES and lexicon.UNITS.get(word) != unit
    table = lexicon.OPPOSITES.get(language, {})
    if low in table:
        return lambda _, word: word in table[low]
    if token.content and not token.role and len(low) > 4:
        return lambda _, word: _is_prefixed(word, low) or _is_prefixed(low, word)
    return None


def _is_prefixed(word: str, bare: str) -> bool:
    return len(bare) > 3 and any(word == start + bare for start in lexicon.NEGATING)

"""Whether a sentence turns what its passage says: a negation more or less, a word exchanged for its contrary."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from bot.grounding import lexicon
from bot.grounding.evidence import Unit
from bot.grounding.reading import Token
from bot.grounding.rules import Case
from bot.grounding.support import CLEARLY, WINDOW, gap_likeness, is_at_home, likeness
from bot.words import fold

NEAR = 2  # words between a negation and its place in the passage, where the order changed
SHARED = 3  # "without a phone and without a code": the second one may go
MORE = 0.7
LESS = 0.3
MOST = 0.6  # of what stands around a negation must be there before it can have been left out
TIMES = frozenset(
    {"second", "minute", "hour", "day", "workday", "week", "month", "quarter", "year", "decade", "century"}
)


class Gaps(NamedTuple):
    """Tokens without those that turn; before which of them one of those stood; and what those were."""

    tokens: tuple[Token, ...]
    places: tuple[int, ...]
    words: tuple[str, ...]


def turns(case: Case) -> Iterator[str]:
    """No negation, exception or `only` is added or left out."""
    if case.other:
        yield from _turned_abroad(case)
        return
    for roles in (("not", "except"), ("only",)):
        here = _gaps(case.tokens, roles)
        everywhere = [_gaps(unit.tokens, roles) for unit in case.evidence.units]
        yield from _added(case, here, everywhere)
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
                prefixed = _is_prefixed(word, low) or _is_prefixed(low, word)
                if prefixed and _is_negated(case.tokens, at) != _is_negated(unit.tokens, place):
                    continue
                like = likeness(case.tokens, at, unit.tokens, place)
                if like >= 1.0 and like > here + CLEARLY:
                    yield f"“{token.word}” stands where the passage has “{other.word}”"


def _added(case: Case, here: Gaps, everywhere: Sequence[Gaps]) -> Iterator[str]:
    """Each negation of the sentence needs one of the passage for itself; none may stand between the passage's words."""
    tokens, gaps, words = here
    there = [(others, gap) for others, turned, _ in everywhere for gap in turned]
    likes = [[_near_likeness(tokens, gap, others, place) for others, place in there] for gap in gaps]
    taken: set[int] = set()
    for at in sorted(range(len(gaps)), key=lambda each: -max(likes[each], default=0.0)):
        if _is_excused(case, tokens, gaps[at], words[at]):
            continue
        best = max((n for n in range(len(there)) if n not in taken), key=lambda n: likes[at][n], default=None)
        if best is None or likes[at][best] <= 0.0 or _is_inserted(tokens, gaps[at], likes[at][best], everywhere):
            yield f"adds “{words[at]}”"
            return
        taken.add(best)


def _is_inserted(tokens: Sequence[Token], gap: int, held: float, everywhere: Sequence[Gaps]) -> bool:
    """Whether what stands before a negation and what stands after it follow each other in the passage."""
    before, after = tokens[:gap], tokens[gap:]
    for others, _, _ in everywhere:
        for place in range(len(others) + 1):
            left = gap_likeness(before, gap, others[:place], place)
            right = gap_likeness(after, 0, others[place:], 0)
            enough = left >= MOST * gap_likeness(before, gap, before, gap)
            if enough and right >= MOST * gap_likeness(after, 0, after, 0) and left + right > held + MORE:
                return True
    return False


def _is_excused(case: Case, tokens: Sequence[Token], gap: int, word: str) -> bool:
    """`costs nothing` for `free`, `not available` for `unavailable`, `only once` for `once`."""
    after = tokens[gap : gap + 3]
    if fold(word) in _ONLY:
        return any(token.role == "number" or token.word.lower() == "once" for token in after) or any(
            token.role == "only" for unit in case.support for token in unit.tokens
        )
    near = {token.key for token in tokens[max(0, gap - 2) : gap + 3]}
    if near & lexicon.COSTS and any(not lexicon.FREE.isdisjoint(unit.keys) for unit in case.support):
        return True
    said = {fold(token.word) for unit in case.support[:1] for token in unit.tokens}
    bare = {fold(token.word) for token in after[:2]} - said
    return any(start + each in said for each in bare for start in lexicon.NEGATING)


_ONLY = frozenset(word for table in lexicon.TURNS.values() for word, role in table.items() if role == "only")


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
    tokens, gaps, words = source
    whole = [gap_likeness(tokens, gap, tokens, gap) for gap in gaps]
    most = [_most_alike(tokens, gap, [here]) if _is_told(tokens, gap, here.tokens) else 0.0 for gap in gaps]
    likes = [[_near_likeness(tokens, gap, here.tokens, place) for place in here.places] for gap in gaps]
    taken: set[int] = set()
    matched: list[int] = []
    for at in sorted(range(len(gaps)), key=lambda each: -max(likes[each], default=0.0)):
        best = max((n for n in range(len(here.places)) if n not in taken), key=lambda n: likes[at][n], default=None)
        if best is not None and likes[at][best] >= most[at] - LESS:
            taken.add(best)
            matched.append(at)
        elif most[at] >= MOST * whole[at] and not any(
            words[at] == words[other] and abs(gaps[at] - gaps[other]) <= SHARED for other in matched
        ):
            yield f"leaves out “{role}”"


def _is_told(tokens: Sequence[Token], gap: int, here: Sequence[Token]) -> bool:
    """Whether the sentence has what a negation is about: the next word of weight, or at least the next word."""
    near = tokens[gap : gap + WINDOW] or tokens[gap - 1 : gap]  # "by card only": what it limits stands before it
    about = next((token for token in near if token.content), near[0] if near else None)
    return about is not None and any(token.key == about.key for token in here)


def _near_likeness(tokens: Sequence[Token], gap: int, others: Sequence[Token], place: int) -> float:
    """How alike two gaps are, the second moved by a word or two where the order changed."""
    first, last = max(0, place - NEAR), min(len(others), place + NEAR)
    return max(gap_likeness(tokens, gap, others, near) for near in range(first, last + 1))


def _most_alike(tokens: Sequence[Token], gap: int, everywhere: Sequence[Gaps]) -> float:
    """How alike the likest place of the passage is."""
    return max(
        (gap_likeness(tokens, gap, others, place) for others, _, _ in everywhere for place in range(len(others) + 1)),
        default=0.0,
    )


def _gaps(tokens: Sequence[Token], roles: Sequence[str]) -> Gaps:
    kept: list[Token] = []
    gaps: list[int] = []
    words: list[str] = []
    for token in tokens:
        if token.role not in roles:
            kept.append(token)
            continue
        if kept and kept[-1].word.lower() in _DO:  # "do not pay" is the contrary of "pay"
            kept.pop()
        gaps.append(len(kept))
        words.append(token.word)
    return Gaps(tuple(kept), tuple(gaps), tuple(words))


_DO = frozenset({"do", "does", "did", "don't", "doesn't", "didn't"})


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
    unit = _time(low)
    if unit in TIMES and token.role in ("", "unit"):
        return lambda _, word: _time(word) in TIMES and _time(word) != unit
    table = lexicon.OPPOSITES.get(language, {})
    if low in table:
        return lambda _, word: word in table[low] or _is_prefixed(word, low)
    if not token.role and len(low) > 3:
        return lambda _, word: _is_prefixed(word, low) or _is_prefixed(low, word)
    return None


def _is_negated(tokens: Sequence[Token], at: int) -> bool:
    return any(token.role == "not" for token in tokens[max(0, at - WINDOW) : at])


def _time(word: str) -> str:
    """The unit of time that a word names; whether its days are working days, the numbers' rule tells."""
    unit = lexicon.UNITS.get(word, "")
    return "day" if unit == "workday" else unit


def _is_prefixed(word: str, bare: str) -> bool:
    return len(bare) > 3 and any(word == start + bare for start in lexicon.NEGATING)

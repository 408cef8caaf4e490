"""Which units of a passage say what a sentence says, and how alike the words around two places are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from bot.grounding.evidence import Unit
from bot.grounding.reading import Token
from bot.words import fold

WINDOW = 4  # words looked at on either side of a place
UNITS = 4  # at most so many units can back one sentence
ASKED = 0.34
CLEARLY = 1.3  # so much more alike must another place be before it counts as the right one
SURE = 0.75  # a place that has this share of what stands around is the right one, whatever other places are


def supporting(tokens: Sequence[Token], units: Sequence[Unit]) -> tuple[Unit, ...]:
    """The units that say what a sentence says, best first: at most `UNITS`, each with something of its own."""
    wanted = {token.key for token in tokens if token.content}
    pairs = {(a.key, b.key) for a, b in pairwise(tokens)}
    chosen: list[Unit] = []
    while wanted and len(chosen) < UNITS:
        left = dict(_worths((unit for unit in units if unit not in chosen), wanted, pairs))
        unit = max(left, key=lambda each: left[each], default=None)
        if unit is None or (chosen and (len(wanted & unit.bag) < 2 or left[unit] < 2.0)):
            break
        chosen.append(unit)
        wanted = wanted - unit.bag
        pairs = pairs - {(a.key, b.key) for a, b in pairwise(unit.tokens)}
    return tuple(chosen)


def fits_better(
    tokens: Sequence[Token],
    at: int,
    same: Sequence[tuple[Unit, int]],
    alike: Callable[[Token], bool],
    units: Sequence[Unit],
) -> Token | None:
    """Another token of the kind whose surroundings in the passage are clearly more those of the sentence.

    `same` are the places in the passage where the token itself stands.
    """
    here = max((likeness(tokens, at, unit.tokens, place) for unit, place in same), default=0.0)
    if is_at_home(tokens, at, same):
        return None
    best: tuple[float, Token] | None = None
    for unit in units:
        for place, other in enumerate(unit.tokens):
            if not alike(other) or other.key == tokens[at].key or not other.values.isdisjoint(tokens[at].values):
                continue
            like = likeness(tokens, at, unit.tokens, place)
            if like > here + CLEARLY and (best is None or like > best[0]):
                best = like, other
    return best[1] if best else None


def is_at_home(tokens: Sequence[Token], at: int, same: Sequence[tuple[Unit, int]]) -> bool:
    """Whether the passage has a token among nearly the same words, on both sides together or all of them on one.

    For a number one side is too little: rows of a list differ in nothing else.
    """
    one_is_enough = tokens[at].role != "number"
    before, after = tokens[max(0, at - WINDOW) : at][::-1], tokens[at + 1 : at + 1 + WINDOW]
    whole = [_side(side, side) for side in (before, after)]
    for unit, place in same:
        found = (
            _side(before, unit.tokens[max(0, place - WINDOW) : place][::-1]),
            _side(after, unit.tokens[place + 1 : place + 1 + WINDOW]),
        )
        sides = zip(found, whole, (before, after), strict=True)
        if sum(found) >= SURE * sum(whole) or (
            one_is_enough and any(len(side) > 2 and like == most for like, most, side in sides)
        ):
            return True
    return False


def likeness(tokens: Sequence[Token], at: int, others: Sequence[Token], place: int) -> float:
    """How much the words around two places are the same: content counts 1, small words a third; neighbours more."""
    return _side(tokens[max(0, at - WINDOW) : at][::-1], others[max(0, place - WINDOW - 1) : place][::-1]) + _side(
        tokens[at + 1 : at + 1 + WINDOW], others[place + 1 : place + 2 + WINDOW]
    )


def gap_likeness(tokens: Sequence[Token], gap: int, others: Sequence[Token], place: int) -> float:
    """The same around two gaps: before the tokens of those numbers."""
    before = _side(tokens[max(0, gap - WINDOW) : gap][::-1], others[max(0, place - WINDOW - 1) : place][::-1])
    return before + _side(tokens[gap : gap + WINDOW], others[place : place + WINDOW + 1])


def places(units: Sequence[Unit], token: Token) -> list[tuple[Unit, int]]:
    """Where a token stands."""
    return [(unit, at) for unit in units for at, other in enumerate(unit.tokens) if other.key == token.key]


def bag_of(units: Sequence[Unit], head: Sequence[Token]) -> frozenset[str]:
    """All that units hold, with their headings."""
    return frozenset(token.key for token in head).union(*(unit.bag for unit in units))


def shared(tokens: Sequence[Token], bag: frozenset[str]) -> float:
    """The share of a sentence's plain words that stand in the bag: low where the languages differ."""
    words = [token.key for token in tokens if token.content and not token.role]
    return sum(word in bag or _is_near(word, bag) for word in words) / len(words) if words else 1.0


def coverage(
    tokens: Sequence[Token], known: frozenset[str], bag: frozenset[str], frames: Mapping[str, object] | frozenset[str]
) -> tuple[float, int]:
    """The share of a sentence's words that stand in the bag, and the longest run of words that do not.

    Numbers count, for they are checked apart; names do not, nor do words that lead over. A word of the question alone
    counts a third against the sentence: whoever asks could else put words into our mouth.
    """
    found = run = longest = 0
    missing = 0.0
    for token in tokens:
        if not token.content or token.name or (not token.role and token.key in frames):
            continue
        if token.role or token.key in bag or _is_near(token.key, bag):
            found, run = found + 1, 0
        elif fold(token.word) in known:
            missing += ASKED
        else:
            missing, run = missing + 1, run + 1
            longest = max(longest, run)
    return (found / (found + missing) if missing else 1.0), longest


def _worths(
    units: Iterator[Unit], wanted: set[str] | frozenset[str], pairs: set[tuple[str, str]]
) -> Iterator[tuple[Unit, float]]:
    """What each unit would add: its own words count whole, those of its heading less, words in a row more."""
    for unit in units:
        if found := wanted & unit.bag:
            own = len(found & unit.keys)
            rows = sum((a.key, b.key) in pairs for a, b in pairwise(unit.tokens))
            yield unit, own + 0.4 * (len(found) - own) + 0.5 * rows


def _side(near: Sequence[Token], others: Sequence[Token]) -> float:
    keys = [token.key for token in others]
    like = sum(1.0 if token.content else 0.35 for token in near if token.key in keys)
    if near and keys and near[0].key == keys[0]:
        like += 0.4
    return like


def _is_near(key: str, bag: frozenset[str]) -> bool:
    """Another form of the same word: six letters alike at the beginning."""
    return len(key) >= 6 and any(other.startswith(key[:6]) for other in bag)

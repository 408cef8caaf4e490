"""What a sentence must share with the passage it cites: each rule says in a few words what is wrong, or nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.gate import FIRST_NAMES
from bot.grounding import lexicon
from bot.grounding.evidence import Evidence, Unit
from bot.grounding.reading import Token, spelled
from bot.words import fold

WINDOW = 4
AT_LEAST = 0.5  # of a sentence's own words must stand in the passage
RUN = 4  # so many words of its own in a row say something that the passage does not
STRICT = ("month", "weekday", "th")
TIMES = frozenset(
    {"second", "minute", "hour", "day", "workday", "week", "month", "quarter", "year", "decade", "century"}
)
SOFT_UNITS = frozenset({"time", "point", ""})


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One sentence, what it is held against, and what it may name besides.

    `support` are the units that say what it says, best first; `known` are folded words of the question and of the
    house; `elsewhere` those of passages that it does not cite; `other` is true when the languages differ.
    """

    tokens: tuple[Token, ...]
    language: str
    evidence: Evidence
    support: tuple[Unit, ...]
    known: frozenset[str]
    elsewhere: frozenset[str]
    other: bool


def find_problem(case: Case) -> str | None:
    """The first rule that a sentence breaks, in words for whoever looks why it was dropped."""
    return next((problem for rule in RULES for problem in rule(case)), None)


def supporting(tokens: Sequence[Token], units: Sequence[Unit]) -> tuple[Unit, ...]:
    """The units that say what a sentence says, best first: at most four, each with something of its own."""
    wanted = {token.key: 1.0 for token in tokens if token.content}
    pairs = {(a.key, b.key) for a, b in zip(tokens, tokens[1:], strict=False)}
    left = dict(units_with_worth(units, wanted, pairs))
    chosen: list[Unit] = []
    while left and wanted and len(chosen) < 4:
        unit = max(left, key=lambda each: left[each])
        new = [key for key in wanted if key in unit.bag]
        if not new or (chosen and (len(new) < 2 or left[unit] < 2.0)):
            break
        chosen.append(unit)
        wanted = {key: weight for key, weight in wanted.items() if key not in unit.bag}
        pairs -= {(a.key, b.key) for a, b in zip(unit.tokens, unit.tokens[1:], strict=False)}
        left = {each: worth for each, worth in units_with_worth(units, wanted, pairs) if each not in chosen}
    return tuple(chosen)


def units_with_worth(
    units: Sequence[Unit], wanted: dict[str, float], pairs: set[tuple[str, str]]
) -> Iterator[tuple[Unit, float]]:
    """What each unit would add: its own words count whole, those of its heading less, words in a row more."""
    for unit in units:
        own = {token.key for token in unit.tokens}
        worth = sum(1.0 if key in own else 0.4 for key in wanted if key in unit.bag)
        if worth:
            rows = sum((a.key, b.key) in pairs for a, b in zip(unit.tokens, unit.tokens[1:], strict=False))
            yield unit, worth + 0.5 * rows


def coverage(tokens: Sequence[Token], case_words: frozenset[str], bag: frozenset[str]) -> tuple[float, int]:
    """The share of a sentence's words that stand in the bag, and the longest run of words that do not.

    Numbers and names have rules of their own; the question's words count neither way.
    """
    found = missing = run = longest = 0
    for token in tokens:
        if not token.content or token.role or token.name or _is_courtesy(token):
            continue
        if token.key in bag or _is_near(token.key, bag):
            found, run = found + 1, 0
        elif fold(token.word) not in case_words:
            missing, run = missing + 1, run + 1
            longest = max(longest, run)
    return (found / (found + missing) if found + missing else 1.0), longest


def says_nothing(tokens: Sequence[Token], language: str) -> bool:
    """Whether a sentence is mere courtesy: no number, no name, no turn, no word that carries a fact."""
    social = lexicon.SOCIAL.get(language, frozenset())
    if any(token.role in ("number", "month", "weekday", "not", "except", "only") or token.name for token in tokens):
        return False
    return all(token.key in social or not token.content for token in tokens)


def says_enough(case: Case) -> Iterator[str]:
    """Enough of its words stand in the passage, and no clause is all its own."""
    if case.other:
        return
    share, run = coverage(case.tokens, case.known, _bag(case))
    if share < AT_LEAST:
        yield f"only {share:.0%} of its words stand in the passage"
    elif run >= RUN:
        yield f"{run} words in a row stand nowhere in the passage"


def numbers(case: Case) -> Iterator[str]:
    """Each number stands in the passage with the same unit, and no other number fits its place better."""
    for at, token in enumerate(case.tokens):
        if token.role != "number":
            continue
        units = case.support if not case.other else case.evidence.units
        same = list(_with_number(token, units))
        if not same:
            units = (*case.support, *_around(case, at))
            same = list(_with_number(token, units))
        if not same and any(_same_number(token, other) for other in case.evidence.head):
            continue
        if not same and len(token.key) >= 7 and token.key in case.evidence.digits:
            continue
        if not same:
            yield f"the number {spelled(token)} is not in the passage"
        elif not case.other and (better := _fits_better(case.tokens, at, same, _is_number, units)) is not None:
            yield f"{spelled(token)} stands where the passage has {spelled(better)}"


def dates(case: Case) -> Iterator[str]:
    """Months, weekdays and ranks stand in the passage, in their place."""
    everything = {token.key for unit in case.evidence.units for token in unit.tokens}
    everything |= {token.key for token in case.evidence.head}
    for at, token in enumerate(case.tokens):
        if token.role not in STRICT:
            continue
        if token.key not in everything:
            if token.key == "th-1" or (token.role == "th" and case.other):
                continue
            yield f"{token.word} is not in the passage"
        elif not case.other:
            same = [(unit, j) for unit in case.support for j, other in enumerate(unit.tokens) if other.key == token.key]
            better = _fits_better(case.tokens, at, same, _of_role(token.role), case.support)
            if better is not None and better.key != token.key:
                yield f"{token.word} stands where the passage has {better.word}"


def names(case: Case) -> Iterator[str]:
    """Each name stands in the passage, the question or the house's own names."""
    lenient = case.other or case.language == "de"
    for at, token in enumerate(case.tokens):
        low = fold(token.word)
        known = low in case.evidence.words or low in case.known or token.key in _keys(case.evidence)
        if not token.content or token.role or not token.word[:1].isalnum():
            continue
        if not known and _is_name(case, at, lenient=lenient):
            yield f"the name {token.word} is not in the passage"
        elif known and token.name and not lenient and low not in case.known:
            same = [(unit, j) for unit in case.support for j, other in enumerate(unit.tokens) if other.key == token.key]
            better = _fits_better(case.tokens, at, same, _is_named, case.support)
            if better is not None:
                yield f"{token.word} stands where the passage has {better.word}"


def turns(case: Case) -> Iterator[str]:
    """No negation, exception or `only` is added or left out."""
    if case.other:
        yield from _turned_abroad(case)
        return
    claim = _without_leading_no(case.tokens)
    for roles, shown in ((("not", "except"), "not"), (("only",), "only")):
        here, gaps = _gaps(claim, roles)
        there = [_gaps(unit.tokens, roles) for unit in case.support]
        if len(gaps) > sum(len(held) for _, held in there):
            yield f"adds “{_word_of(claim, roles)}”"
        for gap in gaps:
            if _is_added(here, gap, there):
                yield f"adds “{_word_of(claim, roles)}” where the passage has none"
        for tokens, held in there:
            for gap in held:
                if _is_left_out(tokens, gap, here, gaps):
                    yield f"leaves out “{shown}”"


def opposites(case: Case) -> Iterator[str]:
    """No word is exchanged for its contrary: before and after, must and may, all and some, days and weeks."""
    if case.other:
        return
    held = {fold(token.word) for unit in case.support for token in unit.tokens}
    said = {fold(token.word) for token in case.tokens}
    for at, token in enumerate(case.tokens):
        low = fold(token.word)
        against = _contrary(token, low, case.language)
        if against is None:
            continue
        same = [
            (unit, j)
            for unit in case.support
            for j, other in enumerate(unit.tokens)
            if fold(other.word) == low or (other.role and other.role == token.role and other.key == token.key)
        ]
        for unit in case.support:
            for j, other in enumerate(unit.tokens):
                if not against(other, fold(other.word)):
                    continue
                like = _likeness(case.tokens, at, unit.tokens, j)
                here = max((_likeness(case.tokens, at, u.tokens, k) for u, k in same), default=0.0)
                alone = low not in held and fold(other.word) not in said and not same
                if (alone and like >= 1.0) or (not alone and like > here + 1.3):
                    yield f"“{token.word}” stands where the passage has “{other.word}”"


RULES: tuple[Callable[[Case], Iterator[str]], ...] = (numbers, dates, names, turns, opposites, says_enough)


def _bag(case: Case) -> frozenset[str]:
    bag = frozenset(token.key for token in case.evidence.head)
    return bag.union(*(unit.bag for unit in case.support))


def _keys(evidence: Evidence) -> frozenset[str]:
    return frozenset(token.key for unit in evidence.units for token in unit.tokens) | frozenset(
        token.key for token in evidence.head
    )


def _is_near(key: str, bag: frozenset[str]) -> bool:
    """Another form of the same word: five letters and more alike at the beginning."""
    return len(key) >= 6 and any(other.startswith(key[:6]) for other in bag)


def _is_courtesy(token: Token) -> bool:
    return any(token.key in words for words in lexicon.SOCIAL.values()) or token.key in lexicon.FRAMES


def _is_number(token: Token) -> bool:
    return token.role == "number"


def _is_named(token: Token) -> bool:
    return token.name and not token.role


def _of_role(role: str) -> Callable[[Token], bool]:
    return lambda token: token.role == role


def _same_number(token: Token, other: Token) -> bool:
    if other.role != "number" or token.values.isdisjoint(other.values):
        return False
    return token.unit == other.unit or not token.unit or not other.unit or token.unit in SOFT_UNITS


def _with_number(token: Token, units: Sequence[Unit]) -> Iterator[tuple[Unit, int]]:
    """Where a number stands; one without a unit counts when the unit is named beside it."""
    for unit in units:
        for at, other in enumerate(unit.tokens):
            if not _same_number(token, other):
                continue
            if token.unit in TIMES and not other.unit and token.unit not in unit.bag and not _named_unit(token, unit):
                continue
            yield unit, at


def _named_unit(token: Token, unit: Unit) -> bool:
    named = {lexicon.UNITS.get(fold(other.word)) for other in unit.tokens}
    words = {word for word, name in lexicon.UNITS.items() if name == token.unit}
    return token.unit in named or not unit.bag.isdisjoint(lexicon.root(word, "en") for word in words)


def _around(case: Case, at: int) -> tuple[Unit, ...]:
    """Units beyond the support that share at least two words with what stands around a place."""
    near = {token.key for token in case.tokens[max(0, at - 6) : at + 7] if token.content and token.role != "number"}
    return tuple(unit for unit in case.evidence.units if unit not in case.support and len(near & unit.bag) >= 2)


def _fits_better(
    tokens: Sequence[Token],
    at: int,
    same: Sequence[tuple[Unit, int]],
    alike: Callable[[Token], bool],
    units: Sequence[Unit],
) -> Token | None:
    """Another token of the same kind whose surroundings in the passage are clearly more those of the sentence."""
    here = max((_likeness(tokens, at, unit.tokens, place) for unit, place in same), default=0.0)
    best: tuple[float, Token] | None = None
    for unit in units:
        for place, other in enumerate(unit.tokens):
            if not alike(other) or other.key == tokens[at].key or not other.values.isdisjoint(tokens[at].values):
                continue
            like = _likeness(tokens, at, unit.tokens, place)
            if like > here + 1.3 and (best is None or like > best[0]):
                best = like, other
    return best[1] if best else None


def _likeness(tokens: Sequence[Token], at: int, others: Sequence[Token], place: int) -> float:
    """How much the words around two places are the same: content counts 1, small words a third; neighbours more."""
    return _side(tokens[max(0, at - WINDOW) : at][::-1], others[max(0, place - WINDOW - 1) : place][::-1]) + _side(
        tokens[at + 1 : at + 1 + WINDOW], others[place + 1 : place + 2 + WINDOW]
    )


def _side(near: Sequence[Token], others: Sequence[Token]) -> float:
    keys = [token.key for token in others]
    like = sum(1.0 if token.content else 0.35 for token in near if token.key in keys)
    if near and keys and near[0].key == keys[0]:
        like += 0.4
    return like


def _is_name(case: Case, at: int, *, lenient: bool) -> bool:
    """Whether a word that the passage lacks is a name."""
    token = case.tokens[at]
    low = fold(token.word)
    letters = [letter for letter in token.word if letter.isalpha()]
    if any(letter.isdigit() for letter in token.word) or (len(letters) > 1 and all(map(str.isupper, letters))):
        return True
    if not token.word[:1].isupper():
        return token.name and not lenient
    if low in case.elsewhere or f" {low} " in FIRST_NAMES:
        return True
    if lenient:
        return False
    if token.name:
        return True
    after = case.tokens[at + 1] if at + 1 < len(case.tokens) else None
    if after is not None and after.name and fold(after.word) not in case.evidence.words:
        return True
    return any(
        _is_named_somewhere(other, case.evidence) and _likeness(case.tokens, at, unit.tokens, place) >= 1.4
        for unit in case.support
        for place, other in enumerate(unit.tokens)
    )


def _is_named_somewhere(token: Token, evidence: Evidence) -> bool:
    """Whether a word with a capital is a name: it has one inside a sentence too, or stands in the title."""
    if not token.word[:1].isupper() or not token.content or token.role:
        return False
    if token.name or token.key in {other.key for other in evidence.head}:
        return True
    return any(other.key == token.key and other.name for unit in evidence.units for other in unit.tokens)


def _without_leading_no(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """A `No` that answers the question is no negation of the sentence: the rest of it is checked as it stands."""
    answers = bool(tokens) and tokens[0].role == "not" and fold(tokens[0].word) in ("no", "nein", "non", "nao")
    return tokens[1:] if answers and len(tokens) > 1 and tokens[1].role != "" or _begins_clause(tokens) else tokens


def _begins_clause(tokens: tuple[Token, ...]) -> bool:
    return len(tokens) > 2 and tokens[0].role == "not" and fold(tokens[1].word) in _SUBJECTS


_SUBJECTS = frozenset(
    "you we it they this that these those there the your our sie wir es das die der vous nous il elle ce les le la"
    " usted nosotros el los las voce nos ele ela o a os as".split()
)


def _gaps(tokens: Sequence[Token], roles: Sequence[str]) -> tuple[tuple[Token, ...], tuple[int, ...]]:
    """The tokens without those of some roles, and before which of them those stood."""
    kept: list[Token] = []
    gaps: list[int] = []
    for token in tokens:
        if token.role in roles:
            gaps.append(len(kept))
        else:
            kept.append(token)
    return tuple(kept), tuple(gaps)


def _gap_likeness(tokens: Sequence[Token], gap: int, others: Sequence[Token], place: int) -> float:
    before = _side(tokens[max(0, gap - WINDOW) : gap][::-1], others[max(0, place - WINDOW - 1) : place][::-1])
    return before + _side(tokens[gap : gap + WINDOW], others[place : place + WINDOW + 1])


def _is_added(tokens: Sequence[Token], gap: int, there: Sequence[tuple[tuple[Token, ...], tuple[int, ...]]]) -> bool:
    """Whether what stands around a negation stands in the passage without one, and nowhere so much with one."""
    held = free = 0.0
    for others, gaps in there:
        for place in range(len(others) + 1):
            like = _gap_likeness(tokens, gap, others, place)
            if any(abs(place - other) <= 2 for other in gaps):
                held = max(held, like)
            else:
                free = max(free, like)
    return free > held + 0.7


def _is_left_out(tokens: Sequence[Token], gap: int, here: Sequence[Token], gaps: Sequence[int]) -> bool:
    """Whether what a negation of the passage is about stands in the sentence without one."""
    about = next((token for token in tokens[gap : gap + WINDOW] if token.content), None)
    if about is None or all(token.key != about.key for token in here):
        return False
    whole = _gap_likeness(tokens, gap, tokens, gap)
    held = free = 0.0
    for place in range(len(here) + 1):
        like = _gap_likeness(tokens, gap, here, place)
        if any(abs(place - other) <= 2 for other in gaps):
            held = max(held, like)
        else:
            free = max(free, like)
    return free >= 0.6 * whole and free > held + 0.3


def _turned_abroad(case: Case) -> Iterator[str]:
    """In another language only the count can be compared, and only where numbers and names show which unit is meant."""
    anchors = {token.key for token in case.tokens if token.role in ("number", "month", "weekday") or token.name}
    if not case.support or len(anchors & {token.key for token in case.support[0].tokens}) < 2:
        return
    said = sum(token.role == "not" for token in _without_leading_no(case.tokens))
    held = sum(token.role in ("not", "except") for unit in case.support for token in unit.tokens)
    free = any(token.key in ("free", "gratis") for unit in case.support for token in unit.tokens)
    if bool(said) != bool(held) and not (said and free):
        yield "is negated and the passage is not, or the other way round"


def _word_of(tokens: Sequence[Token], roles: Sequence[str]) -> str:
    return next((token.word for token in tokens if token.role in roles), "")


def _contrary(token: Token, low: str, language: str) -> Callable[[Token, str], bool] | None:
    """What would be the contrary of a word; None for a word that has none."""
    if token.role in lexicon.QUANTITIES:
        return lambda other, _: other.role in lexicon.QUANTITIES and other.role != token.role
    if token.role in lexicon.MODALS:
        return lambda other, _: other.role in lexicon.MODALS and other.role != token.role
    if token.role in ("up", "down"):
        return lambda other, _: other.role in ("up", "down") and other.role != token.role
    unit = lexicon.UNITS.get(low)
    if unit in TIMES:
        return lambda other, word: lexicon.UNITS.get(word) in TIMES and lexicon.UNITS.get(word) != unit
    table = lexicon.OPPOSITES.get(language, {})
    if low in table:
        return lambda _, word: word in table[low]
    if token.content and not token.role and len(low) > 4:
        return lambda _, word: _is_prefixed(word, low) or _is_prefixed(low, word)
    return None


def _is_prefixed(word: str, bare: str) -> bool:
    return len(bare) > 3 and any(word == start + bare for start in lexicon.NEGATING)

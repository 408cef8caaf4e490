"""What a sentence must share with the passage it cites: each rule says in a few words what is wrong, or nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.gate import FIRST_NAMES
from bot.grounding import lexicon
from bot.grounding.evidence import Evidence, Unit
from bot.grounding.reading import Token, spelled
from bot.grounding.support import bag_of, coverage, fits_better, likeness, places
from bot.words import fold

AT_LEAST = 0.5  # of a sentence's words must stand in the passage
RUN = 4  # so many words of its own in a row say something that the passage does not
FEW_LETTERS = 3
ABROAD = 2.0  # so much must be alike around a name before a translation is held to it
STRICT = frozenset({"month", "weekday", "th"})
SOFT_UNITS = frozenset({"time", "point", ""})
EXACT_UNITS = lexicon.CURRENCIES | {"percent"}


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One sentence, what it is held against, and what it may name besides.

    `support` are the units that say what it says, best first; `known` are folded words of the question and of the
    house; `elsewhere` the names of passages that it does not cite; `other` is true when the languages differ.
    """

    tokens: tuple[Token, ...]
    language: str
    evidence: Evidence
    support: tuple[Unit, ...]
    known: frozenset[str]
    elsewhere: frozenset[str]
    other: bool


def says_nothing(tokens: Sequence[Token], language: str) -> bool:
    """Whether a sentence is mere courtesy: no number, no name, no negation, no word that carries a fact."""
    social = lexicon.SOCIAL.get(language, frozenset())
    if not tokens or any(token.role not in ("", "may", "all") or token.name for token in tokens):
        return not tokens
    if all(fold(token.word) in lexicon.YES_OR_NO for token in tokens):
        return False
    if sum(len(token.word) == 1 for token in tokens) > FEW_LETTERS:  # a text spelt letter by letter
        return False
    return all(token.key in social or not token.content for token in tokens)


def says_enough(case: Case) -> Iterator[str]:
    """Enough of its words stand in the passage, and no clause is all its own."""
    if case.other:
        return
    if all(fold(token.word) in lexicon.YES_OR_NO for token in case.tokens):
        yield "it says yes or no, and not to what"
    if not any(token.content for token in case.tokens):
        yield "it has no word that could stand in the passage"
    bag = bag_of(case.support, case.evidence.head)
    share, run = coverage(case.tokens, case.known, bag, lexicon.FRAMES)
    if share < AT_LEAST:
        yield f"only {share:.0%} of its words stand in the passage"
    elif run >= RUN:
        yield f"{run} words in a row stand nowhere in the passage"


def numbers(case: Case) -> Iterator[str]:
    """Each number stands in the passage with the same unit, and no other number fits its place better."""
    for at, token in enumerate(case.tokens):
        if token.role != "number":
            continue
        units = case.evidence.units if case.other else case.support
        same = list(_with_number(token, units))
        if not same:
            units = (*case.support, *_around(case, at))
            same = list(_with_number(token, units))
        if same and case.other and not _beside(case, at):
            yield f"{spelled(token)} stands with other numbers than in the passage"
        elif same and not case.other:
            better = fits_better(case.tokens, at, same, _is_number, units)
            if better is not None:
                yield f"{spelled(token)} stands where the passage has {spelled(better)}"
        elif not same and not _in_head(case, token):
            yield f"the number {spelled(token)} is not in the passage"


def dates(case: Case) -> Iterator[str]:
    """Months, weekdays and ranks stand in the passage, in their place."""
    for at, token in enumerate(case.tokens):
        if token.role not in STRICT:
            continue
        if token.key not in case.evidence.keys:
            if token.key != "th-1" and not (token.role == "th" and case.other):
                yield f"{token.word} is not in the passage"
        elif not case.other and (better := _rival(case, at)) is not None:
            yield f"{token.word} stands where the passage has {better.word}"


def names(case: Case) -> Iterator[str]:
    """Each name stands in the passage, the question or the house's own names, and no other fits its place better."""
    lenient = case.other or case.language == "de"
    for at, token in enumerate(case.tokens):
        if token.role or not (token.content or (token.name and case.language != "de")):
            continue
        low = fold(token.word)
        if not token.content or low in case.known or low in case.evidence.words or token.key in case.evidence.keys:
            fixed = case.other or low in case.known or _is_short_for(case, at)
            better = _rival(case, at) if token.name and not fixed else None
            if better is not None:
                yield f"{token.word} stands where the passage has {better.word}"
        elif _is_name(case, at, lenient=lenient) and not _is_short_for(case, at):
            yield f"the name {token.word} is not in the passage"
        elif case.other and token.name and (better := _rival_abroad(case, at)) is not None:
            yield f"{token.word} stands where the passage has {better.word}"


def secrets(case: Case) -> Iterator[str]:
    """Nobody is asked for a password or code by a sentence whose words only happen to stand in the passage."""
    said = {fold(token.word) for token in case.tokens}
    if said.isdisjoint(lexicon.SECRETS):
        return
    telling = {fold(token.word) for token in case.tokens} & lexicon.TELLING
    for unit in case.evidence.units:
        words = {fold(token.word) for token in unit.tokens}
        if not words.isdisjoint(lexicon.SECRETS) and (not telling or not words.isdisjoint(lexicon.TELLING)):
            return
    yield "it speaks of a password or code, and the passage does not so"


def _rival(case: Case, at: int) -> Token | None:
    """Another name or date of the passage in the place of this one."""
    token = case.tokens[at]
    return fits_better(case.tokens, at, places(case.support, token), _is_capital, case.support)


def _rival_abroad(case: Case, at: int) -> Token | None:
    """A name that the translation has not, where it has an unknown one; names that sound alike are the same."""
    said = {token.key for token in case.tokens}
    for unit in case.evidence.units:
        for place, other in enumerate(unit.tokens):
            if not other.name or other.role or not other.content or other.key in said:
                continue
            like = likeness(case.tokens, at, unit.tokens, place)
            if like >= ABROAD and not any(_sounds_like(other.word, token.word) for token in case.tokens):
                return other
    return None


def _sounds_like(word: str, other: str) -> bool:
    """Whether two words share most of their pairs of letters, as Canada and Kanada do."""
    first, second = ({a + b for a, b in pairwise(fold(each))} for each in (word, other))
    return 2 * len(first & second) >= len(first | second)


def _is_short_for(case: Case, at: int) -> bool:
    """Whether a name is made of the first letters of names in the passage, or such letters stand there for it."""
    word = case.tokens[at].word
    if word.isupper() and any(word == initials[: len(word)] for initials in case.evidence.initials):
        return True
    around = range(max(0, at - 2), at + 1)
    named = ["".join(token.word[:1] for token in case.tokens[first : first + 3]) for first in around]
    return any(
        letters[:size] in case.evidence.shorts for letters in named for size in (2, 3) if letters[:size].isupper()
    )


def _is_number(token: Token) -> bool:
    return token.role == "number"


def _is_capital(token: Token) -> bool:
    return token.role in STRICT or (token.name and token.role in ("", "unit"))


def _same_number(token: Token, other: Token) -> bool:
    if other.role != "number" or token.values.isdisjoint(other.values):
        return False
    return token.unit == other.unit or not token.unit or not other.unit or token.unit in SOFT_UNITS


def _with_number(token: Token, units: Sequence[Unit]) -> Iterator[tuple[Unit, int]]:
    """Where a number stands; a unit that the passage does not put to it must be named in its sentence or table."""
    for unit in units:
        for at, other in enumerate(unit.tokens):
            if _same_number(token, other) and (
                token.unit in ("", "clock", *SOFT_UNITS) or other.unit or token.unit in unit.units
            ):
                yield unit, at


def _in_head(case: Case, token: Token) -> bool:
    if any(_same_number(token, other) for other in case.evidence.head):
        return True
    return len(token.key) >= 7 and token.key in case.evidence.digits  # a phone number written in one


def _beside(case: Case, at: int) -> bool:
    """Whether a number and its neighbour, such as the two ends of a range, stand together in one unit."""
    token = case.tokens[at]
    near = [other for other in case.tokens[at + 1 : at + 4] if other.role == "number" and other.unit == token.unit]
    if not near:
        return True
    return any(
        any(_same_number(token, other) for other in unit.tokens)
        and any(_same_number(near[0], other) for other in unit.tokens)
        for unit in case.evidence.units
    )


def _around(case: Case, at: int) -> tuple[Unit, ...]:
    """Units beyond the support that share at least two words with what stands around a place."""
    near = {token.key for token in case.tokens[max(0, at - 6) : at + 7] if token.content and token.role != "number"}
    return tuple(unit for unit in case.evidence.units if unit not in case.support and len(near & unit.bag) >= 2)


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
    if lenient or (token.opens and token.key in lexicon.FRAMES):
        return False
    return token.name or _opens_as_name(case, at)


def _opens_as_name(case: Case, at: int) -> bool:
    """Whether a sentence's first word, which has its capital anyway, stands for a name."""
    after = case.tokens[at + 1] if at + 1 < len(case.tokens) else None
    if after is not None and after.name and fold(after.word) not in case.evidence.words:
        return True
    return any(
        _is_named_somewhere(other, case.evidence)
        and after is not None
        and any(near.key == after.key for near in unit.tokens[place + 1 : place + 2])
        and likeness(case.tokens, at, unit.tokens, place) >= 1.4
        for unit in case.support
        for place, other in enumerate(unit.tokens)
    )


def _is_named_somewhere(token: Token, evidence: Evidence) -> bool:
    """Whether a word with a capital is a name: it has one inside a sentence too, or stands in the title."""
    if not token.word[:1].isupper() or not token.content or token.role:
        return False
    return token.name or token.key in evidence.names


def of_kind(role: str) -> Callable[[Token], bool]:
    """A test for tokens of one role."""
    return lambda token: token.role == role

"""The issue types that triage tells apart, read from the shipped file and from bot.toml."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

MIN_SCORE = 2.5
MIN_MARGIN = 1.6
TABLE_KEYS = ("types", "synonyms", "filler", "min_score", "min_margin")
TYPE_KEYS = ("name", "title", "hint", "examples", "words", "stakes", "enabled", "yields")
NAME = re.compile(r"[a-z][a-z0-9_]*")


class Stakes(StrEnum):
    """What a wrong answer to this type may cost a customer."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueType:
    """One thing that customers write about. A type that is not enabled goes straight to humans.

    `words` are telling words or phrases; the words of a phrase may stand apart and in any order. `title` and `hint`,
    the suggested next step, are for agents. A type that `yields` (small talk) gives way to any other that is likely.
    """

    name: str
    title: str = ""
    hint: str = ""
    examples: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    stakes: Stakes = Stakes.NORMAL
    enabled: bool = True
    yields: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The types, the words that mean the same, and how sure is sure enough.

    `synonyms` gives a concept its words in any language: `cancel*` stands for every word that begins so, and
    `sign up` counts as one word. `filler` words say nothing about the matter. A score of 1 is about one weak hint.
    """

    types: tuple[IssueType, ...] = ()
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    filler: tuple[str, ...] = ()
    min_score: float = MIN_SCORE
    min_margin: float = MIN_MARGIN


class IssueTypesError(Exception):
    """Tables that cannot be used; the message has one line for each mistake."""


def to_settings(own: Mapping[str, object], shipped: Mapping[str, object]) -> Settings:
    """Lay the table `triage` of bot.toml over the shipped one.

    All shipped types are known; a type of a new name joins them. A type of a shipped name adds its examples and words
    to the shipped ones, and its other keys replace the shipped. Raises IssueTypesError with all mistakes.
    """
    mistakes: list[str] = []
    ours, theirs = Table("triage", shipped, mistakes), Table("triage", own, mistakes)
    known = {kind.name: kind for kind in read_types(ours, {})}
    kinds = known | {kind.name: kind for kind in read_types(theirs, known)}
    theirs.refuse_other_keys(TABLE_KEYS)
    settings = Settings(
        types=tuple(kinds.values()),
        synonyms=joined(read_synonyms(ours), read_synonyms(theirs)),
        filler=ours.lines("filler") + theirs.lines("filler"),
        min_score=theirs.number("min_score", MIN_SCORE),
        min_margin=theirs.number("min_margin", MIN_MARGIN),
    )
    if mistakes:
        raise IssueTypesError("\n".join(mistakes))
    return settings


def read_types(table: "Table", known: Mapping[str, IssueType]) -> list[IssueType]:
    """Read the array `types`, and note names that come twice."""
    kinds = [read_type(Table(f"triage.types[{at}]", one, table.mistakes), known) for at, one in table.tables("types")]
    for name, times in Counter(kind.name for kind in kinds).items():
        if name and times > 1:
            table.note("types", f"has {name!r} {times} times; put all of it into one table")
    return kinds


def read_type(table: "Table", known: Mapping[str, IssueType]) -> IssueType:
    """Read one type; what it leaves out comes from the known type of the same name."""
    name = table.text("name", "")
    if not NAME.fullmatch(name):
        table.note("name", f"must be small letters, digits and _, like order_status; it is {name!r}")
    base = known.get(name, IssueType(name=name))
    stakes = table.text("stakes", base.stakes)
    if stakes not in tuple(Stakes):
        table.note("stakes", f"must be one of {', '.join(Stakes)}; it is {stakes!r}")
        stakes = base.stakes
    kind = IssueType(
        name=name,
        title=table.text("title", base.title),
        hint=table.text("hint", base.hint),
        examples=base.examples + table.lines("examples"),
        words=base.words + table.lines("words"),
        stakes=Stakes(stakes),
        enabled=table.flag("enabled", base.enabled),
        yields=table.flag("yields", base.yields),
    )
    if not kind.examples and not kind.words:
        table.note("examples", f"is missing: {name!r} is new, so give it some messages as customers write them")
    table.refuse_other_keys(TYPE_KEYS)
    return kind


def read_synonyms(table: "Table") -> dict[str, tuple[str, ...]]:
    """Read the table `synonyms`."""
    synonyms = Table("triage.synonyms", table.values.get("synonyms", {}), table.mistakes)
    return {concept: synonyms.lines(concept) for concept in synonyms.values}


def joined(first: Mapping[str, tuple[str, ...]], second: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Both, the second's words before the first's: who edits bot.toml has the last word."""
    return {concept: second.get(concept, ()) + first.get(concept, ()) for concept in (*second, *first)}


class Table:
    """A TOML table that is read key by key; what does not fit is noted, and the default is taken in its place."""

    def __init__(self, place: str, values: object, mistakes: list[str]) -> None:
        self.place = place
        self.values: Mapping[str, object] = values if isinstance(values, Mapping) else {}
        self.mistakes = mistakes
        if not isinstance(values, Mapping):
            mistakes.append(f"{place} must be a table; it is {values!r:.80}")

    def note(self, key: str, mistake: str) -> None:
        """Add a line: where, and what to do."""
        self.mistakes.append(f"{self.place}.{key} {mistake}")

    def text(self, key: str, default: str) -> str:
        """Read a string."""
        value = self.values.get(key, default)
        if isinstance(value, str):
            return value.strip()
        self.note(key, f"must be a string; it is {value!r:.80}")
        return default

    def flag(self, key: str, default: bool) -> bool:
        """Read true or false."""
        value = self.values.get(key, default)
        if isinstance(value, bool):
            return value
        self.note(key, f"must be true or false; it is {value!r:.80}")
        return default

    def number(self, key: str, default: float) -> float:
        """Read a number of at least 0."""
        value = self.values.get(key, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return float(value)
        self.note(key, f"must be a number of at least 0; it is {value!r:.80}")
        return default

    def lines(self, key: str) -> tuple[str, ...]:
        """Read an array of strings that are not empty."""
        value = self.array(key)
        lines = tuple(line.strip() for line in value if isinstance(line, str) and line.strip())
        if len(lines) < len(value):
            self.note(key, "must hold strings only, none of them empty")
        return lines

    def tables(self, key: str) -> list[tuple[int, object]]:
        """Read an array of tables, numbered from 1."""
        return list(enumerate(self.array(key), 1))

    def array(self, key: str) -> Sequence[object]:
        """Read an array."""
        value = self.values.get(key, [])
        if isinstance(value, list | tuple):
            return value
        self.note(key, f"must be an array; it is {value!r:.80}")
        return ()

    def refuse_other_keys(self, keys: Sequence[str]) -> None:
        """Note every key that is none of these: most likely it is misspelt."""
        for key in self.values.keys() - set(keys):
            self.note(key, f"is unknown; the keys are {', '.join(keys)}")

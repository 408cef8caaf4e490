"""A writer that says only what passages say, and one that changes a fact in it: material for the grounding check."""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.conversation import Passage
from bot.knowledge.passages import cut, first_heading
from bot.words import language_of, sentences

SHORTEST = 5  # words: a shorter line is a heading or a label
LONGEST = 60
MARK = re.compile(r"^\s*(?:[-*+•>]\s+|\d{1,3}[.)]\s+|#{1,6}\s+)+")
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
NUMBER = re.compile(r"(?<![\w.,/-])\d+(?:[.,]\d+)*(?![\w/-])")
LINK = re.compile(
    r"(?<![\w@.])(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}(?:/[\w./?=&#%-]*)?(?![\w@])|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
)
NO_NAMES = (
    "And|The|With|What|How|When|Why|Which|You|Your|For|This|That|There|Not|May|Are|Can|Frequently|Now|Here|Who|Where|"
    "From|All|Our|Set|Step|Know"
)
NAME = re.compile(rf"(?<=[a-z,] )(?!(?:{NO_NAMES})\b)[A-Z][a-z]{{2,}}\b")
NUMBER_WORDS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
UNITS = ("minute", "hour", "day", "week", "month", "year")
AUXILIARIES = (
    r"\b(is|are|was|were|can|will|must|should|may|has|have|does|do|did|could|would)\b(?! (?:not|no|never)\b)(?!['’n])"
)
OPPOSITES = [
    "before/after",
    "more/less",
    "included/excluded",
    "includes/excludes",
    "minimum/maximum",
    "above/below",
    "accept/reject",
    "allowed/forbidden",
    "open/closed",
    "increase/decrease",
    "with/without",
    "first/last",
    "higher/lower",
    "always/sometimes",
    "all/some",
    "must/may",
    "free/paid",
    "refundable/non-refundable",
    "enable/disable",
    "public/private",
    "monthly/yearly",
    "online/offline",
    "inside/outside",
    "earlier/later",
    "most/least",
    "available/unavailable",
    "possible/impossible",
    "eligible/ineligible",
]
SYNONYMS = [
    "purchase/buy",
    "begins/starts",
    "assist/help",
    "obtain/get",
    "receive/get",
    "requires/needs",
    "displays/shows",
    "select/choose",
    "however/but",
    "additionally/also",
    "utilize/use",
    "located/found",
    "near/close",
    "approximately/about",
    "several/various",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A sentence from a passage as a writer put it; `kind` says how."""

    text: str
    kind: str
    passage: Passage


def read_folder(folder: Path) -> list[Passage]:
    """The passages of every Markdown file below a folder."""
    found = []
    for path in sorted(folder.rglob("*.md")):
        text = path.read_text("utf-8", errors="replace")
        front = FRONT_MATTER.match(text)
        named = re.search(r"^title:\s*(.+)$", front[0], re.MULTILINE) if front else None
        body = text[front.end() :] if front else text
        title = named[1].strip().strip("\"'") if named else first_heading(body) or path.stem
        found += [
            Passage(article=path.name, heading=piece.heading, text=piece.text, score=1.0, title=title)
            for piece in cut(body, title)
        ]
    return found


def lines_of(passage: Passage) -> list[str]:
    """The whole sentences and list items of a passage, without headings and tables."""
    found = []
    for line in passage.text.splitlines():
        if line.lstrip().startswith(("#", "|")):
            continue
        found += [s for s in sentences(MARK.sub("", line).strip()) if SHORTEST <= len(s.split()) <= LONGEST]
    return found


def truths(passage: Passage, dice: random.Random) -> Iterator[Written]:
    """What a perfect writer makes of a passage: copied, joined, shortened, lightly put in other words."""
    lines = lines_of(passage)
    for at, line in enumerate(lines):
        yield Written(text=line, kind="copied", passage=passage)
        for kind, change in TRUE_CHANGES:
            if (text := change(line, dice)) is not None and text != line:
                yield Written(text=text, kind=kind, passage=passage)
        if at + 1 < len(lines):
            yield Written(text=_joined(line, lines[at + 1], dice), kind="joined", passage=passage)


def lies(passage: Passage, others: Sequence[Passage], dice: random.Random) -> Iterator[Written]:
    """The same sentences with one fact changed each."""
    foreign = dice.choice(others) if others else passage
    for line in lines_of(passage):
        for kind, change in LIES:
            text = change(line, dice, passage, foreign)
            if text is not None and text != line and text not in passage.text:
                yield Written(text=text, kind=kind, passage=passage)


def _joined(first: str, second: str, dice: random.Random) -> str:
    if dice.random() < 0.5:
        return f"{first} {second}"
    return f"{first.rstrip('.!?;:')}{dice.choice((', and ', '; ', ', while '))}{second[:1].lower()}{second[1:]}"


def _without_tail(line: str, _: random.Random) -> str | None:
    found = re.search(r"(?:, |; | \(| – | - )", line[20:])
    text = line[: 20 + found.start()].rstrip(" ,;(") + "." if found else None
    return text if text and len(text.split()) >= SHORTEST and text.count("(") == text.count(")") else None


def _without_brackets(line: str, _: random.Random) -> str | None:
    return re.sub(r"\s*\([^()]*\)", "", line) if re.search(r"[^\]]\([^()]*\)", line) else None


def _led_in(line: str, dice: random.Random) -> str | None:
    if language_of(line) != "en" or not line[:1].isupper() or line[1:2].isupper():
        return None
    opening = dice.choice(
        ("According to our help page, ", "Yes, ", "Please note that ", "In short, ", "As far as I can see, ")
    )
    return opening + line[:1].lower() + line[1:]


def _contracted(line: str, _: random.Random) -> str | None:
    changes = (
        ("do not", "don't"),
        ("does not", "doesn't"),
        ("is not", "isn't"),
        ("are not", "aren't"),
        ("cannot", "can't"),
        ("will not", "won't"),
        ("did not", "didn't"),
        ("was not", "wasn't"),
        ("it is", "it's"),
        ("you are", "you're"),
    )
    for long, short in changes:
        if f" {long} " in line:
            return line.replace(f" {long} ", f" {short} ", 1)
        if f" {short} " in line:
            return line.replace(f" {short} ", f" {long} ", 1)
    return None


def _turned_round(line: str, _: random.Random) -> str | None:
    found = re.match(r"(If|When|After|Before|Once|While|Since|During|In|On) ([^,]{5,80}), (.{10,})[.]$", line)
    if found is None:
        return None
    return f"{found[3][:1].upper()}{found[3][1:]} {found[1].lower()} {found[2]}."


def _in_other_words(line: str, _: random.Random) -> str | None:
    for pair in SYNONYMS:
        for word, other in (pair.split("/"), pair.split("/")[::-1]):
            if re.search(rf"(?<![\w./@-]){word}(?![\w./@-])", line):
                return re.sub(rf"(?<![\w./@-]){word}(?![\w./@-])", other, line, count=1)
    return None


def _respelt(line: str, _: random.Random) -> str | None:
    changes = (
        (r"(\d) ?%", r"\1 percent"), (r"\$(\d+)(?![\d.,]| [mb]illion)", r"\1 dollars"), (r"(\d)[–-](\d)", r"\1 to \2"),
        (r"\b13:00\b", "1 pm"), (r"\b(\d) (days|weeks|months|years|hours)\b", lambda m: f"{_word(m[1])} {m[2]}"),
    )  # fmt: skip
    for pattern, instead in changes:
        if re.search(pattern, line):
            return re.sub(pattern, instead, line, count=1)
    for number, word in enumerate(NUMBER_WORDS, 2):
        if re.search(rf"\b{word} ", line):
            return re.sub(rf"\b{word} ", f"{number} ", line, count=1)
    return None


def _word(digit: str) -> str:
    return NUMBER_WORDS[int(digit) - 2] if int(digit) > 1 else digit


def _without_adverb(line: str, _: random.Random) -> str | None:
    found = re.search(r" (\w{3,}ly|also|then|simply|just|currently|usually) (?!because)", line)
    if found is None or found[1] in (
        "only",
        "early",
        "daily",
        "weekly",
        "monthly",
        "yearly",
        "apply",
        "supply",
        "reply",
        "family",
        "exclusively",
        "solely",
    ):
        return None
    return line[: found.start()] + " " + line[found.end() :]


TRUE_CHANGES: tuple[tuple[str, Callable[[str, random.Random], str | None]], ...] = (
    ("shortened", _without_tail),
    ("without brackets", _without_brackets),
    ("led in", _led_in),
    ("contracted", _contracted),
    ("turned round", _turned_round),
    ("other words", _in_other_words),
    ("respelt", _respelt),
    ("without an adverb", _without_adverb),
)

Change = Callable[[str, random.Random, Passage, Passage], str | None]


def _replace(line: str, found: re.Match[str] | None, instead: str) -> str | None:
    return None if found is None else line[: found.start()] + instead + line[found.end() :]


def _one(pattern: re.Pattern[str] | str, line: str, dice: random.Random) -> re.Match[str] | None:
    found = list(re.finditer(pattern, line))
    return dice.choice(found) if found else None


def _moved_number(line: str, dice: random.Random, _: Passage, __: Passage) -> str | None:
    found = _one(NUMBER, line, dice)
    if found is None:
        return None
    digits = list(found[0])
    place = max(
        at
        for at, letter in enumerate(digits)
        if letter.isdigit() and (at == 0 or dice.random() < 0.5 or at == len(digits) - 1)
    )
    digits[place] = str((int(digits[place]) + dice.choice((1, 2, 3, 7, 9))) % 10)
    return _replace(line, found, "".join(digits))


def _swapped_digits(line: str, dice: random.Random, _: Passage, __: Passage) -> str | None:
    found = _one(re.compile(r"(?<![\w.,/-])\d*(\d)(?!\1)\d(?:[.,]\d+)*(?![\w/-])"), line, dice)
    if found is None:
        return None
    text = found[0]
    for at in range(len(text) - 1):
        if text[at].isdigit() and text[at + 1].isdigit() and text[at] != text[at + 1]:
            return _replace(line, found, text[:at] + text[at + 1] + text[at] + text[at + 2 :])
    return None


def _number_of_the_passage(line: str, dice: random.Random, passage: Passage, _: Passage) -> str | None:
    found = _one(NUMBER, line, dice)
    others = [n for n in NUMBER.findall(passage.text) if n not in NUMBER.findall(line)]
    return _replace(line, found, dice.choice(others)) if found and others else None


def _number_word(line: str, dice: random.Random, _: Passage, __: Passage) -> str | None:
    found = _one(rf"\b({'|'.join(NUMBER_WORDS)})\b", line, dice)
    return _replace(line, found, dice.choice([w for w in NUMBER_WORDS if found is None or w != found[0]]))


def _unit(line: str, dice: random.Random, _: Passage, __: Passage) -> str | None:
    found = _one(rf"(?<=\d[ -])({'|'.join(UNITS)})(?=s?\b)", line, dice)
    return _replace(line, found, dice.choice([u for u in UNITS if found is None or u != found[0]]))


def _currency(line: str, dice: random.Random, _: Passage, __: Passage) -> str | None:
    return _replace(line, _one(r"\$(?=\d)", line, dice), dice.choice("€£"))


def _listed(words: Sequence[str]) -> Change:
    def change(line: str, dice: random.Random, passage: Passage, _: Passage) -> str | None:
        found = _one(rf"\b({'|'.join(words)})\b", line, dice)
        others = [word for word in words if word not in passage.text]
        return _replace(line, found, dice.choice(others)) if others else None

    return change


def _name_of_another(line: str, dice: random.Random, passage: Passage, foreign: Passage) -> str | None:
    words = set(re.findall(r"\w+", f"{passage.title} {passage.heading} {passage.text}".lower()))
    others = [name for name in NAME.findall(foreign.text) if name.lower() not in words]
    found = _one(NAME, line, dice)
    return _replace(line, found, dice.choice(others)) if others else None


def _name_of_the_passage(line: str, dice: random.Random, passage: Passage, _: Passage) -> str | None:
    found = _one(NAME, line, dice)
    others = [name for name in NAME.findall(passage.text) if name not in line]
    return _replace(line, found, dice.choice(others)) if others else None


def _other_domain(line: str, dice: random.Random, _: Passage, __: Passage) -> str | None:
    found = _one(LINK, line, dice)
    if found is None:
        return None
    changed = re.sub(
        r"([\w-]+)(\.[a-z]{2,})(?=/|$)", dice.choice((r"\1-help\2", r"\g<1>s\2", r"\1.co")), found[0], count=1
    )
    return _replace(line, found, changed)


def _other_path(line: str, dice: random.Random, _: Passage, __: Passage) -> str | None:
    found = _one(r"(?<=[a-z]\.[a-z]{3}/)[\w-]{3,}(?=[\s).,;]|$)|(?<=example/)[\w-]{3,}(?=[\s).,;]|$)", line, dice)
    return _replace(line, found, dice.choice(("login", "verify", "claim"))) if found else None


def _not_added(line: str, dice: random.Random, _: Passage, __: Passage) -> str | None:
    found = _one(AUXILIARIES, line, dice) if language_of(line) == "en" else None
    return _replace(line, found, f"{found[0]} {dice.choice(('not', 'not', 'never', 'no longer'))}") if found else None


def _do_not_added(line: str, dice: random.Random, _: Passage, __: Passage) -> str | None:
    found = re.search(
        r"\b(You|We|They|I|you|we|they) (?!are|can|will|have|may|must|should|do|were|would|could)([a-z]{3,})\b", line
    )
    return (
        _replace(line, found, f"{found[1]} {dice.choice(('do not', 'don’t', 'never'))} {found[2]}") if found else None
    )


def _not_removed(line: str, dice: random.Random, _: Passage, __: Passage) -> str | None:
    found = _one(r" (?:not|never)\b|n['’]t\b|(?<=can)not\b", line, dice)
    return _replace(line, found, "")


def _no_changed(line: str, dice: random.Random, _: Passage, __: Passage) -> str | None:
    found = _one(r"\b(?:no|No)\b(?=[ ][a-z])", line, dice)
    return _replace(line, found, "a" if found and found[0] == "no" else "A")


def _opposite(line: str, dice: random.Random, _: Passage, __: Passage) -> str | None:
    pairs = [pair.split("/") for pair in OPPOSITES]
    choices = [
        (a, b) for one, two in pairs for a, b in ((one, two), (two, one)) if re.search(rf"(?<![\w-]){a}\b", line)
    ]
    if not choices:
        return None
    word, other = dice.choice(choices)
    return re.sub(rf"(?<![\w-]){word}\b", other, line, count=1)


LIES: tuple[tuple[str, Change], ...] = (
    ("number moved", _moved_number),
    ("digits swapped", _swapped_digits),
    ("number of the passage", _number_of_the_passage),
    ("number word", _number_word),
    ("unit", _unit),
    ("currency", _currency),
    ("month", _listed(MONTHS)),
    ("weekday", _listed(WEEKDAYS)),
    ("name of another passage", _name_of_another),
    ("name of the same passage", _name_of_the_passage),
    ("domain", _other_domain),
    ("path", _other_path),
    ("not added", _not_added),
    ("do not added", _do_not_added),
    ("not removed", _not_removed),
    ("no removed", _no_changed),
    ("opposite", _opposite),
)

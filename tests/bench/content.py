"""What the benchmarks are fed with: questions about the project's own articles, and a folder of made-up ones."""

import random
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import ROOT

KNOWLEDGE = ROOT / "knowledge"
ARTICLES = 1_000
SEED = 20_260_112
VOCABULARY = 6_000
SYLLABLES = ("ba", "con", "del", "er", "fin", "gar", "hal", "jo", "kel", "lum", "mer", "nor", "op", "pra", "qui", "ros")
SMALL = ("the", "a", "of", "to", "and", "in", "is", "you", "your", "we", "for", "on", "that", "it", "with", "can", "be")
BEFORE = ("", "", "hi, ", "Hello! ", "quick question: ", "hey there. ", "Good morning, ", "I looked everywhere. ")
AFTER = ("", "", "", " Thanks!", " please let me know", " (order HP-20417)", " I could not find it.", " asap")
TALK = ("hello", "thank you", "are you a robot?", "can I rent a tent for a weekend?", "wo ist mein Paket?")
UPSET = ("I want to talk to a human", "this is ridiculous, I am furious", "you charged me twice, I want my money back")


def questions(seed: int = SEED) -> Iterator[str]:
    """What customers write, without end: mostly what the articles answer, some small talk, a few calls for a person."""
    dice = random.Random(seed)
    asked = _headings()
    while True:
        kind = dice.random()
        if kind < 0.05:
            yield dice.choice(UPSET)
        elif kind < 0.15:
            yield dice.choice(TALK)
        else:
            yield _mistyped(f"{dice.choice(BEFORE)}{dice.choice(asked)}{dice.choice(AFTER)}", dice)


def write_articles(folder: Path, count: int = ARTICLES) -> list[str]:
    """Write that many articles, each long enough for one passage or two; return words that stand in them."""
    dice = random.Random(SEED)
    words = _vocabulary(dice)
    weights = [1 / rank for rank in range(1, len(words) + 1)]  # as in every language: few words make up most of a text
    for number in range(count):
        shelf = folder / f"shelf-{number % 20:02}"
        shelf.mkdir(parents=True, exist_ok=True)
        (shelf / f"article-{number:04}.md").write_text(_article(number, words, weights, dice), "utf-8")
    return dice.choices(words[30:], weights[30:], k=2_000)


def _headings() -> list[str]:
    public = (path for path in sorted(KNOWLEDGE.rglob("*.md")) if "internal" not in path.parts)
    return [line.lstrip("# ") for path in public for line in path.read_text("utf-8").splitlines() if line[:3] == "## "]


def _mistyped(text: str, dice: random.Random) -> str:
    """One message in five has a letter missing."""
    if dice.random() > 0.2:
        return text
    place = dice.randrange(len(text))
    return text[:place] + text[place + 1 :]


def _vocabulary(dice: random.Random) -> list[str]:
    made = {"".join(dice.choices(SYLLABLES, k=dice.choice((2, 2, 3, 3, 4)))) for _ in range(2 * VOCABULARY)}
    return [*SMALL, *sorted(made)[:VOCABULARY]]


def _article(number: int, words: list[str], weights: list[float], dice: random.Random) -> str:
    def some(least: int, most: int) -> str:
        return " ".join(dice.choices(words, weights, k=dice.randint(least, most)))

    lines = [f"# {some(2, 5).capitalize()} {number}", "", f"{some(10, 20).capitalize()}."]
    for _ in range(dice.randint(1, 2)):
        lines += ["", f"## {some(3, 7).capitalize()}?", ""]
        lines += [f"{some(8, 18).capitalize()}." for _ in range(dice.randint(2, 4))]
    if number % 4 == 0:
        lines += ["", f"| {some(1, 2)} | {some(1, 2)} |", "|---|---|"]
        lines += [f"| {some(1, 3)} | ${dice.randint(1, 400)}.00 |" for _ in range(4)]
    return "\n".join(lines) + "\n"

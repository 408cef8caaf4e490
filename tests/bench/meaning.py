"""Passages by meaning: what a search among 5,000 of them takes, in two sizes of embeddings."""

import random
import time

from bot.conversation import Passage
from bot.vectors import Placed, nearest, placed, to_vector
from tests.bench.figures import Figure, milliseconds

SEED = 20
PASSAGES = 5_000
SIZES = (384, 1_536)
THEMES = 250  # passages lie in heaps, as articles do
QUESTIONS = 40


def measure() -> list[Figure]:
    """CPU time of one search, and how often it finds the passage that a question was made of."""
    return [figure for size in SIZES for figure in _of(size)]


def _of(size: int) -> list[Figure]:
    dice = random.Random(SEED)
    among = _passages(size, dice)
    took, right = [], 0
    for _ in range(QUESTIONS):
        meant = dice.choice(among)
        question = to_vector(number + dice.gauss(0, 0.5 / size**0.5) for number in meant.vector)
        began = time.process_time()
        found = nearest(question, among, 10)
        took.append(time.process_time() - began)
        right += found[0].text == meant.passage.text
    return [
        Figure(
            name=f"search by meaning, {PASSAGES:,} passages of {size:,} numbers", measured=f"{milliseconds(took)} CPU"
        ),
        Figure(name="  its own passage first", measured=f"{right / QUESTIONS:.0%}"),
    ]


def _passages(size: int, dice: random.Random) -> list[Placed]:
    themes = [[dice.gauss(0, 1) for _ in range(size)] for _ in range(THEMES)]
    return [
        placed(
            Passage(article="", heading="", text=str(number), score=0.0),
            to_vector(middle + dice.gauss(0, 0.7) for middle in dice.choice(themes)),
        )
        for number in range(PASSAGES)
    ]

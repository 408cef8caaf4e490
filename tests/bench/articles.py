"""A thousand made-up articles, and the project's own: how long they take to index, and to answer from."""

import itertools
import random
import time
from pathlib import Path

from bot import answer
from bot.knowledge import Knowledge, Settings
from bot.store.knowledge import Index
from tests.bench.content import ARTICLES, KNOWLEDGE, SEED, questions, write_articles
from tests.bench.figures import Figure, milliseconds
from tests.bench.place import workplace

ASKED = 300


def measure() -> list[Figure]:
    """CPU time, so that a busy machine shows little in it."""
    with workplace() as folder:
        words = write_articles(folder / "articles")
        dice = random.Random(SEED)
        made_up = [" ".join(dice.sample(words, dice.randint(3, 9))) + "?" for _ in range(ASKED)]
        own = list(itertools.islice(questions(), ASKED))
        return [
            *_indexed(f"{ARTICLES:,} made-up articles", folder / "articles", folder / "made-up.db", made_up),
            *_indexed("the project's own articles", KNOWLEDGE, folder / "own.db", own),
        ]


def _indexed(name: str, folder: Path, database: Path, asked: list[str]) -> list[Figure]:
    began = time.process_time()
    knowledge = Knowledge.open(folder, database=database, settings=Settings())
    seconds = time.process_time() - began
    each: list[float] = []
    grounded = 0
    try:
        for question in asked:
            began = time.process_time()
            found = knowledge.search(question, ())
            attempt = answer.compose(question, found, answer.Settings())
            each.append(time.process_time() - began)
            grounded += attempt.grounded
    finally:
        knowledge.close()
    index = Index.open(database)
    passages = len(index.contents().places)
    index.close()
    return [
        Figure(
            name=f"index {name}",
            bar="0.3 s CPU/1,000",
            measured=f"{seconds:.2f} s CPU for {passages:,} passages: {seconds / passages * 1e3:.2f} s/1,000",
        ),
        Figure(
            name=f"one question to {name}",
            bar="p95 < 10 ms CPU",
            measured=f"{milliseconds(each)} CPU, {grounded / len(asked):.0%} answered",
        ),
    ]

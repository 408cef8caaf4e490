"""How many true sentences the grounding check drops, and how many changed ones; folders of articles may be named."""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bot.conversation import Passage
from bot.grounding import Claim, check
from tests.bench.content import KNOWLEDGE
from tests.bench.figures import Figure, milliseconds
from tests.bench.writing import Written, lies, read_folder, truths

SEED = 20
PASSAGES = 150


def measure() -> list[Figure]:
    """Over the project's own articles."""
    true, changed = written(KNOWLEDGE)
    _, took = judged(true)
    return [
        Figure(name="true sentences dropped by the grounding check", bar="< 2 %", measured=_share(judged(true)[0])),
        Figure(name="sentences with a changed fact dropped", bar="> 95 %", measured=_share(judged(changed)[0])),
        Figure(name="checking one sentence", measured=f"{milliseconds(took)} CPU"),
    ]


def written(folder: Path, passages: int = PASSAGES) -> tuple[list[Written], list[Written]]:
    """True and changed sentences of a folder's passages, at most of so many."""
    dice = random.Random(SEED)
    found = read_folder(folder)
    chosen = sorted(dice.sample(range(len(found)), min(passages, len(found))))
    true = [one for at in chosen for one in truths(found[at], dice)]
    changed = [one for at in chosen for one in lies(found[at], _others(found, at), dice)]
    return true, changed


def judged(sentences: Iterable[Written]) -> tuple[list[tuple[Written, str]], list[float]]:
    """Each sentence with the reason why it is dropped, empty where it is kept; and the CPU seconds that each took."""
    reasons, took = [], []
    for one in sentences:
        began = time.process_time()
        checked = check([Claim(text=one.text, sources=(1,))], [one.passage], question="")
        took.append(time.process_time() - began)
        reasons.append((one, checked.dropped[0].reason if checked.dropped else ""))
    return reasons, took


def _others(found: Sequence[Passage], at: int) -> list[Passage]:
    return [passage for passage in found if passage.article != found[at].article]


def _share(reasons: Sequence[tuple[Written, str]]) -> str:
    dropped = sum(bool(reason) for _, reason in reasons)
    return f"{dropped / max(1, len(reasons)):.1%} of {len(reasons):,}"


def _by_kind(reasons: Sequence[tuple[Written, str]]) -> Iterator[str]:
    every = Counter(one.kind for one, _ in reasons)
    dropped = Counter(one.kind for one, reason in reasons if reason)
    for kind, count in every.items():
        yield f"    {kind:26} {dropped[kind] / count:7.1%} of {count}"


def main() -> int:
    """Print both shares for each folder, by kind of change; with `--wrong N`, N of each that were judged wrongly."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.grounding", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=[KNOWLEDGE], metavar="FOLDER")
    parser.add_argument("--wrong", type=int, default=0)
    parser.add_argument("--passages", type=int, default=PASSAGES)
    arguments = parser.parse_args()
    for folder in arguments.folders:
        true, changed = (judged(sentences)[0] for sentences in written(folder, arguments.passages))
        print(f"{folder}: dropped of true {_share(true)}, of changed {_share(changed)}")
        print(*_by_kind(true), *_by_kind(changed), sep="\n")
        wrong = (
            [("TRUE", one, reason) for one, reason in true if reason],
            [("LIE", one, "") for one, r in changed if not r],
        )
        for group in wrong:
            for which, one, reason in random.Random(SEED).sample(group, min(arguments.wrong, len(group))):
                print(f"  {which} [{one.kind}] {one.text}\n      {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

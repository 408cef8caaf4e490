"""`python -m tests.simulation`: so many crashes, or one seed with its trace."""

import argparse
import sys
import time

from tests.simulation import run
from tests.simulation.world import library


def main() -> int:
    """Returns 1 when anything was lost, done twice, out of order, stuck, or against the rules."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--crashes", type=int, default=10_000, help="how many to survive (default: 10000)")
    parser.add_argument("--first-seed", type=int, default=0, help="where to begin (default: 0)")
    parser.add_argument("--workers", type=int, help="processes (default: one a core)")
    parser.add_argument("--seed", type=int, help="run this one alone and print what happened")
    args = parser.parse_args()
    try:
        if args.seed is not None:
            return _print(*run.replay(args.seed))
        begin = time.monotonic()
        total = run.until(args.crashes, first_seed=args.first_seed, workers=args.workers)
        sys.stdout.write(total.render(time.monotonic() - begin) + "\n")
        return 1 if total.failing else 0
    finally:
        library().close()


def _print(trace: str, found: list[str]) -> int:
    sys.stdout.write(trace + "\n" + "\n".join(found or ["nothing wrong"]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

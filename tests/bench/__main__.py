"""`python -m tests.bench [NAME ...]`: measure, and print one table. Nothing here fails for being slow."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.bench.figures import head, load, render
from tests.bench.one import NAMES, measure


def main() -> int:
    """Returns 0; a benchmark that breaks ends this with its error."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=f"of {', '.join(NAMES)}")
    names = parser.parse_args().names or NAMES
    print(head(), flush=True)
    for name in names:
        before = load()
        # Each in a process of its own, so that what one has compiled or kept does not flatter the next.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            figures = alone.submit(measure, name).result()
        print(render(figures, before, load()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

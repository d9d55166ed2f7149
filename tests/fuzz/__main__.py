"""Runs the property tests again and again with a fresh seed each time, until the time is over or one fails.

`make test` tries the same inputs in every run. What this program finds becomes an `@example` of the test.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
SEED_MAX = 2**32
FAILED = 1
TESTS_FAILED = 1  # pytest's own status; others mean that it could not run.


def main() -> int:
    arguments = parsed()
    began, rounds = time.monotonic(), 0
    seed: int = random.randrange(SEED_MAX) if arguments.seed is None else arguments.seed
    while True:
        print(f"fuzz: seed {seed}", flush=True)
        status = round_of(seed, arguments.tests)
        rounds += 1
        if status:
            again = f"make fuzz SEED={seed}" if status == TESTS_FAILED else "see above"
            print(f"fuzz: failed in round {rounds}; again: {again}")
            return FAILED
        if arguments.seed is not None or time.monotonic() - began > arguments.seconds:
            print(f"fuzz: {rounds} rounds, nothing found")
            return 0
        seed = random.randrange(SEED_MAX)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="begin no further round after this time (300)")
    parser.add_argument("--seed", type=int, help="run one round with this seed")
    parser.add_argument("tests", nargs="*", default=["tests/unit"], help="files or folders (tests/unit)")
    return parser.parse_args()


def round_of(seed: int, tests: list[str]) -> int:
    """One run of all property tests; answers pytest's status."""
    command = [sys.executable, "-m", "pytest", "--quiet", "-m", "hypothesis", f"--hypothesis-seed={seed}", *tests]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"HYPOTHESIS_PROFILE": "fuzz"}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

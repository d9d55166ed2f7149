"""Plants bugs one at a time into a copy of the sources, and has each looked for."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulator.campaign import run_campaign
from simulator.planted.bugs import JOBS, KIT, WORKER, Bug, Detector

ROOT = Path(__file__).parents[3]
SOURCES = [Path(JOBS).parent, Path(WORKER).parent, Path(KIT).parent]
SEEDS_MAX = 3000
SEEDS_AT_ONCE = 200  # Few at first: most bugs are found at once.
CASES = {
    Detector.CASES: [
        *("-k", "sqlite"),
        *(
            f"tests/integration/jobs/test_{part}.py"
            for part in ("job_store", "work_store", "queue_store", "removal_store", "writer")
        ),
    ],
    Detector.KIT_CASES: [
        "tests/unit/kit/test_clock.py",
        "tests/integration/kit/test_database_clock.py",
        "tests/integration/kit/test_blob_kept.py",
    ],
}
CASES_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Finding:
    """How a planted bug was found, or that it was not."""

    bug: Bug
    is_found: bool
    by: str
    took_s: float

    def line(self) -> str:
        verdict = "found " if self.is_found else "MISSED"
        return f"{verdict} {self.took_s:5.1f} s  {self.bug.name}\n                by {self.bug.detector}: {self.by}"


def look_for(bugs: Sequence[Bug]) -> Iterator[Finding]:
    for bug in bugs:
        begin = time.monotonic()
        with planted(bug) as sources:
            cases = CASES.get(bug.detector)
            by = found_by_cases(sources, cases) if cases else found_by_seeds(sources)
        yield Finding(bug, is_found=by is not None, by=by or "nobody", took_s=time.monotonic() - begin)


@contextmanager
def planted(bug: Bug) -> Iterator[list[Path]]:
    """Answers the folders that come before the installed sources while the block lasts."""
    with tempfile.TemporaryDirectory(prefix="flexura-planted-") as folder:
        for source in SOURCES:
            shutil.copytree(ROOT / source, Path(folder) / source, ignore=shutil.ignore_patterns("__pycache__"))
        file = Path(folder) / bug.path
        text = file.read_text()
        if text.count(bug.right) != 1:
            raise LookupError(f"{bug.path} holds {text.count(bug.right)} times, not once: {bug.right!r}")
        file.write_text(text.replace(bug.right, bug.wrong))
        yield [Path(folder) / source for source in SOURCES]


def found_by_seeds(sources: Sequence[Path]) -> str | None:
    for first in range(0, SEEDS_MAX, SEEDS_AT_ONCE):
        failures = run_campaign(first, SEEDS_AT_ONCE, sources, failures_max=1).failures
        if failures:
            seed = min(failures)
            return f"seed {seed}: {failures[seed][0]}"
    return None


def found_by_cases(sources: Sequence[Path], cases: Sequence[str]) -> str | None:
    """The first case that fails; one that cannot even be collected finds nothing."""
    path = os.pathsep.join([*map(str, sources), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *cases],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=CASES_TIMEOUT_S,
        check=False,
    )
    failed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAILED")]
    return failed[0].rpartition("::")[2] if failed else None

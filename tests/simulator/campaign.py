"""Many seeds over two processes, and what they came to together."""

import gc
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.faults import Fault
from simulator.world import run_seed

PROCESSES = 2
FAILURES_MAX = 5  # Enough to see what is wrong; a part with as many stops.
PART_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Campaign:
    """What the seeds came to. Failures are sentences by seed."""

    seeds: int
    took_s: float
    failures: dict[int, list[str]]
    faults: Counter[str]
    ends: Counter[str]
    virtual_s: float

    def summary(self) -> str:
        jobs, faults = sum(self.ends.values()), sum(self.faults.values())
        lines = [
            f"{self.seeds} seeds in {self.took_s:.1f} s, {self.virtual_s / 3600:.1f} virtual hours",
            f"{jobs} jobs, {faults} faults, {len(self.failures)} seeds failed",
            "faults: " + counted(self.faults),
            "ends: " + counted(self.ends),
        ]
        for seed, sentences in sorted(self.failures.items()):
            lines += [f"seed {seed} fails; replay it by: make simulate SEED={seed}", *(f"  {s}" for s in sentences)]
        return "\n".join(lines)


def run_part(first: int, count: int, step: int, failures_max: int) -> dict[str, Any]:
    """Runs every `step`th seed of a range in this process.

    Garbage is collected between seeds alone: what a dead process leaves behind is closed when it is collected, and
    that must not happen in the middle of another seed, where nothing explains what it says.
    """
    gc.freeze()
    gc.disable()
    faults: Counter[str] = Counter({kind.value: 0 for kind in Fault})
    ends: Counter[str] = Counter()
    failures: dict[int, list[str]] = {}
    seeds, virtual_s = 0, 0.0
    for seed in range(first, first + count, step):
        verdict = run_seed(seed)
        seeds += 1
        gc.collect()
        faults.update({kind.value: times for kind, times in verdict.faults.items()})
        ends.update(verdict.ends)
        virtual_s += verdict.virtual_s
        if verdict.violations:
            failures[seed] = verdict.violations
        if len(failures) >= failures_max:
            break
    return {"seeds": seeds, "faults": faults, "ends": ends, "failures": failures, "virtual_s": virtual_s}


def run_campaign(
    first: int, count: int, python_path: Iterable[Path] = (), failures_max: int = FAILURES_MAX
) -> Campaign:
    """Runs a range of seeds, on sources that come before the installed ones where some are named."""
    begin = time.monotonic()
    tests = Path(__file__).parents[1]
    folders = [*map(str, python_path), str(tests), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, folders))}
    parts = [
        subprocess.Popen(
            [sys.executable, "-m", "simulator", "part", *map(str, numbers)], env=environment, stdout=subprocess.PIPE
        )
        for numbers in ((first + n, count - n, PROCESSES, failures_max) for n in range(PROCESSES))
    ]
    outputs = [json.loads(part.communicate(timeout=PART_TIMEOUT_S)[0]) for part in parts]
    return Campaign(
        seeds=sum(output["seeds"] for output in outputs),
        took_s=time.monotonic() - begin,
        failures={int(seed): said for output in outputs for seed, said in output["failures"].items()},
        faults=sum((Counter(output["faults"]) for output in outputs), Counter()),
        ends=sum((Counter(output["ends"]) for output in outputs), Counter()),
        virtual_s=sum(output["virtual_s"] for output in outputs),
    )


def counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {times}" for name, times in sorted(counts.items()))

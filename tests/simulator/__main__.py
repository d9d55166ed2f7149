"""Runs seeds: `run FIRST COUNT`, `replay SEED` with its trace; `part` is for its own use."""

import asyncio
import json
import logging
import sys
from collections.abc import MutableMapping, Sequence
from typing import Any, NoReturn

import structlog

from simulator.campaign import Campaign, run_campaign, run_part
from simulator.clock import VirtualLoop
from simulator.planted.bugs import BUGS, Bug
from simulator.planted.garden import look_for
from simulator.scenario import Scenario
from simulator.world import replay

BROKEN = 1


def main(arguments: list[str]) -> int:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        processors=[keep_errors],
        cache_logger_on_first_use=True,
    )
    match arguments:
        case ["part", first, count, step, failures_max]:
            print(json.dumps(run_part(int(first), int(count), int(step), int(failures_max))))
            return 0
        case ["run", first, count]:
            return show_campaign(run_campaign(int(first), int(count)))
        case ["planted", *numbers]:
            return show_planted([BUGS[int(number)] for number in numbers] or BUGS)
        case ["replay", seed]:
            return show_seed(int(seed))
    print(__doc__)
    return BROKEN


def keep_errors(_logger: object, _method: str, event: MutableMapping[str, Any]) -> NoReturn:
    """An error in the log is something that no fault explains; the rest of the log is of no use at this speed."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, VirtualLoop):
        loop.crashes.append(f"logged: {event.get('event')} {sys.exc_info()[1]!r}")
    raise structlog.DropEvent


def show_campaign(campaign: Campaign) -> int:
    print(campaign.summary())
    for seed in sorted(campaign.failures)[:1]:
        show_seed(seed)
    return BROKEN if campaign.failures else 0


def show_planted(bugs: Sequence[Bug]) -> int:
    findings = []
    for finding in look_for(bugs):
        findings.append(finding)
        print(finding.line(), flush=True)
    missed = [finding for finding in findings if not finding.is_found]
    print(f"{len(findings) - len(missed)} of {len(findings)} planted bugs were found")
    return BROKEN if missed else 0


def show_seed(seed: int) -> int:
    scenario, verdict, journal = replay(seed)
    print(*described(scenario), "", *journal, "", sep="\n")
    print(*(verdict.violations or ["Nothing is wrong."]), sep="\n")
    return BROKEN if verdict.violations else 0


def described(scenario: Scenario) -> list[str]:
    faults = ", ".join(sorted(scenario.faults.kinds)) or "none"
    return [
        f"seed {scenario.seed}: {scenario.replicas} of jobs, {scenario.workers} workers of {scenario.slots} slots",
        f"faults until {scenario.faults.until:.1f} s: {faults}",
        *(
            f"job {job.job_id[-2:]} at {job.submit_at:.1f} s: {job.nature}, {job.take_s:.1f} s"
            + (", paid for" if job.is_billed else "")
            + (f", cancelled at {job.cancel_at:.1f} s" if job.cancel_at is not None else "")
            + (f", deleted at {job.delete_at:.1f} s" if job.delete_at is not None else "")
            + (f", submitted {1 + job.copies} times under a key" if job.copies else "")
            + (f", timeout {job.request.timeout}" if job.request.timeout else "")
            for job in scenario.jobs
        ),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

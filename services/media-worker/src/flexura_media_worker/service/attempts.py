"""One attempt at a job, from its hint to its report."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from flexura_kit import log
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_media_worker.domain import ClaimedJob, Ending, Failure, Lease, WorkerFault, WorkerPart
from flexura_media_worker.ports import Hint, JobsService, Spool
from flexura_media_worker.service.capacity import Slot
from flexura_media_worker.service.health import Health
from flexura_media_worker.service.leases import HeldLease, Leases
from flexura_media_worker.service.production import Order, Production, Stored
from flexura_media_worker.service.reports import AttemptReport, Outcome

LEASE_TOKEN_BYTES = 16
RETRY_S_MIN, RETRY_S_MAX = 0.1, 2.0
UNREACHED_S = 2.0  # For the jobs service to come back.
PAUSED_S = 1.0  # For this worker's last fetches to end, so that another worker gets the hint.

# Nobody answered, or too late: the same call may do better. Anything else is an answer.
UNANSWERED = (Kind.BUSY, Kind.TIMED_OUT)
# A fault of theirs may pass as well. A claim or a report is made again for as long as its lease may be held.
WORTH_REPEATING = (*UNANSWERED, Kind.INTERNAL)

logger = log.get_logger()

OUTCOMES = {
    Ending.CANCELED: Outcome.CANCELED,
    Ending.LOST: Outcome.LOST,
    Ending.UNRENEWED: Outcome.UNRENEWED,
    Ending.RELEASED: Outcome.RELEASED,
    Ending.PAUSED: Outcome.PAUSED,
}

# Hints that are still true, and after how many seconds they may be given again. All others are settled: the jobs
# service has the job in its hands and gives a new hint where one is needed.
WANTED_AGAIN = {
    Outcome.RELEASED: 0.0,
    Outcome.PAUSED: PAUSED_S,
    Outcome.UNCLAIMED: UNREACHED_S,
    Outcome.UNRENEWED: UNREACHED_S,
    Outcome.UNREPORTED: UNREACHED_S,
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A job, and when it was asked for on the clock of the loop: the lease is no older."""

    job: ClaimedJob
    since: float


class Attempts:
    """Carries out attempts."""

    def __init__(self, jobs: JobsService, leases: Leases, spool: Spool, production: Production, health: Health) -> None:
        self._health = health
        self._jobs = jobs
        self._leases = leases
        self._spool = spool
        self._production = production

    async def claim(self, hint: Hint, report: AttemptReport) -> Claim | None:
        """Claims the job; answers None, and is done with the hint, where that fails."""
        if self._leases.is_releasing or self._health.is_paused:
            report.outcome = Outcome.RELEASED if self._leases.is_releasing else Outcome.PAUSED
            await close_hint(hint, report.outcome)
            return None
        try:
            with report.stage("claim"):
                claim = await self._granted(Lease(hint.job_id, secrets.token_hex(LEASE_TOKEN_BYTES)))
        except FlexuraError as error:
            await leave(hint, error, report)
            return None
        report.attempt, report.provider = claim.job.attempt, claim.job.provider
        return claim

    async def carry_out(self, claim: Claim, hint: Hint, slot: Slot, report: AttemptReport) -> None:
        """Makes, stores and reports what is asked for; the slot is free as soon as nothing is left to compute."""
        job = claim.job
        with self._leases.hold(job.lease, claim.since) as held, self._spool.reserve(job.lease) as path:
            order = Order(job, held, slot, path, claim.since, report)
            result = await self._produce(order)
            slot.free()
            with report.stage("report"):
                report.outcome = await self._conclude(order, result)
            await close_hint(hint, report.outcome)

    async def _granted(self, lease: Lease) -> Claim:
        """Asks until there is an answer: a claim that was not answered may have been granted, and cost an attempt."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._leases.duration.total_seconds()
        delay_s = RETRY_S_MIN
        while True:
            since = loop.time()
            try:
                return Claim(await self._jobs.claim(lease), since)
            except FlexuraError as error:
                if error.kind not in WORTH_REPEATING:
                    raise
                if self._leases.is_releasing or loop.time() + delay_s > until:
                    await self._give_back(lease)
                    raise
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, RETRY_S_MAX)

    async def _give_back(self, lease: Lease) -> None:
        with suppress(FlexuraError):  # The lease runs out by itself where nobody hears of this.
            await self._jobs.release(lease)

    async def _produce(self, order: Order) -> Stored | Failure | WorkerFault | Ending:
        """Lets the work run until it is done or the lease ends, whichever is first."""
        if not self._health.takes(order.job.provider):
            return Ending.PAUSED
        work = asyncio.create_task(self._production.produce(order), name=f"produce-{order.job.lease.job_id}")
        try:
            either: set[asyncio.Future[Any]] = {work, order.held.ended}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            is_done = work.done()
        finally:
            work.cancel()
            await asyncio.wait({work})
        if order.held.is_lost or not is_done:
            return order.held.ended.result()
        if (error := work.exception()) is not None:
            # Not known to be the job's doing. Where it is, the jobs service counts how often it was handed back.
            logger.error("attempt_crashed", exc_info=error)
            return WorkerFault(WorkerPart.WORKER, f"the attempt crashed: {error!r}")
        return work.result()

    async def _conclude(self, order: Order, result: Stored | Failure | WorkerFault | Ending) -> Outcome:
        lease = order.job.lease
        if isinstance(result, WorkerFault):
            order.report.reason = result.part
            self._health.report(result)
            return await insist(partial(self._jobs.release, lease, result.part), order.held, Outcome.WORKER_FAULT)
        if isinstance(result, Stored):
            self._health.worked(order.job.provider)
            complete = partial(self._jobs.complete, lease, result.object_key, result.media)
            return await insist(complete, order.held, Outcome.COMPLETED)
        if isinstance(result, Failure):
            order.report.reason = result.reason
            return await insist(partial(self._jobs.fail, lease, result), order.held, Outcome.FAILED)
        if result in {Ending.RELEASED, Ending.PAUSED}:
            await self._give_back(lease)
        return OUTCOMES[result]


async def insist(report: Callable[[], Awaitable[None]], held: HeldLease, outcome: Outcome) -> Outcome:
    """Makes a report for as long as the lease is held: it is safe to repeat, and the work is done."""
    delay_s = RETRY_S_MIN
    while not held.is_lost:
        try:
            await report()
        except FlexuraError as error:
            if error.reason is Reason.LEASE_LOST:
                return Outcome.LOST
            if error.kind not in WORTH_REPEATING:
                return Outcome.UNREPORTED
        else:
            return outcome
        await asyncio.sleep(delay_s)
        delay_s = min(2 * delay_s, RETRY_S_MAX)
    return OUTCOMES[held.ended.result()]


async def leave(hint: Hint, error: FlexuraError, report: AttemptReport) -> None:
    """Goes away from a job that could not be claimed."""
    report.reason = error.reason
    report.outcome = Outcome.UNCLAIMED if error.kind in WORTH_REPEATING else Outcome.REFUSED
    await close_hint(hint, report.outcome)


async def close_hint(hint: Hint, outcome: Outcome) -> None:
    """Last of all: a crash before this line repeats the hint, and a repeated claim is refused."""
    if outcome in WANTED_AGAIN:
        await hint.return_after(WANTED_AGAIN[outcome])
    else:
        await hint.settle()

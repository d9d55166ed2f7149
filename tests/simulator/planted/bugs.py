"""The bugs: where each goes, what it puts in place of what, and who has to find it."""

from dataclasses import dataclass
from enum import StrEnum

JOBS, WORKER = "services/jobs/src/flexura_jobs", "services/media-worker/src/flexura_media_worker"
KIT = "libs/kit/src/flexura_kit"


class Detector(StrEnum):
    """Who finds a bug: seeds of the simulator, the cases of the stores over SQLite, or those of the kit."""

    SEEDS = "seeds"
    CASES = "cases"
    KIT_CASES = "kit cases"


@dataclass(frozen=True, slots=True)
class Bug:
    """One change of one line. `right` stands once in its file, else the bug has grown stale."""

    name: str
    path: str
    right: str
    wrong: str
    detector: Detector = Detector.SEEDS


BUGS = (
    Bug(
        "a refused result is answered as taken",
        f"{JOBS}/service/work.py",
        "if not await self._store.complete(report):",
        "if await self._store.complete(report) is None:",
    ),
    Bug(
        "the hint is acknowledged before the claim is committed",
        f"{WORKER}/service/attempts.py",
        "        if self._leases.is_releasing or self._health.is_paused:\n",
        "        await hint.settle()\n        if self._leases.is_releasing or self._health.is_paused:\n",
    ),
    Bug(
        "a message id is used again",
        f"{JOBS}/dispatch/stream.py",
        'f"{hint.job_id}.{hint.dispatch_seq}"',
        'f"{hint.job_id}"',
    ),
    Bug(
        "lost leases are not looked for",
        f"{JOBS}/dispatch/reconciler.py",
        "lost = await swept(self._store.move_lost_leases)",
        "lost = 0",
    ),
    Bug(
        "deadlines are not looked at",
        f"{JOBS}/dispatch/reconciler.py",
        "overdue = await swept(self._store.end_overdue)",
        "overdue = 0",
    ),
    Bug(
        "lost hints are not looked for",
        f"{JOBS}/dispatch/reconciler.py",
        "await self.compare_hints()",
        "pass",
    ),
    Bug(
        "a hint that was not sent is not taken back",
        f"{JOBS}/dispatch/dispatcher.py",
        "await self._store.take_back(unsent)",
        "pass",
    ),
    Bug(
        "the lead is never given up",
        f"{JOBS}/dispatch/leader.py",
        "return asyncio.get_running_loop().time() < self._leads_until",
        "return self._leads_until > 0",
    ),
    Bug(
        "a leader that died is waited for",
        f"{JOBS}/dispatch/leader.py",
        "LEASE = timedelta(seconds=3)",
        "LEASE = timedelta(seconds=30)",
    ),
    Bug(
        "failed attempts are not counted",
        f"{JOBS}/domain/attempts.py",
        "attempts_failed = attempt.attempts_failed + 1",
        "attempts_failed = attempt.attempts_failed",
    ),
    Bug(
        "a job is given one attempt more",
        f"{JOBS}/domain/attempts.py",
        "attempts_failed >= self.attempts_max",
        "attempts_failed > self.attempts_max",
    ),
    Bug(
        "a refusal is tried again",
        f"{JOBS}/domain/attempts.py",
        "if not failure.retryable or attempts_failed",
        "if attempts_failed",
    ),
    Bug(
        "a release costs an attempt",
        f"{JOBS}/domain/attempts.py",
        "return queued_again(attempt, attempt.attempts_failed)",
        "return queued_again(attempt, attempt.attempts_failed + 1)",
    ),
    Bug(
        "a fault of the worker costs an attempt",
        f"{JOBS}/domain/attempts.py",
        "return self.after_release(counted)",
        "return self._try_again(counted, WORKER_FAULT)",
    ),
    Bug(
        "a fault of the worker is reported as the job's",
        f"{WORKER}/service/production.py",
        "        except WorkerFaultError as error:\n            return error.fault\n",
        "        except WorkerFaultError:\n            return UNANSWERED\n",
    ),
    Bug(
        "a paid call of unknown outcome is made again",
        f"{JOBS}/domain/attempts.py",
        "return model in self.billed_models and",
        "return False and model in self.billed_models and",
    ),
    Bug(
        "a cancellation is not obeyed",
        f"{WORKER}/service/leases.py",
        "            if verdict is Verdict.OK:",
        "            if verdict is not Verdict.LOST:",
    ),
    Bug(
        "a lease is renewed by nobody's word",
        f"{WORKER}/service/leases.py",
        "self._timer = asyncio.get_running_loop().call_at(until, self.end, Ending.UNRENEWED)",
        "self._timer = None",
    ),
    Bug(
        "a result is reported before it is stored",
        f"{WORKER}/service/production.py",
        "                await self._store(order, key, media)\n",
        "                order.slot.free()\n",
    ),
    Bug(
        "a deleted job is shown",
        f"{JOBS}/service/jobs.py",
        "    if isinstance(job, FlexuraError) or job.removal is None:\n",
        "    if True:\n",
    ),
    Bug(
        "what a job refers to is removed with what it does not",
        f"{JOBS}/domain/retention.py",
        "return [key for key in found if key != self.asset_key]",
        "return found",
    ),
    Bug(
        "objects of deleted jobs are not looked for",
        f"{JOBS}/removal/objects.py",
        "        waiting = await self._store.leftovers(JOBS_MAX)\n",
        "        waiting = [job for job in await self._store.leftovers(JOBS_MAX) if job.removal is None]\n",
    ),
    Bug(
        "a report may come under any token",
        f"{JOBS}/store/leases.py",
        "return (JOBS.c.job_id == item.c.job_id) & (JOBS.c.lease_token == item.c.lease_token)",
        "return JOBS.c.job_id == item.c.job_id",
        Detector.CASES,
    ),
    Bug(
        "a lease is renewed after it has run out",
        f"{JOBS}/store/leases.py",
        "return is_same_lease(item) & IS_PROCESSING & (JOBS.c.lease_expires_at > NOW)",
        "return is_same_lease(item) & IS_PROCESSING",
        Detector.CASES,
    ),
    Bug(
        "a job is claimed in any state",
        f"{JOBS}/store/leases.py",
        "                IS_QUEUED,\n                # A token that was given back",
        "                # A token that was given back",
        Detector.CASES,
    ),
    Bug(
        "events are not written down",
        f"{JOBS}/store/writer.py",
        "self._event_log.record(connection, events)",
        "self._event_log.record(connection, [])",
        Detector.CASES,
    ),
    Bug(
        "events are written down outside the transaction that changes the jobs",
        f"{JOBS}/store/writer.py",
        "        self._event_log.record(connection, events)",
        '        connection.exec_driver_sql("COMMIT"), self._event_log.record(connection, events)',
        Detector.CASES,
    ),
    Bug(
        "a deletion loses the tombstone",
        f"{JOBS}/store/removal.py",
        "        connection.execute(self._update, parameters)\n",
        "",
        Detector.CASES,
    ),
    Bug(
        "a tombstone is dropped with objects in the store still",
        f"{JOBS}/store/removal.py",
        "                JOBS.c.object_removed_at.is_not(None),\n",
        "",
        Detector.CASES,
    ),
    Bug(
        "a hint gets the number of the one before",
        f"{JOBS}/store/hints.py",
        "dispatch_seq=JOBS.c.dispatch_seq + 1",
        "dispatch_seq=JOBS.c.dispatch_seq",
        Detector.CASES,
    ),
    Bug(
        "a finished job is cancelled",
        f"{JOBS}/store/jobs.py",
        ".where(is_asked, IS_UNFINISHED)",
        ".where(is_asked)",
        Detector.CASES,
    ),
    Bug(
        "the lead is taken from whoever has it",
        f"{JOBS}/store/leaders.py",
        "(LEADERS.c.holder == upsert.excluded.holder) | (LEADERS.c.expires_at < NOW)",
        "LEADERS.c.holder != ''",
        Detector.CASES,
    ),
    Bug(
        "whoever lost a job keeps its token",
        f"{JOBS}/store/sweeps.py",
        "events, keeps_token=False)",
        "events, keeps_token=True)",
        Detector.CASES,
    ),
    Bug(
        "an upload is not verified before its job is reported as completed",
        f"{KIT}/blob.py",
        "why = self._why_not_kept(key, path)",
        "why = None",
        Detector.KIT_CASES,
    ),
    Bug(
        "a step of the wall clock decides how long a lease is held",
        f"{KIT}/clock.py",
        "return self._elapsed() + self._offset",
        "return time.time()",
        Detector.KIT_CASES,
    ),
)

"""What workers make results with and where they put them: generators, a provider that is paid, spools, a store."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_media_worker.domain import (
    Checkpoint,
    Failure,
    FailureReason,
    GenerationError,
    GenerationRequest,
    Lease,
    Media,
    WorkerFaultError,
    WorkerPart,
)
from flexura_media_worker.ports import Checkpoints, Progress
from simulator.clock import OWNER
from simulator.database import Database
from simulator.faults import Fault, Faults

LATENCY_S = 0.005
STEP_S = 1.0  # Between two words of progress.
CANCELED_WITHIN_S = 5.0  # Where nothing keeps the word of it from arriving.
STOPS_WITHIN_S = 1.0  # After its lease has run out, on the clock of the database.
RETRY_S = 0.2

CRASHED = Failure(FailureReason.GENERATOR_CRASHED, "The generator's process ended before its work was done.", True)
REFUSED = Failure(FailureReason.PROVIDER_REFUSED, "The provider does not make this.", False)
FAILED = Failure(FailureReason.PROVIDER_FAILED, "The provider failed; try again.", True)
UNANSWERED = Failure(FailureReason.DEADLINE_EXCEEDED, "The provider did not answer in time.", True)
UNREACHED = Failure(FailureReason.SERVICE_UNAVAILABLE, "How far the call is could not be recorded; try again.", True)


# The word of a cancellation, or the next renewal at the latest, gets through all of these.
LETS_WORDS_THROUGH = {
    Fault.WAKE_UP_LOST,
    Fault.HINT_LOST,
    Fault.HINT_DOUBLED,
    Fault.HINTS_REORDERED,
    Fault.PUBLISH_FAILED,
    Fault.STREAM_CUT,
    Fault.STREAM_DELETED,
    Fault.UPLOAD_FAILED,
    Fault.UPLOAD_ANSWER_LOST,
    Fault.SPOOL_FULL,
    Fault.UPSTREAM_ANSWER_LOST,
}


class Nature(StrEnum):
    """What a job does to whoever carries it out."""

    PLAIN = "plain"
    POISON = "poison"
    REFUSED = "refused"
    FLAKY = "flaky"
    EMPTY = "empty"
    HANGING = "hanging"


@dataclass
class Task:
    """What a job asks of a generator, and what became of it."""

    nature: Nature
    take_s: float
    is_billed: bool
    runs: int = 0


@dataclass
class Upstream:
    """The provider that takes money, and what it was asked for by whom."""

    open_calls: Counter[str] = field(default_factory=Counter)
    """Calls of each job that were carried out, or may have been, and have not failed."""


@dataclass
class ObjectStore:
    """Objects by key."""

    faults: Faults
    objects: dict[str, bytes] = field(default_factory=dict)

    async def upload(self, key: str, content: bytes) -> None:
        await asyncio.sleep(LATENCY_S)
        if self.faults.strikes(Fault.UPLOAD_FAILED):
            raise not_stored()
        self.objects[key] = content
        if self.faults.strikes(Fault.UPLOAD_ANSWER_LOST):
            raise not_stored()
        await asyncio.sleep(LATENCY_S)


class SimulatedSpool:
    """The files of one worker."""

    def __init__(self) -> None:
        self.files: dict[Path, bytes] = {}

    @contextmanager
    def reserve(self, lease: Lease) -> Iterator[Path]:
        path = Path(f"{lease.job_id}-{lease.token}")
        try:
            yield path
        finally:
            self.files.pop(path, None)

    def size_bytes(self, path: Path) -> int:
        return len(self.files.get(path, b""))


class SpooledAssets:
    """The store as one worker reaches it."""

    def __init__(self, store: ObjectStore, spool: SimulatedSpool) -> None:
        self._store = store
        self._spool = spool

    async def upload_file(self, key: str, path: Path, _content_type: str) -> None:
        await self._store.upload(key, self._spool.files[path])

    async def remove(self, key: str) -> None:
        self._store.objects.pop(key, None)


class Generators:
    """Makes what the job's nature lets it; notes whoever goes on without a lease."""

    def __init__(self, tasks: dict[str, Task], upstream: Upstream, database: Database, faults: Faults) -> None:
        self._tasks = tasks
        self._upstream = upstream
        self._database = database
        self._faults = faults
        self.violations: list[str] = []

    async def generate(
        self, request: GenerationRequest, progress: Progress, spool: SimulatedSpool, checkpoints: Checkpoints
    ) -> Media:
        task = self._tasks[request.lease.job_id]
        task.runs += 1
        if task.is_billed:
            await self._call_upstream(request, checkpoints)
        await self._work(request.lease, task, progress)
        if task.nature is Nature.FLAKY and task.runs == 1:
            self._upstream.open_calls[request.lease.job_id] = 0
            raise GenerationError(FAILED)
        if self._faults.strikes(Fault.SPOOL_FULL):
            raise WorkerFaultError(WorkerPart.SPOOL, "no space left on device")
        content = b"" if task.nature is Nature.EMPTY else f"{request.lease.job_id} {request.lease.token}".encode()
        spool.files[request.spool_path] = content
        return Media("image/png", "png", len(content), hashlib.sha256(content).hexdigest(), 64, 64)

    async def _work(self, lease: Lease, task: Task, progress: Progress) -> None:
        left_s = task.take_s
        while left_s > 0:
            step_s = min(left_s, STEP_S)
            await asyncio.sleep(step_s)
            self._refuse_to_work_unleased(lease)
            if task.nature is not Nature.HANGING:
                left_s -= step_s
                progress(1 - left_s / task.take_s)
        if task.nature is Nature.POISON:
            raise GenerationError(CRASHED)
        if task.nature is Nature.REFUSED:
            raise GenerationError(REFUSED)

    def _refuse_to_work_unleased(self, lease: Lease) -> None:
        now = asyncio.get_running_loop().time()
        row = self._database.jobs[lease.job_id]  # type: ignore[index] - the same id by another name.
        if row.finished_at is not None and self._faults.plan.kinds <= LETS_WORDS_THROUGH:
            late_s = self._database.clock() - row.finished_at
            if late_s > CANCELED_WITHIN_S:
                self.violations.append(f"{lease.job_id}: a generator runs {late_s:.1f} s after its job has ended")
        until = self._database.leased_until[lease.token]  # type: ignore[index] - the same token by another name.
        late_s = self._database.clock() - until
        if late_s > STOPS_WITHIN_S and now - OWNER.get().resumed_at > STOPS_WITHIN_S:
            self.violations.append(f"{lease.job_id}: a generator runs {late_s:.1f} s after its lease ran out")

    async def _call_upstream(self, request: GenerationRequest, checkpoints: Checkpoints) -> None:
        """Never pays twice: says first that it will call, then calls, then says what the call is named."""
        job_id = request.lease.job_id
        if request.checkpoint is Checkpoint.CREATED:
            await asyncio.sleep(LATENCY_S)
            return
        try:
            await checkpoints.checkpoint(request.lease, Checkpoint.CREATING)
        except FlexuraError as error:
            raise GenerationError(UNREACHED) from error
        await asyncio.sleep(LATENCY_S)
        if self._upstream.open_calls[job_id]:
            self.violations.append(f"{job_id}: a paid call is made again after one that may have been carried out")
        self._upstream.open_calls[job_id] += 1
        if self._faults.strikes(Fault.UPSTREAM_ANSWER_LOST):
            raise GenerationError(UNANSWERED)
        await asyncio.sleep(LATENCY_S)
        while True:
            try:
                await checkpoints.checkpoint(request.lease, Checkpoint.CREATED, f"call-{job_id}")
            except FlexuraError as error:
                if error.reason is Reason.LEASE_LOST:
                    raise GenerationError(UNREACHED) from error
                await asyncio.sleep(RETRY_S)
            else:
                return


def not_stored() -> FlexuraError:
    return FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "the store cannot be reached", service="store")

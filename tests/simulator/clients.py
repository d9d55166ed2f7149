"""Those who submit jobs, cancel and delete them: they repeat what was not answered, as they are told to."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from flexura_jobs.domain.acceptance import Replayed
from flexura_jobs.domain.jobs import Job, JobRequest, JobState
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import JobId
from simulator.clock import Process, VirtualLoop
from simulator.network import Network
from simulator.scenario import PlannedJob

TIMEOUT_S = 5.0
RETRY_S = 0.3

Handle = Callable[[Any], Coroutine[Any, Any, Any]]


@dataclass
class Clients:
    """What each was answered is kept for the checks."""

    loop: VirtualLoop
    network: Network
    accepted: set[JobId] = field(default_factory=set)
    cancel_answers: dict[JobId, JobState] = field(default_factory=dict)
    deleted: set[JobId] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    busy: int = 0

    def start(self, jobs: tuple[PlannedJob, ...]) -> None:
        process = Process("client")
        for job in jobs:
            lives = [self._submit(job)]
            if job.cancel_at is not None:
                lives.append(self._cancel(job, job.cancel_at))
            if job.delete_at is not None:
                lives.append(self._delete(job, job.delete_at))
            for life in lives:
                self.loop.spawn(process, life)
                self.busy += 1

    async def _submit(self, job: PlannedJob) -> None:
        await asyncio.sleep(job.submit_at)
        await self._submit_once(job, job.request)
        for number in range(1, job.copies + 1):
            # As the edge does, which chooses another id for each call.
            other = JobId(f"{job.job_id[:-12]}{number:03x}{job.job_id[-9:]}")
            await self._submit_once(job, replace(job.request, job_id=other))
        self.busy -= 1

    async def _submit_once(self, job: PlannedJob, request: JobRequest) -> None:
        (answer,) = await self._answered(lambda server: server.jobs.create_batch([request]))
        is_deleted = job.delete_at is not None and is_gone(answer)
        found = answer.job if isinstance(answer, Replayed) else answer
        if is_deleted or (isinstance(found, Job) and found.job_id == job.job_id):
            self.accepted.add(job.job_id)
        else:
            self.refused.append(f"{job.job_id} was answered {answer} as {request.job_id}")

    async def _cancel(self, job: PlannedJob, cancel_at: float) -> None:
        await asyncio.sleep(cancel_at)
        answer = await self._answered(lambda server: server.jobs.cancel(job.request.account_id, job.job_id))
        if answer is not None:
            self.cancel_answers[job.job_id] = answer.state
        self.busy -= 1

    async def _delete(self, job: PlannedJob, delete_at: float) -> None:
        """Deletes a job and looks at it once more; one that is not there yet is not deleted."""
        await asyncio.sleep(delete_at)
        account_id, job_id = job.request.account_id, job.job_id

        async def deleted(server: Any) -> bool:
            await server.removals.delete(account_id, job_id)
            return True

        if await self._answered(deleted):
            self.deleted.add(job_id)
            (answer,) = await self._answered(lambda server: server.jobs.get_batch([(account_id, job_id)]))
            if not is_gone(answer):
                self.refused.append(f"{job_id} was deleted, and then answered {answer}")
        self.busy -= 1

    async def _answered(self, handle: Handle) -> Any:
        """Asks until there is an answer; None where there is no such job."""
        while True:
            try:
                return await self.network.call(handle, TIMEOUT_S)
            except FlexuraError as error:
                if error.kind is Kind.NOT_FOUND:
                    return None
            await asyncio.sleep(RETRY_S)


def is_gone(answer: object) -> bool:
    return isinstance(answer, FlexuraError) and answer.reason is Reason.JOB_DELETED

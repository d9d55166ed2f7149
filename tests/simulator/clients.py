"""Those who submit jobs and cancel them: they repeat what was not answered, as they are told to."""

import asyncio
from dataclasses import dataclass, field

from flexura_jobs.domain.jobs import Job, JobState
from flexura_kit.errors import FlexuraError, Kind
from flexura_kit.ids import JobId
from simulator.clock import Process, VirtualLoop
from simulator.network import Network
from simulator.scenario import PlannedJob

TIMEOUT_S = 5.0
RETRY_S = 0.3


@dataclass
class Clients:
    """What each was answered is kept for the checks."""

    loop: VirtualLoop
    network: Network
    accepted: set[JobId] = field(default_factory=set)
    cancel_answers: dict[JobId, JobState] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    busy: int = 0

    def start(self, jobs: tuple[PlannedJob, ...]) -> None:
        process = Process("client")
        for job in jobs:
            self.loop.spawn(process, self._submit(job))
            self.busy += 1
            if job.cancel_at is not None:
                self.loop.spawn(process, self._cancel(job, job.cancel_at))
                self.busy += 1

    async def _submit(self, job: PlannedJob) -> None:
        await asyncio.sleep(job.submit_at)
        while True:
            try:
                (answer,) = await self.network.call(lambda server: server.jobs.create_batch([job.request]), TIMEOUT_S)
            except FlexuraError:
                await asyncio.sleep(RETRY_S)
                continue
            break
        if isinstance(answer, Job):
            self.accepted.add(answer.job_id)
        else:
            self.refused.append(f"{job.job_id} was refused: {answer}")
        self.busy -= 1

    async def _cancel(self, job: PlannedJob, cancel_at: float) -> None:
        await asyncio.sleep(cancel_at)
        while True:
            try:
                answer = await self.network.call(
                    lambda server: server.jobs.cancel(job.request.account_id, job.job_id), TIMEOUT_S
                )
            except FlexuraError as error:
                if error.kind is Kind.NOT_FOUND:
                    break
                await asyncio.sleep(RETRY_S)
            else:
                self.cancel_answers[job.job_id] = answer.state
                break
        self.busy -= 1

"""Jobs and a real worker together: what a job that goes wrong costs, and what a database that dies does not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.jobs.service import JobsDoor, jobs_service, new_item
from integration.media_worker.peers import Worker
from servers.nats import NATSServer
from servers.postgres import postgres_server
from servers.s3 import S3Server
from servers.waiting import eventually

from flexura.errors.v1 import error_reason_pb2
from flexura.jobs.v1 import job_pb2
from flexura_kit.errors import FlexuraError, Kind
from flexura_kit.settings import DatabaseSettings

MODEL = "flexura-testcard-image"
HEALS_WITHIN_S = 30


@dataclass
class Works:
    """The jobs service in this process, and a worker in its own."""

    door: JobsDoor
    target: str
    broker: NATSServer
    store: S3Server

    async def submit(self, **options: object) -> str:
        (result,) = await self.door.create(new_item(model=MODEL, options_json=json.dumps(options)))
        assert result.HasField("job"), result
        return result.job.job_id

    async def all_ended(self, job_ids: list[str], within_s: float) -> list[job_pb2.Job]:
        async def have_ended() -> bool:
            jobs = [await self.door.get(job_id) for job_id in job_ids]
            return all(job.state in {job_pb2.JOB_STATE_COMPLETED, job_pb2.JOB_STATE_FAILED} for job in jobs)

        await eventually(have_ended, within_s)
        return [await self.door.get(job_id) for job_id in job_ids]


@asynccontextmanager
async def works(data: DatabaseSettings, broker: NATSServer, store: S3Server, folder: Path) -> AsyncIterator[Works]:
    async with jobs_service(data, broker, folder) as door:
        built = Works(door, f"unix:{folder}/jobs.sock", broker, store)
        worker = Worker(built, folder / "worker", {})
        await worker.process.start()
        try:
            yield built
        finally:
            await worker.process.stop()


async def test_a_poison_job_ends_after_exactly_three_attempts_and_costs_the_others_none(
    tmp_path: Path, own_nats: NATSServer, shared_s3: S3Server
) -> None:
    sqlite = DatabaseSettings(url=f"sqlite:///{tmp_path}/jobs.db")
    async with works(sqlite, own_nats, shared_s3, tmp_path) as running:
        before = [await running.submit(payload_bytes=10, take_s=0.05) for _ in range(10)]
        crashing, refused = await running.submit(fail="crash"), await running.submit(fail="refuse")
        after = [await running.submit(payload_bytes=10, take_s=0.05) for _ in range(20)]
        good = await running.all_ended([*before, *after], within_s=60)
        poison, bad = await running.all_ended([crashing, refused], within_s=60)

        assert {(job.state, job.attempt) for job in good} == {(job_pb2.JOB_STATE_COMPLETED, 1)}
        assert (poison.state, poison.attempt) == (job_pb2.JOB_STATE_FAILED, 3)
        assert poison.failure.reason == error_reason_pb2.ERROR_REASON_GENERATOR_CRASHED
        assert (bad.state, bad.attempt) == (job_pb2.JOB_STATE_FAILED, 1)
        assert bad.failure.reason == error_reason_pb2.ERROR_REASON_PROVIDER_REFUSED


async def test_a_postgresql_that_is_killed_loses_no_accepted_job_and_all_goes_on_by_itself(
    tmp_path: Path, own_nats: NATSServer, shared_s3: S3Server
) -> None:
    async with postgres_server() as postgres, postgres.database() as own:
        data = own.settings
        async with works(data, own_nats, shared_s3, tmp_path) as running:
            accepted: list[str] = []
            refusals: list[FlexuraError] = []

            async def submit_for_ever() -> None:
                while True:
                    try:
                        accepted.append(await running.submit(payload_bytes=10, take_s=0.2))
                    except FlexuraError as error:
                        refusals.append(error)
                    await asyncio.sleep(0.1)

            submitting = asyncio.create_task(submit_for_ever())
            await eventually(lambda: len(accepted) >= 10)
            await postgres.process.kill()
            await eventually(lambda: len(refusals) >= 10, within_s=30)
            before = len(accepted)
            await postgres.process.start()
            began = asyncio.get_running_loop().time()
            await eventually(lambda: len(accepted) >= before + 5, within_s=HEALS_WITHIN_S)
            submitting.cancel()
            await asyncio.wait([submitting])
            jobs = await running.all_ended(accepted, within_s=HEALS_WITHIN_S)

            assert asyncio.get_running_loop().time() - began < HEALS_WITHIN_S
            assert {job.state for job in jobs} == {job_pb2.JOB_STATE_COMPLETED}
            assert {error.kind for error in refusals} == {Kind.BUSY}

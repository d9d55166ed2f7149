"""The wall clock of jobs' machine, or of its database server, is set by two hours: nothing stops, ends or is lost."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from integration.jobs.service import TIMEOUT_S, JobsDoor, hints, is_provisioned, stream_of
from integration.jobs.test_process import JobsProcess
from nats.js import JetStreamContext
from servers.faketime import library, on_clock, set_clock
from servers.nats import NATSServer
from servers.postgres import postgres_server
from servers.waiting import eventually

from flexura.jobs.v1 import job_pb2, worker_service_pb2
from flexura.jobs.v1.jobs_service_pb2_grpc import JobsServiceStub
from flexura.jobs.v1.webhooks_service_pb2_grpc import WebhooksServiceStub
from flexura.jobs.v1.worker_service_pb2_grpc import WorkerServiceStub
from flexura_kit.rpc import rpc_channel

STEP_S = 7200
CLOCK_LOOK_S = 2  # libfaketime looks at its file once a second.
KINDS = ["machine", "database server"]


@dataclass
class SteppedJobs:
    """A jobs process, and the file that sets the clock which it could be misled by."""

    jobs: JobsProcess
    clock: Path

    @asynccontextmanager
    async def door(self) -> AsyncIterator[JobsDoor]:
        async with rpc_channel(self.jobs.socket) as channel:
            stubs = JobsServiceStub(channel), WorkerServiceStub(channel), WebhooksServiceStub(channel)
            yield JobsDoor(*stubs, asyncio.Event(), dict, dict)


@asynccontextmanager
async def stepped_jobs(kind: str, folder: Path, broker: NATSServer) -> AsyncIterator[SteppedJobs]:
    # PostgreSQL runs as another user, who must reach the file.
    with tempfile.TemporaryDirectory(prefix="flexura-clock-") as clocks:
        clock = clock_in(clocks)
        jobs = JobsProcess(folder, broker)
        if kind == "machine":
            jobs.environment |= on_clock(library(), clock)
            async with started(jobs):
                yield SteppedJobs(jobs, clock)
            return
        own = {name: value for name, value in os.environ.items() if not name.startswith("FLEXURA_")}
        async with postgres_server(own | on_clock(library(), clock)) as server, server.database() as database:
            jobs.environment |= {
                "FLEXURA_DATABASE_URL": database.url,
                "FLEXURA_DATABASE_PASSWORD_FILE": str(database.password_file),
            }
            async with started(jobs):
                yield SteppedJobs(jobs, clock)


def clock_in(folder: str) -> Path:
    Path(folder).chmod(0o755)
    clock = Path(folder) / "clock"
    set_clock(clock, 0)
    return clock


@asynccontextmanager
async def started(jobs: JobsProcess) -> AsyncIterator[None]:
    await jobs.process.start()
    try:
        yield
    finally:
        await jobs.process.stop()


async def is_hinted(jetstream: JetStreamContext, job_id: str) -> None:
    """Waits for a hint of the job; one of another may come again meanwhile, because nobody claims at once here."""
    async with asyncio.timeout(90):
        while job_id not in await hints(jetstream, 1):
            pass


async def verdict(door: JobsDoor, job: worker_service_pb2.ClaimedJob) -> int:
    renewal = worker_service_pb2.RenewLeaseItem(job_id=job.job_id, lease_token=job.lease_token)
    request = worker_service_pb2.BatchRenewLeasesRequest(worker_id="w", items=[renewal])
    return (await door.work.BatchRenewLeases(request, timeout=TIMEOUT_S)).verdicts[0]


@pytest.mark.heavy
@pytest.mark.parametrize("kind", KINDS)
async def test_jobs_are_dispatched_leased_and_completed_across_steps(
    kind: str, tmp_path: Path, own_nats: NATSServer
) -> None:
    async with stepped_jobs(kind, tmp_path, own_nats) as stepped, stream_of(own_nats) as jetstream:
        await eventually(lambda: is_provisioned(jetstream), within_s=30)
        steps = 0
        for offset_s in (STEP_S, 0, -STEP_S, 0):
            async with stepped.door() as door:
                await door.announce()
                (job_id,) = await door.created()
                await is_hinted(jetstream, job_id)
                job = await door.claimed(job_id)
                set_clock(stepped.clock, offset_s)
                steps += 1
                await eventually(lambda: stepped.jobs.process.log_text.count("clock_stepped") >= steps, within_s=30)  # noqa: B023
                assert await verdict(door, job) == worker_service_pb2.LEASE_VERDICT_OK
                (later_id,) = await door.created()
                await is_hinted(jetstream, later_id)
                await door.complete(job)
                assert (await door.get(job_id)).state == job_pb2.JOB_STATE_COMPLETED
                assert (await door.get(later_id)).state == job_pb2.JOB_STATE_QUEUED
                await door.complete(await door.claimed(later_id))


@pytest.mark.heavy
@pytest.mark.parametrize("offset_s", [STEP_S, -STEP_S])
@pytest.mark.parametrize("kind", KINDS)
async def test_replica_that_starts_after_a_step_leads_and_ends_nothing(
    kind: str, offset_s: int, tmp_path: Path, own_nats: NATSServer
) -> None:
    async with stepped_jobs(kind, tmp_path, own_nats) as stepped, stream_of(own_nats) as jetstream:
        await eventually(lambda: is_provisioned(jetstream), within_s=30)
        async with stepped.door() as door:
            await door.announce()
            (first,) = await door.created()
            await is_hinted(jetstream, first)
        set_clock(stepped.clock, offset_s)
        await eventually(lambda: "clock_stepped" in stepped.jobs.process.log_text, within_s=30)
        await stepped.jobs.process.kill()
        await stepped.jobs.process.start()
        async with stepped.door() as door:
            (second,) = await door.created()
            await is_hinted(jetstream, second)
            assert (await door.get(first)).state == job_pb2.JOB_STATE_QUEUED
            await door.complete(await door.claimed(first))


@pytest.mark.heavy
@pytest.mark.parametrize("kind", KINDS)
async def test_clock_that_is_set_back_while_no_replica_runs_does_not_keep_the_next_from_leading(
    kind: str, tmp_path: Path, own_nats: NATSServer
) -> None:
    async with stepped_jobs(kind, tmp_path, own_nats) as stepped, stream_of(own_nats) as jetstream:
        await eventually(lambda: is_provisioned(jetstream), within_s=30)
        async with stepped.door() as door:
            await door.announce()
            (first,) = await door.created()
            await is_hinted(jetstream, first)
        await stepped.jobs.process.kill()
        set_clock(stepped.clock, -STEP_S)
        await asyncio.sleep(CLOCK_LOOK_S)
        await stepped.jobs.process.start()
        async with stepped.door() as door:
            (second,) = await door.created()
            await is_hinted(jetstream, second)
            await door.complete(await door.claimed(first))

"""A noisy account does not delay a quiet one: real jobs service, broker and worker, whose work is played."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import quantiles

import pytest
from integration.jobs.service import TIMEOUT_S, JobsDoor, jobs_service
from servers.nats import NATSServer
from servers.waiting import eventually

from flexura.jobs.v1 import job_pb2, jobs_service_pb2
from flexura_kit.bus import bus
from flexura_kit.ids import WorkerId
from flexura_kit.rpc import rpc_channel
from flexura_kit.settings import DatabaseSettings
from flexura_media_worker.clients import RPCJobsService
from flexura_media_worker.consumer.hints import Heartbeats
from flexura_media_worker.consumer.intake import Intake
from flexura_media_worker.domain import GenerationRequest, Media
from flexura_media_worker.ports import Progress
from flexura_media_worker.service.announcing import Announcer
from flexura_media_worker.service.attempts import Attempts
from flexura_media_worker.service.capacity import Capacity
from flexura_media_worker.service.health import Health
from flexura_media_worker.service.leases import Leases
from flexura_media_worker.service.production import Production
from flexura_media_worker.spool import folder_spool

PROVIDER = "flexura-testcard"
NOISY, QUIET = "noisy", "quiet"
QUEUED = 5000
SUBMITTED = 10
AT_ONCE = 250


class Sleeper:
    """Takes its time for each job and draws nothing."""

    def __init__(self, take_s: float) -> None:
        self._take_s = take_s

    async def generate(self, request: GenerationRequest, _progress: Progress) -> Media:
        await asyncio.sleep(self._take_s)
        request.spool_path.write_bytes(b"slept")
        return Media("image/png", "png", 5, "ab" * 32, 64, 64)


class NowhereKept:
    async def upload_file(self, key: str, path: Path, content_type: str) -> None:
        """Takes what it is given."""

    async def remove(self, key: str) -> None:
        """Has nothing."""


@asynccontextmanager
async def worker(broker: NATSServer, folder: Path, slots: int, take_s: float) -> AsyncIterator[None]:
    """A media worker in this process, put together as its wiring does it, but for provider and store."""
    async with AsyncExitStack() as stack:
        spool = stack.enter_context(folder_spool(folder / "spool", "w"))
        channel = await stack.enter_async_context(rpc_channel(f"unix:{folder}/jobs.sock"))
        settings = broker.settings
        connection = await stack.enter_async_context(bus(settings, "media-worker"))
        jobs = RPCJobsService(channel, WorkerId("w"), slots)
        leases, heartbeats = Leases(jobs), Heartbeats()
        health = Health([PROVIDER])
        production = Production({PROVIDER: Sleeper(take_s)}, spool, NowhereKept(), slots, health)
        attempts = Attempts(jobs, leases, spool, production, health)
        intake = Intake(connection, Capacity(slots), leases, attempts, heartbeats)
        announcer = Announcer(jobs, leases, health, intake.bind)
        loops = [heartbeats.beat_for_ever(), leases.renew_for_ever(), announcer.announce_for_ever()]
        running = [asyncio.create_task(loop) for loop in loops]
        try:
            yield
        finally:
            await intake.stop()
            for task in running:
                task.cancel()
            await asyncio.wait(running)


async def jobs_of(door: JobsDoor, account_id: str, job_ids: list[str]) -> list[job_pb2.Job]:
    items = [jobs_service_pb2.GetJobItem(account_id=account_id, job_id=job_id) for job_id in job_ids]
    answer = await door.jobs.BatchGetJobs(jobs_service_pb2.BatchGetJobsRequest(items=items), timeout=TIMEOUT_S)
    return [result.job for result in answer.results]


async def ended(door: JobsDoor, account_id: str, job_ids: list[str], count: int) -> list[job_pb2.Job]:
    """Waits until so many of the jobs have ended, whichever those are, and answers them."""

    async def ended_by_now() -> list[job_pb2.Job]:
        return [job for job in await jobs_of(door, account_id, job_ids) if job.HasField("finish_time")]

    async def have_ended() -> bool:
        return len(await ended_by_now()) >= count

    await eventually(have_ended, within_s=60)
    return await ended_by_now()


def waits(jobs: list[job_pb2.Job]) -> list[float]:
    return [(job.start_time.ToDatetime() - job.create_time.ToDatetime()).total_seconds() for job in jobs]


def times(jobs: list[job_pb2.Job]) -> list[float]:
    return [(job.finish_time.ToDatetime() - job.start_time.ToDatetime()).total_seconds() for job in jobs]


def p95(values: list[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1]


@pytest.mark.parametrize(("slots", "take_s"), [(4, 0.4), (16, 1.0)])
async def test_ten_jobs_beside_five_thousand_of_another_account_wait_at_most_twice_as_long_as_alone_and_one_job(
    own_nats: NATSServer, tmp_path: Path, slots: int, take_s: float
) -> None:
    data = DatabaseSettings(url=f"sqlite:///{tmp_path}/jobs.db")
    async with (
        jobs_service(data, own_nats, tmp_path, announce_s=1.0) as door,
        worker(own_nats, tmp_path, slots, take_s),
    ):
        await ended(door, QUIET, await door.created(QUIET), 1)
        alone = await ended(door, QUIET, await door.created(QUIET, SUBMITTED), SUBMITTED)

        noisy = [job_id for _ in range(QUEUED // AT_ONCE) for job_id in await door.created(NOISY, AT_ONCE)]
        # From here on every slot and every hint is a noisy one.
        first = await ended(door, NOISY, noisy[:AT_ONCE], 2 * slots)
        beside = await ended(door, QUIET, await door.created(QUIET, SUBMITTED), SUBMITTED)

        left = await jobs_of(door, NOISY, noisy[-SUBMITTED:])
    assert not any(job.HasField("start_time") for job in left)
    waited_alone_s, waited_s, takes_s = p95(waits(alone)), p95(waits(beside)), p95(times(first))
    assert waited_s <= 2 * waited_alone_s + takes_s, f"{waited_s} s, {waited_alone_s} s alone, a job takes {takes_s} s"

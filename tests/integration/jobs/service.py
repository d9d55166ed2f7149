"""The whole jobs service in this process: real door, real stream, and a worker that is a few calls."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nats
import nats.js.errors
from nats.js import JetStreamContext
from servers.nats import NATSServer

from flexura.jobs.v1 import job_pb2, jobs_service_pb2, worker_service_pb2
from flexura.jobs.v1.jobs_service_pb2_grpc import JobsServiceStub
from flexura.jobs.v1.webhooks_service_pb2_grpc import WebhooksServiceStub
from flexura.jobs.v1.worker_service_pb2_grpc import WorkerServiceStub
from flexura_jobs.settings import JobsSettings
from flexura_jobs.wiring import build
from flexura_kit.ids import new_uuid7
from flexura_kit.lifecycle import Lifecycle
from flexura_kit.rpc import rpc_channel
from flexura_kit.settings import DatabaseSettings, RPCServerSettings

TIMEOUT_S = 10.0
QUEUED_MAX = 10**6  # More than any test makes that is not about it.
STREAM = "FLEXURA_WORK"
CARD = "flexura-testcard-image"
ASSET = job_pb2.Asset(extension="png", content_type="image/png", size_bytes=5, sha256="ab" * 32, width=64, height=64)
INTERPRETATION = job_pb2.Interpretation(understood=["subject: lighthouse"], unknown=["glorbous"])


@dataclass(frozen=True)
class JobsDoor:
    """The stubs of one replica, and the short ways through them that tests take."""

    jobs: JobsServiceStub
    work: WorkerServiceStub
    webhooks: WebhooksServiceStub
    stop: asyncio.Event
    unready: Callable[[], dict[str, str]]
    impaired: Callable[[], dict[str, str]]

    async def create(self, *items: jobs_service_pb2.CreateJobItem) -> list[jobs_service_pb2.JobResult]:
        request = jobs_service_pb2.BatchCreateJobsRequest(items=items)
        return list((await self.jobs.BatchCreateJobs(request, timeout=TIMEOUT_S)).results)

    async def created(self, account_id: str = "alice", count: int = 1) -> list[str]:
        results = await self.create(*(new_item(account_id) for _ in range(count)))
        assert all(result.HasField("job") for result in results), results
        return [result.job.job_id for result in results]

    async def get(self, job_id: str, account_id: str = "alice") -> job_pb2.Job:
        item = jobs_service_pb2.GetJobItem(account_id=account_id, job_id=job_id)
        request = jobs_service_pb2.BatchGetJobsRequest(items=[item])
        return (await self.jobs.BatchGetJobs(request, timeout=TIMEOUT_S)).results[0].job

    async def announce(self, slots: int = 2, worker_id: str = "w") -> worker_service_pb2.AnnounceResponse:
        request = worker_service_pb2.AnnounceRequest(worker_id=worker_id, providers=["flexura-testcard"], slots=slots)
        return await self.work.Announce(request, timeout=TIMEOUT_S)

    async def claim(self, *job_ids: str) -> list[worker_service_pb2.ClaimJobResult]:
        request = worker_service_pb2.ClaimJobsRequest(worker_id="w", job_ids=job_ids)
        return list((await self.work.ClaimJobs(request, timeout=TIMEOUT_S)).results)

    async def claimed(self, job_id: str) -> worker_service_pb2.ClaimedJob:
        (result,) = await self.claim(job_id)
        assert result.HasField("claimed_job"), result
        return result.claimed_job

    async def complete(self, job: worker_service_pb2.ClaimedJob) -> None:
        request = worker_service_pb2.CompleteJobRequest(
            job_id=job.job_id,
            lease_token=job.lease_token,
            object_key=f"jobs/{job.job_id}/1.png",
            asset=ASSET,
            interpretation=INTERPRETATION,
        )
        await self.work.CompleteJob(request, timeout=TIMEOUT_S)


def settled(job: job_pb2.Job) -> job_pb2.Job:
    """The job without what is estimated anew every second."""
    kept = job_pb2.Job()
    kept.CopyFrom(job)
    kept.ClearField("queue_position")
    kept.ClearField("eta_ms")
    return kept


def new_item(account_id: str = "alice", **fields: Any) -> jobs_service_pb2.CreateJobItem:
    item = jobs_service_pb2.CreateJobItem(
        job_id=new_uuid7(),
        account_id=account_id,
        media_type=job_pb2.MEDIA_TYPE_IMAGE,
        prompt="a lighthouse",
        options_json='{"width": 64, "height": 64}',
    )
    item.MergeFrom(jobs_service_pb2.CreateJobItem(**fields))
    return item


@asynccontextmanager
async def jobs_service(
    data: DatabaseSettings, broker: NATSServer, folder: Path, name: str = "jobs", **settings: object
) -> AsyncIterator[JobsDoor]:
    """Runs a replica as its own process would, less the process."""
    socket = f"unix:{folder}/{name}.sock"
    life = Lifecycle()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(life.close)
        await build(
            JobsSettings(
                rpc=RPCServerSettings(listen=socket),
                database=data,
                nats=broker.settings,
                providers=("flexura-testcard",),
                **{"substitution": True, "queued_of_account_max": QUEUED_MAX, "queued_max": QUEUED_MAX} | settings,  # type: ignore[arg-type]
            ),
            life,
        )
        running = asyncio.create_task(life.run_until_stopped())
        stack.push_async_callback(stop, life, running)
        channel = await stack.enter_async_context(rpc_channel(socket))
        stubs = JobsServiceStub(channel), WorkerServiceStub(channel), WebhooksServiceStub(channel)
        yield JobsDoor(*stubs, life.stopping, life.unready, life.impaired)


async def stop(life: Lifecycle, running: asyncio.Task[None]) -> None:
    life.stopping.set()
    await running


@asynccontextmanager
async def stream_of(broker: NATSServer) -> AsyncIterator[JetStreamContext]:
    """A look at the broker from outside."""
    client = await nats.connect(broker.url, user=broker.user, password=broker.password)
    try:
        yield client.jetstream(timeout=5)
    finally:
        await client.close()


async def is_provisioned(jetstream: JetStreamContext) -> bool:
    try:
        await jetstream.consumer_info(STREAM, f"media-worker-{CARD}")
    except (nats.js.errors.APIError, TimeoutError):
        return False
    return True


async def hints(jetstream: JetStreamContext, count: int, *, model: str = CARD) -> list[str]:
    """Takes so many hints as a worker would, and acknowledges them."""
    subscription = await jetstream.pull_subscribe_bind(durable=f"media-worker-{model}", stream=STREAM)
    taken: list[str] = []
    async with asyncio.timeout(60):
        while len(taken) < count:
            try:
                messages = await subscription.fetch(count - len(taken), timeout=1)
            except TimeoutError:
                continue
            for message in messages:
                taken.append(message.data.decode())
                await message.ack_sync()
    await subscription.unsubscribe()
    return taken

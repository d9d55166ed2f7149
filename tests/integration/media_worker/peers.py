"""A worker as a process, and a jobs service for it: real gRPC and real JetStream over jobs in a dictionary."""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import nats
import psutil
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StreamConfig
from servers.installation import command_of
from servers.nats import NATSServer
from servers.process import ServerProcess

from flexura.errors.v1 import error_reason_pb2
from flexura.jobs.v1 import job_pb2
from flexura.jobs.v1 import worker_service_pb2 as pb
from flexura.jobs.v1 import worker_service_pb2_grpc as pb_grpc
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import new_uuid7
from flexura_kit.rpc import RPCServer, Service, error_to_message, rpc_server, to_duration
from flexura_kit.settings import BlobSettings, RPCServerSettings

WAIT_S = 40.0
POLL_S = 0.02
PROVIDER = "flexura-testcard"
GENERATOR = "-m flexura_media_worker.generator "

MEDIA_TYPES = {
    "image": job_pb2.MEDIA_TYPE_IMAGE,
    "video": job_pb2.MEDIA_TYPE_VIDEO,
    "audio": job_pb2.MEDIA_TYPE_AUDIO,
}


@dataclass
class Timing:
    """How the peer wants its workers; short, so that tests are."""

    lease_s: float = 3.0
    renew_s: float = 0.3
    announce_s: float = 0.5
    ack_wait_s: float = 3.0
    time_left_s: float = 30.0


@dataclass
class PeerJob:
    """A job as the peer knows it."""

    job_id: str
    media_type: str
    options: dict[str, Any]
    prompt: str
    state: str = "queued"
    attempt: int = 0
    lease_token: str = ""
    lease_until: float = 0.0
    claimed_at: float = 0.0
    ended_at: float = 0.0
    progress: list[float] = field(default_factory=list)
    completions: list[pb.CompleteJobRequest] = field(default_factory=list)
    failures: list[pb.FailJobRequest] = field(default_factory=list)
    checkpoints: list[tuple[int, str]] = field(default_factory=list)
    releases: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Parts of workers that were at fault when the job was handed back."""

    @property
    def reason(self) -> str:
        return error_reason_pb2.ErrorReason.Name(self.failures[-1].reason)


class PeerJobs(pb_grpc.WorkerServiceServicer):
    """The WorkerService, fenced as the real one is, with jobs that are forgotten at the end."""

    def __init__(self, timing: Timing) -> None:
        self.timing = timing
        self.jobs: dict[str, PeerJob] = {}
        self.announcements: list[pb.AnnounceRequest] = []
        self.consumers: list[pb.Consumer] = []
        self.claim_sizes: list[int] = []
        self.hint_again: Callable[[PeerJob], Awaitable[None]] = no_hint

    async def Announce(self, request: pb.AnnounceRequest, _context: object) -> pb.AnnounceResponse:
        self.announcements.append(request)
        return pb.AnnounceResponse(
            consumers=self.consumers if PROVIDER in request.providers else (),
            lease_duration=seconds(self.timing.lease_s),
            renew_interval=seconds(self.timing.renew_s),
            announce_interval=seconds(self.timing.announce_s),
        )

    async def ClaimJobs(self, request: pb.ClaimJobsRequest, _context: object) -> pb.ClaimJobsResponse:
        self.claim_sizes.append(len(request.job_ids))
        claims = zip(request.job_ids, request.lease_tokens, strict=True)
        return pb.ClaimJobsResponse(results=[self._claim(job_id, token) for job_id, token in claims])

    async def BatchRenewLeases(
        self, request: pb.BatchRenewLeasesRequest, _context: object
    ) -> pb.BatchRenewLeasesResponse:
        return pb.BatchRenewLeasesResponse(verdicts=[self._renew(item) for item in request.items])

    async def CheckpointJob(self, request: pb.CheckpointJobRequest, _context: object) -> pb.CheckpointJobResponse:
        job = self._leased(request.job_id, request.lease_token)
        job.checkpoints.append((request.checkpoint, request.upstream_ref))
        return pb.CheckpointJobResponse()

    async def CompleteJob(self, request: pb.CompleteJobRequest, _context: object) -> pb.CompleteJobResponse:
        job = self._leased(request.job_id, request.lease_token)
        job.completions.append(request)
        self._end(job, "completed")
        return pb.CompleteJobResponse()

    async def FailJob(self, request: pb.FailJobRequest, _context: object) -> pb.FailJobResponse:
        job = self._leased(request.job_id, request.lease_token)
        job.failures.append(request)
        self._end(job, "failed")
        return pb.FailJobResponse(state=job_pb2.JOB_STATE_FAILED)

    async def ReleaseJob(self, request: pb.ReleaseJobRequest, _context: object) -> pb.ReleaseJobResponse:
        job = self._leased(request.job_id, request.lease_token)
        job.releases.append(time.monotonic())
        job.state = "queued"
        job.attempt -= 1
        if request.fault:
            job.faults.append(request.fault)
            # As the dispatcher does: the worker is done with the hint that it had.
            await self.hint_again(job)
        return pb.ReleaseJobResponse()

    def _claim(self, job_id: str, token: str) -> pb.ClaimJobResult:
        job = self.jobs.get(job_id)
        if job is None or job.state != "queued":
            refusal = FlexuraError(Kind.REFUSED, Reason.JOB_NOT_CLAIMABLE, "not to be claimed", job_id=job_id)
            return pb.ClaimJobResult(error=error_to_message(refusal))
        job.state, job.attempt, job.lease_token = "processing", job.attempt + 1, token
        job.claimed_at = time.monotonic()
        job.lease_until = job.claimed_at + self.timing.lease_s
        claimed = pb.ClaimedJob(
            job_id=job_id,
            lease_token=job.lease_token,
            attempt=job.attempt,
            media_type=MEDIA_TYPES[job.media_type],
            provider=PROVIDER,
            upstream_model=job.media_type,
            prompt=job.prompt,
            options_json=json.dumps(job.options),
            time_left=seconds(self.timing.time_left_s),
        )
        return pb.ClaimJobResult(claimed_job=claimed)

    def _renew(self, item: pb.RenewLeaseItem) -> pb.LeaseVerdict:
        job = self.jobs[item.job_id]
        if job.state == "canceled":
            return pb.LEASE_VERDICT_CANCELED
        if not self._holds(job, item.lease_token):
            return pb.LEASE_VERDICT_LOST
        job.lease_until = time.monotonic() + self.timing.lease_s
        job.progress.append(item.progress)
        return pb.LEASE_VERDICT_OK

    def _leased(self, job_id: str, token: str) -> PeerJob:
        job = self.jobs[job_id]
        if not self._holds(job, token):
            raise FlexuraError(Kind.REFUSED, Reason.LEASE_LOST, "the lease was lost", job_id=job_id)
        return job

    def _holds(self, job: PeerJob, token: str) -> bool:
        return job.state == "processing" and job.lease_token == token and job.lease_until > time.monotonic()

    def _end(self, job: PeerJob, state: str) -> None:
        job.state, job.ended_at = state, time.monotonic()


async def no_hint(_job: PeerJob) -> None:
    """Where nobody is to hear of it."""


def seconds(value: float) -> Any:
    return to_duration(timedelta(seconds=value))


class ObjectStore(Protocol):
    """An S3 server, honest or not."""

    @property
    def settings(self) -> BlobSettings: ...


class Plant:
    """Everything around the worker, and the worker."""

    def __init__(self, folder: Path, broker: NATSServer, store: ObjectStore, timing: Timing) -> None:
        self.folder = folder
        self.store = store
        self.broker = broker
        self.peer = PeerJobs(timing)
        self.peer.hint_again = self.hint
        self.name = f"T{secrets.token_hex(6)}"
        self.target = f"unix:{folder}/jobs.sock"
        self._nats: nats.NATS | None = None
        self._server: RPCServer | None = None

    async def open(self, models: tuple[str, ...] = ("image",)) -> None:
        self._nats = await nats.connect(self.broker.url, user=self.broker.user, password=self.broker.password)
        self.jetstream = self._nats.jetstream()
        await self.provision(models)
        await self.serve_jobs()

    async def provision(self, models: tuple[str, ...]) -> None:
        await self.jetstream.add_stream(
            StreamConfig(name=self.name, subjects=[f"{self.name}.>"], retention=RetentionPolicy.WORK_QUEUE)
        )
        self.peer.consumers = [await self._provision_consumer(model) for model in models]

    async def _provision_consumer(self, model: str) -> pb.Consumer:
        await self.jetstream.add_consumer(
            self.name,
            ConsumerConfig(
                durable_name=model,
                filter_subject=f"{self.name}.{model}",
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=self.peer.timing.ack_wait_s,
                max_deliver=-1,
                max_ack_pending=1000,
            ),
        )
        ack_wait = seconds(self.peer.timing.ack_wait_s)
        return pb.Consumer(stream=self.name, durable=model, model=model, ack_wait=ack_wait)

    async def serve_jobs(self) -> None:
        service = Service(
            pb.DESCRIPTOR.services_by_name["WorkerService"], pb_grpc.add_WorkerServiceServicer_to_server, self.peer
        )
        self._server = rpc_server(RPCServerSettings(listen=self.target, grace_s=0.2), [service])
        await self._server.start()

    async def stop_jobs(self) -> None:
        if self._server is not None:
            await self._server.stop()
            self._server = None

    async def close(self) -> None:
        await self.stop_jobs()
        if self._nats is not None:
            await self._nats.close()

    async def submit(self, media_type: str = "image", prompt: str = "a prompt", **options: Any) -> PeerJob:
        job = PeerJob(new_uuid7(), media_type, options, prompt)
        self.peer.jobs[job.job_id] = job
        await self.hint(job)
        return job

    async def hint(self, job: PeerJob) -> None:
        await self.jetstream.publish(f"{self.name}.{job.media_type}", job.job_id.encode())

    async def publish(self, subject: str, payload: bytes) -> None:
        """Says something on core NATS, as the jobs service does."""
        assert self._nats is not None
        await self._nats.publish(subject, payload)

    async def hints_left(self) -> int:
        info = await self.jetstream.stream_info(self.name)
        return info.state.messages

    @asynccontextmanager
    async def worker(self, name: str = "worker", **settings: str) -> AsyncIterator["Worker"]:
        async with self.run(Worker(self, self.folder / name, settings)) as worker:
            yield worker

    @asynccontextmanager
    async def run(self, worker: "Worker") -> AsyncIterator["Worker"]:
        await worker.process.start()
        try:
            yield worker
        finally:
            await worker.process.stop()


class Surroundings(Protocol):
    """What a worker needs around it."""

    target: str
    broker: NATSServer
    store: ObjectStore


def store_environment(settings: BlobSettings) -> dict[str, str]:
    told = {name: value for name, value in settings.model_dump().items() if value is not None}
    return {f"FLEXURA_S3_{name.upper()}": str(value) for name, value in told.items()}


class Worker:
    """The media worker as a process; `environment` is what it has beside its settings."""

    module = "flexura_media_worker"

    def __init__(
        self,
        plant: Surroundings,
        folder: Path,
        settings: dict[str, str],
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        folder.mkdir()
        self.spool = folder / "spool"
        environment = {
            **environment,
            "FLEXURA_JOBS_TARGET": plant.target,
            "FLEXURA_NATS_URL": plant.broker.url,
            "FLEXURA_NATS_USER": plant.broker.user,
            "FLEXURA_NATS_PASSWORD_FILE": str(plant.broker.password_file),
            **store_environment(plant.store.settings),
            "FLEXURA_SPOOL_DIR": str(self.spool),
            "FLEXURA_SLOTS": "2",
            "FLEXURA_LOG_FORMAT": "json",
        }
        self.process = ServerProcess(
            [sys.executable, "-m", self.module],
            folder / "log",
            self.why_not_ready,
            environment=environment | {f"FLEXURA_{name.upper()}": value for name, value in settings.items()},
        )

    async def why_not_ready(self) -> str | None:
        if not self.lines("consumer_bound"):
            return "no consumer is bound"
        return None if len(self.generators()) == 2 else "a slot is missing"

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What it logged under this name."""
        parsed = (json.loads(line) for line in self.process.log_text.splitlines() if line.startswith("{"))
        return [line for line in parsed if line.get("event") == event]

    def outcomes(self) -> list[str]:
        return [line["outcome"] for line in self.lines("attempt_ended")]

    def generators(self) -> list[psutil.Process]:
        tree = psutil.Process(self.process.pid).children(recursive=True)
        return [process for process in tree if GENERATOR in command_of(process.pid)]

    def results_waiting(self) -> list[Path]:
        return [path for path in self.spool.glob("*/*") if path.name != "lock"]


@asynccontextmanager
async def plant(
    folder: Path, broker: NATSServer, store: ObjectStore, timing: Timing, models: tuple[str, ...] = ("image",)
) -> AsyncIterator[Plant]:
    built = Plant(folder, broker, store, timing)
    try:
        await built.open(models)
        yield built
    finally:
        await built.close()


async def until(is_so: Callable[[], object], what: str, within_s: float = WAIT_S) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited for {within_s} s in vain: {what}")
        await asyncio.sleep(POLL_S)


@contextmanager
def taking_at_most(limit_s: float) -> Iterator[None]:
    begin = time.monotonic()
    yield
    taken_s = time.monotonic() - begin
    assert taken_s <= limit_s, f"it took {taken_s:.2f} s"

"""Small real gRPC services with scripted answers, and a whole edge before them."""

# ruff: noqa: ARG002 - the generated base classes say which arguments there are.

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from aiohttp import ClientSession
from google.protobuf.timestamp_pb2 import Timestamp
from integration.edge.event_peers import ScriptedFeed
from integration.edge.search_peers import ScriptedSearch
from integration.edge.webhook_peers import ScriptedWebhooks

from flexura.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from flexura.errors.v1 import error_reason_pb2
from flexura.jobs.v1 import job_pb2, jobs_service_pb2, jobs_service_pb2_grpc
from flexura_edge.http.app import Handlers, routes
from flexura_edge.http.routes import Routes
from flexura_edge.settings import EdgeSettings
from flexura_edge.wiring import build_with
from flexura_kit.apikeys import digest, new_secret
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.lifecycle import Lifecycle
from flexura_kit.rpc import RPCServer, Service, error_to_message, rpc_server
from flexura_kit.settings import BlobSettings, BusSettings, RPCServerSettings

PUBLIC_URL = "https://media.example"
START_S = 10.0


@dataclass
class ScriptedAuth(auth_service_pb2_grpc.AuthServiceServicer):
    keys: dict[bytes, auth_service_pb2.ApiKey | FlexuraError] = field(default_factory=dict)
    gate: asyncio.Event | None = None
    """While set and not open, answers wait, after having been looked up."""

    def new_key(self, account_id: str) -> str:
        secret = new_secret()
        key_id = f"key_{digest(secret).hex()[:32]}"
        self.keys[digest(secret)] = auth_service_pb2.ApiKey(key_id=key_id, account_id=account_id)
        return secret

    def refuse(self, secret: str, reason: Reason) -> None:
        self.keys[digest(secret)] = FlexuraError(Kind.UNAUTHENTICATED, reason, f"refused: {reason}")

    async def BatchVerifyApiKeys(
        self,
        request: auth_service_pb2.BatchVerifyApiKeysRequest,
        context: grpc.aio.ServicerContext,
    ) -> auth_service_pb2.BatchVerifyApiKeysResponse:
        unknown = FlexuraError(Kind.UNAUTHENTICATED, Reason.API_KEY_UNKNOWN, "this API key is not known here")
        found = [self.keys.get(key, unknown) for key in request.digests]
        if self.gate is not None:
            await self.gate.wait()
        results = [
            auth_service_pb2.VerifyApiKeyResult(error=error_to_message(key))
            if isinstance(key, FlexuraError)
            else auth_service_pb2.VerifyApiKeyResult(api_key=key)
            for key in found
        ]
        return auth_service_pb2.BatchVerifyApiKeysResponse(results=results)


@dataclass
class ScriptedJobs(ScriptedFeed):
    jobs: dict[str, job_pb2.Job] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    items: dict[str, jobs_service_pb2.CreateJobItem] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    """The first job of each idempotency key."""
    assets: dict[str, jobs_service_pb2.StoredAsset] = field(default_factory=dict)
    models: list[jobs_service_pb2.Model] = field(default_factory=list)
    refusal: FlexuraError | None = None
    failures: list[FlexuraError] = field(default_factory=list)
    """Raised for whole calls, one each, until none is left."""
    gate: asyncio.Event | None = None
    held: int = 0
    """Calls that have come to the gate."""
    answer_gate: asyncio.Event | None = None
    """While set and not open, jobs are created and their answers wait."""
    removed: dict[str, Reason] = field(default_factory=dict)
    """Why a job is gone."""
    listed: list[jobs_service_pb2.ListJobsRequest] = field(default_factory=list)
    """Every request for a list."""
    reads: int = 0
    eta_ms: int = 0
    """Told of each new job, where it is not 0."""

    def put(self, account_id: str, job: job_pb2.Job) -> None:
        self.jobs[job.job_id] = job
        self.owners[job.job_id] = account_id

    async def BatchCreateJobs(
        self, request: jobs_service_pb2.BatchCreateJobsRequest, context: grpc.aio.ServicerContext
    ) -> jobs_service_pb2.BatchCreateJobsResponse:
        if self.gate is not None:
            self.held += 1
            await self.gate.wait()
        results = [self._create(item) for item in request.items]
        if self.answer_gate is not None:
            await self.answer_gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        return jobs_service_pb2.BatchCreateJobsResponse(results=results)

    async def BatchGetJobs(
        self, request: jobs_service_pb2.BatchGetJobsRequest, context: grpc.aio.ServicerContext
    ) -> jobs_service_pb2.BatchGetJobsResponse:
        self.reads += len(request.items)
        if self.failures:
            raise self.failures.pop(0)
        return jobs_service_pb2.BatchGetJobsResponse(results=[self._get(item) for item in request.items])

    async def ListJobs(
        self, request: jobs_service_pb2.ListJobsRequest, context: grpc.aio.ServicerContext
    ) -> jobs_service_pb2.ListJobsResponse:
        """Two jobs a page, from the newest on; a token is the number of those before."""
        self.listed.append(request)
        if request.page_token and not request.page_token.isdecimal():
            violation = FieldViolation("page_token", "page_token is wrong")
            raise FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, "page_token is wrong", [violation])
        own = [job for job in reversed(self.jobs.values()) if self.owners[job.job_id] == request.account_id]
        first = int(request.page_token or 0)
        token = str(first + 2) if len(own) > first + 2 else ""
        return jobs_service_pb2.ListJobsResponse(jobs=own[first : first + 2], next_page_token=token)

    async def CancelJob(
        self, request: jobs_service_pb2.CancelJobRequest, context: grpc.aio.ServicerContext
    ) -> jobs_service_pb2.CancelJobResponse:
        job = self._own(request.account_id, request.job_id)
        if job.state in {job_pb2.JOB_STATE_QUEUED, job_pb2.JOB_STATE_PROCESSING}:
            job.state = job_pb2.JOB_STATE_FAILED
            job.failure.reason = error_reason_pb2.ERROR_REASON_CANCELED
        return jobs_service_pb2.CancelJobResponse(job=job)

    async def DeleteJob(
        self, request: jobs_service_pb2.DeleteJobRequest, context: grpc.aio.ServicerContext
    ) -> jobs_service_pb2.DeleteJobResponse:
        if request.job_id not in self.removed:
            self._own(request.account_id, request.job_id)
            self.removed[request.job_id] = Reason.JOB_DELETED
        if self.failures:
            raise self.failures.pop(0)
        return jobs_service_pb2.DeleteJobResponse()

    async def BatchResolveAssets(
        self, request: jobs_service_pb2.BatchResolveAssetsRequest, context: grpc.aio.ServicerContext
    ) -> jobs_service_pb2.BatchResolveAssetsResponse:
        return jobs_service_pb2.BatchResolveAssetsResponse(results=[self._resolve(item) for item in request.items])

    async def ListModels(
        self, request: jobs_service_pb2.ListModelsRequest, context: grpc.aio.ServicerContext
    ) -> jobs_service_pb2.ListModelsResponse:
        return jobs_service_pb2.ListModelsResponse(models=self.models)

    def _create(self, item: jobs_service_pb2.CreateJobItem) -> jobs_service_pb2.JobResult:
        if self.refusal is not None:
            return jobs_service_pb2.JobResult(error=error_to_message(self.refusal))
        self.items[item.job_id] = item
        first = self.keys.setdefault(item.idempotency_key, item.job_id) if item.idempotency_key else item.job_id
        if first != item.job_id:
            return jobs_service_pb2.JobResult(job=self.jobs[first], replayed=True)
        job = queued_job(item.job_id, item.media_type, item.prompt)
        if self.eta_ms:
            job.eta_ms = self.eta_ms
        self.put(item.account_id, job)
        return jobs_service_pb2.JobResult(job=self.jobs[item.job_id])

    def _own(self, account_id: str, job_id: str) -> job_pb2.Job:
        if self.owners.get(job_id) != account_id:
            raise FlexuraError(Kind.NOT_FOUND, Reason.JOB_NOT_FOUND, "no such job", job_id=job_id)
        if job_id in self.removed:
            raise FlexuraError(Kind.NOT_FOUND, self.removed[job_id], "it was removed", job_id=job_id)
        return self.jobs[job_id]

    def _get(self, item: jobs_service_pb2.GetJobItem) -> jobs_service_pb2.JobResult:
        try:
            return jobs_service_pb2.JobResult(job=self._own(item.account_id, item.job_id))
        except FlexuraError as error:
            return jobs_service_pb2.JobResult(error=error_to_message(error))

    def _resolve(self, item: jobs_service_pb2.ResolveAssetItem) -> jobs_service_pb2.ResolveAssetResult:
        stored = self.assets.get(f"{item.job_id}.{item.extension}")
        if stored is None:
            missing = FlexuraError(Kind.NOT_FOUND, Reason.ASSET_NOT_FOUND, "no such asset", job_id=item.job_id)
            return jobs_service_pb2.ResolveAssetResult(error=error_to_message(missing))
        if item.job_id in self.removed:
            gone = FlexuraError(Kind.NOT_FOUND, self.removed[item.job_id], "it was removed", job_id=item.job_id)
            return jobs_service_pb2.ResolveAssetResult(error=error_to_message(gone))
        if item.is_missing and not stored.object_key.endswith("found-again"):
            lost = FlexuraError(Kind.NOT_FOUND, Reason.ASSET_LOST, "it was lost", job_id=item.job_id)
            return jobs_service_pb2.ResolveAssetResult(error=error_to_message(lost))
        return jobs_service_pb2.ResolveAssetResult(stored_asset=stored)


@dataclass
class Peers:
    """The services behind the edge, each on a socket of its own in the folder."""

    folder: Path
    auth: ScriptedAuth = field(default_factory=ScriptedAuth)
    jobs: ScriptedJobs = field(default_factory=ScriptedJobs)
    search: ScriptedSearch = field(default_factory=ScriptedSearch)
    webhooks: ScriptedWebhooks = field(default_factory=ScriptedWebhooks)
    running: dict[str, RPCServer] = field(default_factory=dict)

    def target(self, name: str) -> str:
        return f"unix:{self.folder}/{name}.sock"

    async def start(self, name: str) -> None:
        server = rpc_server(RPCServerSettings(listen=self.target(name), grace_s=0.1), self._services()[name])
        await server.start()
        self.running[name] = server

    async def stop(self, name: str) -> None:
        await self.running.pop(name).stop()

    def _services(self) -> dict[str, list[Service]]:
        auth = Service(
            auth_service_pb2.DESCRIPTOR.services_by_name["AuthService"],
            auth_service_pb2_grpc.add_AuthServiceServicer_to_server,
            self.auth,
        )
        jobs = Service(
            jobs_service_pb2.DESCRIPTOR.services_by_name["JobsService"],
            jobs_service_pb2_grpc.add_JobsServiceServicer_to_server,
            self.jobs,
        )
        return {"auth": [auth], "jobs": [jobs, self.webhooks.service()], "search": [self.search.service()]}


@asynccontextmanager
async def peers(folder: Path) -> AsyncIterator[Peers]:
    services = Peers(folder)
    for name in ("auth", "jobs", "search"):
        await services.start(name)
    try:
        yield services
    finally:
        for name in list(services.running):
            await services.stop(name)


@dataclass
class Edge:
    """A whole edge that listens, the services behind it, and a client before it."""

    url: str
    port: int
    peers: Peers
    client: ClientSession
    key: str
    """A key of the account acc_1."""
    life: Lifecycle

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@asynccontextmanager
async def edge(
    services: Peers,
    *,
    nats: BusSettings | None = None,
    s3: BlobSettings | None = None,
    routes_of: Callable[[Handlers], Routes] = routes,
    **settings: object,
) -> AsyncIterator[Edge]:
    life = Lifecycle()
    server = await build_with(
        EdgeSettings(
            listen="127.0.0.1:0",
            auth_target=services.target("auth"),
            jobs_target=services.target("jobs"),
            search_target=services.target("search"),
            # A port where nobody listens: what the test does not need is away.
            nats=nats or BusSettings(url="nats://127.0.0.1:1"),
            s3=s3 or BlobSettings(endpoint="127.0.0.1:1"),
            **{"public_url": PUBLIC_URL, "drain_s": 0.0, "grace_s": 2.0} | settings,
        ),
        life,
        routes_of,
    )
    running = asyncio.create_task(life.run_until_stopped())
    try:
        async with asyncio.timeout(START_S):
            while not server.addresses:
                await asyncio.sleep(0.01)
        port = server.addresses[0][1]
        async with ClientSession(base_url=f"http://127.0.0.1:{port}") as client:
            yield Edge(f"http://127.0.0.1:{port}", port, services, client, services.auth.new_key("acc_1"), life)
    finally:
        life.stopping.set()
        await running
        await life.close()


def at(seconds: int, milliseconds: int = 0) -> Timestamp:
    return Timestamp(seconds=seconds, nanos=milliseconds * 1_000_000)


def queued_job(job_id: str, media_type: job_pb2.MediaType = job_pb2.MEDIA_TYPE_IMAGE, prompt: str = "") -> job_pb2.Job:
    return job_pb2.Job(
        job_id=job_id,
        media_type=media_type,
        state=job_pb2.JOB_STATE_QUEUED,
        prompt=prompt,
        requested_model="nvidia-flux",
        model="nvidia-flux",
        options_json='{"width":1024,"height":1024,"steps":4,"seed":7}',
        timeout_s=3600,
        create_time=at(1_775_001_600),
        update_time=at(1_775_001_600),
    )


def completed_job(job_id: str, content: bytes = b"bytes of a picture") -> job_pb2.Job:
    job = queued_job(job_id, prompt="a futuristic city at night")
    job.state = job_pb2.JOB_STATE_COMPLETED
    job.attempt = 1
    job.start_time.CopyFrom(at(1_775_001_601))
    job.finish_time.CopyFrom(at(1_775_001_612))
    job.update_time.CopyFrom(at(1_775_001_612))
    job.expire_time.CopyFrom(at(1_775_001_612 + 30 * 86_400))
    job.asset.CopyFrom(asset_of(content))
    return job


def asset_of(content: bytes, content_type: str = "image/png", extension: str = "png") -> job_pb2.Asset:
    return job_pb2.Asset(
        extension=extension,
        content_type=content_type,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        width=1024,
        height=1024,
    )

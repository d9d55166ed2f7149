"""What an internal service and a worker do over gRPC: making many jobs, and finishing them without a generator."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

from grpc.aio import Channel

from bench.installation import Installation
from flexura.auth.v1.auth_service_pb2 import BatchVerifyApiKeysRequest
from flexura.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from flexura.jobs.v1 import job_pb2, jobs_service_pb2, worker_service_pb2
from flexura.jobs.v1.jobs_service_pb2_grpc import JobsServiceStub
from flexura.jobs.v1.worker_service_pb2_grpc import WorkerServiceStub
from flexura_kit import apikeys
from flexura_kit.blob import blobs
from flexura_kit.ids import new_uuid7
from flexura_kit.rpc import rpc_channel
from flexura_kit.settings import BlobSettings

CALL_S = 10.0
CLAIM_ITEMS = 64
CREATE_ITEMS = 256
WORKER = "bench"

T = TypeVar("T")


class Internal:
    def __init__(self, account_id: str, jobs: JobsServiceStub, worker: WorkerServiceStub) -> None:
        self.account_id = account_id
        self._jobs = jobs
        self._worker = worker

    def of(self, jobs: Channel) -> "Internal":
        """The same account at another jobs service."""
        return Internal(self.account_id, JobsServiceStub(jobs), WorkerServiceStub(jobs))

    async def make_jobs(self, count: int, **options: int) -> list[str]:
        """Makes image jobs of the test card and answers their ids."""
        ids = [new_uuid7() for _ in range(count)]
        for some in chunks(ids, CREATE_ITEMS):
            items = [
                jobs_service_pb2.CreateJobItem(
                    job_id=job_id,
                    account_id=self.account_id,
                    media_type=job_pb2.MEDIA_TYPE_IMAGE,
                    model="flexura-testcard-image",
                    prompt="a futuristic city at night, neon lights, cinematic",
                    options_json=json.dumps(options),
                )
                for job_id in some
            ]
            answer = await self._jobs.BatchCreateJobs(
                jobs_service_pb2.BatchCreateJobsRequest(items=items), timeout=CALL_S
            )
            refused = [result.error for result in answer.results if result.HasField("error")]
            if refused:
                raise SystemExit(f"the benchmark's own jobs were refused: {refused[0]}")
        return ids

    async def read_jobs(self, ids: Sequence[str]) -> list[job_pb2.Job]:
        found: list[job_pb2.Job] = []
        for some in chunks(ids, CREATE_ITEMS):
            items = [jobs_service_pb2.GetJobItem(account_id=self.account_id, job_id=job_id) for job_id in some]
            answer = await self._jobs.BatchGetJobs(jobs_service_pb2.BatchGetJobsRequest(items=items), timeout=CALL_S)
            found += [result.job for result in answer.results]
        return found

    async def finish_jobs(self, ids: Sequence[str], object_key: str, asset: job_pb2.Asset) -> None:
        """Claims the jobs as a worker and reports them as completed."""
        for some in chunks(ids, CLAIM_ITEMS):
            reports = await self.claim(some, object_key, asset)
            await asyncio.gather(*map(self.complete, reports))

    async def claim(
        self, ids: Sequence[str], object_key: str, asset: job_pb2.Asset
    ) -> list[worker_service_pb2.CompleteJobRequest]:
        """Claims jobs as a worker, and answers the reports that will complete them."""
        claims = worker_service_pb2.ClaimJobsRequest(worker_id=WORKER, job_ids=ids)
        answer = await self._worker.ClaimJobs(claims, timeout=CALL_S)
        return [
            worker_service_pb2.CompleteJobRequest(
                job_id=result.claimed_job.job_id,
                lease_token=result.claimed_job.lease_token,
                object_key=object_key,
                asset=asset,
            )
            for result in answer.results
        ]

    async def complete(self, report: worker_service_pb2.CompleteJobRequest) -> None:
        await self._worker.CompleteJob(report, timeout=CALL_S)


@asynccontextmanager
async def internal(running: Installation) -> AsyncIterator[Internal]:
    async with (
        rpc_channel(f"unix:{running.socket('auth')}") as auth,
        rpc_channel(f"unix:{running.socket('jobs')}") as jobs,
    ):
        verified = await AuthServiceStub(auth).BatchVerifyApiKeys(
            BatchVerifyApiKeysRequest(digests=[apikeys.digest(running.key)]), timeout=CALL_S
        )
        account_id = verified.results[0].api_key.account_id
        yield Internal(account_id, JobsServiceStub(jobs), WorkerServiceStub(jobs))


async def store_object(running: Installation, folder: Path, size_bytes: int) -> tuple[str, job_pb2.Asset, str]:
    """Puts random bytes into the store; answers their key, what they are, and a link straight to the store."""
    environment = running.environment("flexura_edge")
    settings = BlobSettings(
        endpoint=environment["FLEXURA_S3_ENDPOINT"],
        secure=True,
        ca_file=Path(environment["FLEXURA_S3_CA_FILE"]),
        certificate_file=Path(environment["FLEXURA_S3_CERTIFICATE_FILE"]),
        bucket=environment["FLEXURA_S3_BUCKET"],
        access_key_file=Path(environment["FLEXURA_S3_ACCESS_KEY_FILE"]),
        secret_key_file=Path(environment["FLEXURA_S3_SECRET_KEY_FILE"]),
    )
    content = secrets.token_bytes(size_bytes)
    file = folder / f"{size_bytes}.bin"
    file.write_bytes(content)
    key = f"bench/{size_bytes}.png"
    async with blobs(settings, threads=1) as store:
        await store.upload_file(key, file, "image/png")
        link = store.presigned_get(key, 3600)
    asset = job_pb2.Asset(
        extension="png",
        content_type="image/png",
        size_bytes=size_bytes,
        sha256=hashlib.sha256(content).hexdigest(),
        width=1024,
        height=1024,
    )
    return key, asset, link


def chunks(items: Sequence[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some

"""The jobs service, asked in batches."""

import asyncio
from collections.abc import Sequence

from grpc.aio import Channel

from flexura.jobs.v1 import job_pb2, jobs_service_pb2, jobs_service_pb2_grpc
from flexura_edge.recent import Recent
from flexura_kit.batch import Gatherer
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, JobId
from flexura_kit.rpc import error_from_message

CREATE_S = 5.0
READ_S = 3.0
RETRY_PAUSE_S = 0.25  # The kit's channel looks for a service that is back every 0.1 s at first.
JOB_BYTES = 2048  # A job as answered, with a common prompt; a batch of the longest is still far below the limit.
MESSAGE_BYTES = 1024  # What a small message costs beside what it says.
ASSETS_KEPT_S = 60.0
ASSETS_KEPT_MAX = 10_000

Item = jobs_service_pb2.CreateJobItem
Created = jobs_service_pb2.JobResult


class JobsClient:
    def __init__(self, channel: Channel) -> None:
        self._stub = jobs_service_pb2_grpc.JobsServiceStub(channel)
        self._creates = Gatherer("create_jobs", self._create_batch, size_of=Item.ByteSize)
        self._reads = Gatherer("get_jobs", self._get_batch, size_of=lambda _item: JOB_BYTES)
        self._assets = Gatherer("resolve_assets", self._resolve_batch, size_of=lambda _item: JOB_BYTES)
        self._resolved: Recent[str, jobs_service_pb2.StoredAsset] = Recent(
            ASSETS_KEPT_MAX, ASSETS_KEPT_S, size_of=asset_bytes
        )
        self._creating: set[asyncio.Task[Created]] = set()

    async def create(self, item: Item, timeout_s: float) -> Created:
        """Creates the job even where the caller leaves meanwhile: a client may not wait for its answer.

        Answers an earlier one where the item's idempotency key stands for it; the result says so.
        """
        creating = asyncio.create_task(self._create(item, timeout_s), name="create-job")
        self._creating.add(creating)
        creating.add_done_callback(self._created)
        return await asyncio.shield(creating)

    async def get(self, account_id: AccountId, job_id: JobId, timeout_s: float) -> job_pb2.Job:
        return await self._reads.ask(jobs_service_pb2.GetJobItem(account_id=account_id, job_id=job_id), timeout_s)

    async def resolve_asset(self, job_id: str, extension: str, timeout_s: float) -> jobs_service_pb2.StoredAsset:
        stored = self._resolved.get(job_id)
        if stored is None or stored.asset.extension != extension:
            item = jobs_service_pb2.ResolveAssetItem(job_id=job_id, extension=extension)
            stored = await self._assets.ask(item, timeout_s)
            self._resolved.learn(job_id, stored)
        return stored

    async def look_for_asset(self, job_id: str, extension: str, timeout_s: float) -> None:
        """Says that the store does not have it; raises ASSET_LOST where the jobs service does not find it either."""
        self._resolved.forget(job_id)
        item = jobs_service_pb2.ResolveAssetItem(job_id=job_id, extension=extension, is_missing=True)
        await self._assets.ask(item, timeout_s)

    def forget(self, job_id: JobId) -> None:
        """Has its asset looked for again: the job was removed."""
        self._resolved.forget(job_id)

    def drop_expired(self) -> None:
        self._resolved.drop_expired()

    async def list_models(self, timeout_s: float) -> Sequence[jobs_service_pb2.Model]:
        response = await self._stub.ListModels(jobs_service_pb2.ListModelsRequest(), timeout=timeout_s)
        return response.models

    async def close(self) -> None:
        """Waits for the jobs that are being created; each has its own time-out."""
        if self._creating:
            await asyncio.wait(self._creating)

    async def _create(self, item: Item, timeout_s: float) -> Created:
        try:
            async with asyncio.timeout(timeout_s):
                return await self._create_twice(item, timeout_s)
        except TimeoutError as error:
            failure = FlexuraError(Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, "the job was not accepted in time")
            failure.metadata = {"job_id": item.job_id}
            raise failure from error
        except FlexuraError as error:
            if error.kind in {Kind.BUSY, Kind.TIMED_OUT}:
                # It may have been accepted all the same, and this is how the caller can find out.
                error.metadata = error.metadata | {"job_id": item.job_id}
            raise

    async def _create_twice(self, item: Item, timeout_s: float) -> Created:
        try:
            return await self._creates.ask(item, timeout_s)
        except FlexuraError as error:
            if error.reason is not Reason.SERVICE_UNAVAILABLE:
                raise
        # Safe to repeat, because the id is the same.
        await asyncio.sleep(RETRY_PAUSE_S)
        return await self._creates.ask(item, timeout_s)

    def _created(self, creating: asyncio.Task[Created]) -> None:
        self._creating.discard(creating)
        if not creating.cancelled():
            creating.exception()  # Looked at, in case the caller has left.

    async def _create_batch(self, items: list[Item]) -> list[Created | FlexuraError]:
        request = jobs_service_pb2.BatchCreateJobsRequest(items=items)
        response = await self._stub.BatchCreateJobs(request, timeout=CREATE_S)
        return [error_from_message(result.error) if result.HasField("error") else result for result in response.results]

    async def _get_batch(self, items: list[jobs_service_pb2.GetJobItem]) -> list[job_pb2.Job | FlexuraError]:
        response = await self._stub.BatchGetJobs(jobs_service_pb2.BatchGetJobsRequest(items=items), timeout=READ_S)
        return [job_or_error(result) for result in response.results]

    async def _resolve_batch(
        self, items: list[jobs_service_pb2.ResolveAssetItem]
    ) -> list[jobs_service_pb2.StoredAsset | FlexuraError]:
        request = jobs_service_pb2.BatchResolveAssetsRequest(items=items)
        response = await self._stub.BatchResolveAssets(request, timeout=READ_S)
        return [
            error_from_message(result.error) if result.HasField("error") else result.stored_asset
            for result in response.results
        ]


def asset_bytes(stored: jobs_service_pb2.StoredAsset) -> int:
    return MESSAGE_BYTES + stored.ByteSize()


def job_or_error(result: jobs_service_pb2.JobResult) -> job_pb2.Job | FlexuraError:
    return error_from_message(result.error) if result.HasField("error") else result.job

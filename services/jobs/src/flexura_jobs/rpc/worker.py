"""The door for media workers."""

from typing import Any

from grpc.aio import ServicerContext

from flexura.jobs.v1 import worker_service_pb2 as pb
from flexura.jobs.v1 import worker_service_pb2_grpc
from flexura_jobs.domain.jobs import Checkpoint, CheckpointReport, CompletionReport, StoredAsset
from flexura_jobs.rpc.messages import (
    CHECKPOINTS_BY_NUMBER,
    STATES,
    VERDICTS,
    asset_of,
    claim_result,
    consumer_to_message,
    failure_report_of,
    interpretation_of,
    lease_of,
    renewal_of,
)
from flexura_jobs.service import LeaseTimes, Work
from flexura_kit.ids import JobId, LeaseToken, WorkerId
from flexura_kit.rpc import to_duration

Context = ServicerContext[Any, Any]


class WorkerServicer(worker_service_pb2_grpc.WorkerServiceServicer):
    def __init__(self, work: Work, times: LeaseTimes) -> None:
        self._work = work
        self._times = times

    async def Announce(self, request: pb.AnnounceRequest, _context: Context) -> pb.AnnounceResponse:
        consumers = await self._work.announce(WorkerId(request.worker_id), list(request.providers), request.slots)
        return pb.AnnounceResponse(
            consumers=map(consumer_to_message, consumers),
            lease_duration=to_duration(self._times.lease),
            renew_interval=to_duration(self._times.renew_interval),
            announce_interval=to_duration(self._times.announce_interval),
        )

    async def ClaimJobs(self, request: pb.ClaimJobsRequest, _context: Context) -> pb.ClaimJobsResponse:
        job_ids, lease_tokens = map(JobId, request.job_ids), map(LeaseToken, request.lease_tokens)
        results = await self._work.claim(WorkerId(request.worker_id), list(job_ids), list(lease_tokens))
        return pb.ClaimJobsResponse(results=map(claim_result, results))

    async def BatchRenewLeases(
        self, request: pb.BatchRenewLeasesRequest, _context: Context
    ) -> pb.BatchRenewLeasesResponse:
        verdicts = await self._work.renew([renewal_of(item) for item in request.items])
        return pb.BatchRenewLeasesResponse(verdicts=[VERDICTS[verdict] for verdict in verdicts])

    async def CheckpointJob(self, request: pb.CheckpointJobRequest, _context: Context) -> pb.CheckpointJobResponse:
        checkpoint = CHECKPOINTS_BY_NUMBER.get(request.checkpoint, Checkpoint.NOTHING)
        lease = lease_of(request.job_id, request.lease_token)
        await self._work.checkpoint(CheckpointReport(lease, checkpoint, request.upstream_ref))
        return pb.CheckpointJobResponse()

    async def CompleteJob(self, request: pb.CompleteJobRequest, _context: Context) -> pb.CompleteJobResponse:
        stored_asset = StoredAsset(request.object_key, asset_of(request.asset))
        lease = lease_of(request.job_id, request.lease_token)
        said = interpretation_of(request.interpretation) if request.HasField("interpretation") else None
        await self._work.complete(CompletionReport(lease, stored_asset, said))
        return pb.CompleteJobResponse()

    async def FailJob(self, request: pb.FailJobRequest, _context: Context) -> pb.FailJobResponse:
        state = await self._work.fail(failure_report_of(request))
        return pb.FailJobResponse(state=STATES[state])

    async def ReleaseJob(self, request: pb.ReleaseJobRequest, _context: Context) -> pb.ReleaseJobResponse:
        await self._work.release(lease_of(request.job_id, request.lease_token), request.fault)
        return pb.ReleaseJobResponse()

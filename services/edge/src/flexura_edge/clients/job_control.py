"""What owners do with jobs one at a time: listing, following, cancelling, deleting."""

from grpc.aio import Channel

from flexura.jobs.v1 import job_pb2, jobs_service_pb2, jobs_service_pb2_grpc
from flexura_kit.ids import AccountId, JobId

CALL_S = 5.0


class JobControlClient:
    """Every call may be repeated, and none is: whoever asked can."""

    def __init__(self, channel: Channel) -> None:
        self._stub = jobs_service_pb2_grpc.JobsServiceStub(channel)

    async def list(
        self, request: jobs_service_pb2.ListJobsRequest, timeout_s: float
    ) -> jobs_service_pb2.ListJobsResponse:
        return await self._stub.ListJobs(request, timeout=min(timeout_s, CALL_S))

    async def list_events(
        self, request: jobs_service_pb2.ListEventsRequest, timeout_s: float
    ) -> jobs_service_pb2.ListEventsResponse:
        return await self._stub.ListEvents(request, timeout=min(timeout_s, CALL_S))

    async def cancel(self, account_id: AccountId, job_id: JobId, timeout_s: float) -> job_pb2.Job:
        request = jobs_service_pb2.CancelJobRequest(account_id=account_id, job_id=job_id)
        return (await self._stub.CancelJob(request, timeout=min(timeout_s, CALL_S))).job

    async def delete(self, account_id: AccountId, job_id: JobId, timeout_s: float) -> None:
        request = jobs_service_pb2.DeleteJobRequest(account_id=account_id, job_id=job_id)
        await self._stub.DeleteJob(request, timeout=min(timeout_s, CALL_S))

"""The door for owners of jobs: the edge and internal services."""

from datetime import timedelta
from typing import Any

from grpc.aio import ServicerContext

from flexura.jobs.v1 import jobs_service_pb2 as pb
from flexura.jobs.v1 import jobs_service_pb2_grpc
from flexura_jobs.ports import Prospects
from flexura_jobs.rpc.feeds import event_page_to_message, event_query_of
from flexura_jobs.rpc.listing import page_to_message, query_of
from flexura_jobs.rpc.messages import add_job_results, asset_result, job_request_of, job_to_message, model_to_message
from flexura_jobs.service import EventFeeds, JobLists, JobRemovals, Jobs
from flexura_kit.ids import AccountId, JobId

Context = ServicerContext[Any, Any]


class JobsServicer(jobs_service_pb2_grpc.JobsServiceServicer):
    def __init__(
        self,
        jobs: Jobs,
        lists: JobLists,
        feeds: EventFeeds,
        removals: JobRemovals,
        prospects: Prospects,
        retention: timedelta,
    ) -> None:
        self._jobs = jobs
        self._lists = lists
        self._feeds = feeds
        self._removals = removals
        self._prospects = prospects
        self._retention = retention

    async def BatchCreateJobs(
        self, request: pb.BatchCreateJobsRequest, _context: Context
    ) -> pb.BatchCreateJobsResponse:
        results = await self._jobs.create_batch([job_request_of(item) for item in request.items])
        response = pb.BatchCreateJobsResponse()
        add_job_results(response.results, results, self._retention, self._prospects.current())
        return response

    async def BatchGetJobs(self, request: pb.BatchGetJobsRequest, _context: Context) -> pb.BatchGetJobsResponse:
        asked = [(AccountId(item.account_id), JobId(item.job_id)) for item in request.items]
        response = pb.BatchGetJobsResponse()
        results = await self._jobs.get_batch(asked)
        add_job_results(response.results, results, self._retention, self._prospects.current())
        return response

    async def ListJobs(self, request: pb.ListJobsRequest, _context: Context) -> pb.ListJobsResponse:
        page = await self._lists.page(query_of(request))
        return page_to_message(page, self._retention, self._prospects.current())

    async def CancelJob(self, request: pb.CancelJobRequest, _context: Context) -> pb.CancelJobResponse:
        job = await self._jobs.cancel(AccountId(request.account_id), JobId(request.job_id))
        return pb.CancelJobResponse(job=job_to_message(job, self._retention, self._prospects.current()))

    async def DeleteJob(self, request: pb.DeleteJobRequest, _context: Context) -> pb.DeleteJobResponse:
        await self._removals.delete(AccountId(request.account_id), JobId(request.job_id))
        return pb.DeleteJobResponse()

    async def ListEvents(self, request: pb.ListEventsRequest, _context: Context) -> pb.ListEventsResponse:
        return event_page_to_message(await self._feeds.page(event_query_of(request)))

    async def BatchResolveAssets(
        self, request: pb.BatchResolveAssetsRequest, _context: Context
    ) -> pb.BatchResolveAssetsResponse:
        asked = [(JobId(item.job_id), item.extension) for item in request.items]
        missing = [JobId(item.job_id) for item in request.items if item.is_missing]
        results = await self._jobs.resolve_assets(asked, missing)
        return pb.BatchResolveAssetsResponse(results=map(asset_result, results))

    async def ListModels(self, _request: pb.ListModelsRequest, _context: Context) -> pb.ListModelsResponse:
        return pb.ListModelsResponse(models=map(model_to_message, await self._jobs.list_models()))

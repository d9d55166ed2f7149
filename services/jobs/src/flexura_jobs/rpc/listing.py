"""Requests for lists of jobs, as the use case takes them, and its pages as messages."""

from datetime import UTC, datetime, timedelta

from flexura.jobs.v1 import job_pb2, jobs_service_pb2
from flexura_jobs.domain.jobs import JobState, MediaType
from flexura_jobs.domain.listing import JobFilter, JobPage, JobQuery
from flexura_jobs.domain.outlook import Outlook
from flexura_jobs.rpc.messages import MEDIA_TYPES_BY_NUMBER, STATES, fill_job
from flexura_jobs.service.requests import invalid_request
from flexura_kit.errors import FieldViolation
from flexura_kit.ids import AccountId
from flexura_kit.rpc import from_timestamp

STATES_BY_NUMBER = {int(number): state for state, number in STATES.items()}
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def query_of(request: jobs_service_pb2.ListJobsRequest) -> JobQuery:
    """Raises where a number means nothing here: as a filter that is left out it would answer too much."""
    wanted = JobFilter(
        states=frozenset(state_of(number) for number in request.states),
        media_type=media_type_of(request.media_type),
        client_ref=request.client_ref,
        created_after=created_after_of(request) if request.HasField("created_after") else None,
    )
    return JobQuery(AccountId(request.account_id), wanted, request.page_size, request.page_token)


def state_of(number: int) -> JobState:
    state = STATES_BY_NUMBER.get(number)
    if state is None:
        raise wrong("states", "states takes QUEUED, PROCESSING, COMPLETED and FAILED")
    return state


def media_type_of(number: int) -> MediaType | None:
    if number == job_pb2.MEDIA_TYPE_UNSPECIFIED:
        return None
    media_type = MEDIA_TYPES_BY_NUMBER.get(number)
    if media_type is None:
        raise wrong("media_type", "media_type takes IMAGE, VIDEO or AUDIO")
    return media_type


def created_after_of(request: jobs_service_pb2.ListJobsRequest) -> datetime:
    if not 0 <= request.created_after.seconds < LATEST.timestamp():
        raise wrong("created_after", "created_after takes a time from 1970 to 9998")
    return from_timestamp(request.created_after)


def wrong(field: str, message: str) -> Exception:
    return invalid_request([FieldViolation(field, message)])


def page_to_message(page: JobPage, retention: timedelta, outlook: Outlook) -> jobs_service_pb2.ListJobsResponse:
    response = jobs_service_pb2.ListJobsResponse(next_page_token=page.next_page_token)
    for job in page.jobs:
        fill_job(response.jobs.add(), job, retention, outlook)
    return response

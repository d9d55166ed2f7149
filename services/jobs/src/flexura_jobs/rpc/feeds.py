"""Requests for events, as the use case takes them, and its pages as messages."""

from flexura.jobs.v1 import job_pb2
from flexura.jobs.v1 import jobs_service_pb2 as pb
from flexura_jobs.domain.events import Event, EventPage, EventQuery, ToldJob
from flexura_jobs.domain.jobs import JobState, MediaType
from flexura_jobs.domain.webhooks import ERROR_CHARACTERS_MAX
from flexura_jobs.rpc.messages import MEDIA_TYPES, NO_METADATA, STATES
from flexura_kit.ids import AccountId, JobId
from flexura_kit.rpc import fill_timestamp, reason_to_proto


def event_query_of(request: pb.ListEventsRequest) -> EventQuery:
    after = request.after_sequence if request.HasField("after_sequence") else None
    job_id = JobId(request.job_id) if request.job_id else None
    return EventQuery(AccountId(request.account_id), after, job_id, request.page_size)


def event_page_to_message(page: EventPage) -> pb.ListEventsResponse:
    response = pb.ListEventsResponse(
        next_after_sequence=page.next_after,
        has_more=page.has_more,
        latest_sequence=page.latest,
        oldest_sequence=page.oldest or 0,
    )
    for event in page.events:
        fill_event(response.events.add(), event)
    return response


def fill_event(message: pb.Event, event: Event) -> None:
    message.sequence = event.sequence
    fill_timestamp(message.create_time, event.created_at)
    message.job_id = event.job_id
    message.state = STATES[event.state]
    message.attempt = event.attempt
    if event.failure_reason is not None:
        message.failure.reason = reason_to_proto(event.failure_reason)
    job = event.job
    if job is None:
        return
    message.media_type = MEDIA_TYPES[MediaType(job.media_type)]
    message.model = job.model
    message.client_ref = job.client_ref
    if job.metadata_json != NO_METADATA:
        message.metadata_json = job.metadata_json
    if event.state in {JobState.COMPLETED, JobState.FAILED}:
        fill_end(message, job)


def fill_end(message: pb.Event, job: ToldJob) -> None:
    """Adds what is known of a job that has ended: it stays so, whenever its end is told."""
    if job.finished_at is not None:
        fill_timestamp(message.finish_time, job.finished_at)
    if job.failure_reason is not None:
        message.failure.message = (job.failure_message or "")[:ERROR_CHARACTERS_MAX]
        message.failure.retryable = bool(job.failure_retryable)
    if job.asset_extension is not None and job.removed_at is None:
        message.asset.CopyFrom(asset_of(job))


def asset_of(job: ToldJob) -> job_pb2.Asset:
    return job_pb2.Asset(
        extension=job.asset_extension or "",
        content_type=job.asset_content_type or "",
        size_bytes=job.asset_size_bytes or 0,
        sha256=job.asset_sha256 or "",
        width=job.asset_width or 0,
        height=job.asset_height or 0,
        duration_s=job.asset_duration_s or 0.0,
    )

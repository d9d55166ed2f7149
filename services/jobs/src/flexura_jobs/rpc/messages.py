"""Domain shapes to messages and back."""

import math
from collections.abc import Iterable
from datetime import timedelta

import orjson
from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

from flexura.jobs.v1 import job_pb2, jobs_service_pb2, worker_service_pb2
from flexura_jobs.domain.acceptance import Replayed
from flexura_jobs.domain.catalog import Listing, ModelStatus
from flexura_jobs.domain.jobs import (
    Asset,
    Assignment,
    Checkpoint,
    Failure,
    FailureReport,
    Interpretation,
    Job,
    JobRequest,
    JobState,
    Lease,
    LeaseVerdict,
    MediaType,
    Renewal,
    StoredAsset,
)
from flexura_jobs.domain.outlook import Outlook
from flexura_jobs.domain.queue import Consumer
from flexura_kit.errors import FlexuraError
from flexura_kit.ids import AccountId, JobId, LeaseToken
from flexura_kit.rpc import (
    error_to_message,
    fill_timestamp,
    reason_from_proto,
    reason_to_proto,
    to_duration,
    to_timestamp,
)

MEDIA_TYPES = {kind: job_pb2.MediaType.Value(f"MEDIA_TYPE_{kind.name}") for kind in MediaType}
STATES = {state: job_pb2.JobState.Value(f"JOB_STATE_{state.name}") for state in JobState}
STATUSES = {s: jobs_service_pb2.ModelStatus.Value(f"MODEL_STATUS_{s.name}") for s in ModelStatus}
VERDICTS = {v: worker_service_pb2.LeaseVerdict.Value(f"LEASE_VERDICT_{v.name}") for v in LeaseVerdict}
CHECKPOINTS = {
    Checkpoint.NOTHING: worker_service_pb2.CHECKPOINT_UNSPECIFIED,
    Checkpoint.CREATING: worker_service_pb2.CHECKPOINT_CREATING,
    Checkpoint.CREATED: worker_service_pb2.CHECKPOINT_CREATED,
}
MEDIA_TYPES_BY_NUMBER = {int(number): kind for kind, number in MEDIA_TYPES.items()}
CHECKPOINTS_BY_NUMBER = {int(number): checkpoint for checkpoint, number in CHECKPOINTS.items()}

NO_METADATA = "{}"
TIMEOUT_S_MAX = 1e9  # Beyond the limit of every model.

JobResults = RepeatedCompositeFieldContainer[jobs_service_pb2.JobResult]


def job_request_of(item: jobs_service_pb2.CreateJobItem) -> JobRequest:
    return JobRequest(
        job_id=JobId(item.job_id),
        account_id=AccountId(item.account_id),
        media_type=MEDIA_TYPES_BY_NUMBER.get(item.media_type),
        model=item.model,
        prompt=item.prompt,
        options_json=item.options_json,
        traceparent=item.traceparent,
        client_ref=item.client_ref,
        metadata_json=item.metadata_json,
        timeout=timeout_of(item.timeout_s),
        key_id=item.key_id,
        idempotency_key=item.idempotency_key,
        webhook_url=item.webhook_url,
    )


def timeout_of(timeout_s: float) -> timedelta | None:
    """0 is none. Not every number is a time, and one that is none is refused by its item, not by the whole batch."""
    if timeout_s == 0:
        return None
    return timedelta(seconds=-1 if math.isnan(timeout_s) else max(-1.0, min(timeout_s, TIMEOUT_S_MAX)))


def add_job_results(
    messages: JobResults, results: Iterable[Job | Replayed | FlexuraError], retention: timedelta, outlook: Outlook
) -> None:
    """Fills each message where it is: a message that is put into another is copied, half the time of a read."""
    for result in results:
        message = messages.add()
        if isinstance(result, FlexuraError):
            message.error.CopyFrom(error_to_message(result))
        elif isinstance(result, Replayed):
            fill_job(message.job, result.job, retention, outlook)
            message.replayed = True
        else:
            fill_job(message.job, result, retention, outlook)


def job_to_message(job: Job, retention: timedelta, outlook: Outlook) -> job_pb2.Job:
    message = job_pb2.Job()
    fill_job(message, job, retention, outlook)
    return message


def fill_job(message: job_pb2.Job, job: Job, retention: timedelta, outlook: Outlook) -> None:
    message.job_id = job.job_id
    message.media_type = MEDIA_TYPES[job.media_type]
    message.state = STATES[job.state]
    message.prompt = job.prompt
    message.requested_model = job.requested_model
    message.model = job.model
    message.substituted = job.substituted
    message.options_json = job.options_json
    fill_timestamp(message.create_time, job.created_at)
    fill_timestamp(message.update_time, job.updated_at)
    if job.started_at is not None:
        fill_timestamp(message.start_time, job.started_at)
    if job.finished_at is not None:
        fill_timestamp(message.finish_time, job.finished_at)
        fill_timestamp(message.expire_time, job.finished_at + retention)
    else:
        position, eta_ms = outlook.of(job)
        if position is not None:
            message.queue_position = position
        if eta_ms is not None:
            message.eta_ms = eta_ms
    message.progress = job.progress
    message.attempt = job.attempt
    if job.client_ref:
        message.client_ref = job.client_ref
    if job.metadata_json != NO_METADATA:
        message.metadata_json = job.metadata_json
    if job.probable_duplicate_of is not None:
        message.probable_duplicate_of = job.probable_duplicate_of
    message.timeout_s = (job.deadline_at - job.created_at).total_seconds()
    fill_timestamp(message.deadline_time, job.deadline_at)
    fill_outcome(message, job)


def fill_outcome(message: job_pb2.Job, job: Job) -> None:
    """Adds what came of it."""
    if job.interpretation is not None:
        message.interpretation.CopyFrom(interpretation_to_message(job.interpretation))
    if job.asset is not None:
        message.asset.CopyFrom(asset_to_message(job.asset))
    if job.failure is not None:
        message.failure.CopyFrom(failure_to_message(job.failure))


def interpretation_to_message(interpretation: Interpretation) -> job_pb2.Interpretation:
    return job_pb2.Interpretation(understood=interpretation.understood, unknown=interpretation.unknown)


def interpretation_of(message: job_pb2.Interpretation) -> Interpretation:
    return Interpretation(tuple(message.understood), tuple(message.unknown))


def asset_to_message(asset: Asset) -> job_pb2.Asset:
    message = job_pb2.Asset(
        extension=asset.extension,
        content_type=asset.content_type,
        size_bytes=asset.size_bytes,
        sha256=asset.sha256,
        width=asset.width,
        height=asset.height,
        duration_s=asset.duration_s,
    )
    if asset.lost_at is not None:
        fill_timestamp(message.lost_time, asset.lost_at)
    return message


def asset_of(message: job_pb2.Asset) -> Asset:
    return Asset(
        message.extension,
        message.content_type,
        message.size_bytes,
        message.sha256,
        message.width,
        message.height,
        message.duration_s,
    )


def failure_to_message(failure: Failure) -> job_pb2.Failure:
    return job_pb2.Failure(reason=reason_to_proto(failure.reason), message=failure.message, retryable=failure.retryable)


def asset_result(result: StoredAsset | FlexuraError) -> jobs_service_pb2.ResolveAssetResult:
    if isinstance(result, FlexuraError):
        return jobs_service_pb2.ResolveAssetResult(error=error_to_message(result))
    stored = jobs_service_pb2.StoredAsset(
        object_key=result.object_key, asset=asset_to_message(result.asset), finish_time=to_timestamp(result.finished_at)
    )
    return jobs_service_pb2.ResolveAssetResult(stored_asset=stored)


def model_to_message(listing: Listing) -> jobs_service_pb2.Model:
    model = listing.model
    return jobs_service_pb2.Model(
        model=model.model,
        media_type=MEDIA_TYPES[model.media_type],
        description=model.description,
        status=STATUSES[listing.status],
        status_reason=listing.status_reason,
        is_default=listing.is_default,
        options_schema_json=orjson.dumps(model.options_schema).decode(),
        prompt_characters_max=model.prompt_characters_max,
        timeout_s=int(model.deadline.total_seconds()),
        attempt_timeout_s=int(model.timeout.total_seconds()),
        served_by=listing.served_by,
    )


def consumer_to_message(consumer: Consumer) -> worker_service_pb2.Consumer:
    return worker_service_pb2.Consumer(
        stream=consumer.stream,
        durable=consumer.durable,
        model=consumer.model,
        ack_wait=to_duration(consumer.ack_wait),
    )


def claim_result(result: Assignment | FlexuraError) -> worker_service_pb2.ClaimJobResult:
    if isinstance(result, FlexuraError):
        return worker_service_pb2.ClaimJobResult(error=error_to_message(result))
    job = result.claimed_job
    claimed_job = worker_service_pb2.ClaimedJob(
        job_id=job.job_id,
        lease_token=job.lease_token,
        attempt=job.attempt,
        media_type=MEDIA_TYPES[job.media_type],
        provider=result.provider,
        upstream_model=result.upstream_model,
        prompt=job.prompt,
        options_json=job.options_json,
        time_left=to_duration(result.time_left),
        checkpoint=CHECKPOINTS[job.checkpoint],
        upstream_ref=job.upstream_ref,
        traceparent=job.traceparent,
        time_to_deadline=to_duration(job.time_to_deadline),
    )
    return worker_service_pb2.ClaimJobResult(claimed_job=claimed_job)


def lease_of(job_id: str, lease_token: str) -> Lease:
    return Lease(JobId(job_id), LeaseToken(lease_token))


def renewal_of(item: worker_service_pb2.RenewLeaseItem) -> Renewal:
    progress = 0.0 if math.isnan(item.progress) else min(max(item.progress, 0.0), 1.0)
    return Renewal(lease_of(item.job_id, item.lease_token), progress)


def failure_report_of(request: worker_service_pb2.FailJobRequest) -> FailureReport:
    failure = Failure(reason_from_proto(request.reason), request.message, request.retryable)
    return FailureReport(lease_of(request.job_id, request.lease_token), failure)

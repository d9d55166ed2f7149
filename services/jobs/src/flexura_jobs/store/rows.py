"""Rows of the jobs table, and the domain's shapes made of them."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from flexura_jobs.domain.attempts import Attempt
from flexura_jobs.domain.events import ToldJob
from flexura_jobs.domain.jobs import (
    Asset,
    Checkpoint,
    ClaimedJob,
    Failure,
    Interpretation,
    Job,
    JobState,
    MediaType,
    Removal,
    StoredAsset,
)
from flexura_jobs.models import JOBS
from flexura_jobs.store.statements import DialectName, job_ids_table
from flexura_kit.errors import Reason
from flexura_kit.ids import AccountId, JobId, LeaseToken

ASSET_COLUMNS = (
    JOBS.c.asset_extension,
    JOBS.c.asset_content_type,
    JOBS.c.asset_size_bytes,
    JOBS.c.asset_sha256,
    JOBS.c.asset_width,
    JOBS.c.asset_height,
    JOBS.c.asset_duration_s,
)
JOB_COLUMNS = (
    JOBS.c.job_id,
    JOBS.c.account_id,
    JOBS.c.media_type,
    JOBS.c.state,
    JOBS.c.prompt,
    JOBS.c.requested_model,
    JOBS.c.model,
    JOBS.c.options,
    JOBS.c.created_at,
    JOBS.c.updated_at,
    JOBS.c.started_at,
    JOBS.c.finished_at,
    JOBS.c.progress,
    JOBS.c.attempt,
    JOBS.c.failure_reason,
    JOBS.c.failure_message,
    JOBS.c.failure_retryable,
    JOBS.c.client_ref,
    JOBS.c.metadata,
    JOBS.c.probable_duplicate_of,
    JOBS.c.deadline_at,
    JOBS.c.removal,
    JOBS.c.interpretation,
    JOBS.c.asset_lost_at,
    *ASSET_COLUMNS,
)
TOLD_COLUMNS = (
    JOBS.c.media_type,
    JOBS.c.model,
    JOBS.c.state,
    JOBS.c.finished_at,
    JOBS.c.removed_at,
    JOBS.c.client_ref,
    JOBS.c.metadata,
    *ASSET_COLUMNS,
    JOBS.c.failure_reason,
    JOBS.c.failure_message,
    JOBS.c.failure_retryable,
)
CLAIM_COLUMNS = (
    JOBS.c.job_id,
    JOBS.c.account_id,
    JOBS.c.lease_token,
    JOBS.c.attempt,
    JOBS.c.media_type,
    JOBS.c.model,
    JOBS.c.prompt,
    JOBS.c.options,
    JOBS.c.deadline_at,
    JOBS.c.updated_at,
    JOBS.c.checkpoint,
    JOBS.c.upstream_ref,
    JOBS.c.traceparent,
)
ATTEMPT_COLUMNS = (
    JOBS.c.job_id,
    JOBS.c.account_id,
    JOBS.c.model,
    JOBS.c.lease_token,
    JOBS.c.attempt,
    JOBS.c.attempts_failed,
    JOBS.c.checkpoint,
    JOBS.c.upstream_ref,
    JOBS.c.worker_faults,
    JOBS.c.worker_faults,
)

# Looked up, because an enum's own call costs more than the rest of a row.
MEDIA_TYPES = {kind.value: kind for kind in MediaType}
STATES = {state.value: state for state in JobState}


def jobs_by_id(dialect: DialectName) -> Select[Any]:
    asked = job_ids_table(dialect)
    return select(*JOB_COLUMNS).join_from(asked, JOBS, JOBS.c.job_id == asked.c.job_id)


def job_of(row: Any) -> Job:
    (
        job_id, account_id, media_type, state, prompt, requested_model, model, options, created_at, updated_at,
        started_at, finished_at, progress, attempt, failure_reason, failure_message, failure_retryable, client_ref,
        metadata_json, probable_duplicate_of, deadline_at, removal, interpretation, lost_at, *asset,
    ) = row  # fmt: skip
    return Job(
        job_id,
        account_id,
        MEDIA_TYPES[media_type],
        STATES[state],
        prompt,
        requested_model,
        model,
        requested_model != model,
        options,
        created_at,
        updated_at,
        started_at,
        finished_at,
        progress,
        attempt,
        client_ref,
        metadata_json,
        probable_duplicate_of,
        deadline_at,
        Asset(*(*asset, lost_at)) if asset[0] is not None else None,
        Failure(Reason(failure_reason), failure_message, failure_retryable) if failure_reason else None,
        Removal(removal) if removal else None,
        interpretation_of(interpretation) if interpretation else None,
    )


def interpretation_text(interpretation: Interpretation | None) -> str | None:
    if interpretation is None:
        return None
    return json.dumps([interpretation.understood, interpretation.unknown], ensure_ascii=False)


def interpretation_of(text: str) -> Interpretation:
    understood, unknown = json.loads(text)
    return Interpretation(tuple(understood), tuple(unknown))


def own(job: Job | None, account_id: AccountId) -> Job | None:
    return job if job is not None and job.account_id == account_id else None


def stored_asset_of(row: Any) -> StoredAsset:
    object_key, removal, finished_at, lost_at, *asset = row
    return StoredAsset(object_key, Asset(*(*asset, lost_at)), Removal(removal) if removal else None, finished_at)


def told_job_of(job_id: str, values: Sequence[Any]) -> ToldJob | None:
    """None where the columns were joined from no row."""
    return ToldJob(JobId(job_id), *values) if values[0] is not None else None


def claimed_job_of(row: Any) -> ClaimedJob:
    return ClaimedJob(
        job_id=JobId(row.job_id),
        lease_token=LeaseToken(row.lease_token),
        attempt=row.attempt,
        media_type=MEDIA_TYPES[row.media_type],
        model=row.model,
        prompt=row.prompt,
        options_json=row.options,
        # The row was updated at the database's own time, the one that counts for deadlines.
        time_to_deadline=row.deadline_at - row.updated_at,
        checkpoint=Checkpoint(row.checkpoint),
        upstream_ref=row.upstream_ref,
        traceparent=row.traceparent,
    )


def attempt_of(row: Any) -> Attempt:
    return Attempt(
        job_id=JobId(row.job_id),
        account_id=AccountId(row.account_id),
        model=row.model,
        lease_token=LeaseToken(row.lease_token),
        attempt=row.attempt,
        attempts_failed=row.attempts_failed,
        checkpoint=Checkpoint(row.checkpoint),
        upstream_ref=row.upstream_ref,
        worker_faults=row.worker_faults,
    )

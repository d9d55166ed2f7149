"""Jobs, what becomes of them, and the shapes in which the rooms hand them on."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from flexura_jobs.domain.request_keys import RequestKey
from flexura_kit.errors import Reason
from flexura_kit.ids import AccountId, JobId, LeaseToken, WorkerId


class MediaType(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


class JobState(StrEnum):
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class Removal(StrEnum):
    """Why a job is gone."""

    DELETED = "deleted"
    EXPIRED = "expired"


class Checkpoint(StrEnum):
    """How far the call to a provider is."""

    NOTHING = "nothing"
    CREATING = "creating"
    CREATED = "created"


@dataclass(frozen=True, slots=True)
class Asset:
    """What a job made."""

    extension: str
    content_type: str
    size_bytes: int
    sha256: str
    width: int
    height: int
    duration_s: float
    lost_at: datetime | None = None
    """Since when it is known that the object store does not have it any more."""


@dataclass(frozen=True, slots=True)
class StoredAsset:
    """An asset and its place in the object store."""

    object_key: str
    asset: Asset
    removal: Removal | None = None
    finished_at: datetime | None = field(default=None, compare=False)
    """When its job finished; no part of what it is."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed, in words that its owner may read."""

    reason: Reason
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What a provider that works by rules made of a prompt."""

    understood: tuple[str, ...]
    unknown: tuple[str, ...]
    """Words that decided nothing."""


class Job(NamedTuple):
    """A job as its owner sees it; a tuple, because a frozen class takes three times as long to make."""

    job_id: JobId
    account_id: AccountId
    media_type: MediaType
    state: JobState
    prompt: str
    requested_model: str
    model: str
    substituted: bool
    options_json: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: float
    attempt: int
    client_ref: str
    metadata_json: str
    probable_duplicate_of: JobId | None
    deadline_at: datetime
    asset: Asset | None
    failure: Failure | None
    removal: Removal | None = None
    interpretation: Interpretation | None = None


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job as it was asked for, unchecked."""

    job_id: JobId
    account_id: AccountId
    media_type: MediaType | None
    model: str
    prompt: str
    options_json: str
    traceparent: str
    client_ref: str = ""
    metadata_json: str = ""
    timeout: timedelta | None = None
    """From its acceptance to its end; the model's own limit where none is given."""
    key_id: str = ""
    idempotency_key: str = ""
    webhook_url: str = ""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that was checked and is about to be accepted."""

    job_id: JobId
    account_id: AccountId
    media_type: MediaType
    requested_model: str
    model: str
    prompt: str
    options_json: str
    deadline: timedelta
    traceparent: str
    client_ref: str = ""
    metadata_json: str = "{}"
    request_key: RequestKey | None = None
    webhook_url: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A wish to own a job, with the token that will prove it."""

    job_id: JobId
    worker_id: WorkerId
    lease_token: LeaseToken


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """Everything that is recorded of a job for the worker that has claimed it."""

    job_id: JobId
    lease_token: LeaseToken
    attempt: int
    media_type: MediaType
    model: str
    prompt: str
    options_json: str
    time_to_deadline: timedelta
    checkpoint: Checkpoint
    upstream_ref: str
    traceparent: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """A claimed job with all that its worker needs to do it."""

    claimed_job: ClaimedJob
    provider: str
    upstream_model: str
    time_left: timedelta


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim's proof, as it goes with every report."""

    job_id: JobId
    lease_token: LeaseToken


@dataclass(frozen=True, slots=True)
class Renewal:
    """A lease to be kept, and how far its attempt is."""

    lease: Lease
    progress: float


class LeaseVerdict(StrEnum):
    OK = "ok"
    CANCELED = "canceled"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class CheckpointReport:
    """How far an attempt's call to its provider is."""

    lease: Lease
    checkpoint: Checkpoint
    upstream_ref: str


@dataclass(frozen=True, slots=True)
class CompletionReport:
    """That an attempt ended well, and what it made."""

    lease: Lease
    stored_asset: StoredAsset
    interpretation: Interpretation | None = None


@dataclass(frozen=True, slots=True)
class FailureReport:
    """That an attempt failed, in the worker's words."""

    lease: Lease
    failure: Failure

"""What happened to jobs, as their owners are told it."""

from dataclasses import dataclass
from datetime import datetime

from flexura_jobs.domain.jobs import JobState
from flexura_kit.errors import Reason
from flexura_kit.ids import AccountId, JobId


@dataclass(frozen=True, slots=True)
class ToldJob:
    """What an event or a message says of its job."""

    job_id: JobId
    media_type: str
    model: str
    state: str
    finished_at: datetime | None
    removed_at: datetime | None
    client_ref: str
    metadata_json: str
    asset_extension: str | None
    asset_content_type: str | None
    asset_size_bytes: int | None
    asset_sha256: str | None
    asset_width: int | None
    asset_height: int | None
    asset_duration_s: float | None
    failure_reason: str | None
    failure_message: str | None
    failure_retryable: bool | None


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a job's state, by its number within the account."""

    sequence: int
    created_at: datetime
    job_id: JobId
    state: JobState
    attempt: int
    failure_reason: Reason | None
    job: ToldJob | None
    """The job as it is; None where it was forgotten."""


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Events as they were asked for, unchecked: those after a number, of one job where it is named."""

    account_id: AccountId
    after: int | None = None
    job_id: JobId | None = None
    page_size: int = 0


@dataclass(frozen=True, slots=True)
class EventSlice:
    """Events in order, and which numbers the account had at that moment."""

    events: list[Event]
    latest: int = 0
    oldest: int | None = None
    """None where no event is kept."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in order; nothing that was asked for lies between the last of them and `next_after`."""

    events: list[Event]
    next_after: int
    has_more: bool
    latest: int
    oldest: int | None

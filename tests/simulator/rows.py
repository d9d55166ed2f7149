"""Rows of the tables that the simulator plays: jobs, their events, and workers."""

from dataclasses import dataclass

from flexura_jobs.domain.attempts import Attempt
from flexura_jobs.domain.jobs import Checkpoint, Failure, Interpretation, JobState, NewJob, Removal, StoredAsset
from flexura_kit.ids import AccountId, JobId, LeaseToken, WorkerId

QUEUED, PROCESSING, COMPLETED, FAILED = JobState.QUEUED, JobState.PROCESSING, JobState.COMPLETED, JobState.FAILED


@dataclass(eq=False, slots=True)
class Row:
    """A job. Times are seconds on the clock of the database."""

    new: NewJob
    created_at: float
    deadline_at: float
    updated_at: float
    state: JobState = QUEUED
    progress: float = 0.0
    attempt: int = 0
    attempts_failed: int = 0
    worker_faults: int = 0
    checkpoint: Checkpoint = Checkpoint.NOTHING
    upstream_ref: str = ""
    lease_token: LeaseToken | None = None
    lease_expires_at: float | None = None
    worker_id: WorkerId | None = None
    dispatch_seq: int = 0
    dispatched_at: float | None = None
    stored: StoredAsset | None = None
    interpretation: Interpretation | None = None
    failure: Failure | None = None
    started_at: float | None = None
    finished_at: float | None = None
    probable_duplicate_of: JobId | None = None
    removal: Removal | None = None
    is_looked_through: bool = False
    """Nothing of it that is to go lies in the object store any more."""

    @property
    def is_unfinished(self) -> bool:
        return self.state is QUEUED or self.state is PROCESSING


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a job's state, numbered within its account; `cause` is for the checks and in no real table."""

    sequence: int
    account_id: AccountId
    job_id: JobId
    state: JobState
    attempt: int
    cause: str
    failure: Failure | None
    at: float


@dataclass(slots=True)
class Presence:
    """A worker as it announced itself last."""

    providers: frozenset[str]
    slots: int
    seen_at: float


def attempt_of(row: Row) -> Attempt:
    return Attempt(
        job_id=row.new.job_id,
        account_id=row.new.account_id,
        model=row.new.model,
        lease_token=row.lease_token or LeaseToken(""),
        attempt=row.attempt,
        attempts_failed=row.attempts_failed,
        checkpoint=row.checkpoint,
        upstream_ref=row.upstream_ref,
        worker_faults=row.worker_faults,
    )

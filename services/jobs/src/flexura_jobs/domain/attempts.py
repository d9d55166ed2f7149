"""What becomes of a job when an attempt ends without a result."""

from dataclasses import dataclass, replace
from datetime import timedelta

from flexura_jobs.domain.jobs import Checkpoint, Failure, JobState
from flexura_kit.errors import Reason
from flexura_kit.ids import AccountId, JobId, LeaseToken

# The provider has answered, so what it did is known, and a further attempt begins afresh. Whatever else ends an attempt
# leaves its call where it was: to be resumed by its name, or unknown where it has none yet.
ANSWERED_BY_PROVIDER = frozenset(
    {Reason.PROVIDER_FAILED, Reason.PROVIDER_REFUSED, Reason.PROVIDER_RETURNED_NOTHING},
)

WORKER_LOST = Failure(
    Reason.WORKER_LOST,
    "The worker that held the job vanished, and every attempt is used up. Submit it again.",
    retryable=True,
)
WORKER_FAULT = Failure(
    Reason.WORKER_FAULT,
    "The workers that took the job broke off with faults of their own each time, and every attempt is used up. Submit "
    "it again.",
    retryable=True,
)
OUTCOME_UNKNOWN = Failure(
    Reason.OUTCOME_UNKNOWN,
    "The job was lost while a paid call to the provider was under way; it was not repeated, because it may have been "
    "carried out. Submit it again if you accept that it may be paid for twice.",
    retryable=True,
)
DEADLINE_EXCEEDED = Failure(
    Reason.DEADLINE_EXCEEDED,
    "The job did not end within the time allowed for it, waiting included. Submit it again.",
    retryable=True,
)


@dataclass(frozen=True, slots=True)
class TimeSpent:
    """Where the time of a job went whose `timeout_s` is over."""

    allowed: timedelta
    waited: timedelta
    """Until its first attempt began."""
    worked: timedelta
    """Since then."""


def deadline_exceeded(spent: TimeSpent) -> Failure:
    allowed_s, waited_s, worked_s = (part.total_seconds() for part in (spent.allowed, spent.waited, spent.worked))
    went = (
        f"it waited {waited_s:.1f} s for a worker and {worked_s:.1f} s went by since its work began"
        if spent.worked
        else f"it waited {waited_s:.1f} s for a worker, and none began it"
    )
    sentence = (
        f"The job did not end within its timeout_s of {allowed_s:g} s, which counts from its acceptance: {went}. "
        "Submit it again, with a longer timeout_s where its model allows that."
    )
    return replace(DEADLINE_EXCEEDED, message=sentence)


CANCELED = Failure(Reason.CANCELED, "The job was cancelled by its owner.", retryable=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A running attempt, as far as it matters for what comes after it."""

    job_id: JobId
    account_id: AccountId
    model: str
    lease_token: LeaseToken
    attempt: int
    attempts_failed: int
    checkpoint: Checkpoint
    upstream_ref: str
    worker_faults: int = 0
    """How often workers handed the job back for faults of their own."""


@dataclass(frozen=True, slots=True)
class Move:
    """The state a job goes to, and what it takes with it."""

    state: JobState
    attempts_failed: int
    checkpoint: Checkpoint
    upstream_ref: str
    failure: Failure | None = None
    worker_faults: int = 0


@dataclass(frozen=True, slots=True)
class AttemptPolicy:
    """How many attempts a job has, and which models must not be called twice blindly."""

    attempts_max: int
    billed_models: frozenset[str]
    worker_faults_max: int = 20
    """Faults of workers that cost a job nothing."""

    def after_loss(self, attempt: Attempt) -> Move:
        """The lease ran out: whoever held it may be dead or may still be working."""
        return self._try_again(attempt, WORKER_LOST)

    def after_failure(self, attempt: Attempt, failure: Failure) -> Move:
        """The worker said what went wrong, and whether another attempt may do better."""
        if failure.reason not in ANSWERED_BY_PROVIDER:
            return self._try_again(attempt, failure)
        move = self._count(attempt, failure)
        return move if move.failure else replace(move, checkpoint=Checkpoint.NOTHING, upstream_ref="")

    def after_release(self, attempt: Attempt) -> Move:
        """The worker shuts down: this is nobody's fault and costs no attempt."""
        if self.outcome_is_unknown(attempt.model, attempt.checkpoint, attempt.upstream_ref):
            return ended(attempt, OUTCOME_UNKNOWN, attempt.attempts_failed)
        return queued_again(attempt, attempt.attempts_failed)

    def after_worker_fault(self, attempt: Attempt) -> Move:
        """The worker itself was at fault: no attempt is counted, until the job has met so many that it may be why."""
        counted = replace(attempt, worker_faults=attempt.worker_faults + 1)
        if counted.worker_faults > self.worker_faults_max:
            return self._try_again(counted, WORKER_FAULT)
        return self.after_release(counted)

    def at_deadline(
        self, model: str, checkpoint: Checkpoint, upstream_ref: str, spent: TimeSpent | None = None
    ) -> Failure:
        """What a job fails with whose time is up, waiting or in mid-work."""
        if self.outcome_is_unknown(model, checkpoint, upstream_ref):
            return OUTCOME_UNKNOWN
        return deadline_exceeded(spent) if spent else DEADLINE_EXCEEDED

    def outcome_is_unknown(self, model: str, checkpoint: Checkpoint, upstream_ref: str) -> bool:
        """Tells whether a call that costs money may have been carried out and cannot be asked for."""
        return model in self.billed_models and checkpoint is not Checkpoint.NOTHING and not upstream_ref

    def _try_again(self, attempt: Attempt, failure: Failure) -> Move:
        if self.outcome_is_unknown(attempt.model, attempt.checkpoint, attempt.upstream_ref):
            return ended(attempt, OUTCOME_UNKNOWN, attempt.attempts_failed + 1)
        return self._count(attempt, failure)

    def _count(self, attempt: Attempt, failure: Failure) -> Move:
        attempts_failed = attempt.attempts_failed + 1
        if not failure.retryable or attempts_failed >= self.attempts_max:
            return ended(attempt, failure, attempts_failed)
        return queued_again(attempt, attempts_failed)


def ended(attempt: Attempt, failure: Failure, attempts_failed: int) -> Move:
    return Move(
        JobState.FAILED, attempts_failed, attempt.checkpoint, attempt.upstream_ref, failure, attempt.worker_faults
    )


def queued_again(attempt: Attempt, attempts_failed: int) -> Move:
    # With a reference the next worker resumes the call; without one it begins anew.
    return Move(
        JobState.QUEUED,
        attempts_failed,
        attempt.checkpoint,
        attempt.upstream_ref,
        worker_faults=attempt.worker_faults,
    )

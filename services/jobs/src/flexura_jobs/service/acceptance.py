"""What is answered to a request for a job, in words."""

from flexura_jobs.domain.acceptance import Acceptance, KeyReused, QueueFull, Replayed
from flexura_jobs.domain.jobs import Job
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.ids import JobId

QUEUE_RETRY_MS = 5000  # By then some have begun, where the queue moves at all.


def answer_of(outcome: Acceptance, job_id: JobId) -> Job | Replayed | FlexuraError:
    match outcome:
        case None:
            return job_exists(job_id)
        case KeyReused(fields):
            return key_reused(fields)
        case QueueFull() if outcome.is_of_account:
            return own_queue_full(outcome)
        case QueueFull():
            return all_queues_full(outcome)
        case _:
            return outcome


def job_exists(job_id: JobId) -> FlexuraError:
    return FlexuraError(
        Kind.EXISTS, Reason.JOB_EXISTS, "the id is in use for another job; choose a new one", job_id=job_id
    )


def key_reused(fields: tuple[str, ...]) -> FlexuraError:
    names = ", ".join(fields)
    return FlexuraError(
        Kind.INVALID,
        Reason.IDEMPOTENCY_KEY_REUSED,
        f"the idempotency key was used for another request within 24 hours, which differs in {names}; "
        "send what was sent then, or a new key",
        [FieldViolation(field, f"{field} is not what was sent with this idempotency key before") for field in fields],
        fields=names,
    )


def own_queue_full(full: QueueFull) -> FlexuraError:
    return FlexuraError(
        Kind.LIMITED,
        Reason.QUEUE_LIMIT,
        f"the account has {full.queued} jobs queued, and at most {full.limit} may be; "
        "wait until some of them have begun, or cancel some",
        queued=str(full.queued),
        limit=str(full.limit),
        retry_after_ms=str(QUEUE_RETRY_MS),
    )


def all_queues_full(full: QueueFull) -> FlexuraError:
    return FlexuraError(
        Kind.BUSY,
        Reason.OVERLOADED,
        f"as many jobs are queued here as may be, {full.limit} of all accounts together; try again in a few seconds",
        limit=str(full.limit),
        retry_after_ms=str(QUEUE_RETRY_MS),
    )

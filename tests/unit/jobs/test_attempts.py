"""What becomes of a job when an attempt ends without a result."""

from dataclasses import replace
from datetime import timedelta

import pytest

from flexura_jobs.domain.attempts import OUTCOME_UNKNOWN, Attempt, AttemptPolicy, Move, TimeSpent
from flexura_jobs.domain.jobs import Checkpoint, Failure, JobState
from flexura_kit.errors import Reason
from flexura_kit.ids import AccountId, JobId, LeaseToken

POLICY = AttemptPolicy(attempts_max=3, billed_models=frozenset({"billed"}))
FREE = Attempt(JobId("j"), AccountId("a"), "free", LeaseToken("t"), 1, 0, Checkpoint.NOTHING, "")
BILLED = replace(FREE, model="billed")


def failure(reason: Reason, *, retryable: bool = True) -> Failure:
    return Failure(reason, "It went wrong.", retryable)


def test_a_lost_lease_counts_and_queues_the_job_again() -> None:
    move = POLICY.after_loss(FREE)
    assert (move.state, move.attempts_failed) == (JobState.QUEUED, 1)


def test_the_last_lost_lease_ends_the_job() -> None:
    move = POLICY.after_loss(replace(FREE, attempts_failed=2))
    assert move.state is JobState.FAILED
    assert move.failure is not None
    assert move.failure.reason is Reason.WORKER_LOST


def test_a_retryable_failure_is_repeated_until_the_attempts_are_used_up() -> None:
    crashed = failure(Reason.GENERATOR_CRASHED)
    moves = [POLICY.after_failure(replace(FREE, attempts_failed=n), crashed) for n in range(3)]
    assert [move.state for move in moves] == [JobState.QUEUED, JobState.QUEUED, JobState.FAILED]
    assert moves[-1].failure == crashed


def test_a_failure_that_is_not_retryable_ends_the_job_at_once() -> None:
    refused = failure(Reason.PROVIDER_REFUSED, retryable=False)
    move = POLICY.after_failure(FREE, refused)
    assert (move.state, move.failure) == (JobState.FAILED, refused)


def test_a_release_costs_no_attempt() -> None:
    move = POLICY.after_release(replace(FREE, attempts_failed=2))
    assert (move.state, move.attempts_failed) == (JobState.QUEUED, 2)


def test_a_fault_of_the_worker_costs_no_attempt_as_often_as_is_allowed() -> None:
    move = POLICY.after_worker_fault(replace(FREE, attempts_failed=2, worker_faults=POLICY.worker_faults_max - 1))
    assert (move.state, move.attempts_failed, move.worker_faults) == (JobState.QUEUED, 2, POLICY.worker_faults_max)


def test_a_job_that_breaks_every_worker_ends() -> None:
    attempt, runs = FREE, 0
    while True:
        move, runs = POLICY.after_worker_fault(attempt), runs + 1
        if move.state is JobState.FAILED:
            break
        attempt = replace(attempt, attempts_failed=move.attempts_failed, worker_faults=move.worker_faults)
    assert runs == POLICY.worker_faults_max + POLICY.attempts_max
    assert move.failure is not None
    assert move.failure.reason is Reason.WORKER_FAULT


def test_a_paid_call_of_unknown_outcome_is_not_made_again_for_a_fault_of_the_worker() -> None:
    creating = replace(BILLED, checkpoint=Checkpoint.CREATING)
    assert POLICY.after_worker_fault(creating).failure == OUTCOME_UNKNOWN


def test_a_deadline_says_what_was_allowed_and_where_the_time_went() -> None:
    queued = TimeSpent(timedelta(seconds=20), timedelta(seconds=20), timedelta(0))
    begun = TimeSpent(timedelta(seconds=20), timedelta(seconds=12.25), timedelta(seconds=7.75))
    told = [POLICY.at_deadline("free", Checkpoint.NOTHING, "", spent) for spent in (queued, begun)]
    assert {failure.reason for failure in told} == {Reason.DEADLINE_EXCEEDED}
    assert all("timeout_s of 20 s, which counts from its acceptance" in failure.message for failure in told)
    assert "waited 20.0 s for a worker, and none began it" in told[0].message
    assert "waited 12.2 s for a worker and 7.8 s went by since its work began" in told[1].message


def test_a_store_that_was_down_after_the_call_does_not_have_it_made_again() -> None:
    """The table below in its two plainest cells, without a rule that could be wrong in the same way."""
    not_stored = failure(Reason.SERVICE_UNAVAILABLE)
    creating = replace(BILLED, checkpoint=Checkpoint.CREATING)
    created = replace(BILLED, checkpoint=Checkpoint.CREATED, upstream_ref="call-7")
    assert POLICY.after_failure(creating, not_stored).failure == OUTCOME_UNKNOWN
    assert POLICY.after_failure(created, not_stored) == Move(JobState.QUEUED, 1, Checkpoint.CREATED, "call-7")


# Every way in which an attempt ends without a result.
ANSWERED = (Reason.PROVIDER_FAILED, Reason.PROVIDER_REFUSED, Reason.PROVIDER_RETURNED_NOTHING)
UNANSWERED = (
    Reason.GENERATOR_CRASHED,
    Reason.DEADLINE_EXCEEDED,
    Reason.SERVICE_UNAVAILABLE,
    Reason.OVERLOADED,
    Reason.INTERNAL,
)
CALLS = {
    "not made": (Checkpoint.NOTHING, ""),
    "being made": (Checkpoint.CREATING, ""),
    "made, without a name": (Checkpoint.CREATED, ""),
    "made": (Checkpoint.CREATED, "call-7"),
    "being made again": (Checkpoint.CREATING, "call-7"),
}
AFRESH = (JobState.QUEUED, Checkpoint.NOTHING, "", None)


def after(way: str | Reason, attempt: Attempt, *, retryable: bool) -> Move:
    if isinstance(way, Reason):
        return POLICY.after_failure(attempt, failure(way, retryable=retryable))
    return {"loss": POLICY.after_loss, "release": POLICY.after_release}[way](attempt)


def expected(
    way: str | Reason, attempt: Attempt, *, retryable: bool
) -> tuple[JobState, Checkpoint, str, Reason | None]:
    """The whole rule, in the words of the guarantee."""
    call = (attempt.checkpoint, attempt.upstream_ref)
    may_be_paid_for = attempt.model == "billed" and attempt.checkpoint is not Checkpoint.NOTHING
    if way not in ANSWERED and may_be_paid_for and not attempt.upstream_ref:
        return (JobState.FAILED, *call, Reason.OUTCOME_UNKNOWN)
    if isinstance(way, Reason) and not retryable:
        return (JobState.FAILED, *call, way)
    if way != "release" and attempt.attempts_failed == 2:
        return (JobState.FAILED, *call, way if isinstance(way, Reason) else Reason.WORKER_LOST)
    return AFRESH if way in ANSWERED else (JobState.QUEUED, *call, None)


@pytest.mark.parametrize("attempts_failed", [0, 2])
@pytest.mark.parametrize("retryable", [True, False], ids=["retryable", "final"])
@pytest.mark.parametrize("way", [*ANSWERED, *UNANSWERED, "loss", "release"])
@pytest.mark.parametrize("model", ["billed", "free"])
@pytest.mark.parametrize("call", CALLS)
def test_what_becomes_of_a_call_in_every_cell(
    call: str, model: str, way: str | Reason, attempts_failed: int, *, retryable: bool
) -> None:
    checkpoint, upstream_ref = CALLS[call]
    attempt = replace(
        FREE, model=model, checkpoint=checkpoint, upstream_ref=upstream_ref, attempts_failed=attempts_failed
    )
    move = after(way, attempt, retryable=retryable)
    found = (move.state, move.checkpoint, move.upstream_ref, move.failure.reason if move.failure else None)
    assert found == expected(way, attempt, retryable=retryable)
    assert move.attempts_failed == attempts_failed + (way != "release")


@pytest.mark.parametrize("model", ["billed", "free"])
@pytest.mark.parametrize("call", CALLS)
def test_what_a_job_fails_with_at_its_deadline_in_every_cell(call: str, model: str) -> None:
    is_unknown = model == "billed" and call in {"being made", "made, without a name"}
    reason = POLICY.at_deadline(model, *CALLS[call]).reason
    assert reason is (Reason.OUTCOME_UNKNOWN if is_unknown else Reason.DEADLINE_EXCEEDED)

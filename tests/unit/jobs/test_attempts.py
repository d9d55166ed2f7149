"""What becomes of a job when an attempt ends without a result."""

from dataclasses import replace

import pytest

from flexura_jobs.domain.attempts import Attempt, AttemptPolicy
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


@pytest.mark.parametrize("way", ["loss", "crash", "release"])
def test_a_billed_call_that_may_have_been_made_is_never_repeated(way: str) -> None:
    creating = replace(BILLED, checkpoint=Checkpoint.CREATING)
    move = {
        "loss": lambda: POLICY.after_loss(creating),
        "crash": lambda: POLICY.after_failure(creating, failure(Reason.GENERATOR_CRASHED)),
        "release": lambda: POLICY.after_release(creating),
    }[way]()
    assert move.state is JobState.FAILED
    assert move.failure is not None
    assert move.failure.reason is Reason.OUTCOME_UNKNOWN


def test_a_billed_call_that_the_provider_has_named_is_resumed() -> None:
    created = replace(BILLED, checkpoint=Checkpoint.CREATED, upstream_ref="call-7")
    for move in (POLICY.after_loss(created), POLICY.after_release(created)):
        assert (move.state, move.checkpoint, move.upstream_ref) == (JobState.QUEUED, Checkpoint.CREATED, "call-7")


def test_a_billed_call_that_the_provider_answered_with_an_error_is_made_anew() -> None:
    created = replace(BILLED, checkpoint=Checkpoint.CREATED, upstream_ref="call-7")
    for attempt in (created, replace(BILLED, checkpoint=Checkpoint.CREATING)):
        move = POLICY.after_failure(attempt, failure(Reason.PROVIDER_FAILED))
        assert (move.state, move.checkpoint, move.upstream_ref) == (JobState.QUEUED, Checkpoint.NOTHING, "")


def test_a_call_that_costs_nothing_is_repeated_whatever_was_under_way() -> None:
    move = POLICY.after_loss(replace(FREE, checkpoint=Checkpoint.CREATING))
    assert move.state is JobState.QUEUED

"""What must hold at the end of every seed, whatever went wrong in it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flexura_jobs.domain.jobs import JobState
from flexura_kit.errors import Reason
from simulator.faults import Fault
from simulator.rows import Event, Row
from simulator.workshop import Nature

if TYPE_CHECKING:
    from simulator.world import World

ATTEMPTS_MAX = 3
MOVES = {
    None: {JobState.QUEUED},
    JobState.QUEUED: {JobState.PROCESSING, JobState.FAILED},
    JobState.PROCESSING: {JobState.QUEUED, JobState.COMPLETED, JobState.FAILED},
    JobState.COMPLETED: set(),
    JobState.FAILED: set(),
}
COSTS_AN_ATTEMPT = {"failed", "lost"}
# Ends for which it does not matter how many attempts there were.
ENDS_AT_ONCE = {Reason.OUTCOME_UNKNOWN, Reason.DEADLINE_EXCEEDED, Reason.CANCELED}
ENDS_AT_FIRST = {Nature.REFUSED, Nature.EMPTY}
ENDS_OF = {
    Nature.POISON: {Reason.GENERATOR_CRASHED},
    Nature.REFUSED: {Reason.PROVIDER_REFUSED},
    Nature.EMPTY: {Reason.PROVIDER_RETURNED_NOTHING},
    Nature.HANGING: {Reason.DEADLINE_EXCEEDED},
}
# None of these loses a hint, or keeps one from being acknowledged or given back.
KEEPS_HINTS = {
    Fault.WORKER_STOP,
    Fault.PUBLISH_FAILED,
    Fault.HINT_DOUBLED,
    Fault.HINTS_REORDERED,
    Fault.WAKE_UP_LOST,
    Fault.UPLOAD_FAILED,
    Fault.UPLOAD_ANSWER_LOST,
    Fault.SPOOL_FULL,
    Fault.UPSTREAM_ANSWER_LOST,
}
# Faults of a worker, and such as no attempt meets: with nothing else, no attempt at a plain job fails.
COSTS_NOTHING = {
    Fault.SPOOL_FULL,
    Fault.HINT_DOUBLED,
    Fault.HINT_DELAYED,
    Fault.HINT_LOST,
    Fault.HINTS_REORDERED,
    Fault.PUBLISH_FAILED,
    Fault.PUBLISH_ANSWER_LOST,
    Fault.WAKE_UP_LOST,
}
# What faults, owners and deadlines may make of any job.
ENDS_OF_ANY = {
    Reason.WORKER_LOST,
    Reason.OUTCOME_UNKNOWN,
    Reason.DEADLINE_EXCEEDED,
    Reason.CANCELED,
    Reason.SERVICE_UNAVAILABLE,
}


def violations(world: "World") -> list[str]:
    """Answers a sentence for each thing that is wrong."""
    return [
        *every_accepted_job_ended(world),
        *every_event_is_numbered_and_follows(world),
        *every_result_is_the_one_reported(world),
        *every_report_that_was_taken_counts(world),
        *attempts_are_bounded(world),
        *a_fault_of_a_worker_costs_no_attempt(world),
        *no_hint_is_lost_unless_something_loses_it(world),
        *jobs_end_by_their_nature(world),
        *cancellations_hold(world),
        *what_was_deleted_is_gone(world),
        *one_request_is_one_job(world),
        *world.generators.violations,
        *world.watch.violations,
        *world.clients.refused,
        *world.loop.crashes,
    ]


def every_accepted_job_ended(world: "World") -> Iterator[str]:
    for job_id in world.clients.accepted - world.database.jobs.keys():
        yield f"{job_id}: it was accepted and is nowhere"
    for job_id, row in world.database.jobs.items():
        if row.is_unfinished:
            yield f"{job_id}: it is still {row.state} at the end, after {row.attempt} attempts"
    if world.clients.busy:
        yield f"{world.clients.busy} clients still wait for an answer"


def every_event_is_numbered_and_follows(world: "World") -> Iterator[str]:
    for account_id, events in world.database.events.items():
        if [event.sequence for event in events] != list(range(1, len(events) + 1)):
            yield f"{account_id}: its events are not numbered from 1 without a gap"
    for job_id, row in world.database.jobs.items():
        last: JobState | None = None
        for event in events_of(world, row):
            if event.state not in MOVES[last]:
                yield f"{job_id}: it went from {last} to {event.state}"
            last = event.state
        if last is not row.state:
            yield f"{job_id}: its last event says {last}, and it is {row.state}"


def every_result_is_the_one_reported(world: "World") -> Iterator[str]:
    for job_id, row in world.database.jobs.items():
        if row.state is not JobState.COMPLETED:
            continue
        content = world.store.objects.get(row.stored.object_key) if row.stored else None
        if row.removal is not None:
            continue
        if content is None:
            yield f"{job_id}: it is completed, and its object is not in the store"
        elif content.decode() != f"{job_id} {row.lease_token}":
            yield f"{job_id}: its object was made by {content.decode()}, not under its lease"


def every_report_that_was_taken_counts(world: "World") -> Iterator[str]:
    for job_id, object_key in world.network.completions:
        row = world.database.jobs[job_id]
        if row.state is not JobState.COMPLETED or row.stored is None or row.stored.object_key != object_key:
            yield f"{job_id}: a worker was told that its result counts, and it does not"


def attempts_are_bounded(world: "World") -> Iterator[str]:
    for job_id, row in world.database.jobs.items():
        failed = sum(event.cause in COSTS_AN_ATTEMPT for event in events_of(world, row))
        if failed > ATTEMPTS_MAX:
            yield f"{job_id}: {failed} of its attempts failed"
        failure = row.failure
        if failure and failure.retryable and failure.reason not in ENDS_AT_ONCE and failed != ATTEMPTS_MAX:
            yield f"{job_id}: it was given up as {failure.reason} after {failed} failed attempts"


def a_fault_of_a_worker_costs_no_attempt(world: "World") -> Iterator[str]:
    if not world.scenario.faults.kinds <= COSTS_NOTHING:
        return
    jobs = [job for job in world.scenario.jobs if job.nature is Nature.PLAIN and job.request.timeout is None]
    for job_id in sorted({job.job_id for job in jobs} & world.database.jobs.keys()):
        row = world.database.jobs[job_id]
        if any(event.cause in COSTS_AN_ATTEMPT for event in events_of(world, row)):
            yield f"{job_id}: it is plain, only workers were at fault, and it cost an attempt"


def no_hint_is_lost_unless_something_loses_it(world: "World") -> Iterator[str]:
    # The server does not count a hint that was given back among the undelivered, so that it passes for a lost one.
    can_be_told = world.scenario.faults.kinds <= KEEPS_HINTS and not world.broker.given_back
    if can_be_told and world.database.hints_given_up:
        yield f"{world.database.hints_given_up} hints were lost, and nothing had lost them"


def jobs_end_by_their_nature(world: "World") -> Iterator[str]:
    for planned in world.scenario.jobs:
        row = world.database.jobs.get(planned.job_id)
        if row is None or row.is_unfinished:
            continue
        ends = ENDS_OF.get(planned.nature, set())
        is_doomed = bool(ends)
        if planned.nature is Nature.FLAKY and world.scenario.faults.kinds:
            # Its one failure may come last, after two attempts that were lost.
            ends = {Reason.PROVIDER_FAILED}
        reason = row.failure.reason if row.failure else None
        if row.state is JobState.COMPLETED and is_doomed:
            yield f"{planned.job_id}: it is {planned.nature} and completed"
        if reason is not None and reason not in ends | ENDS_OF_ANY:
            yield f"{planned.job_id}: it is {planned.nature} and failed as {reason}"
        is_called_off = planned.cancel_at is not None or planned.delete_at is not None
        is_disturbed = world.scenario.faults.kinds or is_called_off or planned.request.timeout
        if reason is not None and reason not in ends and not is_disturbed:
            yield f"{planned.job_id}: it is {planned.nature}, nothing went wrong, and it failed as {reason}"
        if planned.nature in ENDS_AT_FIRST and world.tasks[planned.job_id].runs > 1 and not is_disturbed:
            yield f"{planned.job_id}: it is {planned.nature} and was tried again"
        if row.failure and events_of(world, row)[-1].cause == "overdue" and planned.request.timeout is None:
            yield f"{planned.job_id}: it ran into its deadline, which is an hour away"


def cancellations_hold(world: "World") -> Iterator[str]:
    for job_id, answered in world.clients.cancel_answers.items():
        row = world.database.jobs[job_id]
        if answered is not row.state:
            yield f"{job_id}: its cancellation was answered {answered}, and it is {row.state}"


def what_was_deleted_is_gone(world: "World") -> Iterator[str]:
    for job_id in world.clients.deleted:
        row = world.database.jobs.get(job_id)
        if row is None or row.removal is None:
            yield f"{job_id}: its deletion was answered, and it has no tombstone"
        elif not row.is_looked_through:
            yield f"{job_id}: it was deleted, and nobody has looked for its objects since"
        elif row.stored is not None and row.stored.object_key in world.store.objects:
            yield f"{job_id}: it was deleted, and its asset is there still"


def one_request_is_one_job(world: "World") -> Iterator[str]:
    for job_id in world.database.jobs.keys() - {planned.job_id for planned in world.scenario.jobs}:
        yield f"{job_id}: it is a second job of one request"


def events_of(world: "World", row: Row) -> list[Event]:
    return [event for event in world.database.events[row.new.account_id] if event.job_id == row.new.job_id]

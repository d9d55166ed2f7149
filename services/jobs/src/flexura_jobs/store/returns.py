"""Jobs that a worker gives back without a result: failed, or handed back on shutdown."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from flexura_jobs.domain.attempts import Attempt, AttemptPolicy, Move
from flexura_jobs.domain.jobs import FailureReport, JobState, Lease
from flexura_jobs.models import JOBS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.leases import holds_lease, is_same_lease, lease_row
from flexura_jobs.store.moves import Moves
from flexura_jobs.store.rows import ATTEMPT_COLUMNS, STATES, attempt_of
from flexura_jobs.store.statements import TEXT, DialectName, items, items_table


class Returns:
    """Judges attempts and moves their jobs; the same report again is answered again."""

    def __init__(self, dialect: DialectName) -> None:
        lease = items_table(dialect, job_id=TEXT, lease_token=TEXT)
        self._attempts = select(*ATTEMPT_COLUMNS).join_from(lease, JOBS, holds_lease(lease)).with_for_update(of=JOBS)
        self._same_lease = select(JOBS.c.job_id, JOBS.c.lease_token, JOBS.c.state).join_from(
            lease, JOBS, is_same_lease(lease)
        )
        self._moves = Moves(dialect)

    def move(
        self,
        connection: Connection,
        leases: Sequence[Lease],
        judge: Callable[[Attempt], Move],
        events: list[NewEvent],
    ) -> list[JobState | None]:
        """Answers where each job is after the report; None where the lease is not the current one."""
        parameters = items([lease_row(lease) for lease in leases])
        attempts = [attempt_of(row) for row in connection.execute(self._attempts, parameters)]
        judged = {attempt.job_id: (attempt, judge(attempt)) for attempt in attempts}
        moved = self._moves.run(connection, list(judged.values()), events, keeps_token=True)
        states: dict[tuple[str, str], JobState] = {}
        if len(moved) < len(leases):
            rows = connection.execute(self._same_lease, parameters)
            states = {(row.job_id, row.lease_token): STATES[row.state] for row in rows if was_given_back(row)}
        states |= {(a.job_id, a.lease_token): moved[a.job_id] for a, _ in judged.values() if a.job_id in moved}
        return [states.get((lease.job_id, lease.lease_token)) for lease in leases]


def was_given_back(row: Any) -> bool:
    return STATES[row.state] in {JobState.QUEUED, JobState.FAILED}


class FailureReturn:
    """Attempts that failed."""

    def __init__(self, dialect: DialectName, policy: AttemptPolicy) -> None:
        self._returns = Returns(dialect)
        self._policy = policy

    def run(
        self, connection: Connection, reports: Sequence[FailureReport], events: list[NewEvent]
    ) -> list[JobState | None]:
        failures = {report.lease: report.failure for report in reports}

        def judge(attempt: Attempt) -> Move:
            return self._policy.after_failure(attempt, failures[Lease(attempt.job_id, attempt.lease_token)])

        return self._returns.move(connection, [report.lease for report in reports], judge, events)


class Release:
    """Attempts that were handed back, on shutdown or for a fault of the worker."""

    def __init__(self, dialect: DialectName, policy: AttemptPolicy) -> None:
        self._returns = Returns(dialect)
        self._policy = policy

    def run(
        self, connection: Connection, releases: Sequence[tuple[Lease, bool]], events: list[NewEvent]
    ) -> list[JobState | None]:
        faulty = {lease for lease, is_worker_fault in releases if is_worker_fault}

        def judge(attempt: Attempt) -> Move:
            if Lease(attempt.job_id, attempt.lease_token) in faulty:
                return self._policy.after_worker_fault(attempt)
            return self._policy.after_release(attempt)

        return self._returns.move(connection, [lease for lease, _ in releases], judge, events)

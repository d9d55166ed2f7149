"""What time alone brings about: leases that run out, deadlines that pass, workers that fall silent."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from flexura_jobs.domain.attempts import AttemptPolicy, TimeSpent
from flexura_jobs.domain.jobs import Checkpoint, JobState
from flexura_jobs.models import JOBS, WORKERS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.moves import Moves, failure_columns
from flexura_jobs.store.rows import ATTEMPT_COLUMNS, attempt_of
from flexura_jobs.store.statements import (
    BOOLEAN,
    FAILED,
    INTEGER,
    IS_PROCESSING,
    IS_UNFINISHED,
    NOW,
    TEXT,
    DialectName,
    items,
    items_table,
    time_in,
)


class LostLeases:
    """Takes jobs from workers that have not renewed their lease."""

    def __init__(self, dialect: DialectName, policy: AttemptPolicy) -> None:
        self._policy = policy
        self._moves = Moves(dialect)
        self._attempts = (
            select(*ATTEMPT_COLUMNS)
            .where(IS_PROCESSING, JOBS.c.lease_expires_at <= NOW)
            .order_by(JOBS.c.lease_expires_at)
            .limit(bindparam("limit_", type_=INTEGER))
            .with_for_update(of=JOBS, skip_locked=True)
        )

    def run(self, connection: Connection, limits: Sequence[int], events: list[NewEvent]) -> list[int]:
        attempts = [attempt_of(row) for row in connection.execute(self._attempts, {"limit_": max(limits)})]
        judged = [(attempt, self._policy.after_loss(attempt)) for attempt in attempts]
        # The token goes: whoever held it must not take a late report for accepted.
        moved = self._moves.run(connection, judged, events, keeps_token=False)
        return [len(moved) for _ in limits]


class Overdue:
    """Ends jobs whose time is up, waiting or not."""

    def __init__(self, dialect: DialectName, policy: AttemptPolicy) -> None:
        self._policy = policy
        self._overdue = (
            select(
                JOBS.c.job_id,
                JOBS.c.model,
                JOBS.c.checkpoint,
                JOBS.c.upstream_ref,
                JOBS.c.created_at,
                JOBS.c.started_at,
                JOBS.c.deadline_at,
            )
            .where(IS_UNFINISHED, JOBS.c.deadline_at <= NOW)
            .limit(bindparam("limit_", type_=INTEGER))
            .with_for_update(of=JOBS, skip_locked=True)
        )
        columns = dict.fromkeys(("job_id", "failure_reason", "failure_message"), TEXT)
        end = items_table(dialect, **columns, failure_retryable=BOOLEAN)
        self._update = (
            update(JOBS)
            .where(JOBS.c.job_id == end.c.job_id, IS_UNFINISHED)
            .values(
                state=FAILED,
                failure_reason=end.c.failure_reason,
                failure_message=end.c.failure_message,
                failure_retryable=end.c.failure_retryable,
                lease_token=None,
                lease_expires_at=None,
                dispatched_at=None,
                updated_at=NOW,
                finished_at=NOW,
            )
            .returning(JOBS.c.account_id, JOBS.c.job_id, JOBS.c.attempt)
        )

    def run(self, connection: Connection, limits: Sequence[int], events: list[NewEvent]) -> list[int]:
        failures = {
            row.job_id: self._policy.at_deadline(
                row.model, Checkpoint(row.checkpoint), row.upstream_ref, time_spent(row)
            )
            for row in connection.execute(self._overdue, {"limit_": max(limits)})
        }
        if not failures:
            return [0 for _ in limits]
        rows = [{"job_id": job_id, **failure_columns(failure)} for job_id, failure in failures.items()]
        ended = connection.execute(self._update, items(rows)).all()
        events += [
            NewEvent(account_id, job_id, JobState.FAILED, attempt, failures[job_id])
            for account_id, job_id, attempt in ended
        ]
        return [len(ended) for _ in limits]


def time_spent(row: Any) -> TimeSpent:
    began_at = row.started_at or row.deadline_at
    return TimeSpent(row.deadline_at - row.created_at, began_at - row.created_at, row.deadline_at - began_at)


class ForgettingWorkers:
    """Removes workers that have not been heard of."""

    def __init__(self, gone_after: timedelta) -> None:
        self._delete = (
            delete(WORKERS)
            .where(WORKERS.c.seen_at <= time_in(-gone_after.total_seconds()))
            .returning(WORKERS.c.worker_id)
        )

    def run(self, connection: Connection, asked: Sequence[None], _events: list[NewEvent]) -> list[int]:
        gone = connection.execute(self._delete).all()
        return [len(gone) for _ in asked]

"""What time alone brings about: leases that run out, deadlines that pass, workers that fall silent."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, bindparam, delete, select, update

from flexura_jobs.domain.attempts import DEADLINE_EXCEEDED, AttemptPolicy
from flexura_jobs.domain.jobs import JobState
from flexura_jobs.models import JOBS, WORKERS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.moves import Moves
from flexura_jobs.store.rows import ATTEMPT_COLUMNS, attempt_of
from flexura_jobs.store.statements import (
    FAILED,
    INTEGER,
    IS_PROCESSING,
    IS_UNFINISHED,
    NOW,
    DialectName,
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

    def __init__(self) -> None:
        overdue = (
            select(JOBS.c.job_id)
            .where(IS_UNFINISHED, JOBS.c.deadline_at <= NOW)
            .limit(bindparam("limit_", type_=INTEGER))
            .with_for_update(skip_locked=True)
        )
        self._update = (
            update(JOBS)
            .where(JOBS.c.job_id.in_(overdue.scalar_subquery()), IS_UNFINISHED)
            .values(
                state=FAILED,
                failure_reason=DEADLINE_EXCEEDED.reason.value,
                failure_message=DEADLINE_EXCEEDED.message,
                failure_retryable=DEADLINE_EXCEEDED.retryable,
                lease_token=None,
                lease_expires_at=None,
                dispatched_at=None,
                updated_at=NOW,
                finished_at=NOW,
            )
            .returning(JOBS.c.account_id, JOBS.c.job_id, JOBS.c.attempt)
        )

    def run(self, connection: Connection, limits: Sequence[int], events: list[NewEvent]) -> list[int]:
        rows = connection.execute(self._update, {"limit_": max(limits)}).all()
        events += [
            NewEvent(account_id, job_id, JobState.FAILED, attempt, DEADLINE_EXCEEDED)
            for account_id, job_id, attempt in rows
        ]
        return [len(rows) for _ in limits]


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

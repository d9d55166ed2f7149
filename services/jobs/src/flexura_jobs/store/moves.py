"""The one statement that ends an attempt without a result."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case, null, update

from flexura_jobs.domain.attempts import Attempt, Move
from flexura_jobs.domain.jobs import Failure, JobState
from flexura_jobs.models import JOBS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.statements import (
    BOOLEAN,
    FAILED,
    INTEGER,
    IS_PROCESSING,
    NOW,
    TEXT,
    DialectName,
    items,
    items_table,
)


class Moves:
    """Moves jobs out of PROCESSING, each only while the attempt that was judged is still the one that runs."""

    def __init__(self, dialect: DialectName) -> None:
        names = (
            "job_id", "lease_token", "kept_token", "state", "checkpoint", "upstream_ref", "failure_reason",
            "failure_message",
        )  # fmt: skip
        move = items_table(
            dialect,
            **dict.fromkeys(names, TEXT),
            failure_retryable=BOOLEAN,
            attempts_failed=INTEGER,
            worker_faults=INTEGER,
        )
        is_failed = move.c.state == FAILED
        self._update = (
            update(JOBS)
            .where(JOBS.c.job_id == move.c.job_id, JOBS.c.lease_token == move.c.lease_token, IS_PROCESSING)
            .values(
                state=move.c.state,
                attempts_failed=move.c.attempts_failed,
                worker_faults=move.c.worker_faults,
                checkpoint=move.c.checkpoint,
                upstream_ref=move.c.upstream_ref,
                failure_reason=move.c.failure_reason,
                failure_message=move.c.failure_message,
                failure_retryable=move.c.failure_retryable,
                lease_token=move.c.kept_token,
                lease_expires_at=None,
                dispatched_at=None,
                progress=case((is_failed, JOBS.c.progress), else_=0.0),
                updated_at=NOW,
                finished_at=case((is_failed, NOW), else_=null()),
            )
            .returning(JOBS.c.job_id)
        )

    def run(
        self,
        connection: Connection,
        moves: Sequence[tuple[Attempt, Move]],
        events: list[NewEvent],
        *,
        keeps_token: bool,
    ) -> dict[str, JobState]:
        """Answers where the moved jobs are. A kept token lets a repeated report be answered like the first."""
        if not moves:
            return {}
        rows = [move_row(attempt, move, keeps_token=keeps_token) for attempt, move in moves]
        moved = {row.job_id for row in connection.execute(self._update, items(rows))}
        done = [(attempt, move) for attempt, move in moves if attempt.job_id in moved]
        events += [
            NewEvent(attempt.account_id, attempt.job_id, move.state, attempt.attempt, move.failure)
            for attempt, move in done
        ]
        return {attempt.job_id: move.state for attempt, move in done}


def move_row(attempt: Attempt, move: Move, *, keeps_token: bool) -> dict[str, Any]:
    return {
        "job_id": attempt.job_id,
        "lease_token": attempt.lease_token,
        "kept_token": attempt.lease_token if keeps_token else None,
        "state": move.state.value,
        "checkpoint": move.checkpoint.value,
        "upstream_ref": move.upstream_ref,
        "attempts_failed": move.attempts_failed,
        "worker_faults": move.worker_faults,
        **failure_columns(move.failure),
    }


def failure_columns(failure: Failure | None) -> dict[str, Any]:
    return {
        "failure_reason": failure.reason.value if failure else None,
        "failure_message": failure.message if failure else None,
        "failure_retryable": failure.retryable if failure else None,
    }

"""Which jobs have a hint under way, in the database: it is numbered here before it is sent."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, bindparam, select, update

from flexura_jobs.domain.queue import Hint
from flexura_jobs.models import JOBS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.rows import MEDIA_TYPES
from flexura_jobs.store.statements import (
    DOUBLE,
    INTEGER,
    IS_HINTED,
    IS_WAITING,
    NOW,
    TEXT,
    DialectName,
    items,
    items_table,
    time_in,
)
from flexura_kit.ids import JobId


class Dispatch:
    """Numbers a hint for each job that still waits for one."""

    def __init__(self, dialect: DialectName) -> None:
        chosen = items_table(dialect, job_id=TEXT)
        self._update = (
            update(JOBS)
            .where(JOBS.c.job_id == chosen.c.job_id, IS_WAITING)
            # Counted before it is sent: the stream drops a repeated message id without a word.
            .values(dispatch_seq=JOBS.c.dispatch_seq + 1, dispatched_at=NOW)
            .returning(
                JOBS.c.job_id,
                JOBS.c.media_type,
                JOBS.c.model,
                JOBS.c.dispatch_seq,
                JOBS.c.traceparent,
                JOBS.c.updated_at,
                JOBS.c.dispatched_at,
            )
        )

    def run(self, connection: Connection, job_ids: Sequence[JobId], _events: list[NewEvent]) -> list[Hint | None]:
        hints = {}
        for row in connection.execute(self._update, items([{"job_id": job_id} for job_id in job_ids])):
            job_id, media_type, model, dispatch_seq, traceparent, queued_at, dispatched_at = row
            waited = dispatched_at - queued_at
            hints[job_id] = Hint(job_id, MEDIA_TYPES[media_type], model, dispatch_seq, traceparent, waited)
        # Popped, so that of two callers one sends it.
        return [hints.pop(job_id, None) for job_id in job_ids]


class TakingBack:
    """Lets jobs wait again whose hint could not be sent."""

    def __init__(self, dialect: DialectName) -> None:
        unsent = items_table(dialect, job_id=TEXT, dispatch_seq=INTEGER)
        self._update = (
            update(JOBS)
            .where(JOBS.c.job_id == unsent.c.job_id, JOBS.c.dispatch_seq == unsent.c.dispatch_seq, IS_HINTED)
            .values(dispatched_at=None)
        )

    def run(self, connection: Connection, hints: Sequence[Hint], _events: list[NewEvent]) -> list[None]:
        rows = [{"job_id": hint.job_id, "dispatch_seq": hint.dispatch_seq} for hint in hints]
        connection.execute(self._update, items(rows))
        return [None for _ in hints]


class TakingBackOldest:
    """Lets the jobs wait again whose hints are lost: the oldest ones, because the stream delivers in order."""

    def __init__(self) -> None:
        oldest = (
            select(JOBS.c.job_id)
            .where(
                IS_HINTED,
                JOBS.c.model == bindparam("model_", type_=TEXT),
                JOBS.c.dispatched_at < time_in(-bindparam("age_s", type_=DOUBLE)),
            )
            .order_by(JOBS.c.dispatched_at)
            .limit(bindparam("count_", type_=INTEGER))
        )
        self._update = (
            update(JOBS)
            .where(JOBS.c.job_id.in_(oldest.scalar_subquery()), IS_HINTED)
            .values(dispatched_at=None)
            .returning(JOBS.c.job_id)
        )

    def run(
        self, connection: Connection, asked: Sequence[tuple[str, timedelta, int]], _events: list[NewEvent]
    ) -> list[int]:
        taken = []
        for model, age, count in asked:
            parameters = {"model_": model, "age_s": age.total_seconds(), "count_": count}
            taken.append(len(connection.execute(self._update, parameters).all()))
        return taken

"""Ended jobs whose objects are to be looked through, each once after its end and once after its removal."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, case, func, null, select, update

from flexura_jobs.domain.jobs import Removal
from flexura_jobs.domain.retention import Leftovers
from flexura_jobs.models import JOBS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.statements import (
    COMPLETED,
    FAILED,
    NO_TEXT,
    NOW,
    ONE,
    TEXT,
    DialectName,
    items,
    items_table,
    time_in,
)
from flexura_jobs.store.writer import Writer
from flexura_kit.db import Transactions
from flexura_kit.ids import JobId

COLUMNS = (JOBS.c.job_id, JOBS.c.asset_key, JOBS.c.removal)

# As the index ix_jobs_leftovers has it. A job that completed at its first attempt has one object, and that is kept.
MAY_HAVE_LEFTOVERS = (
    JOBS.c.finished_at.is_not(None)
    & JOBS.c.object_removed_at.is_(None)
    & (JOBS.c.removed_at.is_not(None) | (JOBS.c.attempt > ONE) | ((JOBS.c.state == FAILED) & (JOBS.c.attempt == ONE)))
)


class SQLLeftoverStore:
    """Waits for `settling` where an attempt that nobody waits for any more may be at its upload still."""

    def __init__(self, transactions: Transactions, writer: Writer, settling: timedelta) -> None:
        self._transactions = transactions
        self._writer = writer
        has_settled = JOBS.c.finished_at <= time_in(-settling.total_seconds())
        had_one_attempt = (JOBS.c.state == COMPLETED) & (JOBS.c.attempt == ONE)
        self._leftovers = (
            select(*COLUMNS).where(MAY_HAVE_LEFTOVERS, has_settled | had_one_attempt).order_by(JOBS.c.finished_at)
        )
        asked = items_table(transactions.dialect, job_id=TEXT)
        self._reread = select(*COLUMNS).join_from(asked, JOBS, JOBS.c.job_id == asked.c.job_id)
        self._note_removed = NotingRemoved(transactions.dialect)

    async def leftovers(self, count_max: int) -> list[Leftovers]:
        found = self._leftovers.limit(count_max)
        rows = await self._transactions.read(lambda connection: connection.execute(found).all())
        return [leftovers_of(row) for row in rows]

    async def reread(self, job_ids: Sequence[JobId]) -> list[Leftovers]:
        parameters = items([{"job_id": job_id} for job_id in job_ids])
        return [leftovers_of(row) for row in await self._transactions.look_up(self._reread, parameters)]

    async def note_removed(self, done: Sequence[Leftovers]) -> None:
        await self._writer.write(self._note_removed, done)


class NotingRemoved:
    """A job that was removed since it was read keeps its place: more of it is to go."""

    def __init__(self, dialect: DialectName) -> None:
        done = items_table(dialect, job_id=TEXT, removal=TEXT)
        self._update = (
            update(JOBS)
            .where(JOBS.c.job_id == done.c.job_id, func.coalesce(JOBS.c.removal, NO_TEXT) == done.c.removal)
            .values(
                object_removed_at=NOW,
                # Not by the tombstone: the message that tells of the cancellation is still to be addressed then.
                webhook_url=case((JOBS.c.removed_at.is_(None), JOBS.c.webhook_url), else_=null()),
            )
        )

    def run(self, connection: Connection, done: Sequence[Leftovers], _events: list[NewEvent]) -> list[None]:
        rows = [{"job_id": job.job_id, "removal": job.removal.value if job.removal else ""} for job in done]
        connection.execute(self._update, items(rows))
        return [None for _ in done]


def leftovers_of(row: Any) -> Leftovers:
    return Leftovers(JobId(row.job_id), row.asset_key, Removal(row.removal) if row.removal else None)

"""Jobs as their owners see them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from flexura_jobs.domain.attempts import CANCELED
from flexura_jobs.domain.jobs import Job, JobState, NewJob, StoredAsset
from flexura_jobs.models import JOBS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.rows import ASSET_COLUMNS, JOB_COLUMNS, job_of, stored_asset_of
from flexura_jobs.store.statements import (
    COMPLETED,
    DOUBLE,
    FAILED,
    IS_UNFINISHED,
    NOW,
    QUEUED,
    TEXT,
    DialectName,
    items,
    items_table,
    time_in,
)
from flexura_jobs.store.writer import Writer
from flexura_kit.db import Transactions
from flexura_kit.ids import AccountId, JobId


class SQLJobStore:
    def __init__(self, transactions: Transactions, writer: Writer) -> None:
        self._transactions = transactions
        self._writer = writer
        self._create = Creation(transactions.dialect)
        self._cancel = Cancellation(transactions.dialect)
        self._get = jobs_by_id(transactions.dialect)
        asked = items_table(transactions.dialect, job_id=TEXT)
        self._stored_assets = (
            select(JOBS.c.job_id, JOBS.c.asset_key, JOBS.c.removal, *ASSET_COLUMNS)
            .join_from(asked, JOBS, JOBS.c.job_id == asked.c.job_id)
            .where(JOBS.c.state == COMPLETED)
        )

    async def create(self, jobs: Sequence[NewJob]) -> Sequence[Job | None]:
        return await self._writer.write(self._create, jobs)

    async def get(self, job_ids: Sequence[JobId]) -> dict[JobId, Job]:
        rows = await self._read(self._get, job_ids)
        return {row[0]: job_of(row) for row in rows}

    async def cancel(self, account_id: AccountId, job_id: JobId) -> Job | None:
        (job,) = await self._writer.write(self._cancel, [(account_id, job_id)])
        return job

    async def stored_assets(self, job_ids: Sequence[JobId]) -> dict[JobId, StoredAsset]:
        rows = await self._read(self._stored_assets, job_ids)
        return {row[0]: stored_asset_of(row[1:]) for row in rows}

    async def _read(self, statement: Select[Any], job_ids: Sequence[JobId]) -> Sequence[Any]:
        return await self._transactions.look_up(statement, items([{"job_id": job_id} for job_id in job_ids]))


def jobs_by_id(dialect: DialectName) -> Select[Any]:
    asked = items_table(dialect, job_id=TEXT)
    return select(*JOB_COLUMNS).join_from(asked, JOBS, JOBS.c.job_id == asked.c.job_id)


class Creation:
    """Inserts jobs; an id that is taken already changes nothing and is answered as it is."""

    def __init__(self, dialect: DialectName) -> None:
        names = (
            "job_id", "account_id", "media_type", "requested_model", "model", "prompt", "options", "traceparent",
            "client_ref", "metadata",
        )  # fmt: skip
        new = items_table(dialect, **dict.fromkeys(names, TEXT), deadline_s=DOUBLE)
        values = [*(new.c[name] for name in names), QUEUED, NOW, NOW, time_in(new.c.deadline_s)]
        columns = [*names, "state", "created_at", "updated_at", "deadline_at"]
        self._insert = (
            (postgresql if dialect == "postgresql" else sqlite)
            .insert(JOBS)
            .from_select(columns, select(*values).where(true()))
            .on_conflict_do_nothing(index_elements=[JOBS.c.job_id])
            .returning(*JOB_COLUMNS)
        )
        self._get = jobs_by_id(dialect)

    def run(self, connection: Connection, jobs: Sequence[NewJob], events: list[NewEvent]) -> list[Job | None]:
        inserted = connection.execute(self._insert, items([new_row(job) for job in jobs]))
        found = {row[0]: job_of(row) for row in inserted}
        events += [NewEvent(job.account_id, job.job_id, JobState.QUEUED, 0) for job in found.values()]
        taken = [job.job_id for job in jobs if job.job_id not in found]
        if taken:
            existing = connection.execute(self._get, items([{"job_id": job_id} for job_id in taken]))
            found |= {row[0]: job_of(row) for row in existing}
        return [own(found.get(job.job_id), job.account_id) for job in jobs]


def new_row(job: NewJob) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "account_id": job.account_id,
        "media_type": job.media_type.value,
        "requested_model": job.requested_model,
        "model": job.model,
        "prompt": job.prompt,
        "options": job.options_json,
        "traceparent": job.traceparent,
        "client_ref": job.client_ref,
        "metadata": job.metadata_json,
        "deadline_s": job.deadline.total_seconds(),
    }


def own(job: Job | None, account_id: AccountId) -> Job | None:
    return job if job is not None and job.account_id == account_id else None


class Cancellation:
    """Fails jobs that have not finished; the lease's token stays, so that its worker can be told why it lost it."""

    def __init__(self, dialect: DialectName) -> None:
        asked = items_table(dialect, job_id=TEXT, account_id=TEXT)
        is_asked = (JOBS.c.job_id == asked.c.job_id) & (JOBS.c.account_id == asked.c.account_id)
        self._update = (
            update(JOBS)
            .where(is_asked, IS_UNFINISHED)
            .values(
                state=FAILED,
                failure_reason=CANCELED.reason.value,
                failure_message=CANCELED.message,
                failure_retryable=CANCELED.retryable,
                lease_expires_at=None,
                dispatched_at=None,
                updated_at=NOW,
                finished_at=NOW,
            )
            .returning(*JOB_COLUMNS)
        )
        self._get = select(*JOB_COLUMNS).join_from(asked, JOBS, is_asked)

    def run(
        self, connection: Connection, asked: Sequence[tuple[AccountId, JobId]], events: list[NewEvent]
    ) -> list[Job | None]:
        parameters = items([{"account_id": account_id, "job_id": job_id} for account_id, job_id in asked])
        canceled = [job_of(row) for row in connection.execute(self._update, parameters)]
        events += [NewEvent(job.account_id, job.job_id, job.state, job.attempt, job.failure) for job in canceled]
        jobs = {row[0]: job_of(row) for row in connection.execute(self._get, parameters)}
        return [own(jobs.get(job_id), account_id) for account_id, job_id in asked]

"""Jobs as their owners see them."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, Select, select, update

from flexura_jobs.domain.acceptance import Acceptance, KeyReused, Replayed
from flexura_jobs.domain.attempts import CANCELED
from flexura_jobs.domain.jobs import Job, NewJob, StoredAsset
from flexura_jobs.domain.request_keys import RequestKey
from flexura_jobs.models import JOBS
from flexura_jobs.store.acceptance import Creation, Keyed, QueueRoom
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.rows import ASSET_COLUMNS, JOB_COLUMNS, job_of, jobs_by_id, own, stored_asset_of
from flexura_jobs.store.statements import (
    COMPLETED,
    FAILED,
    IS_UNFINISHED,
    NOW,
    TEXT,
    DialectName,
    items,
    items_table,
    job_ids_parameter,
    job_ids_table,
)
from flexura_jobs.store.writer import Writer
from flexura_kit.db import Transactions
from flexura_kit.ids import AccountId, JobId

NO_JOB = JobId("")  # That a key is to stand for, where it is only asked after.


class SQLJobStore:
    def __init__(self, transactions: Transactions, writer: Writer, room: QueueRoom) -> None:
        self._transactions = transactions
        self._writer = writer
        self._create = Creation(transactions.dialect, room)
        self._cancel = Cancellation(transactions.dialect)
        self._get = jobs_by_id(transactions.dialect)
        asked = job_ids_table(transactions.dialect)
        self._stored_assets = (
            select(JOBS.c.job_id, JOBS.c.asset_key, JOBS.c.removal, JOBS.c.finished_at, JOBS.c.asset_lost_at)
            .add_columns(*ASSET_COLUMNS)
            .join_from(asked, JOBS, JOBS.c.job_id == asked.c.job_id)
            .where(JOBS.c.state == COMPLETED)
        )

    async def create(self, jobs: Sequence[NewJob]) -> Sequence[Acceptance]:
        return await self._writer.write(self._create, jobs)

    async def recall(self, asked: Sequence[tuple[AccountId, RequestKey]]) -> Sequence[Replayed | KeyReused | None]:
        requests = [Keyed(account_id, key, NO_JOB) for account_id, key in asked]
        return await self._transactions.read(partial(self._create.recall, asked=requests))

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
        return await self._transactions.look_up(statement, job_ids_parameter(job_ids))


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

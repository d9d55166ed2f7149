"""Removed jobs in memory: the tombstones that owners leave, and the objects that are to go with them."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from flexura_jobs.domain.jobs import JobState, Removal
from flexura_jobs.domain.retention import Leftovers
from flexura_kit.ids import AccountId, JobId
from simulator.database import Database
from simulator.rows import Row
from simulator.stores import Connection
from simulator.workshop import ObjectStore

LATENCY_S = 0.005


class SimulatedRemovalStore:
    """What owners remove. What time removes takes days, and a seed lasts seconds."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._run = connection

    async def delete(self, account_id: AccountId, job_id: JobId) -> bool:
        return await self._run(lambda: self._deleted(account_id, job_id))

    def _deleted(self, account_id: AccountId, job_id: JobId) -> bool:
        row = self._database.cancel(account_id, job_id)
        if row is not None and row.removal is None:
            row.removal, row.is_looked_through = Removal.DELETED, False
        return row is not None


class SimulatedLeftoverStore:
    def __init__(self, database: Database, connection: Connection, settling: timedelta) -> None:
        self._database = database
        self._run = connection
        self._settling_s = settling.total_seconds()

    async def leftovers(self, count_max: int) -> list[Leftovers]:
        def read() -> list[Leftovers]:
            found = [row for row in self._database.jobs.values() if self._may_have_leftovers(row)]
            return [leftovers_of(row) for row in sorted(found, key=lambda row: row.finished_at or 0.0)[:count_max]]

        return await self._run(read, is_read=True)

    async def reread(self, job_ids: Sequence[JobId]) -> list[Leftovers]:
        rows = self._database.jobs
        return await self._run(lambda: [leftovers_of(rows[job_id]) for job_id in job_ids], is_read=True)

    async def note_removed(self, done: Sequence[Leftovers]) -> None:
        def change() -> None:
            for job in done:
                row = self._database.jobs[job.job_id]
                row.is_looked_through = row.is_looked_through or row.removal is job.removal

        if done:
            await self._run(change)

    def _may_have_leftovers(self, row: Row) -> bool:
        if row.finished_at is None or row.is_looked_through:
            return False
        had_one_attempt = row.state is JobState.COMPLETED and row.attempt == 1
        has_settled = had_one_attempt or row.finished_at <= self._database.clock() - self._settling_s
        has_lost = row.attempt > 1 or (row.state is JobState.FAILED and row.attempt == 1)
        return has_settled and (row.removal is not None or has_lost)


class ReachedObjects:
    """The object store as the jobs service reaches it."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def keys(self, prefix: str, count_max: int) -> list[str]:
        await asyncio.sleep(LATENCY_S)
        return [key for key in self._store.objects if key.startswith(prefix)][:count_max]

    async def remove(self, key: str) -> None:
        await asyncio.sleep(LATENCY_S)
        self._store.objects.pop(key, None)


def leftovers_of(row: Row) -> Leftovers:
    return Leftovers(row.new.job_id, row.stored.object_key if row.stored else None, row.removal)

"""Jobs as the dispatcher sees them: waiting, hinted, or overdue; and who may dispatch."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import Executable, bindparam, func, select, union_all

from flexura_jobs.domain.attempts import AttemptPolicy
from flexura_jobs.domain.queue import Hint, QueueState, WorkerPresence
from flexura_jobs.models import JOBS, WORKERS
from flexura_jobs.store.acceptance import ForgettingKeys
from flexura_jobs.store.hints import Dispatch, TakingBack, TakingBackOldest
from flexura_jobs.store.leaders import RESIGN, Leadership, Leading
from flexura_jobs.store.statements import DOUBLE, IS_HINTED, IS_WAITING, TEXT, items, time_in
from flexura_jobs.store.sweeps import ForgettingWorkers, LostLeases, Overdue
from flexura_jobs.store.waiting import queue_states, waiting_jobs
from flexura_jobs.store.writer import Writer
from flexura_kit.db import Transactions
from flexura_kit.ids import AccountId, JobId

SWEEP_ROWS_MAX = 500  # Of one transaction; a sweep that finds as many is run again.

MODEL = bindparam("model", type_=TEXT)

# In two parts, each along its index: together they would be looked for among all jobs there ever were.
BACKLOG = union_all(
    *(
        select(JOBS.c.model, func.count().label("jobs")).where(part).group_by(JOBS.c.model)
        for part in (IS_WAITING, IS_HINTED)
    )
)
HINTED_BEFORE = select(func.count()).where(
    IS_HINTED, JOBS.c.model == MODEL, JOBS.c.dispatched_at < time_in(-bindparam("age_s", type_=DOUBLE))
)


class SQLQueueStore:
    def __init__(
        self, transactions: Transactions, writer: Writer, policy: AttemptPolicy, worker_gone_after: timedelta
    ) -> None:
        self._transactions = transactions
        self._writer = writer
        self._dispatch = Dispatch(transactions.dialect)
        self._take_back = TakingBack(transactions.dialect)
        self._take_back_oldest = TakingBackOldest()
        self._lead = Leading(transactions.dialect)
        self._states = queue_states(transactions.dialect)
        self._waiting = waiting_jobs(transactions.dialect)
        self._lost_leases = LostLeases(transactions.dialect, policy)
        self._overdue = Overdue(transactions.dialect, policy)
        self._forget_workers = ForgettingWorkers(worker_gone_after)
        self._forget_keys = ForgettingKeys()
        self._workers = select(WORKERS).where(WORKERS.c.seen_at > time_in(-worker_gone_after.total_seconds()))

    async def workers(self) -> list[WorkerPresence]:
        rows = await self._read(self._workers, {})
        return [WorkerPresence(r.worker_id, frozenset(orjson.loads(r.providers)), r.slots) for r in rows]

    async def lead(self, role: str, holder: str, lease: timedelta) -> bool:
        (leads,) = await self._writer.write(self._lead, [Leadership(role, holder, lease)])
        return leads

    async def resign(self, role: str, holder: str) -> None:
        # Not by the writer: it stops when the leader does, and resigning must not wait for it.
        parameters = {"role_": role, "holder_": holder}
        await self._transactions.write(lambda connection: connection.execute(RESIGN, parameters))

    async def states(self, models: Sequence[str]) -> dict[str, QueueState]:
        rows = await self._read(self._states, items([{"model": model} for model in models]))
        return {row.model: QueueState(row.hinted, bool(row.has_waiting), row.processing) for row in rows}

    async def backlog(self) -> dict[str, int]:
        backlog: dict[str, int] = {}
        for model, jobs in await self._read(BACKLOG, {}):
            backlog[model] = backlog.get(model, 0) + jobs
        return backlog

    async def waiting(self, model: str, last_served: AccountId | None, room: int) -> dict[AccountId, list[JobId]]:
        """Answers the oldest waiting jobs of the accounts whose turn is next."""
        parameters = {"model": model, "last_served": last_served or "", "room": room}
        waiting: dict[AccountId, list[JobId]] = {}
        for account_id, job_id in await self._read(self._waiting, parameters):
            waiting.setdefault(account_id, []).append(job_id)
        return waiting

    async def dispatch(self, job_ids: Sequence[JobId]) -> list[Hint]:
        hints = await self._writer.write(self._dispatch, job_ids)
        return [hint for hint in hints if hint is not None]

    async def take_back(self, hints: Sequence[Hint]) -> None:
        await self._writer.write(self._take_back, hints)

    async def hinted_before(self, model: str, age: timedelta) -> int:
        ((count,),) = await self._read(HINTED_BEFORE, {"model": model, "age_s": age.total_seconds()})
        return int(count)

    async def take_back_oldest(self, model: str, age: timedelta, count: int) -> int:
        (taken,) = await self._writer.write(self._take_back_oldest, [(model, age, count)])
        return taken

    async def move_lost_leases(self) -> int:
        (moved,) = await self._writer.write(self._lost_leases, [SWEEP_ROWS_MAX])
        return moved

    async def end_overdue(self) -> int:
        (ended,) = await self._writer.write(self._overdue, [SWEEP_ROWS_MAX])
        return ended

    async def forget_workers(self) -> int:
        (forgotten,) = await self._writer.write(self._forget_workers, [None])
        return forgotten

    async def forget_request_keys(self) -> int:
        (forgotten,) = await self._writer.write(self._forget_keys, [SWEEP_ROWS_MAX])
        return forgotten

    async def _read(self, statement: Executable, parameters: dict[str, Any]) -> Sequence[Any]:
        return await self._transactions.read(lambda connection: connection.execute(statement, parameters).all())

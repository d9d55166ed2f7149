"""Jobs as workers see them. Leases are compared with the database's own time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import orjson
from sqlalchemy import Connection, select, true
from sqlalchemy.dialects import postgresql, sqlite

from flexura_jobs.domain.attempts import AttemptPolicy
from flexura_jobs.domain.jobs import (
    CheckpointReport,
    Claim,
    ClaimedJob,
    CompletionReport,
    FailureReport,
    JobState,
    Lease,
    LeaseVerdict,
    Renewal,
)
from flexura_jobs.models import WORKERS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.leases import Checkpointing, Claiming, Completion, Renewing
from flexura_jobs.store.returns import FailureReturn, Release
from flexura_jobs.store.statements import INTEGER, NOW, TEXT, DialectName, items, items_table
from flexura_jobs.store.writer import Writer
from flexura_kit.db import Transactions
from flexura_kit.ids import WorkerId


class SQLWorkStore:
    def __init__(
        self, transactions: Transactions, writer: Writer, policy: AttemptPolicy, lease: timedelta, models: Sequence[str]
    ) -> None:
        self._writer = writer
        self._claim = Claiming(transactions.dialect, lease, models)
        self._renew = Renewing(transactions.dialect, lease)
        self._checkpoint = Checkpointing(transactions.dialect)
        self._complete = Completion(transactions.dialect)
        self._fail = FailureReturn(transactions.dialect, policy)
        self._release = Release(transactions.dialect, policy)
        self._announce = Announcement(transactions.dialect)

    async def claim(self, claims: Sequence[Claim]) -> Sequence[ClaimedJob | None]:
        return await self._writer.write(self._claim, claims)

    async def renew(self, renewals: Sequence[Renewal]) -> Sequence[LeaseVerdict]:
        return await self._writer.write(self._renew, renewals)

    async def checkpoint(self, report: CheckpointReport) -> bool:
        (was_held,) = await self._writer.write(self._checkpoint, [report])
        return was_held

    async def complete(self, report: CompletionReport) -> bool:
        (was_held,) = await self._writer.write(self._complete, [report])
        return was_held

    async def fail(self, report: FailureReport) -> JobState | None:
        (state,) = await self._writer.write(self._fail, [report])
        return state

    async def release(self, lease: Lease, *, is_worker_fault: bool = False) -> bool:
        (state,) = await self._writer.write(self._release, [(lease, is_worker_fault)])
        return state is not None

    async def announce(self, worker_id: WorkerId, providers: Sequence[str], slots: int) -> None:
        await self._writer.write(self._announce, [Presence(worker_id, tuple(providers), slots)])


@dataclass(frozen=True, slots=True)
class Presence:
    """A worker's word that it lives."""

    worker_id: WorkerId
    providers: tuple[str, ...]
    slots: int


class Announcement:
    """Notes which workers live, by the database's own time."""

    def __init__(self, dialect: DialectName) -> None:
        columns = {"worker_id": TEXT, "providers": TEXT, "slots": INTEGER}
        new = items_table(dialect, **columns)
        upsert = (postgresql if dialect == "postgresql" else sqlite).insert(WORKERS)
        self._upsert = upsert.from_select(
            [*columns, "seen_at"], select(*new.c, NOW).where(true())
        ).on_conflict_do_update(
            index_elements=[WORKERS.c.worker_id],
            set_={name: upsert.excluded[name] for name in ("providers", "slots", "seen_at")},
        )

    def run(self, connection: Connection, presences: Sequence[Presence], _events: list[NewEvent]) -> list[None]:
        # One row per worker: PostgreSQL refuses to change a row twice in one statement.
        rows = {
            p.worker_id: {
                "worker_id": p.worker_id,
                "providers": orjson.dumps(p.providers).decode(),
                "slots": p.slots,
            }
            for p in presences
        }
        connection.execute(self._upsert, items(list(rows.values())))
        return [None for _ in presences]

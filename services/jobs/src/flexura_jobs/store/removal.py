"""Jobs as they go: tombstones in the place of what was asked for, later nothing."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, null, select, tuple_, update

from flexura_jobs.domain.jobs import Removal
from flexura_jobs.domain.retention import Retention
from flexura_jobs.models import EVENTS, JOBS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.jobs import Cancellation
from flexura_jobs.store.statements import INTEGER, NOW, TEXT, DialectName, items, items_table, time_in
from flexura_jobs.store.writer import Writer
from flexura_kit.ids import AccountId, JobId

ROWS_MAX = 200  # Of one transaction, so that those who wait for the writer meanwhile hardly notice.

Owned = tuple[AccountId, JobId]


class SQLRemovalStore:
    def __init__(self, dialect: DialectName, writer: Writer, retention: Retention) -> None:
        self._writer = writer
        self._delete = Deletion(dialect)
        self._expire = Expiry(retention.jobs)
        self._drop_tombstones = DroppingTombstones(retention.tombstones)
        self._purge_events = PurgingEvents(retention.events)

    async def delete(self, account_id: AccountId, job_id: JobId) -> bool:
        (was_found,) = await self._writer.write(self._delete, [(account_id, job_id)])
        return was_found

    async def expire(self) -> list[Owned]:
        (expired,) = await self._writer.write(self._expire, [ROWS_MAX])
        return expired

    async def drop_tombstones(self) -> int:
        (dropped,) = await self._writer.write(self._drop_tombstones, [ROWS_MAX])
        return dropped

    async def purge_events(self) -> int:
        (purged,) = await self._writer.write(self._purge_events, [ROWS_MAX])
        return purged


def tombstone(removal: Removal) -> dict[str, Any]:
    """What a row keeps says that the job was and where its objects lie, and nothing of what anybody wrote."""
    return {
        "removed_at": NOW,
        "removal": removal.value,
        # Looked through again, whatever was removed of it before.
        "object_removed_at": null(),
        "prompt": "",
        "options": "{}",
        "metadata": "{}",
        "client_ref": "",
        "upstream_ref": "",
        "failure_message": case((JOBS.c.failure_reason.is_not(None), ""), else_=null()),
    }


class Deletion:
    """Cancels what has not finished, so that its worker is told, and leaves the tombstone in the same transaction."""

    def __init__(self, dialect: DialectName) -> None:
        self._cancel = Cancellation(dialect)
        asked = items_table(dialect, job_id=TEXT, account_id=TEXT)
        self._update = (
            update(JOBS)
            .where(
                JOBS.c.job_id == asked.c.job_id,
                JOBS.c.account_id == asked.c.account_id,
                JOBS.c.removed_at.is_(None),
            )
            .values(tombstone(Removal.DELETED))
        )

    def run(self, connection: Connection, asked: Sequence[Owned], events: list[NewEvent]) -> list[bool]:
        found = self._cancel.run(connection, asked, events)
        parameters = items([{"account_id": account_id, "job_id": job_id} for account_id, job_id in asked])
        connection.execute(self._update, parameters)
        return [job is not None for job in found]


class Expiry:
    """Leaves tombstones of the jobs that ended longest ago."""

    def __init__(self, kept: timedelta) -> None:
        is_kept = JOBS.c.finished_at.is_not(None) & JOBS.c.removed_at.is_(None)
        self._over = (
            select(JOBS.c.job_id)
            .where(is_kept, JOBS.c.finished_at <= time_in(-kept.total_seconds()))
            .order_by(JOBS.c.finished_at)
            .limit(bindparam("limit_", type_=INTEGER))
            .with_for_update(skip_locked=True)
        )
        self._update = (
            update(JOBS)
            .where(JOBS.c.job_id.in_(self._over.scalar_subquery()), is_kept)
            .values(tombstone(Removal.EXPIRED))
            .returning(JOBS.c.account_id, JOBS.c.job_id)
        )

    def run(self, connection: Connection, limits: Sequence[int], _events: list[NewEvent]) -> list[list[Owned]]:
        rows = connection.execute(self._update, {"limit_": max(limits)}).all()
        expired = [(AccountId(account_id), JobId(job_id)) for account_id, job_id in rows]
        return [expired for _ in limits]


class DroppingTombstones:
    """Forgets jobs that were removed long ago, once the object store has let go of what they made."""

    def __init__(self, kept: timedelta) -> None:
        self._over = (
            select(JOBS.c.job_id)
            .where(
                JOBS.c.removed_at.is_not(None),
                JOBS.c.removed_at <= time_in(-kept.total_seconds()),
                JOBS.c.object_removed_at.is_not(None),
            )
            .order_by(JOBS.c.removed_at)
            .limit(bindparam("limit_", type_=INTEGER))
            .with_for_update(skip_locked=True)
        )
        self._delete = delete(JOBS).where(JOBS.c.job_id.in_(self._over.scalar_subquery())).returning(JOBS.c.job_id)

    def run(self, connection: Connection, limits: Sequence[int], _events: list[NewEvent]) -> list[int]:
        dropped = connection.execute(self._delete, {"limit_": max(limits)}).all()
        return [len(dropped) for _ in limits]


class PurgingEvents:
    """Forgets events that nobody can ask for any more; the account's counter goes on where it was."""

    def __init__(self, kept: timedelta) -> None:
        self._over = (
            select(EVENTS.c.account_id, EVENTS.c.sequence)
            .where(EVENTS.c.created_at <= time_in(-kept.total_seconds()))
            # Those of one commit have one time; from any account the oldest go first, so that what is kept has no gap.
            .order_by(EVENTS.c.created_at, EVENTS.c.sequence)
            .limit(bindparam("limit_", type_=INTEGER))
        )
        self._delete = (
            delete(EVENTS)
            .where(tuple_(EVENTS.c.account_id, EVENTS.c.sequence).in_(self._over))
            .returning(EVENTS.c.sequence)
        )

    def run(self, connection: Connection, limits: Sequence[int], _events: list[NewEvent]) -> list[int]:
        purged = connection.execute(self._delete, {"limit_": max(limits)}).all()
        return [len(purged) for _ in limits]

"""Completed jobs whose objects are compared with the record: a sample of all, the latest, and those that are lost."""

import random
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from flexura_jobs.domain.audit import AuditedAsset
from flexura_jobs.models import JOBS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.statements import (
    COMPLETED,
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

COLUMNS = (JOBS.c.job_id, JOBS.c.account_id, JOBS.c.asset_key, JOBS.c.asset_size_bytes, JOBS.c.asset_lost_at)
HAS_ASSET = (JOBS.c.state == COMPLETED) & JOBS.c.finished_at.is_not(None) & JOBS.c.removed_at.is_(None)
IS_LOST = HAS_ASSET & JOBS.c.asset_lost_at.is_not(None)

Owned = tuple[AccountId, JobId]


class SQLAuditStore:
    def __init__(self, transactions: Transactions, writer: Writer) -> None:
        self._transactions = transactions
        self._writer = writer
        asked = job_ids_table(transactions.dialect)
        self._named = select(*COLUMNS).join_from(asked, JOBS, JOBS.c.job_id == asked.c.job_id).where(HAS_ASSET)
        self._note = NotingLost(transactions.dialect)

    async def sample(self, count: int) -> list[AuditedAsset]:
        """Answers at most so many: half from all times alike, a quarter the latest, a quarter that are lost."""

        def read(connection: Connection) -> list[AuditedAsset]:
            latest = select(*COLUMNS).where(HAS_ASSET).order_by(JOBS.c.finished_at.desc()).limit(max(1, count // 4))
            found = {row.job_id: asset_of(row) for row in connection.execute(latest)}
            for column, condition, part in ((JOBS.c.finished_at, HAS_ASSET, 2), (JOBS.c.asset_lost_at, IS_LOST, 4)):
                for row in at_random(connection, column, condition, max(1, count // part)):
                    found[row.job_id] = asset_of(row)
            return list(found.values())

        return await self._transactions.read(read)

    async def named(self, job_ids: Sequence[JobId]) -> list[AuditedAsset]:
        rows = await self._transactions.look_up(self._named, job_ids_parameter(job_ids))
        return [asset_of(row) for row in rows]

    async def count_lost(self) -> int:
        def read(connection: Connection) -> int:
            return connection.execute(select(func.count()).select_from(JOBS).where(IS_LOST)).scalar_one()

        return await self._transactions.read(read)

    async def note(self, assets: Sequence[AuditedAsset], *, is_lost: bool) -> list[Owned]:
        """Notes that these are lost, or were found again; answers those whose job is as it was read."""
        noted = await self._writer.write(self._note, [(asset, is_lost) for asset in assets])
        return [owned for owned in noted if owned is not None]


def at_random(connection: Connection, column: Any, condition: ColumnElement[bool], count: int) -> list[Any]:
    """The first job after each of so many moments, each found along the index."""
    first, last = connection.execute(select(func.min(column), func.max(column)).where(condition)).one()
    if first is None:
        return []
    rows: list[Any] = []
    for _ in range(count):
        after = first + (last - first) * random.random()  # noqa: S311 - no secret.
        found = select(*COLUMNS).where(condition, column >= after).order_by(column).limit(1)
        rows += connection.execute(found).all()
    return rows


class NotingLost:
    """Writes down which assets are lost. A job that was removed since is left alone: its object is to go."""

    def __init__(self, dialect: DialectName) -> None:
        noted = items_table(dialect, job_id=TEXT, asset_key=TEXT)
        is_same = (JOBS.c.job_id == noted.c.job_id) & (JOBS.c.asset_key == noted.c.asset_key)
        change = update(JOBS).where(is_same, HAS_ASSET).returning(JOBS.c.account_id, JOBS.c.job_id)
        self._lost = change.values(asset_lost_at=NOW)
        self._found = change.values(asset_lost_at=None)

    def run(
        self, connection: Connection, notes: Sequence[tuple[AuditedAsset, bool]], _events: list[NewEvent]
    ) -> list[Owned | None]:
        noted: dict[str, Owned] = {}
        for statement, wanted in ((self._lost, True), (self._found, False)):
            rows = [
                {"job_id": asset.job_id, "asset_key": asset.object_key} for asset, is_lost in notes if is_lost is wanted
            ]
            if rows:
                for account_id, job_id in connection.execute(statement, items(rows)):
                    noted[job_id] = (AccountId(account_id), JobId(job_id))
        return [noted.get(asset.job_id) for asset, _ in notes]


def asset_of(row: Any) -> AuditedAsset:
    return AuditedAsset(
        JobId(row.job_id), AccountId(row.account_id), row.asset_key, row.asset_size_bytes, row.asset_lost_at is not None
    )

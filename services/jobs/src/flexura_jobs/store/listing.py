"""An account's jobs in the order of their creation, a page at a time."""

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select, tuple_

from flexura_jobs.domain.jobs import Job
from flexura_jobs.domain.listing import JobFilter, Position
from flexura_jobs.models import JOBS, UTCTime
from flexura_jobs.store.rows import JOB_COLUMNS, job_of
from flexura_jobs.store.statements import LITERALS, NO_TEXT, TEXT
from flexura_kit.db import Transactions
from flexura_kit.ids import AccountId


class SQLListingStore:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def jobs_after(
        self, account_id: AccountId, wanted: JobFilter, after: Position | None, count_max: int
    ) -> list[Job]:
        page = page_of(account_id, wanted, after, count_max)
        rows = await self._transactions.read(lambda connection: connection.execute(page).all())
        return [job_of(row) for row in rows]


def page_of(account_id: AccountId, wanted: JobFilter, after: Position | None, count_max: int) -> Select[Any]:
    """Reads the account's index backward from the position; every filter but the time is judged on the way."""
    return (
        select(*JOB_COLUMNS)
        .where(JOBS.c.account_id == account_id, JOBS.c.removed_at.is_(None), *conditions(wanted, after))
        .order_by(JOBS.c.created_at.desc(), JOBS.c.job_id.desc())
        .limit(count_max)
    )


def conditions(wanted: JobFilter, after: Position | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if after is not None:
        position = tuple_(
            bindparam("after_time", after.created_at, type_=UTCTime()), bindparam("after_job", after.job_id, type_=TEXT)
        )
        found.append(tuple_(JOBS.c.created_at, JOBS.c.job_id) < position)
    if wanted.created_after is not None:
        found.append(JOBS.c.created_at > wanted.created_after)
    if wanted.states:
        found.append(JOBS.c.state.in_([LITERALS[state] for state in sorted(wanted.states)]))
    if wanted.media_type is not None:
        found.append(JOBS.c.media_type == wanted.media_type.value)
    if wanted.client_ref:
        # The second condition is that of the partial index.
        found += [JOBS.c.client_ref == wanted.client_ref, JOBS.c.client_ref != NO_TEXT]
    return found

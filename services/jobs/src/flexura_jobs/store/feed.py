"""Events as their account reads them."""

from typing import Any

from sqlalchemy import Select, bindparam, func, select, true

from flexura_jobs.domain.events import Event, EventSlice
from flexura_jobs.models import ACCOUNTS, EVENTS, JOBS
from flexura_jobs.store.rows import STATES, TOLD_COLUMNS, told_job_of
from flexura_jobs.store.statements import BIGINT, INTEGER, TEXT
from flexura_kit.db import Transactions
from flexura_kit.errors import Reason
from flexura_kit.ids import AccountId, JobId


class SQLEventStore:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._of_account = events_page(of_job=False)
        self._of_job = events_page(of_job=True)

    async def events_after(self, account_id: AccountId, after: int, job_id: JobId | None, count_max: int) -> EventSlice:
        parameters = {"of_account": account_id, "after": after, "of_job": job_id, "count_max": count_max}
        page = self._of_account if job_id is None else self._of_job
        rows: Any = await self._transactions.look_up(page, parameters)
        # Without an event, the one row has nothing beside the numbers.
        events = [event_of(values) for _, _, *values in rows if values[0] is not None]
        return EventSlice(events, rows[0].latest, rows[0].oldest)


def events_page(*, of_job: bool) -> Select[Any]:
    """One statement, and so one moment: were an event committed between two, the numbers would lead past it."""
    account_id = bindparam("of_account", type_=TEXT)
    latest = select(ACCOUNTS.c.event_sequence).where(ACCOUNTS.c.account_id == account_id).scalar_subquery()
    oldest = select(func.min(EVENTS.c.sequence)).where(EVENTS.c.account_id == account_id).scalar_subquery()
    numbers = select(func.coalesce(latest, 0).label("latest"), oldest.label("oldest")).subquery("numbers")
    conditions = [EVENTS.c.account_id == account_id, EVENTS.c.sequence > bindparam("after", type_=BIGINT)]
    if of_job:
        conditions.append(EVENTS.c.job_id == bindparam("of_job", type_=TEXT))
    page = (
        select(
            EVENTS.c.sequence,
            EVENTS.c.created_at,
            EVENTS.c.job_id,
            EVENTS.c.state,
            EVENTS.c.attempt,
            EVENTS.c.failure_reason,
            *(column.label(f"job_{column.name}") for column in TOLD_COLUMNS),
        )
        .select_from(EVENTS.outerjoin(JOBS, JOBS.c.job_id == EVENTS.c.job_id))
        .where(*conditions)
        .order_by(EVENTS.c.sequence)
        .limit(bindparam("count_max", type_=INTEGER))
        .subquery("page")
    )
    return select(numbers, page).select_from(numbers.outerjoin(page, true())).order_by(page.c.sequence)


def event_of(values: Any) -> Event:
    sequence, created_at, job_id, state, attempt, failure_reason, *job = values
    reason = Reason(failure_reason) if failure_reason else None
    return Event(sequence, created_at, job_id, STATES[state], attempt, reason, told_job_of(job_id, job))

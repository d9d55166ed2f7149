"""An account's jobs in the order of their creation, a page at a time."""

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select, tuple_

from flexura_jobs.domain.jobs import Job, JobState
from flexura_jobs.domain.listing import JobFilter, Position
from flexura_jobs.models import JOBS, UTCTime
from flexura_jobs.store.rows import JOB_COLUMNS, job_of
from flexura_jobs.store.statements import IS_UNFINISHED, LITERALS, NO_TEXT, TEXT
from flexura_kit.db import Transactions
from flexura_kit.ids import AccountId

UNFINISHED = frozenset({JobState.QUEUED, JobState.PROCESSING})
RARE_STATES = (UNFINISHED, frozenset({JobState.FAILED}))


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
    """Reads an index of the account backward from the position: of the rarest states, or of the type, or of all."""
    return (
        select(*JOB_COLUMNS)
        .where(JOBS.c.account_id == account_id, *conditions(wanted, after))
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
    if wanted.client_ref:
        # The second condition is that of the partial index.
        found += [JOBS.c.client_ref == wanted.client_ref, JOBS.c.client_ref != NO_TEXT]
    found += states_in(wanted.states)
    if wanted.media_type is not None:
        media_type = judged(JOBS.c.media_type) if has_rarer_than_type(wanted) else JOBS.c.media_type
        found.append(media_type == wanted.media_type.value)
    return found


def states_in(states: frozenset[JobState]) -> list[ColumnElement[bool]]:
    """Spells out the condition of the index that is to be used; what has not finished was not removed either."""
    is_kept = JOBS.c.removed_at.is_(None)
    literals = [LITERALS[state] for state in sorted(states)]
    if not literals:
        return [is_kept]
    if states <= UNFINISHED:
        return [IS_UNFINISHED, judged(JOBS.c.state).in_(literals)]
    return [is_kept, JOBS.c.state == literals[0] if len(literals) == 1 else JOBS.c.state.in_(literals)]


def has_rarer_than_type(wanted: JobFilter) -> bool:
    """Whether an index of fewer jobs serves the filter than that of the media type."""
    has_rare_states = bool(wanted.states) and any(wanted.states <= rare for rare in RARE_STATES)
    return bool(wanted.client_ref) or has_rare_states


def judged(column: ColumnElement[str]) -> ColumnElement[str]:
    """An expression, so that rows are judged by it on the way, and no other index is thought to be better for it."""
    return column + NO_TEXT

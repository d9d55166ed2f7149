"""The queues as an estimate needs them: a few marks of each line, what runs, and what ended lately."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, literal_column, or_, select

from flexura_jobs.domain.jobs import JobState, MediaType
from flexura_jobs.domain.outlook import QueueLook, Run
from flexura_jobs.domain.places import MARKED_PLACES, Mark
from flexura_jobs.domain.work_units import units_of
from flexura_jobs.models import JOBS, UTCTime
from flexura_jobs.store.statements import INTEGER, IS_HINTED, IS_PROCESSING, IS_WAITING, NOW
from flexura_kit.db import Transactions

MARKS_MAX = 4096  # The fronts of all lines first, so that of too many it is their ends that are not seen.
HINTED_MAX = 4096
ENDED_MAX = 256  # The latest; of more within one look these are a fair sample.
ENDED_BEFORE_MAX = 2048  # At the first look, so that models that are seldom asked for are among them.

MILLISECOND = timedelta(milliseconds=1)

LAST_END = bindparam("last_end", type_=UTCTime())
HAS_ENDED = JOBS.c.finished_at.is_not(None) & JOBS.c.removed_at.is_(None)


def marks() -> Select[Any]:
    """Goes along the index of waiting jobs once, and answers the few that have a marked place or are the last."""
    order: dict[str, Any] = {
        "partition_by": [JOBS.c.model, JOBS.c.account_id],
        "order_by": [JOBS.c.created_at, JOBS.c.job_id],
    }
    line = (
        select(
            JOBS.c.model,
            JOBS.c.account_id,
            func.row_number().over(**order).label("place"),
            JOBS.c.created_at,
            JOBS.c.job_id,
            func.lead(JOBS.c.job_id).over(**order).label("follower"),
        )
        .where(IS_WAITING)
        .subquery("line")
    )
    marked = [literal_column(str(place), INTEGER) for place in MARKED_PLACES]
    return (
        select(line.c.model, line.c.account_id, line.c.place, line.c.created_at, line.c.job_id)
        .where(or_(line.c.place.in_(marked), line.c.follower.is_(None)))
        .order_by(line.c.place)
        .limit(MARKS_MAX)
    )


MARKS = marks()
HINTED = (
    select(JOBS.c.model, JOBS.c.job_id).where(IS_HINTED).order_by(JOBS.c.model, JOBS.c.dispatched_at).limit(HINTED_MAX)
)
# As many as there are slots.
RUNNING = select(JOBS.c.model, func.count()).where(IS_PROCESSING).group_by(JOBS.c.model)
ENDED = (
    select(
        JOBS.c.model,
        JOBS.c.state,
        JOBS.c.attempt,
        JOBS.c.started_at,
        JOBS.c.finished_at,
        JOBS.c.media_type,
        JOBS.c.options,
    )
    .where(HAS_ENDED)
    .order_by(JOBS.c.finished_at.desc())
)
ENDED_BEFORE = ENDED.limit(ENDED_BEFORE_MAX)
ENDED_SINCE = ENDED.where(JOBS.c.finished_at > LAST_END).limit(ENDED_MAX)


class SQLOutlookStore:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def look(self, last_end: datetime | None) -> QueueLook:
        return await self._transactions.read(partial(looked, last_end=last_end))


def looked(connection: Connection, last_end: datetime | None) -> QueueLook:
    ended = (
        connection.execute(ENDED_BEFORE).all()
        if last_end is None
        else connection.execute(ENDED_SINCE, {"last_end": last_end}).all()
    )
    return QueueLook(
        at=connection.execute(select(NOW)).scalar_one(),
        marks=[Mark(*row) for row in connection.execute(MARKS)],
        hinted=[(model, job_id) for model, job_id in connection.execute(HINTED)],
        running=dict(map(tuple, connection.execute(RUNNING))),
        runs=[run_of(row) for row in reversed(ended) if is_run(row)],
        ended_until=ended[0].finished_at if ended else last_end,
    )


def is_run(row: Row[Any]) -> bool:
    """Tells whether the job's time from its start to its end is that of one attempt, and not of a failed one."""
    return bool(row.state == JobState.COMPLETED.value and row.attempt == 1)


def run_of(row: Row[Any]) -> Run:
    units = units_of(MediaType(row.media_type), row.options)
    return Run(row.model, (row.finished_at - row.started_at) / MILLISECOND, units)

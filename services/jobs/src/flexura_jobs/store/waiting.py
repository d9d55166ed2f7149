"""What waits for a hint, found along an index: the length of a queue costs nothing."""

from typing import Any

from sqlalchemy import CTE, Select, bindparam, func, select, true, union_all

from flexura_jobs.models import JOBS
from flexura_jobs.store.statements import (
    INTEGER,
    IS_HINTED,
    IS_PROCESSING,
    IS_WAITING,
    TEXT,
    DialectName,
    items_table,
)

ROOM = bindparam("room", type_=INTEGER)
WAITS_FOR_MODEL = IS_WAITING & (JOBS.c.model == bindparam("model", type_=TEXT))


def queue_states(dialect: DialectName) -> Select[Any]:
    """For each model: how many of its jobs have a hint, whether others wait for one, and how many are being done."""
    asked = items_table(dialect, model=TEXT)
    hinted = select(func.count()).where(IS_HINTED, JOBS.c.model == asked.c.model).correlate(asked)
    waiting = select(true()).where(IS_WAITING, JOBS.c.model == asked.c.model).correlate(asked)
    processing = select(func.count()).where(IS_PROCESSING, JOBS.c.model == asked.c.model).correlate(asked)
    return select(
        asked.c.model,
        hinted.scalar_subquery().label("hinted"),
        waiting.exists().label("has_waiting"),
        processing.scalar_subquery().label("processing"),
    )


def waiting_jobs(dialect: DialectName) -> Select[Any]:
    """The oldest waiting jobs of the accounts whose turn is next: up to `room` accounts, `room` jobs of each."""
    chosen = next_accounts()
    oldest = (
        select(JOBS.c.job_id)
        .where(WAITS_FOR_MODEL, JOBS.c.account_id == chosen.c.account_id)
        .order_by(JOBS.c.created_at, JOBS.c.job_id)
        .limit(ROOM)
        .correlate(chosen)
    )
    if dialect == "postgresql":
        found = oldest.add_columns(JOBS.c.created_at).lateral("found")
        return (
            select(chosen.c.account_id, found.c.job_id)
            .join_from(chosen, found, true())
            .order_by(found.c.created_at, found.c.job_id)
        )
    # SQLite has no lateral joins, and plans this one just so.
    jobs = JOBS.alias("found")
    return (
        select(chosen.c.account_id, jobs.c.job_id)
        .join_from(chosen, jobs, jobs.c.job_id.in_(oldest))
        .order_by(jobs.c.created_at, jobs.c.job_id)
    )


def next_accounts() -> CTE:
    """Accounts after the one served last, then those from the beginning of the ring."""
    rest = select(accounts_after("rest", bindparam("last_served", type_=TEXT)).c.account_id)
    beginning = select(accounts_after("beginning", "").c.account_id)
    both = union_all(rest.limit(ROOM).subquery().select(), beginning.limit(ROOM).subquery().select()).subquery()
    # An account that is found on both ways round is asked once.
    return select(both.c.account_id).distinct().cte("chosen")


def accounts_after(name: str, start: Any) -> Any:
    """Steps from account to account, each step one look into the index."""
    ring = select(next_account(start).scalar_subquery().label("account_id")).cte(name, recursive=True)
    step = select(next_account(ring.c.account_id).scalar_subquery()).where(ring.c.account_id.is_not(None))
    ring = ring.union_all(step)
    return select(ring.c.account_id).where(ring.c.account_id.is_not(None)).subquery()


def next_account(start: Any) -> Select[Any]:
    return select(func.min(JOBS.c.account_id)).where(WAITS_FOR_MODEL, JOBS.c.account_id > start)

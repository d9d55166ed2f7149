"""No statement of the stores reads through what only grows: finished jobs, events, keys of requests."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from integration.jobs.peers import (
    ALICE,
    BOB,
    HOUR,
    LEASE,
    MODELS,
    WORKER,
    SQLStores,
    completion,
    failed,
    new_job,
)
from sqlalchemy import Connection, Engine, event, insert, text

from flexura_jobs.domain.acceptance import QueueLimits
from flexura_jobs.domain.jobs import Checkpoint, CheckpointReport, JobState, MediaType, Renewal
from flexura_jobs.domain.listing import JobFilter
from flexura_jobs.domain.request_keys import RequestKey
from flexura_jobs.domain.retention import Retention
from flexura_jobs.models import ACCOUNTS, EVENTS, JOBS, REQUEST_KEYS
from flexura_jobs.store import SQLEventStore, SQLLeftoverStore, SQLListingStore, SQLOutlookStore, SQLRemovalStore
from flexura_kit.ids import JobId

FINISHED = 30_000
DAYS = timedelta(days=7)
# What they hold has not ended yet, or has just ended in a way that is soon dealt with: no history makes them longer.
SHORT = {f"ix_jobs_{name}" for name in ("waiting", "hinted", "leased", "unfinished", "leftovers")}
# Read in order and no further than is asked for, or not at all.
LONG = re.compile("ix_jobs_account.*|ix_jobs_finished|ix_events_created_at|ix_request_keys_expires_at")


@dataclass
class Plans:
    """The plan of each statement that was run, and what of it is read through."""

    dialect: str
    costly: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def explain(self, connection: Connection, statement: str, parameters: Any) -> None:
        self.count += 1
        words = "EXPLAIN (FORMAT JSON)" if self.dialect == "postgresql" else "EXPLAIN QUERY PLAN"
        rows = connection.exec_driver_sql(f"{words} {statement}", parameters).all()
        if self.dialect == "postgresql":
            (plan,) = rows[0]
            ((top,),) = [orjson.loads(plan) if isinstance(plan, str) else plan]
            is_costly = any(reads_through(*node) for node in nodes(top["Plan"], is_bounded=False))
            shown = orjson.dumps(top, option=orjson.OPT_INDENT_2).decode()
        else:
            steps = [row[3] for row in rows]
            shown = "\n".join(steps)
            is_costly = any(step_reads_through(step, is_bounded=is_bounded(statement, shown)) for step in steps)
        if is_costly:
            self.costly[statement] = shown


def is_bounded(statement: str, plan: str) -> bool:
    return "LIMIT" in statement and "TEMP B-TREE" not in plan


def step_reads_through(step: str, *, is_bounded: bool) -> bool:
    """Judges a step of SQLite's."""
    found = re.match(r"(SCAN|SEARCH) (?:jobs|events|request_keys|found)\b(?: USING (?:COVERING )?INDEX (\w+))?", step)
    if found is None:
        return False
    return costs(found[2], has_condition=found[1] == "SEARCH", is_bounded=is_bounded)


def nodes(node: dict[str, Any], *, is_bounded: bool) -> Iterator[tuple[dict[str, Any], bool]]:
    """The nodes of a plan of PostgreSQL's, each with whether no more is taken from it than is asked for."""
    yield node, is_bounded
    keeps = node["Node Type"] not in {"Sort", "Aggregate", "Hash", "WindowAgg"}
    for below in node.get("Plans", ()):
        yield from nodes(below, is_bounded=node["Node Type"] == "Limit" or (is_bounded and keeps))


def reads_through(node: dict[str, Any], is_bounded: bool) -> bool:
    if node.get("Relation Name") not in {"jobs", "events", "request_keys"} or node["Node Type"] == "ModifyTable":
        return False
    return costs(node.get("Index Name"), has_condition="Index Cond" in node, is_bounded=is_bounded)


def costs(index: str | None, *, has_condition: bool, is_bounded: bool) -> bool:
    if index is None:
        return not has_condition
    is_long = not has_condition and index not in SHORT
    return (is_long or LONG.fullmatch(index) is not None) and not is_bounded


@contextmanager
def explained(dialect: str) -> Iterator[Plans]:
    plans = Plans(dialect)

    def before(connection: Connection, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", statement):
            plans.explain(connection, statement, parameters)

    event.listen(Engine, "before_cursor_execute", before)
    try:
        yield plans
    finally:
        event.remove(Engine, "before_cursor_execute", before)


def remember(connection: Connection) -> None:
    """Fills the tables with what long use leaves in them."""
    then = datetime.now(UTC) - HOUR
    jobs = [(str(number), ALICE if number % 2 else BOB) for number in range(FINISHED)]
    times = dict.fromkeys(("created_at", "updated_at", "started_at", "finished_at", "deadline_at"), then)
    asked = {"media_type": "image", "requested_model": "painter", "model": "painter", "prompt": "", "options": "{}"}
    done = {"state": "completed", "attempt": 1}
    rows = [{"job_id": job_id, "account_id": account_id, **asked, **done, **times} for job_id, account_id in jobs]
    connection.execute(insert(JOBS), rows)
    connection.execute(insert(ACCOUNTS), [{"account_id": name, "event_sequence": FINISHED} for name in (ALICE, BOB)])
    connection.execute(
        insert(EVENTS),
        [
            {"account_id": account_id, "sequence": int(job_id), "job_id": job_id, **done, "created_at": then}
            for job_id, account_id in jobs
        ],
    )
    connection.execute(
        insert(REQUEST_KEYS),
        [
            {"account_id": account_id, "scope": "image", "value": job_id, "job_id": job_id, "expires_at": then + DAYS}
            for job_id, account_id in jobs
        ],
    )
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE"))


async def test_nothing_that_is_asked_or_swept_reads_through_history(sql_stores: SQLStores) -> None:
    await sql_stores.data.write(remember)
    with explained(sql_stores.data.dialect) as plans:
        await accept(sql_stores)
        await do(sql_stores)
        await ask(sql_stores)
        await sweep(sql_stores)
    assert plans.count > 60
    assert not plans.costly, "\n\n".join(f"{statement}\n{plan}" for statement, plan in plans.costly.items())


async def accept(stores: SQLStores) -> None:
    key = RequestKey("image", "order", HOUR, is_binding=True)
    jobs = stores.limited_to(QueueLimits(of_account=80, of_all=10**6))
    await jobs.create([new_job() for _ in range(64)])
    # Near the limit, where each commit counts anew.
    await jobs.create([replace(new_job(), request_key=key), *(new_job(BOB) for _ in range(5))])
    await jobs.recall([(ALICE, key)])


async def do(stores: SQLStores) -> None:
    news = [new_job() for _ in range(8)]
    await stores.created(*news)
    await stores.queue.dispatch([new.job_id for new in news])
    ended, lost, given_back, renewed = [await stores.claimed(new) for new in news[:4]]
    await stores.work.complete(completion(ended))
    await stores.work.complete(completion(ended))
    await stores.work.fail(failed(lost))
    await stores.work.release(given_back)
    await stores.work.renew([Renewal(renewed, 0.5), Renewal(lost, 0.5)])
    await stores.work.checkpoint(CheckpointReport(renewed, Checkpoint.NOTHING, ""))
    await stores.work.announce(WORKER, ["painter"], 4)
    await stores.jobs.cancel(ALICE, news[5].job_id)


async def ask(stores: SQLStores) -> None:
    ids = [JobId("7"), JobId("8")]
    await stores.jobs.get(ids)
    await stores.jobs.stored_assets(ids)
    events = SQLEventStore(stores.data)
    await events.events_after(ALICE, 20_000, None, 20)
    await events.events_after(ALICE, 0, ids[0], 20)
    lists = SQLListingStore(stores.data)
    for wanted in (
        JobFilter(),
        JobFilter(frozenset({JobState.FAILED})),
        JobFilter(frozenset({JobState.QUEUED})),
        JobFilter(media_type=MediaType.AUDIO),
        JobFilter(client_ref="order"),
        JobFilter(created_after=datetime.now(UTC)),
    ):
        await lists.jobs_after(ALICE, wanted, None, 21)


async def sweep(stores: SQLStores) -> None:
    """What loops do, each every few seconds."""
    queue = stores.queue
    await queue.states(MODELS)
    await queue.backlog()
    await queue.waiting("painter", BOB, 20)
    await queue.hinted_before("painter", timedelta(0))
    await queue.take_back_oldest("painter", timedelta(0), 3)
    await queue.move_lost_leases()
    await queue.end_overdue()
    await queue.forget_workers()
    await queue.forget_request_keys()
    outlook = SQLOutlookStore(stores.data)
    await outlook.look(None)
    await outlook.look(datetime.now(UTC))
    removal = SQLRemovalStore(stores.data.dialect, stores.writer, Retention(DAYS, DAYS, DAYS))
    await removal.delete(ALICE, JobId("9"))
    await removal.expire()
    await removal.drop_tombstones()
    await removal.purge_events()
    leftovers = SQLLeftoverStore(stores.data, stores.writer, LEASE)
    waiting = await leftovers.leftovers(20)
    await leftovers.reread([job.job_id for job in waiting])
    await leftovers.note_removed(waiting)

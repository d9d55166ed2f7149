"""What is likely of jobs, over each database: what a look sees, what it reads, and what callers are told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from integration.jobs.peers import ALICE, BOB, STORED, SQLStores, eventually, new_job
from integration.jobs.service import TIMEOUT_S, JobsDoor, jobs_service, new_item
from servers.nats import NATSServer
from sqlalchemy import Connection, text

from flexura.jobs.v1 import job_pb2, jobs_service_pb2
from flexura_jobs.domain.jobs import CompletionReport
from flexura_jobs.store import SQLOutlookStore
from flexura_jobs.store.outlook import ENDED_BEFORE, ENDED_SINCE, HINTED, MARKS, RUNNING
from flexura_kit.settings import DatabaseSettings

SLOTS = 2


@pytest_asyncio.fixture
async def door(database_settings: DatabaseSettings, own_nats: NATSServer, tmp_path: Path) -> AsyncIterator[JobsDoor]:
    async with jobs_service(database_settings, own_nats, tmp_path) as running:
        yield running


async def test_a_look_sees_the_marks_of_each_line_in_order_and_the_last_job(sql_stores: SQLStores) -> None:
    alices, bobs = [new_job(ALICE) for _ in range(19)], [new_job(BOB), new_job(BOB, model="other")]
    await sql_stores.created(*alices, *bobs)
    look = await SQLOutlookStore(sql_stores.data).look(None)
    seen = [(mark.place, mark.job_id) for mark in look.marks if mark.account_id == ALICE]
    in_line = sorted(new.job_id for new in alices)
    assert seen == [(place, in_line[place - 1]) for place in (*range(1, 9), 10, 12, 14, 16, 19)]
    others = {(mark.model, mark.place, mark.job_id) for mark in look.marks if mark.account_id == BOB}
    assert others == {("painter", 1, bobs[0].job_id), ("other", 1, bobs[1].job_id)}
    assert look.marks[0].created_at <= look.at


async def test_a_look_sees_hints_in_the_order_of_their_sending_and_what_runs(sql_stores: SQLStores) -> None:
    news = [new_job() for _ in range(4)]
    await sql_stores.created(*news)
    for new in (news[2], news[0], news[3]):
        await sql_stores.queue.dispatch([new.job_id])
        await asyncio.sleep(0.005)
    await sql_stores.claimed(news[3])
    look = await SQLOutlookStore(sql_stores.data).look(None)
    assert look.hinted == [("painter", news[2].job_id), ("painter", news[0].job_id)]
    assert [mark.job_id for mark in look.marks] == [news[1].job_id]
    assert look.running == {"painter": 1}


async def test_a_look_learns_of_what_was_completed_since_the_one_before(sql_stores: SQLStores) -> None:
    store = SQLOutlookStore(sql_stores.data)
    first, again, second = new_job(), new_job(), new_job(model="billed")
    canceled = new_job()
    await sql_stores.created(first, again, second, canceled)
    await sql_stores.jobs.cancel(ALICE, canceled.job_id)
    await sql_stores.work.release(await sql_stores.claimed(again))
    for new in (first, again):
        lease = await sql_stores.claimed(new)
        await asyncio.sleep(0.02)
        assert await sql_stores.work.complete(CompletionReport(lease, STORED))
    seen = await store.look(None)
    (run,) = seen.runs
    assert run.model == "painter"
    assert 15 <= run.took_ms < 60_000
    assert seen.ended_until is not None
    nothing = await store.look(seen.ended_until)
    assert (nothing.runs, nothing.ended_until) == ([], seen.ended_until)
    assert await sql_stores.work.complete(CompletionReport(await sql_stores.claimed(second), STORED))
    assert [run.model for run in (await store.look(seen.ended_until)).runs] == ["billed"]


@pytest.mark.parametrize(
    ("statement", "index", "sorts"),
    [
        (MARKS, "ix_jobs_waiting", True),  # The marks alone, in the end.
        (HINTED, "ix_jobs_hinted", False),
        (RUNNING, "ix_jobs_leased", True),
        (ENDED_BEFORE, "ix_jobs_finished", False),
        (ENDED_SINCE.params(last_end=datetime(2026, 4, 1, tzinfo=UTC)), "ix_jobs_finished", False),
    ],
    ids=["marks", "hinted", "running", "ended before", "ended since"],
)
async def test_a_look_goes_along_indexes_whatever_the_table_holds(
    sql_stores: SQLStores, statement: object, index: str, sorts: bool
) -> None:
    def plan(connection: Connection) -> str:
        bound = statement.compile(connection.engine, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
        if connection.dialect.name == "postgresql":
            # So small a table is read whole in any case; what is asked here is whether it must be.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        words = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        return "\n".join(" ".join(map(str, row)) for row in connection.exec_driver_sql(f"{words} {bound}"))

    explained = await sql_stores.data.write(plan)
    assert index in explained, explained
    assert "Seq Scan" not in explained, explained
    assert sorts or ("Sort" not in explained and "TEMP B-TREE" not in explained), explained


async def test_a_position_falls_as_jobs_before_it_end_and_then_a_time_is_told(door: JobsDoor) -> None:
    await door.announce(SLOTS)
    job_ids = [(await door.created())[0] for _ in range(5)]
    last = job_ids[-1]

    async def has(position: int) -> bool:
        return (await door.get(last)).queue_position == position

    await eventually(lambda: has(5))
    assert not (await door.get(last)).HasField("eta_ms")
    for left, job_id in zip((4, 3), job_ids, strict=False):
        await door.complete(await door.claimed(job_id))
        await eventually(lambda left=left: has(left))
    queued = await door.get(last)
    assert queued.eta_ms > 0
    listed = await door.jobs.ListJobs(jobs_service_pb2.ListJobsRequest(account_id="alice"), timeout=TIMEOUT_S)
    assert [job.HasField("queue_position") for job in listed.jobs] == [True] * 3 + [False] * 2
    running = await door.claimed(last)
    seen = await door.get(last)
    assert (seen.state, seen.HasField("queue_position"), seen.eta_ms > 0) == (job_pb2.JOB_STATE_PROCESSING, False, True)
    await door.complete(running)
    ended = await door.get(last)
    assert not ended.HasField("queue_position")
    assert not ended.HasField("eta_ms")


async def test_a_flood_of_another_account_moves_a_job_by_its_turns_on_every_replica(
    door: JobsDoor, database_settings: DatabaseSettings, own_nats: NATSServer, tmp_path: Path
) -> None:
    async with jobs_service(database_settings, own_nats, tmp_path, "second") as second:
        for _ in range(2):
            await door.created("flood", count=200)
        (mine,) = await door.created("quiet")
        results = await door.create(*(new_item("flood") for _ in range(100)))
        deep = results[-1].job.job_id
        for replica in (door, second):

            async def is_told(replica: JobsDoor = replica) -> bool:
                job = await replica.get(deep, "flood")
                return job.queue_position > 400

            await eventually(is_told)
            quiet = await replica.get(mine, "quiet")
            # Hints that were sent before it came, and one turn of the other account.
            assert 1 <= quiet.queue_position <= SLOTS + 8

"""How many jobs may be queued: exactly, whatever waits, is hinted or has begun, over each database."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from integration.jobs.peers import ALICE, BOB, SQLStores, new_job
from integration.jobs.test_request_keys import KEY, keyed
from sqlalchemy import ClauseElement
from sqlalchemy.dialects import sqlite

from flexura_jobs.domain.acceptance import Acceptance, QueueFull, QueueLimits, Replayed
from flexura_jobs.domain.jobs import Job
from flexura_jobs.store.acceptance.queue_room import COUNT_ALL
from flexura_jobs.store.queue import BACKLOG

FIVE = QueueLimits(of_account=5, of_all=10**6)
FULL = QueueFull(5, 5, is_of_account=True)


def accepted(outcomes: Sequence[Acceptance]) -> int:
    return sum(isinstance(outcome, Job) for outcome in outcomes)


async def test_an_account_gets_exactly_its_limit_and_others_theirs(sql_stores: SQLStores) -> None:
    jobs = sql_stores.limited_to(FIVE)
    outcomes = list(await jobs.create([*(new_job() for _ in range(7)), *(new_job(BOB) for _ in range(3))]))
    assert [accepted(outcomes[:7]), accepted(outcomes[7:])] == [5, 3]
    assert outcomes[5:7] == [FULL] * 2
    assert list(await jobs.create([new_job(), new_job()])) == [FULL, FULL]
    assert len(await sql_stores.events(ALICE)) == 5


async def test_two_replicas_keep_to_the_limit_but_for_one_commit_each(sql_stores: SQLStores) -> None:
    async with sql_stores.another_replica() as other:
        assert isinstance(other, SQLStores)
        replicas = [sql_stores.limited_to(FIVE), other.limited_to(FIVE)]
        await asyncio.gather(*(jobs.create([new_job()]) for jobs in replicas * 10))
        full = [(await jobs.create([new_job()]))[0] for jobs in replicas]
    assert all(isinstance(outcome, QueueFull) and 5 <= outcome.queued <= 10 for outcome in full)


async def test_what_is_hinted_counts_and_what_has_begun_does_not(sql_stores: SQLStores) -> None:
    jobs = sql_stores.limited_to(FIVE)
    news = [new_job() for _ in range(5)]
    await jobs.create(news)
    await sql_stores.queue.dispatch([new.job_id for new in news[:3]])
    assert list(await jobs.create([new_job()])) == [FULL]
    await sql_stores.claimed(news[0])
    await sql_stores.jobs.cancel(ALICE, news[4].job_id)
    assert accepted(await jobs.create([new_job() for _ in range(4)])) == 2


async def test_a_replay_and_a_second_try_need_no_room(sql_stores: SQLStores) -> None:
    jobs = sql_stores.limited_to(QueueLimits(of_account=1, of_all=10**6))
    new = keyed()
    (first,) = await jobs.create([new])
    assert isinstance(first, Job)
    outcomes = await jobs.create([new, keyed(), new_job(), keyed(replace(KEY, value="other"))])
    full = QueueFull(1, 1, is_of_account=True)
    assert list(outcomes) == [first, Replayed(first), full, full]


async def test_copies_of_a_key_take_one_place_and_a_refused_key_is_not_kept(sql_stores: SQLStores) -> None:
    jobs = sql_stores.limited_to(QueueLimits(of_account=1, of_all=10**6))
    other = replace(KEY, value="other")
    first, copy, refused, refused_copy = await jobs.create([keyed(), keyed(), keyed(other), keyed(other)])
    assert isinstance(first, Job)
    assert copy == Replayed(first)
    assert refused == refused_copy == QueueFull(1, 1, is_of_account=True)
    assert list(await jobs.recall([(ALICE, other)])) == [None]


async def test_all_accounts_together_are_bounded(sql_stores: SQLStores) -> None:
    jobs = sql_stores.limited_to(QueueLimits(of_account=100, of_all=6))
    outcomes = list(await jobs.create([new_job(account) for account in (ALICE, BOB) for _ in range(4)]))
    assert accepted(outcomes) == 6
    assert list(await jobs.create([new_job(BOB)])) == [QueueFull(6, 6, is_of_account=False)]


@pytest.mark.parametrize("statement", [COUNT_ALL, BACKLOG], ids=["of accounts", "of models"])
async def test_queues_are_counted_along_indexes_that_hold_queued_jobs_alone(
    sqlite_stores: SQLStores, statement: ClauseElement
) -> None:
    plan = f"EXPLAIN QUERY PLAN {statement.compile(dialect=sqlite.dialect())}"
    steps = await sqlite_stores.data.read(lambda connection: [row[3] for row in connection.exec_driver_sql(plan)])
    scans = [step for step in steps if "jobs" in step]
    assert scans == [f"SCAN jobs USING INDEX ix_jobs_{part}" for part in ("waiting", "hinted")]

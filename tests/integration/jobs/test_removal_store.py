"""Jobs as they go, over each database: tombstones, what time takes, and what is left of attempts."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from integration.jobs.peers import ALICE, BOB, STORED, SQLStores, Stores, completion, failed, new_job, states
from sqlalchemy import Connection, func, select, text

from flexura_jobs.domain.jobs import Job, JobState, LeaseVerdict, NewJob, Removal, Renewal
from flexura_jobs.domain.retention import Leftovers, Retention
from flexura_jobs.models import EVENTS, JOBS
from flexura_jobs.ports import LeftoverStore, RemovalStore
from flexura_jobs.removal import RetentionSweep
from flexura_kit.errors import Reason
from flexura_kit.ids import AccountId, JobId

NEVER = timedelta(days=365)
AT_ONCE = timedelta(0)
SECRET = "ein Geheimnis"


def removals(
    stores: Stores, *, jobs: timedelta = NEVER, tombstones: timedelta = NEVER, events: timedelta = NEVER
) -> RemovalStore:
    return stores.removals(Retention(jobs, tombstones, events))


def leftovers(stores: Stores, settling: timedelta = AT_ONCE) -> LeftoverStore:
    return stores.leftovers(settling)


def telling_job() -> NewJob:
    texts = {"prompt": SECRET, "options_json": f'{{"a":"{SECRET}"}}', "metadata_json": f'{{"b":"{SECRET}"}}'}
    return replace(new_job(), **texts, client_ref=SECRET)


async def completed(stores: Stores, *news: NewJob) -> None:
    await stores.created(*news)
    for new in news:
        assert await stores.work.complete(completion(await stores.claimed(new)))


async def row_of(stores: SQLStores, job_id: JobId) -> str:
    row = select(JOBS).where(JOBS.c.job_id == job_id)
    return str((await stores.data.read(lambda connection: connection.execute(row).one()))._mapping)  # noqa: SLF001


class Heard:
    """What the edges were told."""

    def __init__(self) -> None:
        self.jobs: list[tuple[AccountId, JobId]] = []

    def removed(self, jobs: Sequence[tuple[AccountId, JobId]]) -> None:
        self.jobs += jobs


class Leads:
    leads = True


async def test_a_deleted_job_leaves_a_tombstone_that_holds_nothing_of_what_was_written(sql_stores: SQLStores) -> None:
    new = telling_job()
    await completed(sql_stores, new)
    assert SECRET in await row_of(sql_stores, new.job_id)
    assert await removals(sql_stores).delete(ALICE, new.job_id)
    assert SECRET not in await row_of(sql_stores, new.job_id)
    job = await sql_stores.job(new)
    assert (job.state, job.removal) == (JobState.COMPLETED, Removal.DELETED)
    stored = await sql_stores.jobs.stored_assets([new.job_id])
    assert stored == {new.job_id: replace(STORED, removal=Removal.DELETED)}


async def test_the_words_of_a_failure_go_with_the_job(sql_stores: SQLStores) -> None:
    new = new_job()
    await sql_stores.created(new)
    report = failed(await sql_stores.claimed(new), retryable=False)
    await sql_stores.work.fail(replace(report, failure=replace(report.failure, message=SECRET)))
    await removals(sql_stores).delete(ALICE, new.job_id)
    assert SECRET not in await row_of(sql_stores, new.job_id)
    failure = (await sql_stores.job(new)).failure
    assert failure is not None
    assert failure.reason is Reason.PROVIDER_FAILED


async def test_a_deletion_cancels_what_has_not_finished_in_the_same_transaction(stores: Stores) -> None:
    queued, running = new_job(), new_job()
    await stores.created(queued, running)
    lease = await stores.claimed(running)
    for new in (queued, running):
        assert await removals(stores).delete(ALICE, new.job_id)
        assert states(await stores.events(ALICE), new)[-1] is JobState.FAILED
    assert list(await stores.work.renew([Renewal(lease, 0.5)])) == [LeaseVerdict.CANCELED]
    assert not await stores.work.complete(completion(lease))
    assert await stores.jobs.stored_assets([running.job_id]) == {}


async def test_a_deletion_is_repeated_without_effect_and_without_an_event(sql_stores: SQLStores) -> None:
    new = new_job()
    await completed(sql_stores, new)
    events = await sql_stores.events(ALICE)
    assert await removals(sql_stores).delete(ALICE, new.job_id)
    tombstone = await row_of(sql_stores, new.job_id)
    assert await removals(sql_stores).delete(ALICE, new.job_id)
    assert await row_of(sql_stores, new.job_id) == tombstone
    assert await sql_stores.events(ALICE) == events


async def test_another_accounts_job_is_neither_deleted_nor_cancelled_nor_shown_in_one_batch(
    stores: Stores,
) -> None:
    new = new_job()
    await stores.created(new)
    assert not await removals(stores).delete(BOB, new.job_id)
    assert (await stores.job(new)).state is JobState.QUEUED
    removal = removals(stores)
    answers = await asyncio.gather(removal.delete(BOB, new.job_id), removal.delete(ALICE, new.job_id))
    assert answers == [False, True]
    cancels = await asyncio.gather(*(stores.jobs.cancel(account, new.job_id) for account in (BOB, ALICE)))
    assert [job is not None for job in cancels] == [False, True]


@pytest.mark.parametrize("seed", range(5))
async def test_of_a_deletion_and_a_completion_at_once_neither_undoes_the_other(
    sql_stores: SQLStores, seed: int
) -> None:
    news = [telling_job() for _ in range(8)]
    await sql_stores.created(*news)
    leases = [await sql_stores.claimed(new) for new in news]
    removal = removals(sql_stores)

    async def race(number: int) -> bool:
        steps = [removal.delete(ALICE, news[number].job_id), sql_stores.work.complete(completion(leases[number]))]
        turn = (number + seed) % 2
        done = await asyncio.gather(*(steps if turn else reversed(steps)))
        return bool(done[1 if turn else 0])

    was_completed = await asyncio.gather(*map(race, range(len(news))))
    for new, lease, completed_first in zip(news, leases, was_completed, strict=True):
        job = await sql_stores.job(new)
        assert job.removal is Removal.DELETED
        assert job.state is (JobState.COMPLETED if completed_first else JobState.FAILED)
        assert SECRET not in await row_of(sql_stores, new.job_id)
        assert await sql_stores.work.complete(completion(lease)) is completed_first
    waiting = await leftovers(sql_stores).leftovers(100)
    assert {job.job_id for job in waiting} == {new.job_id for new in news}


async def test_a_claim_of_a_deleted_job_is_refused(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    await removals(stores).delete(ALICE, new.job_id)
    with pytest.raises(AssertionError):
        await stores.claimed(new)


async def test_what_ended_long_ago_expires_and_the_rest_stays(sql_stores: SQLStores) -> None:
    old, young, waiting = telling_job(), new_job(), new_job()
    await completed(sql_stores, old, young)
    await sql_stores.created(waiting)
    await age(sql_stores, old, timedelta(days=31))
    heard = Heard()
    await RetentionSweep(removals(sql_stores, jobs=timedelta(days=30)), heard, Leads()).sweep()
    assert heard.jobs == [(ALICE, old.job_id)]
    assert [await removal_of(sql_stores, new) for new in (old, young, waiting)] == [Removal.EXPIRED, None, None]
    assert SECRET not in await row_of(sql_stores, old.job_id)
    assert [job.job_id for job in await leftovers(sql_stores).leftovers(10)] == [old.job_id]


async def test_a_deletion_of_an_expired_job_leaves_it_expired(sql_stores: SQLStores) -> None:
    new = new_job()
    await completed(sql_stores, new)
    await removals(sql_stores, jobs=AT_ONCE).expire()
    assert await removals(sql_stores).delete(ALICE, new.job_id)
    assert await removal_of(sql_stores, new) is Removal.EXPIRED


async def test_more_than_one_batch_expires_in_one_sweep(sql_stores: SQLStores) -> None:
    news = [new_job() for _ in range(450)]
    await sql_stores.created(*news)
    await asyncio.gather(*(sql_stores.jobs.cancel(ALICE, new.job_id) for new in news))
    heard = Heard()
    await RetentionSweep(removals(sql_stores, jobs=AT_ONCE), heard, Leads()).sweep()
    assert {job_id for _, job_id in heard.jobs} == {new.job_id for new in news}


async def test_a_tombstone_is_dropped_only_after_its_objects(sql_stores: SQLStores) -> None:
    new = new_job()
    await completed(sql_stores, new)
    removal = removals(sql_stores, tombstones=AT_ONCE)
    await removal.delete(ALICE, new.job_id)
    assert await removal.drop_tombstones() == 0
    address = JOBS.update().where(JOBS.c.job_id == new.job_id).values(webhook_url=SECRET)
    await sql_stores.data.write(lambda connection: connection.execute(address))
    (waiting,) = await leftovers(sql_stores).leftovers(10)
    await leftovers(sql_stores).note_removed([waiting])
    assert SECRET not in await row_of(sql_stores, new.job_id)
    assert await removals(sql_stores).drop_tombstones() == 0
    assert await removal.drop_tombstones() == 1
    assert await sql_stores.jobs.get([new.job_id]) == {}


async def test_events_are_purged_and_their_numbers_go_on(sql_stores: SQLStores) -> None:
    new, later = new_job(), new_job()
    await completed(sql_stores, new)
    assert await removals(sql_stores).purge_events() == 0
    assert await removals(sql_stores, events=AT_ONCE).purge_events() == 3
    await sql_stores.created(later)
    assert await sql_stores.events(ALICE) == [(4, later.job_id, "queued")]
    count = select(func.count()).select_from(EVENTS)
    assert await sql_stores.data.read(lambda connection: connection.execute(count).scalar_one()) == 1


async def test_only_jobs_that_may_have_leftovers_are_looked_through_and_each_once(stores: Stores) -> None:
    once, twice, lost, never, running = (new_job() for _ in range(5))
    await completed(stores, once)
    await stores.created(twice, lost, never, running)
    await stores.work.release(await stores.claimed(twice))
    await stores.work.complete(completion(await stores.claimed(twice)))
    await stores.work.fail(failed(await stores.claimed(lost), retryable=False))
    await stores.jobs.cancel(ALICE, never.job_id)
    await stores.claimed(running)
    found = await leftovers(stores).leftovers(10)
    assert found == [Leftovers(twice.job_id, STORED.object_key, None), Leftovers(lost.job_id, None, None)]
    await leftovers(stores).note_removed(found)
    assert await leftovers(stores).leftovers(10) == []
    await removals(stores).delete(ALICE, twice.job_id)
    assert await leftovers(stores).leftovers(10) == [
        Leftovers(twice.job_id, STORED.object_key, Removal.DELETED),
    ]


async def test_a_job_removed_while_its_leftovers_were_removed_is_looked_through_again(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    await stores.work.release(await stores.claimed(new))
    await stores.work.complete(completion(await stores.claimed(new)))
    (seen,) = await leftovers(stores).leftovers(10)
    await removals(stores).delete(ALICE, new.job_id)
    await leftovers(stores).note_removed([seen])
    assert await leftovers(stores).leftovers(10) == [replace(seen, removal=Removal.DELETED)]


async def test_objects_of_a_job_that_a_worker_may_be_at_are_left_until_it_has_settled(sql_stores: SQLStores) -> None:
    done, running = new_job(), new_job()
    await completed(sql_stores, done)
    await sql_stores.created(running)
    await sql_stores.claimed(running)
    for new in (done, running):
        await removals(sql_stores).delete(ALICE, new.job_id)
    settling = leftovers(sql_stores, timedelta(minutes=5))
    assert [job.job_id for job in await settling.leftovers(10)] == [done.job_id]
    await age(sql_stores, running, timedelta(minutes=6))
    assert {job.job_id for job in await settling.leftovers(10)} == {done.job_id, running.job_id}


@pytest.mark.parametrize(
    ("sweep", "index"),
    [
        ("leftovers", "ix_jobs_leftovers"),
        ("expire", "ix_jobs_finished"),
        ("drop_tombstones", "ix_jobs_removed"),
        ("purge_events", "ix_events_created_at"),
    ],
)
async def test_a_sweep_reads_nothing_but_what_it_is_for(sql_stores: SQLStores, sweep: str, index: str) -> None:
    removal = removals(sql_stores)
    statement = {
        "leftovers": leftovers(sql_stores)._leftovers.limit(20),  # noqa: SLF001 - What is run is what is explained.
        "expire": removal._expire._over,  # noqa: SLF001
        "drop_tombstones": removal._drop_tombstones._over,  # noqa: SLF001
        "purge_events": removal._purge_events._over,  # noqa: SLF001
    }[sweep]

    def plan(connection: Connection) -> str:
        bound = statement.params(limit_=20).compile(connection.engine, compile_kwargs={"literal_binds": True})
        if connection.dialect.name == "postgresql":
            # So small a table is read whole in any case; what is asked here is whether it must be.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        words = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        return "\n".join(" ".join(map(str, row)) for row in connection.exec_driver_sql(f"{words} {bound}"))

    explained = await sql_stores.data.write(plan)
    assert index in explained, explained
    for costly in ("Seq Scan", "Sort", "TEMP B-TREE"):
        assert costly not in explained, explained


async def removal_of(stores: SQLStores, new: NewJob) -> Removal | None:
    job: Job = await stores.job(new)
    return job.removal


async def age(stores: SQLStores, new: NewJob, by: timedelta) -> None:
    """Puts a job's end back in time."""
    job = await stores.job(new)
    assert job.finished_at is not None
    earlier = JOBS.update().where(JOBS.c.job_id == new.job_id).values(finished_at=job.finished_at - by)
    await stores.data.write(lambda connection: connection.execute(earlier))

"""An account's jobs a page at a time, over each database."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from integration.jobs.peers import ALICE, BOB, SQLStores, completion, new_job
from sqlalchemy import Connection, text
from sqlalchemy.dialects import postgresql, sqlite

from flexura_jobs.domain.jobs import JobState, MediaType, NewJob
from flexura_jobs.domain.listing import JobFilter, JobPage, JobQuery, Position
from flexura_jobs.domain.retention import Retention
from flexura_jobs.service import JobLists
from flexura_jobs.store import SQLListingStore, SQLRemovalStore
from flexura_jobs.store.listing import page_of
from flexura_kit.ids import AccountId

ALL = JobFilter()
YEAR = timedelta(days=365)


def lists(stores: SQLStores) -> JobLists:
    return JobLists(SQLListingStore(stores.data))


async def listed(stores: SQLStores, wanted: JobFilter = ALL, account_id: AccountId = ALICE) -> list[str]:
    return [job.job_id for job in (await lists(stores).page(JobQuery(account_id, wanted, 100))).jobs]


async def pages_of(
    stores: SQLStores, size: int, between: Callable[[], asyncio.Future[None]] | None = None
) -> list[JobPage]:
    query, pages = JobQuery(ALICE, page_size=size), []
    while True:
        pages.append(await lists(stores).page(query))
        if not pages[-1].next_page_token:
            return pages
        if between is not None:
            await between()
        query = replace(query, page_token=pages[-1].next_page_token)


async def test_pages_hold_every_job_once_and_the_newest_first_while_others_are_added(sql_stores: SQLStores) -> None:
    news = [new_job() for _ in range(11)]
    await sql_stores.created(*news[:6])  # In one statement, and so at one time.
    for new in news[6:]:
        await sql_stores.created(new)
    await sql_stores.created(new_job(BOB))

    def add() -> asyncio.Future[None]:
        return asyncio.ensure_future(sql_stores.created(new_job()))

    pages = await pages_of(sql_stores, 3, add)
    jobs = [job for page in pages for job in page.jobs]
    assert {job.job_id for job in jobs} == {new.job_id for new in news}
    assert [len(page.jobs) for page in pages] == [3, 3, 3, 2]
    places = [(job.created_at, job.job_id) for job in jobs]
    assert places == sorted(places, reverse=True)


async def test_a_list_that_ends_with_its_page_has_no_next_one(sql_stores: SQLStores) -> None:
    await sql_stores.created(*(new_job() for _ in range(4)))
    assert [len(page.jobs) for page in await pages_of(sql_stores, 2)] == [2, 2]
    assert [len(page.jobs) for page in await pages_of(sql_stores, 5)] == [4]
    assert (await lists(sql_stores).page(JobQuery(BOB))).jobs == []


async def test_a_page_of_long_jobs_is_shorter_and_leads_to_the_rest(sql_stores: SQLStores) -> None:
    long = f'{{"long": "{"x" * 1_500_000}"}}'
    news = [replace(new_job(), metadata_json=long) for _ in range(5)]
    news.append(replace(new_job(), prompt="\u00fc" * 5_000_000))
    for new in news:
        await sql_stores.created(new)
    pages = await pages_of(sql_stores, 100)
    assert [len(page.jobs) for page in pages] == [1, 2, 2, 1]
    assert [job.job_id for page in pages for job in page.jobs] == [new.job_id for new in reversed(news)]


async def test_every_filter_takes_its_jobs_and_no_others(sql_stores: SQLStores) -> None:
    done, video, named = new_job(), replace(new_job(), media_type=MediaType.VIDEO), replace(new_job(), client_ref="a b")
    await sql_stores.created(done)
    await sql_stores.work.complete(completion(await sql_stores.claimed(done)))
    await sql_stores.created(video, named, replace(new_job(BOB), client_ref="a b"))
    states = {JobState.COMPLETED, JobState.FAILED}
    assert await listed(sql_stores, JobFilter(states=frozenset(states))) == [done.job_id]
    assert await listed(sql_stores, JobFilter(media_type=MediaType.VIDEO)) == [video.job_id]
    assert await listed(sql_stores, JobFilter(client_ref="a b")) == [named.job_id]
    created_at = (await sql_stores.job(done)).created_at
    after = await listed(sql_stores, JobFilter(created_after=created_at))
    assert set(after) == {video.job_id, named.job_id}
    assert len(await listed(sql_stores, JobFilter(created_after=created_at - timedelta(microseconds=1)))) == 3


async def test_removed_jobs_are_not_listed(sql_stores: SQLStores) -> None:
    kept, gone = replace(new_job(), client_ref="x"), replace(new_job(), client_ref="x")
    await sql_stores.created(kept, gone)
    removals = SQLRemovalStore(sql_stores.data.dialect, sql_stores.writer, Retention(YEAR, YEAR, YEAR))
    assert await removals.delete(ALICE, gone.job_id)
    assert await listed(sql_stores) == [kept.job_id]
    assert await listed(sql_stores, JobFilter(client_ref="x")) == [kept.job_id]


@pytest.mark.parametrize("has_position", [False, True], ids=["first", "next"])
@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (JobFilter(), "ix_jobs_account"),
        (JobFilter(created_after=datetime(2026, 1, 1, tzinfo=UTC)), "ix_jobs_account"),
        (JobFilter(frozenset({JobState.COMPLETED})), "ix_jobs_account"),
        (JobFilter(frozenset({JobState.FAILED})), "ix_jobs_account_failed"),
        (JobFilter(frozenset({JobState.FAILED}), MediaType.IMAGE), "ix_jobs_account_failed"),
        (JobFilter(frozenset({JobState.PROCESSING})), "ix_jobs_account_unfinished"),
        (JobFilter(frozenset({JobState.QUEUED, JobState.PROCESSING})), "ix_jobs_account_unfinished"),
        (JobFilter(media_type=MediaType.AUDIO), "ix_jobs_account_type"),
        (JobFilter(frozenset({JobState.PROCESSING}), MediaType.AUDIO), "ix_jobs_account_unfinished"),
        (JobFilter(client_ref="order"), "ix_jobs_client_ref"),
        (JobFilter(media_type=MediaType.AUDIO, client_ref="order"), "ix_jobs_client_ref"),
    ],
    ids=[
        "all",
        "young",
        "completed",
        "failed",
        "failed images",
        "processing",
        "unfinished",
        "audio",
        "processing audio",
        "client-ref",
        "audio of client-ref",
    ],
)
async def test_a_page_is_read_from_its_index_in_order(
    sql_stores: SQLStores, wanted: JobFilter, index: str, has_position: bool
) -> None:
    await sql_stores.created(*many(200))
    job = (await lists(sql_stores).page(JobQuery(ALICE))).jobs[-1]
    place = Position(job.created_at, job.job_id) if has_position else None
    plan = await sql_stores.data.write(lambda connection: plan_of(connection, wanted, place))
    assert index in plan, plan
    for costly in ("Seq Scan", "Sort", "SCAN jobs", "TEMP B-TREE"):
        assert costly not in plan, plan


def many(count: int) -> list[NewJob]:
    return [
        replace(new_job(AccountId(f"account-{number % 20}")), client_ref=str(number)) for number in range(count)
    ] + [new_job() for _ in range(30)]


def plan_of(connection: Connection, wanted: JobFilter, place: Position | None) -> str:
    page = page_of(ALICE, wanted, place, 21)
    if connection.dialect.name == "postgresql":
        # So small a table is read whole in any case; what is asked here is whether it must be.
        connection.execute(text("SET LOCAL enable_seqscan = off"))
    dialect = postgresql.dialect() if connection.dialect.name == "postgresql" else sqlite.dialect()
    statement = str(page.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    words = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    rows = connection.exec_driver_sql(f"{words} {statement}").all()
    return "\n".join(" ".join(map(str, row)) for row in rows)

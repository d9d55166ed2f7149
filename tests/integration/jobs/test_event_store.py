"""An account's events a page at a time, over each database."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from integration.jobs.peers import ALICE, ASSET, BOB, SQLStores, completion, failed, new_job
from sqlalchemy import Connection, text
from sqlalchemy.dialects import postgresql, sqlite

from flexura_jobs.domain.events import Event, EventPage, EventQuery
from flexura_jobs.domain.jobs import JobState, NewJob
from flexura_jobs.domain.retention import Retention
from flexura_jobs.service import EventFeeds
from flexura_jobs.store import SQLEventStore, SQLRemovalStore
from flexura_jobs.store.feed import events_page
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, JobId

YEAR = timedelta(days=365)


def removals(stores: SQLStores, events: timedelta = YEAR) -> SQLRemovalStore:
    return SQLRemovalStore(stores.data.dialect, stores.writer, Retention(YEAR, YEAR, events))


async def page(
    stores: SQLStores,
    after: int | None = None,
    size: int = 100,
    account_id: AccountId = ALICE,
    of: NewJob | None = None,
) -> EventPage:
    query = EventQuery(account_id, after, of.job_id if of else None, size)
    return await EventFeeds(SQLEventStore(stores.data)).page(query)


async def pages(stores: SQLStores, size: int, of: NewJob | None = None) -> AsyncIterator[list[Event]]:
    after, has_more = None, True
    while has_more:
        read = await page(stores, after, size, of=of)
        yield read.events
        after, has_more = read.next_after, read.has_more


async def why_refused(stores: SQLStores, query: EventQuery) -> FlexuraError:
    with pytest.raises(FlexuraError) as caught:
        await EventFeeds(SQLEventStore(stores.data)).page(query)
    return caught.value


async def finished(stores: SQLStores, *news: NewJob) -> None:
    await stores.created(*news)
    for new in news:
        assert await stores.work.complete(completion(await stores.claimed(new)))


async def test_a_jobs_life_is_told_in_order_and_each_end_with_what_came_of_it(sql_stores: SQLStores) -> None:
    done, broken = replace(new_job(), client_ref="mine", metadata_json='{"a":"b"}'), new_job()
    await finished(sql_stores, done)
    await sql_stores.created(broken)
    await sql_stores.work.fail(failed(await sql_stores.claimed(broken), retryable=False))
    events = (await page(sql_stores)).events
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5, 6]
    assert [(event.job_id, event.state.value, event.attempt) for event in events] == [
        (done.job_id, "queued", 0),
        (done.job_id, "processing", 1),
        (done.job_id, "completed", 1),
        (broken.job_id, "queued", 0),
        (broken.job_id, "processing", 1),
        (broken.job_id, "failed", 1),
    ]
    assert events == sorted(events, key=lambda event: event.created_at)
    told = events[2].job
    assert told is not None
    assert (told.client_ref, told.metadata_json, told.media_type) == ("mine", '{"a":"b"}', "image")
    assert (told.asset_sha256, told.asset_width, told.failure_reason) == (ASSET.sha256, ASSET.width, None)
    assert events[2].failure_reason is None
    assert events[5].failure_reason is Reason.PROVIDER_FAILED
    assert (await page(sql_stores, account_id=BOB)) == EventPage([], 0, has_more=False, latest=0, oldest=None)


@pytest.mark.parametrize("size", [1, 4, 5])
async def test_pages_hold_every_event_once_wherever_they_are_cut(sql_stores: SQLStores, size: int) -> None:
    await finished(sql_stores, *(new_job() for _ in range(5)))
    await finished(sql_stores, new_job(BOB))
    told = [event.sequence async for events in pages(sql_stores, size) for event in events]
    assert told == list(range(1, 16))
    for after in range(16):
        rest = await page(sql_stores, after)
        assert [event.sequence for event in rest.events] == list(range(after + 1, 16))
        assert (rest.next_after, rest.has_more, rest.latest, rest.oldest) == (15, False, 15, 1)


async def test_one_jobs_events_are_found_among_others_and_the_place_goes_on_with_the_account(
    sql_stores: SQLStores,
) -> None:
    mine, other = new_job(), new_job()
    await sql_stores.created(mine)
    await finished(sql_stores, other)
    assert [e.sequence for e in (await page(sql_stores, of=mine)).events] == [1]
    assert (await page(sql_stores, of=mine)).next_after == 4
    assert (await page(sql_stores, 4, of=mine)).events == []
    await sql_stores.work.complete(completion(await sql_stores.claimed(mine)))
    told = [[event.sequence for event in events] async for events in pages(sql_stores, 2, of=mine)]
    assert told == [[1, 5], [6]]
    first = await page(sql_stores, size=2, of=mine)
    assert (first.next_after, first.has_more) == (5, True)
    assert (await page(sql_stores, account_id=BOB, of=mine)).events == []


async def test_a_place_whose_events_are_gone_is_expired_and_the_end_of_the_feed_never_is(sql_stores: SQLStores) -> None:
    await finished(sql_stores, new_job())
    for expired in (4, 10**12):
        error = await why_refused(sql_stores, EventQuery(ALICE, expired))
        assert (error.kind, error.reason) == (Kind.NOT_FOUND, Reason.CURSOR_EXPIRED)
    assert await removals(sql_stores, events=timedelta(0)).purge_events() == 3
    assert await page(sql_stores, 3) == EventPage([], 3, has_more=False, latest=3, oldest=None)
    new = new_job()
    await sql_stores.created(new)
    for expired in (0, 1, 2):
        assert (await why_refused(sql_stores, EventQuery(ALICE, expired))).reason is Reason.CURSOR_EXPIRED
        assert (await why_refused(sql_stores, EventQuery(ALICE, expired, new.job_id))).reason is Reason.CURSOR_EXPIRED
    for kept in (None, 3):
        assert [event.sequence for event in (await page(sql_stores, kept)).events] == [4]


async def test_what_is_purged_leaves_no_gap_also_of_events_of_one_commit(sql_stores: SQLStores) -> None:
    for account_id in (ALICE, BOB):
        await sql_stores.created(*(new_job(account_id) for _ in range(150)))
    store = removals(sql_stores, events=timedelta(0))
    assert await store.purge_events() == 200
    kept = {account: (await page(sql_stores, account_id=account)).oldest for account in (ALICE, BOB)}
    for account_id, oldest in kept.items():
        rows = [sequence for sequence, _, _ in await sql_stores.events(account_id)]
        assert rows == list(range(oldest or 151, 151))


async def test_metadata_of_megabytes_is_told_in_several_pages(sql_stores: SQLStores) -> None:
    big = '{"a":"' + "x" * 600_000 + '"}'
    await sql_stores.created(*(replace(new_job(), metadata_json=big) for _ in range(3)))
    assert [len(events) async for events in pages(sql_stores, 100)] == [1, 1, 1]


async def test_an_end_is_told_also_of_a_job_that_was_deleted(sql_stores: SQLStores) -> None:
    new = replace(new_job(), client_ref="secret")
    await finished(sql_stores, new)
    await removals(sql_stores).delete(ALICE, new.job_id)
    told = (await page(sql_stores)).events[-1].job
    assert told is not None
    assert (told.client_ref, told.removed_at is None) == ("", False)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (EventQuery(ALICE, -1), "after_sequence"),
        (EventQuery(ALICE, page_size=101), "page_size"),
        (EventQuery(ALICE, page_size=-1), "page_size"),
    ],
    ids=["before-the-first", "too-many", "fewer-than-none"],
)
async def test_what_a_feed_cannot_take_is_refused_by_name(
    sqlite_stores: SQLStores, query: EventQuery, field: str
) -> None:
    error = await why_refused(sqlite_stores, query)
    assert (error.reason, error.violations[0].field) == (Reason.INVALID_REQUEST, field)


@pytest.mark.parametrize("job_id", ["nonsense", "\0", ""])
async def test_what_cannot_be_a_job_is_none(sql_stores: SQLStores, job_id: str) -> None:
    assert (await why_refused(sql_stores, EventQuery(ALICE, job_id=JobId(job_id)))).reason is Reason.JOB_NOT_FOUND


async def test_a_reader_beside_many_writers_sees_every_event_once_and_in_order(sql_stores: SQLStores) -> None:
    """The one thing that a feed is for: an event that is committed late must not come behind a place already read."""
    writers, each = 8, 12

    async def write(stores: SQLStores) -> None:
        for _ in range(each):
            new = new_job()
            await stores.created(new)
            await stores.work.complete(completion(await stores.claimed(new)))

    async with sql_stores.another_replica() as replica:
        assert isinstance(replica, SQLStores)
        written = [asyncio.create_task(write(stores)) for stores in (sql_stores, replica) for _ in range(writers // 2)]
        told: list[int] = []
        jobs: dict[JobId, list[JobState]] = {}
        after: int | None = None
        while len(told) < 3 * writers * each and not any(task.done() and task.exception() for task in written):
            await asyncio.sleep(0)  # On SQLite a read by key waits for nothing, and so lets nobody else run.
            read = await page(sql_stores, after, size=7)
            for event in read.events:
                told.append(event.sequence)
                jobs.setdefault(event.job_id, []).append(event.state)
            after = read.next_after
        await asyncio.gather(*written)
    assert told == list(range(1, 3 * writers * each + 1))
    assert all(states == [JobState.QUEUED, JobState.PROCESSING, JobState.COMPLETED] for states in jobs.values())
    assert (await page(sql_stores, after)).events == []


@pytest.mark.parametrize("of_job", [False, True], ids=["account", "job"])
async def test_a_page_is_read_from_its_index_in_order(sql_stores: SQLStores, of_job: bool) -> None:
    await sql_stores.created(*(new_job(AccountId(f"account-{number % 5}")) for number in range(100)), new_job())
    plan = await sql_stores.data.write(lambda connection: plan_of(connection, of_job=of_job))
    assert ("ix_events_job" in plan) is of_job, plan
    for costly in ("Seq Scan", "SCAN events", "SCAN jobs"):
        assert costly not in plan, plan


def plan_of(connection: Connection, *, of_job: bool) -> str:
    values = {"of_account": "alice", "after": 3, "count_max": 10, "of_job": "no-job"}
    if connection.dialect.name == "postgresql":
        # So small a table is read whole in any case; what is asked here is whether it must be.
        connection.execute(text("SET LOCAL enable_seqscan = off"))
    dialect = postgresql.dialect() if connection.dialect.name == "postgresql" else sqlite.dialect()
    statement = events_page(of_job=of_job).params(
        {name: value for name, value in values.items() if of_job or name != "of_job"}
    )
    compiled = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    words = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    return "\n".join(" ".join(map(str, row)) for row in connection.exec_driver_sql(f"{words} {compiled}").all())

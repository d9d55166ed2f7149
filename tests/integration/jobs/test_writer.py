"""The writer: callers share commits, one bad unit fails itself alone, and what runs twice is done once."""

import asyncio
from collections.abc import Sequence

import pytest
from integration.jobs.peers import (
    ALICE,
    MODELS,
    NO_LIMITS,
    Forgetful,
    SQLStores,
    claim,
    completion,
    failed,
    lease_of,
    new_job,
    running,
    states,
)
from sqlalchemy import Connection, text

from flexura_jobs.domain.jobs import JobState, NewJob
from flexura_jobs.store import QueueRoom, Writer
from flexura_jobs.store.acceptance import Creation
from flexura_jobs.store.events import NewEvent
from flexura_kit.db import Database, Transactions, transactions
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.settings import DatabaseSettings


class Counted:
    """A creation that counts how often it ran and with how many items."""

    def __init__(self, data: Transactions) -> None:
        self._creation = Creation(data.dialect, QueueRoom(data.dialect, NO_LIMITS, MODELS))
        self.sizes: list[int] = []

    def run(self, connection: Connection, items: Sequence[NewJob], events: list[NewEvent]) -> Sequence[bool]:
        self.sizes.append(len(items))
        return [job is not None for job in self._creation.run(connection, items, events)]


class Broken:
    """An operation whose statement the database refuses."""

    def run(self, connection: Connection, _items: Sequence[None], _events: list[NewEvent]) -> Sequence[None]:
        connection.execute(text("INSERT INTO nowhere VALUES (1)"))
        return []


async def test_concurrent_writes_share_a_commit(sql_stores: SQLStores) -> None:
    counted = Counted(sql_stores.data)
    news = [new_job() for _ in range(100)]
    assert await asyncio.gather(*(sql_stores.writer.write(counted, [new]) for new in news)) == [[True]] * 100
    assert sum(counted.sizes) == 100
    assert len(counted.sizes) < 10


async def test_one_bad_unit_fails_itself_alone(sql_stores: SQLStores) -> None:
    counted, broken = Counted(sql_stores.data), Broken()
    news = [new_job() for _ in range(5)]
    results = await asyncio.gather(
        *(sql_stores.writer.write(counted, [new]) for new in news),
        sql_stores.writer.write(broken, [None]),
        return_exceptions=True,
    )
    assert results[:5] == [[True]] * 5
    assert isinstance(results[5], Exception)
    assert len(await sql_stores.jobs.get([new.job_id for new in news])) == 5
    assert len(await sql_stores.events(ALICE)) == 5


async def test_a_change_whose_event_cannot_be_written_is_not_made(sql_stores: SQLStores) -> None:
    before, after = new_job(), new_job()
    await sql_stores.created(before)
    await execute(sql_stores, "ALTER TABLE events RENAME TO events_elsewhere")
    changes = sql_stores.jobs.create([after]), sql_stores.work.claim([claim(before)])
    assert all(isinstance(result, Exception) for result in await asyncio.gather(*changes, return_exceptions=True))
    await execute(sql_stores, "ALTER TABLE events_elsewhere RENAME TO events")
    found = await sql_stores.jobs.get([before.job_id, after.job_id])
    assert {job_id: job.state for job_id, job in found.items()} == {before.job_id: JobState.QUEUED}
    assert states(await sql_stores.events(ALICE), before) == [JobState.QUEUED]


async def execute(stores: SQLStores, statement: str) -> None:
    await stores.data.write(lambda connection: connection.execute(text(statement)))


async def test_a_caller_who_gives_up_before_the_commit_writes_nothing(sql_stores: SQLStores) -> None:
    idle = Writer(sql_stores.data)
    given_up, patient = Counted(sql_stores.data), Counted(sql_stores.data)
    waiting = asyncio.create_task(idle.write(given_up, [new_job()]))
    other = asyncio.create_task(idle.write(patient, [new_job()]))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    writing = asyncio.create_task(idle.run())
    assert await other == [True]
    assert (given_up.sizes, patient.sizes) == ([], [1])
    writing.cancel()
    await asyncio.wait([writing])


async def test_a_writer_that_stops_fails_whoever_waits_and_whoever_comes(sql_stores: SQLStores) -> None:
    writer = Writer(sql_stores.data)
    writing = asyncio.create_task(writer.run())
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait([writing])
    with pytest.raises(FlexuraError) as refused:
        await writer.write(Counted(sql_stores.data), [new_job()])
    assert (refused.value.kind, refused.value.reason) == (Kind.BUSY, Reason.SERVICE_UNAVAILABLE)


async def test_too_many_waiting_writes_are_refused(sql_stores: SQLStores) -> None:
    idle = Writer(sql_stores.data)
    counted = Counted(sql_stores.data)
    waiting = [asyncio.create_task(idle.write(counted, [new_job()])) for _ in range(2048)]
    await asyncio.sleep(0)
    with pytest.raises(FlexuraError) as refused:
        await idle.write(counted, [new_job()])
    assert (refused.value.kind, refused.value.reason) == (Kind.BUSY, Reason.OVERLOADED)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)


async def test_what_was_committed_without_a_word_is_answered_as_done(
    data: Database, database_settings: DatabaseSettings
) -> None:
    """Of every change of a job, the database commits the first run and its answer is lost."""
    async with transactions(database_settings, data) as tx, running(SQLStores(Forgetful(tx))) as stores:
        new, failing, returned, canceled = (new_job() for _ in range(4))
        await stores.created(new, failing, returned, canceled)
        (job,) = await stores.work.claim([claim(new)])
        assert job is not None
        assert job.attempt == 1
        assert await stores.work.complete(completion(lease_of(job)))
        assert await stores.work.fail(failed(await stores.claimed(failing))) is JobState.QUEUED
        assert await stores.work.release(await stores.claimed(returned))
        assert await stores.jobs.cancel(ALICE, canceled.job_id) is not None
        events = await stores.events(ALICE)
        assert states(events, new) == [JobState.QUEUED, JobState.PROCESSING, JobState.COMPLETED]
        for twice in (failing, returned):
            assert states(events, twice) == [JobState.QUEUED, JobState.PROCESSING, JobState.QUEUED]
        assert states(events, canceled) == [JobState.QUEUED, JobState.FAILED]
        assert [sequence for sequence, *_ in events] == list(range(1, 12))

"""Jobs as their owners see them, over each database."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from integration.jobs.peers import ALICE, ASSET, BOB, STORED, Stores, completion, new_job, states

from flexura_jobs.domain.jobs import JobState, LeaseVerdict, Renewal
from flexura_kit.errors import Reason
from flexura_kit.ids import AccountId, JobId, new_uuid7


async def test_a_new_job_is_queued_and_read_back_as_created(stores: Stores) -> None:
    new = new_job()
    (created,) = await stores.jobs.create([new])
    assert created is not None
    assert created == await stores.job(new)
    assert (created.state, created.prompt, created.attempt) == (JobState.QUEUED, new.prompt, 0)
    assert abs(datetime.now(UTC) - created.created_at) < timedelta(seconds=5)
    assert (created.started_at, created.finished_at, created.asset, created.failure) == (None, None, None, None)


async def test_a_repeated_create_answers_the_job_unchanged(stores: Stores) -> None:
    new = new_job()
    (first,) = await stores.jobs.create([new])
    (again,) = await stores.jobs.create([replace(new, prompt="another")])
    assert again == first
    assert len(await stores.events(ALICE)) == 1


async def test_an_id_of_another_account_is_refused_and_not_shown(stores: Stores) -> None:
    new = new_job(ALICE)
    await stores.created(new)
    assert list(await stores.jobs.create([replace(new, account_id=BOB)])) == [None]
    assert (await stores.job(new)).account_id == ALICE


async def test_items_of_a_batch_do_not_touch_each_other(stores: Stores) -> None:
    taken, fresh = new_job(BOB), new_job(ALICE)
    await stores.created(taken)
    results = await stores.jobs.create([fresh, replace(taken, account_id=ALICE), fresh, taken])
    assert [job and job.job_id for job in results] == [fresh.job_id, None, fresh.job_id, taken.job_id]


async def test_the_same_job_created_by_many_at_once_is_one_job(stores: Stores) -> None:
    new = new_job()
    results = await asyncio.gather(*(stores.jobs.create([new]) for _ in range(20)))
    assert {job.job_id for (job,) in results if job} == {new.job_id}
    assert len(await stores.events(ALICE)) == 1


async def test_unknown_jobs_are_absent(stores: Stores) -> None:
    assert await stores.jobs.get([JobId(new_uuid7())]) == {}
    assert await stores.jobs.get([]) == {}


async def test_a_queued_job_is_cancelled_once(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    first = await stores.jobs.cancel(ALICE, new.job_id)
    assert first is not None
    assert first.failure is not None
    assert (first.state, first.failure.reason) == (JobState.FAILED, Reason.CANCELED)
    assert await stores.jobs.cancel(ALICE, new.job_id) == first
    assert states(await stores.events(ALICE), new) == [JobState.QUEUED, JobState.FAILED]


async def test_another_accounts_job_cannot_be_cancelled(stores: Stores) -> None:
    new = new_job(ALICE)
    await stores.created(new)
    assert await stores.jobs.cancel(BOB, new.job_id) is None
    assert (await stores.job(new)).state is JobState.QUEUED


async def test_a_finished_job_stays_as_it_is_when_cancelled(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    assert await stores.work.complete(completion(await stores.claimed(new)))
    job = await stores.jobs.cancel(ALICE, new.job_id)
    assert job is not None
    assert (job.state, job.failure) == (JobState.COMPLETED, None)


async def test_a_worker_hears_that_its_job_was_cancelled_and_cannot_finish_it(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    lease = await stores.claimed(new)
    await stores.jobs.cancel(ALICE, new.job_id)
    assert list(await stores.work.renew([Renewal(lease, 0.5)])) == [LeaseVerdict.CANCELED]
    assert not await stores.work.complete(completion(lease))
    assert (await stores.job(new)).state is JobState.FAILED


async def test_only_completed_jobs_have_an_asset(stores: Stores) -> None:
    done, waiting = new_job(), new_job()
    await stores.created(done, waiting)
    await stores.work.complete(completion(await stores.claimed(done)))
    assert await stores.jobs.stored_assets([done.job_id, waiting.job_id]) == {done.job_id: STORED}
    job = await stores.job(done)
    assert (job.asset, job.progress) == (ASSET, 1.0)
    assert job.started_at is not None
    assert job.finished_at is not None
    assert job.created_at <= job.started_at <= job.finished_at == job.updated_at


async def test_event_numbers_have_no_gap_whoever_writes_at_once(stores: Stores) -> None:
    accounts = [AccountId(f"account-{number}") for number in range(4)]
    news = [new_job(account) for account in accounts for _ in range(25)]

    async def live(number: int) -> None:
        await stores.created(news[number])
        lease = await stores.claimed(news[number])
        if number % 2:
            await stores.jobs.cancel(news[number].account_id, news[number].job_id)
        else:
            assert await stores.work.complete(completion(lease))

    await asyncio.gather(*map(live, range(len(news))))
    for account in accounts:
        events = await stores.events(account)
        assert [sequence for sequence, _, _ in events] == list(range(1, 76))
    for new in news:
        assert states(await stores.events(new.account_id), new)[:2] == [JobState.QUEUED, JobState.PROCESSING]

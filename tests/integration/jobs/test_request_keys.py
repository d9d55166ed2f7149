"""Requests that are known again by their keys, over each database."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from integration.jobs.peers import ALICE, BOB, Stores, new_job, states

from flexura_jobs.domain.acceptance import Acceptance, KeyReused, Replayed
from flexura_jobs.domain.jobs import Job, JobState, NewJob
from flexura_jobs.domain.request_keys import RequestKey
from flexura_kit.ids import AccountId, JobId, new_uuid7

DAY = timedelta(hours=24)
KEY = RequestKey("image", "order-7", DAY, is_binding=True, fields_json='{"prompt":"aa"}')
BODY = RequestKey("body", "ab" * 16, timedelta(minutes=2), is_binding=False)


def keyed(key: RequestKey = KEY, account_id: AccountId = ALICE) -> NewJob:
    return replace(new_job(account_id), request_key=key)


def kept_for(kept: timedelta, key: RequestKey = KEY) -> RequestKey:
    return replace(key, kept=kept)


async def created(stores: Stores, new: NewJob) -> Job:
    (outcome,) = await stores.jobs.create([new])
    assert isinstance(outcome, Job)
    return outcome


async def test_the_same_key_is_the_same_job(stores: Stores) -> None:
    first = await created(stores, keyed())
    again = keyed()
    assert list(await stores.jobs.create([again])) == [Replayed(first)]
    assert await stores.jobs.get([again.job_id]) == {}
    assert len(await stores.events(ALICE)) == 1


async def test_a_replay_answers_the_job_however_it_ended(stores: Stores) -> None:
    first = keyed()
    await stores.created(first)
    await stores.jobs.cancel(ALICE, first.job_id)
    (replayed,) = await stores.jobs.create([keyed()])
    assert isinstance(replayed, Replayed)
    assert (replayed.job.job_id, replayed.job.state) == (first.job_id, JobState.FAILED)
    assert states(await stores.events(ALICE), first) == [JobState.QUEUED, JobState.FAILED]


async def test_a_second_try_for_the_same_job_is_no_replay(stores: Stores) -> None:
    new = keyed()
    first = await created(stores, new)
    assert list(await stores.jobs.create([new, new])) == [first, first]


async def test_copies_at_once_are_one_job_in_one_commit_and_in_many(stores: Stores) -> None:
    copies = [keyed() for _ in range(100)]
    async with stores.another_replica() as other:
        writes = [(stores, other)[number % 2].jobs.create(copies[number : number + 4]) for number in range(0, 100, 4)]
        outcomes = [outcome for batch in await asyncio.gather(*writes) for outcome in batch]
    (job,) = [outcome for outcome in outcomes if isinstance(outcome, Job)]
    assert outcomes.count(Replayed(job)) == 99
    assert len(await stores.events(ALICE)) == 1


async def test_a_key_with_another_request_names_what_differs(stores: Stores) -> None:
    first = await created(stores, keyed(replace(KEY, fields_json='{"prompt":"aa","model":"bb"}')))
    other = keyed(replace(KEY, fields_json='{"prompt":"cc","model":"bb","options":"dd"}'))
    assert list(await stores.jobs.create([other])) == [KeyReused(("options", "prompt"))]
    assert await stores.jobs.get([other.job_id]) == {}
    same = keyed(replace(KEY, fields_json='{"model":"bb","prompt":"aa"}'))
    assert list(await stores.jobs.create([same])) == [Replayed(first)]


async def test_two_requests_of_one_key_in_one_batch_do_not_touch_the_others(stores: Stores) -> None:
    batch = [keyed(), new_job(), keyed(replace(KEY, fields_json="{}")), keyed(), new_job(BOB)]
    first, unkeyed, reused, copy, bobs = await stores.jobs.create(batch)
    assert isinstance(first, Job)
    assert (reused, copy) == (KeyReused(("prompt",)), Replayed(first))
    assert [job.job_id for job in (unkeyed, bobs) if isinstance(job, Job)] == [batch[1].job_id, batch[4].job_id]


async def test_a_key_counts_for_its_account_and_its_route_alone(stores: Stores) -> None:
    batch = [keyed(), keyed(account_id=BOB), keyed(replace(KEY, scope="video")), keyed(replace(KEY, value="Order-7"))]
    outcomes = await stores.jobs.create(batch)
    assert [job_id_of(outcome) for outcome in outcomes] == [new.job_id for new in batch]


async def test_a_key_that_is_over_makes_a_new_job_and_is_kept_anew(stores: Stores) -> None:
    await stores.created(keyed(kept_for(timedelta(0))))
    second = await created(stores, keyed())
    assert list(await stores.jobs.create([keyed()])) == [Replayed(second)]


async def test_a_key_is_recalled_without_a_change(stores: Stores) -> None:
    job = await created(stores, keyed())
    other = replace(KEY, value="another")
    asked = [(ALICE, KEY), (ALICE, other), (BOB, KEY), (ALICE, replace(KEY, fields_json="{}"))]
    assert list(await stores.jobs.recall(asked)) == [Replayed(job), None, None, KeyReused(("prompt",))]
    assert await stores.jobs.recall([(ALICE, other)]) == [None]


async def test_a_key_does_not_stand_for_an_id_of_another_account(stores: Stores) -> None:
    bobs = new_job(BOB)
    await stores.created(bobs)
    assert list(await stores.jobs.create([replace(keyed(), job_id=bobs.job_id)])) == [None]
    await created(stores, keyed())


async def test_the_same_body_is_a_new_job_marked_with_the_first_one(stores: Stores) -> None:
    first, second, third = [keyed(BODY) for _ in range(3)]
    assert (await created(stores, first)).probable_duplicate_of is None
    marked = [job.probable_duplicate_of for job in await stores.jobs.create([second, third]) if isinstance(job, Job)]
    assert marked == [first.job_id, first.job_id]
    assert (await stores.job(second)).probable_duplicate_of == first.job_id
    assert (await created(stores, second)).probable_duplicate_of == first.job_id
    assert (await created(stores, keyed(replace(BODY, value="cd" * 16)))).probable_duplicate_of is None


async def test_the_same_body_is_not_marked_when_the_first_was_long_ago(stores: Stores) -> None:
    await stores.created(keyed(kept_for(timedelta(0), BODY)))
    second = await created(stores, keyed(BODY))
    assert second.probable_duplicate_of is None
    assert (await created(stores, keyed(BODY))).probable_duplicate_of == second.job_id


async def test_keys_that_are_over_are_forgotten_and_no_others(stores: Stores) -> None:
    over = [keyed(replace(kept_for(timedelta(0)), value=f"over-{number}")) for number in range(5)]
    await stores.created(*over, keyed(kept_for(timedelta(0), BODY)))
    job = await created(stores, keyed())
    assert await stores.queue.forget_request_keys() == 6
    assert await stores.queue.forget_request_keys() == 0
    assert list(await stores.jobs.create([keyed()])) == [Replayed(job)]


def job_id_of(outcome: Acceptance) -> JobId:
    return outcome.job_id if isinstance(outcome, Job) else JobId(new_uuid7())

"""The queue over each database: turns, hints, deadlines, and who leads."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from integration.jobs.peers import ALICE, BOB, Stores, claim, new_job

from flexura_jobs.domain.jobs import Checkpoint, CheckpointReport, JobState, NewJob
from flexura_jobs.domain.queue import QueueState
from flexura_kit.errors import Reason
from flexura_kit.ids import AccountId

NOW = timedelta(seconds=-60)  # Younger than any hint: everything counts as old.
LONG_AGO = timedelta(hours=1)


async def hinted(stores: Stores) -> QueueState:
    return (await stores.queue.states(["painter"]))["painter"]


async def test_waiting_jobs_come_oldest_first_for_each_account(stores: Stores) -> None:
    alices, bobs = [new_job(ALICE) for _ in range(5)], [new_job(BOB)]
    for new in (*alices, *bobs):
        await stores.created(new)
        await asyncio.sleep(0.002)  # SQLite's clock has steps of a millisecond.
    await stores.created(new_job(model="other"))
    waiting = await stores.queue.waiting("painter", None, 3)
    assert waiting == {ALICE: [new.job_id for new in alices[:3]], BOB: [bobs[0].job_id]}


async def test_accounts_are_asked_around_the_ring(stores: Stores) -> None:
    accounts = [AccountId(name) for name in "abcde"]
    await stores.created(*map(new_job, accounts))
    assert set(await stores.queue.waiting("painter", None, 2)) == {"a", "b"}
    assert {"d", "e"} <= set(await stores.queue.waiting("painter", AccountId("c"), 2))
    assert {"a", "e"} <= set(await stores.queue.waiting("painter", AccountId("d"), 3))


async def test_states_tell_of_each_model_what_is_hinted_and_what_waits(stores: Stores) -> None:
    news = [new_job() for _ in range(3)]
    await stores.created(*news)
    await stores.queue.dispatch([news[0].job_id])
    assert await stores.queue.states(["painter", "idle"]) == {
        "painter": QueueState(1, has_waiting=True, processing=0),
        "idle": QueueState(0, has_waiting=False, processing=0),
    }
    assert await stores.queue.backlog() == {"painter": 3}


async def test_a_job_is_hinted_once_until_it_is_taken_back(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    results = await asyncio.gather(*(stores.queue.dispatch([new.job_id]) for _ in range(10)))
    (hint,) = [hint for hints in results for hint in hints]
    assert (hint.job_id, hint.dispatch_seq, hint.model) == (new.job_id, 1, "painter")
    await stores.queue.take_back([hint])
    (again,) = await stores.queue.dispatch([new.job_id])
    assert again.dispatch_seq == 2
    await stores.queue.take_back([hint])
    assert (await hinted(stores)).hinted == 1


async def test_a_claimed_job_has_no_hint_and_waits_again_after_its_return(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    await stores.queue.dispatch([new.job_id])
    lease = await stores.claimed(new)
    assert await hinted(stores) == QueueState(0, has_waiting=False, processing=1)
    await stores.work.release(lease)
    assert await hinted(stores) == QueueState(0, has_waiting=True, processing=0)


async def test_the_oldest_hints_are_taken_back_first(stores: Stores) -> None:
    news = [new_job() for _ in range(3)]
    await stores.created(*news)
    for new in news:
        await stores.queue.dispatch([new.job_id])
        await asyncio.sleep(0.005)
    assert await stores.queue.hinted_before("painter", LONG_AGO) == 0
    assert await stores.queue.hinted_before("painter", NOW) == 3
    assert await stores.queue.take_back_oldest("painter", LONG_AGO, 2) == 0
    assert await stores.queue.take_back_oldest("painter", NOW, 2) == 2
    waiting = await stores.queue.waiting("painter", None, 4)
    assert set(waiting[ALICE]) == {new.job_id for new in news[:2]}


async def test_jobs_past_their_deadline_end_wherever_they_are(stores: Stores) -> None:
    async def overdue(*, is_claimed: bool) -> NewJob:
        new = new_job(deadline=timedelta(milliseconds=300))
        await stores.created(new)
        if is_claimed:
            assert (await stores.work.claim([claim(new)]))[0] is not None
        return new

    news = [await overdue(is_claimed=False), await overdue(is_claimed=True)]
    in_time = new_job()
    await stores.created(in_time)
    await asyncio.sleep(0.4)
    assert await stores.queue.end_overdue() == 2
    assert await stores.queue.end_overdue() == 0
    for new in news:
        job = await stores.job(new)
        assert job.failure is not None
        assert (job.state, job.failure.reason) == (JobState.FAILED, Reason.DEADLINE_EXCEEDED)
    assert (await stores.job(in_time)).state is JobState.QUEUED
    assert len(await stores.events(ALICE)) == 6


async def test_a_billed_call_under_way_at_the_deadline_has_an_outcome_that_nobody_knows(stores: Stores) -> None:
    unnamed, named, free = (new_job(model=m, deadline=timedelta(seconds=2)) for m in ("billed", "billed", "painter"))
    await stores.created(unnamed, named, free)
    for new in (unnamed, named, free):
        report = CheckpointReport(await stores.claimed(new), Checkpoint.CREATING, "")
        assert await stores.work.checkpoint(report)
        if new is named:
            await stores.work.checkpoint(replace(report, checkpoint=Checkpoint.CREATED, upstream_ref="call-7"))
    await asyncio.sleep(2)
    assert await stores.queue.end_overdue() == 3
    failures = [(await stores.job(new)).failure for new in (unnamed, named, free)]
    assert [failure.reason for failure in failures if failure] == [
        Reason.OUTCOME_UNKNOWN,
        Reason.DEADLINE_EXCEEDED,
        Reason.DEADLINE_EXCEEDED,
    ]


async def test_lost_leases_return_in_any_number(stores: Stores) -> None:
    news = [new_job() for _ in range(60)]
    await stores.created(*news)
    await stores.leasing_for(timedelta(milliseconds=20)).claim([claim(new) for new in news])
    await asyncio.sleep(0.1)
    assert sum(await asyncio.gather(*(stores.queue.move_lost_leases() for _ in range(3)))) >= 60
    assert (await stores.queue.backlog())["painter"] == 60
    assert len(await stores.events(ALICE)) == 180


async def test_one_replica_leads_until_it_falls_silent_or_resigns(stores: Stores) -> None:
    lead = stores.queue.lead
    assert await lead("dispatcher", "one", timedelta(milliseconds=200))
    assert not await lead("dispatcher", "two", timedelta(seconds=5))
    assert await lead("dispatcher", "one", timedelta(milliseconds=200))
    assert await lead("another", "two", timedelta(seconds=5))
    await asyncio.sleep(0.3)
    assert await lead("dispatcher", "two", timedelta(seconds=5))
    await stores.queue.resign("dispatcher", "one")
    assert not await lead("dispatcher", "one", timedelta(seconds=5))
    await stores.queue.resign("dispatcher", "two")
    await asyncio.sleep(0.01)
    assert await lead("dispatcher", "one", timedelta(seconds=5))

"""Leases over each database: who owns a job, what counts, and what a lost attempt leads to."""

import asyncio
from datetime import timedelta

from integration.jobs.peers import (
    ALICE,
    POLICY,
    WORKER,
    Stores,
    claim,
    completion,
    failed,
    lease_of,
    new_job,
    states,
)

from flexura_jobs.domain.jobs import (
    Checkpoint,
    CheckpointReport,
    JobState,
    Lease,
    LeaseVerdict,
    Renewal,
)
from flexura_kit.errors import Reason
from flexura_kit.ids import LeaseToken

SHORT = timedelta(milliseconds=50)
PAST = 0.1  # Seconds after which a short lease has run out.


async def test_of_fifty_racers_one_claims_the_job(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    claimed = await asyncio.gather(*(stores.work.claim([claim(new)]) for _ in range(50)))
    winners = [job for (job,) in claimed if job is not None]
    assert len(winners) == 1
    assert winners[0].attempt == 1
    assert states(await stores.events(ALICE), new) == [JobState.QUEUED, JobState.PROCESSING]


async def test_claims_of_two_replicas_give_a_job_to_one(stores: Stores) -> None:
    news = [new_job() for _ in range(40)]
    await stores.created(*news)
    async with stores.another_replica() as other:
        orders = ((stores.work, news), (other.work, news[::-1]))
        results = await asyncio.gather(*(work.claim([claim(new) for new in order]) for work, order in orders))
    claimed = [job.job_id for result in results for job in result if job is not None]
    assert sorted(claimed) == sorted(new.job_id for new in news)


async def test_a_claim_that_is_made_again_is_granted_again_as_the_same_attempt(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    wanted = claim(new)
    (first,) = await stores.work.claim([wanted])
    (again,) = await stores.work.claim([wanted])
    assert first is not None
    assert again == first
    assert list(await stores.work.claim([wanted, wanted])) == [first, first]
    assert list(await stores.work.claim([claim(new)])) == [None]
    assert states(await stores.events(ALICE), new) == [JobState.QUEUED, JobState.PROCESSING]


async def test_a_claim_that_is_made_again_has_a_lease_that_begins_anew(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    work, wanted = stores.leasing_for(timedelta(seconds=1)), claim(new)
    await work.claim([wanted])
    assert list(await stores.work.claim([wanted])) != [None]
    await asyncio.sleep(1.1)
    assert await stores.queue.move_lost_leases() == 0
    assert await stores.work.complete(completion(Lease(new.job_id, wanted.lease_token)))


async def test_a_claim_is_not_granted_again_once_its_lease_has_run_out_or_its_job_ended(stores: Stores) -> None:
    late, done = new_job(), new_job()
    await stores.created(late, done)
    claims = [claim(late), claim(done)]
    await stores.leasing_for(SHORT).claim([claims[0]])
    await stores.work.claim([claims[1]])
    await stores.work.complete(completion(Lease(done.job_id, claims[1].lease_token)))
    await asyncio.sleep(PAST)
    assert list(await stores.work.claim(claims)) == [None, None]


async def test_a_claim_that_comes_after_its_lease_was_given_back_takes_the_job_from_nobody(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    wanted = claim(new)
    await stores.work.claim([wanted])
    await stores.work.release(Lease(new.job_id, wanted.lease_token))
    assert list(await stores.work.claim([wanted])) == [None]
    assert list(await stores.work.claim([claim(new)])) != [None]


async def test_a_claim_answers_everything_the_worker_needs(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    wanted = claim(new)
    (job,) = await stores.work.claim([wanted])
    assert job is not None
    assert (job.lease_token, job.prompt, job.options_json) == (wanted.lease_token, new.prompt, new.options_json)
    assert timedelta(minutes=59) < job.time_to_deadline <= timedelta(hours=1)
    assert (job.checkpoint, job.upstream_ref) == (Checkpoint.NOTHING, "")


async def test_jobs_of_models_that_this_replica_does_not_know_are_not_claimed(stores: Stores) -> None:
    new = new_job(model="of-a-newer-catalog")
    await stores.created(new)
    assert list(await stores.work.claim([claim(new)])) == [None]
    assert (await stores.job(new)).state is JobState.QUEUED


async def test_a_job_past_its_deadline_is_not_claimed(stores: Stores) -> None:
    new = new_job(deadline=timedelta(milliseconds=1))
    await stores.created(new)
    await asyncio.sleep(0.05)
    assert list(await stores.work.claim([claim(new)])) == [None]


async def test_a_report_with_another_token_changes_nothing(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    lease = await stores.claimed(new)
    forged = Lease(new.job_id, LeaseToken("forged"))
    assert not await stores.work.complete(completion(forged))
    assert await stores.work.fail(failed(forged)) is None
    assert not await stores.work.release(forged)
    assert not await stores.work.checkpoint(CheckpointReport(forged, Checkpoint.CREATING, ""))
    assert list(await stores.work.renew([Renewal(forged, 1.0)])) == [LeaseVerdict.LOST]
    job = await stores.job(new)
    assert (job.state, job.progress) == (JobState.PROCESSING, 0.0)
    assert await stores.work.complete(completion(lease))


async def test_a_zombie_cannot_touch_a_job_that_another_worker_took_over(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    (zombie,) = await stores.leasing_for(SHORT).claim([claim(new)])
    assert zombie is not None
    await asyncio.sleep(PAST)
    assert await stores.queue.move_lost_leases() == 1
    lease = await stores.claimed(new)
    assert not await stores.work.complete(completion(lease_of(zombie)))
    assert await stores.work.fail(failed(lease_of(zombie))) is None
    assert await stores.work.complete(completion(lease))


async def test_a_late_report_of_a_lost_attempt_is_not_taken_for_accepted(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    (job,) = await stores.leasing_for(SHORT).claim([claim(new)])
    assert job is not None
    await asyncio.sleep(PAST)
    assert await stores.queue.move_lost_leases() == 1
    assert await stores.work.fail(failed(lease_of(job))) is None
    assert not await stores.work.release(lease_of(job))


async def test_an_expired_lease_is_refused_even_before_anybody_else_has_the_job(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    (job,) = await stores.leasing_for(SHORT).claim([claim(new)])
    assert job is not None
    await asyncio.sleep(PAST)
    lease = lease_of(job)
    assert list(await stores.work.renew([Renewal(lease, 0.5)])) == [LeaseVerdict.LOST]
    assert not await stores.work.complete(completion(lease))
    assert await stores.work.fail(failed(lease)) is None
    assert not await stores.work.release(lease)
    assert (await stores.job(new)).state is JobState.PROCESSING


async def test_a_renewed_lease_lives_on(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    (job,) = await stores.leasing_for(timedelta(seconds=1)).claim([claim(new)])
    assert job is not None
    assert list(await stores.work.renew([Renewal(lease_of(job), 0.1)])) == [LeaseVerdict.OK]
    await asyncio.sleep(1.1)
    assert await stores.queue.move_lost_leases() == 0
    assert await stores.work.complete(completion(lease_of(job)))


async def test_progress_never_goes_back_within_an_attempt(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    lease = await stores.claimed(new)
    for told, shown in ((0.4, 0.4), (0.2, 0.4), (0.7, 0.7)):
        await stores.work.renew([Renewal(lease, told)])
        assert (await stores.job(new)).progress == shown
    assert len(await stores.events(ALICE)) == 2
    await stores.work.release(lease)
    assert (await stores.job(new)).progress == 0.0


async def test_many_leases_are_judged_in_one_call(stores: Stores) -> None:
    news = [new_job() for _ in range(3)]
    await stores.created(*news)
    leases = [await stores.claimed(new) for new in news]
    await stores.jobs.cancel(ALICE, news[1].job_id)
    gone = Lease(leases[2].job_id, LeaseToken("gone"))
    verdicts = await stores.work.renew([Renewal(leases[0], 0.1), Renewal(leases[1], 0.1), Renewal(gone, 0.1)])
    assert list(verdicts) == [LeaseVerdict.OK, LeaseVerdict.CANCELED, LeaseVerdict.LOST]


async def test_a_repeated_completion_is_answered_like_the_first(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    lease = await stores.claimed(new)
    assert await stores.work.complete(completion(lease))
    finished = await stores.job(new)
    assert await stores.work.complete(completion(lease))
    assert await stores.job(new) == finished
    assert len(await stores.events(ALICE)) == 3


async def test_a_repeated_failure_is_answered_like_the_first(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    lease = await stores.claimed(new)
    assert await stores.work.fail(failed(lease)) is JobState.QUEUED
    assert await stores.work.fail(failed(lease)) is JobState.QUEUED
    assert states(await stores.events(ALICE), new) == [JobState.QUEUED, JobState.PROCESSING, JobState.QUEUED]


async def test_a_repeated_release_is_answered_like_the_first(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    lease = await stores.claimed(new)
    assert await stores.work.release(lease)
    assert await stores.work.release(lease)
    assert (await stores.job(new)).state is JobState.QUEUED


async def test_faults_of_workers_are_counted_and_cost_nothing(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    for _ in range(5):
        assert await stores.work.release(await stores.claimed(new), is_worker_fault=True)
    assert await stores.work.fail(failed(await stores.claimed(new))) is JobState.QUEUED
    for _ in range(POLICY.worker_faults_max - 5 + 2):
        assert (await stores.job(new)).state is JobState.QUEUED
        await stores.work.release(await stores.claimed(new), is_worker_fault=True)
    job = await stores.job(new)
    assert job.state is JobState.FAILED
    assert job.failure is not None
    assert job.failure.reason is Reason.WORKER_FAULT


async def test_a_completion_after_a_release_is_refused(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    lease = await stores.claimed(new)
    await stores.work.release(lease)
    assert not await stores.work.complete(completion(lease))


async def test_attempts_are_counted_and_the_last_one_ends_the_job(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    await stores.work.release(await stores.claimed(new))
    seen = [await stores.work.fail(failed(await stores.claimed(new))) for _ in range(3)]
    assert seen == [JobState.QUEUED, JobState.QUEUED, JobState.FAILED]
    job = await stores.job(new)
    assert job.failure is not None
    assert (job.failure.reason, job.failure.message, job.attempt) == (Reason.PROVIDER_FAILED, "It went wrong.", 4)
    assert job.finished_at is not None


async def test_a_job_whose_workers_all_vanish_ends_after_exactly_three_attempts(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    work = stores.leasing_for(SHORT)
    for attempt in (1, 2, 3):
        (job,) = await work.claim([claim(new)])
        assert job is not None
        assert job.attempt == attempt
        await asyncio.sleep(PAST)
        assert await stores.queue.move_lost_leases() == 1
    assert list(await work.claim([claim(new)])) == [None]
    ended = await stores.job(new)
    assert ended.failure is not None
    assert (ended.state, ended.attempt, ended.failure.reason) == (JobState.FAILED, 3, Reason.WORKER_LOST)


async def test_a_failure_that_is_not_retryable_ends_the_job_at_once(stores: Stores) -> None:
    new = new_job()
    await stores.created(new)
    state = await stores.work.fail(failed(await stores.claimed(new), Reason.PROVIDER_REFUSED, retryable=False))
    assert state is JobState.FAILED


async def test_a_checkpoint_reaches_the_next_worker(stores: Stores) -> None:
    new = new_job(model="billed")
    await stores.created(new)
    lease = await stores.claimed(new)
    assert await stores.work.checkpoint(CheckpointReport(lease, Checkpoint.CREATING, ""))
    assert await stores.work.checkpoint(CheckpointReport(lease, Checkpoint.CREATED, "call-7"))
    await stores.work.release(lease)
    (job,) = await stores.work.claim([claim(new)])
    assert job is not None
    assert (job.checkpoint, job.upstream_ref) == (Checkpoint.CREATED, "call-7")


async def test_a_billed_call_lost_in_the_making_is_not_repeated(stores: Stores) -> None:
    new = new_job(model="billed")
    await stores.created(new)
    work = stores.leasing_for(timedelta(milliseconds=500))
    (job,) = await work.claim([claim(new)])
    assert job is not None
    assert await work.checkpoint(CheckpointReport(lease_of(job), Checkpoint.CREATING, ""))
    await asyncio.sleep(0.6)
    await stores.queue.move_lost_leases()
    failure = (await stores.job(new)).failure
    assert failure is not None
    assert failure.reason is Reason.OUTCOME_UNKNOWN


async def test_workers_are_heard_of_by_their_last_word(stores: Stores) -> None:
    await asyncio.gather(*(stores.work.announce(WORKER, ["p"], slots) for slots in (1, 1, 1)))
    await stores.work.announce(WORKER, ["p", "q"], 7)
    (worker,) = await stores.queue.workers()
    assert (worker.worker_id, worker.providers, worker.slots) == (WORKER, frozenset({"p", "q"}), 7)


async def test_workers_that_fall_silent_are_forgotten(stores: Stores) -> None:
    await stores.work.announce(WORKER, ["p"], 1)
    await asyncio.sleep(PAST)
    queue = stores.forgetting_after(SHORT)
    assert await queue.workers() == []
    assert await queue.forget_workers() == 1
    assert await stores.queue.workers() == []

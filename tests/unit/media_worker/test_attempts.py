"""One attempt: what is reported, when the hint is settled, and what stops the work."""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from unit.media_worker.fakes import (
    BUSY,
    LEASE,
    LOST,
    MEDIA,
    REFUSED,
    Generator,
    MemoryAssets,
    MemorySpool,
    RememberedHint,
    ScriptedJobs,
    claimed,
)

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_media_worker.domain import Announcement, Failure, FailureReason, GenerationError, Verdict
from flexura_media_worker.service.attempts import Attempts
from flexura_media_worker.service.capacity import Capacity
from flexura_media_worker.service.health import Health
from flexura_media_worker.service.leases import Leases
from flexura_media_worker.service.production import Production
from flexura_media_worker.service.reports import AttemptReport, Outcome

LATE = FlexuraError(Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, "too late")


@dataclass
class Bench:
    """An attempt and all that it touches."""

    jobs: ScriptedJobs = field(default_factory=ScriptedJobs)
    generator: Generator = field(default_factory=Generator)
    assets: MemoryAssets = field(default_factory=MemoryAssets)
    spool: MemorySpool = field(default_factory=MemorySpool)
    hint: RememberedHint = field(default_factory=RememberedHint)
    capacity: Capacity = field(default_factory=lambda: Capacity(1))

    def __post_init__(self) -> None:
        self.leases = Leases(self.jobs)
        self.health = Health(["flexura-testcard"])
        production = Production({"flexura-testcard": self.generator}, self.spool, self.assets, 1, self.health)
        self.attempts = Attempts(self.jobs, self.leases, self.spool, production, self.health)
        self.report = AttemptReport(LEASE.job_id)

    async def run(self) -> Outcome:
        slot = await self.capacity.take(0)
        assert slot is not None
        claim = await self.attempts.claim(self.hint, self.report)
        if claim is not None:
            await self.attempts.carry_out(claim, self.hint, slot, self.report)
            assert self.capacity.busy == 0
            assert self.spool.open == 0
        return self.report.outcome

    async def run_until_generating(self) -> "asyncio.Task[Outcome]":
        running = asyncio.create_task(self.run())
        while not self.leases_held():
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        return running

    def leases_held(self) -> bool:
        return self.spool.open > 0


async def test_a_result_is_stored_then_reported_then_the_hint_is_settled() -> None:
    bench = Bench()

    assert await bench.run() is Outcome.COMPLETED
    assert bench.assets.keys == ["jobs/job/1-abcdefgh.png"]
    assert bench.jobs.completed == [(LEASE, "jobs/job/1-abcdefgh.png", MEDIA)]
    assert bench.hint.ends == ["settled"]
    assert set(bench.report.stages) == {"claim", "generate", "upload", "report"}


async def test_a_refused_claim_settles_the_hint() -> None:
    bench = Bench(jobs=ScriptedJobs(claim=[REFUSED]))

    assert await bench.run() is Outcome.REFUSED
    assert bench.hint.ends == ["settled"]
    assert bench.report.reason == Reason.JOB_NOT_CLAIMABLE


async def test_a_claim_that_is_not_answered_is_made_again_under_the_same_token() -> None:
    bench = Bench(jobs=ScriptedJobs(claim=[BUSY, LATE]))

    assert await bench.run() is Outcome.COMPLETED
    assert len(bench.jobs.claimed) == 3
    assert len(set(bench.jobs.claimed)) == 1
    assert re.fullmatch("[0-9a-f]{32}", bench.jobs.claimed[0].token)


async def test_a_claim_that_is_never_answered_is_handed_back_in_case_it_was_granted() -> None:
    bench = Bench(jobs=ScriptedJobs(claim=[BUSY] * 1000, release=[LOST]))
    bench.leases.adopt(announced(renew_s=4, lease_s=0.2))

    assert await bench.run() is Outcome.UNCLAIMED
    assert bench.jobs.calls == ["claim", "claim", "release"]
    assert bench.hint.ends == ["returned after 2"]


async def test_a_failure_is_reported_as_the_provider_told_it() -> None:
    failure = Failure(FailureReason.PROVIDER_REFUSED, "No.", is_retryable=False)
    bench = Bench(generator=Generator(GenerationError(failure)))

    assert await bench.run() is Outcome.FAILED
    assert bench.jobs.failed == [failure]
    assert bench.hint.ends == ["settled"]
    assert not bench.assets.keys


async def test_a_result_without_bytes_is_nothing_whatever_the_provider_says() -> None:
    bench = Bench(spool=MemorySpool(size_bytes=0))

    assert await bench.run() is Outcome.FAILED
    assert bench.jobs.failed[0].reason is FailureReason.PROVIDER_RETURNED_NOTHING
    assert not bench.jobs.failed[0].is_retryable


async def test_work_past_its_time_is_stopped_and_fails_for_good() -> None:
    bench = Bench(generator=Generator("hang"))
    bench.jobs.job = claimed(time_left_s=0.01)

    assert await bench.run() is Outcome.FAILED
    assert bench.generator.was_cancelled
    assert bench.jobs.failed[0].reason is FailureReason.DEADLINE_EXCEEDED
    assert "attempt_timeout_s" in bench.jobs.failed[0].message
    assert not bench.jobs.failed[0].is_retryable


async def test_work_past_the_deadline_of_its_job_says_that_it_was_that() -> None:
    bench = Bench(generator=Generator("hang"))
    bench.jobs.job = claimed(time_left_s=0.01, time_to_deadline_s=0.01)

    assert await bench.run() is Outcome.FAILED
    assert "within its timeout_s, which counts from its acceptance" in bench.jobs.failed[0].message


async def test_a_job_for_a_provider_that_is_not_here_may_be_tried_elsewhere() -> None:
    bench = Bench()
    bench.jobs.job = claimed(provider="other")

    assert await bench.run() is Outcome.WORKER_FAULT
    assert bench.jobs.faults == ["other"]


async def test_a_checkpoint_that_is_not_taken_fails_the_attempt_and_says_nothing_of_the_provider() -> None:
    bench = Bench(generator=Generator(BUSY))

    assert await bench.run() is Outcome.FAILED
    assert bench.jobs.failed[0].reason is FailureReason.SERVICE_UNAVAILABLE
    assert bench.jobs.failed[0].is_retryable


async def test_an_upload_is_tried_until_the_store_takes_it() -> None:
    bench = Bench(assets=MemoryAssets(BUSY, BUSY))

    assert await bench.run() is Outcome.COMPLETED
    assert len(bench.assets.keys) == 1


async def test_a_result_waits_for_the_store_for_longer_than_it_may_take_to_make_it() -> None:
    bench = Bench(assets=MemoryAssets(BUSY, BUSY))
    bench.jobs.job = claimed(time_left_s=0.1)

    assert await bench.run() is Outcome.COMPLETED
    assert bench.jobs.calls == ["claim", "complete"]


async def test_a_result_that_cannot_be_stored_in_time_may_be_tried_again() -> None:
    bench = Bench(assets=MemoryAssets(*[BUSY] * 50))
    bench.jobs.job = claimed(time_to_deadline_s=0.15)

    assert await bench.run() is Outcome.FAILED
    assert bench.jobs.failed[0].reason is FailureReason.SERVICE_UNAVAILABLE
    assert bench.jobs.failed[0].is_retryable


async def test_a_report_is_repeated_until_it_is_answered() -> None:
    bench = Bench(jobs=ScriptedJobs(complete=[BUSY, LATE]))

    assert await bench.run() is Outcome.COMPLETED
    assert bench.jobs.calls.count("complete") == 3


async def test_a_report_under_a_lost_lease_is_not_repeated() -> None:
    bench = Bench(jobs=ScriptedJobs(complete=[LOST]))

    assert await bench.run() is Outcome.LOST
    assert bench.jobs.calls.count("complete") == 1
    assert bench.hint.ends == ["settled"]


async def test_a_report_that_is_refused_leaves_the_hint_to_be_given_again() -> None:
    bench = Bench(jobs=ScriptedJobs(complete=[FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, "wrong")]))

    assert await bench.run() is Outcome.UNREPORTED
    assert bench.hint.ends == ["returned after 2"]


@pytest.mark.parametrize(("verdict", "outcome"), [(Verdict.CANCELED, Outcome.CANCELED), (Verdict.LOST, Outcome.LOST)])
async def test_a_verdict_of_the_jobs_service_stops_the_work_and_nothing_is_reported(
    verdict: Verdict, outcome: Outcome
) -> None:
    bench = Bench(generator=Generator("hang"), jobs=ScriptedJobs(renew=[Verdict.OK, verdict]))
    bench.leases.adopt(announced(renew_s=0.01))
    renewing = asyncio.create_task(bench.leases.renew_for_ever())
    running = await bench.run_until_generating()

    assert await running is outcome
    assert bench.generator.was_cancelled
    assert set(bench.jobs.calls) == {"claim", "renew"}
    assert bench.hint.ends == ["settled"]
    assert (LEASE, 0.5) in [pair for call in bench.jobs.renewed for pair in call]
    renewing.cancel()


async def test_released_work_is_handed_back_before_its_hint_is() -> None:
    bench = Bench(generator=Generator("hang"))
    running = await bench.run_until_generating()
    bench.leases.release_all()

    assert await running is Outcome.RELEASED
    assert bench.jobs.calls == ["claim", "release"]
    assert bench.hint.ends == ["returned after 0"]


async def test_a_release_that_nobody_hears_of_gives_the_hint_back_all_the_same() -> None:
    bench = Bench(generator=Generator("hang"), jobs=ScriptedJobs(release=[BUSY]))
    running = await bench.run_until_generating()
    bench.leases.release_all()

    assert await running is Outcome.RELEASED
    assert bench.hint.ends == ["returned after 0"]


async def test_nothing_is_claimed_once_the_worker_stops() -> None:
    bench = Bench()
    bench.leases.release_all()

    assert await bench.run() is Outcome.RELEASED
    assert bench.jobs.calls == []
    assert bench.hint.ends == ["returned after 0"]


async def test_work_that_is_claimed_while_the_worker_stops_is_handed_back_at_once() -> None:
    bench = Bench(generator=Generator("hang"))
    bench.jobs.before["claim"] = bench.leases.release_all

    assert await bench.run() is Outcome.RELEASED
    assert bench.jobs.calls == ["claim", "release"]


async def test_a_lease_that_is_not_renewed_ends_after_its_duration() -> None:
    bench = Bench(generator=Generator("hang"), jobs=ScriptedJobs(renew=[BUSY] * 1000))
    bench.leases.adopt(announced(renew_s=0.01, lease_s=0.05))
    renewing = asyncio.create_task(bench.leases.renew_for_ever())
    running = await bench.run_until_generating()

    assert await running is Outcome.UNRENEWED
    assert bench.generator.was_cancelled
    assert bench.hint.ends == ["returned after 2"]
    renewing.cancel()


def announced(renew_s: float, lease_s: float = 15.0) -> Announcement:
    return Announcement((), timedelta(seconds=lease_s), timedelta(seconds=renew_s), timedelta(seconds=5))

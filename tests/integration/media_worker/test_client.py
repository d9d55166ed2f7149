"""The jobs service as the worker's client sees it, over real gRPC."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from integration.media_worker.peers import PeerJob, Plant

from flexura.jobs.v1 import worker_service_pb2 as pb
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import WorkerId
from flexura_kit.rpc import rpc_channel
from flexura_media_worker.clients import RPCJobsService
from flexura_media_worker.domain import Checkpoint, Failure, FailureReason, Lease, Media, MediaType, Verdict


@pytest_asyncio.fixture
async def jobs(works: Plant) -> AsyncIterator[RPCJobsService]:
    async with rpc_channel(works.target) as channel:
        yield RPCJobsService(channel, WorkerId("me"), 2)


def wanted(job: PeerJob) -> Lease:
    return Lease(job.job_id, secrets.token_hex(16))


async def test_an_announcement_names_the_worker_and_answers_where_work_is(works: Plant, jobs: RPCJobsService) -> None:
    answer = await jobs.announce(["flexura-testcard"])

    said = works.peer.announcements[-1]
    assert (said.worker_id, list(said.providers), said.slots) == ("me", ["flexura-testcard"], 2)
    assert [source.model for source in answer.sources] == ["image", "video", "audio"]
    assert answer.lease_duration.total_seconds() == works.peer.timing.lease_s
    assert answer.sources[0].ack_wait.total_seconds() == works.peer.timing.ack_wait_s


async def test_claims_made_at_once_share_calls_and_each_has_its_own_answer(works: Plant, jobs: RPCJobsService) -> None:
    made = [await works.submit(prompt=f"prompt {n}", width=64, height=64) for n in range(5)]
    made[2].state = "completed"
    answers = await asyncio.gather(*(jobs.claim(wanted(job)) for job in made), return_exceptions=True)

    assert sum(works.peer.claim_sizes) == 5
    assert len(works.peer.claim_sizes) == 2
    refused = answers.pop(2)
    assert isinstance(refused, FlexuraError)
    assert refused.reason is Reason.JOB_NOT_CLAIMABLE
    claimed = answers[0]
    assert not isinstance(claimed, BaseException)
    assert claimed.lease == Lease(made[0].job_id, made[0].lease_token)
    assert (claimed.media_type, claimed.prompt, claimed.attempt) == (MediaType.IMAGE, "prompt 0", 1)
    assert claimed.options == {"width": 64, "height": 64}
    assert claimed.time_left.total_seconds() == works.peer.timing.time_left_s


async def test_each_lease_has_its_own_verdict(works: Plant, jobs: RPCJobsService) -> None:
    made = [await works.submit() for _ in range(3)]
    leases = [(await jobs.claim(wanted(job))).lease for job in made]
    made[1].state, made[2].state = "canceled", "queued"

    verdicts = await jobs.renew([(lease, 0.25) for lease in leases])
    assert list(verdicts) == [Verdict.OK, Verdict.CANCELED, Verdict.LOST]
    assert made[0].progress == [0.25]


async def test_a_billed_call_is_recorded_before_and_after_it_is_made(works: Plant, jobs: RPCJobsService) -> None:
    job = await works.submit()
    lease = (await jobs.claim(wanted(job))).lease
    await jobs.checkpoint(lease, Checkpoint.CREATING)
    await jobs.checkpoint(lease, Checkpoint.CREATED, "upstream-1")

    assert job.checkpoints == [(pb.CHECKPOINT_CREATING, ""), (pb.CHECKPOINT_CREATED, "upstream-1")]


@pytest.mark.parametrize("report", ["complete", "fail", "release", "checkpoint"])
async def test_no_report_is_taken_under_another_token(works: Plant, jobs: RPCJobsService, report: str) -> None:
    job = await works.submit()
    await jobs.claim(wanted(job))
    stale = Lease(job.job_id, "stale")
    calls = {
        "complete": lambda: jobs.complete(stale, "key", Media("image/png", "png", 1, "ab")),
        "fail": lambda: jobs.fail(stale, Failure(FailureReason.PROVIDER_FAILED, "No.", is_retryable=True)),
        "release": lambda: jobs.release(stale),
        "checkpoint": lambda: jobs.checkpoint(stale, Checkpoint.CREATING),
    }
    with pytest.raises(FlexuraError) as raised:
        await calls[report]()

    assert raised.value.reason is Reason.LEASE_LOST
    assert job.state == "processing"


async def test_a_jobs_service_that_is_away_is_busy(works: Plant, jobs: RPCJobsService) -> None:
    await works.stop_jobs()
    with pytest.raises(FlexuraError) as raised:
        await jobs.announce(["flexura-testcard"])

    assert raised.value.kind is Kind.BUSY

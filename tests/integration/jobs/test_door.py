"""The doors of jobs through real gRPC, over each database."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from integration.jobs.peers import eventually
from integration.jobs.service import INTERPRETATION, TIMEOUT_S, JobsDoor, jobs_service, new_item, settled
from servers.nats import NATSServer

from flexura.errors.v1 import error_pb2, error_reason_pb2
from flexura.jobs.v1 import job_pb2, jobs_service_pb2, worker_service_pb2
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import new_uuid7
from flexura_kit.settings import DatabaseSettings

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest_asyncio.fixture
async def door(database_settings: DatabaseSettings, own_nats: NATSServer, tmp_path: Path) -> AsyncIterator[JobsDoor]:
    async with jobs_service(database_settings, own_nats, tmp_path) as running:
        yield running


async def models(door: JobsDoor) -> dict[str, jobs_service_pb2.Model]:
    answer = await door.jobs.ListModels(jobs_service_pb2.ListModelsRequest(), timeout=TIMEOUT_S)
    return {model.model: model for model in answer.models}


async def consumers(door: JobsDoor) -> list[worker_service_pb2.Consumer]:
    return list((await door.announce()).consumers)


async def test_a_job_goes_from_request_to_asset(door: JobsDoor) -> None:
    (result,) = await door.create(new_item(traceparent=TRACE))
    queued = result.job
    assert (queued.state, queued.media_type) == (job_pb2.JOB_STATE_QUEUED, job_pb2.MEDIA_TYPE_IMAGE)
    assert (queued.requested_model, queued.model) == ("nvidia-flux", "flexura-testcard-image")
    assert queued.substituted
    options = json.loads(queued.options_json)
    assert options | {"seed": 0} == {"width": 64, "height": 64, "steps": 4, "seed": 0}
    assert options["seed"] > 0
    assert not queued.HasField("start_time")

    work = await door.claimed(queued.job_id)
    assert (work.provider, work.upstream_model, work.prompt) == ("flexura-testcard", "image", "a lighthouse")
    assert (work.options_json, work.traceparent, work.attempt) == (queued.options_json, TRACE, 1)
    assert work.time_left.ToSeconds() == 120
    assert 3590 < work.time_to_deadline.ToSeconds() <= 3600
    assert (await door.get(queued.job_id)).state == job_pb2.JOB_STATE_PROCESSING

    await door.complete(work)
    done = await door.get(queued.job_id)
    assert (done.state, done.progress, done.asset.extension) == (job_pb2.JOB_STATE_COMPLETED, 1.0, "png")
    assert done.finish_time == done.update_time
    assert (queued.HasField("interpretation"), done.interpretation) == (False, INTERPRETATION)
    request = jobs_service_pb2.BatchResolveAssetsRequest(
        items=[
            jobs_service_pb2.ResolveAssetItem(job_id=done.job_id, extension="png"),
            jobs_service_pb2.ResolveAssetItem(job_id=done.job_id, extension="exe"),
            jobs_service_pb2.ResolveAssetItem(job_id="no\0id", extension="png"),
        ]
    )
    found, *others = (await door.jobs.BatchResolveAssets(request, timeout=TIMEOUT_S)).results
    assert found.stored_asset.object_key == f"jobs/{done.job_id}/1.png"
    assert found.stored_asset.asset == done.asset
    assert [other.error.reason for other in others] == [error_reason_pb2.ERROR_REASON_ASSET_NOT_FOUND] * 2


async def test_each_item_of_a_batch_has_its_own_answer(door: JobsDoor) -> None:
    good = new_item()
    results = await door.create(
        good,
        new_item(model="nvidia-fluks"),
        new_item(model="flexura-testcard-audio"),
        new_item(options_json='{"width": -1}'),
        good,
    )
    reasons = [result.error.reason for result in results]
    assert reasons == [
        error_reason_pb2.ERROR_REASON_UNSPECIFIED,
        error_reason_pb2.ERROR_REASON_MODEL_UNKNOWN,
        error_reason_pb2.ERROR_REASON_MODEL_TYPE_MISMATCH,
        error_reason_pb2.ERROR_REASON_INVALID_REQUEST,
        error_reason_pb2.ERROR_REASON_UNSPECIFIED,
    ]
    assert results[0].job == results[4].job
    violation = results[3].error.violations[0]
    assert violation == error_pb2.FieldViolation(
        field="options.width", message="width takes a whole number from 64 to 2048, not -1"
    )


async def test_an_id_of_another_account_is_refused(door: JobsDoor) -> None:
    item = new_item("alice")
    await door.create(item)
    (result,) = await door.create(new_item("bob", job_id=item.job_id))
    assert result.error.reason == error_reason_pb2.ERROR_REASON_JOB_EXISTS


async def test_a_repeated_create_is_answered_even_where_it_would_be_refused_by_now(door: JobsDoor) -> None:
    item = new_item()
    (first,) = await door.create(item)
    item.model = "gone-from-the-catalog"
    (again,) = await door.create(item)
    assert settled(again.job) == settled(first.job)


async def test_another_accounts_job_looks_like_no_job(door: JobsDoor) -> None:
    (job_id,) = await door.created("alice")
    asked = [("bob", job_id), ("alice", new_uuid7()), ("alice", "no\0id"), ("alice", job_id)]
    request = jobs_service_pb2.BatchGetJobsRequest(
        items=[jobs_service_pb2.GetJobItem(account_id=account, job_id=job) for account, job in asked]
    )
    *unknown, own = (await door.jobs.BatchGetJobs(request, timeout=TIMEOUT_S)).results
    assert {result.error.reason for result in unknown} == {error_reason_pb2.ERROR_REASON_JOB_NOT_FOUND}
    assert own.job.job_id == job_id


async def test_cancelling_is_safe_to_repeat_and_only_for_the_owner(door: JobsDoor) -> None:
    (job_id,) = await door.created()
    lease = await door.claimed(job_id)
    request = jobs_service_pb2.CancelJobRequest(account_id="alice", job_id=job_id)
    first = await door.jobs.CancelJob(request, timeout=TIMEOUT_S)
    assert first.job.failure.reason == error_reason_pb2.ERROR_REASON_CANCELED
    assert (await door.jobs.CancelJob(request, timeout=TIMEOUT_S)) == first
    item = worker_service_pb2.RenewLeaseItem(job_id=job_id, lease_token=lease.lease_token, progress=float("nan"))
    renewal = worker_service_pb2.BatchRenewLeasesRequest(worker_id="w", items=[item])
    verdicts = (await door.work.BatchRenewLeases(renewal, timeout=TIMEOUT_S)).verdicts
    assert list(verdicts) == [worker_service_pb2.LEASE_VERDICT_CANCELED]
    for stranger in ("bob", ""):
        request.account_id = stranger
        with pytest.raises(FlexuraError) as refused:
            await door.jobs.CancelJob(request, timeout=TIMEOUT_S)
        assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, Reason.JOB_NOT_FOUND)


async def test_the_catalog_says_what_to_expect(door: JobsDoor) -> None:
    before = await models(door)
    assert next(iter(before)) == "nvidia-flux"
    # Only the provider of the test cards is set up here.
    for model in ("flexura-canvas", "flexura-motion", "flexura-tones"):
        assert before.pop(model).status == jobs_service_pb2.MODEL_STATUS_OFFLINE
    assert {model.status for model in before.values()} == {jobs_service_pb2.MODEL_STATUS_COLD}
    await door.announce()
    flux = (await models(door))["nvidia-flux"]
    assert (flux.status, flux.is_default) == (jobs_service_pb2.MODEL_STATUS_ACTIVE, True)
    assert flux.served_by == "flexura-testcard-image"
    assert flux.status_reason.startswith("Served by flexura-testcard-image")
    schema = json.loads(flux.options_schema_json)
    assert schema["additionalProperties"] is False
    assert list(schema["properties"]) == ["width", "height", "steps", "seed"]
    assert (flux.prompt_characters_max, flux.timeout_s, flux.attempt_timeout_s) == (10_000, 3600, 300)


async def test_an_announcement_answers_the_consumers_that_exist_and_the_times(door: JobsDoor) -> None:
    async def are_provisioned() -> bool:
        return len(await consumers(door)) == 3

    await eventually(are_provisioned)
    answer = await door.announce()
    assert {consumer.model for consumer in answer.consumers} == {
        "flexura-testcard-image",
        "flexura-testcard-video",
        "flexura-testcard-audio",
    }
    assert (answer.lease_duration.ToSeconds(), answer.announce_interval.ToSeconds()) == (15, 5)
    assert answer.renew_interval.ToSeconds() == 4
    request = worker_service_pb2.AnnounceRequest(worker_id="other", providers=["unheard-of"], slots=1)
    assert list((await door.work.Announce(request, timeout=TIMEOUT_S)).consumers) == []


async def test_a_claim_of_what_cannot_be_claimed_says_so_for_that_item(door: JobsDoor) -> None:
    (job_id,) = await door.created()
    results = await door.claim(job_id, job_id, new_uuid7())
    assert sorted(result.WhichOneof("result") or "" for result in results) == ["claimed_job", "error", "error"]
    assert {result.error.reason for result in results if result.HasField("error")} == {
        error_reason_pb2.ERROR_REASON_JOB_NOT_CLAIMABLE
    }


async def test_a_claim_under_the_workers_own_token_may_be_repeated(door: JobsDoor) -> None:
    (job_id,) = await door.created()
    request = worker_service_pb2.ClaimJobsRequest(worker_id="w", job_ids=[job_id], lease_tokens=["ab" * 16])
    first = (await door.work.ClaimJobs(request, timeout=TIMEOUT_S)).results[0].claimed_job
    again = (await door.work.ClaimJobs(request, timeout=TIMEOUT_S)).results[0].claimed_job
    assert (first.lease_token, first.attempt) == ("ab" * 16, 1)
    assert (again.lease_token, again.attempt) == ("ab" * 16, 1)
    await door.complete(again)


@pytest.mark.parametrize("tokens", [["ab" * 16] * 2, ["short"]], ids=["too many", "not a token"])
async def test_a_claim_under_a_token_that_is_none_is_refused(door: JobsDoor, tokens: list[str]) -> None:
    (job_id,) = await door.created()
    request = worker_service_pb2.ClaimJobsRequest(worker_id="w", job_ids=[job_id], lease_tokens=tokens)
    with pytest.raises(FlexuraError) as refused:
        await door.work.ClaimJobs(request, timeout=TIMEOUT_S)
    assert refused.value.reason is Reason.INVALID_REQUEST
    assert refused.value.violations[0].field == "lease_tokens"


async def test_reports_without_the_lease_are_refused(door: JobsDoor) -> None:
    (job_id,) = await door.created()
    work = await door.claimed(job_id)
    work.lease_token = "forged"
    lease = {"job_id": job_id, "lease_token": "forged"}
    calls = (
        lambda: door.complete(work),
        lambda: door.work.FailJob(worker_service_pb2.FailJobRequest(**lease), timeout=TIMEOUT_S),
        lambda: door.work.ReleaseJob(worker_service_pb2.ReleaseJobRequest(**lease), timeout=TIMEOUT_S),
        lambda: door.work.CheckpointJob(
            worker_service_pb2.CheckpointJobRequest(**lease, checkpoint=worker_service_pb2.CHECKPOINT_CREATING),
            timeout=TIMEOUT_S,
        ),
    )
    for call in calls:
        with pytest.raises(FlexuraError) as refused:
            await call()
        assert (refused.value.kind, refused.value.reason) == (Kind.REFUSED, Reason.LEASE_LOST)
    assert (await door.get(job_id)).state == job_pb2.JOB_STATE_PROCESSING


async def test_a_job_is_failed_released_and_resumed_through_the_door(door: JobsDoor) -> None:
    (job_id,) = await door.created()
    work = await door.claimed(job_id)
    checkpoint = worker_service_pb2.CheckpointJobRequest(
        job_id=job_id,
        lease_token=work.lease_token,
        checkpoint=worker_service_pb2.CHECKPOINT_CREATED,
        upstream_ref="call-7",
    )
    await door.work.CheckpointJob(checkpoint, timeout=TIMEOUT_S)
    release = worker_service_pb2.ReleaseJobRequest(job_id=job_id, lease_token=work.lease_token)
    await door.work.ReleaseJob(release, timeout=TIMEOUT_S)
    work = await door.claimed(job_id)
    assert (work.checkpoint, work.upstream_ref) == (worker_service_pb2.CHECKPOINT_CREATED, "call-7")
    fail = worker_service_pb2.FailJobRequest(
        job_id=job_id,
        lease_token=work.lease_token,
        reason=error_reason_pb2.ERROR_REASON_PROVIDER_REFUSED,
        message="The provider refuses this prompt.",
    )
    for _ in range(2):
        answer = await door.work.FailJob(fail, timeout=TIMEOUT_S)
        assert answer.state == job_pb2.JOB_STATE_FAILED
    job = await door.get(job_id)
    assert job.failure == job_pb2.Failure(
        reason=error_reason_pb2.ERROR_REASON_PROVIDER_REFUSED, message="The provider refuses this prompt."
    )


async def test_batches_that_are_too_long_are_refused_as_a_whole(door: JobsDoor) -> None:
    with pytest.raises(FlexuraError) as refused:
        await door.create(*(new_item() for _ in range(257)))
    assert refused.value.reason is Reason.INVALID_REQUEST
    with pytest.raises(FlexuraError) as refused:
        await door.claim(*(new_uuid7() for _ in range(65)))
    assert refused.value.reason is Reason.INVALID_REQUEST


async def test_the_largest_batch_is_taken_whole(door: JobsDoor) -> None:
    results = await door.create(*(new_item(prompt="燈" * 10_000) for _ in range(256)))
    assert all(result.HasField("job") for result in results)

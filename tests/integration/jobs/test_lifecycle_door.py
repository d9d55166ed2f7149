"""Listing, deleting and the feed of events through real gRPC, over each database."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from integration.jobs.service import TIMEOUT_S, JobsDoor, jobs_service, new_item, settled
from servers.nats import NATSServer

from flexura.errors.v1 import error_reason_pb2
from flexura.jobs.v1 import job_pb2, jobs_service_pb2
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.settings import DatabaseSettings

Request = jobs_service_pb2.ListJobsRequest


@pytest_asyncio.fixture
async def door(database_settings: DatabaseSettings, own_nats: NATSServer, tmp_path: Path) -> AsyncIterator[JobsDoor]:
    async with jobs_service(database_settings, own_nats, tmp_path, retention_days=7) as running:
        yield running


async def listed(door: JobsDoor, request: Request) -> jobs_service_pb2.ListJobsResponse:
    return await door.jobs.ListJobs(request, timeout=TIMEOUT_S)


async def delete(door: JobsDoor, job_id: str, account_id: str = "alice") -> None:
    request = jobs_service_pb2.DeleteJobRequest(account_id=account_id, job_id=job_id)
    await door.jobs.DeleteJob(request, timeout=TIMEOUT_S)


async def test_jobs_are_listed_page_by_page_and_each_as_it_is_read(door: JobsDoor) -> None:
    job_ids = [(await door.created())[0] for _ in range(3)]
    first = await listed(door, Request(account_id="alice", page_size=2))
    assert [job.job_id for job in first.jobs] == [job_ids[2], job_ids[1]]
    assert settled(first.jobs[0]) == settled(await door.get(job_ids[2]))
    last = await listed(door, Request(account_id="alice", page_size=2, page_token=first.next_page_token))
    assert ([job.job_id for job in last.jobs], last.next_page_token) == ([job_ids[0]], "")
    assert not (await listed(door, Request(account_id="bob"))).jobs


async def test_filters_reach_the_list(door: JobsDoor) -> None:
    (named,) = await door.create(new_item(client_ref="order 7"))
    (other,) = await door.created()
    assert [j.job_id for j in (await listed(door, Request(account_id="alice", client_ref="order 7"))).jobs] == [
        named.job.job_id
    ]
    after = Request(account_id="alice", created_after=named.job.create_time)
    assert [job.job_id for job in (await listed(door, after)).jobs] == [other]
    queued = Request(account_id="alice", states=[job_pb2.JOB_STATE_QUEUED], media_type=job_pb2.MEDIA_TYPE_IMAGE)
    assert len((await listed(door, queued)).jobs) == 2
    for nothing in ({"states": [job_pb2.JOB_STATE_FAILED]}, {"media_type": job_pb2.MEDIA_TYPE_VIDEO}):
        assert not (await listed(door, Request(account_id="alice", **nothing))).jobs  # type: ignore[arg-type]


async def test_what_a_list_cannot_take_is_refused_by_name(door: JobsDoor) -> None:
    await door.created(count=2)
    token = (await listed(door, Request(account_id="alice", page_size=1))).next_page_token
    after = Request(account_id="alice")
    after.created_after.seconds = 1 << 60
    refusals = {
        "page_size": [Request(account_id="alice", page_size=101), Request(account_id="alice", page_size=-1)],
        "page_token": [
            Request(account_id="bob", page_token=token),
            Request(account_id="alice", page_token=token, client_ref="x"),
            Request(account_id="alice", page_token="nonsense"),
        ],
        "client_ref": [Request(account_id="alice", client_ref="x" * 201), Request(account_id="alice", client_ref="\0")],
        "states": [Request(account_id="alice", states=[0])],
        "media_type": [Request(account_id="alice", media_type=99)],  # type: ignore[arg-type]
        "created_after": [after],
    }
    for field, requests in refusals.items():
        for request in requests:
            with pytest.raises(FlexuraError) as caught:
                await listed(door, request)
            assert (caught.value.kind, caught.value.reason) == (Kind.INVALID, Reason.INVALID_REQUEST)
            assert [violation.field for violation in caught.value.violations] == [field]


async def test_a_deleted_job_is_gone_wherever_it_is_asked_for_and_not_found_for_others(door: JobsDoor) -> None:
    (job_id,) = await door.created()
    await door.complete(await door.claimed(job_id))
    with pytest.raises(FlexuraError) as caught:
        await delete(door, job_id, "bob")
    assert caught.value.reason is Reason.JOB_NOT_FOUND
    for _ in range(2):
        await delete(door, job_id)

    deleted, not_found = error_reason_pb2.ERROR_REASON_JOB_DELETED, error_reason_pb2.ERROR_REASON_JOB_NOT_FOUND
    items = [jobs_service_pb2.GetJobItem(account_id=account, job_id=job_id) for account in ("alice", "bob")]
    got = await door.jobs.BatchGetJobs(jobs_service_pb2.BatchGetJobsRequest(items=items), timeout=TIMEOUT_S)
    assert [result.error.reason for result in got.results] == [deleted, not_found]
    asked = [jobs_service_pb2.ResolveAssetItem(job_id=job_id, extension=extension) for extension in ("png", "exe")]
    request = jobs_service_pb2.BatchResolveAssetsRequest(items=asked)
    assets = (await door.jobs.BatchResolveAssets(request, timeout=TIMEOUT_S)).results
    assert [r.error.reason for r in assets] == [deleted, error_reason_pb2.ERROR_REASON_ASSET_NOT_FOUND]
    (again,) = await door.create(new_item(job_id=job_id))
    assert again.error.reason == deleted
    with pytest.raises(FlexuraError) as caught:
        await door.jobs.CancelJob(
            jobs_service_pb2.CancelJobRequest(account_id="alice", job_id=job_id), timeout=TIMEOUT_S
        )
    assert (caught.value.kind, caught.value.reason) == (Kind.NOT_FOUND, Reason.JOB_DELETED)


@pytest.mark.parametrize("job_id", ["01a207b4-3006-7a18-8ab0-e3e8a7005565", "", "no\0id", "x" * 10_000])
async def test_an_unknown_job_cannot_be_deleted(door: JobsDoor, job_id: str) -> None:
    with pytest.raises(FlexuraError) as caught:
        await delete(door, job_id)
    assert caught.value.reason is Reason.JOB_NOT_FOUND


async def test_a_job_says_until_when_it_is_kept_once_it_has_ended(door: JobsDoor) -> None:
    (job_id,) = await door.created()
    assert not (await door.get(job_id)).HasField("expire_time")
    await door.complete(await door.claimed(job_id))
    job = await door.get(job_id)
    assert job.expire_time.ToDatetime() - job.finish_time.ToDatetime() == timedelta(days=7)


async def events_of(door: JobsDoor, **fields: object) -> jobs_service_pb2.ListEventsResponse:
    request = jobs_service_pb2.ListEventsRequest(**{"account_id": "alice"} | fields)  # type: ignore[arg-type]
    return await door.jobs.ListEvents(request, timeout=TIMEOUT_S)


async def test_the_feed_tells_every_change_and_an_end_as_the_job_tells_it(door: JobsDoor) -> None:
    (created,) = await door.create(new_item(client_ref="order 7", metadata_json='{"a":"b"}'))
    job_id = created.job.job_id
    await door.complete(await door.claimed(job_id))
    (other,) = await door.created()
    job = await door.get(job_id)

    page = await events_of(door, page_size=3)
    assert [event.sequence for event in page.events] == [1, 2, 3]
    told = (page.next_after_sequence, page.has_more, page.latest_sequence, page.oldest_sequence)
    assert told == (3, True, 4, 1)
    queued, processing, end = page.events
    assert (queued.state, queued.attempt) == (job_pb2.JOB_STATE_QUEUED, 0)
    assert (processing.state, processing.attempt) == (job_pb2.JOB_STATE_PROCESSING, 1)
    assert not any(
        queued.HasField(field) or processing.HasField(field) for field in ("asset", "failure", "finish_time")
    )
    assert (end.job_id, end.state, end.asset, end.finish_time) == (job_id, job.state, job.asset, job.finish_time)
    assert (end.model, end.client_ref, end.metadata_json) == (job.model, "order 7", '{"a":"b"}')
    last = await events_of(door, after_sequence=3)
    assert ([event.job_id for event in last.events], last.has_more, last.next_after_sequence) == ([other], False, 4)


async def test_the_feed_tells_why_a_job_failed_and_is_every_accounts_own(door: JobsDoor) -> None:
    (job_id,) = await door.created()
    await door.created("bob")
    await door.jobs.CancelJob(jobs_service_pb2.CancelJobRequest(account_id="alice", job_id=job_id), timeout=TIMEOUT_S)
    end = (await events_of(door, job_id=job_id)).events[-1]
    assert end.state == job_pb2.JOB_STATE_FAILED
    assert end.failure == (await door.get(job_id)).failure
    assert not (await events_of(door, account_id="bob", job_id=job_id)).events
    for wrong, reason in (({"after_sequence": 99}, Reason.CURSOR_EXPIRED), ({"job_id": "x"}, Reason.JOB_NOT_FOUND)):
        with pytest.raises(FlexuraError) as caught:
            await events_of(door, **wrong)
        assert (caught.value.kind, caught.value.reason) == (Kind.NOT_FOUND, reason)

"""Listing jobs through a real door and real gRPC."""

from urllib.parse import quote

import pytest
from integration.edge.peers import Edge, completed_job, queued_job

from flexura.jobs.v1 import job_pb2
from flexura_kit.ids import new_uuid7


async def listed(door: Edge, query: str = "") -> tuple[int, dict[str, object]]:
    async with door.client.get(f"/api/jobs?{query}", headers=door.headers) as response:
        return response.status, await response.json()


async def test_jobs_are_listed_page_by_page_and_each_as_it_is_read_alone(door: Edge) -> None:
    jobs = [queued_job(new_uuid7()), completed_job(new_uuid7()), queued_job(new_uuid7())]
    for job in jobs:
        door.peers.jobs.put("acc_1", job)
    door.peers.jobs.put("acc_2", queued_job(new_uuid7()))
    status, first = await listed(door, "limit=2")
    assert status == 200
    assert first.keys() == {"jobs", "next_cursor"}
    _, last = await listed(door, f"limit=2&cursor={first['next_cursor']}")
    assert last.keys() == {"jobs"}
    alone = []
    for job in reversed(jobs):
        async with door.client.get(f"/api/jobs/{job.job_id}", headers=door.headers) as response:
            alone.append(await response.json())
    assert [*first["jobs"], *last["jobs"]] == alone  # type: ignore[misc]


async def test_an_account_without_jobs_has_an_empty_list(door: Edge) -> None:
    assert await listed(door) == (200, {"jobs": []})
    assert door.peers.jobs.listed[0].account_id == "acc_1"
    assert door.peers.jobs.listed[0].page_size == 20


async def test_every_filter_reaches_jobs(door: Edge) -> None:
    time = quote("2026-04-01T02:00:00.5+02:00")
    query = f"status=queued,failed&status=failed&type=video&client_ref=a%20%C3%BC&created_after={time}&limit=100"
    assert (await listed(door, query))[0] == 200
    (request,) = door.peers.jobs.listed
    assert list(request.states) == [job_pb2.JOB_STATE_QUEUED, job_pb2.JOB_STATE_FAILED]
    assert (request.media_type, request.client_ref, request.page_size) == (job_pb2.MEDIA_TYPE_VIDEO, "a ü", 100)
    assert request.created_after.ToJsonString() == "2026-04-01T00:00:00.500Z"


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("statsu=queued", "statsu", "the nearest is `status`"),
        ("page=2", "page", "known are status, type, client_ref, created_after, limit, cursor"),
        ("status=done", "status", "takes queued or processing or completed or failed, not"),
        ("status=queued,Failed", "status", '"Failed"'),
        ("type=picture", "type", "takes image or video or audio"),
        ("type=image&type=video", "type", "stands 2 times"),
        ("limit=0", "limit", "from 1 to 100"),
        ("limit=101", "limit", "from 1 to 100"),
        ("limit=ten", "limit", '"ten"'),
        ("limit=%D9%A3", "limit", "whole number"),
        (f"limit={'9' * 5000}", "limit", "takes at most"),
        ("created_after=yesterday", "created_after", "such as 2026-04-01T00:00:00Z"),
        ("created_after=2026-04-01T00:00:00", "created_after", "such as 2026-04-01T00:00:00Z"),
        ("created_after=1969-12-31T23:59:59Z", "created_after", "from 1970 on"),
        ("created_after=9999-12-31T23:59:59-23:00", "created_after", "from 1970 on"),
        (f"client_ref={'x' * 201}", "client_ref", "at most 200 characters"),
        ("client_ref=%00", "client_ref", "NUL"),
        ("cursor=nonsense", "cursor", "leave it out to begin at the newest job"),
        (f"cursor={'x' * 201}", "cursor", "at most 200 characters"),
    ],
    ids=str,
)
async def test_a_parameter_that_is_wrong_is_named_with_what_it_takes(
    door: Edge, query: str, field: str, words: str
) -> None:
    status, answer = await listed(door, query)
    assert (status, answer["code"]) == (400, "invalid_request")
    (error,) = answer["errors"]  # type: ignore[misc, attr-defined]
    assert error["field"] == field
    assert words in error["message"]


async def test_everything_that_is_wrong_is_told_at_once(door: Edge) -> None:
    _, answer = await listed(door, "stat=1&limit=x&type=y")
    assert [error["field"] for error in answer["errors"]] == ["stat", "type", "limit"]  # type: ignore[attr-defined]
    assert not door.peers.jobs.listed

"""Calling jobs off and deleting them, through a real door and real gRPC."""

import pytest
from integration.edge.peers import Edge, asset_of, completed_job, queued_job

from flexura.jobs.v1 import jobs_service_pb2
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import new_uuid7


def put_completed(door: Edge) -> str:
    job = completed_job(new_uuid7())
    door.peers.jobs.put("acc_1", job)
    stored = jobs_service_pb2.StoredAsset(object_key="key", asset=asset_of(b"bytes"))
    door.peers.jobs.assets[f"{job.job_id}.png"] = stored
    return job.job_id


async def call(door: Edge, method: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    async with door.client.request(method, path, headers=door.headers if headers is None else headers) as response:
        body = await response.read()
        return response.status, (await response.json()).get("code", "") if body else ""


async def test_a_cancelled_job_is_answered_as_it_is_however_often(door: Edge) -> None:
    job = queued_job(new_uuid7())
    door.peers.jobs.put("acc_1", job)
    answers = []
    for _ in range(2):
        async with door.client.post(f"/api/jobs/{job.job_id}/cancel", headers=door.headers) as response:
            assert response.status == 200
            answers.append(await response.json())
    assert (answers[0]["status"], answers[0]["code"]) == ("failed", "canceled")
    async with door.client.get(f"/api/jobs/{job.job_id}", headers=door.headers) as response:
        assert [await response.json()] * 2 == answers


async def test_a_finished_job_is_answered_unchanged_when_cancelled(door: Edge) -> None:
    job_id = put_completed(door)
    async with door.client.post(f"/api/jobs/{job_id}/cancel", headers=door.headers) as response:
        assert (response.status, (await response.json())["status"]) == (200, "completed")


async def test_a_deleted_job_and_its_link_are_gone_at_once_though_both_were_remembered(door: Edge) -> None:
    job_id = put_completed(door)
    job, link = f"/api/jobs/{job_id}", f"/api/assets/{job_id}.png"
    assert (await call(door, "GET", job))[0] == 200
    async with door.client.head(link) as response:
        assert response.status == 200
    for _ in range(2):
        assert await call(door, "DELETE", job) == (204, "")
    assert await call(door, "GET", job) == (410, "job_deleted")
    assert await call(door, "GET", link, {}) == (410, "job_deleted")
    assert await call(door, "POST", f"{job}/cancel") == (410, "job_deleted")


async def test_an_expired_job_says_so(door: Edge) -> None:
    job_id = put_completed(door)
    door.peers.jobs.removed[job_id] = Reason.JOB_EXPIRED
    assert await call(door, "GET", f"/api/jobs/{job_id}") == (410, "job_expired")
    assert await call(door, "GET", f"/api/assets/{job_id}.png", {}) == (410, "job_expired")


async def test_a_deletion_whose_answer_was_lost_is_not_hidden_by_what_was_remembered(door: Edge) -> None:
    job_id = put_completed(door)
    assert (await call(door, "GET", f"/api/jobs/{job_id}"))[0] == 200
    door.peers.jobs.failures.append(FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "restarting"))
    assert (await call(door, "DELETE", f"/api/jobs/{job_id}"))[0] == 503
    assert await call(door, "GET", f"/api/jobs/{job_id}") == (410, "job_deleted")


@pytest.mark.parametrize(("method", "path"), [("POST", "/cancel"), ("DELETE", "")])
async def test_another_accounts_job_is_not_found_like_none_and_stays(door: Edge, method: str, path: str) -> None:
    job_id = put_completed(door)
    other = {"Authorization": f"Bearer {door.peers.auth.new_key('acc_2')}"}
    for missing in (job_id, new_uuid7(), "no%20id", "x" * 500):
        assert await call(door, method, f"/api/jobs/{missing}{path}", other) == (404, "job_not_found")
    assert (await call(door, "GET", f"/api/jobs/{job_id}"))[0] == 200


async def test_a_deleted_job_is_not_found_for_another_account(door: Edge) -> None:
    job_id = put_completed(door)
    assert (await call(door, "DELETE", f"/api/jobs/{job_id}"))[0] == 204
    other = {"Authorization": f"Bearer {door.peers.auth.new_key('acc_2')}"}
    assert await call(door, "GET", f"/api/jobs/{job_id}", other) == (404, "job_not_found")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/jobs/a/cancel", 405),
        ("POST", "/api/jobs//cancel", 404),
        ("POST", "/api/jobs/a/b/cancel", 404),
        ("POST", "/api/jobs/a/cancel/", 404),
        ("POST", "/api/jobs/cancel", 405),
        ("POST", "/api/jobs", 405),
        ("DELETE", "/api/jobs", 405),
        ("GET", "/api/jobs/", 404),
        ("DELETE", "/api/jobs/", 404),
    ],
)
async def test_only_the_very_path_leads_to_a_route(door: Edge, method: str, path: str, status: int) -> None:
    assert (await call(door, method, path))[0] == status

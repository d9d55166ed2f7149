"""Submitting jobs and asking for them, through a real door and real gRPC."""

import asyncio
import re

import orjson
import pytest
from integration.edge.peers import PUBLIC_URL, Edge, at, completed_job, queued_job
from servers.waiting import eventually

from flexura.errors.v1 import error_reason_pb2
from flexura.jobs.v1 import job_pb2
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import new_uuid7


@pytest.mark.parametrize("kind", ["image", "video", "audio"])
async def test_a_submitted_job_is_answered_202_with_exactly_the_fields_of_the_reference(door: Edge, kind: str) -> None:
    body = {"prompt": "a cat playing with a ball of yarn"}
    async with door.client.post(f"/api/generate/{kind}", json=body, headers=door.headers) as response:
        answer = await response.json()
    assert response.status == 202
    assert answer == {"job_id": answer["job_id"], "status": "queued"}
    assert response.headers["Location"] == f"{PUBLIC_URL}/api/jobs/{answer['job_id']}"
    assert response.headers["Retry-After"] == "1"
    item = door.peers.jobs.items[answer["job_id"]]
    assert (item.account_id, item.prompt) == ("acc_1", body["prompt"])
    assert item.media_type == job_pb2.MediaType.Value(f"MEDIA_TYPE_{kind.upper()}")


async def test_what_was_asked_for_reaches_jobs_as_it_was_sent(door: Edge) -> None:
    labels = {"client_ref": "order 7", "metadata": {"project": "demo"}, "timeout_s": 2.5, "webhook_url": "https://a"}
    body = {"prompt": "p", "model": "nvidia-flux", "options": {"width": 512, "ratio": 0.5, "name": "ü"}, **labels}
    async with door.client.post("/api/generate/image", json=body, headers=door.headers) as response:
        job_id = (await response.json())["job_id"]
    item = door.peers.jobs.items[job_id]
    assert item.model == "nvidia-flux"
    assert orjson.loads(item.options_json) == body["options"]
    said = (item.client_ref, orjson.loads(item.metadata_json), item.timeout_s, item.webhook_url)
    assert said == tuple(labels.values())


async def test_the_callers_trace_reaches_jobs(door: Edge) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    async with door.client.post(
        "/api/generate/image", json={"prompt": "p"}, headers=door.headers | {"traceparent": trace}
    ) as response:
        job_id = (await response.json())["job_id"]
    assert door.peers.jobs.items[job_id].traceparent == trace


async def test_a_completed_job_has_every_field_of_the_reference_in_its_format(door: Edge) -> None:
    job = completed_job(new_uuid7())
    door.peers.jobs.put("acc_1", job)
    async with door.client.get(f"/api/jobs/{job.job_id}", headers=door.headers) as response:
        answer = await response.json()
    assert response.status == 200
    link = f"{PUBLIC_URL}/api/assets/{job.job_id}.png"
    assert answer == {
        "job_id": job.job_id,
        "status": "completed",
        "type": "image",
        "asset_url": link,
        "prompt": "a futuristic city at night",
        "created_at": "2026-04-01T00:00:00.000Z",
        "updated_at": "2026-04-01T00:00:12.000Z",
        "started_at": "2026-04-01T00:00:01.000Z",
        "finished_at": "2026-04-01T00:00:12.000Z",
        "expires_at": "2026-05-01T00:00:12.000Z",
        "model": "nvidia-flux",
        "options": {"width": 1024, "height": 1024, "steps": 4, "seed": 7},
        "timeout_s": 3600,
        "attempt": 1,
        "asset": {
            "url": link,
            "content_type": "image/png",
            "size_bytes": job.asset.size_bytes,
            "sha256": job.asset.sha256,
            "width": 1024,
            "height": 1024,
        },
    }


async def test_what_the_caller_attached_is_in_the_job(door: Edge) -> None:
    job = queued_job(new_uuid7())
    job.client_ref, job.metadata_json = "order 7", '{"project":"demo"}'
    door.peers.jobs.put("acc_1", job)
    async with door.client.get(f"/api/jobs/{job.job_id}", headers=door.headers) as response:
        answer = await response.json()
    assert (answer["client_ref"], answer["metadata"]) == ("order 7", {"project": "demo"})


async def test_links_follow_the_setting_whatever_host_the_client_names(door: Edge) -> None:
    job = completed_job(new_uuid7())
    door.peers.jobs.put("acc_1", job)
    headers = door.headers | {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    async with door.client.get(f"/api/jobs/{job.job_id}", headers=headers) as response:
        assert b"evil" not in await response.read()


async def test_a_failed_job_says_why_and_whether_to_try_again(door: Edge) -> None:
    job = queued_job(new_uuid7())
    job.state = job_pb2.JOB_STATE_FAILED
    job.failure.reason = error_reason_pb2.ERROR_REASON_GENERATOR_CRASHED
    job.failure.message = "The generator's process ended"
    job.failure.retryable = True
    door.peers.jobs.put("acc_1", job)
    async with door.client.get(f"/api/jobs/{job.job_id}", headers=door.headers) as response:
        answer = await response.json()
    assert answer["status"] == "failed"
    assert answer["error"] == "The generator's process ended"
    assert (answer["code"], answer["retryable"]) == ("generator_crashed", True)
    assert "asset_url" not in answer


async def test_a_job_in_progress_says_how_far_it_is_and_when_to_ask_again(door: Edge) -> None:
    job = queued_job(new_uuid7())
    job.state = job_pb2.JOB_STATE_PROCESSING
    job.progress = 0.25
    job.start_time.CopyFrom(at(1_775_001_601, 42))
    job.substituted, job.model = True, "flexura-testcard-image"
    door.peers.jobs.put("acc_1", job)
    async with door.client.get(f"/api/jobs/{job.job_id}", headers=door.headers) as response:
        answer = await response.json()
    assert (answer["status"], answer["progress"], answer["poll_after_ms"]) == ("processing", 0.25, 1000)
    assert answer["started_at"] == "2026-04-01T00:00:01.042Z"
    assert (answer["substituted"], answer["requested_model"]) == (True, "nvidia-flux")


async def test_a_queued_job_says_where_it_is_in_line_and_how_long_it_takes(door: Edge) -> None:
    job = queued_job(new_uuid7())
    job.queue_position, job.eta_ms = 7, 8_401
    door.peers.jobs.put("acc_1", job)
    async with door.client.get(f"/api/jobs/{job.job_id}", headers=door.headers) as response:
        answer = await response.json()
    assert (answer["queue_position"], answer["eta_ms"], answer["poll_after_ms"]) == (7, 8_401, 4_200)


async def test_estimates_alone_make_no_job_another_one(door: Edge) -> None:
    job = queued_job(new_uuid7())
    etags = []
    for position, eta_ms in ((7, 8_000), (6, 7_000), (1, 0)):
        job.queue_position, job.eta_ms = position, eta_ms
        door.peers.jobs.put("acc_1", job)
        async with door.client.get(f"/api/jobs/{job.job_id}", headers=door.headers) as response:
            assert (await response.json())["queue_position"] == position
        etags.append(response.headers["ETag"])
    assert len(set(etags)) == 1
    async with door.client.get(
        f"/api/jobs/{job.job_id}?wait=0.2", headers=door.headers | {"If-None-Match": etags[0]}
    ) as response:
        assert response.status == 304


async def test_a_202_says_after_how_many_whole_seconds_to_ask(door: Edge) -> None:
    for eta_ms, seconds in ((0, "1"), (900, "1"), (4_002, "3"), (10**9, "10")):
        door.peers.jobs.eta_ms = eta_ms
        async with door.client.post("/api/generate/image", json={"prompt": "p"}, headers=door.headers) as response:
            answer = await response.json()
        assert (response.status, response.headers["Retry-After"]) == (202, seconds)
        assert answer == {"job_id": answer["job_id"], "status": "queued"}


async def test_a_job_that_changes_is_read_again_and_one_that_ended_is_remembered(door: Edge) -> None:
    job = queued_job(new_uuid7())
    door.peers.jobs.put("acc_1", job)
    path = f"/api/jobs/{job.job_id}"
    async with door.client.get(path, headers=door.headers) as response:
        assert (await response.json())["status"] == "queued"
    door.peers.jobs.put("acc_1", completed_job(job.job_id))
    async with door.client.get(path, headers=door.headers) as response:
        assert (await response.json())["status"] == "completed"
    await door.peers.stop("jobs")
    async with door.client.get(path, headers=door.headers) as response:
        assert (await response.json())["status"] == "completed"


async def test_a_remembered_job_is_not_shown_to_another_account(door: Edge) -> None:
    job = completed_job(new_uuid7())
    door.peers.jobs.put("acc_1", job)
    async with door.client.get(f"/api/jobs/{job.job_id}", headers=door.headers) as response:
        assert response.status == 200
    other = {"Authorization": f"Bearer {door.peers.auth.new_key('acc_2')}"}
    async with door.client.get(f"/api/jobs/{job.job_id}", headers=other) as response:
        assert response.status == 404
        assert (await response.json())["code"] == "job_not_found"


async def test_what_jobs_refuses_is_told_with_its_fields_and_next_steps(door: Edge) -> None:
    door.peers.jobs.refusal = FlexuraError(
        Kind.INVALID, Reason.MODEL_UNKNOWN, "no model is called nvidia-flex", model="nvidia-flex", nearest="nvidia-flux"
    )
    body = {"prompt": "p", "model": "nvidia-flex"}
    async with door.client.post("/api/generate/image", json=body, headers=door.headers) as response:
        answer = await response.json()
    assert response.status == 400
    assert response.content_type == "application/problem+json"
    assert answer["code"] == "model_unknown"
    assert answer["error"] == answer["detail"] == "no model is called nvidia-flex"
    assert 'Send "model": "nvidia-flux" if that is what you meant.' in answer["next_actions"]
    assert (answer["retryable"], answer["retry_after_ms"]) == (False, None)


async def test_a_create_whose_answer_was_lost_is_made_again_with_the_same_id(door: Edge) -> None:
    door.peers.jobs.failures.append(FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "restarting"))
    async with door.client.post("/api/generate/image", json={"prompt": "p"}, headers=door.headers) as response:
        answer = await response.json()
    assert response.status == 202
    assert list(door.peers.jobs.jobs) == [answer["job_id"]]


async def test_submits_are_refused_with_503_while_jobs_is_away_and_name_the_job_to_look_for(door: Edge) -> None:
    await door.peers.stop("jobs")
    async with door.client.post("/api/generate/image", json={"prompt": "p"}, headers=door.headers) as response:
        answer = await response.json()
    assert response.status == 503
    assert answer["code"] == "service_unavailable"
    assert answer["retryable"]
    assert int(response.headers["Retry-After"]) >= 1
    assert re.search(r"GET /api/jobs/[0-9a-f-]{36} first", answer["next_actions"][0])
    await door.peers.start("jobs")
    async with asyncio.timeout(10):
        while True:
            async with door.client.post("/api/generate/image", json={"prompt": "p"}, headers=door.headers) as response:
                if response.status == 202:
                    break


async def test_a_client_that_leaves_before_its_answer_has_its_job_all_the_same(door: Edge) -> None:
    door.peers.jobs.gate = asyncio.Event()
    asking = asyncio.create_task(
        door.client.post("/api/generate/image", json={"prompt": "left early"}, headers=door.headers)
    )
    await eventually(lambda: door.peers.jobs.held == 1)
    asking.cancel()
    door.peers.jobs.gate.set()
    async with asyncio.timeout(5):
        while not door.peers.jobs.items:
            await asyncio.sleep(0.02)
    assert [item.prompt for item in door.peers.jobs.items.values()] == ["left early"]

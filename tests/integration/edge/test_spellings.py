"""One request in several spellings, through a real door: the services are asked the same."""

import json

import pytest
from integration.edge.peers import Edge, completed_job

from flexura_kit.ids import new_uuid7
from flexura_kit.values import plain

SAME_JOBS = [
    b'{"prompt": "a boat", "options": {"width": 1024}, "timeout_s": 60}',
    b'\xef\xbb\xbf{"options": {"width": 1024.0}, "prompt": "a boat", "timeout_s": 60.0}',
    b'{"prompt":"a boat","webhook_url":null,"options":{"width":1.024e3,"steps":null},"metadata":null,"timeout_s":6e1}',
    b'{"prompt": "\\u0061 boat", "options": {"width": 1024}, "metadata": {"a": null}, "timeout_s": 60}',
]
CHOSEN = ("job_id", "traceparent")  # By the edge, for each request anew.


async def test_every_spelling_of_a_job_asks_jobs_for_the_same(door: Edge) -> None:
    asked = set()
    for number, body in enumerate(SAME_JOBS):
        key = {"Idempotency-Key": f'"order-{number}"', "Content-Type": "text/json; charset=utf8;"}
        async with door.client.post("/api/generate/image", data=body, headers=door.headers | key) as response:
            assert response.status == 202, await response.text()
            item = door.peers.jobs.items[(await response.json())["job_id"]]
        assert item.idempotency_key == f"order-{number}"
        # Jobs knows which names are options, so it is told of all.
        options = plain(json.loads(item.options_json))
        item.options_json = json.dumps(options)
        for name in (*CHOSEN, "idempotency_key"):
            item.ClearField(name)
        asked.add(item.SerializeToString(deterministic=True))
    assert len(asked) == 1


@pytest.mark.parametrize("path", ["/api/jobs/{}", "/api/jobs/{}?wait=", "/api/jobs/{}?wait=1.0", "/api/jobs/{}/events"])
async def test_an_id_in_capitals_is_the_same_id(door: Edge, path: str) -> None:
    job_id = new_uuid7()
    door.peers.jobs.put("acc_1", completed_job(job_id))
    answers = []
    for spelling in (job_id, job_id.upper()):
        async with door.client.get(path.format(spelling), headers=door.headers) as response:
            answers.append((response.status, await response.read()))
    assert answers[0] == answers[1]
    assert answers[0][0] == 200


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER   ", "Bearer\t", " bearer \t "])
async def test_a_key_is_known_in_every_spelling_of_its_scheme(door: Edge, scheme: str) -> None:
    key = door.headers["Authorization"].removeprefix("Bearer ")
    async with door.client.get("/api/jobs", headers={"Authorization": f"{scheme}{key}"}) as response:
        assert response.status == 200


@pytest.mark.parametrize("wait", ["5s", "nan", "-1", "61", "1_0", "1&wait=1"])
async def test_a_wait_that_is_none_is_named_and_shown(door: Edge, wait: str) -> None:
    async with door.client.get(f"/api/jobs/{new_uuid7()}?wait={wait}", headers=door.headers) as response:
        answer = await response.json()
    assert (response.status, answer["errors"][0]["field"]) == (400, "wait")
    assert ("2 values" if "&" in wait else f'"{wait}"') in answer["error"]


@pytest.mark.parametrize("query", ["limit=20.0&created_after=2026-04-01t00:00:00+02:00", "limit=2e1&created_after="])
async def test_a_list_is_asked_for_in_every_spelling(door: Edge, query: str) -> None:
    async with door.client.get(f"/api/jobs?{query}", headers=door.headers) as response:
        assert response.status == 200, await response.text()

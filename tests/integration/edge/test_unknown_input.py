"""What no route knows, and what stands twice where one counts: refused by its name, and never dropped in silence."""

import io
from typing import Any

import pytest
from integration.edge.peers import Edge, completed_job, queued_job
from multidict import CIMultiDict

from flexura_kit.ids import new_uuid7

TOKEN = "/api/events/token"


async def asked(door: Edge, method: str, path: str, headers: Any = (), **sent: Any) -> tuple[int, dict[str, Any]]:
    given = CIMultiDict(door.headers)
    given.extend(headers)
    async with door.client.request(method, path, headers=given, **sent) as response:
        return response.status, await response.json()


REFUSED_BODIES = [
    (b'{"job_id": "a"}', "invalid_request", '"job_id" is no field of this request; it takes none'),
    (b'{"expires_in_s": 5}', "invalid_request", '"expires_in_s" is no field'),
    (b'{"a": null}', "invalid_request", '"a" is no field'),
    (b"[]", "malformed_json", "takes no fields"),
    (b"null", "malformed_json", "takes no fields"),
    (b"x", "malformed_json", "line 1, column 1"),
    (b"job_id=a", "malformed_json", "line 1, column 1"),
]


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
async def test_a_body_where_no_field_is_taken_is_refused(door: Edge, media_type: str) -> None:
    job_id = new_uuid7()
    door.peers.jobs.put("acc_1", queued_job(job_id))
    webhook = "/api/webhooks/wh_1"
    for path in (TOKEN, f"/api/jobs/{job_id}/cancel", f"{webhook}/test", f"{webhook}/deliveries/msg_1/resend"):
        for body, code, word in REFUSED_BODIES:
            status, answer = await asked(door, "POST", path, {"Content-Type": media_type}, data=body)
            assert (path, body, status, answer["code"]) == (path, body, 400, code)
            assert word in answer["error"]
            assert "token" not in answer
    assert (await asked(door, "GET", f"/api/jobs/{job_id}"))[1]["status"] == "queued"


async def test_a_body_that_says_nothing_is_taken_for_none(door: Edge) -> None:
    for body in (b"", b"{}", b" { }\r\n", b"\n", b"\xef\xbb\xbf{}"):
        for data in (body, io.BufferedReader(io.BytesIO(body))):
            status, answer = await asked(door, "POST", TOKEN, data=data)
            assert (body, status, answer["token"][:10]) == (body, 201, "fx_events_")


async def test_a_compressed_or_large_body_is_not_read_as_none(door: Edge) -> None:
    compressed = {"Content-Encoding": "gzip"}
    assert (await asked(door, "POST", TOKEN, compressed, data=b"{}"))[0] == 415
    assert (await asked(door, "POST", TOKEN, data=b" " * 5000))[0] == 413
    both = [("Content-Encoding", "identity"), ("Content-Encoding", "gzip"), ("Content-Type", "application/json")]
    assert (await asked(door, "POST", "/api/search", both, data=b"{}"))[1]["code"] == "unsupported_encoding"


ONE_JOB = "/api/jobs/{job_id}"


UNKNOWN_PARAMETERS = [
    ("GET", ONE_JOB, "WAIT=1", "`wait`"),
    ("HEAD", ONE_JOB, "WAIT=1", ""),
    ("GET", ONE_JOB, "wait=1&_=7", "`wait`"),
    ("GET", ONE_JOB, "token=abc", "`wait`"),
    ("GET", ONE_JOB, "=1", "`wait`"),
    ("DELETE", ONE_JOB, "force=1", "takes none"),
    ("POST", f"{ONE_JOB}/cancel", "wait=1", "takes none"),
    ("GET", f"{ONE_JOB}/events", "Limit=1", "`limit`"),
    ("POST", "/api/generate/image", "Wait=1", "`wait`"),
    ("POST", "/api/generate/video", "prompt=a", "`wait`"),
    ("POST", "/api/search", "x=1", "takes none"),
    ("POST", "/api/extract", "x", "takes none"),
    ("POST", TOKEN, "x=1", "takes none"),
    ("POST", "/api/webhooks", "x=1", "takes none"),
    ("DELETE", "/api/webhooks/wh_1", "x=1", "takes none"),
    ("POST", "/api/webhooks/wh_1/rotate", "overlap_s=1", "takes none"),
    ("POST", "/api/webhooks/wh_1/test", "x=1", "takes none"),
    ("GET", "/api/webhooks", "x=1", "known are limit, cursor"),
]


async def test_a_parameter_that_a_route_does_not_know_is_refused_with_the_nearest(door: Edge) -> None:
    job_id = new_uuid7()
    door.peers.jobs.put("acc_1", completed_job(job_id))
    for method, template, query, nearest in UNKNOWN_PARAMETERS:
        path = f"{template.format(job_id=job_id)}?{query}"
        sent = {"json": {"prompt": "a", "query": "a", "urls": "https://a.example"}} if method == "POST" else {}
        async with door.client.request(method, path, headers=door.headers, **sent) as response:
            assert (path, response.status) == (path, 400)
            if method != "HEAD":
                answer = await response.json()
                assert answer["code"] == "invalid_request"
                assert nearest in answer["error"]
    assert list(door.peers.jobs.jobs) == [job_id]
    assert not door.peers.jobs.removed


async def test_where_no_key_is_needed_a_query_is_open(door: Edge) -> None:
    for path in ("/api/agent/models", "/api/openapi.json", "/healthz"):
        assert (await asked(door, "GET", f"{path}?v=1"))[0] == 200


async def test_of_two_keys_none_is_taken(door: Edge) -> None:
    key, other = door.headers["Authorization"], f"Bearer {door.peers.auth.new_key('acc_2')}"
    for first, second in ((key, other), (key, key), (key, "Basic eDp5"), ("", key)):
        headers = [("Authorization", first), ("Authorization", second)]
        for path in ("/api/jobs", "/api/events", "/api/events?token=a"):
            async with door.client.get(path, headers=headers) as response:
                answer = await response.json()
            assert (response.status, answer["code"]) == (400, "invalid_request")
            assert answer["errors"] == [{"field": "Authorization", "message": answer["error"]}]
            assert "sent 2 times" in answer["error"]


async def test_of_two_event_tokens_none_is_taken(door: Edge) -> None:
    mine = (await asked(door, "POST", TOKEN))[1]["token"]
    for headers in ({}, door.headers):
        for first, second in ((mine, mine), (mine, "a"), ("", mine)):
            path = f"/api/events?token={first}&token={second}"
            async with door.client.get(path, headers=headers) as response:
                answer = await response.json()
            assert (response.status, answer["errors"][0]["field"]) == (400, "token")
            assert mine not in answer["error"]

"""Every route by every method: HEAD is GET without a body, OPTIONS names what is taken, no header makes another one."""

import asyncio
from collections.abc import Iterator

import pytest
from integration.edge.peers import Edge, asset_of, completed_job
from integration.edge.test_openapi import DOCUMENT

from flexura.jobs.v1 import jobs_service_pb2
from flexura_kit.ids import new_uuid7

JOB = new_uuid7()
FILLED = {"job_id": JOB, "extension": "png", "webhook_id": "wh_1", "delivery_id": "msg_1"}
PATHS = {path: path.format(**FILLED) for path in DOCUMENT["paths"]}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
OF_ONE_ANSWER = {"x-request-id", "date"}


def taken(template: str) -> set[str]:
    methods = {method.upper() for method in DOCUMENT["paths"][template]}
    return methods | ({"HEAD"} if "GET" in methods else set()) | {"OPTIONS"}


def readable() -> Iterator[str]:
    return (template for template in PATHS if "GET" in taken(template) and "{extension}" not in template)


def put_job(door: Edge) -> None:
    door.peers.jobs.put("acc_1", completed_job(JOB))
    stored = jobs_service_pb2.StoredAsset(object_key="k", asset=asset_of(b"bytes"))
    stored.finish_time.FromJsonString("2026-04-01T12:00:00.7Z")
    door.peers.jobs.assets[f"{JOB}.png"] = stored


async def test_head_is_get_without_its_body(door: Edge) -> None:
    put_job(door)
    for template in readable():
        async with door.client.get(PATHS[template], headers=door.headers) as whole:
            body = await whole.read()
        async with door.client.head(PATHS[template], headers=door.headers) as head:
            assert await head.read() == b""
        assert head.status == whole.status, template
        assert {name: value for name, value in head.headers.items() if name.lower() not in OF_ONE_ANSWER} == {
            name: value for name, value in whole.headers.items() if name.lower() not in OF_ONE_ANSWER
        }
        assert int(head.headers["Content-Length"]) == len(body)


async def test_every_route_names_the_methods_it_takes_and_refuses_the_others(door: Edge) -> None:
    put_job(door)
    for template, path in PATHS.items():
        async with door.client.options(path) as response:
            assert response.status == 204
            assert set(response.headers["Allow"].split(", ")) == taken(template)
        for method in METHODS:
            if method in taken(template):
                continue
            headers = {"X-HTTP-Method-Override": "GET", "X-HTTP-Method": "GET", "X-Method-Override": "GET"}
            async with door.client.request(method, f"{path}?_method=GET", headers=door.headers | headers) as response:
                assert (template, method, response.status) == (template, method, 405)
                assert set(response.headers["Allow"].split(", ")) == taken(template)


async def test_no_header_makes_one_method_of_another(door: Edge) -> None:
    put_job(door)
    async with door.client.get(f"/api/jobs/{JOB}", headers=door.headers | {"X-HTTP-Method-Override": "DELETE"}) as got:
        assert got.status == 200
    assert not door.peers.jobs.removed


async def test_a_slash_at_the_end_is_another_path(door: Edge) -> None:
    put_job(door)
    for path in PATHS.values():
        if path.startswith("/api/assets"):
            continue
        async with door.client.get(f"{path}/", headers=door.headers, allow_redirects=False) as response:
            answer = await response.json()
        assert (path, response.status, answer["code"]) == (path, 404, "route_not_found")
        assert "the nearest is /" in answer["error"]


@pytest.mark.parametrize(
    "accept", ["application/xml", "image/*", "text/html;q=1", "*/*;q=0", "", ",,", "application/json;q=0"]
)
async def test_json_is_answered_whatever_else_a_client_would_rather_have(door: Edge, accept: str) -> None:
    put_job(door)
    for path in (*(PATHS[template] for template in readable() if "deliveries" not in template), "/none"):
        async with door.client.get(path, headers=door.headers | {"Accept": accept}) as response:
            assert response.status == (404 if path == "/none" else 200), path
            assert response.content_type in {"application/json", "application/problem+json"}


@pytest.mark.parametrize(
    ("accept", "is_stream"),
    [
        ("text/event-stream", True),
        ("Text/Event-Stream", True),
        ("text/event-stream;charset=utf-8", True),
        ("text/event-stream , */*;q=0.1", True),
        ("application/json;q=0.9,text/event-stream;q=0.9", True),
        ("*/*", False),
        ("text/*", False),
        ("text/event-stream;q=0", False),
        ("text/event-stream;q=0.5, application/json", False),
    ],
)
async def test_a_stream_is_answered_where_it_is_named(door: Edge, accept: str, *, is_stream: bool) -> None:
    async with (
        asyncio.timeout(20),
        door.client.get("/api/events", headers=door.headers | {"Accept": accept}) as response,
    ):
        assert response.status == 200
        assert (response.content_type == "text/event-stream") == is_stream


CONDITIONS = [
    ({}, 200),
    ({"If-Match": "*"}, 200),
    ({"If-Match": '"other"'}, 412),
    ({"If-Match": '"other"', "If-None-Match": "*"}, 412),
    ({"If-Unmodified-Since": "Wed, 01 Apr 2026 11:59:59 GMT"}, 412),
    ({"If-Unmodified-Since": "Wed, 01 Apr 2026 12:00:00 GMT"}, 200),
    ({"If-Modified-Since": "Wed, 01 Apr 2026 12:00:00 GMT"}, 304),
    ({"If-Modified-Since": "Wed, 01 Apr 2026 11:59:59 GMT"}, 200),
    ({"If-Modified-Since": "Wed, 01 Apr 2026 12:00:00 GMT", "If-None-Match": '"other"'}, 200),
    ({"If-None-Match": "*", "If-Modified-Since": "Wed, 01 Apr 2026 11:59:59 GMT"}, 304),
    ({"If-Match": '"other"', "Range": "bytes=900-"}, 412),
    ({"If-None-Match": "*", "Range": "bytes=900-"}, 304),
]


@pytest.mark.parametrize(("conditions", "status"), CONDITIONS)
async def test_an_asset_is_answered_under_conditions(door: Edge, conditions: dict[str, str], status: int) -> None:
    put_job(door)
    for method in ("HEAD", "GET"):
        if method == "GET" and status == 200:
            continue  # There is no store behind this edge.
        async with door.client.request(method, f"/api/assets/{JOB}.png", headers=conditions) as response:
            assert response.status == status
            if status == 412:
                assert response.content_type == "application/problem+json"
            else:
                assert response.headers["Last-Modified"] == "Wed, 01 Apr 2026 12:00:00 GMT"
                assert response.headers["ETag"] == f'"{asset_of(b"bytes").sha256}"'


async def test_conditions_count_for_jobs_and_the_catalog_too(door: Edge) -> None:
    put_job(door)
    for path in (f"/api/jobs/{JOB}", "/api/agent/models"):
        async with door.client.get(path, headers=door.headers | {"If-Match": '"other"'}) as response:
            answer = await response.json()
        assert (response.status, answer["code"]) == (412, "precondition_failed")
        assert answer["retryable"] is False
        assert "fetch it without `If-Match`" in answer["error"]

"""The OpenAPI document against the routes, and real answers against the document."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from integration.edge.peers import PUBLIC_URL, Edge, Peers, completed_job, edge, queued_job
from integration.edge.search_peers import engine, whole_answer, whole_reading
from integration.edge.test_catalog import FLUX, TONES
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from flexura.errors.v1 import error_reason_pb2
from flexura.jobs.v1 import job_pb2
from flexura.search.v1 import search_service_pb2 as search_pb2
from flexura_edge.http.app import Handlers, routes
from flexura_edge.http.openapi import document
from flexura_edge.http.routes import Routes
from flexura_kit.errors import Reason
from flexura_kit.ids import new_uuid7

DOCUMENT = document()


def test_the_document_is_valid_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


async def test_the_document_describes_every_route_and_no_other(services: Peers) -> None:
    seen: list[Routes] = []

    def remember(handlers: Handlers) -> Routes:
        seen.append(routes(handlers))
        return seen[0]

    async with edge(services, routes_of=remember):
        pass
    served = {(route.method, route.path, route.needs_key) for route in seen[0].all}
    described = {
        (method.upper(), path, operation.get("security") != [])
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
    }
    assert described == served


async def test_it_is_served_with_the_public_address(door: Edge) -> None:
    async with door.client.get("/api/openapi.json") as response:
        served = await response.json()
    assert served == DOCUMENT | {"servers": [{"url": PUBLIC_URL}]}


@pytest.fixture
def some_jobs(services: Peers) -> dict[str, str]:
    services.jobs.models = [FLUX, TONES]
    services.search.engines = [engine("brave", search_pb2.ENGINE_STATUS_TIMED_OUT, reason="late"), engine("exa")]
    services.search.found, services.search.read = whole_answer(), whole_reading()
    queued, processing, completed, failed = (new_uuid7() for _ in range(4))
    services.jobs.put("acc_1", queued_job(queued))
    running = queued_job(processing)
    running.state = job_pb2.JOB_STATE_PROCESSING
    running.substituted = True
    services.jobs.put("acc_1", running)
    services.jobs.put("acc_1", completed_job(completed))
    ended = queued_job(failed)
    ended.state = job_pb2.JOB_STATE_FAILED
    ended.failure.reason = error_reason_pb2.ERROR_REASON_WORKER_LOST
    services.jobs.put("acc_1", ended)
    told = {"client_ref": "mine", "metadata_json": '{"a":"b"}'}
    for job_id, state in ((queued, "queued"), (processing, "processing"), (completed, "completed")):
        services.jobs.feed.happen("acc_1", job_id, state, **told)
    services.jobs.feed.happen("acc_1", failed, "failed", Reason.WORKER_LOST)
    return {"queued": queued, "processing": processing, "completed": completed, "failed": failed}


async def test_real_answers_are_as_the_document_says(door: Edge, some_jobs: dict[str, str]) -> None:
    good, key = {"prompt": "p"}, door.headers
    answers = [
        *[("GET", "/api/jobs/{job_id}", f"/api/jobs/{job_id}", None, key, 200) for job_id in some_jobs.values()],
        ("GET", "/api/jobs/{job_id}", "/api/jobs/none", None, key, 404),
        ("GET", "/api/jobs/{job_id}", "/api/jobs/none", None, {}, 401),
        ("GET", "/api/jobs", "/api/jobs", None, key, 200),
        ("GET", "/api/jobs", "/api/jobs?nothing=1", None, key, 400),
        ("GET", "/api/jobs", "/api/jobs", None, {}, 401),
        *[
            (method, template, template.replace("{job_id}", job_id), None, headers, status)
            for method, template, well in (
                ("POST", "/api/jobs/{job_id}/cancel", 200),
                ("DELETE", "/api/jobs/{job_id}", 204),
            )
            for job_id, headers, status in ((some_jobs["queued"], key, well), ("none", key, 404), ("none", {}, 401))
        ],
        ("GET", "/api/jobs/{job_id}", f"/api/jobs/{some_jobs['queued']}", None, key, 410),
        ("POST", "/api/jobs/{job_id}/cancel", f"/api/jobs/{some_jobs['queued']}/cancel", None, key, 410),
        ("GET", "/api/events", "/api/events", None, key, 200),
        ("GET", "/api/events", "/api/events?cursor=none", None, key, 400),
        ("GET", "/api/events", "/api/events", None, {}, 401),
        ("POST", "/api/events/token", "/api/events/token", None, key, 201),
        ("POST", "/api/events/token", "/api/events/token", None, {}, 401),
        ("GET", "/api/jobs/{job_id}/events", f"/api/jobs/{some_jobs['completed']}/events", None, key, 200),
        ("GET", "/api/jobs/{job_id}/events", "/api/jobs/none/events", None, key, 404),
        ("GET", "/api/agent/models", "/api/agent/models", None, {}, 200),
        ("GET", "/api/openapi.json", "/api/openapi.json", None, {}, 200),
        ("GET", "/healthz", "/healthz", None, {}, 200),
        ("GET", "/api/assets/{job_id}.{extension}", "/api/assets/none.png", None, {}, 404),
        *[
            ("POST", path, path, body, headers, status)
            for path, asked in (("/api/search", {"query": "q"}), ("/api/extract", {"urls": "https://a.example"}))
            for body, headers, status in (
                (asked, key, 200),
                ({"continue": "kV3x1rQm"}, key, 200),
                ({}, key, 400),
                (asked, {}, 401),
            )
        ],
        *[
            ("POST", f"/api/generate/{kind}", f"/api/generate/{kind}", body, headers, status)
            for kind in ("image", "video", "audio")
            for body, headers, status in ((good, key, 202), ({}, key, 400), (good, {}, 401))
        ],
    ]
    for method, template, path, body, headers, status in answers:
        async with door.client.request(method, path, json=body, headers=headers) as response:
            assert response.status == status, path
            if status == 204:
                assert str(status) in DOCUMENT["paths"][template][method.lower()]["responses"]
                assert (await response.read(), response.headers.get("Content-Type")) == (b"", None)
                continue
            check(method, template, status, response.content_type, await response.json())


async def test_readiness_is_as_the_document_says_in_both_states(door: Edge) -> None:
    seen = set()
    while seen != {200, 503}:
        async with door.client.get("/readyz") as response:
            check("GET", "/readyz", response.status, response.content_type, await response.json())
        seen.add(response.status)
        if response.status == 200 and "jobs" in door.peers.running:
            await door.peers.stop("jobs")


@pytest.mark.parametrize(("path", "schema"), [("/api/search", "SearchRequest"), ("/api/extract", "ExtractRequest")])
async def test_each_field_of_a_search_that_the_document_describes_is_taken_and_no_other(
    door: Edge, path: str, schema: str
) -> None:
    described = DOCUMENT["components"]["schemas"][schema]["properties"]
    async with door.client.post(path, json={"zzz": 1}, headers=door.headers) as response:
        (known, *_) = [error["message"] for error in (await response.json())["errors"]]
    assert re.findall(r"`(\w+)`", known) == list(described)
    for name, described_as in described.items():
        if "enum" in described_as:
            async with door.client.post(path, json={name: "zzz"}, headers=door.headers) as response:
                errors = {error["field"]: error["message"] for error in (await response.json())["errors"]}
            assert re.findall(r"`(\w+)`", errors[name]) == [name, *described_as["enum"]]


@pytest.mark.parametrize("path", ["/api/search", "/api/extract"])
def test_all_that_a_search_answers_is_closed_and_always_there(path: str) -> None:
    described = DOCUMENT["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    schemas = list(objects_in(described))
    assert len(schemas) >= 4
    for schema in schemas:
        assert schema["additionalProperties"] is False
        assert schema["properties"].keys() - schema["required"] <= {"content_start"}


def objects_in(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, list):
        for part in schema:
            yield from objects_in(part)
    elif isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for name, part in schema.items():
            yield from objects_in(
                DOCUMENT["components"]["schemas"][part.rpartition("/")[2]] if name == "$ref" else part
            )


def check(method: str, template: str, status: int, content_type: str, answer: Any) -> None:
    operation = DOCUMENT["paths"][template][method.lower()]
    described = operation["responses"][str(status)]
    if "$ref" in described:
        described = DOCUMENT["components"]["responses"][described["$ref"].rpartition("/")[2]]
    schema = described["content"][content_type]["schema"]
    Draft202012Validator(schema | {"components": DOCUMENT["components"]}).validate(answer)

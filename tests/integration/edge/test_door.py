"""What holds for every request: ids, logs, limits, health, faults and the stop."""

import asyncio
import json
from dataclasses import replace

import aiohttp
import pytest
import structlog
from integration.edge.peers import Edge, Peers, edge, queued_job
from servers.waiting import eventually

from flexura_edge.http.app import Handlers, routes
from flexura_edge.http.exchange import Exchange
from flexura_edge.http.routes import Routes
from flexura_kit.ids import new_uuid7


async def test_a_handler_that_raises_is_answered_500_without_a_word_of_its_own(services: Peers) -> None:
    async def crash(_exchange: Exchange) -> aiohttp.web.StreamResponse:
        raise RuntimeError("secret=hunter2 in /srv/flexura/secret.py")

    def crashing(handlers: Handlers) -> Routes:
        return Routes([replace(route, handle=crash, needs_key=False) for route in routes(handlers).all])

    async with edge(services, routes_of=crashing) as door:
        for route in ("/api/agent/models", "/api/jobs/a", "/api/assets/a.png", "/healthz"):
            async with door.client.get(route) as response:
                text = await response.text()
            assert response.status == 500
            assert json.loads(text)["code"] == "internal"
            for word in ("hunter2", "RuntimeError", "Traceback", ".py", "secret"):
                assert word not in text


async def test_a_jobs_service_that_crashes_is_answered_500_without_a_word_of_its_own(door: Edge) -> None:
    door.peers.jobs.failures.append(ValueError("secret=hunter2"))
    async with door.client.get(f"/api/jobs/{new_uuid7()}", headers=door.headers) as response:
        text = await response.text()
    assert (response.status, json.loads(text)["code"]) == (500, "internal")
    assert "hunter2" not in text


@pytest.mark.parametrize("given", ["abc-123", "A.b_c:d"])
async def test_a_request_id_that_is_plain_is_kept(door: Edge, given: str) -> None:
    async with door.client.get("/healthz", headers={"X-Request-Id": given}) as response:
        assert response.headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "a" * 200, "a b", "<script>", "ü"])
async def test_any_other_is_replaced(door: Edge, given: str) -> None:
    async with door.client.get("/healthz", headers={"X-Request-Id": given}) as response:
        assert response.headers["X-Request-Id"] not in {given, ""}


async def test_each_request_leaves_one_line_without_secrets_queries_or_bodies(door: Edge) -> None:
    job_id = new_uuid7()
    door.peers.jobs.put("acc_1", queued_job(job_id))
    with structlog.testing.capture_logs() as lines:
        async with door.client.get(f"/api/jobs/{job_id}?token=planted-query", headers=door.headers) as response:
            request_id = response.headers["X-Request-Id"]
        body = {"prompt": "planted-prompt"}
        async with door.client.post("/api/generate/image", json=body, headers=door.headers):
            pass
    answered = [line for line in lines if line["event"] == "request_answered"]
    assert [line["status"] for line in answered] == [400, 202]
    first = answered[0]
    assert first["duration_ms"] > 0
    assert first["key_id"].startswith("key_")
    assert {name: first[name] for name in ("method", "route", "request_id", "account_id")} == {
        "method": "GET",
        "route": "/api/jobs/{job_id}",
        "request_id": request_id,
        "account_id": "acc_1",
    }
    for word in ("planted", door.key, door.key[8:20]):
        assert word not in repr(lines)


async def test_a_client_that_leaves_is_noted_and_its_handler_ends(services: Peers) -> None:
    ended = asyncio.Event()

    async def slow(exchange: Exchange) -> aiohttp.web.StreamResponse:
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()
        return exchange.json(b"{}")

    def slow_health(handlers: Handlers) -> Routes:
        return Routes([replace(route, handle=slow) for route in routes(handlers).all if route.path == "/healthz"])

    async with edge(services, routes_of=slow_health) as door:
        with structlog.testing.capture_logs() as lines:
            with pytest.raises(TimeoutError):
                await door.client.get("/healthz", timeout=aiohttp.ClientTimeout(total=0.2))
            async with asyncio.timeout(5):
                await ended.wait()
        assert [line["status"] for line in lines if line["event"] == "request_answered"] == [499]


async def test_requests_beyond_the_limit_are_refused_with_a_time_to_come_back(services: Peers) -> None:
    inside, leave = asyncio.Event(), asyncio.Event()

    async def slow(exchange: Exchange) -> aiohttp.web.StreamResponse:
        inside.set()
        await leave.wait()
        return exchange.json(b"{}")

    def slow_health(handlers: Handlers) -> Routes:
        return Routes([replace(route, handle=slow) for route in routes(handlers).all if route.path == "/healthz"])

    async with edge(services, routes_of=slow_health, requests_max=1) as door:
        first = asyncio.create_task(door.client.get("/healthz"))
        await inside.wait()
        async with door.client.get("/healthz") as response:
            answer = await response.json()
        assert (response.status, answer["code"], answer["retryable"]) == (503, "overloaded", True)
        assert response.headers["Retry-After"] == "1"
        leave.set()
        async with await first as response:
            assert response.status == 200
        async with door.client.get("/healthz") as response:
            assert response.status == 200


async def test_readiness_names_what_is_missing_and_what_is_impaired(services: Peers) -> None:
    await services.stop("jobs")
    await services.stop("search")
    async with edge(services) as door:
        async with asyncio.timeout(10):
            while True:
                async with door.client.get("/readyz") as response:
                    answer = await response.json()
                if list(answer["missing"]) == ["jobs"]:
                    break
                await asyncio.sleep(0.02)
        assert (response.status, answer["status"]) == (503, "unready")
        assert sorted(answer["impaired"]) == ["nats", "search", "store"]
        await services.start("jobs")
        async with asyncio.timeout(10):
            while response.status != 200:
                async with door.client.get("/readyz") as response:
                    answer = await response.json()
                await asyncio.sleep(0.02)
        assert (answer["status"], answer["missing"]) == ("ready", {})


async def test_what_a_service_does_without_stands_in_readiness(services: Peers) -> None:
    async with edge(services) as door:

        async def impaired() -> dict[str, str]:
            async with door.client.get("/readyz") as response:
                assert response.status in {200, 503}
                found: dict[str, str] = (await response.json())["impaired"]
            return found

        async def is_told() -> bool:
            return (await impaired()).get("jobs") == "hints: NATS takes no hints"

        services.running["jobs"].set_status({}, {"hints": "NATS takes no hints"})
        await eventually(is_told)

        async def is_over() -> bool:
            return "jobs" not in await impaired()

        services.running["jobs"].set_status({}, {})
        await eventually(is_over)


async def test_the_process_lives_whatever_is_missing(services: Peers) -> None:
    for name in ("auth", "jobs", "search"):
        await services.stop(name)
    async with edge(services) as door, door.client.get("/healthz") as response:
        assert (response.status, await response.json()) == (200, {"status": "alive"})


@pytest.mark.parametrize("path", ["/healthz", "/api/agent/models", "/api/openapi.json"])
async def test_head_is_answered_like_get_without_a_body(door: Edge, path: str) -> None:
    async with door.client.get(path) as response:
        length = response.headers["Content-Length"]
    async with door.client.head(path) as response:
        assert (response.status, await response.read()) == (200, b"")
        assert response.headers["Content-Length"] == length


CHANGING = {"date", "x-request-id"}


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/api/agent/models",
        "/api/openapi.json",
        "/api/jobs",
        "/api/jobs?limit=none",
        "/api/jobs/{job_id}",
        "/api/jobs/{job_id}?wait=0.1",
        "/api/jobs/{job_id}/events",
        "/api/events?limit=1",
        "/api/webhooks",
        "/api/webhooks/none/deliveries",
        "/api/assets/01a.png",
        "/none",
    ],
)
async def test_head_has_the_status_and_the_headers_of_get(door: Edge, path: str) -> None:
    job_id = new_uuid7()
    door.peers.jobs.put("acc_1", queued_job(job_id))
    path = path.format(job_id=job_id)
    answers = []
    for method in ("GET", "HEAD"):
        async with door.client.request(method, path, headers=door.headers) as response:
            body = await response.read()
            headers = {name: value for name, value in response.headers.items() if name.lower() not in CHANGING}
            answers.append((response.status, headers))
    assert body == b""
    assert int(headers["Content-Length"]) > 0
    assert answers[0] == answers[1]


async def test_no_answer_says_what_the_server_is_made_of(door: Edge) -> None:
    for path in ("/healthz", "/none", "/api/jobs/a"):
        async with door.client.get(path) as response:
            assert response.headers["Server"] == "Flexura"


async def test_a_request_under_way_is_answered_before_the_edge_stops(services: Peers) -> None:
    services.jobs.gate = asyncio.Event()
    async with aiohttp.ClientSession() as client:
        async with edge(services) as door:
            submit = client.post(f"{door.url}/api/generate/image", json={"prompt": "p"}, headers=door.headers)
            answer = asyncio.create_task(submit)
            await asyncio.sleep(0.2)
            asyncio.get_running_loop().call_later(0.5, services.jobs.gate.set)
        # The edge has stopped here.
        async with await answer as response:
            assert response.status == 202
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get(door.url)

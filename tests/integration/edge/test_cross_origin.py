"""What pages of other origins may read: all of the open routes, and the rest where the operator names the origin."""

import asyncio
from collections.abc import Mapping

import pytest
from integration.edge.peers import Edge, Peers, edge

PAGE = "http://localhost:5173"
OPEN = ["/api/agent/models", "/api/openapi.json", "/api/assets/01a.png", "/healthz", "/readyz"]
KEYED = ["/api/jobs", "/api/jobs/01a", "/api/events", "/api/webhooks"]
ALLOW = "Access-Control-Allow-Origin"


async def asked(
    door: Edge, method: str, path: str, headers: Mapping[str, str] | None = None, **more: object
) -> tuple[int, Mapping[str, str]]:
    async with door.client.request(method, path, headers={"Origin": PAGE} | dict(headers or {}), **more) as response:
        return response.status, response.headers


async def preflight(door: Edge, path: str, method: str, **headers: str) -> tuple[int, Mapping[str, str]]:
    asks = {"Access-Control-Request-Method": method} | {name.replace("_", "-"): v for name, v in headers.items()}
    return await asked(door, "OPTIONS", path, asks)


def words(headers: Mapping[str, str], name: str) -> set[str]:
    return {word.strip().lower() for word in headers[name].split(",")}


@pytest.mark.parametrize("path", OPEN)
async def test_every_page_may_read_what_needs_no_key(door: Edge, path: str) -> None:
    for method in ("GET", "HEAD"):
        _, headers = await asked(door, method, path)
        assert headers[ALLOW] == "*"
        assert {"retry-after", "etag", "content-range", "x-request-id"} <= words(
            headers, "Access-Control-Expose-Headers"
        )
    status, headers = await preflight(door, path, "GET", Access_Control_Request_Headers="range,if-none-match")
    assert (status, headers[ALLOW]) == (204, "*")
    assert words(headers, "Access-Control-Allow-Methods") == {"get", "head", "options"}
    assert {"range", "if-none-match"} <= words(headers, "Access-Control-Allow-Headers")
    assert int(headers["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("path", KEYED)
async def test_no_page_may_read_what_needs_a_key_unless_its_origin_is_named(door: Edge, path: str) -> None:
    for method, sent in (("GET", door.headers), ("GET", {}), ("DELETE", door.headers)):
        _, headers = await asked(door, method, path, sent)
        if method == "GET":
            assert ALLOW not in headers
        assert "Access-Control-Allow-Credentials" not in headers
    status, headers = await preflight(door, path, "GET", Access_Control_Request_Headers="authorization")
    assert status == 204
    assert not [name for name in headers if name.startswith("Access-Control")]


async def test_a_page_whose_origin_is_named_may_do_all_with_its_key(services: Peers) -> None:
    async with edge(services, cors_origins=f"https://app.example, {PAGE}/") as door:
        status, headers = await preflight(
            door, "/api/search", "POST", Access_Control_Request_Headers="authorization,content-type,x-sdk-version"
        )
        assert (status, headers[ALLOW]) == (204, PAGE)
        assert words(headers, "Access-Control-Allow-Methods") == {"post", "options"}
        assert {"authorization", "content-type", "idempotency-key", "x-sdk-version"} <= words(
            headers, "Access-Control-Allow-Headers"
        )
        assert "origin" in words(headers, "Vary")
        body = {"prompt": "a red fox"}
        for sent, expected in ((door.headers, 202), ({}, 401)):
            status, headers = await asked(door, "POST", "/api/generate/image", sent, json=body)
            assert (status, headers[ALLOW], headers["Vary"]) == (expected, PAGE, "Origin")
            assert "location" in words(headers, "Access-Control-Expose-Headers")
            assert "Access-Control-Allow-Credentials" not in headers
        status, headers = await asked(door, "GET", "/api/jobs", door.headers | {"Origin": "https://evil.example"})
        assert (ALLOW in headers, headers["Vary"]) == (False, "Origin")
        for origin in ("null", "http://localhost:51730", "http://localhost", f"{PAGE}.evil.example", ""):
            _, headers = await asked(door, "GET", "/api/jobs", door.headers | {"Origin": origin})
            assert ALLOW not in headers


@pytest.mark.parametrize("path", ["/api/events", "/api/jobs/01a/events"])
async def test_every_page_may_ask_for_a_stream_with_a_token(services: Peers, path: str) -> None:
    wanted = {"Access_Control_Request_Headers": "last-event-id,cache-control"}
    async with edge(services, cors_origins="https://app.example") as door:
        for query in ("?token=a", "?cursor=b&token=a", "?token="):
            status, headers = await preflight(door, path + query, "GET", **wanted)
            assert (status, headers[ALLOW]) == (204, "*")
            assert {"last-event-id", "cache-control"} <= words(headers, "Access-Control-Allow-Headers")
            assert "Access-Control-Allow-Private-Network" not in headers
            # What follows can be read as well, also where the token is wrong.
            status, headers = await asked(door, "GET", path + query)
            assert (status, headers[ALLOW]) == (401, "*")
        for query in ("", "?cursor=a", "?tokens"):
            assert ALLOW not in (await preflight(door, path + query, "GET", **wanted))[1]
    async with edge(services) as door:
        assert ALLOW not in (await preflight(door, "/api/events/token?token=a", "POST", **wanted))[1]


async def test_an_operator_may_name_all_origins(services: Peers) -> None:
    async with edge(services, cors_origins="*") as door:
        status, headers = await preflight(door, "/api/jobs/01a", "DELETE")
        assert (status, headers[ALLOW]) == (204, "*")
        assert words(headers, "Access-Control-Allow-Methods") == {"delete", "get", "head", "options"}
        assert (await asked(door, "GET", "/api/jobs", door.headers))[1][ALLOW] == "*"


async def test_errors_can_be_read_where_the_answer_could(services: Peers) -> None:
    async with edge(services, cors_origins=PAGE) as door:
        for method, path, expected, allowed in (
            ("GET", "/none", 404, "*"),
            ("POST", "/api/agent/models", 405, "*"),
            ("GET", "/api/search", 405, "*"),
            ("GET", "/api/jobs/none", 404, PAGE),
            ("GET", "/api/jobs?limit=none", 400, PAGE),
            ("GET", "/api/assets/none.png", 404, "*"),
        ):
            status, headers = await asked(door, method, path, door.headers)
            assert (status, headers[ALLOW]) == (expected, allowed), path
        status, headers = await preflight(door, "/none", "POST", Access_Control_Request_Headers="authorization")
        assert (status, headers[ALLOW]) == (204, "*")
        assert "post" in words(headers, "Access-Control-Allow-Methods")


@pytest.mark.parametrize("message", ["GARBAGE\r\n\r\n", f"GET / HTTP/1.1\r\nHost: x\r\nCookie: {'a' * 70_000}\r\n\r\n"])
async def test_so_can_the_refusal_of_what_is_not_http(door: Edge, message: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(message.encode())
    async with asyncio.timeout(10):
        assert b"\r\nAccess-Control-Allow-Origin: *\r\n" in await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def test_a_private_network_opens_to_pages_that_the_operator_named_alone(services: Peers) -> None:
    asks = {"Access_Control_Request_Private_Network": "true"}
    async with edge(services, cors_origins=PAGE) as door:
        for path in ("/api/jobs", "/healthz"):
            _, headers = await preflight(door, path, "GET", **asks)
            assert headers["Access-Control-Allow-Private-Network"] == "true"
            _, headers = await preflight(door, path, "GET", Origin="https://other.example", **asks)
            assert "Access-Control-Allow-Private-Network" not in headers


@pytest.mark.parametrize("path", [*OPEN, *KEYED, "/api/search", "/api/webhooks/a/deliveries/b/resend", "*"])
async def test_every_path_answers_options_without_a_key(door: Edge, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(f"OPTIONS {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    writer.close()
    assert head.startswith("HTTP/1.1 204 ")
    assert "\r\nAllow: " in head


async def test_a_path_that_is_not_there_has_no_options(door: Edge) -> None:
    async with door.client.options("/none") as response:
        assert response.status == 404


async def test_headers_that_a_preflight_makes_up_are_answered_in_bounds(door: Edge) -> None:
    made_up = ",".join(["a b", "x\u00ff", *(f"x-{number}" for number in range(500))])
    status, headers = await preflight(door, "/healthz", "GET", Access_Control_Request_Headers=made_up)
    assert status == 204
    assert len(headers["Access-Control-Allow-Headers"]) < 1000
    assert "a b" not in headers["Access-Control-Allow-Headers"]

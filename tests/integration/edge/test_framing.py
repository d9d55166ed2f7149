"""Requests as bytes on a socket: each gets the answer of RFC 9110 and 9112 with its reason, and none waits for one."""

import asyncio
import gzip
import json
from typing import Any, NamedTuple

import pytest
from integration.edge.peers import Edge, Peers, edge, queued_job
from servers.waiting import eventually

from flexura_kit.ids import new_uuid7

BODY = b'{"prompt": "a red fox"}'
PACKED = gzip.compress(BODY)
ANSWERED_S = 20.0


class Answer(NamedTuple):
    version: str
    status: int
    headers: dict[str, str]
    body: Any


def chunked(body: bytes, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    return b"%x%s\r\n%s\r\n0\r\n%s\r\n" % (len(body), extension, body, trailer)


async def answers(port: int, message: bytes, *, until_closed: bool = False) -> list[Answer]:
    """All answers before the server closes, or the first whole one that is no invitation."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found: list[Answer] = []
    try:
        async with asyncio.timeout(ANSWERED_S):
            writer.write(message)
            while not found or found[-1].status == 100 or (until_closed and not reader.at_eof()):
                head = await reader.readuntil(b"\r\n\r\n")
                status, *lines = head.decode().split("\r\n")
                headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines if line}
                size = int(headers.get("content-length", 0))
                body = await reader.readexactly(size) if size and not message.startswith(b"HEAD") else b""
                found.append(Answer(status.split()[0], int(status.split()[1]), headers, json.loads(body or b"null")))
                if found[-1].headers.get("connection") == "close":
                    assert await reader.read() == b""
                    break
    finally:
        writer.close()
    return found


def submit(door: Edge, headers: bytes, body: bytes, version: bytes = b"1.1") -> bytes:
    head = b"POST /api/generate/image HTTP/%s\r\nHost: x\r\nContent-Type: application/json\r\n" % version
    return head + f"Authorization: Bearer {door.key}\r\n".encode() + headers + b"\r\n" + body


LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
TAKEN = {
    "length": (LENGTH, BODY),
    "chunked": (CHUNKED, chunked(BODY)),
    "chunked in capitals": (b"transfer-encoding: CHUNKED\r\n", chunked(BODY)),
    "chunks with extensions and trailers": (CHUNKED, chunked(BODY, b";a=b", b"X-A: b\r\n")),
    "an empty expectation": (LENGTH + b"Expect: \r\n", BODY),
    "an expectation, and the body at once": (LENGTH + b"Expect: 100-Continue\r\n", BODY),
    "one expectation twice": (LENGTH + b"Expect: 100-continue\r\nExpect: 100-continue\r\n", BODY),
    "an upgrade that is passed over": (LENGTH + b"Connection: Upgrade\r\nUpgrade: h2c\r\n", BODY),
}
REFUSED = {
    "a coding before chunks": (b"Transfer-Encoding: gzip, chunked\r\n", chunked(PACKED), 501, "`chunked` is taken"),
    "a made-up coding": (b"Transfer-Encoding: zap , chunked\r\n", chunked(BODY), 501, "zap , chunked"),
    "a coding after chunks": (
        b"Transfer-Encoding: chunked, gzip\r\n",
        chunked(PACKED),
        400,
        "does not end in `chunked`",
    ),
    "no chunks": (b"Transfer-Encoding: gzip\r\n", PACKED, 400, "does not end in `chunked`"),
    "a name like chunks": (b"Transfer-Encoding: xchunked\r\n", chunked(BODY), 400, "does not end in `chunked`"),
    "chunks with parameters": (b"Transfer-Encoding: chunked;a=b\r\n", chunked(BODY), 400, "does not end in `chunked`"),
    "codings in two headers": (b"Transfer-Encoding: gzip\r\n" + CHUNKED, chunked(PACKED), 400, "stands twice"),
    "length and chunks": (LENGTH + CHUNKED, chunked(BODY), 400, "both `Content-Length` and `Transfer-Encoding`"),
    "length and an empty coding": (b"Transfer-Encoding: \r\n" + LENGTH, BODY, 400, "`Transfer-Encoding` is empty"),
    "two lengths": (LENGTH + LENGTH, BODY, 400, "`Content-Length` stands twice"),
    "two other lengths": (LENGTH + b"Content-Length: 1\r\n", BODY, 400, "`Content-Length` stands twice"),
    "a list of lengths": (b"Content-Length: 23, 23\r\n", BODY, 400, "no number of bytes"),
    "a signed length": (b"Content-Length: +23\r\n", BODY, 400, "no number of bytes"),
    "an empty length": (b"Content-Length: \r\n", BODY, 400, "`Content-Length` is empty"),
    "an endless length": (b"Content-Length: 99999999999999999999\r\n", BODY, 400, "larger than any body"),
    "a packed body": (b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(PACKED), PACKED, 415, "uncompressed"),
    "another expectation": (LENGTH + b"Expect: 200-ok\r\n", BODY, 417, "200-ok"),
    "one more expectation": (LENGTH + b"Expect: 100-continue, zap\r\n", BODY, 417, "zap"),
    "a trailer without an end": (
        CHUNKED,
        chunked(BODY, trailer=b"X-A: %s\r\n" % (b"a" * 40_000)),
        431,
        "a header or trailer",
    ),
    "a wrong size of a chunk": (CHUNKED, b"zz\r\nab\r\n0\r\n\r\n", 400, "size of one is no number"),
}


@pytest.mark.parametrize("name", TAKEN)
async def test_every_way_to_send_a_body_that_has_one_meaning_is_taken(door: Edge, name: str) -> None:
    headers, body = TAKEN[name]
    assert (await answers(door.port, submit(door, headers, body)))[-1].status == 202
    (item,) = door.peers.jobs.items.values()
    assert item.prompt == "a red fox"


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_read_as_it_was_meant_is_refused_with_its_reason(door: Edge, name: str) -> None:
    headers, body, status, word = REFUSED[name]
    (answer,) = await answers(door.port, submit(door, headers, body))
    assert (answer.status, answer.body["status"]) == (status, status)
    assert word in answer.body["error"]
    assert answer.headers.get("connection") == ("close" if status != 415 else None)
    assert not door.peers.jobs.items


async def test_a_client_that_asks_first_is_invited_once_it_is_known(door: Edge) -> None:
    asks = LENGTH + b"Expect: 100-continue\r\n"
    assert [one.status for one in await answers(door.port, submit(door, asks, BODY))] == [100, 202]
    stranger = submit(door, asks, b"").replace(door.key.encode(), b"fx_live_none")
    assert [one.status for one in await answers(door.port, stranger)] == [401]
    # Who speaks HTTP/1.0 does not know the word (RFC 9110, 10.1.1).
    assert [one.status for one in await answers(door.port, submit(door, asks, BODY, b"1.0"))] == [202]


async def test_http_1_0_is_answered_as_itself_and_has_no_chunks(door: Edge) -> None:
    (answer,) = await answers(door.port, submit(door, LENGTH, BODY, b"1.0"), until_closed=False)
    assert (answer.version, answer.status) == ("HTTP/1.0", 202)
    (answer,) = await answers(door.port, submit(door, CHUNKED, chunked(BODY), b"1.0"))
    assert (answer.status, "HTTP/1.0 has no" in answer.body["error"]) == (400, True)


@pytest.mark.parametrize("line", ["GET /healthz HTTP/2.0", "GET /healthz HTTP/1.2", "GET /healthz", "PRI * HTTP/2.0"])
async def test_another_version_is_answered_505_in_ours(door: Edge, line: str) -> None:
    (answer,) = await answers(door.port, f"{line}\r\nHost: x\r\n\r\n".encode())
    assert (answer.version, answer.status) == ("HTTP/1.1", 505)
    assert (answer.body["code"], answer.headers["connection"]) == ("http_version_unsupported", "close")
    assert "send it as HTTP/1.1" in answer.body["error"]


TARGETS = [
    ("GET http://any.example:99/healthz", 200, ""),
    ("GET HTTPS://any.example/healthz?a=b", 200, ""),
    ("GET http://xn--/healthz", 200, ""),
    ("GET http://xn--zzzz--.example/healthz?a", 200, ""),
    ("GET http://a..b/healthz", 200, ""),
    ("GET http://%zz/healthz", 200, ""),
    ("GET http://[fe80::1%25eth0]/healthz", 200, ""),
    ("GET http://any.example", 404, "no route has the path /;"),
    ("GET http://any.example?a=b", 404, "no route has the path /;"),
    ("GET http://any.example/api/../healthz", 404, "the path /api/../healthz"),
    ("GET ftp://any.example/healthz", 400, "no address of http"),
    ("GET http://any.example:abc/healthz", 400, "has http://any.example:abc/healthz where a path stands"),
    ("GET http://[::1/healthz", 400, "where a path stands"),
    ("GET healthz", 400, "has healthz where a path stands"),
    ("GET *", 400, "has * where a path stands"),
    ("OPTIONS *", 204, ""),
    ("OPTIONS /healthz", 204, ""),
    ("GET /health\u007a\u00fc", 400, "the byte 0xC3; escape it, as %C3"),
    ("GET //healthz", 404, "//healthz"),
    ("GET /health%7A", 200, ""),
    ("GET /healthz?", 200, ""),
    ("GET /healthz/", 404, "/healthz/"),
    ("GET /api%2Fagent/models", 404, "/api%2Fagent/models"),
    ("GET /api%2fagent/models", 404, "/api%2fagent/models"),
    ("CONNECT any.example:443", 404, "any.example:443"),
    ("CONNECT /healthz", 405, "not CONNECT"),
    ("TRACE /healthz", 405, "not TRACE"),
    ("PATCH /healthz", 405, "not PATCH"),
    ("ZAP /healthz", 501, "there is no method ZAP; use one"),
    ("get /healthz", 501, "write it in capitals: GET"),
]


@pytest.mark.parametrize(("line", "status", "word"), TARGETS)
async def test_every_form_of_a_target_has_its_answer(door: Edge, line: str, status: int, word: str) -> None:
    (answer,) = await answers(door.port, f"{line} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.status == status
    assert status < 400 or word in answer.body["error"]


async def test_a_client_that_ends_its_side_is_answered_all_the_same(door: Edge) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    for message, statuses in (
        (one, [200]),
        (submit(door, LENGTH, BODY), [202]),
        (submit(door, CHUNKED, chunked(BODY)), [202]),
        (b"GARBAGE\r\n\r\n", [400]),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(message)
        writer.write_eof()
        async with asyncio.timeout(ANSWERED_S):
            told = await reader.read()
        writer.close()
        lines = [line for line in told.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
        assert [int(line.split()[1]) for line in lines] == statuses


async def test_a_client_that_has_left_is_not_waited_for(services: Peers) -> None:
    job_id = new_uuid7()
    services.jobs.put("acc_1", queued_job(job_id))
    async with edge(services, waiters_max=1) as door:
        head = f"Host: x\r\nAuthorization: Bearer {door.key}\r\n\r\n"
        for _ in range(2):
            _, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(f"GET /api/jobs/{job_id}?wait=60 HTTP/1.1\r\n{head}".encode())
            await eventually(lambda: services.jobs.reads > 0, within_s=ANSWERED_S)
            services.jobs.reads = 0
            writer.close()

            async def has_room() -> bool:
                async with door.client.get(f"/api/jobs/{job_id}?wait=0.01", headers=door.headers) as response:
                    return response.status == 200

            await eventually(has_room, within_s=30)

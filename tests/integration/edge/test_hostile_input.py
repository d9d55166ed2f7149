"""Everything that a client can get wrong, and what it is told."""

import asyncio
import gzip
import io
import json
from dataclasses import dataclass, field

import pytest
from integration.edge.peers import Edge

from flexura_kit.apikeys import new_secret

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Case:
    """A request that is wrong, the status and code that it gets, and a word that the sentence must hold."""

    body: bytes
    status: int
    code: str
    word: str
    headers: dict[str, str] = field(default_factory=lambda: JSON)


CASES = {
    "empty body": Case(b"", 400, "malformed_json", "empty"),
    "blank body": Case(b" \n", 400, "malformed_json", "empty"),
    "no json": Case(b"prompt=x", 400, "malformed_json", "line 1, column 1"),
    "trailing comma": Case(b'{"prompt": "x",\n}', 400, "malformed_json", "at line "),  # Of the comma or what follows.
    "two values": Case(b'{"prompt": "x"} {}', 400, "malformed_json", "column 17"),
    "two byte order marks": Case(b'\xef\xbb\xbf\xef\xbb\xbf{"prompt": "x"}', 400, "malformed_json", "valid JSON"),
    "a byte order mark alone": Case(b"\xef\xbb\xbf", 400, "malformed_json", "empty"),
    "utf-16 without a mark": Case('{"prompt": "x"}'.encode("utf-16-be"), 400, "malformed_json", "UTF-16"),
    "latin-1": Case('{"prompt": "ü"}'.encode("latin-1"), 400, "malformed_json", "UTF-8"),
    "utf-16": Case('{"prompt": "x"}'.encode("utf-16"), 400, "malformed_json", "UTF-8"),
    "array": Case(b"[]", 400, "malformed_json", "object"),
    "string": Case(b'"prompt"', 400, "malformed_json", "object"),
    "null": Case(b"null", 400, "malformed_json", "object"),
    "duplicate key": Case(b'{"prompt": "a", "prompt": "b"}', 400, "malformed_json", '"prompt" stands twice'),
    "duplicate key within": Case(
        b'{"prompt": "a", "options": {"width": 1, "width": 2}}', 400, "malformed_json", '"width" stands twice'
    ),
    "NaN": Case(b'{"prompt": "a", "options": {"width": NaN}}', 400, "malformed_json", "NaN"),
    "Infinity": Case(b'{"prompt": "a", "options": {"width": -Infinity}}', 400, "malformed_json", "-Infinity"),
    "1e999": Case(b'{"prompt": "a", "options": {"width": 1e999}}', 400, "malformed_json", "1e999"),
    "thousand digits": Case(
        b'{"prompt": "a", "options": {"width": ' + b"9" * 1000 + b"}}", 400, "malformed_json", "digits"
    ),
    "65-bit integer": Case(
        b'{"prompt": "a", "options": {"seed": 18446744073709551616}}', 400, "invalid_request", "64 bits"
    ),
    "deep nesting": Case(
        b'{"prompt": "a", "options": ' + b'{"a":' * 40 + b"1" + b"}" * 41, 400, "malformed_json", "nested"
    ),
    "very deep nesting": Case(b"[" * 200_000, 400, "malformed_json", "nested"),
    "missing prompt": Case(b"{}", 400, "invalid_request", "`prompt` is missing"),
    "unknown field": Case(b'{"prompt": "a", "promt": "b"}', 400, "invalid_request", "did you mean `prompt`?"),
    "unknown field far from all": Case(b'{"prompt": "a", "zzz": 1}', 400, "invalid_request", "known are `prompt`"),
    "option at the top": Case(b'{"prompt": "a", "option": {}}', 400, "invalid_request", "did you mean `options`?"),
    "prompt a number": Case(b'{"prompt": 7}', 400, "invalid_request", "must be a string, not a number"),
    "prompt a list": Case(b'{"prompt": ["a"]}', 400, "invalid_request", "must be a string, not an array"),
    "prompt null": Case(b'{"prompt": null}', 400, "invalid_request", "must be a string, not null"),
    "model true": Case(b'{"prompt": "a", "model": true}', 400, "invalid_request", "must be a string, not true"),
    "options a list": Case(
        b'{"prompt": "a", "options": []}', 400, "invalid_request", "must be an object, not an array"
    ),
    "no time at all": Case(b'{"prompt": "a", "timeout_s": 0}', 400, "invalid_request", "must be more than 0"),
    "a time that is no number": Case(
        b'{"prompt": "a", "timeout_s": false}', 400, "invalid_request", "not true or false"
    ),
    "NUL": Case(b'{"prompt": "a\\u0000b"}', 400, "invalid_request", "NUL"),
    "NUL in options": Case(b'{"prompt": "a", "options": {"x": "\\u0000"}}', 400, "invalid_request", "NUL"),
    "half a surrogate pair": Case(b'{"prompt": "\\ud800"}', 400, "invalid_request", "surrogate"),
    "half a surrogate pair in a name": Case(b'{"prompt": "a", "\\ud800": 1}', 400, "invalid_request", "no field"),
    "half a surrogate pair in options": Case(
        b'{"prompt": "a", "options": {"\\ud800": 1}}', 400, "invalid_request", "surrogate"
    ),
    "10 MB": Case(b'{"prompt": "' + b"a" * 10_000_000 + b'"}', 413, "body_too_large", "262144 bytes"),
    "form": Case(b"prompt=x", 415, "unsupported_media_type", "application/json", {"Content-Type": "text/html"}),
    "no content type": Case(b'{"prompt": "a"}', 415, "unsupported_media_type", "application/json", {}),
    "json in another charset": Case(
        b'{"prompt": "a"}',
        415,
        "unsupported_media_type",
        "UTF-8",
        {"Content-Type": "application/json; charset=latin-1"},
    ),
    "gzip": Case(
        gzip.compress(b'{"prompt": "a"}'), 415, "unsupported_encoding", "gzip", JSON | {"Content-Encoding": "gzip"}
    ),
    "gzip bomb": Case(
        gzip.compress(bytes(100_000_000)), 415, "unsupported_encoding", "gzip", JSON | {"Content-Encoding": "gzip"}
    ),
    "unknown coding": Case(b"x", 415, "unsupported_encoding", "made-up", JSON | {"Content-Encoding": "made-up"}),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_wrong_body_is_refused_with_a_sentence_that_says_how_to_mend_it(door: Edge, name: str) -> None:
    case = CASES[name]
    async with door.client.post(
        "/api/generate/image",
        data=io.BytesIO(case.body),
        headers=door.headers | case.headers,
        skip_auto_headers=["Content-Type"],
    ) as response:
        answer = await response.json()
    assert (response.status, answer["code"]) == (case.status, case.code)
    assert case.word in answer["error"]
    assert_is_whole_problem(answer, case.status)
    assert not door.peers.jobs.items


@pytest.mark.parametrize("header", ["Content-Type", "Content-Encoding"])
async def test_a_header_that_is_no_text_is_repeated_as_far_as_it_is(door: Edge, header: str) -> None:
    message = f"POST /api/search HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {door.key}\r\nContent-Length: 0\r\n"
    status, body = await raw_request(door.port, message.encode() + header.encode() + b": \xff\xfe\r\n\r\n")
    assert status == 415
    assert "?" in json.loads(body)["error"]


async def test_several_wrong_fields_are_told_at_once(door: Edge) -> None:
    body = {"promt": "a", "model": 1, "options": "b"}
    async with door.client.post("/api/generate/image", json=body, headers=door.headers) as response:
        answer = await response.json()
    assert [error["field"] for error in answer["errors"]] == ["promt", "prompt", "model", "options"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/api/generate/image", {"prompt": "a"}),
        ("/api/search", {"query": "a"}),
        ("/api/extract", {"urls": "https://a.example"}),
        ("/api/webhooks", {}),
    ],
)
async def test_thousands_of_wrong_fields_make_no_long_answer(door: Edge, path: str, fields: dict[str, str]) -> None:
    wrong = {f"prompt{number}": 1 for number in range(10_000)}
    async with door.client.post(path, json=fields | wrong, headers=door.headers) as response:
        body = await response.read()
    assert (response.status, len(json.loads(body)["errors"])) == (400, 20)
    assert len(body) < 10_000


async def test_a_client_that_asks_before_it_sends_the_body_is_told_to(door: Edge) -> None:
    body = b'{"prompt": "a"}'
    head = f"Host: x\r\nAuthorization: Bearer {door.key}\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    try:
        async with asyncio.timeout(10):
            writer.write(f"POST /api/generate/image HTTP/1.1\r\nContent-Type: text/plain\r\n{head}\r\n".encode())
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 415 ")
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(f"POST /api/generate/image HTTP/1.1\r\nContent-Type: application/json\r\n{head}\r\n".encode())
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(body)
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 202 ")
    finally:
        writer.close()


async def test_a_body_sent_in_chunks_is_counted_while_it_arrives(door: Edge) -> None:
    async def endless():  # noqa: ANN202
        while True:
            yield b" " * 65536

    async with door.client.post("/api/generate/image", data=endless(), headers=door.headers | JSON) as response:
        assert (response.status, (await response.json())["code"]) == (413, "body_too_large")


JSON_TYPES = [
    *(f"Application/JSON{rest}" for rest in ("", "; charset=utf-8", '; charset="UTF-8"', ";charset=utf-8", ";", " ; ")),
    *(f"application/json; {rest}" for rest in ("charset=utf8", "charset=utf-8;", "odata=verbose", "charset=us-ascii")),
    "application/json;charset=utf-8; profile=x",
    'application/json; profile="https://a.example/;charset=latin-1"',
    "text/json",
    "application/vnd.api+json",
]


@pytest.mark.parametrize("content_type", JSON_TYPES)
async def test_json_in_utf_8_is_taken_however_it_is_named(door: Edge, content_type: str) -> None:
    async with door.client.post(
        "/api/generate/image",
        data=b'\xef\xbb\xbf{"prompt": "a"}',
        headers=door.headers | {"Content-Type": content_type, "Content-Encoding": "identity"},
    ) as response:
        assert response.status == 202


WRONG_SEARCHES: list[tuple[dict[str, object], str]] = [
    ({}, "`query` is missing"),
    ({"query": ""}, "`query` is empty"),
    ({"query": "  "}, "`query` is empty"),
    ({"query": []}, "`query` is empty"),
    ({"query": ["a", ""]}, "`query[1]` is empty"),
    ({"query": ["a", None]}, "`query[1]` must be a string, not null"),
    ({"query": {"text": "a"}}, "`query` must be a string or an array of strings, not an object"),
    ({"query": "a\0b"}, "NUL"),
    ({"query": ["\ud800"]}, "surrogate"),
    ({"query": "a", "max_results": 0}, "from 1 to 50"),
    ({"query": "a", "max_results": 51}, "from 1 to 50"),
    ({"query": "a", "max_results": -(2**31) - 1}, "from 1 to 50"),
    ({"query": "a", "max_results": True}, "must be an integer"),
    ({"query": "a", "max_results": 1.5}, "must be an integer"),
    ({"query": "a", "max_tokens": 0}, "from 500 to 1,000,000"),
    ({"query": "a", "max_tokens": 2**40}, "from 500 to 1,000,000"),
    ({"query": "a", "timeout_ms": 0}, "from 500 to 25,000"),
    ({"query": "a", "timeout_ms": 25_001}, "from 500 to 25,000"),
    ({"query": "a", "topic": "image"}, "did you mean `images`?"),
    ({"query": "a", "topic": "unspecified"}, "takes `general`, `news`, `images`, `academic` or `code`"),
    ({"query": "a", "topic": 3}, "`topic` must be a string, not a number"),
    ({"query": "a", "time_range": "weeks"}, "did you mean `week`?"),
    ({"query": "a", "content": "whole"}, "takes `none`, `highlights` or `full`"),
    ({"query": "a", "format": "html"}, "takes `markdown` or `text`"),
    ({"query": "a", "cache": True}, "`cache` must be a string"),
    ({"query": "a", "country": ""}, "`country` is empty"),
    ({"query": None}, "`query` is null"),
    ({"query": "a", "start_date": 20260401}, "`start_date` must be a string"),
    ({"query": "a", "include_domains": "a.example"}, "`include_domains` must be an array, not a string"),
    ({"query": "a", "exclude_domains": ["a.example", 7]}, "`exclude_domains[1]` must be a string"),
    ({"query": "a", "engines": [""]}, "`engines[0]` is empty"),
    ({"query": "a", "no_fallback": "true"}, "`no_fallback` must be true or false, not a string"),
    ({"querry": "a"}, "did you mean `query`?"),
    ({"q": "a"}, "known are"),
    ({"continue": ""}, "`continue` is empty"),
    ({"continue": 1}, "`continue` must be a string"),
    ({"continue": "c", "query": "a"}, "`query` was said with the first request"),
    ({"continue": "c", "cache": "fresh"}, "`cache` was said with the first request"),
    ({"continue": "c", "max_tokens": 499}, "from 500 to 1,000,000"),
]
WRONG_EXTRACTS: list[tuple[dict[str, object], str]] = [
    ({}, "`urls` is missing"),
    ({"urls": []}, "`urls` is empty"),
    ({"urls": ""}, "`urls` is empty"),
    ({"urls": 1}, "`urls` must be a string or an array of strings"),
    ({"urls": ["https://a.example", {}]}, "`urls[1]` must be a string, not an object"),
    ({"url": "https://a.example"}, "did you mean `urls`?"),
    ({"urls": "https://a.example", "query": " "}, "`query` is empty"),
    ({"urls": "https://a.example", "format": "txt"}, "did you mean `text`?"),
    ({"urls": "https://a.example", "max_tokens": 1}, "from 500 to 1,000,000"),
    ({"urls": "https://a.example", "timeout_ms": -1}, "from 500 to 25,000"),
    ({"continue": "c", "urls": "https://a.example"}, "`urls` was said with the first request"),
    ({"continue": "c", "format": "text"}, "`format` was said with the first request"),
]


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [("/api/search", *case) for case in WRONG_SEARCHES] + [("/api/extract", *case) for case in WRONG_EXTRACTS],
)
async def test_a_wrong_search_is_refused_before_anyone_is_asked(
    door: Edge, path: str, body: dict[str, object], word: str
) -> None:
    async with door.client.post(path, json=body, headers=door.headers) as response:
        answer = await response.json()
    assert (response.status, answer["code"]) == (400, "invalid_request")
    assert word in answer["error"]
    assert_is_whole_problem(answer, 400)
    assert not door.peers.search.allowed_s


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/generate/image", "POST"),
        ("PUT", "/api/jobs/01a", "DELETE, GET, HEAD"),
        ("POST", "/api/agent/models", "GET, HEAD"),
        ("PUT", "/api/assets/01a.png", "GET, HEAD"),
        ("GET", "/api/extract", "POST"),
        ("PATCH", "/healthz", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(door: Edge, method: str, path: str, allowed: str) -> None:
    async with door.client.request(method, path) as response:
        answer = await response.json()
    assert (response.status, answer["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == f"{allowed}, OPTIONS"
    assert answer["next_actions"] == [f"Use {allowed}."]


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/api/generate/images", "/api/generate/image"),
        ("/api/generate/image/", "/api/generate/image"),
        ("/api/job/01a", "/api/jobs/{job_id}"),
        ("/api/job", "/api/jobs"),
        ("/api/jobs/", "/api/jobs/{job_id}"),
        ("/api/jobs/01a/event", "/api/jobs/{job_id}/events"),
        ("/api/models", "/api/agent/models"),
        ("//api/search", "/api/search"),
        ("/", "/readyz"),
        ("/%00%ff/../etc/passwd", None),
        ("/" + "a" * 5000, None),
    ],
)
async def test_an_unknown_path_is_told_the_nearest_one(door: Edge, path: str, nearest: str | None) -> None:
    answer = await not_found(door, path, f"Authorization: Bearer {door.key}\r\n")
    if nearest is not None:
        assert f"the nearest is {nearest}" in answer["error"]


@pytest.mark.parametrize(
    "header",
    ["", "Authorization: Bearer x\r\n", pytest.param(f"Authorization: Bearer {new_secret()}\r\n", id="unknown key")],
)
async def test_who_has_no_key_is_told_where_all_paths_stand(door: Edge, header: str) -> None:
    # Comparing with all of them takes time that no stranger is given.
    answer = await not_found(door, "/api/generate/images", header)
    assert "the nearest" not in answer["error"]
    assert "GET /api/openapi.json" in answer["error"]


async def not_found(door: Edge, path: str, header: str) -> dict[str, str]:
    message = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n"
    status, body = await raw_request(door.port, message)
    answer: dict[str, str] = json.loads(body)
    assert (status, answer["code"]) == (404, "route_not_found")
    assert_is_whole_problem(dict(answer), 404)
    return answer


@pytest.mark.parametrize(
    "job_id", ["none", "01a207b4-3006-7a18-8ab0-e3e8a7005565", "a" * 65, "%2e%2e", "a%00b", "%c3%bc", "a;b", "%"]
)
async def test_a_job_that_cannot_be_is_not_found(door: Edge, job_id: str) -> None:
    headers = f"Host: x\r\nConnection: close\r\nAuthorization: Bearer {door.key}\r\n\r\n"
    status, body = await raw_request(door.port, f"GET /api/jobs/{job_id} HTTP/1.1\r\n{headers}")
    assert (status, json.loads(body)["code"]) == (404, "job_not_found")


@pytest.mark.parametrize(
    "message",
    [
        "GARBAGE\r\n\r\n",
        "GET /api/agent/models HTTP/1.1\r\nHost x\r\n\r\n",
        "GET /api/agent/models HTTP/1.1\r\n\r\n",
        "POST /api/search HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /api/search HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /api/search HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_answered_like_every_other_error(door: Edge, message: str) -> None:
    status, body = await raw_request(door.port, message)
    answer = json.loads(body)
    assert (status, answer["code"]) == (400, "bad_request")
    assert_is_whole_problem(answer, 400)


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        (["GET /healthz HTTP/1.1"], "no `Host` header"),
        (["GET /healthz HTTP/1.1", "Host: x", "Host: y"], "`Host` stands twice"),
        (["GET /healthz HTTP/1.1", "Host: x", "X-Odd : 1"], "`Name: value`"),
        (["GET /healthz HTTP/1.1", "Host: x", "X-Odd: a", " folded"], "line break"),
        (["GET /healthz HTTP/1.1", "Host: x", "X-Odd: a\0b"], "control character"),
        (["GET healthz HTTP/1.1", "Host: x"], "first line"),
        (["GET /a b HTTP/1.1", "Host: x"], "first line"),
        (["POST /api/search HTTP/1.1", "Host: x", "Content-Length: -1"], "no number of bytes"),
        (["POST /api/search HTTP/1.1", "Host: x", "Content-Length: 3", "Content-Length: 4"], "stands twice"),
        (["POST /api/search HTTP/1.1", "Host: x", "Content-Length: 3", "Transfer-Encoding: chunked"], "both"),
        (["GET /healthz HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "", "zz"], "chunks"),
    ],
)
async def test_what_is_no_http_is_told_why(door: Edge, lines: list[str], word: str) -> None:
    status, body = await raw_request(door.port, "\r\n".join([*lines, "", ""]))
    assert (status, json.loads(body)["code"]) == (400, "bad_request")
    assert word in json.loads(body)["error"]


async def test_a_client_that_speaks_tls_is_told_that_the_server_does_not(door: Edge) -> None:
    _, body = await raw_request(door.port, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
    assert "http://" in json.loads(body)["error"]


@pytest.mark.parametrize("size_bytes", [8_300, 32_000])
async def test_the_cookies_of_other_programs_on_the_host_do_no_harm(door: Edge, size_bytes: int) -> None:
    cookie = f"GET /healthz HTTP/1.1\r\nHost: x\r\nCookie: {'a' * size_bytes}\r\n\r\n"
    assert (await raw_request(door.port, cookie))[0] == 200


LARGE_HEADS = {
    "a cookie": (f"GET / HTTP/1.1\r\nHost: x\r\nCookie: {'a' * 40_000}\r\n\r\n", "`Cookie`"),
    "a large one": (f"GET / HTTP/1.1\r\nHost: x\r\nX-Large: {'a' * 900_000}\r\n\r\n", "`X-Large`"),
    "one that never ends": (f"GET / HTTP/1.1\r\nHost: x\r\nx-odd: {'a' * 70_000}", "`x-odd`"),
    "a long name": (f"GET / HTTP/1.1\r\nHost: x\r\n{'n' * 40_000}: 1\r\n\r\n", f"`{'n' * 100}`"),
    "all together": (
        "GET / HTTP/1.1\r\nHost: x\r\n" + "".join(f"X-{n}: {'a' * (20_000 + n)}\r\n" for n in range(6)) + "\r\n",
        "`X-",
    ),
    "too many": ("GET / HTTP/1.1\r\nHost: x\r\n" + "".join(f"X-{n}: 1\r\n" for n in range(200)) + "\r\n", "128"),
}


@pytest.mark.parametrize("name", LARGE_HEADS)
async def test_headers_beyond_the_limit_are_answered_431_with_the_name_of_the_header(door: Edge, name: str) -> None:
    message, word = LARGE_HEADS[name]
    # Whole, or as far as is enough to be refused.
    for sent in {message, message[:100_000]}:
        status, body = await raw_request(door.port, sent)
        answer = json.loads(body)
        assert (status, answer["code"]) == (431, "headers_too_large")
        assert word in answer["error"]
        assert_is_whole_problem(answer, 431)


async def test_the_same_holds_where_the_headers_arrive_in_pieces(door: Edge) -> None:
    message = f"GET / HTTP/1.1\r\nHost: x\r\nX-Odd: {'a' * 33_000}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    for start in range(0, len(message), 1000):
        writer.write(message[start : start + 1000])
        await writer.drain()
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"`X-Odd`" in answer
    assert b"\r\nConnection: close\r\n" in answer


async def test_a_request_line_beyond_the_limit_is_answered_414(door: Edge) -> None:
    for path in ("/" + "a" * 20_000, "/api/jobs?cursor=" + "a" * 9_000):
        status, body = await raw_request(door.port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (status, json.loads(body)["code"]) == (414, "uri_too_long")
        assert_is_whole_problem(json.loads(body), 414)


async def test_a_body_that_is_not_framed_as_it_says_is_refused(door: Edge) -> None:
    message = (
        "POST /api/generate/image HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {door.key}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnot a size\r\n"
    )
    status, body = await raw_request(door.port, message)
    assert (status, json.loads(body)["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "api_key_missing"),
        ("", "api_key_missing"),
        ("Bearer", "api_key_malformed"),
        ("Bearer ", "api_key_malformed"),
        ("Bearer fx_live_short", "api_key_malformed"),
        ("Basic Zm9vOmJhcg==", "api_key_malformed"),
        ("Bearer fx_live_" + "a" * 38, "api_key_malformed"),
        ("Bearer ключ", "api_key_malformed"),
        ("Bearer " + "x" * 7000, "api_key_malformed"),
        pytest.param(f"Token {new_secret()}", "api_key_malformed", id="another scheme"),
        pytest.param(f"Bearer {new_secret()} {new_secret()}", "api_key_malformed", id="two keys"),
        pytest.param(f"Bearer {new_secret()}", "api_key_unknown", id="a key of elsewhere"),
    ],
)
async def test_a_key_that_does_not_work_is_answered_401_with_the_reason(
    door: Edge, authorization: str | None, code: str
) -> None:
    header = "" if authorization is None else f"Authorization: {authorization}\r\n"
    status, body = await raw_request(
        door.port, f"GET /api/jobs/01a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n"
    )
    assert (status, json.loads(body)["code"]) == (401, code)


def assert_is_whole_problem(answer: dict[str, object], status: int) -> None:
    assert answer["status"] == status
    assert answer["error"] == answer["detail"]
    assert answer["title"]
    assert answer["next_actions"]
    assert answer["request_id"]
    assert answer["type"] == f"urn:flexura:error:{answer['code']}"


async def raw_request(port: int, message: str | bytes) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(message.encode() if isinstance(message, str) else message)
        await writer.drain()
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
            )
            return int(head.split()[1]), await reader.readexactly(length)
    finally:
        writer.close()

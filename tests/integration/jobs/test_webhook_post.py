"""One POST to a stranger: what is read of the answer, and what is not waited for."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from email.utils import format_datetime

import pytest
import pytest_asyncio
from aiohttp import web
from integration.jobs.receivers import LOOPBACK, Receiver, receiver

from flexura_jobs.service.webhook_addresses import WebhookAddresses, written_url
from flexura_jobs.webhooks.post import HTTPPost, exact, host_header, http_post
from flexura_kit.clock import utc_now
from flexura_kit.egress import Egress


@pytest_asyncio.fixture
async def post() -> AsyncIterator[HTTPPost]:
    async with http_post(LOOPBACK, 10, timeout_s=1) as sending:
        yield sending


@pytest_asyncio.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with receiver() as listening:
        yield listening


async def test_a_time_to_come_back_is_read_as_seconds_and_as_a_date(post: HTTPPost, hook: Receiver) -> None:
    in_an_hour = format_datetime(utc_now() + timedelta(hours=1), usegmt=False)
    given = {
        "120": timedelta(seconds=120),
        in_an_hour: timedelta(hours=1),
        "9" * 5000: timedelta(seconds=999_999_999),
        "soon": None,
        "-5": None,
        "": None,
    }
    for header, expected in given.items():
        hook.script["/"] = [web.Response(status=503, headers={"Retry-After": header})]
        answer = await post.send(f"{hook.url}/", {}, b"{}")
        if expected is None:
            assert answer.retry_after is None
        else:
            assert answer.retry_after is not None
            assert abs(answer.retry_after - expected) < timedelta(seconds=5)


async def test_an_answer_without_end_is_not_read_to_its_end(post: HTTPPost) -> None:
    sent_bytes = 0

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent_bytes
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65_536)
            sent_bytes += 65_536

    runner = web.ServerRunner(web.Server(endless), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        answer = await post.send(f"http://127.0.0.1:{runner.addresses[0][1]}/", {}, b"{}")
    finally:
        await runner.cleanup()
    assert answer.status == 200
    assert sent_bytes < 64 << 20


async def test_a_status_counts_even_where_the_rest_of_the_answer_does_not_come(post: HTTPPost) -> None:
    async def stalling(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "10"})
        await response.prepare(request)
        await asyncio.Event().wait()
        return response

    runner = web.ServerRunner(web.Server(stalling), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        answer = await post.send(f"http://127.0.0.1:{runner.addresses[0][1]}/", {}, b"{}")
    finally:
        await runner.cleanup()
    assert answer.status == 200


async def test_nobody_there_is_told_without_a_word_about_where(post: HTTPPost) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # Bound and not listening: nobody else has it, and nobody answers.
        port = taken.getsockname()[1]
        answer = await post.send(f"http://127.0.0.1:{port}/", {}, b"{}")
    assert answer.status is None
    assert answer.error == "no answer was received: nothing takes connections there"


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "http://8.8.8.8/", "http://[::ffff:10.0.0.1]/"])
async def test_where_it_may_not_go_no_connection_is_made(post: HTTPPost, url: str) -> None:
    answer = await post.send(url, {}, b"{}")
    assert answer.status is None
    assert answer.error.startswith("no connection was made")


async def test_a_receiver_that_speaks_no_tls_gets_no_message_over_https(post: HTTPPost) -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        answer = await post.send(f"https://127.0.0.1:{port}/", {"webhook-signature": "v1,x"}, b'{"secret": 1}')
    assert answer.status is None
    assert b"secret" not in b"".join(heard)


class LineRecorder:
    """Takes requests on a socket of its own, so that nothing between reads or mends what was sent."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.hosts: list[bytes] = []
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        self.lines.append(head[0])
        self.hosts += [line for line in head if line.lower().startswith(b"host:")]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


@pytest_asyncio.fixture
async def recorder() -> AsyncIterator[LineRecorder]:
    recording = LineRecorder()
    async with await asyncio.start_server(recording.answer, "127.0.0.1", 0) as server:
        recording.port = server.sockets[0].getsockname()[1]
        yield recording


def targets() -> list[str]:
    """Paths and queries that a library of addresses would write in another way."""
    dice = random.Random(13)  # noqa: S311 - the same addresses in every run.
    fixed = [
        "/r17/file%27s%20name%3Av2%28a%29.html?Signature=a%2Fb%2Bc%3D%3D&X-Cred=K%2F20261130&t=%7E&m=%40x&p=%3B",
        "/a/../b/./c//d",
        "/?",
        "/hook?",
        "/hook??",
        "/%2F%2f%7e%7E%41",
        "/a;b=c,d?e=f;g&h",
        "/a+b?c+d=%2B",
        "/%",
        "/%zz?%",
        "//twice",
    ]
    parts = [*"abz09-._~!$&'()*+,;=:@/?|^`{}<>[]\"", "%20", "%2F", "%2f", "%3F", "%25", "%E2%82%AC", "..", "=&="]
    return fixed + ["/" + "".join(dice.choices(parts, k=dice.randint(1, 12))) for _ in range(150)]


async def test_the_address_is_asked_for_to_the_byte(post: HTTPPost, recorder: LineRecorder) -> None:
    addresses = WebhookAddresses(Egress(LOOPBACK), takes_http=True)
    wanted = targets()
    for target in wanted:
        url = f"http://127.0.0.1:{recorder.port}{target}"
        assert addresses.fault(url) is None, url
        assert (await post.send(written_url(url), {}, b"{}")).status == 200, url
    assert recorder.lines == [f"POST {target} HTTP/1.1".encode() for target in wanted]


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("HTTP://LocalHost:{}", b"POST / HTTP/1.1"),
        ("http://localhost:{}?a=b", b"POST /?a=b HTTP/1.1"),
        ("http://LOCALHOST:{}/A", b"POST /A HTTP/1.1"),
        ("http://localhost:{}/ü?ß=€&%C3%BC", b"POST /%C3%BC?%C3%9F=%E2%82%AC&%C3%BC HTTP/1.1"),
    ],
)
async def test_scheme_host_and_other_letters_are_sent_as_browsers_do(
    post: HTTPPost, recorder: LineRecorder, address: str, line: bytes
) -> None:
    answer = await post.send(address.format(recorder.port), {}, b"{}")
    assert (answer.status, recorder.lines) == (200, [line])
    assert recorder.hosts == [f"Host: localhost:{recorder.port}".encode()]


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("http://Named.example.:81/hook?", {"Host": "named.example.:81"}),
        ("https://named.example.:443/", {"Host": "named.example."}),
        ("https://b\u00fccher.example.", {"Host": "xn--bcher-kva.example."}),
        ("https://named.example/", {}),
    ],
)
def test_a_host_is_named_with_its_last_dot(url: str, header: dict[str, str]) -> None:
    assert host_header(exact(url)) == header


@pytest.mark.parametrize("host", ["a" * 64, "ü" * 1900, "a." * 200 + "example", "a..b"])
async def test_a_host_that_no_name_server_could_know_is_not_looked_up(post: HTTPPost, host: str) -> None:
    answer = await post.send(f"https://{host}/", {}, b"{}")
    assert (answer.status, answer.error) == (None, "the address cannot be read")

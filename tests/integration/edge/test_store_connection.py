"""The little HTTP that is spoken with the object store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from flexura_edge.clients.store_connection import Answer, answer_of, connect

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@asynccontextmanager
async def store_that_sends(*parts: bytes, ends: bool = False) -> AsyncIterator[int]:
    """A server that answers each request with the parts, one packet each; answers its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0)
                if ends:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def download(port: int, times: int = 1) -> tuple[list[bytes], bool]:
    """Asks on one connection; answers the bodies and whether the connection may be used again."""
    connection = await connect("127.0.0.1", port, tls=None, timeout_s=2)
    bodies = []
    try:
        for _ in range(times):
            answer = await connection.ask(REQUEST, 2)
            bodies.append(b"".join([bytes(chunk) async for chunk in connection.body(answer, 2)]))
        return bodies, connection.is_reusable
    finally:
        connection.close()


@pytest.mark.parametrize(
    "parts",
    [
        (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\nhello",),
        (b"HTTP/1.1 206 Partial", b" Content\r\nContent-Length: 5\r\n\r", b"\nhel", b"lo"),
        (b"HTTP/1.1 206 OK\r\ncontent-length:5\r\n\r\n", b"hello"),
    ],
)
async def test_a_body_is_read_however_it_is_cut_and_the_connection_serves_again(parts: tuple[bytes, ...]) -> None:
    async with store_that_sends(*parts) as port:
        assert await download(port, times=3) == ([b"hello"] * 3, True)


async def test_a_store_that_wants_to_close_is_not_asked_again() -> None:
    async with store_that_sends(b"HTTP/1.1 206 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello") as port:
        assert await download(port) == ([b"hello"], False)


async def test_a_body_longer_than_announced_spoils_the_connection() -> None:
    async with store_that_sends(b"HTTP/1.1 206 OK\r\nContent-Length: 5\r\n\r\nhello and more") as port:
        _, is_reusable = await download(port)
        assert not is_reusable


async def test_a_body_that_ends_short_is_no_body() -> None:
    async with store_that_sends(b"HTTP/1.1 206 OK\r\nContent-Length: 9\r\n\r\nhello", ends=True) as port:
        with pytest.raises(ConnectionError):
            await download(port)


async def test_a_store_that_says_nothing_is_waited_for_no_longer_than_allowed() -> None:
    async with store_that_sends() as port:
        connection = await connect("127.0.0.1", port, tls=None, timeout_s=2)
        with pytest.raises(TimeoutError):
            await connection.ask(REQUEST, 0.1)
        connection.close()


async def test_a_store_whose_head_does_not_end_is_left() -> None:
    async with store_that_sends(b"HTTP/1.1 206 OK\r\nX: " + b"a" * 200_000) as port:
        with pytest.raises(ConnectionError, match="endless"):
            await download(port)


async def test_a_slow_reader_holds_the_store_back() -> None:
    async with store_that_sends(b"HTTP/1.1 206 OK\r\nContent-Length: 50000000\r\n\r\n" + bytes(50_000_000)) as port:
        connection = await connect("127.0.0.1", port, tls=None, timeout_s=2)
        answer = await connection.ask(REQUEST, 2)
        await asyncio.sleep(0.3)
        assert connection.buffered_bytes < 4 << 20
        assert sum([len(chunk) async for chunk in connection.body(answer, 2)]) == 50_000_000
        connection.close()


@pytest.mark.parametrize("head", [b"", b"HTTP/1.0 200 OK", b"SSH-2.0-x", b"HTTP/1.1 abc", b"HTTP/2 200"])
def test_what_is_not_http_1_1_is_refused(head: bytes) -> None:
    with pytest.raises(ConnectionError):
        answer_of(head)


def test_a_length_counts_only_where_the_body_is_framed_by_it() -> None:
    assert answer_of(b"HTTP/1.1 200 OK\r\nContent-Length: 5") == Answer(200, 5, keeps_alive=True)
    assert answer_of(b"HTTP/1.1 200 OK").content_length == -1
    assert answer_of(b"HTTP/1.1 200 OK\r\nContent-Length: -5").content_length == -1
    chunked = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked"
    assert answer_of(chunked).content_length == -1

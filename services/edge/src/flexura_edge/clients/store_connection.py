"""One connection to the object store: it asks for a range and hands on the bytes as they come.

It speaks just enough HTTP for that. A general client copies every byte twice more on its way through parser and
reader, and was measured to halve the throughput of downloads.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import cast

HEAD_BYTES_MAX = 64 << 10
BUFFER_BYTES = 1 << 20  # What is held for a client that is slower than the store.
HEAD_END = b"\r\n\r\n"

Chunk = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer; `content_length` is -1 where the store does not say how long the body is."""

    status: int
    content_length: int
    keeps_alive: bool


class StoreConnection(asyncio.Protocol):
    """Used for one download at a time; `is_reusable` tells whether another may follow."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._chunks: deque[Chunk] = deque()
        self.buffered_bytes = 0
        self._arrival: asyncio.Future[None] | None = None
        self._is_paused = False
        self._is_idle = True
        self._is_lost = False

    @property
    def is_reusable(self) -> bool:
        return self._is_idle and not self._is_lost and not self._chunks

    async def ask(self, request: bytes, timeout_s: float) -> Answer:
        """Sends a request and answers the head; raises ConnectionError or TimeoutError."""
        if self._transport is None or self._is_lost:
            raise ConnectionResetError("the store has closed the connection")
        self._is_idle = False
        self._transport.write(request)
        head = b""
        async with asyncio.timeout(timeout_s):
            while (end := head.find(HEAD_END)) < 0:
                if len(head) > HEAD_BYTES_MAX:
                    raise ConnectionAbortedError("the store answers with an endless head")
                await self._arrived()
                head = bytes(self._take()) if not head else head + self._take()
        rest = memoryview(head)[end + len(HEAD_END) :]
        if rest:
            # A view: the beginning of the body is not copied once more.
            self._chunks.appendleft(rest)
            self.buffered_bytes += len(rest)
        return answer_of(head[:end])

    async def body(self, answer: Answer, idle_s: float) -> AsyncIterator[Chunk]:
        """Hands on the body of the answer; raises ConnectionError where it ends short, TimeoutError where it stalls."""
        left = answer.content_length
        while left > 0:
            if not self._chunks:
                async with asyncio.timeout(idle_s):
                    await self._arrived()
            chunk = self._take()
            left -= len(chunk)
            yield chunk
        # More than was announced would be taken for the next answer's head.
        self._is_idle = left == 0 and answer.keeps_alive

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._chunks.append(data)
        self.buffered_bytes += len(data)
        if self.buffered_bytes > BUFFER_BYTES and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, _cause: Exception | None) -> None:
        self._is_lost = True
        self._wake()

    async def _arrived(self) -> None:
        if self._chunks:
            return
        if not self._is_lost:
            self._arrival = asyncio.get_running_loop().create_future()
            try:
                await self._arrival
            finally:
                self._arrival = None
        if not self._chunks:
            raise ConnectionResetError("the store has closed the connection")

    def _take(self) -> Chunk:
        chunk = self._chunks.popleft()
        self.buffered_bytes -= len(chunk)
        if self._is_paused and self.buffered_bytes < BUFFER_BYTES // 2 and self._transport is not None:
            self._is_paused = False
            if not self._is_lost:
                self._transport.resume_reading()
        return chunk

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)


async def connect(host: str, port: int, *, tls: ssl.SSLContext | None, timeout_s: float) -> StoreConnection:
    async with asyncio.timeout(timeout_s):
        _, connection = await asyncio.get_running_loop().create_connection(StoreConnection, host, port, ssl=tls)
    return connection


def answer_of(head: bytes) -> Answer:
    """Reads the status and the headers that matter; raises ConnectionError where it is no HTTP/1.1."""
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if version != "HTTP/1.1" or not rest[:3].isdecimal():
        raise ConnectionAbortedError("the store does not answer in HTTP/1.1")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "")
    is_measured = length.isdecimal() and "transfer-encoding" not in headers
    return Answer(
        status=int(rest[:3]),
        content_length=int(length) if is_measured else -1,
        keeps_alive=headers.get("connection", "keep-alive").lower() == "keep-alive",
    )
